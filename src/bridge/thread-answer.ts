// Answers from the assistant thread: sends the caller's words, cuts the streamed text into sentences, and has them spoken.
// The stream is read outside the call's mailbox; everything it brings is posted into it.
import { ThreadError, type AssistantThread, type ThreadEvent, type ToolRequest } from "../core/thread.ts";
import type { ModelUsage } from "../core/usage.ts";
import type { Answerer, AnswerEvents, Run, Turn } from "./answer.ts";
import type { Speaker } from "./speaker.ts";
import type { Utterance } from "./utterance.ts";
import { createWatchdog } from "./watchdog.ts";

/** Cuts streamed text into pieces fit to be spoken. */
export interface SentenceCutter {
  /** What is complete now. */
  push(delta: string): string[];
  /** What can be said without waiting for a bigger piece or the next word. */
  take(): string[];
  /** The text is over: the rest. */
  end(): string[];
}

export interface ThreadAnswererParts {
  readonly thread: AssistantThread;
  readonly speaker: Speaker;
  readonly sentences: () => SentenceCutter;
  /** Runs in the call's mailbox. */
  readonly post: (what: () => void) => void;
  readonly after: (ms: number, fn: () => void) => () => void;
  /** ms without a word or a tool after which the assistant counts as hung. */
  readonly timeoutMs: number;
  /** Ends with the call. */
  readonly signal: AbortSignal;
  readonly runTool: (request: ToolRequest, signal: AbortSignal, turn: number) => Promise<string>;
  /** What is to be spoken of a piece of the reply: itself, other words, or nothing more. */
  readonly check: (piece: string) => string | undefined;
  readonly onUsage: (usage: Readonly<Record<string, number>>, billed: ModelUsage) => void;
}

export function createThreadAnswerer(parts: ThreadAnswererParts): Answerer {
  return { answer: (turn, correction, events) => startRun(parts, turn, correction, events) };
}

function startRun(
  parts: ThreadAnswererParts,
  turn: Turn,
  correction: Parameters<Answerer["answer"]>[1],
  events: AnswerEvents,
): Run {
  const { thread, speaker, post } = parts;
  const controller = new AbortController();
  const signal = AbortSignal.any([controller.signal, parts.signal]);
  const cutter = parts.sentences();
  let utterance: Utterance | undefined;
  let acted = false;
  let over = false;
  let halted = false;
  let toolsRunning = 0;
  const watchdog = createWatchdog({ ms: parts.timeoutMs, after: parts.after, onSilence: () => fail("thread-timeout") });

  function stop(): void {
    over = true;
    watchdog.stop();
  }

  function fail(cause: string): void {
    if (over) return;
    stop();
    controller.abort();
    if (utterance) speaker.finish(utterance);
    events.onFailed(run, cause);
  }

  function say(pieces: readonly string[]): void {
    for (const piece of pieces) {
      if (halted) return;
      const words = parts.check(piece);
      if (words === undefined) return halt();
      utterance ??= speaker.begin("reply", { turn: turn.number, more: () => say(cutter.take()) });
      speaker.addText(utterance, words);
    }
  }

  /** Something else follows in place of the rest. */
  function halt(): void {
    halted = true;
    if (over) return;
    stop();
    controller.abort();
    if (utterance) speaker.finish(utterance);
    events.onDone(run, true);
  }

  function take(event: ThreadEvent): void {
    if (over) return;
    if (event.type === "usage") {
      const { model, inputTokens, cachedInputTokens, outputTokens } = event.usage;
      const counts = { input: inputTokens - cachedInputTokens, cached_input: cachedInputTokens, output: outputTokens };
      parts.onUsage(
        {
          thread_input_tokens: inputTokens,
          thread_cached_input_tokens: cachedInputTokens,
          thread_output_tokens: outputTokens,
        },
        { purpose: "thread", model, counts },
      );
      return;
    }
    watchdog.fed();
    say(cutter.push(event.delta));
    // The voice has run dry: a short piece now is better than a long one later.
    if (utterance && speaker.isStarving(utterance)) say(cutter.take());
  }

  function done(): void {
    if (over) return;
    stop();
    say(cutter.end());
    if (utterance) speaker.finish(utterance);
    events.onDone(run, utterance !== undefined || halted);
  }

  async function useTool(request: ToolRequest): Promise<string> {
    acted = true;
    toolsRunning++;
    // A tool has a time limit of its own. What was written before it is said meanwhile.
    watchdog.pause();
    post(() => {
      if (!over) say(cutter.take());
    });
    try {
      return await parts.runTool(request, signal, turn.number);
    } finally {
      toolsRunning--;
      if (toolsRunning === 0) watchdog.resume();
    }
  }

  async function read(): Promise<void> {
    try {
      const { text, note } = turn;
      const input = { text, ...(correction && { correction }), ...(note !== undefined && { note }) };
      for await (const event of thread.reply(input, { signal, runTool: useTool })) post(() => take(event));
      post(done);
    } catch (error) {
      // An abort is our own doing, and whoever did it has already moved on.
      if (!signal.aborted) post(() => fail(error instanceof ThreadError ? `thread-${error.code}` : "thread-failed"));
    }
  }

  const run: Run = {
    turn,
    acted: () => acted,
    utterance: () => utterance,
    yield() {},
    cancel() {
      if (over) return;
      stop();
      controller.abort();
      if (utterance) speaker.finish(utterance);
    },
  };
  void read();
  return run;
}
