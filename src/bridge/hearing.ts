// What becomes of the caller's speech and keys: the ear's decisions carried out on the speaker, the dialogue and the end of
// the call.
import type { CallEnding } from "../core/call.ts";
import type { LineEvent } from "../core/line.ts";
import type { VoiceEvent } from "../core/voice.ts";
import type { Turn } from "./answer.ts";
import { isBackchannel, isFarewell } from "./backchannel.ts";
import type { Dialogue } from "./dialogue.ts";
import { createEar, type Owed } from "./ear.ts";
import type { Ending } from "./ending.ts";
import type { Guarding } from "./guarding.ts";
import type { Journal } from "./journal.ts";
import { createKeypad } from "./keypad.ts";
import type { BridgeSettings } from "./parts.ts";
import type { PhaseEvent } from "./phase.ts";
import type { Phrases } from "./phrases.ts";
import type { Speaker } from "./speaker.ts";
import { createTurnWords } from "./turn-words.ts";

/** With less than this left to be heard, ms, whoever speaks begins an answer: there is nothing worth going on with. */
const TAIL_MS = 400;

export interface HearingParts {
  readonly settings: BridgeSettings;
  readonly now: () => number;
  readonly after: (ms: number, fn: () => void) => () => void;
  readonly speaker: Speaker;
  readonly dialogue: Dialogue;
  readonly ending: Ending;
  readonly journal: Journal;
  readonly phrases: Phrases;
  readonly guarding: Guarding;
  readonly move: (event: PhaseEvent) => void;
  /** The voice answers by itself: it need not wait for the words. */
  readonly answersItself: boolean;
  /** Drops what was not heard yet. Returns an ending that was taken back by it. */
  readonly cutSpeech: () => CallEnding | undefined;
  /** Nobody may be waiting for anything any more: look. */
  readonly onQuiet: () => void;
}

export type Hearing = ReturnType<typeof createHearing>;

export function createHearing(parts: HearingParts) {
  const { speaker, dialogue, ending, journal, phrases, guarding, now } = parts;
  const words = createTurnWords();
  /** The ending that the speech of the caller took back; "bye" gives it back. */
  let takenBack: CallEnding | undefined;

  /** A goodbye is waited for to its last mark: whoever speaks now may want to stay. */
  function concludePlayed(): void {
    if (!ending.wanted()) speaker.concludePlayed();
  }

  function owed(): Owed {
    concludePlayed();
    const said = speaker.utterances();
    if (said[0]?.shielded) return "greeting";
    const busy = dialogue.isBusy();
    if (said.length === 0) return busy || isAwaiting() ? "thought" : "nothing";
    if (busy) return "words";
    if (said.every(({ kind }) => kind === "prompt")) return "prompt";
    return speaker.unheardMs() < TAIL_MS && !ending.wanted() ? "tail" : "words";
  }

  /** Words that only show that somebody listens; into a goodbye, also those that return it. */
  function isNod(text: string): boolean {
    const leaving = ending.wanted();
    // Whoever says "yes" to "I can not hear you" wants to stay.
    if (leaving?.reason === "silence") return false;
    return isBackchannel(text) || (leaving !== undefined && isFarewell(text));
  }

  function accept(key: string, text: string, endedAt: number, by: Turn["by"] = "speech"): void {
    takenBack = undefined;
    const number = dialogue.accept(text, by, endedAt);
    if (!parts.answersItself) return;
    words.add(number, key, text);
    journal.turnText(number, words.textOf(number));
  }

  /** A turn of the caller, spoken or written, with all its words. */
  function take(key: string, text: string, endedAt: number, by: "speech" | "text"): void {
    const verdict = guarding.read(text);
    const leaving = ending.wanted() ?? takenBack;
    const isBye = leaving !== undefined && leaving.reason !== "silence" && isFarewell(text);
    if (leaving && (isBye || guarding.confirms(verdict, leaving))) {
      journal.note("ignored", { why: isBye ? "farewell" : "under way" });
      takenBack = undefined;
      ending.want(leaving);
      guarding.restored(leaving);
      parts.move("end");
      return parts.onQuiet();
    }
    if (guarding.answers(verdict, () => dialogue.take(text, by, endedAt))) {
      takenBack = undefined;
      return;
    }
    if (ending.isFinal()) return journal.note("ignored", { why: "ending" });
    if (ending.wanted()) parts.cutSpeech();
    accept(key, text, endedAt, by);
  }

  const ear = createEar({
    backchannelMs: parts.settings.backchannelMs,
    endSilenceMs: parts.settings.endSilenceMs,
    transcriptTimeoutMs: parts.settings.transcriptTimeoutMs,
    now,
    after: parts.after,
    owed,
    isNod,
    events: {
      onHold() {
        const began = now();
        if (speaker.hold()) journal.bargeIn(now() - began);
        parts.move("interrupt");
      },
      onResume() {
        speaker.release();
        if (speaker.busy()) parts.move("resume");
        else if (dialogue.isBusy()) parts.move("think");
        else parts.onQuiet();
      },
      onCut() {
        takenBack = parts.cutSpeech() ?? takenBack;
      },
      onCommitted(itemId, endedAt) {
        if (parts.answersItself && !ending.wanted() && !takenBack) accept(itemId, "", endedAt);
        else dialogue.expectAnswer(endedAt);
      },
      onTurn(itemId, text, endedAt) {
        const early = words.fill(itemId, text);
        if (!early) return take(itemId, text, endedAt, "speech");
        const verdict = guarding.read(text);
        journal.turnText(early.turn, early.text);
        guarding.answers(verdict, () => early.turn);
      },
      onIgnored(itemId, why) {
        journal.note("ignored", { why });
        takenBack = undefined;
        if (!words.has(itemId)) nothingNew();
        parts.onQuiet();
      },
      onLost(itemId, cause) {
        journal.wordsLost(cause);
        takenBack = undefined;
        // A voice that answers itself has understood them anyway.
        if (!words.has(itemId) && guarding.unheard()) return;
        if (!words.has(itemId) && !nothingNew() && !ending.isFinal()) phrases.say("say-again", "notice");
        parts.onQuiet();
      },
    },
  });

  /** Words are on the way that somebody waits for: a voice that answers itself has begun without them. */
  function isAwaiting(): boolean {
    return ear.isWaiting((itemId) => words.has(itemId));
  }

  /** True when the caller is being answered all the same. */
  function nothingNew(): boolean {
    return isAwaiting() || dialogue.nothingNew();
  }

  const keypad = createKeypad({
    timeoutMs: parts.settings.keypadTimeoutMs,
    after: parts.after,
    onEntry(digits) {
      if (!ending.isFinal()) accept(`keys ${now()}`, `[keypad] ${digits || "#"}`, now(), "keypad");
    },
  });

  /** Returns an ending that was taken back by it. */
  function interrupt(): CallEnding | undefined {
    concludePlayed();
    const withdrawn = parts.cutSpeech();
    ear.overrule();
    return withdrawn;
  }

  return {
    ear,
    words(event: Extract<VoiceEvent, { type: "voice.hearing" | "voice.heard" | "voice.unheard" }>): void {
      if (event.type === "voice.hearing") return journal.hearing(event.delta);
      if (event.type === "voice.unheard") return ear.unheard(event.itemId, event.cause);
      journal.heard(event.text);
      ear.heard(event.itemId, event.text);
    },
    /** It cuts what is being said. Digits are gathered, a text is a turn. */
    typed(event: Extract<LineEvent, { type: "line.digit" | "line.text" }>): void {
      if (event.type === "line.text") {
        if (!ending.isFinal()) takenBack = interrupt() ?? takenBack;
        return take(`text ${now()}`, event.text, now(), "text");
      }
      if (ending.isFinal()) return;
      journal.note("key");
      if (!keypad.isOpen()) interrupt();
      keypad.press(event.digit);
    },
    isTyping: () => keypad.isOpen(),
    isAwaiting,
    /** The words of the turn being answered are still on the way. */
    isGuessing(): boolean {
      const turn = dialogue.turn();
      return turn !== undefined && words.isUnknown(turn);
    },
  };
}
