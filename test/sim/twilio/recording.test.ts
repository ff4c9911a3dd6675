// The sides of a call as recordings, how loud they are, and the stereo file made of them.
import { mulawSilence } from "../../../src/audio/mulaw.ts";
import { toStereoWav } from "../../../src/sim/twilio/index.ts";
import { loudness, SPEECH_LOUDNESS } from "../../../src/sim/twilio/loudness.ts";
import { createRecording } from "../../../src/sim/twilio/recording.ts";

test("bytes stand where they were written, silence everywhere else, however long it gets", () => {
  const recording = createRecording();
  recording.write(3, Uint8Array.of(1, 2));
  recording.write(50_000, Uint8Array.of(3));
  expect([...recording.view(0, 6)]).toEqual([255, 255, 255, 1, 2, 255]);
  expect([...recording.view(49_999, 50_002)]).toEqual([255, 3, 255]);
  expect(recording.take(1)).toHaveLength(8);
  const all = recording.take(100_000);
  expect(all).toHaveLength(800_000);
  expect(all.filter((byte) => byte !== 255)).toEqual(Uint8Array.of(1, 2, 3));
  all.fill(0);
  expect([...recording.view(0, 1)]).toEqual([255]);
});

test("0xFF is silent, 0x00 as loud as it gets", () => {
  expect(loudness(mulawSilence(20))).toBe(0);
  expect(loudness(new Uint8Array(160))).toBe(32_124);
  expect(loudness(new Uint8Array(0))).toBe(0);
  expect(SPEECH_LOUDNESS).toBeLessThan(32_124 / 100);
});

test("the stereo file has the caller left, the agent right, and pads the shorter with silence", () => {
  const file = toStereoWav({ spoken: Uint8Array.of(0x80, 0xff, 0x00), heard: Uint8Array.of(0x00) });
  expect(file.toString("latin1", 0, 4) + file.toString("latin1", 8, 16)).toBe("RIFFWAVEfmt ");
  expect([file.readUInt16LE(20), file.readUInt16LE(22), file.readUInt32LE(24)]).toEqual([1, 2, 8000]);
  expect(file.length).toBe(44 + 12);
  const samples = Array.from({ length: 6 }, (_, i) => file.readInt16LE(44 + 2 * i));
  expect(samples).toEqual([32_124, -32_124, 0, 0, -32_124, 0]);
});
