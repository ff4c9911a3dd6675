// Waiting for a condition without guessing how long it takes.

/** Resolves as soon as the condition holds. @throws Error naming `what` when it does not within `ms`. */
export async function until(what: string | (() => string), condition: () => boolean, ms = 20_000): Promise<void> {
  const deadline = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > deadline) {
      throw new Error(`not within ${ms} ms: ${typeof what === "string" ? what : what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
