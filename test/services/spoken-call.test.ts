// A caller with a real voice: espeak-ng speaks, sox brings it to a telephone's rate, scripts/simulate-call.ts calls the built
// server with it, and the recording of the call is measured with sox, which knows nothing of our code.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readWav } from "../../src/audio/wav.ts";
import { startOpenAISim, type OpenAISim } from "../../src/sim/openai/index.ts";
import { emptyFolder, freePort, startChild, type Child } from "../support/child.ts";
import { must } from "./program.ts";

const ACCOUNT_SID = `AC${"1".repeat(32)}`;
const AUTH_TOKEN = "12345678901234567890123456789012";
const SENTENCE = "Good morning. I would like to book an oil change for Tuesday at nine.";
const ANSWER = "Tuesday at nine is free. I have put you down for an oil change.";

let folder: Awaited<ReturnType<typeof emptyFolder>>;
let openai: OpenAISim;
let server: Child;
let caller: Child;
const said = () => join(folder.path, "said.wav");
const recording = () => join(folder.path, "call.wav");
/** What the voice was given to transcribe: linear samples at 8000 Hz. */
let heard: Int16Array = new Int16Array(0);
/** Seconds of the recording at which the sentence begins and has ended. */
let begins = 0;
let ends = 0;

beforeAll(async () => {
  folder = await emptyFolder();
  const spoken = join(folder.path, "spoken.wav");
  await must("espeak-ng", ["-v", "en-us", "-s", "150", "-w", spoken, SENTENCE]);
  // -3 dB, or a telephone's codec would cut its peaks; a pause inside it must not end the turn.
  await must("sox", [spoken, "-r", "8000", "-c", "1", "-b", "16", said(), "gain", "-n", "-3"]);

  openai = await startOpenAISim({
    script: {
      transcripts: (_session, utterance) => {
        if (utterance.audio.length > heard.length) heard = utterance.audio;
        return SENTENCE;
      },
      brain: () => ANSWER,
    },
  });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  server = startChild("dist/main.js", {
    cwd: folder.path,
    env: {
      PORT: String(port),
      HOST: "127.0.0.1",
      DATA_DIR: folder.path,
      TWILIO_ACCOUNT_SID: ACCOUNT_SID,
      TWILIO_AUTH_TOKEN: AUTH_TOKEN,
      WEBHOOK_URL: "https://voice.example.com",
      OPENAI_API_KEY: openai.apiKey,
      OPENAI_BASE_URL: openai.baseUrl,
      VAD_SILENCE_MS: "900",
    },
  });
  await server.says(/VOICE AGENT SYSTEM STARTED/);
  const args = ["--url", url, "--public-url", "https://voice.example.com", "--wav", said(), "--out", recording()];
  caller = startChild("scripts/simulate-call.ts", {
    cwd: folder.path,
    args: [...args, "--token", AUTH_TOKEN, "--account-sid", ACCOUNT_SID, "--max-seconds", "60"],
  });
  await caller.exited;
  const [, at] = await caller.says(/([\d.]+) {2}caller says/);
  begins = Number(at);
  ends = begins + Number((await must("soxi", ["-D", said()])).out);
});
afterAll(async () => {
  server.signal("SIGTERM");
  await server.exited;
  await openai.close();
  await folder.remove();
});

/** sox's own numbers for one channel of the recording, from one second to another. */
async function measure(channel: 1 | 2, from: number, to: number) {
  const { err } = await must("sox", [
    recording(),
    "-n",
    "remix",
    String(channel),
    "trim",
    from.toFixed(3),
    `=${to.toFixed(3)}`,
    "stat",
  ]);
  const number = (name: string): number => {
    const found = new RegExp(`^${name}:?\\s+(-?[\\d.]+)`, "m").exec(err);
    if (!found) throw new Error(`sox says nothing of ${name}:\n${err}`);
    return Number(found[1]);
  };
  return { rms: number("RMS +amplitude"), peak: number("Maximum amplitude"), trough: number("Minimum amplitude") };
}

async function secondsOf(file: string): Promise<number> {
  return Number((await must("soxi", ["-D", file])).out);
}

test("the call goes well", async () => {
  expect(await caller.exited).toEqual({ code: 0, signal: null });
  expect(caller.output()).toContain("the caller hung up");
  await server.says(/"message":"call ended"/);
  expect(server.output()).toMatch(/"message":"turn answered"/);
  expect(server.output()).not.toMatch(/"level":"error"/);
});

test("its recording has two channels of a telephone's rate", async () => {
  expect((await must("soxi", ["-c", recording()])).out.trim()).toBe("2");
  expect((await must("soxi", ["-r", recording()])).out.trim()).toBe("8000");
  expect((await must("soxi", ["-b", recording()])).out.trim()).toBe("16");
  expect(await secondsOf(recording())).toBeGreaterThan(ends + 1);
});

test("the caller's channel holds the sentence, as loud as it was said, and silence around it", async () => {
  const { err } = await must("sox", [said(), "-n", "stat"]);
  const [, original] = /RMS +amplitude:\s+([\d.]+)/.exec(err) ?? [];
  const sentence = await measure(1, begins, ends);
  expect(Math.abs(sentence.rms / Number(original) - 1)).toBeLessThan(0.1);
  expect((await measure(1, 0, begins - 0.1)).rms).toBeLessThan(0.01);
  expect((await measure(1, ends + 0.2, await secondsOf(recording()))).rms).toBeLessThan(0.01);
});

test("and it is the very sentence, there and at the ear of the voice", async () => {
  const [source] = readWav(await readFile(said())).channels;
  const [left] = readWav(await readFile(recording())).channels;
  if (!source || !left) throw new Error("a channel is missing");
  const around = left.subarray(Math.round((begins - 0.3) * 8000), Math.round((ends + 0.3) * 8000));
  expect(bestCorrelation(source, around)).toBeGreaterThan(0.98);
  expect(bestCorrelation(source, heard)).toBeGreaterThan(0.98);
  // Another stretch of speech is not taken for it.
  expect(bestCorrelation(source.toReversed(), around)).toBeLessThan(0.5);
});

test("the agent is heard before the caller speaks, is quiet while they do, and answers", async () => {
  expect((await measure(2, 0, begins)).rms).toBeGreaterThan(0.01);
  expect((await measure(2, begins + 0.1, ends)).rms).toBeLessThan(0.01);
  expect((await measure(2, ends, await secondsOf(recording()))).rms).toBeGreaterThan(0.01);
});

test("nothing clips", async () => {
  const length = await secondsOf(recording());
  for (const channel of [1, 2] as const) {
    const { peak, trough } = await measure(channel, 0, length);
    expect(peak).toBeGreaterThan(0.05);
    // Full scale of mu-law is 0.98.
    expect(peak).toBeLessThan(0.97);
    expect(trough).toBeGreaterThan(-0.97);
  }
});

/** The correlation, -1 to 1, of a sound with the equally long stretch of another that is most like it. */
function bestCorrelation(sound: Int16Array, within: Int16Array): number {
  // A third of the samples is enough to find the place; it is then judged by all of them.
  let best = { shift: 0, correlation: -1 };
  for (let shift = -400; shift <= within.length - sound.length + 400; shift++) {
    const correlation = correlationAt(sound, within, shift, 3);
    if (correlation > best.correlation) best = { shift, correlation };
  }
  return correlationAt(sound, within, best.shift, 1);
}

function correlationAt(sound: Int16Array, within: Int16Array, shift: number, step: number): number {
  let product = 0;
  let own = 0;
  let other = 0;
  for (let i = 0; i < sound.length; i += step) {
    const [one, two] = [sound[i] ?? 0, within[i + shift] ?? 0];
    product += one * two;
    own += one * one;
    other += two * two;
  }
  return product / Math.sqrt(own * other || 1);
}
