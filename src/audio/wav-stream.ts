/**
 * A WAV file read as it comes, whatever its length: 8, 16, 24 or 32-bit PCM, 32-bit floats, mu-law and A-law, any rate, channels
 * mixed to one. Files that are in memory anyway are read by wav.ts.
 */
import { decodeAlaw } from "./alaw.ts";
import { decodeMulaw } from "./mulaw.ts";
import { WavError } from "./wav.ts";

export interface WavPiece {
  readonly rate: number;
  readonly samples: Int16Array;
}

export interface WavStream {
  /** @throws WavError for what is no WAV, or one that cannot be read here. */
  push(bytes: Uint8Array): WavPiece | undefined;
  /** @throws WavError when there never was any sound. */
  end(): void;
}

interface Format {
  readonly rate: number;
  readonly channels: number;
  readonly bytes: number;
  /** One value at this place, as a 16-bit sample. */
  readonly read: (view: DataView, at: number) => number;
}

const PCM = 1;
const FLOAT = 3;
const ALAW = 6;
const MULAW = 7;
const EXTENSIBLE = 0xfffe;
/** Of everything before the sound: pictures and comments that somebody put there are passed over, not kept. */
const MOST_HEAD = 1_000_000;

const clip = (value: number): number => Math.max(-32768, Math.min(32767, Math.round(value)));
const one = (decode: (bytes: Uint8Array) => Int16Array) => {
  const table = decode(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  return (view: DataView, at: number) => table[view.getUint8(at)] as number;
};

const READERS: Readonly<Record<string, Format["read"]>> = {
  [`${PCM}/8`]: (view, at) => (view.getUint8(at) - 128) << 8,
  [`${PCM}/16`]: (view, at) => view.getInt16(at, true),
  [`${PCM}/24`]: (view, at) => view.getInt16(at + 1, true),
  [`${PCM}/32`]: (view, at) => view.getInt16(at + 2, true),
  [`${FLOAT}/32`]: (view, at) => clip(view.getFloat32(at, true) * 32768),
  [`${ALAW}/8`]: one(decodeAlaw),
  [`${MULAW}/8`]: one(decodeMulaw),
};

export function createWavStream(): WavStream {
  let held: Buffer = Buffer.alloc(0);
  let state: "riff" | "chunk" | "skip" | "data" | "after" = "riff";
  let format: Format | undefined;
  /** Bytes of the chunk that are still to come. */
  let left = 0;
  let headBytes = 0;

  /** Takes one step in what is held; false when more has to come. */
  function step(): boolean {
    if (state === "riff") {
      if (held.length < 12) return false;
      if (held.toString("latin1", 0, 4) !== "RIFF" || held.toString("latin1", 8, 12) !== "WAVE") {
        throw new WavError("not a WAV file");
      }
      held = held.subarray(12);
      state = "chunk";
    } else if (state === "chunk") {
      if (held.length < 8) return false;
      const name = held.toString("latin1", 0, 4);
      const size = held.readUInt32LE(4);
      if (name === "fmt ") {
        if (size < 16 || size > 1024) throw new WavError("a fmt chunk of no known form");
        if (held.length < 8 + size) return false;
        format = formatOf(held.subarray(8, 8 + size));
        held = held.subarray(8 + size + (size & 1));
      } else if (name === "data") {
        if (!format) throw new WavError("data chunk before fmt chunk");
        // A streamed file has 0 or the highest number here: all that comes is meant.
        left = size === 0 || size === 0xffffffff ? Infinity : size;
        held = held.subarray(8);
        state = "data";
        return false;
      } else {
        left = size + (size & 1);
        held = held.subarray(8);
        state = "skip";
      }
    } else if (state === "skip") {
      const skipped = Math.min(left, held.length);
      headBytes += skipped;
      if (headBytes > MOST_HEAD) throw new WavError("too much before the sound");
      left -= skipped;
      held = held.subarray(skipped);
      if (left > 0) return false;
      state = "chunk";
    } else return false;
    return true;
  }

  return {
    push(bytes) {
      held = held.length === 0 ? Buffer.from(bytes) : Buffer.concat([held, bytes]);
      while (step());
      if (state !== "data" || !format) {
        if (state === "after") held = Buffer.alloc(0);
        return undefined;
      }
      const frameBytes = format.bytes * format.channels;
      const usable = Math.min(held.length, left);
      const frames = Math.floor(usable / frameBytes);
      const samples = mix(held, frames, format);
      left -= frames * frameBytes;
      held = held.subarray(frames * frameBytes);
      if (left < frameBytes) state = "after";
      return { rate: format.rate, samples };
    },
    end() {
      if (state !== "data" && state !== "after") throw new WavError("no data chunk");
    },
  };
}

function formatOf(chunk: Buffer): Format {
  const tag = chunk.readUInt16LE(0);
  const code = tag === EXTENSIBLE && chunk.length >= 26 ? chunk.readUInt16LE(24) : tag;
  const channels = chunk.readUInt16LE(2);
  const rate = chunk.readUInt32LE(4);
  const bits = chunk.readUInt16LE(14);
  const read = READERS[`${code}/${bits}`];
  if (!read) throw new WavError(`unsupported WAV: format tag ${code}, ${bits} bits`);
  if (channels < 1 || channels > 32 || rate < 4000 || rate > 192_000)
    throw new WavError("a WAV of no such channels or rate");
  return { rate, channels, bytes: bits / 8, read };
}

function mix(bytes: Buffer, frames: number, { channels, bytes: size, read }: Format): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Int16Array(frames);
  for (let frame = 0, at = 0; frame < frames; frame++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++, at += size) sum += read(view, at);
    samples[frame] = Math.round(sum / channels);
  }
  return samples;
}
