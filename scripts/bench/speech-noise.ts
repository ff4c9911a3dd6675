// Audio for the bench: something with the loudness, pauses and byte statistics of telephone speech. It has no words, and
// whoever looks at it (a check for PCM taken for mu-law, say) finds mu-law.
import { encodeMulaw } from "../../src/audio/mulaw.ts";

const RATE = 8000;

/** `ms` of a voice-like tone with syllables, as mu-law; the same every time. */
export function speechNoise(ms: number): Uint8Array {
  const samples = new Int16Array((ms * RATE) / 1000);
  let noise = 1;
  for (let at = 0; at < samples.length; at++) {
    const seconds = at / RATE;
    noise = (Math.imul(noise, 1103515245) + 12345) >>> 0;
    const syllable = Math.max(0.05, Math.sin(2 * Math.PI * 2.1 * seconds)) ** 0.7;
    const pitch = 120 + 15 * Math.sin(2 * Math.PI * 0.7 * seconds);
    let wave = 0;
    for (let harmonic = 1; harmonic <= 12; harmonic++)
      wave += Math.sin(2 * Math.PI * pitch * harmonic * seconds) / (harmonic + Math.abs(harmonic - 5) / 3);
    samples[at] = Math.round(syllable * (3500 * wave + (noise / 0xffffffff - 0.5) * 800));
  }
  return encodeMulaw(samples);
}

/** Base64 of consecutive pieces of `ms` each, without their first `header` characters, which a header is to replace. */
export function headlessPieces(ms: number, count: number, header: number): readonly string[] {
  const bytes = (ms * RATE) / 1000;
  const audio = speechNoise(Math.max(2000, ms * count));
  return Array.from({ length: count }, (_, index) => {
    const at = (index * bytes) % (audio.length - bytes + 1);
    return Buffer.from(audio.buffer, audio.byteOffset + at, bytes)
      .toString("base64")
      .slice(header);
  });
}
