// What a line has to tell its call: kept while nobody listens, delivered in order, once each, and `line.closed` last of all.
import type { LineCloseCause, LineEvent } from "./line.ts";
import type { AudioWay } from "./voice.ts";

/** Base64 characters of 30 s of audio: what is kept until somebody listens. */
const KEPT_CHARS = (30 * 8000 * 4) / 3;
/** Other events than audio that are kept. */
const KEPT_EVENTS = 200;

// A class, because what is delivered and what is played asks it each time.
export class LineEvents {
  /** Nothing is delivered any more. */
  ended = false;
  readonly #onDropped: (cause: "before-answer" | "events-before-answer") => void;
  #listener: ((event: LineEvent) => AudioWay | void) | undefined;
  // Before attaching, and while what was kept is being handed over, new events queue behind the old ones.
  #queueing = true;
  readonly #kept: LineEvent[] = [];
  #keptChars = 0;
  #keptOthers = 0;

  /** `onDropped`: something was too much to be kept. */
  constructor(onDropped: (cause: "before-answer" | "events-before-answer") => void) {
    this.#onDropped = onDropped;
  }

  /** @throws Error at a second listener. */
  attach(listener: (event: LineEvent) => AudioWay | void): void {
    if (this.#listener) throw new Error("a line has one listener");
    this.#listener = listener;
    // The listener may play, close or be told more meanwhile: all of it lands behind what is still to be handed over.
    for (let next = this.#kept.shift(); next; next = this.#kept.shift()) {
      if (next.type === "line.audio") this.#keptChars -= next.payload.length;
      listener(next);
    }
    this.#queueing = false;
  }

  /** Anything but `line.closed`. Ignored once ended. Returns what the listener answered. */
  deliver(event: LineEvent): AudioWay | void {
    if (!this.ended) return this.#emit(event);
  }

  /** The last event. Idempotent. */
  end(cause: LineCloseCause): void {
    if (this.ended) return;
    this.ended = true;
    this.#emit({ type: "line.closed", cause });
  }

  #emit(event: LineEvent): AudioWay | void {
    if (!this.#queueing) return this.#listener?.(event);
    this.#keep(event);
  }

  #keep(event: LineEvent): void {
    if (event.type === "line.audio") {
      this.#keptChars += event.payload.length;
      this.#kept.push(event);
      while (this.#keptChars > KEPT_CHARS) this.#dropOldestAudio();
    } else if (event.type === "line.closed" || this.#keptOthers < KEPT_EVENTS) {
      this.#keptOthers++;
      this.#kept.push(event);
    } else this.#onDropped("events-before-answer");
  }

  #dropOldestAudio(): void {
    const at = this.#kept.findIndex(({ type }) => type === "line.audio");
    const [oldest] = this.#kept.splice(at, 1);
    if (oldest?.type === "line.audio") this.#keptChars -= oldest.payload.length;
    this.#onDropped("before-answer");
  }
}
