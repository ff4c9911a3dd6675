// The user's audio that a lost connection may have taken with it: what was said since the last turn whose words are known, to be said again
// to the next one. Bounded, and no more than a moment of it while nobody speaks.

/** base64 of pcm16 at 24 kHz. */
const CHARACTERS_PER_SECOND = 64_000;
/** Speech is only known as such a moment after it began. */
const LEAD = CHARACTERS_PER_SECOND;
const MOST = 60 * CHARACTERS_PER_SECOND;

export type HeardAudio = ReturnType<typeof createHeardAudio>;

export interface HeardAudioParts {
  /** The client says itself where a turn ends. */
  readonly isManual: () => boolean;
  /** Nobody hears it now. */
  readonly isKept: () => boolean;
}

export function createHeardAudio({ isManual, isKept }: HeardAudioParts) {
  let pieces: string[] = [];
  let length = 0;
  let isSpeaking = false;
  /** Pieces of a turn that was committed and whose words are not known yet; 0: there is none. */
  let committed = 0;

  function drop(count: number): void {
    for (const piece of pieces.splice(0, count)) length -= piece.length;
    committed = Math.max(0, committed - count);
  }

  function trim(): void {
    const keep = isSpeaking || committed > 0 || isManual() || isKept() ? MOST : LEAD;
    let over = length - keep;
    let count = 0;
    while (over > 0 && count < pieces.length - 1) over -= (pieces[count++] as string).length;
    if (count > 0) drop(count);
  }

  return {
    hear(piece: string): void {
      pieces.push(piece);
      length += piece.length;
      trim();
    },
    speaks(is: boolean): void {
      isSpeaking = is;
    },
    committed(): void {
      isSpeaking = false;
      committed = pieces.length;
    },
    /** The words of the last turn are known, or never will be. */
    settled(): void {
      const count = committed;
      committed = 0;
      if (isManual()) drop(count);
      trim();
    },
    cleared(): void {
      drop(pieces.length);
    },
    /** What the next connection has to hear. `turn`: of a committed turn whose words nobody knows; `rest`: after it. */
    take({ withTurn }: { readonly withTurn: boolean }): {
      readonly turn: readonly string[];
      readonly rest: readonly string[];
    } {
      const turn = pieces.slice(0, committed);
      const rest = pieces.slice(committed);
      if (!withTurn && committed > 0) drop(committed);
      committed = 0;
      isSpeaking = false;
      return { turn: withTurn ? turn : [], rest };
    },
    clear(): void {
      pieces = [];
      length = 0;
      committed = 0;
    },
  };
}
