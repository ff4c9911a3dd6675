// The part of the journal that tells what did not go as it should: interruptions, voices and words that were lost, defects of ours.
import type { TimelineEntry } from "../core/call.ts";
import type { Log, Meter } from "../core/observe.ts";

/** Word error rate from which an operator should look. */
const MUCH_DIVERGENCE = 0.2;

export function createMishaps({
  note,
  log,
  meter,
  sinceMs,
}: {
  readonly note: (what: string, detail?: TimelineEntry["detail"]) => void;
  readonly log: Log;
  readonly meter: Meter;
  /** ms since this bridge had its line. */
  readonly sinceMs: () => number;
}) {
  return {
    /** The caller spoke into our words; it took `tookMs` to quiet the line. */
    bargeIn(tookMs: number): void {
      note("barge-in");
      meter.observe("voice_bargein_stop_seconds", tookMs / 1000);
    },
    diverged(turn: number, rate: number): void {
      meter.observe("voice_speech_divergence_ratio", rate);
      const wordErrorRate = Math.round(rate * 100) / 100;
      if (rate > MUCH_DIVERGENCE)
        log.warn("the voice said something else than it was asked to", { turn, wordErrorRate });
    },
    voiceReady(again: boolean): void {
      note("voice is ready", { again });
      if (!again) meter.observe("voice_call_setup_seconds", sinceMs() / 1000, { stage: "voice" });
    },
    voiceLost(code: string): void {
      note("voice is lost", { code });
      meter.count("voice_upstream_reconnects_total", { reason: code });
      log.warn("the voice was lost, opening another", { code });
    },
    /** The carrier will not find out what to do after the stream. */
    unstored(error: unknown): void {
      log.error("how the call ends could not be stored", { error: messageOf(error) });
    },
    /** A handler threw: a defect of ours, which the call survives. */
    stumbled(error: unknown): void {
      meter.count("voice_internal_errors_total");
      log.error("the call stumbled", { error: messageOf(error) });
    },
  };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : "unknown";
}
