/** What the containers of Opus sound have in common: packets come out of them, and a head that says how to decode these. */

/** The container is damaged, or holds something else than Opus. */
export class OpusStreamError extends Error {
  override name = "OpusStreamError";
}

export interface OpusHead {
  readonly channels: number;
  /** Samples at 48 kHz before the sound begins. */
  readonly preSkip: number;
}

export interface OpusPackets {
  /** Undefined until it came; it comes before the first packet. */
  head(): OpusHead | undefined;
  /** Takes bytes in any pieces; returns the packets that are complete by them. @throws OpusStreamError */
  push(bytes: Uint8Array): readonly Uint8Array[];
}

/** RFC 7845, 5.1. @throws OpusStreamError */
export function readOpusHead(packet: Buffer): OpusHead {
  if (packet.length < 19 || packet.toString("latin1", 0, 8) !== "OpusHead") {
    throw new OpusStreamError("there is no Opus in it");
  }
  const channels = packet.readUInt8(9);
  // Surround sound needs a table; nobody speaks in it.
  if (channels < 1 || channels > 2) throw new OpusStreamError("more than two channels");
  return { channels, preSkip: packet.readUInt16LE(10) };
}
