// The way of sound that can carry no stamp, because it is decoded, brought to another rate and coded again: its samples are counted.
// Both ends write down how much there was after each piece and when; the n-th sample that came is the n-th that was sent.

/** Samples of the line, 8000 a second, whatever rate they are sent at. */
export const SAMPLES_A_MS = 8;

export interface Trail {
  /** Shared clock, ms, and the samples there were by then, this piece included. */
  readonly atMs: number[];
  readonly samples: number[];
}

export function addTo({ atMs, samples }: Trail, nowMs: number, more: number): void {
  atMs.push(nowMs);
  samples.push((samples.at(-1) ?? 0) + more);
}

export const newTrail = (): Trail => ({ atMs: [], samples: [] });

/** Bytes of base64 in the text. */
export function bytesIn(data: Uint8Array, from: number, to: number): number {
  const padding = data[to - 1] !== 61 ? 0 : data[to - 2] !== 61 ? 1 : 2;
  return ((to - from) / 4) * 3 - padding;
}

/**
 * How old the newest sample was whenever something came, ms, of what was sent in this time. A piece is sent when its last sample is
 * spoken, so that what a filter holds back counts as delay. A piece that is lost makes everything after it older by its length.
 */
export function agesOf(sent: Trail, received: Trail, fromMs: number, toMs: number): number[] {
  const ages: number[] = [];
  let at = 0;
  for (const [index, count] of received.samples.entries()) {
    while ((sent.samples[at] ?? Infinity) < count) at++;
    const sentMs = sent.atMs[at];
    if (sentMs === undefined || sentMs < fromMs || sentMs >= toMs) continue;
    const spokenMs = sentMs - ((sent.samples[at] as number) - count) / SAMPLES_A_MS;
    ages.push((received.atMs[index] as number) - spokenMs);
  }
  return ages;
}

/** ms of sound that were sent and did not come; less than nothing when more came than was sent. */
export function missingMs(sent: Trail, received: Trail): number {
  return ((sent.samples.at(-1) ?? 0) - (received.samples.at(-1) ?? 0)) / SAMPLES_A_MS;
}

/** Telephone sound by which a caller says that no more of theirs comes: what silence the server adds is not counted. Base64 of 20 ms. */
export const END_OF_SOUND = Buffer.from(Array.from({ length: 160 }, (_, at) => (at * 97 + 13) & 255)).toString(
  "base64",
);
