/**
 * Opus packets out of a WebM file as it comes, such as browsers record (MediaRecorder): EBML read element by element, clusters of
 * unknown size included, the first track of sound alone. Nothing of it is kept but what is not complete yet.
 */
import { OpusStreamError, readOpusHead, type OpusHead, type OpusPackets } from "./opus-packets.ts";

const EBML = 0x1a45dfa3;
const TRACK_ENTRY = 0xae;
const TRACK_NUMBER = 0xd7;
const CODEC_ID = 0x86;
const CODEC_PRIVATE = 0x63a2;
const SIMPLE_BLOCK = 0xa3;
const BLOCK = 0xa1;
/** Elements that are gone into: Segment, Tracks, Cluster, BlockGroup. */
const ENTERED: ReadonlySet<number> = new Set([0x18538067, 0x1654ae6b, 0x1f43b675, 0xa0]);
/** Elements that are read whole; a block of sound is less than a kilobyte. */
const READ: ReadonlySet<number> = new Set([EBML, TRACK_ENTRY, SIMPLE_BLOCK, BLOCK]);
const MOST_ELEMENT = 1_000_000;

/** @throws OpusStreamError from push, for what is no WebM or holds no Opus. */
export function createWebmReader(): OpusPackets {
  let held: Buffer = Buffer.alloc(0);
  let skip = 0;
  let begun = false;
  let head: OpusHead | undefined;
  let track: number | undefined;

  /** One element, or the beginning of one; false when more has to come. */
  function element(out: Buffer[]): boolean {
    const id = readId(held, 0);
    if (!id) return false;
    if (!begun && id.value !== EBML) throw new OpusStreamError("not a WebM file");
    begun = true;
    const size = readSize(held, id.length);
    if (!size) return false;
    const bodyAt = id.length + size.length;
    if (ENTERED.has(id.value)) {
      held = held.subarray(bodyAt);
      return true;
    }
    if (size.value === undefined) throw new OpusStreamError("an element of unknown size");
    if (!READ.has(id.value)) {
      held = held.subarray(bodyAt);
      skip = size.value;
      return true;
    }
    if (size.value > MOST_ELEMENT) throw new OpusStreamError("an element too large to be sound");
    if (held.length < bodyAt + size.value) return false;
    const body = Buffer.from(held.subarray(bodyAt, bodyAt + size.value));
    held = held.subarray(bodyAt + size.value);
    if (id.value === TRACK_ENTRY) enter(body);
    else if (id.value !== EBML) block(body, out);
    return true;
  }

  function enter(entry: Buffer): void {
    if (track !== undefined) return;
    let number = 0;
    let codec = "";
    let codecPrivate: Buffer | undefined;
    for (let at = 0; at < entry.length;) {
      const id = readId(entry, at);
      const size = id && readSize(entry, at + id.length);
      if (!id || size?.value === undefined) throw new OpusStreamError("a damaged track");
      const bodyAt = at + id.length + size.length;
      const body = entry.subarray(bodyAt, bodyAt + size.value);
      if (id.value === TRACK_NUMBER && body.length >= 1 && body.length <= 6) number = body.readUIntBE(0, body.length);
      else if (id.value === CODEC_ID) codec = body.toString("latin1");
      else if (id.value === CODEC_PRIVATE) codecPrivate = Buffer.from(body);
      at = bodyAt + size.value;
    }
    if (codec.startsWith("A_OPUS") && codecPrivate) {
      track = number;
      head = readOpusHead(codecPrivate);
    }
  }

  function block(body: Buffer, out: Buffer[]): void {
    const number = readSize(body, 0);
    if (track === undefined) throw new OpusStreamError("there is no Opus in it");
    if (!number || number.value !== track) return;
    // A time of two bytes and the flags stand before the sound. Lacing joins several packets; no browser uses it for sound.
    const flags = body[number.length + 2] ?? 0;
    if ((flags & 0x06) !== 0) throw new OpusStreamError("laced blocks");
    const packet = body.subarray(number.length + 3);
    if (packet.length > 0) out.push(packet);
  }

  return {
    head: () => head,
    push(bytes) {
      held = held.length === 0 ? Buffer.from(bytes) : Buffer.concat([held, bytes]);
      const out: Buffer[] = [];
      for (;;) {
        const skipped = Math.min(skip, held.length);
        held = held.subarray(skipped);
        skip -= skipped;
        if (skip > 0 || !element(out)) return out;
      }
    },
  };
}

interface Read<Value> {
  readonly value: Value;
  readonly length: number;
}

/** An element's id, its length marker included, as the specification writes them. */
function readId(bytes: Buffer, at: number): Read<number> | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  const length = Math.clz32(first) - 23;
  if (length > 4) throw new OpusStreamError("a damaged element");
  return bytes.length < at + length ? undefined : { value: bytes.readUIntBE(at, length), length };
}

/** A variable-length number; its value is undefined where all of its bits are set: unknown. */
function readSize(bytes: Buffer, at: number): Read<number | undefined> | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  const length = Math.clz32(first) - 23;
  if (length > 8) throw new OpusStreamError("a damaged element");
  if (bytes.length < at + length) return undefined;
  let value = first & (0xff >> length);
  let isUnknown = value === 0xff >> length;
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i] as number;
    value = value * 256 + byte;
    isUnknown &&= byte === 0xff;
  }
  if (isUnknown) return { value: undefined, length };
  if (!Number.isSafeInteger(value)) throw new OpusStreamError("a damaged element");
  return { value, length };
}
