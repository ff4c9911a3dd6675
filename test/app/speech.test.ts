// Speech without a conversation, in the whole program against the simulated OpenAI: files of every kind in, sound of every format out,
// and everything that is no sound.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { buildApp, type App } from "../../src/app.ts";
import { decodeStream } from "../../src/audio/decode.ts";
import { createEncoder } from "../../src/audio/encode.ts";
import { decodeMulaw } from "../../src/audio/mulaw.ts";
import { resample } from "../../src/audio/resample.ts";
import { readWav, writeWav } from "../../src/audio/wav.ts";
import { createWebmReader } from "../../src/audio/webm.ts";
import { readConfig } from "../../src/config.ts";
import { hearing } from "../../src/sim/openai/hear.ts";
import { humMs } from "../../src/sim/openai/hum.ts";
import { startOpenAISim, type OpenAISim } from "../../src/sim/openai/index.ts";
import { emptyFolder } from "../support/child.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { keptLog } from "../support/observe.ts";
import { oggOpus } from "../support/ogg.ts";
import { words } from "../support/recordings.ts";
import { until } from "../support/until.ts";

const KEY = "speech-key-0123456789abcdef";
const booking = words("book-oil-change");
const line = decodeMulaw(booking.audio);
const listen = hearing([{ text: booking.text, samples: line }]);
const file = (name: string): Buffer => readFileSync(new URL(`../fixtures/files/${name}`, import.meta.url));

async function mp3(): Promise<Buffer> {
  const encoder = await createEncoder("mp3");
  return Buffer.concat([encoder.push(resample(line, 8000, 24_000)), encoder.end()]);
}

let openai: OpenAISim;
let folder: Awaited<ReturnType<typeof emptyFolder>>;
const apps: App[] = [];
beforeAll(async () => {
  openai = await startOpenAISim({
    now: () => Date.parse("2026-11-25"),
    timing: { pace: Infinity, replyMs: 2, transcriptMs: 2 },
    script: {
      transcripts: (session, utterance) => listen(session, utterance),
      hearFile: ({ audio, rate }) =>
        audio ? (listen(undefined, { audio, rate: rate ?? 8000 } as never).text ?? "") : booking.text,
    },
  });
  folder = await emptyFolder();
});
beforeEach(() => (openai.faults = {}));
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});
afterAll(async () => {
  await openai.close();
  await folder.remove();
});

async function start(settings: Readonly<Record<string, string>> = {}) {
  const log = keptLog();
  const config = readConfig({
    PORT: "0",
    HOST: "127.0.0.1",
    DATA_DIR: folder.path,
    OPENAI_API_KEY: openai.apiKey,
    OPENAI_BASE_URL: openai.baseUrl,
    API_KEYS: `desk:organization@default:${KEY}`,
    ...settings,
  });
  const app = buildApp({ config, log, storage: createMemoryStorage() });
  apps.push(app);
  const { port } = await app.listen();
  const url = `http://127.0.0.1:${port}`;
  const authorization = `Bearer ${KEY}`;
  return {
    url,
    log,
    hear: async (bytes: Uint8Array, name = "sound.bin", type = "application/octet-stream") => {
      const body = new FormData();
      body.set("audio_file", new Blob([Buffer.from(bytes)], { type }), name);
      const answer = await fetch(`${url}/voice/speech-to-text`, { method: "POST", headers: { authorization }, body });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    },
    say: async (body: object) => {
      const answer = await fetch(`${url}/voice/text-to-speech`, {
        method: "POST",
        headers: { authorization, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return {
        status: answer.status,
        type: answer.headers.get("content-type"),
        bytes: Buffer.from(await answer.arrayBuffer()),
      };
    },
  };
}

const SECONDS = line.length / 8000;

describe("speech to text", () => {
  test.each<readonly [string, () => Uint8Array | Promise<Uint8Array>, number | undefined]>([
    ["wav", () => writeWav([line], 8000), SECONDS],
    ["mp3", mp3, SECONDS],
    ["m4a, as Chromium records it", () => file("book-oil-change.m4a"), undefined],
    ["ogg with Opus", () => oggOpus(createWebmReader().push(file("book-oil-change.webm")), 2880), SECONDS + 0.25],
    ["webm, as Chromium records it", () => file("book-oil-change.webm"), undefined],
    ["flac", () => file("book-oil-change.flac"), SECONDS],
  ])("%s, whatever its name and type say", async (_kind, make, seconds) => {
    const { hear } = await start();
    const told = await hear(await make(), "notes.txt", "text/plain");
    expect([told.status, told.body["text"]]).toEqual([200, booking.text]);
    const { duration } = told.body;
    if (seconds === undefined) expect(duration).toBeUndefined();
    else expect(Math.abs(Number(duration) - seconds)).toBeLessThan(0.3);
    expect(readdirSync(join(folder.path, "uploads"))).toEqual([]);
  });

  test("over Realtime: what it reads, and for the rest what it would read", async () => {
    const { hear } = await start({ STT_ENGINE: "realtime", TRANSCRIPTION_LANGUAGE: "en" });
    expect((await hear(await mp3())).body).toMatchObject({ text: booking.text, language: "en" });
    for (const name of ["book-oil-change.m4a", "book-oil-change.flac"]) {
      const told = await hear(file(name));
      expect(told.status).toBe(415);
      expect(told.body["detail"]).toContain("send wav, mp3, ogg, webm");
    }
    expect((await hear(file("vorbis.ogg"))).status).toBe(422);
  });

  test.each<readonly [string, Uint8Array, number]>([
    ["text in a file named .wav", Buffer.from("I would like to book an oil change. ".repeat(100)), 415],
    [
      "a picture",
      Buffer.from(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
        "base64",
      ),
      415,
    ],
    ["zeros", Buffer.alloc(5000), 415],
    ["a wav with no sound in it", writeWav([new Int16Array(0)], 8000), 422],
    ["20 ms", writeWav([line.subarray(0, 160)], 8000), 422],
    ["the beginning of a wav", writeWav([line], 8000).subarray(0, 30), 422],
    ["nothing", new Uint8Array(0), 400],
  ])("refused by both engines: %s", async (_name, bytes, status) => {
    for (const STT_ENGINE of ["rest", "realtime"]) {
      const { hear, log } = await start({ STT_ENGINE });
      const told = await hear(bytes, "sound.wav", "audio/wav");
      expect([told.status, told.body["type"]]).toEqual([status, "about:blank"]);
      expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
    }
  });

  test("100 MB is refused", async () => {
    const { hear } = await start();
    const told = await hear(new Uint8Array(100 * 1024 * 1024));
    expect([told.status, told.body["detail"]]).toEqual([413, "A file may have at most 25 MB"]);
  });

  test("a far side that fails is told as such, and what was said is in no log", async () => {
    const { hear, log } = await start();
    openai.faults = { restStatus: 500 };
    expect((await hear(writeWav([line], 8000))).status).toBe(502);
    openai.faults = {};
    await hear(writeWav([line], 8000));
    expect(JSON.stringify(log.lines)).not.toContain("oil change");
  });
});

describe("text to speech", () => {
  const TEXT = "We are open until six. Come by whenever you like.";
  const seconds = humMs(TEXT) / 1000;
  async function* whole(bytes: Buffer): AsyncIterable<Buffer> {
    yield bytes;
  }

  test.each(["realtime", "rest"])("every format, with its type: %s", async (TTS_ENGINE) => {
    const { say } = await start({ TTS_ENGINE });
    const near = (value: number) => expect(Math.abs(value - seconds)).toBeLessThan(0.4);

    const asked = await say({ text: TEXT });
    expect([asked.status, asked.type]).toEqual([200, "audio/mpeg"]);
    let samples = 0;
    for await (const piece of decodeStream("mp3", whole(asked.bytes), 8000)) samples += piece.length;
    near(samples / 8000);

    const wav = await say({ text: TEXT, format: "wav", voice: "ash" });
    expect(wav.type).toBe("audio/wav");
    near((readWav(wav.bytes).channels[0]?.length ?? 0) / 24_000);
    const pcm = await say({ text: TEXT, format: "pcm" });
    expect(pcm.type).toBe("audio/pcm;rate=24000;channels=1");
    near(pcm.bytes.length / 48_000);
    const mulaw = await say({ text: TEXT, format: "mulaw" });
    expect(mulaw.type).toBe("audio/basic");
    near(mulaw.bytes.length / 8000);
  });

  test.each([
    [{ text: TEXT, format: "ogg" }, "/format"],
    [{ text: TEXT, format: "MP3" }, "/format"],
    [{ text: TEXT, voice: "robot" }, "/voice"],
    [{ text: "" }, "/text"],
    [{ text: "  \n" }, "/text"],
    [{ text: "x".repeat(4097) }, "/text"],
    [{ text: 5 }, "/text"],
    [{}, "/text"],
    [{ text: TEXT, speed: 2 }, "/speed"],
  ])("refused: case %#", async (body, pointer) => {
    const { say } = await start();
    const told = await say(body);
    expect(told.status).toBe(400);
    expect(JSON.parse(told.bytes.toString())).toMatchObject({ errors: [{ in: "body", pointer }] });
  });

  test("a far side that fails before the first sound is a problem, afterwards a broken answer", async () => {
    const { say, url } = await start();
    openai.faults = { refuse: 500 };
    expect((await say({ text: TEXT })).status).toBe(502);
    openai.faults = { drop: { after: "response.done", how: "terminate" } };
    const answer = await fetch(`${url}/voice/text-to-speech`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ text: TEXT }),
    });
    expect(answer.status).toBe(200);
    await expect(answer.arrayBuffer()).rejects.toThrow("terminated");
  });

  test("whoever leaves in the middle is not spoken to any more", async () => {
    const { url } = await start();
    const gone = new AbortController();
    const answer = await fetch(`${url}/voice/text-to-speech`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ text: `${TEXT} `.repeat(80), format: "pcm" }),
      signal: gone.signal,
    });
    expect(answer.status).toBe(200);
    gone.abort();
    await until("the far side is left alone", () => openai.counts.open === 0);
  });
});

test("without a model's key both say so; without ours nobody gets that far, unless the group is open", async () => {
  const none = await start({ OPENAI_API_KEY: "", OPEN_API: "" });
  expect((await none.hear(writeWav([line], 8000))).status).toBe(503);
  expect((await none.say({ text: "Hello." })).status).toBe(503);
  const say = (url: string) =>
    fetch(`${url}/voice/text-to-speech`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text: "Hello." }),
    });
  expect((await say((await start()).url)).status).toBe(401);
  expect((await say((await start({ OPEN_API: "conversation" })).url)).status).toBe(401);
  expect((await say((await start({ OPEN_API: "voice" })).url)).status).toBe(200);
});
