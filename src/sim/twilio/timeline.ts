// What happened in a simulated call, in order, with the call time of each event: the source of the live print, of every
// assertion and of waiting for something to happen. It records; it decides nothing.
import type { CallStatus } from "./request-params.ts";

export type RequestPurpose =
  | "voice"
  | "action"
  | "redirect"
  | "fallback"
  | "update"
  | "play"
  | "status-callback"
  | "stream-status"
  | "dial-status"
  | "amd";

export type CallEvent =
  | { kind: "placed"; from: string; to: string; direction: string }
  | { kind: "ringing" }
  | { kind: "answered" }
  /** A request the network made; `status` is absent when none came back, and `error` says why. */
  | {
      kind: "request";
      purpose: RequestPurpose;
      method: string;
      url: string;
      params: Record<string, string>;
      status?: number;
      error?: string;
      /** Wall time it took, ms. */
      tookMs: number;
    }
  | { kind: "twiml"; url: string; xml: string }
  | { kind: "verb"; name: string }
  | { kind: "say"; text: string; voice?: string; language?: string }
  | { kind: "play"; url?: string; digits?: string; ms: number }
  | { kind: "dial"; number: string; callSid: string; callerId?: string }
  | { kind: "dial-ended"; number: string; status: string; durationS: number; bridged: boolean }
  | { kind: "stream-connecting"; url: string }
  | { kind: "stream-started"; streamSid: string; parameters: Record<string, string> }
  | { kind: "stream-ended"; streamSid: string; by: "server" | "network"; code: number; reason: string }
  | { kind: "first-media"; streamSid: string; bytes: number }
  | { kind: "mark"; name: string }
  | { kind: "mark-returned"; name: string; cleared: boolean }
  /** `playedBytes` since the stream started, `droppedBytes` that will never be heard. */
  | { kind: "clear"; playedBytes: number; droppedBytes: number; marks: number }
  | { kind: "agent-speaking" }
  | { kind: "agent-silent"; spokeMs: number }
  | { kind: "caller-speaking"; text?: string; ms: number }
  | { kind: "caller-silent" }
  | { kind: "key"; digit: string; heardBy: "stream" | "gather" | "nobody" }
  | { kind: "gathered"; digits: string }
  | { kind: "step"; index: number; do: string }
  | { kind: "script-failed"; message: string }
  /** A line of Twilio's Debugger: `level` as there, `code` as in its error dictionary. */
  | { kind: "debugger"; level: "warning" | "error"; code: number; message: string; detail: string }
  | { kind: "fault"; name: string; detail?: string }
  | { kind: "rest-update"; what: "document" | "url" | "completed" | "canceled" }
  | { kind: "hang-up"; by: string }
  | { kind: "ended"; by: string; status: CallStatus; durationS: number };

/**
 * `atMs` is call time: ms since the call was placed, at the call's speed. Entries stand in the order they were noticed;
 * what is heard and said carries the time of its sound, which is a frame or, after a stall, more in the past.
 */
export type TimelineEntry = { atMs: number } & CallEvent;
export type EventKind = CallEvent["kind"];
export type EntryOf<K extends EventKind> = Extract<TimelineEntry, { kind: K }>;

export interface Subscribe {
  <K extends EventKind>(kind: K, fn: (entry: EntryOf<K>) => void): () => void;
  (kind: "*", fn: (entry: TimelineEntry) => void): () => void;
}

export interface Timeline {
  readonly entries: readonly TimelineEntry[];
  /** Records what happened, now or at a call time already past. */
  add(event: CallEvent, atMs?: number): void;
  /** Calls `fn` for every later entry of that kind, "*" for all; returns the function that stops it. */
  on: Subscribe;
  /**
   * Resolves with the first entry, past or coming, that satisfies `predicate`.
   * @param timeoutMs Wall time; 10 000 unless told.
   * @throws Error naming the last entries when the time is over or the call ends first.
   */
  waitFor: (predicate: (entry: TimelineEntry) => boolean, options?: { timeoutMs?: number }) => Promise<TimelineEntry>;
  /** Nothing more will happen: everyone who still waits is told so. */
  close(): void;
}

interface Listener {
  kind: EventKind | "*";
  fn: (entry: TimelineEntry) => void;
}

export function createTimeline(nowMs: () => number): Timeline {
  const entries: TimelineEntry[] = [];
  const listeners = new Set<Listener>();
  const closers = new Set<() => void>();
  let closed = false;

  const listen = (kind: Listener["kind"], fn: Listener["fn"]) => {
    const listener = { kind, fn };
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };

  const tail = () =>
    entries
      .slice(-5)
      .map((entry) => `${Math.round(entry.atMs)} ms ${entry.kind}`)
      .join(", ") || "nothing";

  return {
    entries,
    add(event, atMs = nowMs()) {
      if (closed) return;
      const entry = { atMs, ...event };
      entries.push(entry);
      for (const { kind, fn } of listeners) if (kind === "*" || kind === entry.kind) fn(entry);
    },
    on: (kind: EventKind | "*", fn: (entry: never) => void) => listen(kind, fn as Listener["fn"]),
    waitFor(predicate, { timeoutMs = 10_000 } = {}) {
      const past = entries.find(predicate);
      if (past) return Promise.resolve(past);
      return new Promise((resolve, reject) => {
        const settle = (act: () => void) => {
          clearTimeout(timer);
          stop();
          closers.delete(onClose);
          act();
        };
        const fail = (why: string) => settle(() => reject(new Error(`${why}; the call's last entries: ${tail()}`)));
        const onClose = () => fail("the call ended before what was waited for happened");
        const timer = setTimeout(() => fail(`waited ${timeoutMs} ms in vain`), timeoutMs);
        const stop = listen("*", (entry) => {
          if (predicate(entry)) settle(() => resolve(entry));
        });
        if (closed) onClose();
        else closers.add(onClose);
      });
    },
    close() {
      closed = true;
      for (const tell of closers) tell();
      listeners.clear();
    },
  };
}
