import { encodeMulaw } from "../../src/audio/mulaw.ts";
import { normalizePeak, pcmBytes, pcmSamples, peakDbfs, rmsDbfs, trimSilence } from "../../src/audio/pcm.ts";
import { WavError, readWav, writeWav } from "../../src/audio/wav.ts";

const left = Int16Array.of(0, 1, -1, 32767, -32768);
const right = Int16Array.of(5, 6, 7);

/** A WAV file put together by hand, so that the reader is not only tested against our writer. */
function wav(options: {
  code: number;
  bits: number;
  channels: number;
  data: Uint8Array;
  before?: Buffer;
  size?: number;
}) {
  const format = Buffer.alloc(options.code === 7 ? 18 : 16);
  format.writeUInt16LE(options.code, 0);
  format.writeUInt16LE(options.channels, 2);
  format.writeUInt32LE(8000, 4);
  format.writeUInt16LE(options.bits, 14);
  const chunk = (name: string, body: Uint8Array, size = body.length) => {
    const head = Buffer.alloc(8);
    head.write(name, "latin1");
    head.writeUInt32LE(size, 4);
    return Buffer.concat([head, body, Buffer.alloc(body.length & 1)]);
  };
  const body = Buffer.concat([
    Buffer.from("WAVE"),
    options.before ? chunk("LIST", options.before) : Buffer.alloc(0),
    chunk("fmt ", format),
    chunk("data", options.data, options.size),
  ]);
  return chunk("RIFF", body);
}

describe("write and read", () => {
  test("stereo PCM16 comes back, the shorter channel padded", () => {
    const back = readWav(writeWav([left, right], 8000));
    expect(back.rate).toBe(8000);
    expect(back.encoding).toBe("pcm16");
    expect(back.channels.map((channel) => [...channel])).toEqual([[...left], [5, 6, 7, 0, 0]]);
  });

  test("mono header says what players need", () => {
    const file = Buffer.from(writeWav([left], 24000));
    expect(file.subarray(0, 4).toString()).toBe("RIFF");
    expect(file.readUInt32LE(4)).toBe(file.length - 8);
    expect(file.readUInt32LE(24)).toBe(24000);
    expect(file.readUInt32LE(28)).toBe(48000);
    expect(file.readUInt16LE(32)).toBe(2);
    expect(file.readUInt32LE(40)).toBe(10);
  });

  test("a mu-law file, an odd extra chunk before it", () => {
    const data = encodeMulaw(Int16Array.of(0, 1000, -1000));
    const back = readWav(wav({ code: 7, bits: 8, channels: 1, data, before: Buffer.from("odd") }));
    expect(back.encoding).toBe("mulaw");
    expect([...(back.channels[0] as Int16Array)]).toEqual([0, 988, -988]);
  });

  test.each([0, 0xffffffff])("a streamed file whose data size is %d is read to its end", (size) => {
    const back = readWav(wav({ code: 1, bits: 16, channels: 1, data: pcmBytes(left), size }));
    expect([...(back.channels[0] as Int16Array)]).toEqual([...left]);
  });

  test("a view that starts at an odd offset is read right", () => {
    const file = writeWav([left], 8000);
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    expect([...(readWav(shifted.subarray(1)).channels[0] as Int16Array)]).toEqual([...left]);
  });

  test.each([
    ["nothing", new Uint8Array(0)],
    ["not RIFF", Buffer.from("ID3 this is no wave file at all")],
    ["24 bits", wav({ code: 1, bits: 24, channels: 1, data: new Uint8Array(6) })],
    ["MP3 in WAV", wav({ code: 0x55, bits: 0, channels: 1, data: new Uint8Array(6) })],
    ["no channels", wav({ code: 1, bits: 16, channels: 0, data: new Uint8Array(6) })],
    ["no data", wav({ code: 1, bits: 16, channels: 1, data: new Uint8Array(0) }).subarray(0, 36)],
  ])("%s is refused by name", (_, bytes) => {
    expect(() => readWav(bytes)).toThrow(WavError);
  });
});

describe("levels", () => {
  test("peak and rms of a full-scale square wave", () => {
    const square = Int16Array.of(32767, -32768, 32767, -32768);
    expect(peakDbfs(square)).toBeCloseTo(0, 3);
    expect(rmsDbfs(square)).toBeCloseTo(0, 3);
    expect(rmsDbfs(new Int16Array(8))).toBe(-Infinity);
  });

  test("normalising sets the peak and leaves silence alone", () => {
    expect(peakDbfs(normalizePeak(Int16Array.of(100, -3000, 20), -3))).toBeCloseTo(-3, 1);
    expect([...normalizePeak(new Int16Array(3), -3)]).toEqual([0, 0, 0]);
  });

  test("trimming keeps the loud middle and a margin", () => {
    const samples = new Int16Array(8000);
    samples.fill(5000, 3000, 4000);
    const trimmed = trimSilence(samples, 8000);
    expect(trimmed.length).toBeGreaterThanOrEqual(1000);
    expect(trimmed.length).toBeLessThanOrEqual(1000 + 2 * 160 + 160);
    expect(trimmed.filter((sample) => sample === 5000).length).toBe(1000);
    expect(trimSilence(new Int16Array(8000), 8000).length).toBe(0);
  });

  test("bytes and samples are inverse", () => {
    expect([...pcmSamples(pcmBytes(left))]).toEqual([...left]);
    expect([...pcmSamples(Uint8Array.of(1, 0, 9))]).toEqual([1]);
  });
});
