// Puts the engines of speech that is no call together, as the settings name them, and tells what goes wrong with them as problems.
import type { SpeechDesk } from "../api/voice.ts";
import type { Config } from "../config.ts";
import type { Clock } from "../core/clock.ts";
import type { Log, Meter } from "../core/observe.ts";
import { Problem } from "../core/problem.ts";
import { SpeechError, type Synthesizer, type Transcriber } from "../core/speech.ts";
import { createConnectBreaker } from "../speech/connect-breaker.ts";
import { createRealtimeSynthesizer } from "../speech/realtime-synthesizer.ts";
import { createRealtimeTranscriber } from "../speech/realtime-transcriber.ts";
import { createRestSynthesizer, createRestTranscriber } from "../speech/rest-speech.ts";
import { examineSound } from "../speech/sound-file.ts";
import { speechSettings } from "./settings.ts";

export interface SpeechEngines {
  readonly transcriber: Transcriber;
  readonly synthesizer: Synthesizer;
}

interface Ports {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** Absent without a key. */
export function createSpeechEngines(config: Config, { clock, log, meter }: Ports): SpeechEngines | undefined {
  const apiKey = config.OPENAI_API_KEY;
  if (apiKey === undefined) return undefined;
  const { hears, speaks } = speechSettings(config);
  const language = config.TRANSCRIPTION_LANGUAGE;
  const breaker = createConnectBreaker(clock, (open) => {
    if (open) log.warn("the voice API refuses sessions for speech (429): at most one attempt a second from now on");
  });
  const rest = { apiKey, baseUrl: config.OPENAI_BASE_URL, clock, log };
  const realtime = { ...rest, meter, breaker, random: Math.random };
  const heard = { model: hears.model, ...(language !== undefined && { language }) };
  return {
    transcriber:
      hears.engine === "rest"
        ? createRestTranscriber({ ...rest, ...heard })
        : createRealtimeTranscriber({ ...realtime, ...heard }),
    synthesizer:
      speaks.engine === "rest"
        ? createRestSynthesizer({ ...rest, model: speaks.model, voice: speaks.voice })
        : createRealtimeSynthesizer({
            ...realtime,
            model: speaks.model,
            voice: speaks.voice,
            speed: config.VOICE_SPEED,
          }),
  };
}

export function createSpeechDesk(engines: SpeechEngines | undefined): SpeechDesk {
  if (!engines) {
    const missing = (): Problem => new Problem(503, "OPENAI_API_KEY is not set");
    return {
      voices: [],
      hear: () => Promise.reject(missing()),
      // eslint-disable-next-line require-yield -- It has nothing to give.
      async *speak() {
        throw missing();
      },
    };
  }
  const { transcriber, synthesizer } = engines;
  return {
    voices: synthesizer.voices,
    async hear(file, signal) {
      try {
        const sound = await examineSound(file);
        const { text, language } = await transcriber.transcribe(sound, signal);
        return {
          text,
          ...(language !== undefined && { language }),
          ...(sound.seconds !== undefined && { duration: sound.seconds }),
        };
      } catch (error) {
        throw problemOf(error, transcriber);
      }
    },
    async *speak(request, signal) {
      try {
        yield* synthesizer.speak(request, signal);
      } catch (error) {
        throw problemOf(error, transcriber);
      }
    },
  };
}

function problemOf(error: unknown, { reads }: Pick<Transcriber, "reads">): unknown {
  if (!(error instanceof SpeechError)) return error;
  switch (error.code) {
    case "unsupported":
      return new Problem(415, `This is not sound of a kind that can be read here: send ${reads.join(", ")}`);
    case "unreadable":
      return new Problem(422, error.message);
    default:
      return new Problem(502, error.message, {}, { cause: error });
  }
}
