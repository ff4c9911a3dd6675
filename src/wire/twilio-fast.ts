// The fast way through nearly all that Twilio sends: media and mark messages exactly as it writes them, read from their bytes.
// Everything else (other spacing, order, escapes, tracks, more fields) is for the full parse in twilio-stream.ts, and whatever
// is taken here means the same there (differential test).
//
// It reads bytes because the payload then is a string of its own and not a view that keeps the whole message alive, and because
// nothing else has to become text first. What it takes is ASCII without quotes and backslashes: what JSON.parse would give.
import { base64End } from "./base64.ts";

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

/** What we sent under this name was played, or dropped by a clear. */
export interface TwilioMark {
  readonly event: "mark";
  readonly sequenceNumber: number;
  readonly streamSid: string;
  readonly name: string;
}

const MEDIA_HEAD = bytesOf('{"event":"media","sequenceNumber":"');
const MARK_HEAD = bytesOf('{"event":"mark","sequenceNumber":"');
const SID = bytesOf('","streamSid":"');
const MEDIA_BODY = bytesOf('","media":{"track":"inbound","chunk":"');
const TIMESTAMP = bytesOf('","timestamp":"');
const PAYLOAD = bytesOf('","payload":"');
const MARK_BODY = bytesOf('","mark":{"name":"');
const SID_BEHIND = bytesOf('"},"streamSid":"');
const END = bytesOf('"}');
const END_OF_BOTH = bytesOf('"}}');

const ZERO = 48;
const NINE = 57;
/** More may not be exact as a double. */
const MOST_DIGITS = 15;
const MOST_ID = 64;
const MOST_NAME = 128;
const ID = tableOf((character) => /[0-9A-Za-z]/.test(character));
const NAME = tableOf((character) => /[0-9A-Za-z:._-]/.test(character));

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

function tableOf(holds: (character: string) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (holds(String.fromCharCode(byte)) ? 1 : 0));
}

/** True when these bytes stand there; beyond the end of the data they never do. */
function stands(data: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index++) if (data[at + index] !== expected[index]) return false;
  return true;
}

/** Where the characters of this table that begin at `at` end; -1 when there are none, or more than `most`. */
function runEnd(data: Uint8Array, at: number, table: Uint8Array, most: number): number {
  let end = at;
  while (table[data[end] as number] === 1) end++;
  return end === at || end - at > most ? -1 : end;
}

function numberEnd(data: Uint8Array, at: number): number {
  let end = at;
  while ((data[end] as number) >= ZERO && (data[end] as number) <= NINE) end++;
  return end === at || end - at > MOST_DIGITS ? -1 : end;
}

function numberAt(data: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + (data[at] as number) - ZERO;
  return value;
}

/** Where the message's object (`media`, `mark`) begins, and the id if it stands before it. */
interface Opening {
  sequenceNumber: number;
  sidAt: number;
  sidEnd: number;
  bodyAt: number;
}

// Filled and read within one call: a message costs no object but its own.
const opening: Opening = { sequenceNumber: 0, sidAt: -1, sidEnd: -1, bodyAt: 0 };

function readOpening(data: Uint8Array, from: number, head: Uint8Array): boolean {
  if (!stands(data, from, head)) return false;
  const end = numberEnd(data, from + head.length);
  if (end < 0) return false;
  opening.sequenceNumber = numberAt(data, from + head.length, end);
  opening.bodyAt = end;
  opening.sidAt = -1;
  if (!stands(data, end, SID)) return true;
  opening.sidAt = end + SID.length;
  opening.sidEnd = opening.bodyAt = runEnd(data, opening.sidAt, ID, MOST_ID);
  return opening.sidEnd >= 0;
}

/** The rest, up to `to`, of a message whose object's last text ends at `at`: with the id, if that has not come before. */
function readEnd(data: Uint8Array, at: number, to: number): boolean {
  if (opening.sidAt >= 0) return to === at + END_OF_BOTH.length && stands(data, at, END_OF_BOTH);
  if (!stands(data, at, SID_BEHIND)) return false;
  opening.sidAt = at + SID_BEHIND.length;
  opening.sidEnd = runEnd(data, opening.sidAt, ID, MOST_ID);
  return opening.sidEnd >= 0 && to === opening.sidEnd + END.length && stands(data, opening.sidEnd, END);
}

/** Where the values of a media message lie. */
const media = { chunkAt: 0, chunkEnd: 0, timestampAt: 0, timestampEnd: 0, payloadAt: 0, payloadEnd: 0 };

function findMedia(data: Uint8Array, from: number, to: number): boolean {
  if (!readOpening(data, from, MEDIA_HEAD) || !stands(data, opening.bodyAt, MEDIA_BODY)) return false;
  media.chunkAt = opening.bodyAt + MEDIA_BODY.length;
  media.chunkEnd = numberEnd(data, media.chunkAt);
  if (media.chunkEnd < 0 || !stands(data, media.chunkEnd, TIMESTAMP)) return false;
  media.timestampAt = media.chunkEnd + TIMESTAMP.length;
  media.timestampEnd = numberEnd(data, media.timestampAt);
  if (media.timestampEnd < 0 || !stands(data, media.timestampEnd, PAYLOAD)) return false;
  media.payloadAt = media.timestampEnd + PAYLOAD.length;
  media.payloadEnd = base64End(data, media.payloadAt);
  return media.payloadEnd >= 0 && readEnd(data, media.payloadEnd, to);
}

/** A media message in one of its two usual forms, or undefined for everything that needs the full parse. */
export function readMedia(data: Buffer): TwilioMedia | undefined {
  if (!findMedia(data, 0, data.length)) return undefined;
  return {
    event: "media",
    sequenceNumber: opening.sequenceNumber,
    streamSid: data.toString("latin1", opening.sidAt, opening.sidEnd),
    track: "inbound",
    chunk: numberAt(data, media.chunkAt, media.chunkEnd),
    timestamp: numberAt(data, media.timestampAt, media.timestampEnd),
    payload: data.toString("latin1", media.payloadAt, media.payloadEnd),
  };
}

/** What a frame of caller audio says, when the stream it belongs to is known. */
export type MediaFrame = Pick<TwilioMedia, "track" | "chunk" | "timestamp" | "payload">;

const frame = { track: "inbound", chunk: 0, timestamp: 0, payload: "" };

/**
 * The same for a stream that is known, without an object for each frame: the message lies from `from` to `to`, and what is behind
 * it may be anything.
 * @param sid the id of the stream, as bytes; any other one's message is undefined.
 * @returns what is good until the next call.
 */
export function readMediaOf(sid: Uint8Array, data: Buffer, from: number, to: number): MediaFrame | undefined {
  if (!findMedia(data, from, to)) return undefined;
  if (opening.sidEnd - opening.sidAt !== sid.length || !stands(data, opening.sidAt, sid)) return undefined;
  frame.chunk = numberAt(data, media.chunkAt, media.chunkEnd);
  frame.timestamp = numberAt(data, media.timestampAt, media.timestampEnd);
  frame.payload = data.toString("latin1", media.payloadAt, media.payloadEnd);
  return frame;
}

/** The same for a mark with a name such as ours; they come back five times a second while the agent speaks. */
export function readMark(data: Buffer): TwilioMark | undefined {
  if (!readOpening(data, 0, MARK_HEAD) || !stands(data, opening.bodyAt, MARK_BODY)) return undefined;
  const nameAt = opening.bodyAt + MARK_BODY.length;
  const nameEnd = runEnd(data, nameAt, NAME, MOST_NAME);
  if (nameEnd < 0 || !readEnd(data, nameEnd, data.length)) return undefined;
  return {
    event: "mark",
    sequenceNumber: opening.sequenceNumber,
    streamSid: data.toString("latin1", opening.sidAt, opening.sidEnd),
    name: data.toString("latin1", nameAt, nameEnd),
  };
}
