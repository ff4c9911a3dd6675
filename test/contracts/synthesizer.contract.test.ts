// One suite for every engine that speaks a text into a file, against the simulated OpenAI.
import { createDecoder } from "../../src/audio/decode.ts";
import { decodeMulaw } from "../../src/audio/mulaw.ts";
import { pcmSamples, peakDbfs } from "../../src/audio/pcm.ts";
import { readWav } from "../../src/audio/wav.ts";
import { SPEECH_FORMATS, type SpeechError, type SpeechFormat, type Synthesizer } from "../../src/core/speech.ts";
import { humMs } from "../../src/sim/openai/hum.ts";
import type { OpenAISim } from "../../src/sim/openai/index.ts";
import { createConnectBreaker } from "../../src/speech/connect-breaker.ts";
import { createRealtimeSynthesizer } from "../../src/speech/realtime-synthesizer.ts";
import { createRestSynthesizer } from "../../src/speech/rest-speech.ts";
import { closeSims, sim } from "../sim/openai/client.ts";
import { countedClock, type CountedClock } from "../support/clock.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { until } from "../support/until.ts";

const TEXT = "We are open until six. On Saturdays we close at noon, and on Sundays we stay at home.";
const before = () => Date.parse("2026-11-26");

interface Engine {
  readonly name: string;
  readonly make: (baseUrl: string, apiKey: string, on?: CountedClock) => Synthesizer;
  readonly faults: { readonly down: object; readonly mute: object; readonly limited: object };
}

const clock = countedClock(1);
/** For waits in vain. */
const fast = countedClock(100);
const shared = () => ({ log: keptLog(), meter: keptMeter(), random: () => 0 });

const ENGINES: readonly Engine[] = [
  {
    name: "rest",
    make: (baseUrl, apiKey, on = clock) =>
      createRestSynthesizer({ ...shared(), clock: on, baseUrl, apiKey, model: "gpt-4o-mini-tts", voice: "marin" }),
    faults: { down: { restStatus: 500 }, mute: { restHang: true }, limited: { restStatus: 429 } },
  },
  {
    name: "realtime",
    make: (baseUrl, apiKey, on = clock) =>
      createRealtimeSynthesizer({
        ...shared(),
        clock: on,
        breaker: createConnectBreaker(clock, () => undefined),
        baseUrl,
        apiKey,
        model: "gpt-realtime-2.1",
        voice: "marin",
        speed: 1,
      }),
    faults: { down: { refuse: 500 }, mute: { stallOnResponse: true }, limited: { refuse: 429 } },
  },
];

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  return Buffer.concat(parts);
}

/** Seconds of sound in a file, read as its format says. */
const SECONDS: Readonly<Record<SpeechFormat, (bytes: Buffer) => Promise<number>>> = {
  async mp3(bytes) {
    const decoder = await createDecoder("mp3", 8000);
    const length = decoder.push(bytes).length + decoder.end().length;
    decoder.close();
    return length / 8000;
  },
  async wav(bytes) {
    const { rate, channels } = readWav(bytes);
    return (channels[0]?.length ?? 0) / rate;
  },
  async pcm(bytes) {
    expect(peakDbfs(pcmSamples(bytes))).toBeGreaterThan(-20);
    return bytes.length / 48_000;
  },
  async mulaw(bytes) {
    expect(peakDbfs(decodeMulaw(bytes))).toBeGreaterThan(-20);
    return bytes.length / 8000;
  },
};

afterEach(closeSims);

describe.each(ENGINES)("$name", ({ make, faults }) => {
  async function start(): Promise<{ on: OpenAISim; engine: Synthesizer }> {
    const on = await sim({ now: before, timing: { pace: Infinity, replyMs: 2 } });
    return { on, engine: make(on.baseUrl, on.apiKey) };
  }
  const go = () => new AbortController().signal;
  const code = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "none",
      (error: SpeechError) => error.code ?? String(error),
    );
  const say = (engine: Synthesizer, signal = go(), text = TEXT, format: SpeechFormat = "pcm") =>
    collect(engine.speak({ text, format }, signal));

  test.each(SPEECH_FORMATS)("%s: a whole file with all of the text in it", async (format) => {
    const { on, engine } = await start();
    const seconds = await SECONDS[format](await say(engine, go(), TEXT, format));
    expect(Math.abs(seconds - humMs(TEXT) / 1000)).toBeLessThan(0.4);
    await until("its connection is closed", () => on.counts.open === 0);
  });

  test("the voice that was asked for, else its own", async () => {
    const { on, engine } = await start();
    const voices: unknown[] = [];
    on.on("request", ({ body }) => voices.push(body["voice"]));
    on.on("session", (session) => voices.push(session));
    await collect(engine.speak({ text: "One.", format: "pcm", voice: "ash" }, go()));
    await say(engine, go(), "Two.");
    const asked = on.sessions.length
      ? on.sessions.map(({ config }) => config.audio.output?.voice)
      : on.requests.map(({ body }) => body["voice"]);
    expect(asked).toEqual(["ash", "marin"]);
    expect(engine.voices).toContain("ash");
  });

  test("a long text comes piece by piece, before it is all there", async () => {
    const { on, engine } = await start();
    const long = "This sentence is one of many that follow each other. ".repeat(40);
    const stream = engine.speak({ text: long, format: "mp3" }, go())[Symbol.asyncIterator]();
    const first = await stream.next();
    expect(first.done).toBe(false);
    expect(first.value?.length).toBeLessThan(60_000);
    // Whoever has heard enough leaves: nothing goes on behind them.
    await stream.return?.();
    await until("its connection is closed", () => on.counts.open === 0);
  });

  test("a wrong key, a far side that fails, limits, says nothing or is not there", async () => {
    const { on, engine } = await start();
    expect(await code(say(make(on.baseUrl, "sk-wrong")))).toBe("auth");
    on.faults = faults.down;
    expect(await code(say(engine))).toBe("unavailable");
    on.faults = faults.limited;
    expect(await code(say(make(on.baseUrl, on.apiKey)))).toBe("rate-limited");
    on.faults = faults.mute;
    expect(await code(say(make(on.baseUrl, on.apiKey, fast)))).toBe("timeout");
    expect(await code(say(make("http://127.0.0.1:9/v1", "sk")))).toBe("unavailable");
    await until("every connection is closed", () => on.counts.open === 0);
  });

  test("whoever goes away ends it, with their own reason", async () => {
    const { on, engine } = await start();
    on.faults = faults.mute;
    const gone = new AbortController();
    const given = say(engine, gone.signal);
    await until("it was asked", () => on.requests.length + on.counts.opened > 0);
    gone.abort(new Error("gone"));
    await expect(given).rejects.toThrow("gone");
    await until("its connection is closed", () => on.counts.open === 0);
  });
});

describe("only over Realtime", () => {
  const realtime = ENGINES[1] as Engine;
  test("a sentence that came out as another one is asked for once more", async () => {
    const on = await sim({ timing: { pace: Infinity, replyMs: 2 } });
    on.faults = { paraphrase: true };
    const engine = realtime.make(on.baseUrl, on.apiKey);
    const heard = await collect(
      engine.speak({ text: "What time is it now?", format: "pcm" }, new AbortController().signal),
    );
    expect(heard.length).toBeGreaterThan(0);
    expect(on.sessions[0]?.received.of("response.create")).toHaveLength(2);
  });

  test("deltas that end in the middle of a sample do no harm", async () => {
    const on = await sim({ timing: { pace: Infinity, replyMs: 2 } });
    const engine = realtime.make(on.baseUrl, on.apiKey);
    const even = await collect(engine.speak({ text: TEXT, format: "pcm" }, new AbortController().signal));
    on.faults = { unevenDeltas: true };
    const uneven = await collect(engine.speak({ text: TEXT, format: "pcm" }, new AbortController().signal));
    expect(uneven.equals(even)).toBe(true);
  });
});

test("no timer is left", async () => {
  await until("the last goodbye is answered", () => clock.pending + fast.pending === 0);
});
