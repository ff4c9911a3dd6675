// Twilio Media Streams: parses what Twilio sends over the WebSocket and builds the three messages it accepts from us.
// It keeps no state; order, gaps and permission are the business of channels/phone. See PROTOCOLS.md, "Twilio".
import { z } from "zod";

/** 20 ms of caller audio, as Twilio sends it 50 times a second. */
export interface TwilioMedia {
  readonly event: "media";
  readonly sequenceNumber: number;
  readonly streamSid: string;
  readonly track: string;
  readonly chunk: number;
  /** ms since the start of the stream. */
  readonly timestamp: number;
  /** Canonical base64 of raw mu-law, 8000 Hz mono, at least one byte. */
  readonly payload: string;
}

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
  | { readonly event: "mark"; readonly sequenceNumber: number; readonly streamSid: string; readonly name: string }
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

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const LAST_OF_ONE_BYTE = "AQgw"; // The low four bits of the last digit before "==" must be zero,
const LAST_OF_TWO_BYTES = "AEIMQUYcgkosw048"; // and the low two bits of the last one before "=".

const EQUALS = 61;

/** How many "=" a base64 text ends with. By character code, which is several times faster than endsWith, 50 times a second. */
function paddingOf(text: string): 0 | 1 | 2 {
  if (text.charCodeAt(text.length - 1) !== EQUALS) return 0;
  return text.charCodeAt(text.length - 2) === EQUALS ? 2 : 1;
}

/** Canonical base64 of at least one byte: padded, without line breaks, no stray bits. `text` must match BASE64. */
function isCanonical(text: string): boolean {
  if (text.length % 4 !== 0) return false;
  const padding = paddingOf(text);
  if (padding === 0) return true;
  const last = text.charAt(text.length - padding - 1);
  return (padding === 2 ? LAST_OF_ONE_BYTE : LAST_OF_TWO_BYTES).includes(last);
}

// A string with half a surrogate pair is not text: it cannot be sent on as UTF-8 without changing it.
const text = z
  .string()
  .min(1)
  .max(512)
  .refine((value) => !/\p{Surrogate}/u.test(value));
// Twilio sends these numbers as strings. Fifteen digits are the most that a double holds exactly.
const counter = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
const base64 = z.string().refine((value) => BASE64.test(value) && isCanonical(value));

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

// The media message exactly as Twilio writes it, with streamSid before `media` or after it. Everything else (other spacing,
// order, escapes, tracks, more fields) is left to the full parse. The classes exclude quotes and backslashes, so that what
// is captured is what JSON.parse would give; nothing in it can backtrack.
const MEDIA =
  /^\{"event":"media","sequenceNumber":"(\d{1,15})",(?:"streamSid":"([0-9A-Za-z]{1,64})",)?"media":\{"track":"inbound","chunk":"(\d{1,15})","timestamp":"(\d{1,15})","payload":"([A-Za-z0-9+/]+={0,2})"\}(?:,"streamSid":"([0-9A-Za-z]{1,64})")?\}$/;

/** The fast path: a media message in one of its two usual forms, or undefined for everything that needs the full parse. */
export function readMedia(data: Buffer): TwilioMedia | undefined {
  const found = MEDIA.exec(data.toString("latin1"));
  if (!found) return undefined;
  const before = found[2];
  const after = found[6];
  // Neither is a mistake; with both, JSON would take the later one.
  if ((before === undefined) === (after === undefined)) return undefined;
  const payload = found[5] as string;
  if (!isCanonical(payload)) return undefined;
  return {
    event: "media",
    sequenceNumber: Number(found[1]),
    streamSid: (before ?? after) as string,
    track: "inbound",
    chunk: Number(found[3]),
    timestamp: Number(found[4]),
    payload,
  };
}

/** Never throws. `data` is one whole WebSocket message. */
export function parseTwilioMessage(data: Buffer, isBinary: boolean): TwilioParsed {
  if (isBinary) return BINARY;
  const media = readMedia(data);
  return media ? { outcome: "ok", message: media } : parseFully(data);
}

/** Bytes of audio in a canonical base64 payload. */
export function payloadBytes(payload: string): number {
  return (payload.length / 4) * 3 - paddingOf(payload);
}

/** Builds the messages of one stream: exactly the fields Twilio knows, since any other one makes it drop the message (31951). */
export interface TwilioWriter {
  /** `payload`: base64 of raw mu-law. It is not checked here: it came from a parser or from our own clips. */
  media(payload: string): string;
  mark(name: string): string;
  readonly clear: string;
}

export function createTwilioWriter(streamSid: string): TwilioWriter {
  const sid = JSON.stringify(streamSid);
  const beforePayload = `{"event":"media","streamSid":${sid},"media":{"payload":"`;
  const beforeName = `{"event":"mark","streamSid":${sid},"mark":{"name":`;
  return {
    media: (payload) => `${beforePayload}${payload}"}}`,
    mark: (name) => `${beforeName}${JSON.stringify(name)}}}`,
    clear: `{"event":"clear","streamSid":${sid}}`,
  };
}
