/**
 * Telephone sound as a page has its sound, and back: mu-law of 8 kHz on one side, s16le of 24 kHz on the other, as streams. Fifty times
 * a second for every browser both ways, so that all of them work in one place and make nothing but what goes on.
 */
import { decodeMulaw, encodeMulaw } from "./mulaw.ts";
import { pcmBase64, pcmSamples, pcmView } from "./pcm.ts";
import { createResampler, LINE } from "./resample.ts";

export const LINE_HZ = 8000;
export const PAGE_HZ = 24_000;

export interface LineToPage {
  /** Base64 of mu-law -> base64 of PCM; "" while too little has come for any. */
  push(payload: string): string;
  /** What waits in the filter, 1.25 ms. It starts afresh afterwards. */
  flush(): string;
}

export interface PageToLine {
  /** PCM -> mu-law. A trailing odd byte is left out. */
  push(bytes: Uint8Array): Uint8Array;
}

/** 100 ms; longer pieces get room of their own. */
const ROOM = 2400;
const line = new Int16Array(ROOM);
const page = new Int16Array(ROOM);

const room = (shared: Int16Array, samples: number): Int16Array =>
  samples <= shared.length ? shared : new Int16Array(samples);

export function createLineToPage(): LineToPage {
  const resampler = createResampler(LINE_HZ, PAGE_HZ, LINE);
  return {
    push(payload) {
      const bytes = Buffer.from(payload, "base64");
      const samples = decodeMulaw(bytes, room(line, bytes.length));
      const made = room(page, resampler.most(samples.length));
      return pcmBase64(made.subarray(0, resampler.into(samples, made)));
    },
    flush: () => pcmBase64(resampler.flush()),
  };
}

export function createPageToLine(): PageToLine {
  const resampler = createResampler(PAGE_HZ, LINE_HZ, LINE);
  return {
    push(bytes) {
      const samples = pcmView(bytes) ?? pcmSamples(bytes);
      const made = room(line, resampler.most(samples.length));
      return encodeMulaw(made.subarray(0, resampler.into(samples, made)));
    },
  };
}
