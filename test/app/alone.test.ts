// One instance by itself: it stays alive in the shared state, and hands on what is asked of a live call.
import { createAlone } from "../../src/app/alone.ts";
import type { Call } from "../../src/bridge/parts.ts";
import type { CallEnding } from "../../src/core/call.ts";
import { systemIds } from "../../src/observe/system.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { PARTY } from "../support/fake-call.ts";
import { keptLog } from "../support/observe.ts";
import { createVirtualTime } from "../support/virtual-time.ts";

function setup() {
  const time = createVirtualTime();
  const state = createMemoryState({ clock: time.clock });
  const ends: [CallEnding, string | undefined][] = [];
  const call: Call = {
    party: PARTY,
    end: (how, goodbye) => void ends.push([how, goodbye]),
    gone: () => undefined,
    say: () => undefined,
    transfer: () => undefined,
    escalate: () => undefined,
    draft: () => ({ phase: "intake", transcript: [] }),
    returns: () => false,
    phase: () => "listening",
    ended: new Promise(() => undefined),
  };
  const calls = { find: (callId: string) => (callId === PARTY.callId ? call : undefined) };
  const alone = createAlone({ state, calls, clock: time.clock, ids: systemIds, log: keptLog() });
  return { time, state, ends, alone };
}

test("its calls are live for as long as it runs, and no longer", async () => {
  const { time, state, alone } = setup();
  alone.start();
  await state.enlist({ ...PARTY, instance: alone.instance, startedAt: new Date(0).toISOString() });
  await time.run(600_000);
  expect(await state.live()).toHaveLength(1);
  alone.close();
  await time.run(20_000);
  expect(await state.live()).toEqual([]);
  expect(time.pending()).toBe(0);
});

test("a live call is ended or handed on; another is not live", async () => {
  const { ends, alone } = setup();
  expect(await alone.control("call-other", { kind: "end" })).toBe("not-live");
  expect(await alone.control(PARTY.callId, { kind: "end" })).toBe("done");
  expect(await alone.control(PARTY.callId, { kind: "transfer", to: "+15550003333", note: "by hand" })).toBe("done");
  expect(ends).toEqual([
    [{ kind: "hangup", reason: "agent-hangup" }, undefined],
    [{ kind: "transfer", reason: "transferred", to: "+15550003333", note: "by hand" }, "transfer"],
  ]);
  await expect(alone.control(PARTY.callId, { kind: "say", text: "hello" })).rejects.toMatchObject({ status: 501 });
});
