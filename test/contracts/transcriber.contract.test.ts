// One suite for every engine that makes words of a file, against the simulated OpenAI, which really decodes what it is sent.
import { openAsBlob, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createEncoder } from "../../src/audio/encode.ts";
import { decodeMulaw } from "../../src/audio/mulaw.ts";
import { resample } from "../../src/audio/resample.ts";
import { writeWav } from "../../src/audio/wav.ts";
import { createWebmReader } from "../../src/audio/webm.ts";
import { SOUND_KINDS, type Sound, type SoundKind, type SpeechError, type Transcriber } from "../../src/core/speech.ts";
import { hearing } from "../../src/sim/openai/hear.ts";
import type { OpenAISim } from "../../src/sim/openai/index.ts";
import { createConnectBreaker } from "../../src/speech/connect-breaker.ts";
import { createRealtimeTranscriber } from "../../src/speech/realtime-transcriber.ts";
import { createRestTranscriber } from "../../src/speech/rest-speech.ts";
import { closeSims, sim } from "../sim/openai/client.ts";
import { emptyFolder } from "../support/child.ts";
import { countedClock, type CountedClock } from "../support/clock.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { oggOpus } from "../support/ogg.ts";
import { words } from "../support/recordings.ts";
import { until } from "../support/until.ts";

const file = (name: string): Buffer => readFileSync(new URL(`../fixtures/files/${name}`, import.meta.url));
const ids = ["book-oil-change", "tuesday-at-nine"];
const recordings = ids.map((id) => ({ text: words(id).text, samples: decodeMulaw(words(id).audio) }));
const [booking, tuesday] = recordings as [(typeof recordings)[0], (typeof recordings)[0]];
const listen = hearing(recordings);

async function mp3Of(samples: Int16Array): Promise<Buffer> {
  const encoder = await createEncoder("mp3");
  return Buffer.concat([encoder.push(resample(samples, 8000, 24_000)), encoder.end()]);
}

const FILES: Readonly<Record<SoundKind, () => Promise<Uint8Array> | Uint8Array>> = {
  wav: () => writeWav([booking.samples], 8000),
  mp3: () => mp3Of(booking.samples),
  ogg: () => oggOpus(createWebmReader().push(file("book-oil-change.webm")), 2880),
  webm: () => file("book-oil-change.webm"),
  m4a: () => file("book-oil-change.m4a"),
  flac: () => file("book-oil-change.flac"),
};

const sound = async (kind: SoundKind): Promise<Sound> => ({ kind, data: new Blob([Buffer.from(await FILES[kind]())]) });

interface Engine {
  readonly name: string;
  readonly make: (baseUrl: string, apiKey: string, language?: string, on?: CountedClock) => Transcriber;
  /** Faults of the simulator that stand for these. */
  readonly faults: { readonly down: object; readonly mute: object; readonly limited: object };
}

const clock = countedClock(1);
/** For waits in vain. */
const fast = countedClock(100);
const shared = () => ({ log: keptLog(), meter: keptMeter(), random: () => 0 });

const ENGINES: readonly Engine[] = [
  {
    name: "rest",
    make: (baseUrl, apiKey, language, on = clock) =>
      createRestTranscriber({
        ...shared(),
        clock: on,
        baseUrl,
        apiKey,
        model: "gpt-transcribe",
        ...(language !== undefined && { language }),
      }),
    faults: { down: { restStatus: 500 }, mute: { restHang: true }, limited: { restStatus: 429 } },
  },
  {
    name: "realtime",
    make: (baseUrl, apiKey, language, on = clock) =>
      createRealtimeTranscriber({
        ...shared(),
        clock: on,
        breaker: createConnectBreaker(clock, () => undefined),
        baseUrl,
        apiKey,
        model: "gpt-live-transcribe",
        partMs: 4000,
        ...(language !== undefined && { language }),
      }),
    faults: { down: { refuse: 500 }, mute: { transcription: "never" }, limited: { refuse: 429 } },
  },
];

afterEach(closeSims);

describe.each(ENGINES)("$name", ({ make, faults }) => {
  async function start(): Promise<{ on: OpenAISim; engine: Transcriber }> {
    const on = await sim({
      script: {
        transcripts: (session, utterance) => listen(session, utterance),
        hearFile: ({ audio, rate }) =>
          audio ? (listen(undefined, { audio, rate: rate ?? 8000 } as never).text ?? "") : booking.text,
      },
      timing: { transcriptMs: 5 },
    });
    return { on, engine: make(on.baseUrl, on.apiKey) };
  }
  const go = () => new AbortController().signal;
  const code = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "none",
      (error: SpeechError) => error.code ?? String(error),
    );

  test.each(SOUND_KINDS)("%s: its words, or that it cannot be read", async (kind) => {
    const { engine } = await start();
    const given = engine.transcribe(await sound(kind), go());
    if (engine.reads.includes(kind)) expect((await given).text).toBe(booking.text);
    else expect(await code(given)).toBe("unsupported");
  });

  test("a file on disk, longer than one part: every word, in its order", async () => {
    const { on, engine } = await start();
    const pause = new Int16Array(8000 * 2.2);
    const parts = [booking.samples, pause, tuesday.samples, pause, booking.samples];
    const whole = Int16Array.from(parts.flatMap((part) => [...part]));
    const folder = await emptyFolder();
    const path = join(folder.path, "long");
    await writeFile(path, writeWav([whole], 8000));
    const { text } = await engine.transcribe({ kind: "wav", data: await openAsBlob(path) }, go());
    await folder.remove();
    expect(text).toBe([booking.text, tuesday.text, booking.text].join(" "));
    await until("its connection is closed", () => on.counts.open === 0);
  });

  test("silence has no words", async () => {
    const { engine } = await start();
    const silence = new Blob([Buffer.from(writeWav([new Int16Array(16_000)], 8000))]);
    expect(await engine.transcribe({ kind: "wav", data: silence }, go())).toEqual({ text: "" });
  });

  test("the language it was told is told", async () => {
    const { on } = await start();
    const engine = make(on.baseUrl, on.apiKey, "en");
    expect(await engine.transcribe(await sound("wav"), go())).toEqual({ text: booking.text, language: "en" });
  });

  test.each([
    ["no sound", new Blob(["this is no sound at all ".repeat(100)])],
    ["nothing", new Blob([])],
    ["50 ms", new Blob([Buffer.from(writeWav([new Int16Array(400)], 8000))])],
  ])("unreadable: %s", async (_name, data) => {
    const { engine } = await start();
    expect(await code(engine.transcribe({ kind: "wav", data }, go()))).toBe("unreadable");
  });

  test("a wrong key, a far side that fails, limits, says nothing or is not there", async () => {
    const { on, engine } = await start();
    expect(await code(make(on.baseUrl, "sk-wrong").transcribe(await sound("wav"), go()))).toBe("auth");
    on.faults = faults.down;
    expect(await code(engine.transcribe(await sound("wav"), go()))).toBe("unavailable");
    on.faults = faults.limited;
    expect(await code(make(on.baseUrl, on.apiKey).transcribe(await sound("wav"), go()))).toBe("rate-limited");
    on.faults = faults.mute;
    expect(await code(make(on.baseUrl, on.apiKey, undefined, fast).transcribe(await sound("wav"), go()))).toBe(
      "timeout",
    );
    expect(await code(make("http://127.0.0.1:9/v1", "sk").transcribe(await sound("wav"), go()))).toBe("unavailable");
    await until("every connection is closed", () => on.counts.open === 0);
  });

  test("whoever goes away ends it, with their own reason", async () => {
    const { on, engine } = await start();
    on.faults = faults.mute;
    const gone = new AbortController();
    const given = engine.transcribe(await sound("wav"), gone.signal);
    await until("it was asked", () => on.requests.length + on.counts.opened > 0);
    gone.abort(new Error("gone"));
    await expect(given).rejects.toThrow("gone");
    await until("its connection is closed", () => on.counts.open === 0);
    await expect(engine.transcribe(await sound("wav"), AbortSignal.abort(new Error("before")))).rejects.toThrow(
      "before",
    );
  });
});

test("no timer is left", async () => {
  await until("the last goodbye is answered", () => clock.pending + fast.pending === 0);
});
