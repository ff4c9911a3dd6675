// The ledger of one generation against the truth: what was sent, what is acknowledged, where the playhead is.
import * as fc from "fast-check";
import {
  isPlayedOut,
  newPlayback,
  playhead,
  recordAck,
  recordMark,
  recordPlayed,
  recordSent,
  unmarked,
  unplayed,
  type Playback,
} from "../../src/bridge/playback.ts";

describe("the playhead", () => {
  test("stands at nothing before anything was sent", () => {
    expect(playhead(newPlayback(1, 1000), 99_999)).toBe(0);
  });
  test("moves at 8 bytes a millisecond from the moment of sending", () => {
    const ledger = recordSent(newPlayback(1, 0), 8000, 500);
    expect(playhead(ledger, 500)).toBe(0);
    expect(playhead(ledger, 600)).toBe(800);
    expect(unplayed(ledger, 600)).toBe(7200);
  });
  test("stops where what was sent ends", () => {
    expect(playhead(recordSent(newPlayback(1, 0), 80, 0), 60_000)).toBe(80);
  });
  test("does not believe in sound beyond a mark that has not come back", () => {
    const ledger = recordSent(recordMark(recordSent(newPlayback(1, 0), 800, 0)), 8000, 0);
    expect(playhead(ledger, 90)).toBe(720);
    expect(playhead(ledger, 5000)).toBe(800);
    expect(playhead(recordAck(ledger, "g1:m0", 150), 160)).toBe(880);
  });
  test("begins anew after the far end ran dry", () => {
    const first = recordSent(newPlayback(1, 0), 800, 0);
    const second = recordSent(first, 800, 1000);
    expect(playhead(second, 1050)).toBe(1200);
  });
  test("a clock that steps back moves nothing", () => {
    expect(playhead(recordSent(newPlayback(1, 0), 800, 1000), 10)).toBe(0);
  });
});

describe("marks", () => {
  const two = recordMark(recordSent(recordMark(recordSent(newPlayback(7, 0), 800, 0)), 800, 0));
  test("have names of their own, with the generation in them", () => {
    expect(two.pending.map(({ name, at }) => [name, at])).toEqual([
      ["g7:m0", 800],
      ["g7:m1", 1600],
    ]);
    expect(unmarked(recordSent(two, 5, 0))).toBe(5);
  });
  test("of another generation, unknown or come back twice change nothing", () => {
    const acked = recordAck(two, "g7:m0", 100);
    for (const name of ["g6:m1", "g8:m1", "m1", "", "g7:m9", "g7:m0"]) expect(recordAck(acked, name, 200)).toBe(acked);
  });
  test("that come back prove all before them", () => {
    const acked = recordAck(two, "g7:m1", 300);
    expect(acked.acked).toBe(1600);
    expect(acked.pending).toEqual([]);
    expect(recordAck(acked, "g7:m0", 301)).toBe(acked);
  });
});

describe("played out", () => {
  /** 200 ms sent at 0, all of them marked at 100 and 200, the first mark back at 180: the way there and back takes 80. */
  const first = recordMark(recordSent(recordMark(recordSent(newPlayback(1, 0), 800, 0)), 800, 0));
  const known = recordAck(first, "g1:m0", 180);

  test("is what was proven, and nothing that was never sent is in the way", () => {
    expect(isPlayedOut(newPlayback(1, 0), 5)).toBe(true);
    expect(isPlayedOut(recordAck(known, "g1:m1", 280), 280)).toBe(true);
  });
  test("is what was due half a way there and back ago, as long as no mark is late", () => {
    expect([200, 239, 240, 300, 380, 381, 5000].map((now) => [now, isPlayedOut(known, now)])).toEqual([
      [200, false],
      [239, false],
      [240, true],
      [300, true],
      [380, true],
      [381, false],
      [5000, false],
    ]);
  });
  test("is not known before a mark was ever back, where marks take long, or while the end has no mark", () => {
    expect([240, 300, 380].filter((now) => isPlayedOut(first, now))).toEqual([]);
    const slow = recordAck(first, "g1:m0", 100 + 401);
    for (let now = 501; now < 2000; now += 10) expect(isPlayedOut(slow, now)).toBe(false);
    expect(isPlayedOut(recordSent(known, 8, 180), 400)).toBe(false);
  });
  test("what is known of the way is good for the next generation", () => {
    const next = recordMark(recordSent(newPlayback(2, 1000, known.lagMs), 800, 1000));
    expect(isPlayedOut(next, 1139)).toBe(false);
    expect(isPlayedOut(next, 1140)).toBe(true);
  });
  test("taken for played, marks that still come change nothing, and more may be sent", () => {
    const over = recordPlayed(known);
    expect([over.acked, playhead(over, 0), over.pending]).toEqual([1600, 1600, []]);
    expect(recordAck(over, "g1:m1", 290)).toBe(over);
    expect(unplayed(recordSent(over, 800, 300), 350)).toBe(400);
  });
});

/** A line with real first-in-first-out timing; what it does is random, what the ledger believes is compared with it. */
interface Step {
  readonly waitMs: number;
  readonly bytes: number;
  readonly mark: boolean;
}
const steps = fc.array(
  fc.record({
    waitMs: fc.integer({ min: 0, max: 700 }),
    bytes: fc.integer({ min: 1, max: 6000 }),
    mark: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);

function follow(
  script: readonly Step[],
  { uplinkMs, downlinkMs }: { uplinkMs: number; downlinkMs: number },
  check: (at: { ledger: Playback; now: number; truth: number }) => void,
): void {
  let ledger = newPlayback(1, 0);
  let now = 0;
  let farEnd = 0;
  let sent = 0;
  const pieces: { start: number; from: number; bytes: number }[] = [];
  let acks: { at: number; name: string }[] = [];
  const truth = (at: number): number =>
    pieces.reduce((sum, { start, bytes }) => sum + Math.max(0, Math.min(bytes, (at - start) * 8)), 0);
  const passTo = (until: number): void => {
    for (; now < until; now++) {
      for (const { name } of acks.filter(({ at }) => at <= now)) ledger = recordAck(ledger, name, now);
      acks = acks.filter(({ at }) => at > now);
      check({ ledger, now, truth: truth(now) });
    }
  };
  for (const { waitMs, bytes, mark } of script) {
    passTo(now + waitMs);
    ledger = recordSent(ledger, bytes, now);
    const start = Math.max(now + uplinkMs, farEnd);
    farEnd = start + bytes / 8;
    pieces.push({ start, from: sent, bytes });
    sent += bytes;
    if (mark || unmarked(ledger) >= 1600) {
      ledger = recordMark(ledger);
      acks.push({ at: farEnd + downlinkMs, name: ledger.pending.at(-1)?.name ?? "" });
    }
  }
  passTo(now + 2000);
}

describe("for any sending", () => {
  test("heard is never more than sent, never goes back, and proven never exceeds believed", () => {
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 0, max: 120 }),
        fc.integer({ min: 0, max: 120 }),
        (script, uplinkMs, downlinkMs) => {
          let last = 0;
          follow(script, { uplinkMs, downlinkMs }, ({ ledger, now }) => {
            const head = playhead(ledger, now);
            // Looked at every millisecond: an expect each would take most of the time.
            const isRight = head <= ledger.sent && head >= ledger.acked && head >= last && Number.isInteger(head);
            if (!isRight) throw new Error(`the playhead went from ${last} to ${head}`);
            last = head;
          });
        },
      ),
      { numRuns: 60 },
    );
  });
  test("what is proven was really played", () => {
    fc.assert(
      fc.property(steps, (script) => {
        follow(script, { uplinkMs: 30, downlinkMs: 30 }, ({ ledger, truth }) => {
          if (ledger.acked > truth) throw new Error(`${ledger.acked} proven, ${truth} played`);
        });
      }),
      { numRuns: 60 },
    );
  });
  test("what is said to be played out is, but for half of the way there and back", () => {
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 0, max: 150 }),
        fc.integer({ min: 0, max: 150 }),
        (script, uplinkMs, downlinkMs) => {
          follow(script, { uplinkMs, downlinkMs }, ({ ledger, now, truth }) => {
            if (ledger.sent === 0 || !isPlayedOut(ledger, now)) return;
            const unheardMs = (ledger.sent - truth) / 8;
            if (unheardMs > Math.max(0, (uplinkMs - downlinkMs) / 2) + 1)
              throw new Error(`${unheardMs} ms are unheard`);
          });
        },
      ),
      { numRuns: 60 },
    );
  });
  test("the playhead is at most the way there and back off the truth, and exact with no way between", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 60 }), (script, wayMs) => {
        follow(script, { uplinkMs: wayMs, downlinkMs: wayMs }, ({ ledger, now, truth }) => {
          const offMs = Math.abs(playhead(ledger, now) - truth) / 8;
          if (offMs > 2 * wayMs + 2) throw new Error(`the playhead is ${offMs} ms off`);
        });
      }),
      { numRuns: 60 },
    );
  });
});
