// The phrases that wait to be rendered: one at a time in the background, greetings first, again and again until each is done, and
// never while the voice API turns calls away.
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/observe.ts";
import { BYTES_PER_MS, type ClipVoice } from "./clip-files.ts";

export interface WantedClip {
  /** Of voice and text together. */
  readonly name: string;
  /** For the log. */
  readonly id: string;
  readonly voice: ClipVoice;
  readonly text: string;
}

export interface ClipQueue {
  has(name: string): boolean;
  add(clip: WantedClip): void;
  /** Begins to render; what is added later is rendered as well. */
  start(): void;
  /** Idempotent. */
  close(): void;
}

/** What a rendering may take, and what a long text may take for each character. */
const RENDER_MS = 20_000;
const RENDER_MS_PER_CHARACTER = 100;
/** ms before the next try after so many failures in a row. */
const BACKOFF_MS = [5000, 30_000, 120_000, 600_000];
/** Beyond it nothing is added: a phrase that is asked for again later finds room then. */
const MOST_WAITING = 2000;

export function createClipQueue({
  log,
  clock,
  mayRender,
  render,
}: {
  readonly log: Log;
  readonly clock: Clock;
  /** False while calls need all the voice API gives. */
  readonly mayRender: () => boolean;
  /** Renders, checks and keeps one; resolves to its length in bytes. */
  readonly render: (clip: WantedClip, signal: AbortSignal) => Promise<number>;
}): ClipQueue {
  const greetings: WantedClip[] = [];
  const others: WantedClip[] = [];
  const waiting = new Set<string>();
  let failures = 0;
  let started = false;
  let running = false;
  let closed = false;
  let cancelRetry: (() => void) | undefined;
  let abort: AbortController | undefined;

  const listFor = ({ id }: WantedClip): WantedClip[] => (id === "greeting" ? greetings : others);

  async function renderOne(clip: WantedClip): Promise<void> {
    const controller = new AbortController();
    abort = controller;
    const cancel = clock.after(Math.max(RENDER_MS, clip.text.length * RENDER_MS_PER_CHARACTER), () =>
      controller.abort(new Error("took too long")),
    );
    try {
      const bytes = await render(clip, controller.signal);
      waiting.delete(clip.name);
      log.info("clip rendered", { clip: clip.id, ms: Math.round(bytes / BYTES_PER_MS) });
    } finally {
      cancel();
    }
  }

  function pause(ms: number): void {
    cancelRetry = clock.after(ms, () => {
      cancelRetry = undefined;
      void work();
    });
  }

  async function work(): Promise<void> {
    if (running || cancelRetry) return;
    running = true;
    while (!closed) {
      if (greetings.length + others.length > 0 && !mayRender()) {
        pause(BACKOFF_MS[0] as number);
        break;
      }
      const next = greetings.shift() ?? others.shift();
      if (!next) break;
      try {
        await renderOne(next);
        failures = 0;
      } catch (error) {
        if (closed) break;
        // To the end of the others: a text the voice always gets wrong must not keep the rest waiting.
        others.push(next);
        const ms = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)] as number;
        failures += 1;
        const cause = error instanceof Error ? error.message : String(error);
        log.warn("a clip could not be rendered", { clip: next.id, cause, againInMs: ms });
        pause(ms);
        break;
      }
    }
    running = false;
  }

  return {
    has: (name) => waiting.has(name),
    add(clip) {
      if (closed || waiting.has(clip.name) || waiting.size >= MOST_WAITING) return;
      waiting.add(clip.name);
      listFor(clip).push(clip);
      if (started) void work();
    },
    start() {
      if (started || closed) return;
      started = true;
      void work();
    },
    close() {
      closed = true;
      cancelRetry?.();
      abort?.abort(new Error("closed"));
    },
  };
}
