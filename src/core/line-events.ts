// What a line has to tell its call: kept while nobody listens, delivered in order, once each, and `line.closed` last of all.
import type { LineCloseCause, LineEvent } from "./line.ts";

/** Base64 characters of 30 s of audio: what is kept until somebody listens. */
const KEPT_CHARS = (30 * 8000 * 4) / 3;
/** Other events than audio that are kept. */
const KEPT_EVENTS = 200;

export interface LineEvents {
  /** @throws Error at a second listener. */
  readonly attach: (listener: (event: LineEvent) => void) => void;
  /** Anything but `line.closed`. Ignored once ended. */
  readonly deliver: (event: LineEvent) => void;
  /** The last event. Idempotent. */
  readonly end: (cause: LineCloseCause) => void;
  readonly isEnded: () => boolean;
}

/** `onDropped`: something was too much to be kept. */
export function createLineEvents(onDropped: (cause: "before-answer" | "events-before-answer") => void): LineEvents {
  let listener: ((event: LineEvent) => void) | undefined;
  let ended = false;
  // Before attaching, and while what was kept is being handed over, new events queue behind the old ones.
  let queueing = true;
  const kept: LineEvent[] = [];
  let keptChars = 0;
  let keptOthers = 0;

  function keep(event: LineEvent): void {
    if (event.type === "line.audio") {
      keptChars += event.payload.length;
      kept.push(event);
      while (keptChars > KEPT_CHARS) dropOldestAudio();
    } else if (event.type === "line.closed" || keptOthers < KEPT_EVENTS) {
      keptOthers++;
      kept.push(event);
    } else onDropped("events-before-answer");
  }

  function dropOldestAudio(): void {
    const at = kept.findIndex(({ type }) => type === "line.audio");
    const [oldest] = kept.splice(at, 1);
    if (oldest?.type === "line.audio") keptChars -= oldest.payload.length;
    onDropped("before-answer");
  }

  function emit(event: LineEvent): void {
    if (queueing) keep(event);
    else listener?.(event);
  }

  return {
    attach(given) {
      if (listener) throw new Error("a line has one listener");
      listener = given;
      // The listener may play, close or be told more meanwhile: all of it lands behind what is still to be handed over.
      for (let next = kept.shift(); next; next = kept.shift()) {
        if (next.type === "line.audio") keptChars -= next.payload.length;
        given(next);
      }
      queueing = false;
    },
    deliver(event) {
      if (!ended) emit(event);
    },
    end(cause) {
      if (ended) return;
      ended = true;
      emit({ type: "line.closed", cause });
    },
    isEnded: () => ended,
  };
}
