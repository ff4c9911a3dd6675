// One call: joins a line, a voice and an assistant, and knows no vendor. Everything that happens arrives in one mailbox, in
// order; nothing in here waits. README.md beside this file has the picture.
import type { CallEnding, EndReason } from "../core/call.ts";
import type { ClipId } from "../core/clip.ts";
import type { LineEvent } from "../core/line.ts";
import { createMailbox } from "../core/mailbox.ts";
import type { VoiceEvent } from "../core/voice.ts";
import { createAnswering } from "./answering.ts";
import { isBackchannel, isFarewell } from "./backchannel.ts";
import { createDialogue } from "./dialogue.ts";
import { createEar, type Owed } from "./ear.ts";
import { createEnding, reasonOf } from "./ending.ts";
import { createJournal } from "./journal.ts";
import { createKeypad } from "./keypad.ts";
import type { BridgeParts, Call } from "./parts.ts";
import { createPhases } from "./phase.ts";
import { createPhrases } from "./phrases.ts";
import { createPlayout } from "./playout.ts";
import { createSilenceWatch } from "./silence.ts";
import { createSpeaker } from "./speaker.ts";
import { createTimers } from "./timers.ts";
import { createVoiceKeeper } from "./voice-keeper.ts";

export function startCall(parts: BridgeParts): Call {
  const { party, line, clock, settings } = parts;
  const now = (): number => clock.now();
  const lifetime = new AbortController();
  const mailbox = createMailbox<LineEvent | VoiceEvent | (() => void)>(
    (event) => (typeof event === "function" ? event() : take(event)),
    { onError: (error) => journal.stumbled(error) },
  );
  const post = (what: () => void): void => void mailbox.post(what);
  const timers = createTimers(clock, post);
  const after = (ms: number, fn: () => void): (() => void) => timers.after(ms, fn);
  const journal = createJournal({ ...parts, logContent: settings.logContent });
  const phase = createPhases((from, to) => journal.note("phase", { from, to }));
  let settleEnded: (reason: EndReason) => void;
  const ended = new Promise<EndReason>((resolve) => (settleEnded = resolve));

  const playout = createPlayout({ line, clock, after, onGiveUp: () => speaker.look() });
  const speaker = createSpeaker({
    playout,
    now,
    divergence: parts.divergence,
    events: {
      onAudio({ kind, turn }) {
        phase.move("audio");
        silence.stop();
        journal.speaks(kind);
        if (kind === "reply") dialogue.answered(turn);
      },
      onHeard({ kind }, record) {
        journal.reply(record);
        if (kind === "greeting") phase.move("greeted");
      },
      onFailed({ turn, startedAtMs }, code) {
        journal.speechFailed(turn, code);
        if (startedAtMs === undefined) phrases.say("sorry", "notice");
      },
      onDivergence: ({ turn }, rate) => journal.diverged(turn, rate),
      onQuiet,
    },
  });
  const phrases = createPhrases({ speaker, clip: parts.clip });
  const keeper = createVoiceKeeper({
    engine: parts.engine,
    callId: party.callId,
    early: parts.early,
    history: () => [...journal.spoken()],
    now,
    after,
    post: (event) => void mailbox.post(event),
    isListening: () => ear.isSpeaking() || ear.isWaiting(),
    onReady(voice, again) {
      journal.note("voice is ready", { again });
      speaker.setVoice(voice);
      if (again) ownVoice?.back();
    },
    onLost(code) {
      journal.voiceLost(code);
      ear.forget();
      speaker.setVoice(undefined);
      ownVoice?.lost();
    },
    onWaiting: () => phrases.interject("hold"),
    onHopeless(code) {
      journal.log.error("no voice can be had, the call ends", { code });
      ending.close({ kind: "apologise", reason: "voice-unavailable" });
    },
  });
  const { answerer, ownVoice } = createAnswering({
    ...parts,
    speaker,
    journal,
    voice: () => keeper.voice(),
    post,
    after,
    signal: lifetime.signal,
    endAfterReply,
  });
  const dialogue = createDialogue({
    answerer,
    journal,
    now,
    after,
    fillerAfterMs: settings.fillerAfterMs,
    onFiller: () => !ear.isSpeaking() && !speaker.isHeld() && phrases.filler(),
    onTurn() {
      phase.move("turn");
      silence.reset();
    },
    onAnswered(turn, said) {
      if (!said && !ending.wanted()) {
        journal.cause(turn.number, "empty-reply");
        phrases.say("sorry", "notice");
      }
      onQuiet();
    },
    onFailed: () => phrases.say("sorry", "notice"),
  });
  const ear = createEar({
    backchannelMs: settings.backchannelMs,
    endSilenceMs: settings.endSilenceMs,
    transcriptTimeoutMs: settings.transcriptTimeoutMs,
    now,
    after,
    owed,
    isNod: (text) => isBackchannel(text) || (ending.wanted() !== undefined && isFarewell(text)),
    events: {
      onHold() {
        const began = now();
        if (speaker.hold()) journal.bargeIn(now() - began);
        phase.move("interrupt");
      },
      onResume() {
        speaker.release();
        phase.move("resume");
      },
      onCut: cutSpeech,
      onCommitted(itemId, endedAt) {
        if (ownVoice && !dialogue.isBusy()) unheard.set(itemId, dialogue.accept("", "speech", endedAt));
        else dialogue.expectAnswer(endedAt);
      },
      onTurn(itemId, text, endedAt) {
        const early = unheard.get(itemId);
        unheard.delete(itemId);
        if (early !== undefined) return journal.turnText(early, text);
        dialogue.accept(text, "speech", endedAt);
      },
      onIgnored(why) {
        journal.note("ignored", { why });
        dialogue.nothingNew();
        onQuiet();
      },
      onLost(cause) {
        journal.note("words lost", { cause });
        if (!dialogue.nothingNew()) phrases.say("say-again", "notice");
      },
    },
  });
  /** Turns a speech-to-speech voice answers before their words are known, by item. */
  const unheard = new Map<string, number>();
  const keypad = createKeypad({
    timeoutMs: settings.keypadTimeoutMs,
    after,
    onEntry: (digits) => void dialogue.accept(`[keypad] ${digits || "#"}`, "keypad", now()),
  });
  const ending = createEnding({
    after,
    post,
    store: (how) => parts.state.putEnding(party.carrierId, how),
    closeLine: () => line.close(),
  });
  const silence = createSilenceWatch({
    promptMs: settings.silencePromptMs,
    after,
    onPrompt: () => phrases.say("still-there", "prompt"),
    onGiveUp: () => end({ kind: "hangup", reason: "silence" }, "silence-goodbye"),
  });

  function owed(): Owed {
    if (speaker.current()?.shielded) return "greeting";
    if (speaker.busy()) return "words";
    return dialogue.isBusy() || ear.isWaiting() ? "thought" : "nothing";
  }

  function take(event: LineEvent | VoiceEvent): void {
    switch (event.type) {
      case "line.audio":
        return keeper.hear(event.payload);
      case "voice.audio":
        ownVoice?.take(event);
        return speaker.audio(event.speechId, event.payload, event.part);
      case "line.mark":
        return speaker.ack(event.name);
      case "line.digit":
        journal.note("key");
        if (!keypad.isOpen()) cutSpeech();
        silence.reset();
        return keypad.press(event.digit);
      case "line.closed":
        return release((ending.isClosing() && ending.wanted()?.reason) || reasonOf(event.cause));
      case "voice.ready":
      case "voice.closed":
        return keeper.take(event);
      case "voice.speech-started":
        journal.note("caller speaks");
        silence.stop();
        return ear.started();
      case "voice.speech-stopped":
        journal.note("caller silent", { speechMs: Math.round(event.speechMs) });
        return ear.stopped(event.speechMs);
      case "voice.committed":
        return ear.committed(event.itemId);
      case "voice.heard":
        return ear.heard(event.itemId, event.text);
      case "voice.unheard":
        return ear.unheard(event.itemId, event.cause);
      case "voice.words":
        return speaker.words(event.speechId, event.delta, event.part);
      case "voice.spoken":
        if (ownVoice?.take(event)) return;
        return speaker.spoken(event.speechId, event.status, event.text, event.code);
      case "voice.reply-started":
      case "voice.tool-call":
        ownVoice?.take(event);
        return;
      case "voice.usage":
        return journal.usage(event.usage);
      case "voice.trouble":
        journal.note("voice trouble", { code: event.code });
        if (event.code === "stall") phrases.interject("hold");
    }
  }

  function cutSpeech(): void {
    const dropped = speaker.cut();
    for (const { record, truncations } of dropped) {
      journal.reply(record);
      for (const { part, heardMs } of truncations) keeper.voice()?.truncate(part, heardMs);
    }
    dialogue.cut(dropped);
    // Whoever speaks into a goodbye wants to stay.
    if (ending.withdraw()) journal.note("ending withdrawn");
    phase.move("cut");
  }

  /** Nothing is left to be heard: it is the caller's turn, or the time to go. */
  function onQuiet(): void {
    if (speaker.busy() || dialogue.isBusy() || ending.isClosing()) return;
    const how = ending.wanted();
    if (how) return ending.close(how);
    phase.move("quiet");
    if (!ear.isSpeaking() && !keypad.isOpen()) silence.start();
  }

  /** A tool wants the call to end once its reply was heard. */
  function endAfterReply(how: CallEnding): void {
    ending.want(how, settings.threadTimeoutMs);
    phase.move("end");
    onQuiet();
  }

  function end(how: CallEnding, goodbye?: ClipId): void {
    if (ending.isClosing()) return;
    cutSpeech();
    ending.want(how);
    phase.move("end");
    if (goodbye) phrases.say(goodbye, "notice");
    onQuiet();
  }

  function release(reason: EndReason): void {
    if (phase.now() === "ended") return;
    for (const { record } of speaker.cut()) journal.reply(record);
    phase.move("closed");
    dialogue.close();
    ear.forget();
    timers.close();
    mailbox.close();
    lifetime.abort();
    keeper.close();
    parts.thread?.close().catch((error: unknown) => journal.stumbled(error));
    journal.end(reason);
    settleEnded(reason);
  }

  post(() => {
    keeper.start();
    after(settings.maxCallMs, () => end({ kind: "hangup", reason: "time-limit" }, "time-up"));
    line.attach((event) => void mailbox.post(event));
    phrases.greet(settings.greeting);
  });
  return {
    party,
    end: (how, goodbye) => post(() => end(how, goodbye)),
    gone: () => post(() => ending.close({ kind: "hangup", reason: "caller-hangup" })),
    phase: phase.now,
    ended,
  };
}
