// One call: joins a line, a voice and an assistant, and knows no vendor. Everything that happens arrives in one mailbox, in
// order; nothing in here waits. README.md beside this file has the picture.
import type { CallEnding, EndReason } from "../core/call.ts";
import { createMailbox } from "../core/mailbox.ts";
import { createAnswering } from "./answering.ts";
import { createDialogue, type CutCause } from "./dialogue.ts";
import { createEnding } from "./ending.ts";
import { everyStep } from "./every-step.ts";
import { createFiller } from "./filler.ts";
import { createHandle } from "./handle.ts";
import { createHearing } from "./hearing.ts";
import { createJournal } from "./journal.ts";
import { createParting } from "./parting.ts";
import type { BridgeParts, Call, CallEvent } from "./parts.ts";
import { createPhases } from "./phase.ts";
import { createPhrases } from "./phrases.ts";
import { createPlayout } from "./playout.ts";
import { createSilenceWatch } from "./silence.ts";
import { createSpeaker } from "./speaker.ts";
import { createTimers } from "./timers.ts";
import { createVoiceKeeper } from "./voice-keeper.ts";

export function startCall(parts: BridgeParts): Call {
  const { party, line, clock, settings, resumed } = parts;
  const now = (): number => clock.now();
  const lifetime = new AbortController();
  const mailbox = createMailbox<CallEvent | (() => void)>(
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
      onText: journal.words,
      onAudio(utterance) {
        phase.move("audio");
        silence.stop();
        journal.speaks(utterance.kind);
        if (utterance.kind === "reply") dialogue.answered(utterance);
      },
      onHeard(utterance, record) {
        journal.reply(record, utterance.id);
        dialogue.heard(utterance, record);
        // Not a word of it could be spoken.
        if (record.generatedMs === 0) parting.apologise();
        if (utterance.kind === "greeting" || resumed) phase.move("greeted");
        const how = ending.wanted();
        if (how && !keeper.voice() && !speaker.isPlaying()) ending.close(how);
      },
      onFailed: ({ turn }, code) => journal.speechFailed(turn, code),
      onDivergence: ({ turn }, rate) => journal.diverged(turn, rate),
      onQuiet,
    },
  });
  const phrases = createPhrases({ ...parts, speaker });
  const ending = createEnding({
    ...parts,
    after,
    post,
    store: (how) => parts.state.putEnding(party.carrierId, how),
    onUnstored: (error) => journal.unstored(error),
    closeLine: () => line.close(),
    onLineStuck: () => release(ending.wanted()?.reason ?? "internal-error"),
    onOver: release,
  });
  const parting = createParting({
    ending,
    phrases,
    move: phase.move,
    dropAll() {
      cutSpeech("cut-off");
      ear.overrule();
      dialogue.close();
    },
    onQuiet,
    replyLimitMs: settings.threadTimeoutMs,
  });
  const keeper = createVoiceKeeper({
    engine: parts.engine,
    ...party,
    early: parts.early,
    history: () => [...(parts.history ?? []), ...journal.spoken(), ...speaker.coming()],
    now,
    after,
    post: mailbox.post,
    wayFor: (event) => speaker.wayFor(event.speechId, event.part),
    openSince: () => ear.openSince(),
    onReady(voice, again) {
      journal.voiceReady(again);
      speaker.setVoice(voice);
      ownVoice?.back();
    },
    onLost(code) {
      journal.voiceLost(code);
      const guessing = hearing.isGuessing();
      ear.forget();
      speaker.setVoice(undefined);
      if (guessing) dialogue.recall();
      ownVoice?.lost();
      onQuiet();
    },
    onWaiting: () => phrases.interject("hold"),
    onHopeless(code, leftMs) {
      journal.log.error("no voice can be had, the call ends", { code });
      const wanted = ending.wanted();
      // Whoever is being passed on needs no voice of ours.
      const how = wanted?.kind === "transfer" ? wanted : ({ kind: "apologise", reason: "voice-unavailable" } as const);
      ear.forget();
      dialogue.close();
      speaker.setVoice(undefined);
      // What is being heard is heard to its end, as far as the time reaches.
      if (!speaker.isPlaying()) return ending.close(how);
      ending.want(how, { limitMs: leftMs, final: true });
      phase.move("end");
    },
  });
  const { answerer, ownVoice, matters, guarding } = createAnswering({
    ...parts,
    speaker,
    journal,
    ending,
    parting,
    phrases,
    dialogue: () => dialogue,
    voice: () => keeper.voice(),
    post,
    after,
    signal: lifetime.signal,
  });
  const dialogue = createDialogue({
    answerer,
    journal,
    now,
    resumed,
    filler: createFiller({
      afterMs: settings.fillerAfterMs,
      now,
      after,
      quietFrom: () => playout.quietFrom(),
      isOwed: () => dialogue.isBusy() || hearing.isAwaiting() || speaker.busy(),
      // Without a voice the keeper tells the caller what they wait for; into a goodbye nothing is put in.
      say: () => keeper.isReady() && !ear.isSpeaking() && !ending.wanted() && phrases.filler(),
    }),
    onTurn() {
      phase.move("turn");
      silence.reset();
    },
    onAnswered(turn, said) {
      if (!said && !ending.wanted()) journal.cause(turn.number, "empty-reply");
      if (!said) parting.apologise();
      onQuiet();
    },
    onFailed() {
      parting.apologise();
      onQuiet();
    },
  });
  const hearing = createHearing({
    settings,
    now,
    after,
    speaker,
    dialogue,
    ending,
    journal,
    phrases,
    guarding,
    move: phase.move,
    answersItself: ownVoice !== undefined,
    cutSpeech,
    onQuiet,
  });
  const { ear } = hearing;
  const silence = createSilenceWatch({
    promptMs: settings.silencePromptMs,
    after,
    onPrompt: () => phrases.say("still-there", "prompt"),
    onGiveUp: () => parting.end({ kind: "hangup", reason: "silence" }, "silence-goodbye"),
  });

  function take(event: CallEvent): void {
    switch (event.type) {
      case "voice.audio":
        ownVoice?.take(event);
        return speaker.audio(event.speechId, event.payload, event.part);
      case "line.mark":
        return speaker.ack(event.name);
      case "line.digit":
      case "line.text":
        silence.reset();
        return hearing.typed(event);
      case "line.closed":
        return ending.lineClosed(event.cause);
      case "voice.ready":
      case "voice.closed":
        return keeper.take(event);
      case "voice.speech-started":
        journal.callerSpeaks();
        silence.stop();
        return ear.started(event.audioMs);
      case "voice.speech-stopped":
        journal.callerSilent(event.speechMs);
        ear.stopped(event.speechMs);
        return onQuiet();
      case "voice.committed":
        return ear.committed(event.itemId);
      case "voice.hearing":
      case "voice.heard":
      case "voice.unheard":
        return hearing.words(event);
      case "voice.words":
        speaker.words(event.speechId, event.delta, event.part);
        return void ownVoice?.take(event);
      case "voice.spoken":
        if (ownVoice?.take(event)) return;
        return speaker.spoken(event.speechId, event.status, event.text, event.code);
      case "voice.reply-started":
      case "voice.tool-call":
        return void ownVoice?.take(event);
      case "voice.usage":
        return journal.usage(event.usage, event.billed);
      case "voice.trouble":
        journal.note("voice trouble", { code: event.code });
        ownVoice?.take(event);
        if (event.code === "stall") phrases.interject("hold");
    }
  }

  /** Drops what was not heard yet; returns the ending that was taken back by it. */
  function cutSpeech(why?: CutCause): CallEnding | undefined {
    const dropped = speaker.cut();
    for (const { utterance, record, truncations } of dropped) {
      journal.reply(record, utterance.id);
      for (const { part, heardMs } of truncations) keeper.voice()?.truncate(part, heardMs);
    }
    dialogue.cut(dropped, why);
    // Whoever speaks into a goodbye wants to stay.
    const withdrawn = ending.withdraw();
    if (withdrawn) matters.takenBack(withdrawn);
    if (!ending.isFinal()) phase.move("cut");
    return withdrawn;
  }

  /** Something is over: if nothing is left to be heard it is the caller's turn, or the time to go. */
  function onQuiet(): void {
    if (speaker.busy() || speaker.isHeld() || ending.isClosing()) return;
    if (dialogue.isBusy()) return phase.move("think");
    const how = ending.wanted();
    if (how) {
      // Words that are still coming may take the call back.
      if (ending.isFinal() || !(ear.isSpeaking() || ear.isWaiting())) ending.close(how);
      return;
    }
    phase.move("quiet");
    if (!ear.isSpeaking() && !hearing.isTyping()) silence.start();
  }

  /** The one end. Whatever goes wrong in a step, the others are done. */
  function release(reason: EndReason, returns = false): void {
    if (phase.now() === "ended") return;
    phase.move("closed");
    const leaving = ending.wanted();
    const steps = [
      () => leaving && leaving.reason !== reason && matters.decide(leaving, "withdrawn"),
      () => speaker.cut().forEach(({ utterance, record }) => journal.reply(record, utterance.id)),
      () => dialogue.close(),
      () => ear.forget(),
      () => mailbox.close(),
      () => timers.close(),
      () => lifetime.abort(),
      () => keeper.close(),
      () => void parts.thread?.close().catch((error: unknown) => journal.stumbled(error)),
      () => (returns ? journal.interrupt(reason) : journal.end(reason)),
      () => settleEnded(reason),
    ];
    everyStep(steps, (error) => journal.stumbled(error));
  }

  post(() => {
    keeper.start();
    after(settings.maxCallMs - journal.elapsedMs(), () => parting.timeUp());
  });
  // Not from inside the mailbox, or what the line has kept would fill it up; and caller audio never waits in it at all.
  line.attach((event) => (event.type === "line.audio" ? keeper.hear(event.payload) : void mailbox.post(event)));
  post(() => (resumed ? phrases.resume(resumed.cause) : parting.greet(settings.greeting, settings.onlyGreets)));
  return createHandle({ party, post, ending, parting, phrases, matters, guarding, journal, phase: phase.now, ended });
}
