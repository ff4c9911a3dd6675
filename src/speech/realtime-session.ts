// One Realtime session as a Voice: set up, then caller audio up, events and speech down. It decides nothing about turns or
// barge-in; the bookkeeping lies in the files beside it (speeches, response-sequencer, caller-audio, stall-watch, ...).
import type { AudioWay, VoiceEvent, VoiceRequest } from "../core/voice.ts";
import * as make from "../wire/openai-realtime-client.ts";
import { readDelta, type AudioDelta, type ServerEvent, type ServerEventOf } from "../wire/openai-realtime.ts";
import { AudioCheck, isMulawBothWays } from "./audio-check.ts";
import { createCallerAudio } from "./caller-audio.ts";
import { createHearing } from "./hearing.ts";
import { createItemAudio } from "./item-audio.ts";
import { createReading } from "./reading.ts";
import { openRealtimeSocket } from "./realtime-socket.ts";
import { createResponseSequencer } from "./response-sequencer.ts";
import { sessionFor } from "./session-config.ts";
import type { RealtimeVoice, SessionOptions } from "./session-ports.ts";
import { createSpeeches } from "./speeches.ts";
import { StallWatch } from "./stall-watch.ts";
import { Traffic } from "./traffic.ts";
import { metricCode, severityOf } from "./upstream-errors.ts";
import { responseUsage } from "./usage.ts";

/** From session.created to session.updated. */
const SETUP_MS = 3000;
const SESSION_UPDATE = "session";

export function openSession(request: VoiceRequest, options: SessionOptions, onGone: () => void): RealtimeVoice {
  const { settings, clock, meter } = options;
  const log = options.log.with({ call: request.carrierId ?? request.callId, callId: request.callId });
  const answers = settings.mode === "speech-to-speech";
  let state: "opening" | "configuring" | "ready" | "closed" = "opening";
  let listener: ((event: VoiceEvent) => AudioWay | void) | undefined;
  const early: VoiceEvent[] = [];
  /** Requests made before the session is ready, in order. */
  const outbox: make.ClientEvent[] = [];
  let lastId = 0;
  let cancelSetup: (() => void) | undefined;

  function emit(event: VoiceEvent): AudioWay | void {
    if (listener) return listener(event);
    early.push(event);
  }

  function id(prefix: string): string {
    lastId += 1;
    return `${prefix}${lastId}`;
  }

  function send(event: make.ClientEvent): void {
    if (state === "ready") socket.send(JSON.stringify(event));
    else if (state !== "closed") outbox.push(event);
  }

  function countError(code: string): void {
    meter.count("voice_upstream_errors_total", { code: metricCode(code) });
  }

  const socket = openRealtimeSocket({ ...options, log, onFrame, onText, onClosed: (code, fatal) => shut(code, fatal) });
  const read = createReading({ log, meter, countError });
  const check = new AudioCheck({ speed: settings.speed, log, countError });
  const items = createItemAudio();
  const audio = createCallerAudio({
    send: socket.sendAscii,
    bufferedBytes: socket.bufferedBytes,
    dropped: (cause) => meter.count("voice_frames_dropped_total", { leg: "upstream", cause }),
  });
  const traffic = new Traffic({ clock, meter, framesSent: audio.framesSent });
  const hearing = createHearing(settings, { emit, droppedMs: audio.droppedMs, log });
  const watch = new StallWatch(clock, {
    onTrouble() {
      meter.count("voice_upstream_stall_total");
      log.warn("the voice API was asked to speak and is silent", { ms: 3000 });
      emit({ type: "voice.trouble", code: "stall" });
    },
    onDead: () => shut("stall", false),
  });
  const sequencer = createResponseSequencer({
    clock,
    create() {
      const eventId = id("answer");
      send(make.answer(eventId, { respond: eventId }));
      owing(true);
      return eventId;
    },
    gaveUp: (code) => emit({ type: "voice.trouble", code }),
  });
  const speeches = createSpeeches(settings, {
    send,
    emit,
    account: items.account,
    id,
    stray(what) {
      if (what === "audio") meter.count("voice_frames_dropped_total", { leg: "downstream", cause: "late" });
      else countError("unexpected-response");
    },
    measured: (bytes, text) => check.measure(bytes, text),
  });

  function owing(justAsked = false): void {
    if (state !== "closed")
      watch.owing(state === "ready" && (justAsked || speeches.owes() || sequencer.owes()), justAsked);
  }

  /** The short way of nearly all frames; none of them changes what is owed. */
  function onText(bytes: Buffer, from: number, to: number): boolean {
    const delta = readDelta(bytes, from, to);
    if (!delta) return false;
    watch.heard();
    onEvent(delta);
    return true;
  }

  function onAudio(delta: AudioDelta): void {
    if (check.pass(delta.delta)) traffic.pass(delta, speeches);
    else shut("format-mismatch", true);
  }

  function onFrame(frame: Buffer): void {
    watch.heard();
    const event = read(frame);
    if (!event) return;
    onEvent(event);
    if (event.type !== "response.output_audio.delta") owing();
  }

  function onEvent(event: ServerEvent): void {
    switch (event.type) {
      case "response.output_audio.delta":
        return onAudio(event);
      case "response.output_audio_transcript.delta":
        return speeches.words(event);
      case "response.output_audio_transcript.done":
        return speeches.transcript(event);
      case "response.output_item.done":
        return speeches.itemDone(event);
      case "response.created": {
        const { id: responseId, metadata } = event.response;
        if (metadata?.say === undefined) sequencer.started(responseId, metadata?.respond !== undefined);
        return speeches.created(event.response);
      }
      case "response.done":
        return responseDone(event);
      case "session.created":
        return configure();
      case "session.updated":
        return configured(event);
      case "error":
        return refused(event.error);
      default:
        hearing.take(event);
    }
  }

  function configure(): void {
    if (state !== "opening") return;
    state = "configuring";
    socket.established();
    socket.send(JSON.stringify(make.sessionUpdate(SESSION_UPDATE, sessionFor(settings))));
    cancelSetup = clock.after(SETUP_MS, () => shut("setup-timeout", false));
  }

  function configured({ session }: ServerEventOf<"session.updated">): void {
    if (!isMulawBothWays(session, log)) return shut("format-refused", true);
    if (state !== "configuring") return;
    cancelSetup?.();
    state = "ready";
    if (answers) {
      for (const { role, text } of request.history) {
        send(role === "caller" ? make.userText(id("item"), text) : make.assistantText(id("item"), text));
      }
    }
    audio.open();
    for (const event of outbox.splice(0)) send(event);
    emit({ type: "voice.ready" });
  }

  function responseDone({ response }: ServerEventOf<"response.done">): void {
    const usage = responseUsage(response, settings.model);
    if (usage) emit({ type: "voice.usage", ...usage });
    const code = response.status === "failed" ? (response.status_details?.error?.code ?? "server_error") : undefined;
    if (code !== undefined) {
      countError(code);
      log.warn("a response failed", { code });
    }
    speeches.done(response);
    sequencer.ended(response.id);
    // Every further response of this account would fail the same way.
    if (code !== undefined && severityOf(code) === "fatal") shut(code, true);
  }

  function refused(error: ServerEventOf<"error">["error"]): void {
    const code = error.code ?? error.type ?? "unknown";
    const eventId = error.event_id ?? undefined;
    const fields = { code, param: error.param ?? undefined, message: error.message?.slice(0, 200) };
    const severity = severityOf(code);
    if (severity !== "benign") countError(code);
    if (severity === "fatal") {
      log.error("the voice API refuses this account or shape", fields);
      return shut(code, true);
    }
    if (severity === "expired") return shut("session-expired", false);
    if (eventId === SESSION_UPDATE || (state === "configuring" && error.param?.startsWith("session"))) {
      log.error("the voice API refused the session's settings", fields);
      return shut("session-refused", error.type === "invalid_request_error");
    }
    const handled = speeches.refused(eventId, code) || sequencer.refused(eventId, code);
    if (severity === "benign") return log.debug("a cancel came too late", fields);
    log.warn("the voice API refused a request", fields);
    if (!handled) emit({ type: "voice.trouble", code });
  }

  /** The one way out, whoever asked for it. */
  function shut(code: string, fatal: boolean): void {
    if (state === "closed") return;
    const ready = state === "ready";
    state = "closed";
    cancelSetup?.();
    watch.close();
    sequencer.close();
    audio.close();
    socket.close();
    if (code !== "closed-by-us" && ready) countError(code);
    traffic.tell();
    log[code === "closed-by-us" ? "debug" : "warn"]("voice session closed", { code, fatal });
    emit({ type: "voice.closed", code, fatal });
    onGone();
  }

  return {
    tally: () => (traffic.tell(), socket.bufferedBytes()),
    attach(given) {
      // What the listener causes while it is told of the past comes after it.
      while (early.length > 0) given(early.shift() as VoiceEvent);
      listener = given;
    },
    hear: audio.hear,
    say(speechId, text) {
      if (state === "closed") return;
      speeches.say(speechId, text);
      owing(true);
    },
    cancel: (speechId) => speeches.cancel(speechId),
    truncate({ itemId, contentIndex }, heardMs) {
      const cut = items.cut({ itemId, contentIndex }, heardMs);
      if (cut.kind === "delete") send(make.deleteItem(id("item"), itemId));
      else send(make.truncateItem(id("item"), itemId, contentIndex, cut.ms));
    },
    respond() {
      if (state !== "closed") sequencer.want();
    },
    tell: (role, text) => send(role === "user" ? make.userText(id("item"), text) : make.systemText(id("item"), text)),
    answerTool: (callId, output) => send(make.functionOutput(id("item"), callId, output)),
    close: () => shut("closed-by-us", false),
  };
}
