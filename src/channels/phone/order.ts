// The time line of one stream's caller audio: finds gaps, duplicates and disorder by chunk number and timestamp. It counts and
// measures; it holds no audio and is asked once for each frame, so it answers with a number and allocates nothing.

/** Bytes of mu-law in a ms. */
const BYTES_PER_MS = 8;
/** A timestamp may be off by less than this without a gap being there: senders round, and frames are 20 ms. */
const JITTER_MS = 20;

/** This chunk has been forwarded before: drop it. */
export const DUPLICATE = -1;
/** Older than what has been forwarded, and its place was filled with silence: drop it. */
export const LATE = -2;
/** The sender's clock went back: forward it, and count from here. Dropping would leave the caller unheard. */
export const CLOCK_BACK = -3;

export interface MediaOrder {
  /**
   * Where a frame of `bytes` belongs. Not negative: forward it after this many bytes of silence.
   * @param timestamp ms since the start of the stream.
   */
  place(chunk: number, timestamp: number, bytes: number): number;
}

/** @param capMs a gap longer than this is filled up to it only; the rest of it is forgotten. */
export function createMediaOrder(capMs: number): MediaOrder {
  let lastChunk = -1;
  let lastTimestamp = 0;
  /** ms at which the forwarded audio began, on the sender's clock. */
  let base = 0;
  /** Bytes forwarded since then, silence included. */
  let forwarded = 0;

  return {
    place(chunk, timestamp, bytes) {
      if (lastChunk < 0) base = timestamp;
      else if (chunk === lastChunk) return DUPLICATE;
      else if (chunk < lastChunk) return LATE;
      const wentBack = timestamp < lastTimestamp;
      lastChunk = chunk;
      lastTimestamp = timestamp;
      if (wentBack) {
        base = timestamp - forwarded / BYTES_PER_MS;
        forwarded += bytes;
        return CLOCK_BACK;
      }
      // Measured from the beginning and not from frame to frame, so that rounding never adds up to a drift.
      let gapMs = timestamp - base - forwarded / BYTES_PER_MS;
      if (gapMs < JITTER_MS) gapMs = 0;
      if (gapMs > capMs) {
        base += gapMs - capMs;
        gapMs = capMs;
      }
      const silence = Math.round(gapMs * BYTES_PER_MS);
      forwarded += silence + bytes;
      return silence;
    },
  };
}
