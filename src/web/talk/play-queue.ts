// What is to be played when, and which marks were played through: the agent's sound comes ahead of the ear, and is dropped at once
// when the caller speaks up. Pure: it counts seconds of the clock it is given; the sound itself is in player.ts.

export interface PlayQueue {
  /** The moment at which this piece begins: behind the one before it, or a little from now. */
  add(seconds: number, now: number): number;
  /** To be told when everything before it was heard. */
  mark(name: string, now: number): void;
  /** Marks that were played through, oldest first; each is told once. */
  due(now: number): string[];
  /** Nothing that was not heard by now will be; its marks are not told any more. */
  clear(): void;
  /** Seconds that are still to be heard. */
  ahead(now: number): number;
}

/** Of the first piece after a silence, so that the next one is there before it ends. */
const LEAD_S = 0.06;

export function createPlayQueue(lead = LEAD_S): PlayQueue {
  let endsAt = -Infinity;
  let marks: { readonly name: string; readonly at: number }[] = [];
  return {
    add(seconds, now) {
      const begins = endsAt > now ? endsAt : now + lead;
      endsAt = begins + seconds;
      return begins;
    },
    mark(name, now) {
      marks.push({ name, at: Math.max(endsAt, now) });
    },
    due(now) {
      const count = marks.findIndex(({ at }) => at > now);
      return marks.splice(0, count < 0 ? marks.length : count).map(({ name }) => name);
    },
    clear() {
      endsAt = -Infinity;
      marks = [];
    },
    ahead: (now) => Math.max(0, endsAt - now),
  };
}
