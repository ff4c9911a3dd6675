// Twilio Media Streams: parses what Twilio sends over the WebSocket and builds the three messages it accepts from us.
// It keeps no state; order, gaps and permission are the business of channels/phone. See PROTOCOLS.md, "Twilio".
import { z } from "zod";
import { isBase64 } from "./base64.ts";
import { readMark, readMedia, type TwilioMark, type TwilioMedia } from "./twilio-fast.ts";

export { payloadBytes } from "./base64.ts";
export { readMark, readMedia, readMediaOf, type MediaFrame, type TwilioMark, type TwilioMedia } from "./twilio-fast.ts";

export interface TwilioStart {
  readonly event: "start";
  readonly sequenceNumber: number;
  readonly streamSid: string;
  readonly accountSid: string;
  readonly callSid: string;
  readonly customParameters: Readonly<Record<string, string>>;
  /** False when the stream carries anything but mu-law at 8000 Hz mono. */
  readonly isMulaw8k: boolean;
}

export type TwilioMessage =
  | { readonly event: "connected" }
  | TwilioStart
  | TwilioMedia
  | { readonly event: "dtmf"; readonly sequenceNumber: number; readonly streamSid: string; readonly digit: string }
  | TwilioMark
  | { readonly event: "stop"; readonly sequenceNumber: number; readonly streamSid: string };

export type TwilioParsed =
  | { readonly outcome: "ok"; readonly message: TwilioMessage }
  /** A well-formed message of an event that this version does not know: count and ignore. */
  | { readonly outcome: "unknown" }
  | { readonly outcome: "bad"; readonly why: "binary" | "json" | "shape" };

const BINARY: TwilioParsed = { outcome: "bad", why: "binary" };
const NOT_JSON: TwilioParsed = { outcome: "bad", why: "json" };
const MISSHAPEN: TwilioParsed = { outcome: "bad", why: "shape" };
const UNKNOWN: TwilioParsed = { outcome: "unknown" };

/** Characters of an id or a name. */
const MOST_TEXT = 512;

// A string with half a surrogate pair is not text: it cannot be sent on as UTF-8 without changing it.
const text = z
  .string()
  .min(1)
  .max(MOST_TEXT)
  .refine((value) => !/\p{Surrogate}/u.test(value));
// Twilio sends these numbers as strings. Fifteen digits are the most that a double holds exactly.
const counter = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
const base64 = z.string().refine(isBase64);

// Loose throughout: Twilio adds fields without notice.
const known = z.discriminatedUnion("event", [
  z.looseObject({ event: z.literal("connected") }).transform(() => ({ event: "connected" }) as const),
  z
    .looseObject({
      event: z.literal("start"),
      sequenceNumber: counter,
      streamSid: text,
      start: z.looseObject({
        streamSid: text.optional(),
        accountSid: text,
        callSid: text,
        customParameters: z.record(z.string(), z.string()).default({}),
        mediaFormat: z.looseObject({ encoding: z.string(), sampleRate: z.number(), channels: z.number() }).optional(),
      }),
    })
    .refine(({ streamSid, start }) => start.streamSid === undefined || start.streamSid === streamSid)
    .transform(({ event, sequenceNumber, streamSid, start }) => ({
      event,
      sequenceNumber,
      streamSid,
      accountSid: start.accountSid,
      callSid: start.callSid,
      customParameters: start.customParameters,
      isMulaw8k: isMulaw8k(start.mediaFormat),
    })),
  z
    .looseObject({
      event: z.literal("media"),
      sequenceNumber: counter,
      streamSid: text,
      media: z.looseObject({ track: text, chunk: counter, timestamp: counter, payload: base64 }),
    })
    .transform(({ event, sequenceNumber, streamSid, media: { track, chunk, timestamp, payload } }) => ({
      event,
      sequenceNumber,
      streamSid,
      track,
      chunk,
      timestamp,
      payload,
    })),
  z
    .looseObject({
      event: z.literal("dtmf"),
      sequenceNumber: counter,
      streamSid: text,
      dtmf: z.looseObject({ digit: z.string().regex(/^[0-9A-D*#]$/) }),
    })
    .transform(({ event, sequenceNumber, streamSid, dtmf }) => ({
      event,
      sequenceNumber,
      streamSid,
      digit: dtmf.digit,
    })),
  z
    .looseObject({
      event: z.literal("mark"),
      sequenceNumber: counter,
      streamSid: text,
      mark: z.looseObject({ name: text }),
    })
    .transform(({ event, sequenceNumber, streamSid, mark }) => ({ event, sequenceNumber, streamSid, name: mark.name })),
  z
    .looseObject({ event: z.literal("stop"), sequenceNumber: counter, streamSid: text })
    .transform(({ event, sequenceNumber, streamSid }) => ({ event, sequenceNumber, streamSid })),
]);
const KNOWN_EVENTS: ReadonlySet<unknown> = new Set(["connected", "start", "media", "dtmf", "mark", "stop"]);
const named = z.looseObject({ event: text });

function isMulaw8k(format: { encoding: string; sampleRate: number; channels: number } | undefined): boolean {
  if (!format) return true;
  return format.encoding === "audio/x-mulaw" && format.sampleRate === 8000 && format.channels === 1;
}

/** The full parse of any message: the meaning that `readMedia` must agree with. */
export function parseFully(data: Buffer): TwilioParsed {
  let value: unknown;
  try {
    value = JSON.parse(data.toString("utf8"));
  } catch {
    return NOT_JSON;
  }
  const event = named.safeParse(value);
  if (!event.success) return MISSHAPEN;
  if (!KNOWN_EVENTS.has(event.data.event)) return UNKNOWN;
  const parsed = known.safeParse(value);
  return parsed.success ? { outcome: "ok", message: parsed.data } : MISSHAPEN;
}

/** Never throws. `data` is one whole WebSocket message. */
export function parseTwilioMessage(data: Buffer, isBinary: boolean): TwilioParsed {
  if (isBinary) return BINARY;
  const message = readMedia(data) ?? readMark(data);
  return message ? { outcome: "ok", message } : parseFully(data);
}

/** As JSON.stringify, with everything beyond ASCII escaped. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[^\0-\x7f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Builds the messages of one stream: exactly the fields Twilio knows, since any other one makes it drop the message (31951).
 * They are ASCII, whatever ids and names hold.
 */
export class TwilioWriter {
  readonly clear: string;
  readonly #beforePayload: string;
  readonly #beforeName: string;

  constructor(streamSid: string) {
    const sid = asciiJson(streamSid);
    this.clear = `{"event":"clear","streamSid":${sid}}`;
    this.#beforePayload = `{"event":"media","streamSid":${sid},"media":{"payload":"`;
    this.#beforeName = `{"event":"mark","streamSid":${sid},"mark":{"name":`;
  }

  /** `payload`: base64 of raw mu-law. It is not checked here: it came from a parser or from our own clips. */
  media(payload: string): string {
    return `${this.#beforePayload}${payload}"}}`;
  }

  mark(name: string): string {
    return `${this.#beforeName}${asciiJson(name)}}}`;
  }
}
