// What the bench writes into the audio itself, in base64, so that a frame tells when it was sent and by whom, whatever carries
// it: a clock of 24 bits in microseconds, then two small numbers. Both far sides read one monotonic clock.
//
// Header of a caller's frame: 4 characters of clock, 2 of the call's number. Header of the agent's audio: the same with the
// reply's number, then 2 characters that say that there is a header. Twelve bits a number, 18 or 24 bits of audio spoilt.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PAIRS: readonly string[] = Array.from(
  { length: 4096 },
  (_, value) => `${DIGITS.charAt(value >>> 6)}${DIGITS.charAt(value & 63)}`,
);
const VALUES = new Uint8Array(256);
for (let value = 0; value < 64; value++) VALUES[DIGITS.charCodeAt(value)] = value;

/** Numbers of calls and replies run from 0 to here. */
export const MOST_NUMBERS = 4096;
/** Calls with a number from here on carry it in their first frame only: their sound is counted, not read (trail.ts). */
export const COUNTED_FROM = 2048;
/** Characters of either header. */
export const CALLER_HEADER = 6;
export const AGENT_HEADER = 8;

const CLOCK_RANGE = 0x1000000;
const AGENT_MAGIC = "vB";
const MAGIC_FIRST = AGENT_MAGIC.charCodeAt(0);
const MAGIC_SECOND = AGENT_MAGIC.charCodeAt(1);

// performance.now() starts at zero in each process, the clock behind it does not. The pair that was read fastest is the truest.
const OFFSET_MS = Array.from({ length: 200 }, () => {
  const before = performance.now();
  const shared = Number(process.hrtime.bigint()) / 1e6;
  const after = performance.now();
  return { took: after - before, offset: shared - (before + after) / 2 };
}).reduce((best, one) => (one.took < best.took ? one : best)).offset;

/** ms on a monotonic clock that all processes of this machine share, with fractions. */
export function sharedNow(): number {
  return performance.now() + OFFSET_MS;
}

export function callerHeader(nowMs: number, call: number): string {
  return clockText(nowMs) + (PAIRS[call] as string);
}

export function agentHeader(nowMs: number, reply: number): string {
  return clockText(nowMs) + (PAIRS[reply % MOST_NUMBERS] as string) + AGENT_MAGIC;
}

function clockText(nowMs: number): string {
  const us = Math.round(nowMs * 1000) % CLOCK_RANGE;
  return (PAIRS[us >>> 12] as string) + (PAIRS[us & 4095] as string);
}

/** ms since the header at `at` was written; right for anything younger than 8 s. */
export function ageOf(frame: Uint8Array, at: number, nowMs: number): number {
  const sent = number12(frame, at) * 4096 + number12(frame, at + 2);
  const now = Math.round(nowMs * 1000) % CLOCK_RANGE;
  return (((now - sent + 1.5 * CLOCK_RANGE) % CLOCK_RANGE) - CLOCK_RANGE / 2) / 1000;
}

/** The call's or the reply's number in the header at `at`. */
export function numberIn(frame: Uint8Array, at: number): number {
  return number12(frame, at + 4);
}

/** False for audio without a header: a stored clip, or the rest of a delta that was cut in two. */
export function hasAgentHeader(frame: Uint8Array, at: number): boolean {
  return frame[at + 6] === MAGIC_FIRST && frame[at + 7] === MAGIC_SECOND;
}

function number12(frame: Uint8Array, at: number): number {
  return ((VALUES[frame[at] as number] as number) << 6) | (VALUES[frame[at + 1] as number] as number);
}
