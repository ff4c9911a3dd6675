// Speech over OpenAI's REST endpoints, or a compatible server's: audio/transcriptions and audio/speech. Files go out from the disk as
// they are read, sound comes in as it is made.
import OpenAI from "openai";
import { encodeStream } from "../audio/encode.ts";
import { pcmSamples } from "../audio/pcm.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/observe.ts";
import { SOUND_KINDS, SpeechError, type Synthesizer, type Transcriber } from "../core/speech.ts";
import { createPatience } from "./patience.ts";
import { fromRequest } from "./speech-failure.ts";

export interface RestSpeechOptions {
  /** May be empty. */
  readonly apiKey: string;
  /** REST base, such as https://api.openai.com/v1. */
  readonly baseUrl: string;
  readonly model: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A file of half an hour is read in some tens of seconds. */
const TRANSCRIPT_MS = 120_000;
/** Until the first sound, and between two pieces of it. */
const SILENCE_MS = 20_000;

/**
 * Node's fetch keeps a copy of all that it sends, in memory, in case that it is redirected (the standard's "clone of request"). Only a request
 * that follows nowhere and belongs to no window has no copy; no API redirects what is sent to it.
 */
const SENT_ONCE = { redirect: "error", window: null } as const;

export const REST_VOICES = [
  "alloy",
  "ash",
  "ballad",
  "coral",
  "echo",
  "fable",
  "nova",
  "onyx",
  "sage",
  "shimmer",
  "verse",
  "marin",
  "cedar",
] as const;

export function createRestTranscriber(options: RestSpeechOptions & { readonly language?: string }): Transcriber {
  const { model, language, clock } = options;
  const openai = clientOf(options);
  return {
    reads: SOUND_KINDS,
    async transcribe({ kind, data }, asked) {
      const patience = createPatience(clock, TRANSCRIPT_MS, asked);
      try {
        // Its name is all that the far side has to go by; the bytes stay where they are until they are sent.
        const file = new File([data], `audio.${kind}`);
        const answer = await openai.audio.transcriptions.create(
          { file, model, response_format: "json", ...(language !== undefined && { language }) },
          { signal: patience.signal, fetchOptions: SENT_ONCE },
        );
        // Some servers tell the language; the package's type of this form does not know it.
        const told = "language" in answer && typeof answer.language === "string" ? answer.language : language;
        return { text: answer.text.trim(), ...(told !== undefined && { language: told }) };
      } catch (error) {
        throw told(error, patience.signal, asked, options);
      } finally {
        patience.end();
      }
    },
  };
}

export function createRestSynthesizer(options: RestSpeechOptions & { readonly voice: string }): Synthesizer {
  const { model, clock } = options;
  const openai = clientOf(options);

  async function* fetched(text: string, voice: string, format: "mp3" | "pcm", asked: AbortSignal) {
    const patience = createPatience(clock, SILENCE_MS, asked);
    try {
      const answer = await openai.audio.speech.create(
        { model, input: text, voice, response_format: format },
        { signal: patience.signal },
      );
      for await (const piece of answer.body ?? []) {
        // Whoever listens may take their time: that is not the far side's silence.
        patience.end();
        yield piece as Uint8Array;
        patience.renew();
      }
    } catch (error) {
      throw told(error, patience.signal, asked, options);
    } finally {
      patience.end();
    }
  }

  return {
    voices: REST_VOICES,
    speak({ text, voice = options.voice, format }, signal) {
      if (format === "mp3") return fetched(text, voice, "mp3", signal);
      return encodeStream(format, samplesOf(fetched(text, voice, "pcm", signal)));
    },
  };
}

/** Pieces of a chunked answer may end in the middle of a sample. */
async function* samplesOf(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Int16Array> {
  let carried: Uint8Array = new Uint8Array(0);
  for await (const piece of bytes) {
    const whole = Buffer.concat([carried, piece]);
    carried = whole.subarray(whole.length & ~1);
    yield pcmSamples(whole);
  }
}

function told(error: unknown, signal: AbortSignal, asked: AbortSignal, { log, model }: RestSpeechOptions): unknown {
  if (asked.aborted) return asked.reason;
  const known = signal.reason instanceof SpeechError ? signal.reason : fromRequest(error);
  log.warn(known.message, { code: known.code, model });
  return known;
}

function clientOf({ apiKey, baseUrl }: RestSpeechOptions): OpenAI {
  return new OpenAI({
    // The package refuses to be made without one; asked then, the API answers 401.
    apiKey: apiKey || "none",
    baseURL: baseUrl,
    // A file that was sent half is not sent again behind the back of whoever waits.
    maxRetries: 0,
    timeout: TRANSCRIPT_MS + 1000,
    logLevel: "off",
    // Explicit, because the package would read these from the environment, which only config.ts does.
    adminAPIKey: null,
    organization: null,
    project: null,
  });
}
