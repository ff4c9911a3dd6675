// Scripts as JSON files: what they may say, and how a mistake is pointed at.
import { readScript, ScriptError } from "../../../src/sim/twilio/script-file.ts";

const sound = (wav: string) => Uint8Array.from(Buffer.from(wav));
const read = (steps: unknown) => readScript(JSON.stringify({ steps }), sound);

test("every step, with the sounds it names", () => {
  const steps = [
    { do: "wait-for-silence", ms: 700, timeoutMs: 10_000 },
    { do: "wait-for-agent" },
    { do: "wait-for-hang-up" },
    { do: "pause", ms: 0 },
    { do: "press", digits: "12*#", gapMs: 300 },
    { do: "hang-up" },
  ];
  expect(read(steps)).toEqual(steps);
  expect(read([{ do: "say", wav: "a.wav", text: "hello", wait: false }])).toEqual([
    { do: "say", audio: sound("a.wav"), text: "hello", wait: false },
  ]);
  expect(read([{ do: "interrupt", afterMs: 500, wav: "b.wav", timeoutMs: 1 }])).toEqual([
    { do: "interrupt", afterMs: 500, audio: sound("b.wav"), timeoutMs: 1 },
  ]);
});

test.each([
  ["no JSON", "{", /^not JSON: /],
  ["no steps", "{}", /^the script is not valid:\n {2}steps: /],
  ["an empty list", '{"steps":[]}', /steps: /],
  ["an unknown step", '{"steps":[{"do":"hang-up"},{"do":"shout"}]}', /\n {2}step 2, do: /],
  ["a missing field", '{"steps":[{"do":"pause"}]}', /\n {2}step 1, ms: /],
  ["a field too many", '{"steps":[{"do":"hang-up","now":true}]}', /\n {2}step 1: .*"now"/],
  ["a wrong key", '{"steps":[{"do":"press","digits":"1a"}]}', /step 1, digits: digits may be 0 to 9, \* and #/],
  ["a negative time", '{"steps":[{"do":"pause","ms":-1}]}', /step 1, ms: /],
  ["a field beside the steps", '{"steps":[{"do":"hang-up"}],"speed":2}', /the file: .*"speed"/],
])("%s is told with its place", (_name, json, message) => {
  expect(() => readScript(json, sound)).toThrow(ScriptError);
  expect(() => readScript(json, sound)).toThrow(message);
});

test("all mistakes are told at once", () => {
  expect(() => read([{ do: "pause" }, { do: "say" }])).toThrow(/step 1, ms.*\n.*step 2, wav/s);
});
