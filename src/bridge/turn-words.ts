// The words of turns that are answered before they are known (speech-to-speech): several utterances may make one turn, and
// their transcripts come in any order, or never. Data only.

export interface TurnWords {
  /** Something of the caller's belongs to a turn; `text` is empty where it is still on the way. */
  add(turn: number, key: string, text: string): void;
  /** The words of an utterance came. The turn they belong to, with all that is known of its text; undefined for a new one. */
  fill(key: string, text: string): { readonly turn: number; readonly text: string } | undefined;
  /** This utterance belongs to a turn that is being answered, or was. */
  has(key: string): boolean;
  textOf(turn: number): string;
  /** Words of that turn are still on the way. */
  isUnknown(turn: number): boolean;
}

/** Turns of which it is still remembered what belongs to them. */
const REMEMBERED = 32;

export function createTurnWords(): TurnWords {
  const turns = new Map<number, Map<string, string>>();

  function turnOf(key: string): number | undefined {
    for (const [turn, words] of turns) if (words.has(key)) return turn;
    return undefined;
  }

  const textOf = (turn: number): string => [...(turns.get(turn)?.values() ?? [])].filter(Boolean).join(" ");

  return {
    add(turn, key, text) {
      const words = turns.get(turn) ?? new Map<string, string>();
      words.set(key, text);
      turns.set(turn, words);
      for (const oldest of turns.keys()) if (turns.size > REMEMBERED) turns.delete(oldest);
    },
    fill(key, text) {
      const turn = turnOf(key);
      if (turn === undefined) return undefined;
      turns.get(turn)?.set(key, text);
      return { turn, text: textOf(turn) };
    },
    has: (key) => turnOf(key) !== undefined,
    textOf,
    isUnknown: (turn) => [...(turns.get(turn)?.values() ?? [])].includes(""),
  };
}
