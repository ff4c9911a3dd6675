// Whether what the agent says gives away what is nobody's to hear: its instructions, word for word, or a secret of the program. Pure,
// outside of any model, and looked at before it is heard. What is meant to be said (facts, greetings, questions) is no disclosure, and
// what is told in other words is not seen here.
import { createFinder, type Hidden } from "./finder.ts";
import { initialsOf, lettersOf, mirror, plainWords, readings, stepsOf, type Said } from "./readings.ts";
import { createRecentWords } from "./recent-words.ts";

export interface Protected {
  /** Their lines are what is compared. */
  readonly instructions: string;
  /** Stands in the instructions and is there to be said. */
  readonly sayable: readonly string[];
  /** Keys, tokens and the like. */
  readonly secrets: readonly string[];
  /** A word of the instructions that stands nowhere else: it survives a translation. Of four letters at least, or empty. */
  readonly canary: string;
}

/** Of one call; remembers the end of what was said before, so that nothing is given away piece by piece. */
export interface DisclosureWatch {
  /**
   * What is given away by these words: a whole piece, or a longer beginning of the piece before. `goesOn`: more of it is to come, and what
   * is hidden may be looked for when there is enough of it.
   */
  read(text: string, goesOn?: boolean): Hidden;
  /** How often what is hidden was looked for: once for each piece, and once in LOOK_EVERY characters of one that goes on. */
  looks(): number;
}

export interface DisclosureRules {
  forCall(): DisclosureWatch;
}

/** Letters and digits in a row of one line: about a dozen words. A run of WINDOW + STRIDE is always found. */
const WINDOW = 48;
const STRIDE = 12;
/** As much of a secret as can be no coincidence. */
const SECRET_PART = 12;
const REMEMBERED = 800;
/** Characters of a piece that goes on, after which is looked for what is hidden. They are heard long after they are read. */
const LOOK_EVERY = 32;
/** Characters before what is new in which a piece may begin that is put into words, letter by letter. */
const IN_WORDS = 400;
/** First letters of words, or of lines, in a row. */
const INITIALS = 16;
/** Words in a row that make a scrap, and different scraps of one line, or of two that follow each other, that are no coincidence. */
const SCRAP_WORDS = 4;
const SCRAPS = 3;

export function createDisclosureRules({ instructions, sayable, secrets, canary }: Protected): DisclosureRules {
  const open = sayable.map(lettersOf).join("\n");
  const lines = instructions.split("\n").map(plainWords);
  const windows = new Set<string>();
  for (const line of lines)
    for (const window of piecesOf(line.join(""), WINDOW, STRIDE)) if (!open.includes(window)) windows.add(window);
  const initials = new Set(
    [...lines.map(initialsOf), initialsOf(lines.flatMap((line) => line.slice(0, 1)))].flatMap((row) =>
      piecesOf(row, INITIALS),
    ),
  );
  const scraps = scrapsOf(lines, open);
  /** Their first words, with those that come second. */
  const scrapBegins = new Map<string, Set<string>>();
  for (const scrap of scraps.keys()) {
    const [first = "", second = ""] = scrap.split(" ", 2);
    scrapBegins.set(first, (scrapBegins.get(first) ?? new Set()).add(second));
  }
  const mark = lettersOf(canary);
  const parts = new Set(secrets.flatMap((secret) => piecesOf(lettersOf(secret), SECRET_PART)));
  const inRow = createFinder({ secret: parts, instructions: windows }, mark);
  const mirrored = createFinder(
    { secret: new Set([...parts].map(mirror)), instructions: new Set([...windows].map(mirror)) },
    mirror(mark),
  );
  /** By any number of places in the alphabet. */
  const shifted = createFinder({
    secret: new Set([...parts].map(stepsOfPiece)),
    instructions: new Set([...windows].map(stepsOfPiece)),
  });
  const inInitials = createFinder({ instructions: initials });

  /** Scraps of a line, whatever stands between them. One that is said again, in whole or in part, is no other one. */
  function isMosaic(words: readonly string[]): boolean {
    /** For each line the places of its words that were said. */
    const found = new Map<number, Set<number>>();
    const count = (line: number): number => found.get(line)?.size ?? 0;
    for (let at = 0; at + SCRAP_WORDS <= words.length; at++) {
      if (!scrapBegins.get(words[at] ?? "")?.has(words[at + 1] ?? "")) continue;
      const scrap = scraps.get(words.slice(at, at + SCRAP_WORDS).join(" "));
      if (!scrap) continue;
      const places = found.get(scrap.line) ?? new Set();
      for (let word = 0; word < SCRAP_WORDS; word++) places.add(scrap.at + word);
      found.set(scrap.line, places);
      if (places.size + Math.max(count(scrap.line - 1), count(scrap.line + 1)) >= SCRAPS * SCRAP_WORDS) return true;
      at += SCRAP_WORDS - 1;
    }
    return false;
  }

  return {
    forCall() {
      let last = "";
      /** The end of all that was looked through, and its letters. */
      let heard = "";
      let tail = "";
      /** What came since. */
      let fresh = "";
      let freshLetters = "";
      let looks = 0;
      const recentWords = createRecentWords(REMEMBERED);

      /** Everything was looked through. */
      function settle(): Said {
        const all = `${heard}${fresh}`;
        const letters = `${tail}${freshLetters}`;
        const recent = recentWords(fresh, IN_WORDS + fresh.length);
        const said = { recent, letters, all, fresh, reach: WINDOW + freshLetters.length };
        heard = all.slice(-REMEMBERED);
        tail = letters.slice(-WINDOW);
        fresh = "";
        freshLetters = "";
        return said;
      }

      function look(): Hidden {
        looks++;
        const said = settle();
        const inMirror = mirrored(said.letters);
        if (inMirror) return inMirror;
        for (const { text, first, step } of readings(said)) {
          const found = inRow(text, first, step);
          if (found) return found;
        }
        return (
          inInitials(said.letters) ?? (isMosaic(said.recent.words) ? "instructions" : shifted(stepsOf(said.letters)))
        );
      }

      return {
        looks: () => looks,
        read(text, goesOn = false) {
          // A reply that is being transcribed comes again and again, each time with a few words more: what was read is not read twice.
          const isMore = last !== "" && text.startsWith(last);
          const more = isMore ? text.slice(last.length) : ` ${text}`;
          last = text;
          const letters = lettersOf(more);
          fresh += more;
          freshLetters += letters;
          const plainly = inRow(`${tail}${freshLetters}`.slice(-WINDOW - letters.length));
          if (plainly) settle();
          if (plainly || fresh === "" || (goesOn && fresh.length < LOOK_EVERY)) return plainly;
          return look();
        },
      };
    },
  };
}

function piecesOf(text: string, length: number, stride = 1): string[] {
  const pieces: string[] = [];
  for (let at = 0; at + length <= text.length; at += stride) pieces.push(text.slice(at, at + length));
  return pieces;
}

/** How the first letter of a piece follows what stands before it is nothing of the piece. */
const stepsOfPiece = (piece: string): string => stepsOf(piece).slice(1);

interface Scrap {
  readonly line: number;
  /** Of its first word. */
  readonly at: number;
}

/** Words in a row, with where they stand. What more than one line has, or may be said, tells nothing. */
function scrapsOf(lines: readonly (readonly string[])[], open: string): ReadonlyMap<string, Scrap> {
  const scraps = new Map<string, Scrap>();
  const common = new Set<string>();
  for (const [line, words] of lines.entries())
    for (let at = 0; at + SCRAP_WORDS <= words.length; at++) {
      const some = words.slice(at, at + SCRAP_WORDS);
      const scrap = some.join(" ");
      const known = scraps.get(scrap);
      if (open.includes(some.join("")) || (known && known.line !== line)) common.add(scrap);
      else scraps.set(scrap, { line, at });
    }
  for (const scrap of common) scraps.delete(scrap);
  return scraps;
}
