// The playback queue: what is played when, to the sample, under any order of audio, marks and clears.
import * as fc from "fast-check";
import { MAX_BUFFERED_SAMPLES, Playback, type Played } from "../../../src/sim/twilio/playback.ts";

function recorded() {
  const played: Played[] = [];
  return { played, playback: new Playback((piece) => played.push({ at: piece.at, bytes: piece.bytes.slice() })) };
}

test("audio plays from the moment it arrives, or behind what is waiting", () => {
  const { played, playback } = recorded();
  playback.enqueue(Uint8Array.of(1, 2, 3), 100);
  playback.enqueue(Uint8Array.of(4), 101);
  expect(playback.buffered(101)).toBe(3);
  expect(playback.advance(102)).toEqual([]);
  playback.advance(110);
  playback.enqueue(Uint8Array.of(5), 120);
  playback.advance(121);
  expect(played.map(({ at, bytes }) => [at, ...bytes])).toEqual([
    [100, 1, 2],
    [102, 3],
    [103, 4],
    [120, 5],
  ]);
  expect(playback.played).toBe(5);
});

test("a mark is due when the last byte before it has been played, not one sample sooner", () => {
  const { playback } = recorded();
  playback.enqueue(new Uint8Array(10), 0);
  expect(playback.mark("a", 0)).toBe(false);
  playback.enqueue(new Uint8Array(5), 0);
  expect(playback.mark("b", 0)).toBe(false);
  expect(playback.nextMark).toBe(10);
  expect(playback.advance(9)).toEqual([]);
  expect(playback.advance(10)).toEqual(["a"]);
  expect(playback.advance(14)).toEqual([]);
  expect(playback.advance(15)).toEqual(["b"]);
  expect(playback.mark("c", 15)).toBe(true);
  expect(playback.nextMark).toBeUndefined();
});

test("clear drops the rest of the piece being played and all behind it, and gives back the marks", () => {
  const { played, playback } = recorded();
  const first = playback.enqueue(new Uint8Array(10).fill(1), 0)!;
  playback.mark("a", 0);
  const second = playback.enqueue(new Uint8Array(10).fill(2), 0)!;
  playback.mark("b", 0);
  playback.advance(4);
  expect(playback.clear(4)).toEqual({ dropped: 16, marks: ["a", "b"] });
  expect(playback.enqueue(Uint8Array.of(3), 6)).toMatchObject({ startsAt: 6 });
  expect(playback.advance(100)).toEqual([]);
  expect([first.played, second.played, playback.played]).toEqual([4, 0, 5]);
  expect(played.map(({ at, bytes }) => [at, bytes.length])).toEqual([
    [0, 4],
    [6, 1],
  ]);
  expect(playback.clear(100)).toEqual({ dropped: 0, marks: [] });
});

test("with a tail, what is already further down the line is still played and new audio waits for it", () => {
  const { playback } = recorded();
  const first = playback.enqueue(new Uint8Array(10), 0)!;
  playback.enqueue(new Uint8Array(10), 0);
  playback.advance(4);
  expect(playback.clear(4, 3)).toEqual({ dropped: 13, marks: [] });
  expect(playback.enqueue(new Uint8Array(1), 5)).toMatchObject({ startsAt: 7 });
  playback.advance(100);
  expect([first.played, playback.played]).toEqual([7, 8]);
});

test("ten minutes may wait; a piece that would go beyond is refused whole", () => {
  const { playback } = recorded();
  expect(playback.enqueue(new Uint8Array(MAX_BUFFERED_SAMPLES), 0)).toBeDefined();
  expect(playback.enqueue(new Uint8Array(1), 0)).toBeUndefined();
  expect(playback.enqueue(new Uint8Array(1), 1)).toBeDefined();
  expect(MAX_BUFFERED_SAMPLES).toBe(4_800_000);
});

test("whatever happens, each sample is played at most once, in order, and every mark comes back exactly once", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("play" as const), length: fc.integer({ min: 1, max: 50 }) }),
    fc.record({ do: fc.constant("mark" as const) }),
    fc.record({ do: fc.constant("clear" as const), tail: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ do: fc.constant("wait" as const), samples: fc.integer({ min: 1, max: 60 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { played, playback } = recorded();
      const returned: string[] = [];
      let now = 0;
      let queued = 0;
      let dropped = 0;
      let marks = 0;
      for (const one of steps) {
        returned.push(...playback.advance(now));
        if (one.do === "play") queued += playback.enqueue(new Uint8Array(one.length), now)!.bytes;
        else if (one.do === "wait") now += one.samples;
        else if (one.do === "mark") {
          const name = String(marks++);
          if (playback.mark(name, now)) returned.push(name);
        } else {
          const cleared = playback.clear(now, one.tail);
          dropped += cleared.dropped;
          returned.push(...cleared.marks);
        }
      }
      returned.push(...playback.advance(now + 100_000));
      expect(returned).toEqual(Array.from({ length: marks }, (_, i) => String(i)));
      expect(playback.played).toBe(queued - dropped);
      let end = 0;
      for (const { at, bytes } of played) {
        expect(at).toBeGreaterThanOrEqual(end);
        end = at + bytes.length;
      }
    }),
  );
});
