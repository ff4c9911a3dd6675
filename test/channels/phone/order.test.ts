// Gaps, duplicates and disorder: what is forwarded follows the sender's clock.
import * as fc from "fast-check";
import { CLOCK_BACK, DUPLICATE, LATE, MediaOrder } from "../../../src/channels/phone/order.ts";
import { silencePieces } from "../../../src/channels/phone/silence.ts";

const CAP = 10_000;
/** Places frames of 20 ms and gives the answers. */
const place = (frames: readonly (readonly [chunk: number, timestamp: number])[]) => {
  const order = new MediaOrder(CAP);
  return frames.map(([chunk, timestamp]) => order.place(chunk, timestamp, 160));
};

test.each<readonly [string, readonly (readonly [number, number])[], readonly number[]]>([
  [
    "in order",
    [
      [1, 0],
      [2, 20],
      [3, 40],
    ],
    [0, 0, 0],
  ],
  [
    "a stream that begins later than it says",
    [
      [1, 5000],
      [2, 5020],
    ],
    [0, 0],
  ],
  [
    "a first chunk that is not 1",
    [
      [7, 120],
      [8, 140],
    ],
    [0, 0],
  ],
  [
    "uneven timestamps",
    [
      [1, 0],
      [2, 23],
      [3, 38],
      [4, 61],
      [5, 80],
    ],
    [0, 0, 0, 0, 0],
  ],
  [
    "one frame missing",
    [
      [1, 0],
      [3, 40],
    ],
    [0, 160],
  ],
  [
    "a second missing",
    [
      [1, 0],
      [51, 1000],
    ],
    [0, 7840],
  ],
  [
    "a gap of 10 s and more is filled up to 10 s and forgotten",
    [
      [1, 0],
      [2, 30_000],
      [3, 30_020],
    ],
    [0, 80_000, 0],
  ],
  [
    "the same chunk again",
    [
      [1, 0],
      [2, 20],
      [2, 20],
      [3, 40],
    ],
    [0, 0, DUPLICATE, 0],
  ],
  [
    "two swapped",
    [
      [1, 0],
      [3, 40],
      [2, 20],
      [4, 60],
    ],
    [0, 160, LATE, 0],
  ],
  [
    "a much older one",
    [
      [1, 0],
      [2, 20],
      [3, 40],
      [1, 0],
      [4, 60],
    ],
    [0, 0, 0, LATE, 0],
  ],
  [
    "a clock that is set back",
    [
      [1, 1000],
      [2, 1020],
      [3, 0],
      [4, 20],
      [5, 60],
    ],
    [0, 0, CLOCK_BACK, 0, 160],
  ],
  [
    "a clock that stands",
    [
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 80],
    ],
    [0, 0, 0, 160],
  ],
])("%s", (_, frames, answers) => {
  expect(place(frames)).toEqual(answers);
});

test("a drift of 1 ms a frame is made up for, a frame at a time", () => {
  const frames = Array.from({ length: 400 }, (_, n) => [n + 1, n * 21] as const);
  const silence = place(frames).reduce((sum, bytes) => sum + bytes, 0);
  expect((silence + 400 * 160) / 8).toBeGreaterThan(399 * 21 + 20 - 20);
  expect((silence + 400 * 160) / 8).toBeLessThanOrEqual(399 * 21 + 20);
});

test("frames of any length are measured by their bytes", () => {
  const order = new MediaOrder(CAP);
  expect(order.place(1, 0, 8000)).toBe(0);
  expect(order.place(2, 1000, 81)).toBe(0);
  expect(order.place(3, 1010, 160)).toBe(0);
  expect(order.place(4, 1060, 160)).toBe(Math.round((1060 - (8000 + 81 + 160) / 8) * 8));
});

test("5 % swapped, 5 % lost, 5 % doubled: what is forwarded stays within 20 ms of the clock, all the way", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(99), { minLength: 500, maxLength: 1500 }), (dice) => {
      const frames: number[] = [];
      for (const [n, die] of dice.entries()) {
        if (die < 5) continue;
        frames.push(n);
        if (die < 10) frames.push(n);
        if (die < 15 && frames.length > 1) {
          const last = frames.length - 1;
          [frames[last], frames[last - 1]] = [frames[last - 1] as number, frames[last] as number];
        }
      }
      const order = new MediaOrder(CAP);
      const first = frames[0] ?? 0;
      let bytes = 0;
      for (const n of frames) {
        const answer = order.place(n + 1, n * 20, 160);
        if (answer < 0) continue;
        bytes += answer + 160;
        const expected = (n - first) * 20 + 20;
        if (n > first) expect(Math.abs(bytes / 8 - expected)).toBeLessThanOrEqual(20);
      }
    }),
    { numRuns: 50, seed: 2 },
  );
});

test("silence is 0xFF, of exactly the length asked for, in pieces of a second at most", () => {
  for (const bytes of [1, 7, 160, 7999, 8000, 8001, 80_000]) {
    const pieces = silencePieces(bytes).map((piece) => Buffer.from(piece, "base64"));
    const whole = Buffer.concat(pieces);
    expect(whole.length).toBe(bytes);
    expect(whole.every((byte) => byte === 0xff)).toBe(true);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(8000);
  }
  expect(silencePieces(0)).toEqual([]);
});
