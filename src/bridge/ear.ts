// What the caller's speech means for the call: a turn, a nod, noise, or an interruption. It weighs speech events and
// transcripts, holds the open questions, and tells the bridge its decision; it touches neither line nor voice.
import { isPickupNoise } from "./backchannel.ts";

/** What the agent owed the caller when they began to speak. */
export type Owed = "nothing" | "greeting" | "words" | "thought";

export interface EarEvents {
  /** The caller speaks into our words or thoughts: be quiet, but forget nothing yet. */
  onHold(): void;
  /** It was nothing: go on. */
  onResume(): void;
  /** They mean it: what was not heard is void. */
  onCut(): void;
  /** The caller's turn is complete, its words are on the way (or, for a voice that answers itself, need not be waited for). */
  onCommitted(itemId: string, endedAt: number): void;
  onTurn(itemId: string, text: string, endedAt: number): void;
  /** Speech that needs no answer. */
  onIgnored(why: "backchannel" | "pickup" | "empty"): void;
  /** Something was said, but its words are lost. */
  onLost(cause: "failed" | "late" | "empty"): void;
}

export interface EarParts {
  /** Speech shorter than this (ms) may be a nod; 0: every sound interrupts. */
  readonly backchannelMs: number;
  /** ms of silence after which the voice reports the end of speech: until then its length is unknown. */
  readonly endSilenceMs: number;
  readonly transcriptTimeoutMs: number;
  readonly now: () => number;
  readonly after: (ms: number, fn: () => void) => () => void;
  readonly owed: () => Owed;
  /** Are these the words of someone who only shows that they listen? */
  readonly isNod: (text: string) => boolean;
  readonly events: EarEvents;
}

interface Speech {
  readonly owed: Owed;
  /** `open`: over our words and not weighed yet; `nod`: short, so we went on; `cut`: an interruption; `plain`: over nothing. */
  verdict: "plain" | "open" | "nod" | "cut";
  endedAt: number;
  cancelDeadline: () => void;
}

/** How long a long interruption may wait for the transcript that could still show it was a nod, ms. */
const NOD_TRANSCRIPT_MS = 1200;
const REMEMBERED_ITEMS = 64;

export type Ear = ReturnType<typeof createEar>;

export function createEar({
  backchannelMs,
  endSilenceMs,
  transcriptTimeoutMs,
  now,
  after,
  owed,
  isNod,
  events,
}: EarParts) {
  let speaking = false;
  let latest: Speech | undefined;
  const awaited = new Map<string, { speech: Speech; cancel: () => void }>();
  const settled = new Set<string>();

  function cut(speech: Speech): void {
    speech.cancelDeadline();
    if (speech.verdict === "cut") return;
    speech.verdict = "cut";
    events.onCut();
  }

  function resume(speech: Speech): void {
    speech.cancelDeadline();
    speech.verdict = "nod";
    events.onResume();
  }

  function settle(itemId: string): Speech | undefined {
    const entry = awaited.get(itemId);
    entry?.cancel();
    awaited.delete(itemId);
    if (settled.has(itemId)) return undefined;
    settled.add(itemId);
    if (settled.size > REMEMBERED_ITEMS)
      for (const oldest of settled) return settled.delete(oldest) ? entry?.speech : undefined;
    return entry?.speech;
  }

  function lost(speech: Speech, cause: "failed" | "late" | "empty"): void {
    if (speech.verdict === "open") {
      if (cause === "empty") return resume(speech);
      cut(speech);
    }
    if (speech.verdict === "nod") return;
    if (cause === "empty" && speech.verdict === "plain") return events.onIgnored("empty");
    events.onLost(cause);
  }

  return {
    started(): void {
      // Whoever speaks again while the first words are weighed means it.
      if (latest?.verdict === "open") cut(latest);
      speaking = true;
      const owes = owed();
      const over = owes === "words" || owes === "thought";
      const speech: Speech = { owed: owes, verdict: over ? "open" : "plain", endedAt: now(), cancelDeadline: () => {} };
      latest = speech;
      if (!over) return;
      events.onHold();
      if (backchannelMs === 0) cut(speech);
      else speech.cancelDeadline = after(backchannelMs + endSilenceMs, () => cut(speech));
    },
    stopped(speechMs: number): void {
      speaking = false;
      if (!latest) return;
      latest.endedAt = now();
      if (latest.verdict !== "open") return;
      latest.cancelDeadline();
      const speech = latest;
      if (speechMs < backchannelMs) resume(speech);
      else speech.cancelDeadline = after(NOD_TRANSCRIPT_MS, () => cut(speech));
    },
    committed(itemId: string): void {
      const speech = latest ?? { owed: owed(), verdict: "plain", endedAt: now(), cancelDeadline: () => {} };
      latest = speech.verdict === "open" ? speech : undefined;
      const cancel = after(transcriptTimeoutMs, () => {
        awaited.delete(itemId);
        lost(speech, "late");
      });
      awaited.set(itemId, { speech, cancel });
      if (speech.verdict === "cut" || (speech.verdict === "plain" && speech.owed !== "greeting"))
        events.onCommitted(itemId, speech.endedAt);
    },
    heard(itemId: string, raw: string): void {
      const text = raw.trim();
      if (settled.has(itemId)) return;
      const speech = settle(itemId) ?? { owed: "nothing", verdict: "plain", endedAt: now(), cancelDeadline: () => {} };
      if (latest === speech) latest = undefined;
      if (!text) return lost(speech, "empty");
      if (speech.owed === "greeting" && isPickupNoise(text)) return events.onIgnored("pickup");
      if (speech.verdict === "open" || speech.verdict === "nod") {
        if (isNod(text)) {
          if (speech.verdict === "open") resume(speech);
          return events.onIgnored("backchannel");
        }
        if (speech.verdict === "nod") events.onHold();
        cut(speech);
      }
      events.onTurn(itemId, text, speech.endedAt);
    },
    unheard(itemId: string, cause: "empty" | "failed"): void {
      const speech = settle(itemId);
      if (!speech) return;
      if (latest === speech) latest = undefined;
      lost(speech, cause);
    },
    isSpeaking: () => speaking,
    /** Words of the caller are on the way. */
    isWaiting: () => awaited.size > 0,
    /** The voice is gone: what it had heard is not coming. True when the caller was in the middle of something. */
    forget(): boolean {
      const open = speaking || awaited.size > 0;
      speaking = false;
      if (latest?.verdict === "open") cut(latest);
      latest?.cancelDeadline();
      latest = undefined;
      for (const { cancel } of awaited.values()) cancel();
      awaited.clear();
      return open;
    },
  };
}
