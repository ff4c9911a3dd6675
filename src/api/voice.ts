// Speech without a conversation: a file becomes words, a text becomes sound. Which engines do it is not known here.
import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import { InvalidRequest } from "../core/problem.ts";
import { SPEECH_FORMATS, SPEECH_TYPES, type SpeechRequest } from "../core/speech.ts";
import { WRITERS, json, route, type Route, type RouteAccess } from "./define-route.ts";
import { sendPieces } from "./send-pieces.ts";

export interface HeardFile {
  readonly text: string;
  readonly language?: string;
  /** Seconds, where the file tells it. */
  readonly duration?: number;
}

/** Everything throws Problems: 415, 422, 502, 503. */
export interface SpeechDesk {
  /** Names that may be asked for. */
  readonly voices: readonly string[];
  hear(file: Blob, signal: AbortSignal): Promise<HeardFile>;
  speak(request: SpeechRequest, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** As much as an engine takes at once. */
export const LONGEST_TEXT = 4096;
/** The longest file that is taken, and the slowest engine. ms. */
export const HEARING_MS = 150_000;

export const soundFile = z.file("must be a file: send it with a name").min(1, "is empty").meta({
  description: "A recording: wav, mp3, m4a, ogg, webm or flac. What it is is told by its bytes, not by its name.",
});

const access: RouteAccess = { ...WRITERS, group: "voice" };

export function voiceRoutes({ speech, clock }: { readonly speech: SpeechDesk; readonly clock: Clock }): Route[] {
  return [
    route(
      {
        method: "post",
        path: "/voice/speech-to-text",
        summary: "What is said in a recording",
        tag: "speech",
        access,
        multipart: true,
        answersWithinMs: HEARING_MS,
        body: z.strictObject({ audio_file: soundFile }),
        answers: {
          200: {
            description: "Its words; none where nobody says anything.",
            schema: z.strictObject({
              text: z.string(),
              language: z.string().optional(),
              duration: z.number().optional().meta({ description: "Seconds." }),
            }),
          },
        },
      },
      async ({ body, signal }) => json(await speech.hear(body.audio_file, signal)),
    ),
    route(
      {
        method: "post",
        path: "/voice/text-to-speech",
        summary: "A text, spoken",
        description:
          "MP3 unless another format is asked for, whatever engine speaks: wav (24 kHz, its length not told, as streams have it), pcm " +
          "(24 kHz, 16 bits, little-endian, no header) or mulaw (8 kHz, no header). It is sent while it is made.",
        tag: "speech",
        access,
        body: z.strictObject({
          text: z
            .string()
            .max(LONGEST_TEXT)
            .refine((text) => text.trim() !== "", "must have words in it"),
          voice: z.string().min(1).max(64).optional(),
          format: z.enum(SPEECH_FORMATS).default("mp3"),
        }),
        answers: {
          200: { description: "The sound; its type is that of the format, audio/mpeg by default.", type: "audio/mpeg" },
        },
      },
      async ({ body: { text, voice, format }, signal }) => {
        checkVoice(voice, speech.voices);
        const request: SpeechRequest = { text, format, ...(voice !== undefined && { voice }) };
        return sendPieces(SPEECH_TYPES[format], (own) => speech.speak(request, own), signal, clock);
      },
    ),
  ];
}

function checkVoice(voice: string | undefined, voices: readonly string[]): void {
  if (voice === undefined || voices.includes(voice)) return;
  throw new InvalidRequest([{ in: "body", pointer: "/voice", detail: `is not one of ${voices.join(", ")}` }]);
}
