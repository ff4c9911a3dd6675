// Finds out whether one of many pieces stands in a text, whose letters may stand apart or backwards in it. Pure; what the pieces are, and
// what readings of a text they are looked for in, is decided elsewhere.

export type Hidden = "instructions" | "secret" | undefined;

const HASHES = 0x10000;
/** Letters that are looked at together. */
const BLOCK = 4;
const hashAt = (text: string, at: number, step: number): number =>
  (Math.imul(text.charCodeAt(at), 0x6f4f) ^
    Math.imul(text.charCodeAt(at + step), 0x2c1b) ^
    Math.imul(text.charCodeAt(at + 2 * step), 0x0d35) ^
    Math.imul(text.charCodeAt(at + 3 * step), 0x01fd)) &
  (HASHES - 1);

/** As many letters as there are, up to `length`. */
function take(text: string, at: number, step: number, length: number): string {
  if (step === 1) return text.slice(at, at + length);
  let taken = "";
  for (let place = 0; place < length; place++) taken += text.charAt(at + place * step);
  return taken;
}

/** In the letters of a text from `first` on, each `step` further than the one before. */
export type Finder = (text: string, first?: number, step?: number) => Hidden;

/**
 * Looks for pieces in a text, those of one kind all of one length (Wu and Manber's way: most letters need not be looked at, as a block of
 * them tells how far on the first piece may end that has it in it).
 * @param mark of the instructions: stands above what else is found.
 */
export function createFinder(
  kinds: Partial<Record<"instructions" | "secret", ReadonlySet<string>>>,
  mark = "",
): Finder {
  const all = Object.entries(kinds).flatMap(([kind, pieces]) => {
    const [first] = pieces;
    return first === undefined ? [] : [{ kind: kind as Hidden, pieces, length: first.length }];
  });
  const pieces = [mark, ...all.flatMap((one) => [...one.pieces])].filter(Boolean);
  const least = Math.min(mark.length || Infinity, ...all.map(({ length }) => length));
  if (pieces.length === 0) return () => undefined;
  const begins = new Set(pieces.map((piece) => piece.slice(0, least)));
  /** For each block, how many letters behind it a beginning ends at the soonest. */
  const further = new Uint8Array(HASHES).fill(least - BLOCK + 1);
  for (const begin of begins)
    for (let at = 0; at + BLOCK <= least; at++) {
      const hash = hashAt(begin, at, 1);
      further[hash] = Math.min(further[hash] ?? 0, least - BLOCK - at);
    }
  return (text, first = 0, step = 1) => {
    let found: Hidden;
    const toEnd = (BLOCK - 1) * step;
    for (let block = first + (least - BLOCK) * step; block + toEnd >= 0 && block + toEnd < text.length;) {
      const skip = further[hashAt(text, block, step)] ?? 0;
      const at = block - (least - BLOCK) * step;
      block += step * (skip || 1);
      if (skip > 0 || !begins.has(take(text, at, step, least))) continue;
      if (mark && take(text, at, step, mark.length) === mark) return "instructions";
      found ??= all.find(({ pieces: some, length }) => some.has(take(text, at, step, length)))?.kind;
    }
    return found;
  };
}
