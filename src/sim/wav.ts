// Writes the recording of a simulated call: a stereo WAV file of two telephone lines. Reading audio files is not the
// simulators' business.
import { decodeMulaw, SAMPLE_RATE } from "./telephone-audio.ts";

const HEADER_BYTES = 44;
const FORMAT_PCM = 1;

/** A stereo 16-bit PCM WAV file of two 8000 Hz mu-law recordings; the shorter one ends in silence. */
export function stereoWav(left: Uint8Array, right: Uint8Array): Buffer {
  const frames = Math.max(left.length, right.length);
  const file = Buffer.alloc(HEADER_BYTES + frames * 4);
  file.write("RIFF", 0, "latin1");
  file.writeUInt32LE(HEADER_BYTES - 8 + frames * 4, 4);
  file.write("WAVEfmt ", 8, "latin1");
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(FORMAT_PCM, 20);
  file.writeUInt16LE(2, 22);
  file.writeUInt32LE(SAMPLE_RATE, 24);
  file.writeUInt32LE(SAMPLE_RATE * 4, 28);
  file.writeUInt16LE(4, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36, "latin1");
  file.writeUInt32LE(frames * 4, 40);
  decodeMulaw(left).forEach((sample, i) => file.writeInt16LE(sample, HEADER_BYTES + 4 * i));
  decodeMulaw(right).forEach((sample, i) => file.writeInt16LE(sample, HEADER_BYTES + 4 * i + 2));
  return file;
}
