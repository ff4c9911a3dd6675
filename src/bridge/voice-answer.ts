// Answers from a voice that thinks for itself (speech-to-speech): asks it to respond, follows its reply, runs its tools and
// lets it go on with their results. The caller's words are in its conversation already; keys have to be told.
import type { ToolRequest } from "../core/thread.ts";
import type { Voice, VoiceEvent } from "../core/voice.ts";
import type { Answerer, AnswerEvents, Run, Turn } from "./answer.ts";
import type { Speaker } from "./speaker.ts";
import { generatedBytes, type Utterance } from "./utterance.ts";
import { createWatchdog } from "./watchdog.ts";

/** A model that calls tools without end is stopped here. */
const MOST_ROUNDS = 8;
/** An answer that was given up before it began is looked out for this long, ms; if it was refused it never begins. */
const ORPHAN_MS = 5000;
const NOT_RUN = JSON.stringify({ error: { code: "cancelled", message: "The call went on without this result." } });

export interface VoiceAnswererParts {
  readonly voice: () => Voice | undefined;
  readonly speaker: Speaker;
  readonly now: () => number;
  readonly post: (what: () => void) => void;
  readonly after: (ms: number, fn: () => void) => () => void;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly runTool: (request: ToolRequest, signal: AbortSignal, turn: number) => Promise<string>;
}

export interface VoiceAnswerer extends Answerer {
  /** True when the event was about an answer of the voice. */
  take(event: VoiceEvent): boolean;
  /** The voice is gone, and what it was saying with it. */
  lost(): void;
  /** There is a voice again: an answer that broke off is asked for again. */
  back(): void;
}

interface OwnRun extends Run {
  /** It asked for an answer that has not begun. */
  isAwaiting(): boolean;
  take(event: VoiceEvent): boolean;
  lost(): void;
  back(): void;
}

export function createVoiceAnswerer(parts: VoiceAnswererParts): VoiceAnswerer {
  let current: OwnRun | undefined;
  /** Until when the next answers to begin are not the present run's, but of one that was called off before. */
  let orphans: number[] = [];

  function disown(): void {
    orphans.push(parts.now() + ORPHAN_MS);
  }

  function takeOrphan(): boolean {
    orphans = orphans.filter((until) => until > parts.now());
    return orphans.shift() !== undefined;
  }

  return {
    answer(turn, _correction, events) {
      const run = startRun(parts, turn, events, {
        disown,
        over: () => {
          if (current === run) current = undefined;
        },
      });
      current = run;
      return run;
    },
    take(event) {
      if (event.type === "voice.reply-started" && (takeOrphan() || !current?.isAwaiting())) {
        // Nobody wants it any more, or ever did: it would be talking to itself.
        parts.voice()?.cancel(event.speechId);
        return true;
      }
      if (event.type === "voice.trouble" && event.code !== "stall") orphans = [];
      if (current?.take(event)) return true;
      if (event.type !== "voice.tool-call") return false;
      // The model waits for every result it asked for.
      parts.voice()?.answerTool(event.callId, NOT_RUN);
      return true;
    },
    lost() {
      orphans = [];
      current?.lost();
    },
    back: () => current?.back(),
  };
}

function startRun(
  parts: VoiceAnswererParts,
  turn: Turn,
  events: AnswerEvents,
  { disown, over: onOver }: { readonly disown: () => void; readonly over: () => void },
): OwnRun {
  const { speaker, voice } = parts;
  const controller = new AbortController();
  const signal = AbortSignal.any([controller.signal, parts.signal]);
  /** `asked`: an answer was asked for; `replying`: it began; `idle`: it is complete, tools may be running; `broken`: no voice. */
  let state: "asked" | "replying" | "idle" | "broken" | "over" = "asked";
  let speechId: string | undefined;
  let utterance: Utterance | undefined;
  let said = false;
  let yielded = false;
  let rounds = 0;
  let toolsRunning = 0;
  let calls = 0;
  let callsBefore = 0;
  let sounded = 0;
  const watchdog = createWatchdog({
    ms: parts.timeoutMs,
    after: parts.after,
    // Most of its audio comes by a way that does not lead by here.
    isAlive() {
      const before = sounded;
      sounded = utterance ? generatedBytes(utterance) : 0;
      return sounded > before;
    },
    onSilence: () => fail("voice-timeout"),
  });

  function stop(): void {
    state = "over";
    watchdog.stop();
    onOver();
  }

  function giveUp(): void {
    if (state === "replying" && speechId !== undefined) voice()?.cancel(speechId);
    stop();
    controller.abort();
  }

  function fail(cause: string): void {
    if (state === "over") return;
    giveUp();
    events.onFailed(run, cause);
  }

  function done(): void {
    stop();
    events.onDone(run, said);
  }

  function respond(): void {
    state = "asked";
    voice()?.respond();
    watchdog.resume();
  }

  /** The reply is complete and called tools: once all their results are in, the model is to go on. */
  function goOn(): void {
    if (state !== "idle" || toolsRunning > 0) return;
    // The caller's new words are in the conversation, too: the answer to them is the answer to all.
    if (yielded) return done();
    if (++rounds >= MOST_ROUNDS) return fail("tool-loop");
    respond();
  }

  function useTool({ callId, name, arguments: text }: Extract<VoiceEvent, { type: "voice.tool-call" }>): void {
    const asker = voice();
    toolsRunning++;
    calls++;
    watchdog.pause();
    void parts.runTool({ callId, name, arguments: text }, signal, turn.number).then((output) =>
      parts.post(() => {
        toolsRunning--;
        // Another voice has not made this call, and would refuse its result.
        if (voice() === asker) asker?.answerTool(callId, output);
        else voice()?.tell("system", `The result of ${name}, which was asked for before: ${output}`);
        goOn();
      }),
    );
  }

  function take(event: VoiceEvent): boolean {
    switch (event.type) {
      case "voice.reply-started":
        state = "replying";
        speechId = event.speechId;
        callsBefore = calls;
        utterance = speaker.beginOwn(event.speechId, turn.number);
        watchdog.fed();
        return true;
      case "voice.audio":
        if (event.speechId === speechId) said = true;
        watchdog.fed();
        return false;
      case "voice.tool-call":
        if (event.speechId !== speechId) return false;
        useTool(event);
        return true;
      case "voice.spoken":
        if (event.speechId !== speechId || state !== "replying") return false;
        state = "idle";
        speaker.spoken(event.speechId, event.status, event.text, event.code);
        if (event.status === "failed") fail(`voice-${event.code ?? "failed"}`);
        else if (calls > callsBefore) goOn();
        else done();
        return true;
      default:
        return false;
    }
  }

  const run: OwnRun = {
    turn,
    acted: () => calls > 0,
    utterance: () => utterance,
    yield() {
      yielded = true;
    },
    isAwaiting: () => state === "asked",
    take,
    cancel() {
      if (state === "over") return;
      if (state === "asked") disown();
      giveUp();
    },
    lost() {
      state = "broken";
      speechId = undefined;
      watchdog.pause();
    },
    back() {
      if (state !== "broken") return;
      // What was heard of the broken reply is in the history the new voice was given.
      if (utterance) voice()?.tell("system", "Your last reply broke off. Go on from where it stopped.");
      if (toolsRunning > 0) state = "idle";
      else respond();
    },
  };
  if (turn.note !== undefined) voice()?.tell("system", turn.note);
  if (turn.by !== "speech") voice()?.tell("user", turn.text);
  voice()?.respond();
  return run;
}
