// One ordered, bounded queue per call with one reader. Posting while the reader is idle runs it at once, so media passes
// through without waiting a tick; posting from inside the reader queues, so the state machine is never re-entered.

export interface Mailbox<Event> {
  /** False when the event was refused because the mailbox is closed or full. */
  readonly post: (event: Event) => boolean;
  /** Nothing is delivered any more; what is queued is dropped. */
  close(): void;
}

/**
 * @param limit how many events may wait; only a handler that posts without end can reach it.
 * @param onError is told of a handler that threw; the mailbox goes on with the next event.
 */
export function createMailbox<Event>(
  handler: (event: Event) => void,
  { limit = 1024, onError }: { readonly limit?: number; readonly onError: (error: unknown) => void },
): Mailbox<Event> {
  const waiting: Event[] = [];
  /** What of `waiting` was read already: an index instead of shift(), which is linear in what waits. */
  let read = 0;
  let busy = false;
  let closed = false;

  function deliver(event: Event): void {
    try {
      handler(event);
    } catch (error) {
      try {
        onError(error);
      } catch {
        // Whoever is told of errors may fail too; the call must not stop for it.
      }
    }
  }

  return {
    post(event) {
      if (closed) return false;
      if (busy) {
        if (waiting.length - read >= limit) return false;
        waiting.push(event);
        return true;
      }
      busy = true;
      deliver(event);
      if (waiting.length > 0) {
        // Closing empties the list, which ends the loop.
        while (read < waiting.length) deliver(waiting[read++] as Event);
        waiting.length = 0;
        read = 0;
      }
      busy = false;
      return true;
    },
    close() {
      closed = true;
      waiting.length = 0;
    },
  };
}
