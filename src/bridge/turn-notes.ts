// The part of the journal that tells of turns: what the caller said, how soon it was answered, and why it was not as it should be.
import type { CallPhase, CallRecord, TimelineEntry, TurnRecord } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { Log, Meter } from "../core/observe.ts";
import { causeOfDelay, type AnswerTimes } from "./lateness.ts";
import type { Story } from "./story.ts";

export interface TurnNotesParts {
  readonly story: Story;
  readonly note: (what: string, detail?: TimelineEntry["detail"]) => void;
  readonly tell: (type: string, data: Readonly<Record<string, unknown>>) => void;
  readonly update: (change: Partial<CallRecord>) => void;
  readonly entering: (next: CallPhase) => Pick<CallRecord, "phase">;
  /** ms since the call began. */
  readonly atMs: (at?: number) => number;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly logContent: boolean;
}

export function createTurnNotes(parts: TurnNotesParts) {
  const { story, note, tell, update, entering, atMs, clock, log, meter } = parts;
  const { turns } = story;

  function changeTurn(turn: number, change: Partial<TurnRecord>): void {
    const index = turns.findIndex((one) => one.turn === turn);
    if (index < 0) return;
    turns[index] = { ...(turns[index] as TurnRecord), ...change };
    update({ turns: [...turns] });
  }

  return {
    /** A turn begins to be answered; the same number again means that words were added to it, and what went wrong before stands. */
    turn(turn: number, by: TurnRecord["by"], text: string, endedAt: number): void {
      const known = turns.findIndex((one) => one.turn === turn);
      const { cause } = known < 0 ? {} : (turns.splice(known, 1)[0] as TurnRecord);
      turns.push({ turn, by, text, endedAtMs: atMs(endedAt), ...(cause !== undefined && { cause }) });
      note("turn", { turn, by });
      log.info("turn begins", { turn, by, ...(parts.logContent && { text }) });
      // What is said while a human is called for does not call it off.
      update({ turns: [...turns], ...entering(story.phase() === "escalation" ? "escalation" : "intake") });
      if (text) tell("turn", { turn, by, text, atMs: atMs(endedAt) });
    },
    /** Of a turn that was answered before its words were known (speech-to-speech). */
    turnText(turn: number, text: string): void {
      changeTurn(turn, { text });
      if (text) tell("turn", { turn, text });
    },
    /** Audio of the answer is at the line; `times` are those before it. Only the first counts: a tool may come in between. */
    answered(turn: number, times: AnswerTimes): void {
      if (turns.find((one) => one.turn === turn)?.latencyMs !== undefined) return;
      const latencyMs = Math.round(clock.now() - times[0]);
      changeTurn(turn, { latencyMs });
      meter.observe("voice_turn_latency_seconds", latencyMs / 1000);
      note("answer", { turn, latencyMs });
      tell("answer", { turn, latencyMs });
      log.info("turn answered", { turn, latencyMs });
      const cause = causeOfDelay(times, clock.now());
      if (!cause) return;
      meter.observe("voice_silence_gap_seconds", latencyMs / 1000);
      this.cause(turn, cause);
    },
    /** Why a turn was silent, late or cut: the first cause stands, later ones follow it. */
    cause(turn: number, cause: string): void {
      const known = turns.find((one) => one.turn === turn)?.cause;
      if (known?.split(", ").includes(cause)) return;
      changeTurn(turn, { cause: known ? `${known}, ${cause}` : cause });
      note("cause", { turn, cause });
      log.warn("turn went wrong", { turn, cause });
    },
    speechFailed(turn: number, code: string): void {
      meter.count("voice_speech_failures_total", { code });
      if (turn > 0) this.cause(turn, `speech-${code}`);
    },
  };
}
