// Answers from a voice that thinks for itself (speech-to-speech): asks it to respond, follows its reply, runs its tools and
// lets it go on with their results. The caller's words are in its conversation already; keys have to be told.
import type { ToolRequest } from "../core/thread.ts";
import type { Voice, VoiceEvent } from "../core/voice.ts";
import type { Answerer, AnswerEvents, Run, Turn } from "./answer.ts";
import type { Speaker } from "./speaker.ts";
import type { Utterance } from "./utterance.ts";
import { createWatchdog } from "./watchdog.ts";

/** A model that calls tools without end is stopped here. */
const MOST_ROUNDS = 8;

export interface VoiceAnswererParts {
  readonly voice: () => Voice | undefined;
  readonly speaker: Speaker;
  readonly post: (what: () => void) => void;
  readonly after: (ms: number, fn: () => void) => () => void;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly runTool: (request: ToolRequest, signal: AbortSignal, turn: number) => Promise<string>;
}

export interface VoiceAnswerer extends Answerer {
  /** True when the event belonged to the answer in the making. */
  take(event: VoiceEvent): boolean;
  /** The voice is gone, and what it was saying with it. */
  lost(): void;
  /** There is a voice again: an answer that broke off is asked for again. */
  back(): void;
}

export function createVoiceAnswerer(parts: VoiceAnswererParts): VoiceAnswerer {
  const { speaker } = parts;
  let current: { take(event: VoiceEvent): boolean; lost(): void; back(): void } | undefined;

  function answer(turn: Turn, _correction: unknown, events: AnswerEvents): Run {
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, parts.signal]);
    let speechId: string | undefined;
    let utterance: Utterance | undefined;
    let acted = false;
    let over = false;
    let said = false;
    let rounds = 0;
    let toolsRunning = 0;
    let responding = true;
    let calls = 0;
    let callsBefore = 0;
    const watchdog = createWatchdog({
      ms: parts.timeoutMs,
      after: parts.after,
      onSilence: () => fail("voice-timeout"),
    });

    function stop(): void {
      over = true;
      watchdog.stop();
      current = undefined;
    }

    function fail(cause: string): void {
      if (over) return;
      stop();
      controller.abort();
      if (speechId) parts.voice()?.cancel(speechId);
      events.onFailed(run, cause);
    }

    function goOn(): void {
      if (over || toolsRunning > 0 || responding) return;
      if (++rounds >= MOST_ROUNDS) return fail("tool-loop");
      responding = true;
      parts.voice()?.respond();
      watchdog.resume();
    }

    function useTool(event: Extract<VoiceEvent, { type: "voice.tool-call" }>): void {
      acted = true;
      toolsRunning++;
      calls++;
      watchdog.pause();
      void parts.runTool(event, signal, turn.number).then((output) =>
        parts.post(() => {
          toolsRunning--;
          parts.voice()?.answerTool(event.callId, output);
          goOn();
        }),
      );
    }

    function take(event: VoiceEvent): boolean {
      if (over) return false;
      switch (event.type) {
        case "voice.reply-started":
          speechId = event.speechId;
          callsBefore = calls;
          utterance = speaker.beginOwn(event.speechId, turn.number);
          watchdog.fed();
          return true;
        case "voice.audio":
          said ||= event.speechId === speechId;
          watchdog.fed();
          return false;
        case "voice.tool-call":
          useTool(event);
          return true;
        case "voice.spoken":
          if (event.speechId !== speechId) return false;
          responding = false;
          speaker.spoken(event.speechId, event.status, event.text, event.code);
          if (event.status === "failed") fail(`voice-${event.code ?? "failed"}`);
          else if (calls > callsBefore) goOn();
          else {
            stop();
            events.onDone(run, said);
          }
          return true;
        default:
          return false;
      }
    }

    const run: Run = {
      turn,
      acted: () => acted,
      utterance: () => utterance,
      cancel() {
        if (over) return;
        stop();
        controller.abort();
        if (speechId) parts.voice()?.cancel(speechId);
      },
    };
    current = {
      take,
      lost() {
        speechId = undefined;
        responding = false;
        watchdog.pause();
      },
      back() {
        // What was heard of the broken reply is in the history the new voice was given.
        if (utterance) parts.voice()?.tell("system", "Your last reply broke off. Go on from where it stopped.");
        responding = true;
        parts.voice()?.respond();
        watchdog.resume();
      },
    };
    const voice = parts.voice();
    if (turn.by === "keypad") voice?.tell("user", turn.text);
    voice?.respond();
    return run;
  }

  return {
    answer,
    take: (event) => current?.take(event) ?? false,
    lost: () => current?.lost(),
    back: () => current?.back(),
  };
}
