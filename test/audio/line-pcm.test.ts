// Telephone sound to a page's and back: the same as decoding, resampling and coding one after the other, in whatever pieces it comes.
import { createLineToPage, createPageToLine } from "../../src/audio/line-pcm.ts";
import { decodeMulaw, encodeMulaw } from "../../src/audio/mulaw.ts";
import { pcmBytes } from "../../src/audio/pcm.ts";
import { LINE, resample } from "../../src/audio/resample.ts";

const spoken = Int16Array.from({ length: 16_000 }, (_, i) => 9000 * Math.sin(i / 9) * Math.sin(i / 500));
const line = encodeMulaw(spoken);
const page = pcmBytes(resample(decodeMulaw(line), 8000, 24_000, LINE));

/** Pieces of a few lengths, the longest beyond what is shared. */
function piecesOf(bytes: Uint8Array, unit: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const length = unit * ([160, 1, 400, 3000, 161][n % 5] as number);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

test("a line's sound for a page", () => {
  const toPage = createLineToPage();
  const got = piecesOf(line, 1).map((piece) => toPage.push(Buffer.from(piece).toString("base64")));
  got.push(toPage.flush());
  expect(Buffer.concat(got.map((part) => Buffer.from(part, "base64"))).equals(page)).toBe(true);
  expect(toPage.flush()).toBe("");
  expect(toPage.push("")).toBe("");
});

test.each([0, 1])("a page's sound for the line, %i bytes off an even address", (off) => {
  const toLine = createPageToLine();
  const got = piecesOf(page, 6).map((piece) => {
    const moved = new Uint8Array(piece.length + off);
    moved.set(piece, off);
    return toLine.push(moved.subarray(off));
  });
  const all = Buffer.concat(got);
  const samples = new Int16Array(page.slice().buffer);
  const whole = Buffer.from(encodeMulaw(resample(samples, 24_000, 8000, LINE)));
  // The look-ahead is still in the filter.
  expect(whole.length - all.length).toBe(10);
  expect(all.equals(whole.subarray(0, all.length))).toBe(true);
});

test("half a sample at the end is left out, and two talks do not hear each other", () => {
  const [alone, one] = [createPageToLine(), createPageToLine()];
  const other = createLineToPage();
  for (let at = 0; at < 9600; at += 960) {
    const piece = page.subarray(at, at + 960);
    const odd = new Uint8Array(961);
    odd.set(piece);
    const made = one.push(odd);
    other.push(Buffer.from(line.subarray(at, at + 700)).toString("base64"));
    expect(made).toEqual(alone.push(piece));
  }
});
