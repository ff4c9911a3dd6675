// The simulators' codec against the published one, its silence and loudness, and the stereo file they write.
import { mulaw } from "alawmulaw";
import { decodeMulaw, encodeMulaw, loudness, SILENCE } from "../../src/sim/telephone-audio.ts";
import { stereoWav } from "../../src/sim/wav.ts";

test("every byte decodes as the alawmulaw package decodes it, and encodes back to itself", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect([...decodeMulaw(bytes)]).toEqual([...mulaw.decode(bytes)]);
  // 0x7f is minus zero and becomes plus zero; everything else survives.
  expect([...encodeMulaw(decodeMulaw(bytes))]).toEqual([...bytes].map((byte) => (byte === 0x7f ? 0xff : byte)));
});

test("every 16-bit value encodes to a byte as near as the package's", () => {
  const samples = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
  const ours = decodeMulaw(encodeMulaw(samples));
  const theirs = decodeMulaw(mulaw.encode(samples));
  let worse = 0;
  samples.forEach((sample, i) => {
    if (Math.abs(ours[i]! - sample) > Math.abs(theirs[i]! - sample)) worse++;
  });
  expect(worse).toBe(0);
});

test("0xFF is silence, 0x00 is as loud as it gets, and a range can be asked for", () => {
  expect(loudness(new Uint8Array(160).fill(SILENCE))).toBe(0);
  expect(loudness(new Uint8Array(160))).toBe(32_124);
  expect(loudness(Uint8Array.from([0, 0xff, 0xff, 0]), 1, 3)).toBe(0);
  expect(loudness(new Uint8Array(0))).toBe(0);
});

test("the stereo file has the caller left, the agent right, and pads the shorter one with silence", () => {
  const file = stereoWav(Uint8Array.from([0x80, 0xff, 0x00]), Uint8Array.from([0x00]));
  expect(file.length).toBe(44 + 12);
  expect(file.toString("latin1", 0, 4) + file.toString("latin1", 8, 16)).toBe("RIFFWAVEfmt ");
  expect(file.readUInt32LE(4)).toBe(file.length - 8);
  expect([file.readUInt16LE(20), file.readUInt16LE(22), file.readUInt32LE(24), file.readUInt32LE(28)]).toEqual([
    1, 2, 8000, 32_000,
  ]);
  expect([file.readUInt16LE(32), file.readUInt16LE(34), file.readUInt32LE(40)]).toEqual([4, 16, 12]);
  const samples = Array.from({ length: 6 }, (_, i) => file.readInt16LE(44 + 2 * i));
  expect(samples).toEqual([32_124, -32_124, 0, 0, -32_124, 0]);
});
