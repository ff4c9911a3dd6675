// The turns of one thread, whatever its protocol: one reply at a time, tools between rounds, timeouts, cancelling at any
// moment, and the repair of what a broken turn left behind before the next one begins. What goes over the network is in the wires.
import type { Clock } from "../core/clock.ts";
import type { Log, Meter } from "../core/observe.ts";
import type { AssistantThread, ThreadClient, ThreadEvent, ThreadInput, ThreadOptions } from "../core/thread.ts";
import { ThreadError } from "../core/thread.ts";
import type { SpokenLine } from "../core/voice.ts";
import { converse } from "./converse.ts";
import { failure, logFailure, toFailure } from "./failure.ts";
import { createFeed } from "./feed.ts";
import { createLedger } from "./ledger.ts";
import { createLink } from "./link.ts";
import { correctionNote } from "./notes.ts";
import { createTurn, type Turn } from "./turn.ts";
import type { Link, Message, Wire } from "./wire.ts";

export interface TurnsOptions {
  readonly client: ThreadClient["name"];
  readonly wire: Wire;
  readonly timeoutMs: number;
  /** What was said before, for a thread that has to be made anew. */
  readonly history?: readonly SpokenLine[];
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** ms a repair may take; the next reply waits for it. */
export const REPAIR_MS = 3000;
/** Messages without an answer that travel with the next turn; an outage must not make it grow for ever. */
const MOST_CARRIED = 10;

export function createThread({ client, wire, timeoutMs, history, clock, log, meter }: TurnsOptions): AssistantThread {
  const ledger = createLedger(history);
  const closing = new AbortController();
  let carried: readonly Message[] = [];
  /** The last turn, when it was cancelled after text had been given out. */
  let cutShort: Turn | undefined;
  /** Resolves when the last turn taken, and its repair, are over. */
  let idle: Promise<void> = Promise.resolve();

  function begin({ text, ...input }: ThreadInput): Turn {
    const messages = carried.slice(-MOST_CARRIED);
    // Words that are asked again: whatever was made of their answer, nobody heard it.
    const again = cutShort !== undefined && withoutRepeated(cutShort.messages, text).length < cutShort.messages.length;
    const correction = input.correction ?? (again ? { generated: cutShort?.spoken ?? "", heard: "" } : undefined);
    cutShort = undefined;
    if (correction) {
      ledger.correct(correction.heard);
      if (wire.correct) wire.correct(correction);
      else messages.push({ from: "note", text: correctionNote(correction) });
    }
    if (input.note !== undefined) messages.push({ from: "note", text: input.note });
    const turn = createTurn([...withoutRepeated(messages, text), { from: "caller", text }]);
    carried = [];
    return turn;
  }

  /** Writes the turn into our account of what was said. */
  function account(turn: Turn): void {
    for (const message of turn.messages) if (message.from === "caller") ledger.add("caller", message.text);
    ledger.add("agent", turn.spoken);
  }

  async function answer(
    turn: Turn,
    runTool: ThreadOptions["runTool"],
    scope: AbortController,
    emit: (event: ThreadEvent) => void,
  ): Promise<void> {
    const startedAt = clock.now();
    let stopWatch: () => void = () => undefined;
    const watch = {
      feed() {
        stopWatch();
        stopWatch = clock.after(timeoutMs, () => scope.abort(failure("timeout", `Nothing came for ${timeoutMs} ms`)));
      },
      pause: () => stopWatch(),
    };
    let streamed = false;
    const link = createLink({
      signal: scope.signal,
      clock,
      mayRepeat: () => !streamed && !turn.acted,
      onEvent() {
        streamed = true;
        watch.feed();
      },
      said: () => ledger.lines(),
    });
    const emitCounted = (event: ThreadEvent): void => {
      if (event.type === "usage") {
        meter.count("voice_thread_tokens_total", { client, kind: "input" }, event.usage.inputTokens);
        meter.count("voice_thread_tokens_total", { client, kind: "cached" }, event.usage.cachedInputTokens);
        meter.count("voice_thread_tokens_total", { client, kind: "output" }, event.usage.outputTokens);
      } else if (turn.spoken.length === event.delta.length) {
        meter.observe("voice_thread_first_text_seconds", (clock.now() - startedAt) / 1000, { client });
      }
      emit(event);
    };
    watch.feed();
    try {
      await converse({ wire, turn, link, watch, runTool, emit: emitCounted, log, hasStreamed: () => streamed });
    } finally {
      watch.pause();
    }
  }

  /** Work between turns: bounded in time, and over with the thread. */
  async function beside<T>(work: (link: Link) => Promise<T>): Promise<T> {
    const scope = new AbortController();
    const unfollow = follow(scope, closing.signal);
    const stop = clock.after(Math.min(REPAIR_MS, timeoutMs), () =>
      scope.abort(failure("timeout", "The repair took too long")),
    );
    try {
      return await work(
        createLink({
          signal: scope.signal,
          clock,
          mayRepeat: () => true,
          onEvent: () => undefined,
          said: () => ledger.lines(),
        }),
      );
    } finally {
      stop();
      unfollow();
    }
  }

  async function mend(turn: Turn): Promise<void> {
    try {
      const { held } = await beside((link) => wire.repair(turn, link));
      if (held) account(turn);
      else carried = turn.messages;
      meter.count("voice_thread_repairs_total", { client, result: "ok" });
    } catch (error) {
      if (closing.signal.aborted) return;
      const code = toFailure(error).code;
      log.warn(
        "A cancelled or failed reply could not be tidied up at the assistant: the next one starts a fresh thread",
        {
          client,
          code,
        },
      );
      meter.count("voice_thread_repairs_total", { client, result: "failed" });
      // What was answered goes into the fresh thread as history; what was not is asked again.
      if (turn.spoken !== "" || turn.acted) account(turn);
      else carried = turn.messages;
      wire.forget?.();
    }
  }

  /** One turn from its place in the queue to its end; resolves before the repair, which the next turn waits for. */
  async function take(
    input: ThreadInput,
    runTool: ThreadOptions["runTool"],
    scope: AbortController,
    emit: (event: ThreadEvent) => void,
  ): Promise<void> {
    const before = idle;
    let leave: () => void = () => undefined;
    idle = new Promise((resolve) => {
      leave = resolve;
    });
    await before;
    const turn = begin(input);
    if (scope.signal.aborted) {
      // Cancelled while it waited: nothing was sent, the words travel with the next turn.
      carried = turn.messages;
      leave();
      throw scope.signal.reason;
    }
    try {
      await answer(turn, runTool, scope, emit);
      account(turn);
      meter.count("voice_thread_replies_total", { client, result: "ok" });
      leave();
    } catch (error) {
      const reason: unknown = scope.signal.aborted ? scope.signal.reason : toFailure(error);
      const failed = reason instanceof ThreadError && !closing.signal.aborted;
      meter.count("voice_thread_replies_total", { client, result: failed ? reason.code : "cancelled" });
      if (failed) logFailure(log, reason, { client, spoken: turn.spoken.length });
      if (!failed && turn.spoken !== "") cutShort = turn;
      void mend(turn).then(leave);
      throw reason;
    }
  }

  return {
    threadId: () => wire.id(),
    prepare() {
      if (!wire.prepare) return;
      const ready = (link: Link) => wire.prepare?.(link) ?? Promise.resolve();
      // What fails here fails again in the first reply, which can tell the caller.
      idle = idle.then(() => beside(ready)).catch(() => undefined);
    },
    async *reply(input, { signal, runTool }) {
      const scope = new AbortController();
      const unfollow = follow(scope, signal, closing.signal);
      const feed = createFeed<ThreadEvent>();
      let over = false;
      scope.signal.addEventListener("abort", () => feed.fail(scope.signal.reason), { once: true });
      if (scope.signal.aborted) feed.fail(scope.signal.reason);
      const settle = (tell: () => void) => {
        over = true;
        unfollow();
        tell();
      };
      void take(input, runTool, scope, feed.push).then(
        () => settle(feed.end),
        (error: unknown) => settle(() => feed.fail(error)),
      );
      try {
        yield* feed.read();
      } finally {
        // A reader who leaves early has cancelled the reply.
        if (!over) scope.abort(new DOMException("The reply is not read any more", "AbortError"));
      }
    },
    async close() {
      closing.abort(failure("failed", "The thread was closed"));
      await idle;
      wire.close?.();
    },
  };
}

/** Aborts `scope` with the reason of whichever signal is aborted first; the returned function stops following. */
function follow(scope: AbortController, ...signals: readonly AbortSignal[]): () => void {
  const followed = signals.map((signal) => {
    const onAbort = () => scope.abort(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    return () => signal.removeEventListener("abort", onAbort);
  });
  return () => followed.forEach((stop) => stop());
}

/**
 * Two utterances may become one turn: the words of the cancelled turn then stand at the beginning of the new ones, and the
 * thread must not read them twice.
 */
function withoutRepeated(messages: readonly Message[], text: string): readonly Message[] {
  const said = messages.filter((message) => message.from === "caller");
  for (let from = 0; from < said.length; from++) {
    const repeated = said.slice(from);
    if (beginsWith(text, repeated.map((message) => message.text).join(" "))) {
      return messages.filter((message) => !repeated.includes(message));
    }
  }
  return messages;
}

function beginsWith(text: string, beginning: string): boolean {
  const squeeze = (words: string) => words.replace(/\s+/g, " ").trim();
  const [whole, start] = [squeeze(text), squeeze(beginning)];
  // "I" begins "I want", but not "It is".
  return whole.startsWith(start) && !/^[\p{L}\p{N}]/u.test(whole.slice(start.length));
}
