// The tape against decoding: whatever is appended, read in any slices from any place, forgotten at any time.
import * as fc from "fast-check";
import { base64Bytes, Tape } from "../../src/bridge/tape.ts";

const chunk = fc.uint8Array({ minLength: 0, maxLength: 6000 }).map((bytes) => Buffer.from(bytes));
const chunks = fc.array(chunk, { maxLength: 12 });

function fill(tape: Tape, parts: readonly Buffer[]): Buffer {
  for (const part of parts) tape.append(part.toString("base64"));
  return Buffer.concat(parts);
}

/** Everything from a position on, as it is sent: each slice must begin where it was asked for. */
function readFrom(tape: Tape, position: number): { audio: Buffer; at: number } {
  const out: Buffer[] = [];
  let at = -1;
  let next = position;
  for (let slice = tape.read(next); slice; slice = tape.read(next)) {
    if (at < 0) at = slice.at;
    else expect(slice.at).toBe(next);
    const decoded = Buffer.from(slice.payload, "base64");
    expect(decoded.toString("base64")).toBe(slice.payload);
    expect(decoded.length).toBe(slice.bytes);
    expect(slice.bytes).toBeLessThanOrEqual(2400);
    out.push(decoded);
    next = slice.at + slice.bytes;
  }
  return { audio: Buffer.concat(out), at };
}

test("what is no base64 takes no room, and nothing of another call comes in its place", () => {
  const theirs = new Tape();
  fill(theirs, [Buffer.alloc(4000, 0x11), Buffer.alloc(4000, 0x11)]);
  theirs.forget(8000);
  const mine = new Tape();
  mine.append(Buffer.alloc(4000, 0x22).toString("base64"));
  for (const odd of ["====", "!!!!", "\u00e9\u00e9\u00e9\u00e9"]) expect(mine.append(odd)).toBe(0);
  mine.append(Buffer.alloc(4000, 0x33).toString("base64"));
  expect(readFrom(mine, 0).audio).toEqual(Buffer.concat([Buffer.alloc(4000, 0x22), Buffer.alloc(4000, 0x33)]));
});

test("the length of base64 text, padded or not", () => {
  fc.assert(
    fc.property(chunk, (bytes) => {
      expect(base64Bytes(bytes.toString("base64"))).toBe(bytes.length);
      expect(base64Bytes(bytes.toString("base64").replace(/=+$/, ""))).toBe(bytes.length);
    }),
  );
  expect(base64Bytes("")).toBe(0);
});

test("read to its end it gives the bytes that went in, in whatever pieces they came", () => {
  fc.assert(
    fc.property(chunks, (parts) => {
      const tape = new Tape();
      const all = fill(tape, parts);
      expect(tape.length).toBe(all.length);
      expect(readFrom(tape, 0).audio.equals(all)).toBe(true);
    }),
  );
});

test("read from any place it begins there", () => {
  fc.assert(
    fc.property(chunks, fc.array(fc.nat(72_000), { minLength: 1, maxLength: 5 }), (parts, places) => {
      const tape = new Tape();
      const all = fill(tape, parts);
      for (const place of places) {
        const { audio, at } = readFrom(tape, place);
        if (place >= all.length) {
          expect(audio.length).toBe(0);
          continue;
        }
        expect(at).toBe(place);
        expect(audio.equals(all.subarray(at))).toBe(true);
      }
    }),
  );
});

test("forgetting never loses what was not forgotten, and positions stay what they were", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ part: chunk, forget: fc.nat(80_000) }), { minLength: 1, maxLength: 60 }),
      fc.nat(80_000),
      (script, place) => {
        const tape = new Tape();
        const parts: Buffer[] = [];
        let forgotten = 0;
        for (const { part, forget } of script) {
          fill(tape, [part]);
          parts.push(part);
          tape.forget(forget);
          forgotten = Math.max(forgotten, forget);
        }
        const all = Buffer.concat(parts);
        expect(tape.length).toBe(all.length);
        expect(tape.begin).toBeLessThanOrEqual(Math.max(forgotten, 0));
        const from = Math.max(place, tape.begin);
        if (from >= all.length) return expect(tape.read(from)).toBeUndefined();
        const { audio, at } = readFrom(tape, from);
        expect(at).toBe(from);
        expect(audio.equals(all.subarray(at))).toBe(true);
        // A place that is gone is answered with the first that is left.
        const slice = tape.read(place);
        expect(slice?.at).toBeGreaterThanOrEqual(tape.begin);
      },
    ),
  );
});

test("forgetting everything leaves nothing behind, and the tape can be gone on with", () => {
  const tape = new Tape();
  fill(tape, [Buffer.alloc(500, 1)]);
  tape.forget(500);
  expect([tape.begin, tape.length]).toEqual([500, 500]);
  expect(tape.read(0)).toBeUndefined();
  fill(tape, [Buffer.alloc(30, 2)]);
  expect(tape.read(0)).toEqual({ payload: Buffer.alloc(30, 2).toString("base64"), bytes: 30, at: 500 });
});

test("an empty tape has nothing to read", () => {
  const tape = new Tape();
  tape.append("");
  expect([tape.read(0), tape.length, tape.begin]).toEqual([undefined, 0, 0]);
});

test("what is no base64 is neither counted nor filled up with what another call had left there", () => {
  const before = new Tape();
  fill(before, [Buffer.alloc(4000, 7)]);
  before.forget(4000);
  const tape = new Tape();
  expect(tape.append("AAA*")).toBe(2);
  expect(tape.append("****")).toBe(0);
  expect(tape.append("AQID")).toBe(3);
  expect(tape.length).toBe(5);
  expect(tape.read(0)?.payload).toBe(Buffer.from([0, 0, 1, 2, 3]).toString("base64"));
});

test("tapes that take each other's pages keep their own sound", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ on: fc.nat(2), part: chunk, keep: fc.nat(9000) }), { maxLength: 60 }),
      (script) => {
        const tapes = [new Tape(), new Tape(), new Tape()];
        const sounds = tapes.map(() => Buffer.alloc(0));
        for (const { on, part, keep } of script) {
          const tape = tapes[on] as Tape;
          fill(tape, [part]);
          sounds[on] = Buffer.concat([sounds[on] as Buffer, part]);
          tape.forget(tape.length - keep);
        }
        tapes.forEach((tape, on) => {
          const all = sounds[on] as Buffer;
          if (tape.begin < tape.length)
            expect(readFrom(tape, tape.begin).audio.equals(all.subarray(tape.begin))).toBe(true);
        });
      },
    ),
  );
});
