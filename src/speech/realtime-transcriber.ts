// Speech to text over Realtime: a file is decoded as it is read, sent in parts that are cut where it is quiet, and its words put
// together again. Nothing but a part is in memory.
import { DECODABLE, DecodeError, decodeStream, type DecodableKind } from "../audio/decode.ts";
import { SPEECH_RATE } from "../audio/encode.ts";
import { pcmBytes } from "../audio/pcm.ts";
import type { Transcriber } from "../core/speech.ts";
import * as make from "../wire/openai-realtime-client.ts";
import { openExchange, type Exchange, type ExchangePorts } from "./exchange.ts";
import { realtimeUrl } from "./realtime-voice.ts";
import { speechError } from "./speech-failure.ts";
import { createUtterances } from "./utterances.ts";

export interface RealtimeTranscriberOptions extends ExchangePorts {
  /** Such as gpt-live-transcribe. */
  readonly model: string;
  /** ISO 639-1, if it is known. */
  readonly language?: string;
  /** ms of one part; a minute, unless told. */
  readonly partMs?: number;
}

const PART_MS = 60_000;
/** What is shorter holds no word, and the API takes no less. */
const SHORTEST_MS = 100;
/** Parts that may wait for their words while more is sent. */
const MOST_WAITING = 2;
/** One message: a second of sound. */
const MESSAGE_SAMPLES = SPEECH_RATE;

const isDecodable = (kind: string): kind is DecodableKind => (DECODABLE as readonly string[]).includes(kind);

export function createRealtimeTranscriber(options: RealtimeTranscriberOptions): Transcriber {
  const { model, language, baseUrl, partMs = PART_MS } = options;
  const session: make.TranscriptionSession = {
    type: "transcription",
    audio: {
      input: {
        format: { type: "audio/pcm", rate: SPEECH_RATE },
        noise_reduction: null,
        transcription: { model, ...(language !== undefined && { language }) },
        turn_detection: null,
      },
    },
  };

  return {
    reads: DECODABLE,
    async transcribe({ kind, data }, signal) {
      if (!isDecodable(kind)) throw speechError("unsupported");
      const utterances = createUtterances(SPEECH_RATE, partMs);
      let words: Words | undefined;
      /** A connection is made when there is something to be said over it. */
      const send = async (part: Int16Array): Promise<void> => {
        words ??= hear(await openExchange(realtimeUrl(baseUrl, { intent: "transcription" }), session, options, signal));
        await words.take(part);
      };
      try {
        for await (const samples of decodeStream(kind, data.stream(), SPEECH_RATE)) {
          for (const part of utterances.push(samples)) await send(part);
          signal.throwIfAborted();
        }
        const rest = utterances.end();
        const long = (rest?.length ?? 0) >= (SHORTEST_MS * SPEECH_RATE) / 1000;
        if (rest && long) await send(rest);
        if (!words) throw speechError("unreadable");
        const text = await words.all();
        return { text, ...(language !== undefined && { language }) };
      } catch (error) {
        throw error instanceof DecodeError ? speechError("unreadable", error) : error;
      } finally {
        words?.close();
      }
    },
  };
}

interface Words {
  take(part: Int16Array): Promise<void>;
  all(): Promise<string>;
  close(): void;
}

function hear(exchange: Exchange): Words {
  const committed: string[] = [];
  const heard = new Map<string, string>();
  let sent = 0;

  /** Takes what comes until no more than so many parts wait for their words. */
  async function settle(waiting: number): Promise<void> {
    while (sent - heard.size > waiting) {
      const event = await exchange.next();
      if (event.type === "input_audio_buffer.committed") committed.push(event.item_id);
      else if (event.type === "conversation.item.input_audio_transcription.completed") {
        heard.set(event.item_id, event.transcript.trim());
      } else if (event.type === "conversation.item.input_audio_transcription.failed") throw speechError("failed");
    }
  }

  return {
    async take(part) {
      await settle(MOST_WAITING - 1);
      for (let at = 0; at < part.length; at += MESSAGE_SAMPLES) {
        const bytes = pcmBytes(part.subarray(at, at + MESSAGE_SAMPLES));
        exchange.append(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"));
      }
      exchange.send(make.commitAudio(`part${sent}`));
      sent += 1;
    },
    async all() {
      await settle(0);
      return committed
        .map((itemId) => heard.get(itemId) ?? "")
        .filter((text) => text !== "")
        .join(" ");
    },
    close: () => exchange.close(),
  };
}
