// Who listens to which topic in this process. Delivery is a moment later, so that whoever publishes is never held up by a
// listener, and one that throws harms nobody else.

export interface Topics {
  readonly subscribe: (topic: string, listener: (message: unknown) => void) => () => void;
  readonly deliver: (topic: string, message: unknown) => void;
  /** Topics somebody listens to. */
  readonly names: () => readonly string[];
  readonly has: (topic: string) => boolean;
  readonly clear: () => void;
}

/** @param on is told when a topic gets its first listener and when it has lost its last. */
export function createTopics(
  on: { readonly first?: (topic: string) => void; readonly last?: (topic: string) => void } = {},
): Topics {
  const topics = new Map<string, Set<(message: unknown) => void>>();
  return {
    subscribe(topic, given) {
      // Of its own, so that the same function may subscribe twice.
      const listener = (message: unknown): void => given(message);
      const listeners = topics.get(topic) ?? new Set();
      topics.set(topic, listeners);
      listeners.add(listener);
      if (listeners.size === 1) on.first?.(topic);
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0 || topics.get(topic) !== listeners) return;
        topics.delete(topic);
        on.last?.(topic);
      };
    },
    deliver(topic, message) {
      if (!topics.has(topic)) return;
      queueMicrotask(() => {
        for (const listener of topics.get(topic) ?? []) {
          try {
            listener(message);
          } catch {
            // The port says that it must not; the others are told all the same.
          }
        }
      });
    },
    names: () => [...topics.keys()],
    has: (topic) => topics.has(topic),
    clear: () => topics.clear(),
  };
}
