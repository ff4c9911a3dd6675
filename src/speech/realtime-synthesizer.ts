// Text to speech over Realtime: the text goes out sentence by sentence, each as a response of its own, and its sound comes back in
// full quality. There is no text-to-speech mode, so what was said is compared with what was to be said before it is given away.
import { SPEECH_RATE, encodeStream } from "../audio/encode.ts";
import { pcmSamples } from "../audio/pcm.ts";
import type { Synthesizer } from "../core/speech.ts";
import * as make from "../wire/openai-realtime-client.ts";
import { divergence } from "./divergence.ts";
import { openExchange, type Exchange, type ExchangePorts } from "./exchange.ts";
import { realtimeUrl } from "./realtime-voice.ts";
import { createSentences } from "./sentences.ts";
import { VERBATIM, effortFor, speechFor } from "./session-config.ts";
import { fromSocket, speechError } from "./speech-failure.ts";

export interface RealtimeSynthesizerOptions extends ExchangePorts {
  readonly model: string;
  /** Unless another one is asked for. */
  readonly voice: string;
  readonly speed: number;
}

export const REALTIME_VOICES = [
  "alloy",
  "ash",
  "ballad",
  "coral",
  "echo",
  "sage",
  "shimmer",
  "verse",
  "marin",
  "cedar",
] as const;

/** Beyond this the model has said something else, such as an answer: it is asked once more. */
const STRAYED = 0.5;

export function createRealtimeSynthesizer(options: RealtimeSynthesizerOptions): Synthesizer {
  const { model, baseUrl, speed } = options;
  const effort = effortFor(model);

  async function* samples(text: string, voice: string, signal: AbortSignal): AsyncIterable<Int16Array> {
    const pieces = piecesOf(text);
    if (pieces.length === 0) return;
    const format = { type: "audio/pcm", rate: SPEECH_RATE } as const;
    const session: make.SpeakingSession = {
      type: "realtime",
      output_modalities: ["audio"],
      instructions: VERBATIM,
      audio: { input: { format, turn_detection: null }, output: { format, voice, speed } },
      tools: [],
      tool_choice: "none",
      ...(effort && { reasoning: { effort } }),
    };
    const exchange = await openExchange(realtimeUrl(baseUrl, model), session, options, signal);
    try {
      for (const [index, piece] of pieces.entries()) yield* await sayAgain(exchange, `say${index}`, piece);
    } finally {
      exchange.close();
    }
  }

  async function sayAgain(exchange: Exchange, id: string, text: string): Promise<Int16Array[]> {
    const first = await say(exchange, `${id}a`, text);
    if (first.strayed <= STRAYED) return first.audio;
    const second = await say(exchange, `${id}b`, text);
    const better = second.strayed < first.strayed ? second : first;
    if (better.strayed > STRAYED) {
      options.log.warn("the voice said something else than it was given", { divergence: better.strayed.toFixed(2) });
    }
    return better.audio;
  }

  async function say(exchange: Exchange, id: string, text: string) {
    exchange.send(make.speech(id, speechFor({ model }, id, text)));
    const audio: Int16Array[] = [];
    let carried: Buffer = Buffer.alloc(0);
    let spoken = "";
    for (;;) {
      const event = await exchange.next();
      if (event.type === "response.output_audio.delta") {
        // A piece may end in the middle of a sample.
        const bytes = Buffer.concat([carried, Buffer.from(event.delta, "base64")]);
        carried = bytes.subarray(bytes.length & ~1);
        audio.push(pcmSamples(bytes));
      } else if (event.type === "response.output_audio_transcript.done") {
        spoken += `${event.transcript} `;
      } else if (event.type === "response.done") {
        const { status, status_details: details } = event.response;
        if (status === "failed") throw fromSocket(details?.error?.code ?? "unknown");
        if (status !== "completed" || audio.length === 0) throw speechError("failed");
        return { audio, strayed: divergence(text, spoken) };
      }
    }
  }

  return {
    voices: REALTIME_VOICES,
    speak: ({ text, voice = options.voice, format }, signal) => encodeStream(format, samples(text, voice, signal)),
  };
}

/** The first sentence alone, so that it is heard soon; then several at once. */
function piecesOf(text: string): string[] {
  const sentences = createSentences();
  return [...sentences.push(text), ...sentences.end()];
}
