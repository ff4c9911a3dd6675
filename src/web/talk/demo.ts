// What of the server's surroundings is simulated, as its status tells; nothing, anywhere but in a demo.
import { useEffect, useState } from "preact/hooks";
import { ask } from "../shell/ask.ts";

interface Demo {
  /** The number of a simulated phone that may be called. */
  readonly phone?: string | undefined;
  /** What is to be known of the ear that hears the person. */
  readonly ear?: string | undefined;
}

export function useDemo(): Demo {
  const [demo, setDemo] = useState<Demo>({});
  useEffect(() => {
    ask<{ facts?: Readonly<Record<string, string>> }>("/status").then(
      ({ facts }) => setDemo({ phone: facts?.["simulated phone"], ear: facts?.["simulated ear"] }),
      () => undefined,
    );
  }, []);
  return demo;
}
