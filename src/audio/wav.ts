/**
 * RIFF/WAVE files in memory: reads PCM16, mu-law and A-law of any rate and channel count, writes PCM16. It never touches
 * a file system and knows no compressed format beyond the two telephone ones.
 */
import { decodeAlaw } from "./alaw.ts";
import { decodeMulaw } from "./mulaw.ts";
import { pcmBytes, pcmSamples } from "./pcm.ts";

export interface Wav {
  /** Sample rate in Hz. */
  rate: number;
  encoding: "pcm16" | "mulaw" | "alaw";
  /** Samples of each channel, left first. */
  channels: Int16Array[];
}

/** A file that is not a WAV this module can read; the message says why. */
export class WavError extends Error {
  override name = "WavError";
}

const FORMATS = { 1: "pcm16", 6: "alaw", 7: "mulaw" } as const;
/** WAVE_FORMAT_EXTENSIBLE: the real format stands in the first two bytes of the sub-format GUID. */
const EXTENSIBLE = 0xfffe;

function tag(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}

/**
 * Reads a WAV file.
 * @throws WavError for anything that is not RIFF/WAVE with 16-bit PCM, mu-law or A-law samples.
 */
export function readWav(bytes: Uint8Array): Wav {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || tag(view, 0) !== "RIFF" || tag(view, 8) !== "WAVE") throw new WavError("not a WAV file");

  let format: { code: number; channels: number; rate: number; bits: number } | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (tag(view, at) === "fmt ") {
      if (size < 16 || body + size > bytes.length) throw new WavError("truncated fmt chunk");
      const code = view.getUint16(body, true);
      format = {
        code: code === EXTENSIBLE && size >= 26 ? view.getUint16(body + 24, true) : code,
        channels: view.getUint16(body + 2, true),
        rate: view.getUint32(body + 4, true),
        bits: view.getUint16(body + 14, true),
      };
    } else if (tag(view, at) === "data") {
      if (!format) throw new WavError("data chunk before fmt chunk");
      // A streamed WAV carries 0 or 0xffffffff as its size, so a size past the end means "all that is there".
      const end = size === 0 || body + size > bytes.length ? bytes.length : body + size;
      return decode(format, bytes.subarray(body, end));
    }
    at = body + size + (size & 1);
  }
  throw new WavError("no data chunk");
}

function decode(format: { code: number; channels: number; rate: number; bits: number }, data: Uint8Array): Wav {
  const encoding = FORMATS[format.code as keyof typeof FORMATS];
  const wanted = encoding === "pcm16" ? 16 : 8;
  if (!encoding || format.bits !== wanted) {
    throw new WavError(`unsupported WAV: format tag ${format.code}, ${format.bits} bits`);
  }
  if (format.channels < 1 || format.rate < 1) throw new WavError("WAV without channels or rate");
  const all = encoding === "pcm16" ? pcmSamples(data) : encoding === "mulaw" ? decodeMulaw(data) : decodeAlaw(data);
  const frames = Math.floor(all.length / format.channels);
  const channels = Array.from({ length: format.channels }, (_, channel) => {
    const samples = new Int16Array(frames);
    for (let i = 0; i < frames; i++) samples[i] = all[i * format.channels + channel] as number;
    return samples;
  });
  return { rate: format.rate, encoding, channels };
}

/**
 * Writes a PCM16 WAV. Channels of unequal length are padded with silence to the longest.
 * @param rate sample rate in Hz
 */
export function writeWav(channels: readonly Int16Array[], rate: number): Uint8Array {
  const frames = Math.max(0, ...channels.map((channel) => channel.length));
  const mixed = new Int16Array(frames * channels.length);
  channels.forEach((channel, c) => {
    for (let i = 0; i < channel.length; i++) mixed[i * channels.length + c] = channel[i] as number;
  });
  const data = pcmBytes(mixed);
  const file = new Uint8Array(WAV_HEADER_BYTES + data.length);
  file.set(wavHeader(data.length, channels.length, rate));
  file.set(data, WAV_HEADER_BYTES);
  return file;
}

const UNKNOWN_SIZE = 0xffffffff;

/** Bytes before the samples of a PCM16 WAV. */
export const WAV_HEADER_BYTES = 44;

/**
 * The beginning of a PCM16 WAV whose samples follow.
 * @param dataBytes bytes of samples; undefined when nobody can know yet, as in a stream: readers then take all that comes
 * @param rate sample rate in Hz
 */
export function wavHeader(dataBytes: number | undefined, channels: number, rate: number): Uint8Array {
  const header = new Uint8Array(WAV_HEADER_BYTES);
  const view = new DataView(header.buffer);
  const text = (at: number, value: string) => header.set(Buffer.from(value, "latin1"), at);
  const frameBytes = channels * 2;
  text(0, "RIFF");
  view.setUint32(4, dataBytes === undefined ? UNKNOWN_SIZE : WAV_HEADER_BYTES - 8 + dataBytes, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * frameBytes, true);
  view.setUint16(32, frameBytes, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, dataBytes ?? UNKNOWN_SIZE, true);
  return header;
}
