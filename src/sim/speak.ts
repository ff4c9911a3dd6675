/**
 * Real words for the simulators: text to speech by espeak-ng compiled to WebAssembly. That package is a GPL development
 * dependency, so it is loaded only when somebody first speaks, and nothing in production may import this file.
 */
import { encodeMulaw } from "../audio/mulaw.ts";
import { normalizePeak, pcmBytes, trimSilence } from "../audio/pcm.ts";
import { resample } from "../audio/resample.ts";
import type { Synthesize } from "./openai/realtime/context.ts";

export interface SpeakOptions {
  /** "agent" (a woman), "caller" (a man), or an espeak-ng voice such as "en-us+m3" or "de". Default "agent". */
  voice?: string;
  /** Words per minute; default 165. */
  rate?: number;
}

/** The part of the emscripten module that is used; the package brings no types. */
interface Espeak {
  set_voice(name: string): number;
  set_rate(wordsPerMinute: number): void;
  synthesize(text: string, take: (audio: Int16Array | undefined) => boolean): void;
}

const PACKAGE = "@echogarden/espeak-ng-emscripten";
const ESPEAK_RATE = 22050;
/** Loud and clear on a telephone, and 3 dB short of clipping. */
const PEAK_DBFS = -3;
const DEFAULT_WPM = 165;
const VOICES: Record<string, string> = { agent: "en-us+f3", caller: "en-gb-x-rp+m3" };
const CACHE = 300;

interface Package {
  default: () => Promise<{ eSpeakNGWorker: new () => Espeak }>;
}

/** The name is in a variable so that neither the compiler nor a bundler looks for a package that may be absent. */
const importPackage = (): Promise<unknown> => import(PACKAGE);

async function load(from: () => Promise<unknown>): Promise<Espeak> {
  let found: Package;
  try {
    found = (await from()) as Package;
  } catch (error) {
    throw new Error(`Speech needs the development dependency ${PACKAGE}: run "npm install" without --omit=dev.`, {
      cause: error,
    });
  }
  const made = await found.default();
  return new made.eSpeakNGWorker();
}

function synthesize(espeak: Espeak, text: string, voice: string, wordsPerMinute: number): Int16Array {
  if (espeak.set_voice(VOICES[voice] ?? voice) !== 0) throw new Error(`espeak-ng has no voice "${voice}"`);
  espeak.set_rate(wordsPerMinute);
  const parts: Int16Array[] = [];
  espeak.synthesize(text, (audio) => {
    if (audio && audio.length > 0) parts.push(audio);
    return false;
  });
  const whole = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export type Speak = (text: string, hz: number, options?: SpeakOptions) => Promise<Int16Array>;

/** A speaker with a memory of its own. `from` imports the espeak-ng package, when somebody first speaks. */
export function createSpeaker(from: () => Promise<unknown> = importPackage): Speak {
  let loading: Promise<Espeak> | undefined;
  const spoken = new Map<string, Promise<Int16Array>>();

  async function make(text: string, hz: number, voice: string, rate: number): Promise<Int16Array> {
    loading ??= load(from);
    const made = synthesize(await loading, text, voice, rate);
    return normalizePeak(trimSilence(resample(made, ESPEAK_RATE, hz), hz), PEAK_DBFS);
  }

  return (text, hz, options = {}) => {
    const voice = options.voice ?? "agent";
    const rate = Math.round(options.rate ?? DEFAULT_WPM);
    const key = JSON.stringify([text, hz, voice, rate]);
    let speech = spoken.get(key);
    if (!speech) {
      speech = make(text, hz, voice, rate);
      speech.catch(() => spoken.delete(key));
      spoken.set(key, speech);
      if (spoken.size > CACHE) spoken.delete(spoken.keys().next().value as string);
    }
    return speech;
  };
}

/**
 * Speaks a text: linear 16-bit samples at `hz`, quiet ends trimmed, peak at -3 dBFS. The same words are made once;
 * made again by another process they may differ by a few samples, for espeak-ng seeds its breath noise by the clock.
 * It computes on the calling thread, about 30 ms for each second of speech.
 * @throws Error when espeak-ng is not installed or has no such voice
 */
export const speak: Speak = createSpeaker();

/** Speech as a telephone line carries it: 8 kHz mu-law. */
export async function speakMulaw(text: string, options: SpeakOptions = {}): Promise<Uint8Array> {
  return encodeMulaw(await speak(text, 8000, options));
}

/** Speech as OpenAI's `pcm`: 24 kHz, 16-bit little-endian. */
export async function speakPcm24k(text: string, options: SpeakOptions = {}): Promise<Uint8Array> {
  return pcmBytes(await speak(text, 24000, options));
}

/** The simulated OpenAI's voice with real words, for `startOpenAISim({ synthesize: espeakVoice })`. */
export const espeakVoice: Synthesize = (text, { rate, speed }) =>
  speak(text, rate, { voice: "agent", rate: DEFAULT_WPM * speed });
