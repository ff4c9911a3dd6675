import { mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CLIP_IDS } from "../../src/core/clip.ts";
import type { Clip, ClipId } from "../../src/core/clip.ts";
import { pruneClips } from "../../src/speech/clip-files.ts";
import { createClips, type Clips, type ClipsOptions, type ClipVoice } from "../../src/speech/clips.ts";
import { renderSpeech } from "../../src/speech/render-speech.ts";
import { startOpenAISim } from "../../src/sim/openai/index.ts";
import { manualClock } from "../support/clock.ts";
import { keptLog } from "../support/observe.ts";
import { until } from "../support/until.ts";
import { kit } from "./voice-kit.ts";

const BUILT_IN = fileURLToPath(new URL("../../assets/clips", import.meta.url));
const DEFAULT_GREETING = "Hello, thanks for calling. I am an AI assistant. How can I help you?";
const VOICE = { name: "marin", model: "gpt-realtime-2.1", speed: 1 };

let dir: string;
const opened: Clips[] = [];

beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), "clips-")), "deeper");
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((clips) => clips.close()));
  await rm(join(dir, ".."), { recursive: true, force: true });
});

/** Audio as long as speech of this text. */
function audioFor(text: string): Buffer {
  return Buffer.alloc(text.length * 70 * 8, text.length % 256);
}

interface Change extends Partial<ClipsOptions> {
  readonly voice?: ClipVoice;
  readonly greeting?: string;
  readonly phrases?: Partial<Record<ClipId, string>>;
}

/** The clips of one voice and one greeting. */
function clipsWith({ voice = VOICE, greeting = DEFAULT_GREETING, phrases = {}, ...change }: Change = {}) {
  const clock = manualClock();
  const log = keptLog();
  const asked: string[] = [];
  const library = createClips({
    dir,
    builtInDir: BUILT_IN,
    log,
    clock,
    render(text) {
      asked.push(text);
      return Promise.resolve(audioFor(text));
    },
    ...change,
  });
  opened.push(library);
  const set = library.in(voice, { phrases, greetings: [greeting] });
  const get = (id: ClipId): Clip | undefined => (id === "greeting" ? set.greeting(greeting) : set.get(id));
  return { clips: { ...library, get }, clock, log, asked };
}

test("every phrase of a call can be heard before anything was rendered", () => {
  const { clips, log } = clipsWith();
  for (const id of CLIP_IDS) {
    const clip = clips.get(id);
    expect([id, clip?.text]).toEqual([id, expect.stringMatching(/\w/)]);
    expect((clip?.audio.length ?? 0) / 8).toBeGreaterThan(500);
  }
  expect(log.lines).toEqual([]);
});

test("phrases are rendered one at a time, the greeting first, and replace the recordings that came along", async () => {
  let running = 0;
  let most = 0;
  const order: string[] = [];
  const { clips } = clipsWith({
    async render(text) {
      order.push(text);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return audioFor(text);
    },
  });
  clips.start();
  clips.start();
  await until("all rendered", () =>
    CLIP_IDS.every((id) => clips.get(id)?.audio.equals(audioFor(clips.get(id)?.text ?? ""))),
  );
  expect(most).toBe(1);
  expect(order).toHaveLength(CLIP_IDS.length);
  expect(order[0]).toBe(DEFAULT_GREETING);
});

test("a rendering is kept: the next start asks for nothing", async () => {
  const first = clipsWith();
  first.clips.start();
  await until(
    "all kept",
    () => first.log.lines.filter((line) => line.message === "clip rendered").length === CLIP_IDS.length,
  );
  await first.clips.close();
  const files = await readdir(dir);
  expect(files).toHaveLength(CLIP_IDS.length);
  expect(files.every((file) => /^[0-9a-f]{32}\.ulaw$/.test(file))).toBe(true);

  const second = clipsWith();
  second.clips.start();
  expect(second.asked).toEqual([]);
  for (const id of CLIP_IDS) expect(second.clips.get(id)).toEqual(first.clips.get(id));
});

test.each([
  ["voice", { voice: { ...VOICE, name: "cedar" } }],
  ["model", { voice: { ...VOICE, model: "gpt-realtime-2.1-mini" } }],
  ["speed", { voice: { ...VOICE, speed: 1.2 } }],
])("another %s is another rendering", async (_, change) => {
  const first = clipsWith();
  first.clips.start();
  await until("all kept", () => first.log.lines.length === CLIP_IDS.length);
  expect(clipsWith().clips.get("hold")?.audio.equals(audioFor("One moment, please."))).toBe(true);
  const second = clipsWith(change);
  expect(second.clips.get("hold")?.audio.equals(audioFor(second.clips.get("hold")?.text ?? ""))).toBe(false);
});

test("a greeting of one's own is spoken live until it is rendered", async () => {
  const greeting = "Good day, this is the workshop. I am an assistant made of software.";
  const { clips } = clipsWith({ greeting });
  expect(clips.get("greeting")).toBeUndefined();
  expect(clips.get("hold")).toBeDefined();
  clips.start();
  await until("the greeting", () => clips.get("greeting") !== undefined);
  expect(clips.get("greeting")).toEqual({ text: greeting, audio: audioFor(greeting) });
});

test("a damaged file is rendered again, and never played", async () => {
  const first = clipsWith();
  first.clips.start();
  await until("all rendered", () => first.asked.length === CLIP_IDS.length);
  await until("all written", () => first.log.lines.length === CLIP_IDS.length);
  await first.clips.close();
  const [one, two] = (await readdir(dir)) as [string, string];
  await writeFile(join(dir, one), "");
  await writeFile(join(dir, two), Buffer.alloc(5_000_000, 1));
  const second = clipsWith();
  for (const id of CLIP_IDS) expect(second.clips.get(id)?.audio.length).toBeLessThan(1_000_000);
  second.clips.start();
  await until("both again", () => second.asked.length === 2);
  await until("both written", () => second.log.lines.length === 2);
  expect((await readFile(join(dir, one))).length).toBeGreaterThan(0);
});

test("what fails is tried again later, with growing patience, and holds nothing else up", async () => {
  let works = false;
  const tried: string[] = [];
  const { clips, clock, log } = clipsWith({
    render(text) {
      tried.push(text);
      return works ? Promise.resolve(audioFor(text)) : Promise.reject(new Error("no"));
    },
  });
  const failures = () => log.lines.filter((line) => line.level === "warn").length;
  clips.start();
  for (const [index, ms] of [5000, 30_000, 120_000, 600_000, 600_000].entries()) {
    await until("a failure", () => failures() === index + 1);
    clock.advance(ms - 1);
    expect(tried).toHaveLength(index + 1);
    clock.advance(1);
  }
  expect(new Set(tried).size).toBe(6);
  works = true;
  await until("a failure", () => failures() === 6);
  clock.advance(600_000);
  await until("the rest", () => tried.length >= 6 + CLIP_IDS.length);
});

test("a success makes patience short again", async () => {
  let turn = 0;
  const { clips, clock, log } = clipsWith({
    render: (text) => ([0, 1, 3].includes(turn++) ? Promise.reject(new Error("no")) : Promise.resolve(audioFor(text))),
  });
  const waits = () => log.lines.filter((line) => line.level === "warn").map((line) => line.fields.againInMs);
  clips.start();
  await until("the first failure", () => waits().length === 1);
  clock.advance(5000);
  await until("the second", () => waits().length === 2);
  clock.advance(30_000);
  await until("the third, after a success", () => waits().length === 3);
  expect(waits()).toEqual([5000, 30_000, 5000]);
});

test("a rendering that is not its text is refused", async () => {
  const { clips, log } = clipsWith({ render: () => Promise.resolve(Buffer.alloc(10)) });
  clips.start();
  await until("the refusal", () => log.lines.some((line) => line.level === "warn"));
  expect(clips.get("greeting")?.audio.length).toBeGreaterThan(1000);
});

test("a rendering that takes too long is given up", async () => {
  let aborted = false;
  const { clips, clock, log } = clipsWith({
    render: (_text, _voice, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          aborted = true;
          reject(signal.reason as Error);
        });
      }),
  });
  clips.start();
  clock.advance(19_999);
  expect(aborted).toBe(false);
  clock.advance(1);
  expect(aborted).toBe(true);
  await until("the warning", () => log.lines.some((line) => line.fields.cause === "took too long"));
});

test("a disk that takes nothing costs a warning, not the rendering", async () => {
  const { clips, log } = clipsWith({ dir: join(BUILT_IN, "clips.json", "impossible") });
  clips.start();
  await until("a warning", () => log.lines.some((line) => line.message.includes("could not be kept")));
  expect(clips.get("greeting")?.audio.equals(audioFor(DEFAULT_GREETING))).toBe(true);
});

test("closing stops the rendering under way, the waiting and everything after it", async () => {
  let signal: AbortSignal | undefined;
  const { clips, clock, log } = clipsWith({
    render: (_text, _voice, given) =>
      new Promise((_resolve, reject) => {
        signal = given;
        given.addEventListener("abort", () => reject(given.reason as Error));
      }),
  });
  clips.start();
  await Promise.all([clips.close(), clips.close()]);
  expect(signal?.aborted).toBe(true);
  await until("no timer", () => clock.pending === 0);
  clips.start();
  expect(clock.pending).toBe(0);
  expect(log.lines).toEqual([]);
  expect(clips.get("hold")).toBeDefined();
});

test("greetings come before everything else, also those of others that come later", async () => {
  const order: string[] = [];
  let go = (): void => {};
  const { clips } = clipsWith({
    async render(text) {
      order.push(text);
      if (order.length === 2) await new Promise<void>((resolve) => (go = resolve));
      return audioFor(text);
    },
  });
  clips.start();
  await until("the second is under way", () => order.length === 2);
  const other = "Good evening, this is the night desk speaking to you.";
  const night = clips.in({ ...VOICE, name: "cedar" }, { greetings: [other] });
  expect(night.greeting(other)).toBeUndefined();
  go();
  await until("the other greeting", () => night.greeting(other) !== undefined);
  expect([order[0], order[2]]).toEqual([DEFAULT_GREETING, other]);
});

test("voices that are alike share their phrases", async () => {
  const { clips, asked } = clipsWith();
  clips.start();
  await until("all rendered", () => asked.length === CLIP_IDS.length);
  const twin = clips.in({ ...VOICE }, { greetings: [DEFAULT_GREETING] });
  await until(
    "the last one is kept",
    () => twin.get("shutdown")?.audio.equals(audioFor(twin.get("shutdown")?.text ?? "")) === true,
  );
  expect(asked).toHaveLength(CLIP_IDS.length);
  expect(twin.get("hold")).toBe(clips.get("hold"));
});

test("a phrase in other words is silent until it is rendered, and then said in those", async () => {
  const hold = "Einen Moment bitte.";
  const { clips } = clipsWith({ phrases: { hold } });
  expect(clips.get("hold")).toBeUndefined();
  expect(clips.get("still-there")?.text).toBe("Are you still there?");
  clips.start();
  await until("it is rendered", () => clips.get("hold") !== undefined);
  expect(clips.get("hold")).toEqual({ text: hold, audio: audioFor(hold) });
});

test("nothing is rendered while calls need the voice API for themselves", async () => {
  let calm = false;
  const { clips, clock, asked } = clipsWith({ mayRender: () => calm });
  clips.start();
  clock.advance(4999);
  clock.advance(60_000);
  expect(asked).toEqual([]);
  calm = true;
  clock.advance(5000);
  await until("all rendered", () => asked.length === CLIP_IDS.length);
});

test("memory is bounded: what was not used for long is read from the disk again", async () => {
  const greetings = Array.from({ length: 8 }, (_, n) => `Welcome to branch number ${n}, how can I help you today?`);
  const size = audioFor(greetings[0] as string).length;
  const first = clipsWith();
  first.clips.in(VOICE, { greetings });
  first.clips.start();
  const rendered = () => first.log.lines.filter(({ message }) => message === "clip rendered").length;
  await until("all rendered", () => rendered() === CLIP_IDS.length + greetings.length);
  await first.clips.close();

  const { clips } = clipsWith({ mostBytes: size * 3 });
  const set = clips.in(VOICE, { greetings });
  for (const text of [...greetings, ...greetings]) expect(set.greeting(text)).toEqual({ text, audio: audioFor(text) });
  for (const name of await readdir(dir)) await rm(join(dir, name));
  const left = greetings.filter((text) => set.greeting(text) !== undefined);
  expect(left).toEqual(greetings.slice(-3));
});

test("a folder of old renderings is kept small, the newest stay", async () => {
  await mkdir(dir, { recursive: true });
  for (let n = 0; n < 6; n++) {
    await writeFile(join(dir, `${n}.ulaw`), "x");
    await utimes(join(dir, `${n}.ulaw`), n, n);
  }
  await writeFile(join(dir, "notes.txt"), "x");
  await pruneClips(dir, 4);
  expect((await readdir(dir)).sort()).toEqual(["2.ulaw", "3.ulaw", "4.ulaw", "5.ulaw", "notes.txt"]);
  await pruneClips(join(dir, "none"));
});

test("an installation without its recordings does not start", () => {
  expect(() => clipsWith({ builtInDir: join(dir, "nowhere") })).toThrow(/ENOENT/);
});

describe("rendering by the voice", () => {
  test("a text is spoken and its audio is whole; the session is closed behind it", async () => {
    const sim = await startOpenAISim({ timing: { pace: Infinity } });
    const bench = kit(sim.baseUrl);
    const text = "One moment, please. I am looking into it.";
    const audio = await renderSpeech(bench.engine, text, new AbortController().signal);
    expect(audio.length / 8 / text.length).toBeGreaterThan(40);
    await until("the socket is gone", () => sim.counts.open === 0);
    await until("no timer", () => bench.clock.pending === 0);
    await sim.close();
  });

  test.each([
    ["the voice is refused", { refuse: 401 }, /closed: /],
    ["the response fails", { response: "server_error" }, /failed: server_error/],
    ["the format is wrong", { outputAs: "audio/pcm" }, /format-mismatch/],
  ] as const)("it fails when %s", async (_, faults, message) => {
    const sim = await startOpenAISim({ faults, timing: { pace: Infinity } });
    const bench = kit(sim.baseUrl);
    const rendering = renderSpeech(bench.engine, "One moment, please.", new AbortController().signal);
    await expect(rendering).rejects.toThrow(message);
    await bench.done();
    await sim.close();
  });

  test("it fails when something else was said", async () => {
    const sim = await startOpenAISim({ faults: { paraphrase: true }, timing: { pace: Infinity } });
    const bench = kit(sim.baseUrl);
    const rendering = renderSpeech(bench.engine, "Hold on.", new AbortController().signal);
    await expect(rendering).rejects.toThrow(/something else/);
    await bench.done();
    await sim.close();
  });

  test("an abort ends it at once, before and during the session", async () => {
    const sim = await startOpenAISim({ faults: { stallOnResponse: true } });
    const bench = kit(sim.baseUrl);
    const controller = new AbortController();
    const rendering = renderSpeech(bench.engine, "Hold on.", controller.signal);
    await (await sim.session(0)).received.waitFor("response.create");
    controller.abort(new Error("enough"));
    await expect(rendering).rejects.toThrow("enough");
    await expect(renderSpeech(bench.engine, "Hold on.", controller.signal)).rejects.toThrow("enough");
    await until("the socket is gone", () => sim.counts.open === 0);
    await bench.done();
    await sim.close();
  });
});

test("after the end nothing is being written any more", async () => {
  const { clips, asked } = clipsWith();
  clips.start();
  await until("a clip is being kept", () => asked.length === 1);
  await clips.close();
  const there = await readdir(dir);
  expect(there.filter((name) => !name.endsWith(".ulaw"))).toEqual([]);
  // Whatever was on its way to the disk would be there after these.
  for (let n = 0; n < 20; n++) {
    await writeFile(join(dir, "another"), "x");
    await rm(join(dir, "another"));
  }
  expect(await readdir(dir)).toEqual(there);
});
