/**
 * Opus packets out of an Ogg file as it comes (RFC 3533, RFC 7845). One stream of sound; Vorbis and others are told apart and
 * refused.
 */
import { OpusStreamError, readOpusHead, type OpusHead, type OpusPackets } from "./opus-packets.ts";

const PAGE_HEAD = 27;
/** A page has at most 255 segments of 255 bytes. */
const MOST_PAGE = PAGE_HEAD + 255 + 255 * 255;

/** @throws OpusStreamError from push, for what is no Ogg or holds no Opus. */
export function createOggReader(): OpusPackets {
  let held: Buffer = Buffer.alloc(0);
  /** A packet that goes on in the next page. */
  let partial: Buffer[] = [];
  let serial: number | undefined;
  let head: OpusHead | undefined;
  let packetsSeen = 0;

  function take(packet: Buffer, out: Buffer[]): void {
    packetsSeen += 1;
    if (packetsSeen === 1) head = readOpusHead(packet);
    // The second one holds comments.
    else if (packetsSeen > 2 && packet.length > 0) out.push(packet);
  }

  function page(out: Buffer[]): boolean {
    if (held.length < PAGE_HEAD) return false;
    if (held.toString("latin1", 0, 4) !== "OggS") throw new OpusStreamError("not an Ogg page");
    const segments = held.readUInt8(26);
    const bodyAt = PAGE_HEAD + segments;
    if (held.length < bodyAt) return false;
    const lacing = held.subarray(PAGE_HEAD, bodyAt);
    const size = lacing.reduce((sum, length) => sum + length, 0);
    if (held.length < bodyAt + size) return false;
    const body = Buffer.from(held.subarray(bodyAt, bodyAt + size));
    const number = held.readUInt32LE(14);
    const isContinued = (held.readUInt8(5) & 1) === 1;
    held = held.subarray(bodyAt + size);
    serial ??= number;
    // Another stream beside it, such as a picture.
    if (number !== serial) return true;
    if (!isContinued) partial = [];
    let at = 0;
    let from = 0;
    for (const length of lacing) {
      at += length;
      if (length === 255) continue;
      take(Buffer.concat([...partial, body.subarray(from, at)]), out);
      partial = [];
      from = at;
    }
    if (from < at) partial.push(body.subarray(from, at));
    return true;
  }

  return {
    head: () => head,
    push(bytes) {
      held = held.length === 0 ? Buffer.from(bytes) : Buffer.concat([held, bytes]);
      const out: Buffer[] = [];
      while (page(out));
      if (held.length > MOST_PAGE) throw new OpusStreamError("a page without end");
      return out;
    },
  };
}
