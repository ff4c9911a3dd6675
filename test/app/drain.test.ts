// Leaving, in virtual time: whoever hangs, be it a call, the carrier or a store, everything is over five seconds after the limit.
import { leave, type Leaving } from "../../src/app/drain.ts";
import { CLIP_IDS } from "../../src/core/clip.ts";
import { createLiveCalls, SHUTDOWN_GOODBYE_MS, type Seat } from "../../src/live-calls.ts";
import { createPlaces } from "../../src/organizations/places.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { readFileSync } from "node:fs";
import { fakeCall, PARTY, type FakeCallOptions } from "../support/fake-call.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { createVirtualTime, type VirtualTime } from "../support/virtual-time.ts";

const LIMIT_MS = 5000;
/** What the process itself has left after the app: its log's last lines, and its exit. */
const APP_MS = 4650;
const never = (): Promise<never> => new Promise(() => undefined);

interface Left {
  /** ms after the limit at which the goodbye was asked for, closing began, and all was over. */
  readonly goodbyes: number[];
  closing?: number;
  over?: number;
  failed?: string;
}

/** A process with one call that says when it is over, if ever. */
function start(time: VirtualTime, more: Partial<Leaving> = {}) {
  const log = keptLog();
  const meter = keptMeter();
  const state = createMemoryState({ clock: time.clock });
  const began = time.now();
  const at = (): number => time.now() - began - LIMIT_MS;
  const left: Left = { goodbyes: [] };
  let end = (): void => {};
  const ended = new Promise<"shutdown">((resolve) => (end = () => resolve("shutdown")));
  const seat = {
    mostCalls: Infinity,
    startCall: () => ({
      party: PARTY,
      end: (_how: unknown, goodbye?: string, withinMs?: number) =>
        void (goodbye && left.goodbyes.push(at() + (withinMs ?? Infinity))),
      returns: () => false,
      ended,
    }),
  } as unknown as Seat;
  const calls = createLiveCalls({
    maxCalls: 10,
    seatFor: () => seat,
    recall: async () => ({}),
    elsewhere: { lineIsOver: async () => false, carrierEnded: () => undefined },
    places: createPlaces({ state, clock: time.clock }),
    log,
    meter,
  });
  return {
    left,
    log,
    calls,
    endsCall: () => end(),
    call: () => calls.enter({ close: () => undefined } as never, PARTY),
    leave: (now?: AbortSignal): void => {
      void leave({
        calls,
        others: () => 0,
        close: async () => void (left.closing = at()),
        log,
        clock: time.clock,
        timeoutMs: LIMIT_MS,
        now,
        ...more,
      }).then(
        () => (left.over = at()),
        (error: unknown) => (left.failed = String(error)),
      );
    },
  };
}

let time: VirtualTime;
beforeEach(() => (time = createVirtualTime()));
afterEach(() => {
  if (time.pending() > 0) throw new Error(`${time.pending()} timers are left`);
});

test("a call that ends in time is followed by the carrier's last question, and that by the end", async () => {
  const { left, leave: go, call, endsCall } = start(time);
  call();
  go();
  await time.run(1000);
  endsCall();
  await time.run(599);
  expect(left.closing).toBeUndefined();
  await time.run(1);
  expect(left).toEqual({ goodbyes: [], closing: 1600 - LIMIT_MS, over: 1600 - LIMIT_MS });
});

test("without calls nothing is waited for", async () => {
  const { left, leave: go } = start(time);
  go();
  await time.run(0);
  expect(left.over).toBe(-LIMIT_MS);
});

test("F23: a call that never ends is told when its goodbye is over, and is not waited for beyond that and one question", async () => {
  const { left, leave: go, call } = start(time);
  call();
  go();
  await time.run(LIMIT_MS + APP_MS);
  expect(left).toEqual({
    goodbyes: [SHUTDOWN_GOODBYE_MS],
    closing: SHUTDOWN_GOODBYE_MS + 600,
    over: SHUTDOWN_GOODBYE_MS + 600,
  });
});

test.each(["a call that never ends", "no call"])(
  "with %s, stores that never close are left as they are",
  async (what) => {
    const { left, log, leave: go, call } = start(time, { close: never });
    if (what !== "no call") call();
    go();
    await time.run(LIMIT_MS + APP_MS);
    expect(left.over).toBe(APP_MS);
    expect(log.lines.at(-1)).toMatchObject({ level: "warn", message: expect.stringContaining("in time") });
  },
);

test("talks of others are cut at the limit", async () => {
  const { left, leave: go } = start(time, { others: () => 3 });
  go();
  await time.run(LIMIT_MS + APP_MS);
  expect(left.over).toBeGreaterThanOrEqual(0);
  expect(left.over).toBeLessThanOrEqual(250);
});

test.each([0, 2000])(
  "the word to leave at once, after %d ms: nothing is waited for but the closing, and that not for ever",
  async (ms) => {
    const { left, leave: go, call } = start(time, { close: never, others: () => 1 });
    const now = new AbortController();
    call();
    if (ms === 0) now.abort();
    go(now.signal);
    await time.run(ms);
    now.abort();
    await time.run(LIMIT_MS + APP_MS);
    expect(left).toEqual({ goodbyes: [], over: ms + APP_MS - LIMIT_MS });
  },
);

test("a closing that fails is told", async () => {
  const { left, leave: go } = start(time, { close: () => Promise.reject(new Error("no end")) });
  go();
  await time.run(0);
  expect(left).toEqual({ goodbyes: [], failed: "Error: no end" });
});

test.each<[string, FakeCallOptions]>([
  ["a phone whose marks never come", { line: { marks: false } }],
  ["a network that takes a second", { line: { uplinkMs: 500, downlinkMs: 500 } }],
  [
    "a phrase of the organization's own that takes ten seconds",
    { parts: { clip: (id) => ({ text: id, audio: Buffer.alloc(id === "shutdown" ? 80_000 : 8000, 0xff) }) } },
  ],
])("a real call is over within its share: %s", async (_what, options) => {
  const call = await fakeCall(options);
  await call.greeted();
  const since = call.time.now();
  call.call.end({ kind: "hangup", reason: "shutdown" }, "shutdown", SHUTDOWN_GOODBYE_MS);
  await call.until("over", () => call.reasons.length > 0, SHUTDOWN_GOODBYE_MS + 100);
  expect(call.time.now() - since).toBeLessThanOrEqual(SHUTDOWN_GOODBYE_MS + 10);
  expect(call.reasons).toEqual(["shutdown"]);
  expect(call.endings).toMatchObject([{ ending: { kind: "hangup", reason: "shutdown" } }]);
  await call.over();
});

test("the goodbye that comes with the program is heard to its end in that time, over a slow network, too", () => {
  const clips = JSON.parse(readFileSync(new URL("../../assets/clips/clips.json", import.meta.url), "utf8")) as {
    id: string;
    ms: number;
  }[];
  expect(CLIP_IDS).toContain("shutdown");
  expect(clips.find(({ id }) => id === "shutdown")?.ms).toBeLessThan(SHUTDOWN_GOODBYE_MS - 250);
});
