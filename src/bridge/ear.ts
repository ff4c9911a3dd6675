// What the caller's speech means for the call: a turn, a nod, noise, or an interruption. It weighs speech events and
// transcripts, holds the open questions, and tells the bridge its decision; it touches neither line nor voice.
import { isMurmur, isPickupNoise } from "./backchannel.ts";

/**
 * What the agent owed the caller when they began to speak. `prompt`: only a question after them, which any sound answers;
 * `tail`: the last syllables of an answer, into which people begin to speak.
 */
export type Owed = "nothing" | "greeting" | "words" | "thought" | "prompt" | "tail";

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
  onIgnored(itemId: string, why: "backchannel" | "pickup" | "empty"): void;
  /** Something was said, but its words are lost. */
  onLost(itemId: string, cause: "failed" | "late" | "empty"): void;
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
  /** Where it begins in the audio the voice heard, ms. */
  readonly audioMs: number;
  endedAt: number;
  /** Set when the turn is complete. */
  itemId?: string;
  cancelDeadline: () => void;
}

interface Awaited {
  readonly speech: Speech;
  readonly cancel: () => void;
  /** Given up on; should its words come after all, they are still weighed as what they were. */
  late: boolean;
}

/** How long a long interruption may wait for the transcript that could still show it was a nod, ms. */
const NOD_TRANSCRIPT_MS = 1200;
/** The beginning and the end of speech are reported with different delays, ms: short speech must not look long for it. */
const REPORT_SLACK_MS = 200;
const REMEMBERED_ITEMS = 64;

export type Ear = ReturnType<typeof createEar>;

export function createEar(parts: EarParts) {
  const { backchannelMs, now, after, events } = parts;
  let speaking = false;
  /** The speech going on, or the last one, until its turn is complete and it is weighed. */
  let latest: Speech | undefined;
  const awaited = new Map<string, Awaited>();
  const settled = new Set<string>();

  function newSpeech(owed: Owed, verdict: Speech["verdict"], audioMs: number): Speech {
    return { owed, verdict, audioMs, endedAt: now(), cancelDeadline: () => {} };
  }

  function cut(speech: Speech): void {
    speech.cancelDeadline();
    if (speech.verdict === "cut") return;
    speech.verdict = "cut";
    events.onCut();
  }

  /** An interruption because time went by: if its turn is complete already, its words are what is waited for now. */
  function cutUnheard(speech: Speech): void {
    cut(speech);
    if (speech.itemId !== undefined && awaited.has(speech.itemId)) events.onCommitted(speech.itemId, speech.endedAt);
  }

  function resume(speech: Speech): void {
    speech.cancelDeadline();
    speech.verdict = "nod";
    events.onResume();
  }

  /** The speech of an item whose words came or will not come; undefined when that was known before. */
  function settle(itemId: string): Speech | undefined {
    if (settled.has(itemId)) return undefined;
    settled.add(itemId);
    for (const oldest of settled) if (settled.size > REMEMBERED_ITEMS) settled.delete(oldest);
    const entry = awaited.get(itemId);
    entry?.cancel();
    awaited.delete(itemId);
    const speech = entry?.speech ?? newSpeech("nothing", "plain", 0);
    if (latest === speech) latest = undefined;
    return speech;
  }

  function lost(itemId: string, speech: Speech, cause: "failed" | "late" | "empty"): void {
    if (speech.verdict === "open") {
      if (cause === "empty") resume(speech);
      else cut(speech);
    }
    if (speech.verdict === "nod" || (cause === "empty" && speech.verdict === "plain"))
      return events.onIgnored(itemId, "empty");
    events.onLost(itemId, cause);
  }

  function giveUp(itemId: string): void {
    const entry = awaited.get(itemId);
    if (!entry) return;
    entry.late = true;
    if (latest === entry.speech) latest = undefined;
    for (const oldest of awaited.keys()) if (awaited.size > REMEMBERED_ITEMS) awaited.delete(oldest);
    lost(itemId, entry.speech, "late");
  }

  const waiting = (): Awaited[] => [...awaited.values()].filter(({ late }) => !late);

  return {
    /** `audioMs`: where it begins in the audio the voice heard. */
    started(audioMs: number): void {
      // Whoever speaks again while the first words are weighed means it.
      if (latest?.verdict === "open") cutUnheard(latest);
      speaking = true;
      const owed = parts.owed();
      const over = owed !== "nothing" && owed !== "greeting";
      const speech = newSpeech(owed, over ? "open" : "plain", audioMs);
      latest = speech;
      if (!over) return;
      events.onHold();
      if (backchannelMs === 0 || owed === "prompt" || owed === "tail") cut(speech);
      else {
        const decidedMs = backchannelMs + parts.endSilenceMs + REPORT_SLACK_MS;
        speech.cancelDeadline = after(decidedMs, () => cutUnheard(speech));
      }
    },
    stopped(speechMs: number): void {
      speaking = false;
      if (!latest) return;
      const speech = latest;
      speech.endedAt = now();
      if (speech.verdict !== "open") return;
      speech.cancelDeadline();
      if (speechMs < backchannelMs) resume(speech);
      else speech.cancelDeadline = after(NOD_TRANSCRIPT_MS, () => cutUnheard(speech));
    },
    committed(itemId: string): void {
      if (awaited.has(itemId) || settled.has(itemId)) return;
      const speech = latest ?? newSpeech(parts.owed(), "plain", 0);
      speech.itemId = itemId;
      latest = speech.verdict === "open" ? speech : undefined;
      awaited.set(itemId, { speech, late: false, cancel: after(parts.transcriptTimeoutMs, () => giveUp(itemId)) });
      if (speech.verdict === "cut" || (speech.verdict === "plain" && speech.owed !== "greeting"))
        events.onCommitted(itemId, speech.endedAt);
    },
    heard(itemId: string, raw: string): void {
      const text = raw.trim();
      const speech = settle(itemId);
      if (!speech) return;
      if (!text) return lost(itemId, speech, "empty");
      if (speech.owed === "greeting" && isPickupNoise(text)) return events.onIgnored(itemId, "pickup");
      if (speech.owed === "tail" && isMurmur(text)) return events.onIgnored(itemId, "backchannel");
      if (speech.verdict === "open" || speech.verdict === "nod") {
        if (parts.isNod(text)) {
          if (speech.verdict === "open") resume(speech);
          return events.onIgnored(itemId, "backchannel");
        }
        if (speech.verdict === "nod") events.onHold();
        cut(speech);
      }
      events.onTurn(itemId, text, speech.endedAt);
    },
    unheard(itemId: string, cause: "empty" | "failed"): void {
      const speech = settle(itemId);
      if (speech) lost(itemId, speech, cause);
    },
    /** Our words were cut for another reason (a key): there is nothing left to weigh. */
    overrule(): void {
      if (latest?.verdict !== "open") return;
      latest.cancelDeadline();
      latest.verdict = "cut";
    },
    isSpeaking: () => speaking,
    /** Words of the caller are on the way; of those whose item the predicate leaves out nobody waits. */
    isWaiting: (without: (itemId: string) => boolean = () => false): boolean =>
      waiting().some(({ speech }) => !without(speech.itemId as string)),
    /** Where the words begin that were not understood yet, in ms of the audio the voice heard; undefined when none are. */
    openSince(): number | undefined {
      const open = waiting().map(({ speech }) => speech.audioMs);
      if (speaking && latest) open.push(latest.audioMs);
      return open.length > 0 ? Math.min(...open) : undefined;
    },
    /** The voice is gone: what it had heard is not coming. */
    forget(): void {
      speaking = false;
      if (latest?.verdict === "open") cut(latest);
      latest?.cancelDeadline();
      latest = undefined;
      for (const { cancel } of awaited.values()) cancel();
      awaited.clear();
    },
  };
}
