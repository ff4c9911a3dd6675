/**
 * Real words for simulations: espeak-ng compiled to WebAssembly, a GPL package that is a development dependency only. It is
 * loaded when first needed, and nothing in production imports this file.
 */
import { encodeMulaw } from "../audio/mulaw.ts";
import { normalizePeak, trimSilence } from "../audio/pcm.ts";
import { resample } from "../audio/resample.ts";
import type { Synthesize } from "./openai/realtime/context.ts";

const PACKAGE = "@echogarden/espeak-ng-emscripten";
/** Loud enough to be understood on any handset, and clear of clipping. */
const PEAK_DBFS = -3;
const PEOPLE = {
  agent: { voice: "en-us+f3", wordsPerMinute: 165, pitch: 55 },
  caller: { voice: "en-gb+m3", wordsPerMinute: 160, pitch: 40 },
} as const;

export interface SpeakOptions {
  readonly voice?: keyof typeof PEOPLE;
  /** 1 is the person's ordinary speed. */
  readonly speed?: number;
}

interface Engine {
  readonly samplerate: number;
  set_voice(name: string): number;
  set_rate(wordsPerMinute: number): void;
  set_pitch(pitch: number): void;
  /** The callback gets pieces of the audio; 0 goes on. */
  synthesize(text: string, take: (audio: Int16Array | undefined) => number): unknown;
}

let loading: Promise<Engine> | undefined;

async function load(): Promise<Engine> {
  let make: () => Promise<{ eSpeakNGWorker: new () => Engine }>;
  try {
    // Named by a variable: a build without development dependencies must not look for its types.
    ({ default: make } = (await import(PACKAGE)) as { default: typeof make });
  } catch (cause) {
    throw new Error(`Spoken simulations need ${PACKAGE}: install the development dependencies (npm ci)`, { cause });
  }
  const { eSpeakNGWorker } = await make();
  return new eSpeakNGWorker();
}

/** Linear 16-bit samples of the spoken text at `rate` Hz, silence at both ends trimmed. @throws Error when espeak is absent */
export async function speak(text: string, rate: 8000 | 24000, options: SpeakOptions = {}): Promise<Int16Array> {
  const engine = await (loading ??= load());
  const person = PEOPLE[options.voice ?? "agent"];
  engine.set_voice(person.voice);
  engine.set_rate(Math.round(person.wordsPerMinute * (options.speed ?? 1)));
  engine.set_pitch(person.pitch);
  const pieces: Int16Array[] = [];
  engine.synthesize(text, (audio) => {
    if (audio && audio.length > 0) pieces.push(audio);
    return 0;
  });
  const whole = new Int16Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return normalizePeak(trimSilence(resample(whole, engine.samplerate, rate), rate), PEAK_DBFS);
}

/** Raw mu-law at 8000 Hz. */
export async function speakMulaw(text: string, options: SpeakOptions = {}): Promise<Uint8Array> {
  return encodeMulaw(await speak(text, 8000, options));
}

/** The voice of the simulated OpenAI, for its option `synthesize`. */
export function espeakVoice(): Synthesize {
  return (text, { rate, speed }) => speak(text, rate, { voice: "agent", speed });
}
