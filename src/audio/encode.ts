/**
 * Spoken sound into the formats it can be had as, piece by piece: nothing but what an encoder must hold back is kept. In goes
 * 24 kHz, 16 bits, one channel, as the engines speak.
 */
import type { SpeechFormat } from "../core/speech.ts";
import { createMp3Encoder } from "./mp3.ts";
import { encodeMulaw } from "./mulaw.ts";
import { pcmBytes } from "./pcm.ts";
import { createResampler } from "./resample.ts";
import { wavHeader } from "./wav.ts";

/** Samples a second of what is encoded. */
export const SPEECH_RATE = 24_000;
const LINE_RATE = 8000;

export interface AudioEncoder {
  push(samples: Int16Array): Uint8Array;
  /** What was held back: the last bytes of the file. Nothing may be pushed afterwards. */
  end(): Uint8Array;
}

const NOTHING = new Uint8Array(0);

const ENCODERS: Readonly<Record<SpeechFormat, () => AudioEncoder | Promise<AudioEncoder>>> = {
  mp3: () => createMp3Encoder(SPEECH_RATE),
  wav() {
    // Its length is not known when it begins, which every reader of streamed WAV files knows how to take.
    let header: Uint8Array = wavHeader(undefined, 1, SPEECH_RATE);
    const headed = (bytes: Uint8Array): Uint8Array => {
      const whole = Buffer.concat([header, bytes]);
      header = NOTHING;
      return whole;
    };
    return { push: (samples) => headed(pcmBytes(samples)), end: () => headed(NOTHING) };
  },
  pcm: () => ({ push: pcmBytes, end: () => NOTHING }),
  mulaw() {
    const resampler = createResampler(SPEECH_RATE, LINE_RATE);
    return {
      push: (samples) => encodeMulaw(resampler.push(samples)),
      end: () => encodeMulaw(resampler.flush()),
    };
  },
};

export async function createEncoder(format: SpeechFormat): Promise<AudioEncoder> {
  return ENCODERS[format]();
}

/** A stream of samples as a stream of bytes, none of them empty. */
export async function* encodeStream(
  format: SpeechFormat,
  samples: AsyncIterable<Int16Array>,
): AsyncIterable<Uint8Array> {
  const encoder = await createEncoder(format);
  for await (const piece of samples) {
    const bytes = encoder.push(piece);
    if (bytes.length > 0) yield bytes;
  }
  const rest = encoder.end();
  if (rest.length > 0) yield rest;
}
