// An answer that was asked for on a sideband that was lost: the conversation is the same on the next one, where it may be under way already.
import { createAsking } from "../../src/app/assistant/asking.ts";
import { manualClock } from "../support/clock.ts";

const BUSY = "conversation_already_has_active_response";

function rig() {
  const clock = manualClock();
  const asked: string[] = [];
  const create = (): string => {
    asked.push(`e${asked.length}`);
    return asked.at(-1) as string;
  };
  return { clock, asked, asking: createAsking({ clock, create, gaveUp: () => undefined }) };
}

test("what was wanted and had not begun is told of the loss; what runs goes on by itself", () => {
  const { asking } = rig();
  expect(asking.lost()).toEqual({ owed: false, isOpen: false });
  asking.started("r1", false);
  expect(asking.lost()).toEqual({ owed: true, isOpen: false });
  asking.started("r2", false);
  asking.want();
  expect(asking.lost()).toEqual({ owed: true, isOpen: true });
  asking.want();
  expect(asking.lost()).toEqual({ owed: true, isOpen: true });
  expect(asking.lost()).toEqual({ owed: false, isOpen: false });
});

test("the one that was asked for before answers, when its end is told; another one in the way does not", () => {
  const { asked, asking, clock } = rig();
  for (const [respond, answers] of [
    ["e0", 2],
    [undefined, 5],
  ] as const) {
    asking.want();
    asking.lost();
    asking.wantAgain();
    asking.refused(asked.at(-1), BUSY);
    asking.ended("r1", respond);
    expect(asked).toHaveLength(answers);
  }
  expect(asking.owes()).toBe(true);
  expect(clock.pending).toBe(0);
});

test("whoever wants something since is answered for itself, and what is asked for already is not asked for again", () => {
  const { asked, asking } = rig();
  asking.want();
  asking.lost();
  asking.wantAgain();
  asking.refused("e1", BUSY);
  asking.want();
  asking.ended("r0", "e0");
  expect(asked).toEqual(["e0", "e1", "e2"]);
  asking.wantAgain();
  asking.started("r2", true);
  asking.ended("r2", "e2");
  expect(asked).toHaveLength(3);
  expect(asking.owes()).toBe(false);
});
