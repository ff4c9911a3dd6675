// The tape against decoding: whatever is appended, read in any slices from any place, forgotten at any time.
import * as fc from "fast-check";
import { base64Bytes, createTape, type Tape } from "../../src/bridge/tape.ts";

const chunk = fc.uint8Array({ minLength: 0, maxLength: 6000 }).map((bytes) => Buffer.from(bytes));
const chunks = fc.array(chunk, { maxLength: 12 });

function fill(tape: Tape, parts: readonly Buffer[]): Buffer {
  for (const part of parts) tape.append(part.toString("base64"));
  return Buffer.concat(parts);
}

/** Everything from a position on, as it is sent: each slice must begin at or just before what was asked for. */
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
      const tape = createTape();
      const all = fill(tape, parts);
      expect(tape.length()).toBe(all.length);
      expect(readFrom(tape, 0).audio.equals(all)).toBe(true);
    }),
  );
});

test("read from any place it begins there or at most two bytes before", () => {
  fc.assert(
    fc.property(chunks, fc.array(fc.nat(72_000), { minLength: 1, maxLength: 5 }), (parts, places) => {
      const tape = createTape();
      const all = fill(tape, parts);
      for (const place of places) {
        const { audio, at } = readFrom(tape, place);
        if (place >= all.length) {
          expect(audio.length).toBe(0);
          continue;
        }
        expect(place - at).toBeGreaterThanOrEqual(0);
        expect(place - at).toBeLessThanOrEqual(2);
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
        const tape = createTape();
        const parts: Buffer[] = [];
        let forgotten = 0;
        for (const { part, forget } of script) {
          fill(tape, [part]);
          parts.push(part);
          tape.forget(forget);
          forgotten = Math.max(forgotten, forget);
        }
        const all = Buffer.concat(parts);
        expect(tape.length()).toBe(all.length);
        expect(tape.begin()).toBeLessThanOrEqual(Math.max(forgotten, 0));
        const from = Math.max(place, tape.begin());
        if (from >= all.length) return expect(tape.read(from)).toBeUndefined();
        const { audio, at } = readFrom(tape, from);
        expect(from - at).toBeLessThanOrEqual(2);
        expect(audio.equals(all.subarray(at))).toBe(true);
        // A place that is gone is answered with the first that is left.
        const slice = tape.read(place);
        expect(slice?.at).toBeGreaterThanOrEqual(tape.begin());
      },
    ),
  );
});

test("forgetting everything leaves nothing behind, and the tape can be gone on with", () => {
  const tape = createTape();
  fill(tape, [Buffer.alloc(500, 1)]);
  tape.forget(500);
  expect([tape.begin(), tape.length()]).toEqual([500, 500]);
  expect(tape.read(0)).toBeUndefined();
  fill(tape, [Buffer.alloc(30, 2)]);
  expect(tape.read(0)).toEqual({ payload: Buffer.alloc(30, 2).toString("base64"), bytes: 30, at: 500 });
});

test("an empty tape has nothing to read", () => {
  const tape = createTape();
  tape.append("");
  expect([tape.read(0), tape.length(), tape.begin()]).toEqual([undefined, 0, 0]);
});
