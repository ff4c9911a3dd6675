// One Realtime session of the bench's model: the protocol a service needs, spoken with prebuilt text, and a caller whose turns
// come by the clock and not from what is heard. It checks nothing; the simulator in src/sim does.
import type { WebSocket } from "ws";
import { CALLER_SPEAKS_MS, callerText, LETTER_MS, TRANSCRIPT_MS, type Load } from "./load.ts";
import { createModelLine, type LineStory, type ModelLog, type TurnTimes } from "./model-log.ts";
import { AGENT_HEADER, agentHeader, sharedNow } from "./stamp.ts";

export interface ModelSession {
  tick(nowMs: number): void;
  /** -1 until caller audio came. */
  call(): number;
  turn(): TurnTimes | undefined;
  story(): LineStory;
  readonly socket: WebSocket;
}

interface Speech {
  readonly responseId: string;
  readonly head: string;
  /** Number of the turn it answers. */
  readonly reply: number;
  /** Text asked for; empty when the model speaks for itself. */
  readonly text: string;
  readonly lengthMs: number;
  sentMs: number;
  dueMs: number;
}

interface ClientEvent {
  readonly type: string;
  readonly item_id?: string;
  readonly audio_end_ms?: number;
  readonly response?: {
    readonly metadata?: Record<string, string>;
    readonly input?: readonly { readonly content: readonly { readonly text: string }[] }[];
  };
}

/** Its multiples lie evenly in 0..1, however many there are. */
const GOLDEN = 0.6180339887;
const APPEND_AT = '{"type":"input_audio_buffer.append","audio":"'.length;
const LETTER_I = 105;
const NO_HEADER = "/".repeat(AGENT_HEADER);
const FORMATS = '{"input":{"format":{"type":"audio/pcmu"}},"output":{"format":{"type":"audio/pcmu"}}}';

export function startModelSession(options: {
  readonly socket: WebSocket;
  readonly load: Load;
  readonly log: ModelLog;
  /** Base64 of deltas without their header. */
  readonly voice: readonly string[];
}): ModelSession {
  const { socket, load, log, voice } = options;
  const isFloor = load.with === "floor";
  const line = createModelLine(log, APPEND_AT);
  let events = 0;
  let turns = 0;
  let responses = 0;
  let deltas = 0;
  let speech: Speech | undefined;
  let times: TurnTimes | undefined;
  let random = 1;
  let wakeMs = Infinity;
  let wake = (_nowMs: number): void => {};
  let nextTurnMs = Infinity;

  function send(text: string): void {
    if (socket.readyState === socket.OPEN) socket.send(text);
  }

  function event(type: string, rest: string): void {
    send(`{"type":"${type}","event_id":"event_${++events}"${rest}}`);
  }

  function at(ms: number, what: (nowMs: number) => void): void {
    wakeMs = ms;
    wake = what;
  }

  /** 0..1, the same for the same call. */
  function chance(): number {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    return random / 0x100000000;
  }

  function onFrame(data: Buffer): void {
    const now = sharedNow();
    const isFirst = line.call() < 0;
    line.hear(data, now);
    if (!isFirst) return;
    random = line.call() + 1;
    nextTurnMs = now + load.settleMs + ((line.call() * GOLDEN) % 1) * load.spreadMs;
  }

  /** The caller begins to speak. */
  function beginTurn(nowMs: number): void {
    nextTurnMs = Infinity;
    if (isFloor) return at(nowMs + CALLER_SPEAKS_MS + TRANSCRIPT_MS, (now) => speak(now, "", load.replyMs));
    if (load.conversation === "interruptions" && turns > 0)
      log.interruptions.push({ call: line.call(), reply: turns, atMs: nowMs });
    turns++;
    const item = `,"item_id":"item_u${turns}"`;
    const heardMs = line.framesReceived() * 20;
    event("input_audio_buffer.speech_started", `,"audio_start_ms":${Math.max(0, heardMs - 300)}${item}`);
    at(nowMs + CALLER_SPEAKS_MS, () => {
      times = { call: line.call(), turn: turns, transcript: NaN, asked: NaN, sentence: NaN, say: NaN, audio: NaN };
      log.turns.push(times);
      event("input_audio_buffer.speech_stopped", `,"audio_end_ms":${heardMs + CALLER_SPEAKS_MS}${item}`);
      event("input_audio_buffer.committed", `,"previous_item_id":null${item}`);
      at(sharedNow() + TRANSCRIPT_MS, () => tell(item));
    });
  }

  function tell(item: string): void {
    if (times) times.transcript = sharedNow();
    const words = `,"content_index":0,"transcript":"${callerText(line.call(), turns)}"`;
    event("conversation.item.input_audio_transcription.completed", `${item}${words}`);
  }

  function speak(nowMs: number, text: string, lengthMs: number): void {
    const responseId = `resp_${++responses}`;
    // One item for each turn is what a truncation names.
    const itemId = `item_a${turns}`;
    const ids = `,"response_id":"${responseId}","item_id":"${itemId}","output_index":0,"content_index":0`;
    const head = `${ids},"delta":"`;
    speech = { responseId, head, reply: turns, text, lengthMs, sentMs: 0, dueMs: nowMs + load.firstByteMs };
  }

  /** ms it takes to say this, in whole deltas. */
  function lengthOf(text: string): number {
    return Math.ceil((text.length * LETTER_MS) / load.deltaMs) * load.deltaMs;
  }

  function sendDelta(nowMs: number, { head, reply, sentMs, lengthMs }: Speech): void {
    if (sentMs === 0 && times && Number.isNaN(times.audio)) {
      times.audio = nowMs;
      if (load.conversation === "interruptions") nextTurnMs = nowMs + 700 + chance() * 2800;
    }
    const body = voice[deltas++ % voice.length] as string;
    // A stored phrase is played again and again: it has no moment of its own.
    const audio = (line.call() < 0 ? NO_HEADER : agentHeader(sharedNow(), reply)) + body;
    line.say(sharedNow(), load.deltaMs, sentMs === 0);
    send(`{"type":"response.output_audio.delta","event_id":"event_${++events}"${head}${audio}"}`);
    // A real server tells its words beside its audio; the floor gets these messages as well.
    if (lengthMs < Infinity && deltas % 2 === 0)
      send(`{"type":"response.output_audio_transcript.delta","event_id":"event_${++events}"${head} words"}`);
  }

  function finish(done: Speech, status: "completed" | "cancelled", nowMs: number): void {
    speech = undefined;
    if (!isFloor) {
      const { responseId, text, head } = done;
      const transcript = `${head.slice(0, head.lastIndexOf('"delta"'))}"transcript":${JSON.stringify(text)}`;
      if (text) event("response.output_audio_transcript.done", transcript);
      event("response.done", `,"response":{"id":"${responseId}","status":"${status}","output":[],"usage":{}}`);
    }
    if (status === "cancelled" || line.call() < 0 || load.conversation === "interruptions") return;
    const pauseMs = load.conversation === "turns" ? load.pauseMs * (0.5 + chance()) : load.pauseMs;
    // Another piece of the reply may follow; then this is put off again.
    const heardAt = Math.max(nowMs, done.dueMs - done.sentMs / load.pace) + done.lengthMs;
    nextTurnMs = heardAt + pauseMs;
  }

  function onEvent({ type, response, item_id: itemId = "", audio_end_ms: ms = NaN }: ClientEvent): void {
    const now = sharedNow();
    switch (type) {
      case "session.update":
        return event("session.updated", `,"session":{"type":"realtime","audio":${FORMATS}}`);
      case "response.create": {
        const said = response?.input?.[0]?.content[0]?.text.replace(/<\/?say>/g, "") ?? "";
        if (times && Number.isNaN(times.say)) times.say = now;
        // Another piece of the reply: the pause before the next turn has not begun. An interruption stays where it is.
        if (load.conversation !== "interruptions") nextTurnMs = Infinity;
        // A load without end has none in either mode; a stored phrase that is rendered has one always.
        speak(now, said, said && (line.call() < 0 || load.replyMs < Infinity) ? lengthOf(said) : load.replyMs);
        const metadata = JSON.stringify(response?.metadata ?? {});
        const { responseId } = speech as Speech;
        return event(
          "response.created",
          `,"response":{"id":"${responseId}","status":"in_progress","metadata":${metadata}}`,
        );
      }
      case "response.cancel":
        if (speech) finish(speech, "cancelled", now);
        return;
      case "conversation.item.truncate":
        log.truncations.push({ call: line.call(), reply: Number(itemId.slice("item_a".length)), ms });
        return;
      default:
    }
  }

  socket.on("message", (data: Buffer) => {
    // {"type":"i...: only caller audio begins so.
    if (data[9] === LETTER_I) onFrame(data);
    else onEvent(JSON.parse(data.toString()) as ClientEvent);
  });
  if (!isFloor) event("session.created", `,"session":{"type":"realtime","audio":${FORMATS}}`);

  return {
    socket,
    call: line.call,
    turn: () => times,
    story: line.story,
    tick(nowMs) {
      // Stored phrases are rendered without a caller, and as fast as it goes.
      const pace = line.call() < 0 ? Infinity : load.pace;
      for (let now = speech; now && now.dueMs <= nowMs; now = speech) {
        if (now.sentMs >= now.lengthMs) {
          finish(now, "completed", nowMs);
          break;
        }
        sendDelta(nowMs, now);
        now.sentMs += load.deltaMs;
        now.dueMs += load.deltaMs / pace;
      }
      if (nextTurnMs <= nowMs) beginTurn(nowMs);
      if (wakeMs <= nowMs) {
        const due = wake;
        wakeMs = Infinity;
        due(nowMs);
      }
    },
  };
}

/** Characters of a delta that its header takes. */
export const DELTA_HEADER = AGENT_HEADER;
