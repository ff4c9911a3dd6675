/**
 * Files of sound as one channel of samples at any rate, piece by piece as their bytes come: WAV, MP3, and Opus in Ogg or WebM. The
 * only file that knows opus-decoder. What else there is (AAC, FLAC, Vorbis) is not decoded here.
 */
import { OpusDecoder } from "opus-decoder";
import type { SoundKind } from "../core/speech.ts";
import { createMp3Decoder } from "./mp3.ts";
import { createOggReader } from "./ogg.ts";
import { OpusStreamError, type OpusPackets } from "./opus-packets.ts";
import { mixDown } from "./pcm.ts";
import { createResampler, type Resampler } from "./resample.ts";
import { createWavStream } from "./wav-stream.ts";
import { WavError } from "./wav.ts";
import { createWebmReader } from "./webm.ts";

export const DECODABLE = ["wav", "mp3", "ogg", "webm"] as const satisfies readonly SoundKind[];
export type DecodableKind = (typeof DECODABLE)[number];

/** The bytes are not what they seem to be. */
export class DecodeError extends Error {
  override name = "DecodeError";
}

export interface AudioDecoder {
  /** @throws DecodeError */
  push(bytes: Uint8Array): Int16Array;
  /** What was held back. @throws DecodeError when there was no sound in all of it. */
  end(): Int16Array;
  /** Lets go of its memory. Idempotent. */
  close(): void;
}

interface Pieces {
  push(bytes: Uint8Array): { readonly rate: number; readonly samples: Int16Array } | undefined;
  end(): void;
  close(): void;
}

const OPUS_RATE = 48_000;
/** Bytes taken at once, so that decoding never holds up the thread for more than some ms. */
const AT_ONCE = 8 * 1024;

/** A decoder whose samples come at `rate`. */
export async function createDecoder(kind: DecodableKind, rate: number): Promise<AudioDecoder> {
  const pieces = await OPEN[kind]();
  let resampler: { readonly from: number; readonly to: Resampler } | undefined;
  let samplesSeen = 0;
  let isClosed = false;

  function convert(from: number, samples: Int16Array): Int16Array {
    // A file whose rate changes in the middle is legal in MP3, and begins anew.
    if (resampler?.from !== from) resampler = { from, to: createResampler(from, rate) };
    samplesSeen += samples.length;
    return resampler.to.push(samples);
  }

  return {
    push(bytes) {
      const piece = reading(() => pieces.push(bytes));
      return piece && piece.samples.length > 0 ? convert(piece.rate, piece.samples) : new Int16Array(0);
    },
    end() {
      reading(() => pieces.end());
      if (samplesSeen === 0 || !resampler) throw new DecodeError("there is no sound in it");
      return resampler.to.flush();
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      pieces.close();
    },
  };
}

/** A whole file, as a stream of samples. Between two pieces others get their turn. @throws DecodeError */
export async function* decodeStream(
  kind: DecodableKind,
  bytes: AsyncIterable<Uint8Array>,
  rate: number,
): AsyncIterable<Int16Array> {
  const decoder = await createDecoder(kind, rate);
  try {
    for await (const chunk of bytes) {
      for (let at = 0; at < chunk.length; at += AT_ONCE) {
        const samples = decoder.push(chunk.subarray(at, at + AT_ONCE));
        if (samples.length > 0) yield samples;
        await new Promise<void>((resolve) => void setImmediate(resolve));
      }
    }
    const rest = decoder.end();
    if (rest.length > 0) yield rest;
  } finally {
    decoder.close();
  }
}

function reading<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof WavError || error instanceof OpusStreamError) throw new DecodeError(error.message);
    throw error;
  }
}

const OPEN: Readonly<Record<DecodableKind, () => Promise<Pieces>>> = {
  async wav() {
    return { ...createWavStream(), close: () => undefined };
  },
  async mp3() {
    const decoder = await createMp3Decoder();
    let hasSound = false;
    return {
      push(bytes) {
        const { rate, channels, isDamaged } = decoder.push(bytes);
        const samples = mixDown(channels);
        hasSound ||= samples.length > 0;
        // Tags at the end are no sound either, and no harm.
        if (isDamaged && !hasSound) throw new DecodeError("not an MP3 file");
        return { rate, samples };
      },
      end: () => undefined,
      close: () => decoder.close(),
    };
  },
  ogg: async () => openOpus(createOggReader()),
  webm: async () => openOpus(createWebmReader()),
};

async function openOpus(packets: OpusPackets): Promise<Pieces> {
  // Two channels hold one as well; the sound before its beginning is passed over here, since the head comes later.
  const decoder = new OpusDecoder({ channels: 2, preSkip: 0 });
  await decoder.ready;
  let toSkip: number | undefined;
  return {
    push(bytes) {
      const frames = packets.push(bytes);
      if (frames.length === 0) return undefined;
      const { channelData } = decoder.decodeFrames(frames as Uint8Array[]);
      const samples = mixDown(channelData);
      toSkip ??= packets.head()?.preSkip ?? 0;
      const skipped = Math.min(toSkip, samples.length);
      toSkip -= skipped;
      return { rate: OPUS_RATE, samples: samples.subarray(skipped) };
    },
    end: () => undefined,
    close: () => decoder.free(),
  };
}
