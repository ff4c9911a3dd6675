// A queue of events between a task that makes them and one reader: the task's life does not depend on being read, and a
// failure reaches a waiting reader at once.

export interface Feed<Event> {
  readonly push: (event: Event) => void;
  /** The reader gets what was pushed, then the end. The first of `end` and `fail` counts. */
  readonly end: () => void;
  /** What was not read yet is dropped; the reader gets `reason` thrown. */
  readonly fail: (reason: unknown) => void;
  /** For one reader, once. */
  read(): AsyncGenerator<Event, void>;
}

export function createFeed<Event>(): Feed<Event> {
  let waiting: Event[] = [];
  let over: { readonly reason: unknown } | "ended" | undefined;
  let wake: (() => void) | undefined;

  function finish(how: typeof over): void {
    if (over !== undefined) return;
    over = how;
    wake?.();
  }

  return {
    push(event) {
      if (over !== undefined) return;
      waiting.push(event);
      wake?.();
    },
    end: () => finish("ended"),
    fail: (reason) => finish({ reason }),
    async *read() {
      for (;;) {
        const batch = waiting;
        waiting = [];
        for (const event of batch) {
          // A failure may come while the reader is busy with an event of this batch.
          if (over !== undefined && over !== "ended") throw over.reason;
          yield event;
        }
        if (waiting.length > 0) continue;
        if (over === "ended") return;
        if (over !== undefined) throw over.reason;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
    },
  };
}
