// A reply that streams in as text, cut into pieces to be spoken one after the other: the first sentence alone and at once,
// later ones in growing pieces, so that the voice has room to phrase. Pure, and the same whatever the chunks of the stream.
import { speakable } from "./speakable.ts";

export interface Sentences {
  /** @returns the pieces that are complete now, in order; often none. */
  push(delta: string): string[];
  /**
   * Takes what is complete without waiting for a bigger piece or for the next word: for a voice that has run dry, or a
   * stream that pauses for a tool.
   */
  take(): string[];
  /** The text is over: the rest. */
  end(): string[];
}

/** Sentences in the first, second and every later piece. */
const GROWTH = [1, 2, 4];
const PIECE_LENGTH = 300;

export function createSentences(): Sentences {
  let text = "";
  let held: string[] = [];
  let pieces = 0;

  function release(out: string[]): void {
    if (held.length === 0) return;
    out.push(held.join(" "));
    held = [];
    pieces += 1;
  }

  function add(raw: string, out: string[]): void {
    const sentence = speakable(raw);
    if (sentence === "") return;
    if (held.length > 0 && held.join(" ").length + 1 + sentence.length > PIECE_LENGTH) release(out);
    held.push(sentence);
    if (held.length >= (GROWTH[pieces] ?? 4)) release(out);
  }

  function consume(until: "certain" | "paused" | "over", out: string[]): void {
    for (;;) {
      const cut = findCut(text, until);
      if (cut === undefined) return;
      add(text.slice(0, cut), out);
      text = text.slice(cut);
    }
  }

  return {
    push(delta) {
      text += delta;
      const out: string[] = [];
      consume("certain", out);
      return out;
    },
    take() {
      const out: string[] = [];
      consume("paused", out);
      release(out);
      return out;
    },
    end() {
      const out: string[] = [];
      consume("over", out);
      release(out);
      return out;
    },
  };
}

/** A sentence may be this long before it is cut at a comma or a space. */
const SENTENCE_LENGTH = 200;
/** Without any space (an address, a language that writes none) a cut is made here at the latest. */
const TOKEN_LENGTH = 2000;
const LINK_LENGTH = 600;

const TITLES =
  /(?:^|[\s("'“‘[*_])(?:Dr|Mr|Mrs|Ms|Mx|Prof|Rev|Hon|Gen|Col|Capt|Lt|Sgt|Sen|Rep|Gov|St|Mt|vs|cf|approx|ca|Fig|e\.g|i\.e|z\.B|bzw|\p{Lu}|(?:\p{L}\.)+\p{Lu})$/u;
const MAYBE_LAST = /(?:^|[\s("'“‘[*_])(?:[ap]\.m|etc|Inc|Ltd|Co|Corp|Jr|Sr|Ave|Blvd|No|Nr|Nos)$/i;
const LIST_NUMBER = /(?:^|\n|[:;,])[\s*_]*\d{1,2}$/;
/** "3." of "3.5", "p." of "p.m.": not to be trusted as an end while the next character is unknown. */
const UNFINISHED = /(?:\d|(?:^|\P{L})\p{L})$/u;
const WORDLESS = /[\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]/;
const CUT_AFTER = /[\s\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]/;
const LINK = /\[[^[\]\n]{0,600}\]\([^\n]{0,600}?\)/g;
const CLOSERS = /["'”’»)\]*_]/;
const CJK_CLOSERS = /[」』”’）]/;

/**
 * Where the first sentence of the text ends. Undefined: not in this text, or not decided by it yet. What is found in a text
 * is found at the same place in every continuation of it ("certain"); "paused" decides without looking at what may follow,
 * "over" takes the rest.
 */
function findCut(text: string, until: "certain" | "paused" | "over"): number | undefined {
  let tooLong = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    // Once looked for in vain, a place to cut can only come with another space, or another character of a wordless script.
    if (at >= SENTENCE_LENGTH && (!tooLong || at === TOKEN_LENGTH || CUT_AFTER.test(text[at - 1] as string))) {
      tooLong = true;
      const cut = longCut(text, at);
      if (cut !== undefined) return cut;
    }
    if (character === "\n") return at + 1;
    if (character === "[") {
      const end = linkEnd(text, at, until !== "over");
      if (end === undefined) break;
      at = end - 1;
    } else if ("。！？".includes(character)) {
      let end = at + 1;
      while (end < text.length && ("。！？".includes(text[end] as string) || CJK_CLOSERS.test(text[end] as string)))
        end++;
      if (end < text.length || until !== "certain") return end;
      break;
    } else if (".!?…".includes(character)) {
      const end = stopEnd(text, at);
      const decided = endsSentence(text, at, end, until);
      if (decided === "later") break;
      if (decided) return end;
      at = end - 1;
    }
  }
  return until === "over" && text.length > 0 ? text.length : undefined;
}

/** After the stop at `at`, its repetitions and the closing marks that belong to it. */
function stopEnd(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length && ".!?…".includes(text[end] as string)) end++;
  while (end < text.length && CLOSERS.test(text[end] as string)) end++;
  return end;
}

function endsSentence(text: string, at: number, end: number, until: "certain" | "paused" | "over"): boolean | "later" {
  const before = text.slice(0, at);
  const fullStop = text[at] === "." && text[at + 1] !== ".";
  if (end === text.length) {
    // "3." may become "3.5", "Dr." and "e.g." go on: what the next character decides is left open until it comes.
    if (until === "certain") return "later";
    return until === "over" || !fullStop || !(TITLES.test(before) || UNFINISHED.test(before));
  }
  if (!/\s/.test(text[end] as string)) return false;
  const dots = text[at] === "…" || (text[at] === "." && !fullStop);
  if (fullStop && (TITLES.test(before) || LIST_NUMBER.test(before))) return false;
  if (!dots && !(fullStop && MAYBE_LAST.test(before))) return true;
  // "at 5 p.m. today" goes on, "at 5 p.m. We close" does not; "No. 7" is a number, "No. That" an answer; so with dots.
  const next = /\S/u.exec(text.slice(end))?.[0];
  if (text.slice(end).startsWith("\n")) return true;
  if (next === undefined) return until === "certain" ? "later" : true;
  return !/[\p{Ll}\p{N}]/u.test(next);
}

/** The end of a markdown link that begins at `at`; `at + 1` when it is none; undefined while that is open. */
function linkEnd(text: string, at: number, open: boolean): number | undefined {
  const rest = text.slice(at, at + LINK_LENGTH);
  const link = /^\[[^[\]\n]*\]\([^\n]*?\)/.exec(rest);
  if (link) return at + link[0].length;
  const couldBe = rest.length < LINK_LENGTH && /^\[[^[\]\n]*(?:\]|\]\([^\n]*)?$/.test(rest);
  return open && couldBe ? undefined : at + 1;
}

/** No sentence end in 200 characters: after the last comma in reach, else after the last space, else only in an emergency. */
function longCut(text: string, at: number): number | undefined {
  // A comma or a space inside a link is no place to cut.
  const head = text.slice(0, at).replaceAll(LINK, (link) => "x".repeat(link.length));
  const comma = Math.max(head.lastIndexOf(", "), head.lastIndexOf("; "), head.lastIndexOf(": "));
  if (comma > SENTENCE_LENGTH / 4) return comma + 2;
  const wide = Math.max(head.lastIndexOf("，"), head.lastIndexOf("、"), head.lastIndexOf("；"));
  if (wide > 0) return wide + 1;
  const space = head.search(/\s\S*$/);
  if (space > 0) return space + 1;
  if (!WORDLESS.test(head) && at < TOKEN_LENGTH) return undefined;
  // Not between the halves of a surrogate pair.
  return /[\ud800-\udbff]$/.test(head) ? at - 1 : at;
}
