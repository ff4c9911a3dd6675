// A stream of the server's events, for as long as somebody looks: an EventSource that also comes back where browsers give up.
import { messageOf } from "../shell/ask.ts";
import { findOut } from "../shell/session.ts";
import type { Event } from "./live-call.ts";

const TYPES = [
  "snapshot",
  "call.started",
  "turn",
  "reply",
  "words",
  "answer",
  "phase",
  "tool",
  "intake",
  "flag",
  "escalation",
  "confirmation",
  "call.interrupted",
  "call.ended",
];
const AGAIN_MS = 3000;

export interface Listener {
  readonly on: (event: Event) => void;
  /** Whether there is a stream at the moment. */
  readonly state?: (connected: boolean) => void;
}

/** @returns the end of it. */
export function listen(path: string, { on, state }: Listener): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let over = false;

  function open(): void {
    source = new EventSource(path);
    source.addEventListener("open", () => state?.(true));
    source.addEventListener("error", () => {
      state?.(false);
      // After an answer that was no stream, a browser does not try again. It may be that nobody is logged in any more.
      if (source?.readyState !== EventSource.CLOSED || over) return;
      void findOut().catch(messageOf);
      timer = setTimeout(open, AGAIN_MS);
    });
    for (const type of TYPES) {
      source.addEventListener(type, ({ data }: MessageEvent<string>) => {
        on({ ...(JSON.parse(data) as object), type });
      });
    }
  }
  open();
  return () => {
    over = true;
    clearTimeout(timer);
    source?.close();
  };
}
