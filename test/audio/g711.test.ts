import { ALAW_SILENCE, decodeAlaw, encodeAlaw } from "../../src/audio/alaw.ts";
import { MULAW_SILENCE, decodeMulaw, encodeMulaw, mulawSilence } from "../../src/audio/mulaw.ts";

const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);

describe("mu-law", () => {
  test("knows the four bytes that matter", () => {
    expect([...decodeMulaw(Uint8Array.of(0xff, 0x7f, 0x00, 0x80))]).toEqual([0, 0, -32124, 32124]);
    expect([...encodeMulaw(Int16Array.of(0, 32767, -32768))]).toEqual([0xff, 0x80, 0x00]);
  });

  test("is idempotent for every byte except negative zero", () => {
    const again = encodeMulaw(decodeMulaw(everyByte));
    expect([...again]).toEqual([...everyByte].map((byte) => (byte === 0x7f ? 0xff : byte)));
  });

  test("keeps every sample within the step of its segment", () => {
    const samples = Int16Array.from({ length: 65536 / 16 }, (_, i) => -32768 + i * 16);
    const back = decodeMulaw(encodeMulaw(samples));
    samples.forEach((sample, i) => {
      // Sixteen steps a segment, segments double from 8: half a step is at most 1/32 of the level, and clipping is at 32635.
      const clipped = Math.max(-32635, Math.min(32635, sample));
      expect(Math.abs((back[i] as number) - clipped)).toBeLessThanOrEqual((Math.abs(clipped) + 132) / 32 + 1);
    });
  });

  test("silence is 0xff, eight bytes a millisecond", () => {
    const silence = mulawSilence(20);
    expect(silence.length).toBe(160);
    expect(silence.every((byte) => byte === MULAW_SILENCE)).toBe(true);
    expect(decodeMulaw(silence).every((sample) => sample === 0)).toBe(true);
  });

  test("empty in, empty out", () => {
    expect(decodeMulaw(new Uint8Array(0)).length).toBe(0);
    expect(encodeMulaw(new Int16Array(0)).length).toBe(0);
  });
});

describe("A-law", () => {
  test("is idempotent for every byte", () => {
    expect([...encodeAlaw(decodeAlaw(everyByte))]).toEqual([...everyByte]);
  });

  test("silence is nearly zero", () => {
    expect(Math.abs(decodeAlaw(Uint8Array.of(ALAW_SILENCE))[0] as number)).toBeLessThanOrEqual(8);
  });
});
