// One call: joins a line, a voice and an assistant, and knows no vendor. Everything that happens arrives in one mailbox, in
// order; nothing in here waits. README.md beside this file has the picture.
import type { CallEnding, EndReason } from "../core/call.ts";
import type { LineEvent } from "../core/line.ts";
import { createMailbox } from "../core/mailbox.ts";
import type { AssistantThread } from "../core/thread.ts";
import type { VoiceEvent } from "../core/voice.ts";
import { isBackchannel, isFarewell } from "./backchannel.ts";
import { createDialogue } from "./dialogue.ts";
import { createEar, type Owed } from "./ear.ts";
import { createEnding, reasonOf } from "./ending.ts";
import { createJournal } from "./journal.ts";
import { createKeypad } from "./keypad.ts";
import type { BridgeParts, Call } from "./parts.ts";
import { nextPhase, type Phase, type PhaseEvent } from "./phase.ts";
import { createPhrases, type ClipId } from "./phrases.ts";
import { createPlayout } from "./playout.ts";
import { createToolRunner } from "./run-tool.ts";
import { createSilenceWatch } from "./silence.ts";
import { createSpeaker } from "./speaker.ts";
import { createThreadAnswerer } from "./thread-answer.ts";
import { createTimers } from "./timers.ts";
import { createVoiceAnswerer } from "./voice-answer.ts";
import { createVoiceKeeper } from "./voice-keeper.ts";

export function startCall(parts: BridgeParts): Call {
  const { party, line, clock, meter, settings } = parts;
  const now = (): number => clock.now();
  const lifetime = new AbortController();
  const mailbox = createMailbox<LineEvent | VoiceEvent | (() => void)>(
    (event) => (typeof event === "function" ? event() : take(event)),
    {
      onError(error) {
        journal.log.error("the call stumbled", {
          error: error instanceof Error ? (error.stack ?? error.message) : "unknown",
        });
        meter.count("voice_internal_errors_total");
      },
    },
  );
  const post = (what: () => void): void => void mailbox.post(what);
  const timers = createTimers(clock, post);
  const after = (ms: number, fn: () => void): (() => void) => timers.after(ms, fn);
  const journal = createJournal({ ...parts, logContent: settings.logContent });
  let phase: Phase = "greeting";
  let settleEnded: (reason: EndReason) => void;
  const ended = new Promise<EndReason>((resolve) => (settleEnded = resolve));

  function move(event: PhaseEvent): void {
    const next = nextPhase(phase, event);
    if (!next || next === phase) return;
    journal.note("phase", { from: phase, to: next });
    phase = next;
  }

  const playout = createPlayout({ line, clock, after, onGiveUp: () => speaker.look() });
  const speaker = createSpeaker({
    playout,
    now,
    divergence: parts.divergence,
    events: {
      onAudio({ kind, turn }) {
        move("audio");
        silence.stop();
        journal.speaks(kind);
        if (kind === "reply") dialogue.answered(turn);
      },
      onHeard({ kind }, record) {
        journal.reply(record);
        if (kind === "greeting") move("greeted");
      },
      onFailed({ kind, turn, startedAtMs }, code) {
        journal.speechFailed(turn, code);
        if (kind === "reply" && startedAtMs === undefined) phrases.say("sorry", "notice");
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
      journal.note(again ? "voice is back" : "voice is ready");
      speaker.setVoice(voice);
      if (again) voiceAnswerer?.back();
    },
    onLost(code) {
      journal.voiceLost(code);
      ear.forget();
      speaker.setVoice(undefined);
      voiceAnswerer?.lost();
    },
    onWaiting() {
      if (!speaker.busy()) phrases.say("hold", "notice");
    },
    onHopeless(code) {
      journal.log.error("no voice can be had, the call ends", { code });
      ending.close({ kind: "apologise", reason: "voice-unavailable" });
    },
  });
  const runTool = createToolRunner({
    tools: parts.tools,
    callId: party.callId,
    clock,
    endAfterReply: (how) => post(() => endAfterReply(how)),
    onDone: (turn, name, result, began) =>
      post(() => {
        journal.tool(name, result, began);
        if (result !== "ok") journal.cause(turn, `tool-${result}`);
      }),
  });
  const shared = {
    speaker,
    post,
    after,
    timeoutMs: settings.threadTimeoutMs,
    signal: lifetime.signal,
    runTool,
  };
  const voiceAnswerer = parts.thread ? undefined : createVoiceAnswerer({ ...shared, voice: keeper.voice });
  const dialogue = createDialogue({
    answerer:
      voiceAnswerer ??
      createThreadAnswerer({
        ...shared,
        thread: parts.thread as AssistantThread,
        sentences: parts.sentences,
        onUsage: (usage) => journal.usage(usage),
      }),
    journal,
    now,
    after,
    fillerAfterMs: settings.fillerAfterMs,
    onFiller: () => !ear.isSpeaking() && !speaker.isHeld() && !isAudible() && phrases.filler(),
    onTurn() {
      move("turn");
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
        const audible = isAudible();
        speaker.hold();
        if (audible) journal.bargeIn(now() - began);
        move("interrupt");
      },
      onResume() {
        speaker.release();
        move("resume");
      },
      onCut: cutSpeech,
      onCommitted(itemId, endedAt) {
        if (voiceAnswerer && !dialogue.isBusy()) return answerUnheard(itemId, endedAt);
        dialogue.expectAnswer(endedAt);
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
        if (dialogue.hasWaiting()) return dialogue.nothingNew();
        dialogue.nothingNew();
        phrases.say("say-again", "notice");
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

  function isAudible(): boolean {
    return speaker.current()?.startedAtMs !== undefined;
  }

  function answerUnheard(itemId: string, endedAt: number): void {
    unheard.set(itemId, dialogue.accept("", "speech", endedAt));
  }

  function take(event: LineEvent | VoiceEvent): void {
    switch (event.type) {
      case "line.audio":
        return keeper.hear(event.payload);
      case "voice.audio":
        voiceAnswerer?.take(event);
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
        if (voiceAnswerer?.take(event)) return;
        return speaker.spoken(event.speechId, event.status, event.text, event.code);
      case "voice.reply-started":
      case "voice.tool-call":
        voiceAnswerer?.take(event);
        return;
      case "voice.usage":
        return journal.usage(event.usage);
      case "voice.trouble":
        journal.note("voice trouble", { code: event.code });
        if (event.code === "stall" && !isAudible()) phrases.say("hold", "notice");
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
    move("cut");
  }

  /** Nothing is left to be heard: it is the caller's turn, or the time to go. */
  function onQuiet(): void {
    if (speaker.busy() || dialogue.isBusy() || ending.isClosing()) return;
    const how = ending.wanted();
    if (how) return ending.close(how);
    move("quiet");
    if (!ear.isSpeaking() && !keypad.isOpen()) silence.start();
  }

  /** A tool wants the call to end once its reply was heard. */
  function endAfterReply(how: CallEnding): void {
    ending.want(how, settings.threadTimeoutMs);
    move("end");
    onQuiet();
  }

  function end(how: CallEnding, goodbye?: ClipId): void {
    if (ending.isClosing()) return;
    cutSpeech();
    ending.want(how);
    move("end");
    if (goodbye) phrases.say(goodbye, "notice");
    onQuiet();
  }

  function release(reason: EndReason): void {
    if (phase === "ended") return;
    for (const { record } of speaker.cut()) journal.reply(record);
    move("closed");
    dialogue.close();
    ear.forget();
    timers.close();
    mailbox.close();
    lifetime.abort();
    keeper.close();
    void parts.thread?.close();
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
    gone: () => post(() => line.close()),
    phase: () => phase,
    ended,
  };
}
