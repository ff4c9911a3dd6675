// The caller's script, frame by frame against an ear that a test controls: what each step waits for, and what it does.
import { createCaller, type CallerHands, type CallerStep } from "../../../src/sim/twilio/caller.ts";
import { createHearing } from "../../../src/sim/twilio/hearing.ts";
import { tone } from "./double.ts";

const FRAME = 20;
const QUIET = new Uint8Array(160).fill(0xff);
const LOUD = tone(FRAME);

/** Runs a script; `agent` tells for each frame whether the agent is loud in it. Returns what the caller did, with times. */
function play(script: CallerStep[], agent: (ms: number) => boolean, untilMs: number): string[] {
  const did: string[] = [];
  const speeches: { left: number; onEnd: () => void }[] = [];
  let nowMs = 0;
  let loudMs = -Infinity;
  let live = true;
  const note = (what: string) => did.push(`${nowMs} ${what}`);
  const hearing = createHearing({});
  const hands: CallerHands = {
    hearing,
    loudMs: () => loudMs,
    say(audio, text, onEnd) {
      note(`says ${text}`);
      speeches.push({ left: audio.length / 8, onEnd });
    },
    press: (digit) => note(`presses ${digit}`),
    hangUp() {
      note("hangs up");
      live = false;
    },
    onStep: () => undefined,
    onFailure: (message) => note(`fails: ${message}`),
  };
  const caller = createCaller(script, hands);
  const goesOn = () => live && nowMs < untilMs;
  while (goesOn()) {
    nowMs += FRAME;
    hearing.hear(agent(nowMs) ? LOUD : QUIET, nowMs);
    caller.tick(nowMs);
    const speech = speeches[0];
    if (!speech) continue;
    loudMs = nowMs;
    speech.left -= FRAME;
    if (speech.left <= 0) speeches.shift()!.onEnd();
  }
  return did;
}

const say = (text: string, ms = 100, more: object = {}): CallerStep => ({ do: "say", audio: tone(ms), text, ...more });
const between = (from: number, to: number) => (ms: number) => ms > from && ms <= to;
const never = () => false;

test("says one thing after another, each when the last is said", () => {
  expect(play([say("a"), say("b"), { do: "hang-up" }], never, 1000)).toEqual([
    "20 says a",
    "120 says b",
    "220 hangs up",
  ]);
});

test("does not wait for its own words when told so", () => {
  expect(play([say("a", 100, { wait: false }), { do: "press", digits: "1" }], never, 400)).toEqual([
    "20 says a",
    "20 presses 1",
  ]);
});

test("waits for the agent to start, and not for one who spoke before the caller did", () => {
  const agent = (ms: number) => between(0, 200)(ms) || between(600, 900)(ms);
  const script: CallerStep[] = [{ do: "pause", ms: 280 }, say("a"), { do: "wait-for-agent" }, say("b")];
  expect(play(script, agent, 2000)).toEqual(["300 says a", "620 says b"]);
});

test("waits until the agent has answered and then been silent, over a pause in the answer", () => {
  const agent = (ms: number) => between(500, 700)(ms) || between(1000, 1200)(ms);
  const script: CallerStep[] = [say("a"), { do: "wait-for-silence", ms: 500 }, say("b")];
  expect(play(script, agent, 5000)).toEqual(["20 says a", "1700 says b"]);
});

test("speaks over the agent after it has talked for so long", () => {
  const script: CallerStep[] = [
    say("a"),
    { do: "interrupt", afterMs: 600, audio: tone(200), text: "stop" },
    { do: "hang-up" },
  ];
  expect(play(script, between(400, 4000), 5000)).toEqual(["20 says a", "1000 says stop", "1200 hangs up"]);
});

test("presses keys with a gap", () => {
  expect(play([{ do: "press", digits: "12#", gapMs: 100 }, { do: "hang-up" }], never, 1000)).toEqual([
    "20 presses 1",
    "120 presses 2",
    "220 presses #",
    "220 hangs up",
  ]);
});

test("stays on the line when the script is over, and waits for the other end to hang up", () => {
  expect(play([say("a")], never, 60_000)).toEqual(["20 says a"]);
  expect(play([{ do: "wait-for-hang-up", timeoutMs: 90_000 }], never, 60_000)).toEqual([]);
});

test.each([
  ["wait-for-agent", { do: "wait-for-agent", timeoutMs: 500 }],
  ["wait-for-silence", { do: "wait-for-silence", ms: 100, timeoutMs: 500 }],
  ["interrupt", { do: "interrupt", afterMs: 100, audio: tone(20), timeoutMs: 500 }],
  ["wait-for-hang-up", { do: "wait-for-hang-up", timeoutMs: 500 }],
] satisfies [string, CallerStep][])("%s in vain is a failure and hangs up", (name, step) => {
  expect(play([{ do: "pause", ms: 100 }, step], never, 5000)).toEqual([
    `640 fails: step 2 (${name}) waited in vain for 520 ms`,
    "640 hangs up",
  ]);
});

test("without a limit of its own a wait lasts thirty seconds", () => {
  expect(play([{ do: "wait-for-agent" }], never, 60_000)[0]).toBe(
    "30040 fails: step 1 (wait-for-agent) waited in vain for 30020 ms",
  );
});

test("waits for whatever else a test wants to see", () => {
  let looks = 0;
  const condition = () => ++looks === 5;
  expect(play([{ do: "wait-for", condition }, say("a")], never, 1000)).toEqual(["100 says a"]);
  expect(play([{ do: "wait-for", condition: () => false, timeoutMs: 100 }], never, 1000)[0]).toBe(
    "140 fails: step 1 (wait-for) waited in vain for 120 ms",
  );
});

test("runs what a test wants, and a throw ends the call with its message", () => {
  let ran = 0;
  play([{ do: "run", action: () => void ran++ }], never, 100);
  expect(ran).toBe(1);
  const bad = () => {
    throw new Error("broken test");
  };
  expect(play([{ do: "run", action: bad }, say("a")], never, 100)).toEqual([
    "20 fails: step 1 (run) threw: broken test",
    "20 hangs up",
  ]);
});

describe("the ear", () => {
  test("hears speech begin and end, with pauses that do not end it", () => {
    const events: string[] = [];
    const hearing = createHearing({
      onStart: (ms) => events.push(`start ${ms}`),
      onEnd: (ms, spoke) => events.push(`end ${ms} ${spoke}`),
    });
    const loud = (ms: number) => between(100, 300)(ms) || between(600, 700)(ms);
    for (let ms = 20; ms <= 2000; ms += 20) hearing.hear(loud(ms) ? LOUD : QUIET, ms);
    expect(events).toEqual(["start 100", "end 700 600"]);
    expect(hearing.speaking).toBe(false);
    expect(hearing.lastLoudMs).toBe(700);
  });

  test("is not fooled by a faint hiss", () => {
    const hearing = createHearing({});
    hearing.hear(new Uint8Array(160).fill(0xf0), 20);
    expect(hearing.speaking).toBe(false);
  });
});
