// The verdict on the demo's call: each thing that can go wrong is told, one at a time, and a good call has nothing to tell.
import { writeWav } from "../../src/audio/wav.ts";
import type { CallResult } from "../../src/sim/twilio/index.ts";
import { whatWentWrong } from "../../scripts/demo/what-went-wrong.ts";

type Record = NonNullable<Parameters<typeof whatWentWrong>[1]>;

const entry = (kind: string, atMs: number) => ({ kind, atMs }) as CallResult["timeline"][number];
const TIMELINE = [
  entry("agent-speaking", 1000),
  entry("agent-silent", 4000),
  entry("caller-speaking", 5000),
  entry("agent-speaking", 8000),
  entry("caller-speaking", 9000),
  entry("clear", 9200),
  entry("agent-silent", 9250),
];
const turn = (number: number, more: object = {}) =>
  ({ role: "caller", at_ms: number, turn: number, text: "words", latency_ms: 700, ...more }) as const;
const RECORD: Record = {
  end_reason: "agent-hangup",
  transcript: [
    ...[1, 2, 3, 4].map((number) => turn(number)),
    turn(5, { text: "[keypad] 1" }),
    { role: "agent", at_ms: 8000, text: "Tuesday at nine", interrupted: true, cut: "is free", heard_ms: 900 },
  ],
};
/** Eleven seconds with sound in these stretches, s. */
const sound = (...stretches: [from: number, to: number][]): Int16Array =>
  Int16Array.from({ length: 88_000 }, (_, index) => {
    if (!stretches.some(([from, to]) => index >= from * 8000 && index < to * 8000)) return 30;
    return index % 8 < 4 ? 8000 : -8000;
  });
const caller = sound([5, 7], [9, 11]);
const agent = sound([1, 4], [8, 9.25]);
const quiet = sound();
const wav = (...channels: Int16Array[]): Uint8Array => writeWav(channels, 8000);

interface Changed {
  readonly result?: Partial<CallResult>;
  readonly record?: Record;
  readonly recording?: Uint8Array;
}
function judge({ result, record = RECORD, recording = wav(caller, agent) }: Changed = {}): string | undefined {
  return whatWentWrong({ timeline: TIMELINE, ...result }, record, recording);
}
const turns = (change: (one: Record["transcript"][number]) => Record["transcript"][number] | undefined): Record => ({
  ...RECORD,
  transcript: RECORD.transcript.map(change).filter((one) => one !== undefined),
});

test("a call that went as planned has nothing to tell", () => {
  expect(judge()).toBeUndefined();
});

test("everything else is told", () => {
  const without = (kind: string) => ({ timeline: TIMELINE.filter((one) => one.kind !== kind) });
  expect(judge({ result: { scriptError: "the agent never fell silent" } })).toBe("the agent never fell silent");
  expect(whatWentWrong({ timeline: TIMELINE }, undefined, wav(caller, agent))).toMatch(/no record/);
  expect(judge({ record: { ...RECORD, end_reason: "line-lost" } })).toMatch(/ended by line-lost/);
  expect(judge({ record: { ...RECORD, end_reason: null } })).toMatch(/ended by nobody/);
  expect(judge({ record: turns((one) => (one.turn === 2 ? undefined : one)) })).toMatch(/4 turns/);
  for (const latency_ms of [undefined, null])
    expect(
      judge({ record: turns((one) => (one.turn === 3 ? { ...one, latency_ms: latency_ms as null } : one)) }),
    ).toMatch(/turn 3 was not answered/);
  expect(judge({ record: turns((one) => ({ ...one, text: "words" })) })).toMatch(/key never reached/);
  expect(judge({ record: turns((one) => ({ ...one, cut: "" })) })).toMatch(/cut nothing/);
  expect(judge({ result: without("clear") })).toMatch(/not cleared/);
  expect(judge({ result: without("caller-speaking") })).toMatch(/not cleared/);
  // A key clears the line as well, but that is not the interruption.
  const late = TIMELINE.map((one) => (one.kind === "clear" ? entry("clear", 20_000) : one));
  expect(judge({ result: { timeline: late } })).toMatch(/not cleared/);
  expect(judge({ recording: wav(quiet, agent) })).toMatch(/caller is not heard/);
  expect(judge({ recording: wav(caller, quiet) })).toMatch(/agent is not heard/);
  expect(judge({ recording: wav(caller) })).toMatch(/1 channels/);
  expect(judge({ recording: wav(caller, sound([1, 4], [5.5, 5.6], [8, 9.25])) })).toMatch(/at once after 5.5 s/);
  expect(judge({ recording: wav(caller, sound([1, 4], [8, 11])) })).toMatch(/at once after 10.5 s/);
  expect(judge({ recording: wav(caller, sound([1, 4], [8, 9])) })).toMatch(/nobody is heard over/);
  expect(() => judge({ recording: new Uint8Array() })).toThrow(/WAV/);
});
