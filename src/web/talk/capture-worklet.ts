// Runs in the browser's audio thread: takes what the microphone gives, brings it to 24 kHz, and hands on pieces of 40 ms.
import { toPcm } from "./pcm.ts";
import { createResampler } from "./resampler.ts";

// The DOM library does not know the inside of an audio worklet.
declare const sampleRate: number;
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;
declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
}

const RATE = 24_000;
const PIECE = 960;

class Capture extends AudioWorkletProcessor {
  readonly #resampler = createResampler(sampleRate, RATE);
  #piece = new Float32Array(PIECE);
  #length = 0;

  process([input]: readonly (readonly Float32Array[])[]): boolean {
    const [channel] = input ?? [];
    if (!channel) return true;
    for (const sample of this.#resampler.push(channel)) {
      this.#piece[this.#length++] = sample;
      if (this.#length < PIECE) continue;
      const pcm = toPcm(this.#piece);
      this.port.postMessage(pcm, [pcm.buffer]);
      this.#length = 0;
    }
    return true;
  }
}

registerProcessor("capture", Capture);
