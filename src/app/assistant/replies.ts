// What the user hears of the assistant's replies. The client plays what it gets as it gets it, and tells nothing unless it cuts; so a reply
// counts as heard when its time has passed, and as far as its time had passed when the user spoke into it.
import { heardText } from "../../bridge/heard-text.ts";
import type { Journal } from "../../bridge/journal.ts";
import type { Clock } from "../../core/clock.ts";

interface Reply {
  readonly itemId: string;
  readonly kind: "reply" | "notice";
  /** 1, 2, 3, ... */
  readonly number: number;
  text: string;
  /** ms of audio that was sent. */
  audioMs: number;
  /** Monotonic ms at which it begins to be heard. */
  startsAt?: number;
  isMade: boolean;
  /** The user spoke into it: how much they had heard. */
  cutMs?: number;
  cancel: () => void;
}

export interface RepliesParts {
  readonly journal: Pick<Journal, "reply" | "speaks">;
  readonly clock: Clock;
  /** A reply is in the record. */
  readonly onRecorded: () => void;
}

export type Replies = ReturnType<typeof createReplies>;

/** A client that cuts what it plays tells so in this time after the user began to speak. ms. */
const TRUNCATE_MS = 500;
/** Of replies that are still played; a model makes one at a time. */
const MOST_OPEN = 20;

export function createReplies({ journal, clock, onRecorded }: RepliesParts) {
  const open = new Map<string, Reply>();
  /** Until then the client has something to play. */
  let playsUntil = 0;
  let count = 0;

  function heardMs(reply: Reply): number {
    if (reply.startsAt === undefined) return 0;
    return Math.min(reply.audioMs, Math.max(0, clock.now() - reply.startsAt));
  }

  function record(reply: Reply, heard: number): void {
    reply.cancel();
    open.delete(reply.itemId);
    const { kind, number, text, audioMs, startsAt } = reply;
    if (text === "" && audioMs === 0) return;
    const isSpoken = startsAt !== undefined;
    const heardWords = isSpoken ? heardText({ text, generated: audioMs, complete: true }, heard) : text;
    journal.reply(
      {
        kind,
        generated: text,
        sent: text,
        heard: heardWords,
        cut: text.slice(heardWords.length).trimStart(),
        generatedMs: Math.round(audioMs),
        sentMs: Math.round(audioMs),
        heardMs: Math.round(isSpoken ? Math.min(heard, audioMs) : 0),
        interrupted: isSpoken && heard < audioMs,
        ...(isSpoken && { startedAt: startsAt }),
      },
      number,
    );
    onRecorded();
  }

  /** Recorded when it has been heard, or when it is known how much of it was. */
  function settle(reply: Reply): void {
    if (!reply.isMade || reply.cutMs !== undefined) return;
    reply.cancel();
    const leftMs = reply.startsAt === undefined ? 0 : reply.startsAt + reply.audioMs - clock.now();
    if (leftMs <= 0) return record(reply, reply.audioMs);
    reply.cancel = clock.after(leftMs, () => record(reply, reply.audioMs));
  }

  function cut(reply: Reply): void {
    const { cutMs = heardMs(reply) } = reply;
    reply.cutMs = cutMs;
    reply.cancel();
    reply.cancel = clock.after(TRUNCATE_MS, () => record(reply, cutMs));
  }

  return {
    begin(itemId: string, kind: Reply["kind"]): void {
      if (open.has(itemId) || open.size >= MOST_OPEN) return;
      open.set(itemId, { itemId, kind, number: ++count, text: "", audioMs: 0, isMade: false, cancel: () => undefined });
    },
    /** Returns which reply these are of. */
    words(itemId: string, text: string): number | undefined {
      const reply = open.get(itemId);
      if (reply) reply.text += text;
      return reply?.number;
    },
    /** True for the first audio of a reply. */
    audio(itemId: string, ms: number): boolean {
      const reply = open.get(itemId);
      if (!reply) return false;
      const isFirst = reply.startsAt === undefined;
      const now = clock.now();
      if (isFirst) {
        reply.startsAt = Math.max(now, playsUntil);
        journal.speaks(reply.kind);
      }
      reply.audioMs += ms;
      playsUntil = Math.max(now, playsUntil) + ms;
      return isFirst;
    },
    /** No more of it comes. */
    made(itemId: string): void {
      const reply = open.get(itemId);
      if (!reply) return;
      reply.isMade = true;
      settle(reply);
    },
    /** The user speaks: whatever is playing is cut. */
    interrupted(): void {
      for (const reply of open.values()) if (reply.startsAt !== undefined) cut(reply);
      playsUntil = clock.now();
    },
    /** The client says how much of it was heard. True when it is a reply that is not in the record yet. */
    truncated(itemId: string, ms: number): boolean {
      const reply = open.get(itemId);
      if (!reply) return false;
      record(reply, Math.min(ms, reply.audioMs));
      return true;
    },
    /** What was made of the reply in progress, which will not be gone on with: undefined when none is. */
    unfinished(): string | undefined {
      return [...open.values()].findLast((reply) => !reply.isMade && (reply.text !== "" || reply.audioMs > 0))?.text;
    },
    /** All that was sent will be heard: OpenAI is gone, the client is not. */
    flush(): void {
      for (const reply of open.values()) record(reply, reply.cutMs ?? reply.audioMs);
    },
    /** Nothing more will be heard. */
    end(): void {
      for (const reply of open.values()) record(reply, reply.cutMs ?? heardMs(reply));
    },
    /** ms until what was sent is played. */
    leftMs: (): number => Math.max(0, playsUntil - clock.now()),
  };
}
