// How much a client may send: a bucket of events and one of bytes, filled with time. Pure but for the time it is told.

/** Audio in pieces of 10 ms is a hundred events a second. */
const EVENTS_PER_SECOND = 200;
const EVENTS_AT_ONCE = 600;
/** base64 of pcm16 at 24 kHz is 64,000 a second; a client may send a recording eight times as fast as it was spoken. */
const BYTES_PER_SECOND = 512_000;
const BYTES_AT_ONCE = 8_000_000;

export interface Pace {
  /** False where it is too much; then nothing was taken. */
  take(bytes: number, nowMs: number): boolean;
}

export function createPace(startMs: number): Pace {
  let events = EVENTS_AT_ONCE;
  let bytes = BYTES_AT_ONCE;
  let at = startMs;
  return {
    take(size, nowMs) {
      const seconds = Math.max(0, nowMs - at) / 1000;
      at = nowMs;
      events = Math.min(EVENTS_AT_ONCE, events + seconds * EVENTS_PER_SECOND);
      bytes = Math.min(BYTES_AT_ONCE, bytes + seconds * BYTES_PER_SECOND);
      if (events < 1 || bytes < size) return false;
      events -= 1;
      bytes -= size;
      return true;
    },
  };
}
