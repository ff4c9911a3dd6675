// Finds any number of phrases in a text in one pass (Aho and Corasick's automaton over whole words): the time depends on the
// length of the text alone, never on how many phrases there are or on how nearly they match.
import { wordsOf } from "./words.ts";

/** A phrase as it was found: which one, and the words it covers (`to` is the first word after it). */
export interface Found<Tag> {
  readonly tag: Tag;
  /** The phrase as it was given. */
  readonly phrase: string;
  readonly from: number;
  readonly to: number;
}

interface Node {
  readonly next: Map<string, Node>;
  /** The longest proper end of what led here that begins a phrase. */
  fail: Node | undefined;
  /** The nearest node along `fail` at which a phrase ends. */
  shorter: Node | undefined;
  readonly depth: number;
  readonly ends: { readonly tag: unknown; readonly phrase: string }[];
}

export interface Matcher<Tag> {
  find(words: readonly string[]): Found<Tag>[];
  /** As `find`, and how many moves the automaton made: at most two a word. */
  measure(words: readonly string[]): { readonly found: Found<Tag>[]; readonly moves: number };
  /** Phrases, variants included. */
  readonly size: number;
}

const newNode = (depth: number): Node => ({ next: new Map(), fail: undefined, shorter: undefined, depth, ends: [] });

export function createMatcher<Tag>(phrases: Iterable<{ readonly tag: Tag; readonly phrase: string }>): Matcher<Tag> {
  const root = newNode(0);
  let size = 0;
  for (const { tag, phrase } of phrases) {
    const { words } = wordsOf(phrase);
    if (words.length === 0) continue;
    let node = root;
    for (const word of words) {
      let next = node.next.get(word);
      if (!next) {
        next = newNode(node.depth + 1);
        node.next.set(word, next);
      }
      node = next;
    }
    if (node.ends.some((one) => one.tag === tag)) continue;
    node.ends.push({ tag, phrase });
    size++;
  }
  link(root);

  function measure(words: readonly string[]): { found: Found<Tag>[]; moves: number } {
    const found: Found<Tag>[] = [];
    let node = root;
    let moves = 0;
    if (size === 0) return { found, moves };
    for (let at = 0; at < words.length; at++) {
      const word = words[at] as string;
      let next = node.next.get(word);
      moves++;
      while (!next && node.fail) {
        node = node.fail;
        next = node.next.get(word);
        moves++;
      }
      node = next ?? root;
      for (let end: Node | undefined = node.ends.length > 0 ? node : node.shorter; end; end = end.shorter)
        for (const { tag, phrase } of end.ends)
          found.push({ tag: tag as Tag, phrase, from: at + 1 - end.depth, to: at + 1 });
    }
    return { found, moves };
  }

  return { find: (words) => measure(words).found, measure, size };
}

function link(root: Node): void {
  const waiting: Node[] = [];
  for (const child of root.next.values()) {
    child.fail = root;
    waiting.push(child);
  }
  // Those that are added on the way come up as well.
  for (const node of waiting) {
    for (const [word, child] of node.next) {
      let fail = node.fail;
      while (fail && !fail.next.has(word)) fail = fail.fail;
      child.fail = fail?.next.get(word) ?? root;
      child.shorter = child.fail.ends.length > 0 ? child.fail : child.fail.shorter;
      waiting.push(child);
    }
  }
}

/** "{I|we} {can't|cannot} breathe{| properly}" as all the phrases it stands for. Braces do not nest. */
export function variants(pattern: string): string[] {
  let phrases = [""];
  for (const part of pattern.split(/(\{[^{}]*\})/)) {
    const choices = part.startsWith("{") ? part.slice(1, -1).split("|") : [part];
    phrases = phrases.flatMap((begun) => choices.map((choice) => begun + choice));
  }
  return phrases.map((phrase) => phrase.replaceAll(/\s+/g, " ").trim());
}

/** One pattern a line, as all the phrases they stand for. */
export function phrasesIn(lines: string): string[] {
  return lines
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .flatMap(variants);
}
