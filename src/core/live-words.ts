// What is being said at this moment, asked for by whoever begins to watch: events tell what comes, the draft what is over, and in between is
// a reply that was begun. The instances that hold calls answer with all of it that was told before.

/** Whoever watches calls subscribes to it. Nothing is said on it: where it is certain that nobody does (never over Redis), words are not told as they come, only kept. */
export const WATCHERS = "watchers";
/** To every instance: a `WordsAsked`. */
export const WORDS_ASKED = "words-asked";
/** To whoever asked: a `WordsTold` of each instance. */
export const WORDS_TOLD = "words-told";

/** What belongs between two pieces of words: sentences of an assistant come without the space between them, words of a voice with it. */
export function spaceBetween(before: string, text: string): "" | " " {
  return SENTENCE_END.test(before.slice(-1)) && WORD_BEGIN.test(text) ? " " : "";
}

const SENTENCE_END = /[.!?]/;
const WORD_BEGIN = /^[\p{L}\p{N}]/u;

export interface WordsAsked {
  readonly id: string;
  /** Of this call alone, whose draft is written before the answer; absent: of all. */
  readonly callId?: string;
}

export interface WordsTold {
  readonly id: string;
  readonly instance: string;
  readonly calls: readonly { readonly callId: string; readonly saying: readonly Saying[] }[];
}

/** Something the agent has begun to say, as far as watchers were told of it. */
export interface Saying {
  readonly utterance: number;
  readonly text: string;
}
