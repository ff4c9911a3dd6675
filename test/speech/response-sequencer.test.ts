import * as fc from "fast-check";
import { createResponseSequencer } from "../../src/speech/response-sequencer.ts";
import { manualClock } from "../support/clock.ts";

const BUSY = "conversation_already_has_active_response";

function rig() {
  const clock = manualClock();
  const asked: string[] = [];
  const gaveUp: string[] = [];
  const sequencer = createResponseSequencer({
    clock,
    create() {
      asked.push(`e${asked.length}`);
      return asked.at(-1) as string;
    },
    gaveUp: (code) => void gaveUp.push(code),
  });
  return { clock, asked, gaveUp, sequencer };
}

test("wishes during an answer become one, after it", () => {
  const { asked, sequencer } = rig();
  sequencer.want();
  expect(sequencer.owes()).toBe(true);
  sequencer.want();
  sequencer.started("r1", true);
  sequencer.want();
  expect(asked).toHaveLength(1);
  sequencer.ended("r1");
  expect(asked).toHaveLength(2);
  sequencer.started("r2", true);
  sequencer.ended("r2");
  expect(asked).toHaveLength(2);
  expect(sequencer.owes()).toBe(false);
});

test("an answer the server began by itself is waited for, and does not stand for ours", () => {
  const { asked, sequencer } = rig();
  sequencer.started("r1", false);
  sequencer.want();
  expect(asked).toEqual([]);
  sequencer.ended("r1");
  expect(asked).toEqual(["e0"]);
  sequencer.started("r2", false);
  expect(sequencer.refused("e0", BUSY)).toBe(true);
  sequencer.ended("r2");
  expect(asked).toEqual(["e0", "e1"]);
});

test("a refusal without a known answer is tried again by time, three times in all", () => {
  const { asked, clock, gaveUp, sequencer } = rig();
  sequencer.want();
  sequencer.refused("e0", BUSY);
  expect(asked).toHaveLength(1);
  clock.advance(300);
  sequencer.refused("e1", BUSY);
  clock.advance(300);
  sequencer.refused("e2", BUSY);
  clock.advance(10_000);
  expect(asked).toHaveLength(3);
  expect(gaveUp).toEqual([BUSY]);
  expect(clock.pending).toBe(0);
  sequencer.want();
  expect(asked).toHaveLength(4);
});

test("any other refusal is final, and what is not ours is left alone", () => {
  const { gaveUp, sequencer } = rig();
  sequencer.want();
  expect(sequencer.refused("other", "server_error")).toBe(false);
  expect(sequencer.refused(undefined, BUSY)).toBe(false);
  expect(sequencer.refused("e0", "rate_limit_exceeded")).toBe(true);
  expect(gaveUp).toEqual(["rate_limit_exceeded"]);
  expect(sequencer.owes()).toBe(false);
});

test("closed, it waits for nothing", () => {
  const { asked, clock, sequencer } = rig();
  sequencer.want();
  sequencer.refused("e0", BUSY);
  sequencer.close();
  expect(clock.pending).toBe(0);
  clock.advance(1000);
  expect(asked).toHaveLength(1);
});

test("against a server that takes one answer at a time: never two at once, and no wish is forgotten", () => {
  const step = fc.oneof(
    fc.constant("want" as const),
    fc.constant("end" as const),
    fc.constant("own" as const),
    fc.constant("handle" as const),
    fc.constant("time" as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { asked, clock, gaveUp, sequencer } = rig();
      let active: string | undefined;
      let handled = 0;
      let answers = 0;
      let count = 0;
      let wants = 0;
      const handle = () => {
        for (; handled < asked.length; handled++) {
          if (active) sequencer.refused(asked[handled], BUSY);
          else {
            active = `r${count++}`;
            answers += 1;
            sequencer.started(active, true);
          }
        }
      };
      for (const what of steps) {
        if (what === "want") {
          sequencer.want();
          wants += 1;
        } else if (what === "end" && active) {
          const ended = active;
          active = undefined;
          sequencer.ended(ended);
        } else if (what === "own" && !active) {
          active = `r${count++}`;
          sequencer.started(active, false);
        } else if (what === "handle") handle();
        else if (what === "time") clock.advance(100);
        expect(asked.length - handled).toBeLessThanOrEqual(1);
      }
      // Left alone, whatever was wanted is answered or given up.
      for (let round = 0; round < 10; round++) {
        handle();
        if (active) {
          const ended = active;
          active = undefined;
          sequencer.ended(ended);
        }
        clock.advance(1000);
      }
      if (wants > 0) expect(answers + gaveUp.length).toBeGreaterThan(0);
      expect(sequencer.owes()).toBe(false);
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 500 },
  );
});

test("an answer in the way that began unheard: its end is waited for, beyond all tries", () => {
  const { asked, clock, gaveUp, sequencer } = rig();
  sequencer.want();
  for (const id of ["e0", "e1", "e2"]) {
    sequencer.refused(id, BUSY);
    clock.advance(300);
  }
  expect(gaveUp).toEqual([BUSY]);
  sequencer.ended("r1");
  expect(asked).toEqual(["e0", "e1", "e2", "e3"]);
  sequencer.started("r2", true);
  sequencer.ended("r2");
  // Another one that ends means nothing any more.
  sequencer.ended("r0");
  expect(asked).toHaveLength(4);
});

test("the end of one in the way that comes after it was asked again asks for no second answer", () => {
  const { asked, clock, sequencer } = rig();
  // Tried again by time while that end is under way.
  sequencer.want();
  sequencer.refused("e0", BUSY);
  clock.advance(300);
  sequencer.ended("r1");
  sequencer.started("r2", true);
  sequencer.ended("r2");
  expect(asked).toEqual(["e0", "e1"]);
  // Given up, and wanted anew while it is under way.
  sequencer.want();
  for (const id of ["e2", "e3", "e4"]) {
    sequencer.refused(id, BUSY);
    clock.advance(300);
  }
  sequencer.want();
  expect(asked.at(-1)).toBe("e5");
  sequencer.ended("r3");
  sequencer.started("r4", true);
  sequencer.ended("r4");
  expect(asked).toHaveLength(6);
  expect(sequencer.owes()).toBe(false);
  expect(clock.pending).toBe(0);
  // Refused once more, it is the end of that one which is waited for.
  sequencer.want();
  sequencer.refused("e6", BUSY);
  sequencer.ended("r5");
  expect(asked.at(-1)).toBe("e7");
});
