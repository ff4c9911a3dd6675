// Remembers the last entry of a far side's thread before the current turn, so that a repair touches what belongs to this turn
// and nothing older.
import { failure } from "./failure.ts";

export interface Anchor {
  readonly isKnown: () => boolean;
  /** The last entry is this one; undefined: the thread is empty. */
  readonly set: (last: { readonly id?: string | null } | undefined) => void;
  readonly lose: () => void;
  /**
   * What came after it, oldest first.
   * @param newest the newest entries of the thread, newest first.
   * @param isAll whether there are no older ones.
   * @throws ThreadFailure when the place is not in sight; deleting by guess would be worse than a fresh thread.
   */
  readonly since: <Entry extends { readonly id?: string | null }>(newest: readonly Entry[], isAll: boolean) => Entry[];
}

export function createAnchor(): Anchor {
  let place: { readonly last: string | undefined } | undefined;

  return {
    isKnown: () => place !== undefined,
    set(last) {
      place = { last: last?.id ?? undefined };
    },
    lose() {
      place = undefined;
    },
    since(newest, isAll) {
      const last = place?.last;
      const end = last === undefined && isAll ? newest.length : newest.findIndex((entry) => entry.id === last);
      if (place === undefined || end < 0) throw failure("failed", "The start of the broken turn is not in sight");
      return newest.slice(0, end).toReversed();
    },
  };
}
