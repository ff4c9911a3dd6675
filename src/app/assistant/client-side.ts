// The client's side of a conversation: what it wants is told to OpenAI, what OpenAI says is told to it, with its own names for its own
// events. What it sends while there is no connection waits, bounded, for the next one.
import type { EndReason } from "../../core/call.ts";
import type { ClientCommand } from "../../wire/assistant/client-events.ts";
import { isJson, type Json } from "../../wire/assistant/json.ts";
import type { RelayEvent } from "../../speech/relayed-session.ts";
import { browserSession } from "../../speech/browser-session.ts";
import type { Answers } from "./answers.ts";
import type { Asking } from "./asking.ts";
import { textOf, toOpenAI, type Sent } from "./commands.ts";
import type { Connection } from "./connection.ts";
import type { HeardAudio } from "./heard-audio.ts";
import type { RelayParts } from "./relay-parts.ts";
import type { Replies } from "./replies.ts";
import { createSlowClient } from "./slow-client.ts";
import type { Turns } from "./turns.ts";

export interface ClientSideParts extends Pick<
  RelayParts,
  "voice" | "sessionId" | "expiresAt" | "clock" | "log" | "ids"
> {
  readonly client: NonNullable<RelayParts["client"]>;
  readonly connection: Connection;
  readonly asking: Asking;
  readonly turns: Turns;
  readonly answers: Answers;
  readonly replies: Replies;
  readonly heard: HeardAudio;
  readonly nameIt: (prefix: string) => string;
  readonly finish: (reason: EndReason, why?: string, how?: { readonly returns: boolean }) => void;
}

/** Commands that wait for a connection, and events that may still be refused. */
const MOST_WAITING = 300;
const MOST_NAMED = 500;

/** What a client is told when its socket is closed. */
const CLOSE_CODES: Readonly<Partial<Record<EndReason, number>>> = {
  "voice-unavailable": 1011,
  "internal-error": 1011,
  shutdown: 1001,
  "slow-consumer": 1013,
};

export function createClientSide(parts: ClientSideParts) {
  const { client, connection, asking, turns, answers, replies, heard, nameIt, clock, finish } = parts;
  const { model: _model, ...initial } = browserSession(parts.voice);
  let session: Json = initial;
  let turnDetection: unknown = initial.audio?.input?.turn_detection;
  let isSpeaking = false;
  let isTold = false;
  /** Audio that waits for a connection is to be committed there. */
  let mustCommit = false;
  let waiting: { readonly command: Sent; readonly eventId: string | undefined }[] = [];
  /** Our names of the client's events -> its own. */
  const named = new Map<string, string | undefined>();
  /** Items and commits that OpenAI has not told of yet, by item id; commits in their order. */
  const items = new Map<string, { readonly text: string; readonly eventId: string }>();
  const commits: string[] = [];

  const slow = createSlowClient({
    clock,
    waiting: () => client.bufferedBytes(),
    read: (on) => connection.read(on),
    giveUp: () => finish("slow-consumer", "The client does not take what it is sent", { returns: true }),
  });

  function name(eventId: string | undefined): string {
    const ours = nameIt("c");
    named.set(ours, eventId);
    if (named.size > MOST_NAMED) named.delete(named.keys().next().value as string);
    return ours;
  }

  function take(command: ClientCommand, eventId: string | undefined): void {
    if (command.kind === "audio") {
      heard.hear(command.audio);
      connection.hear(command.audio);
      return;
    }
    if (connection.isReady()) return perform(command, eventId);
    if (command.kind === "commit") {
      heard.committed();
      mustCommit = true;
    } else if (command.kind === "clear") {
      heard.cleared();
      mustCommit = false;
    } else if (waiting.length < MOST_WAITING) waiting.push({ command, eventId });
  }

  function perform(command: Sent, eventId: string | undefined): void {
    const id = name(eventId);
    switch (command.kind) {
      case "commit":
        commits.push(id);
        asking.said(id);
        break;
      case "clear":
        heard.cleared();
        break;
      case "respond":
        asking.asked();
        break;
      case "item": {
        const itemId = command.item.id ?? `item_${parts.ids.token().slice(0, 20)}`;
        items.set(itemId, { text: textOf(command.item), eventId: id });
        asking.said(id);
        connection.send(toOpenAI({ ...command, item: { ...command.item, id: itemId } }, id));
        return;
      }
      case "truncate":
        replies.truncated(command.itemId, command.audioEndMs);
        // Of a connection before: it is text here, which is as long as was heard already. What never was is OpenAI's to refuse.
        if (answers.wasBefore(command.itemId)) return truncatedHere(command);
        break;
      case "cancel":
      case "settings":
        break;
    }
    connection.send(toOpenAI(command, id));
  }

  function truncatedHere({ itemId, contentIndex, audioEndMs }: Extract<Sent, { kind: "truncate" }>): void {
    const where = { item_id: itemId, content_index: contentIndex, audio_end_ms: audioEndMs };
    client.send({ type: "conversation.item.truncated", event_id: nameIt("event_vb"), ...where });
  }

  function refused(event: RelayEvent): RelayEvent {
    const error = isJson(event["error"]) ? event["error"] : {};
    const id = error["event_id"];
    if (typeof id !== "string" || !named.has(id)) return event;
    asking.notTaken(id);
    const at = commits.indexOf(id);
    if (at >= 0) commits.splice(at, 1);
    for (const [itemId, item] of items) if (item.eventId === id) items.delete(itemId);
    return { ...event, error: { ...error, event_id: named.get(id) ?? null } };
  }

  /** The session by the name the client knows it by. */
  function told(given: unknown): Json {
    return { ...(isJson(given) ? given : session), id: parts.sessionId, expires_at: parts.expiresAt };
  }

  function adopt(given: unknown): void {
    const { audio } = isJson(given) ? given : {};
    const { input, output } = isJson(audio) ? audio : {};
    if (!isJson(input) || !isJson(output)) return;
    turnDetection = input["turn_detection"] ?? null;
    const now = session["audio"] as { readonly input: Json; readonly output: Json };
    session = {
      ...session,
      audio: {
        input: { ...now.input, turn_detection: turnDetection },
        output: { ...now.output, voice: output["voice"], speed: output["speed"] },
      },
    };
  }

  return {
    session: (): Json => session,
    turnDetection: (): unknown => turnDetection,
    isSpeaking: (): boolean => isSpeaking,
    start: (): void => client.attach({ command: take, closed }),
    /** `after`: what the connection before was lost of. */
    ready(given: unknown, after: string | undefined): void {
      adopt(given);
      isSpeaking = false;
      if (!isTold) client.send({ type: "session.created", event_id: nameIt("event_vb"), session: told(given) });
      isTold = true;
      // A connection that was rolled over has taken every turn until now; only what is not committed yet went with it.
      if (after !== "expiry") repeat();
      else if (turnDetection === null) for (const piece of heard.take({ withTurn: false }).rest) connection.hear(piece);
      for (const { command, eventId } of waiting.splice(0)) perform(command, eventId);
    },
    /** The connection is gone; `repeats`: the turn that was not understood yet is to be heard again. */
    lost(repeats: boolean): void {
      if (!repeats) heard.settled();
      else if (turnDetection === null) mustCommit = true;
      for (const { text } of items.values()) if (text) turns.wrote(text);
      items.clear();
      commits.length = 0;
      isSpeaking = false;
    },
    /** Before the conversation takes it. */
    see(event: RelayEvent): void {
      const itemId = String(event["item_id"]);
      switch (event.type) {
        case "input_audio_buffer.speech_started":
          isSpeaking = true;
          heard.speaks(true);
          return replies.interrupted();
        case "input_audio_buffer.committed": {
          isSpeaking = false;
          heard.committed();
          const eventId = commits.shift();
          if (eventId !== undefined) asking.taken(eventId);
          return turns.committed(itemId);
        }
        case "input_audio_buffer.speech_stopped":
          isSpeaking = false;
          return;
        case "conversation.item.input_audio_transcription.completed":
          heard.settled();
          return turns.heard(event as never);
        case "conversation.item.input_audio_transcription.failed":
          heard.settled();
          return turns.unheard(itemId);
        case "conversation.item.added": {
          const { id } = event["item"] as { readonly id: string };
          const item = items.get(id);
          if (!item) return;
          items.delete(id);
          asking.taken(item.eventId);
          if (item.text) turns.wrote(item.text);
          return;
        }
        case "session.updated":
          return adopt(event["session"]);
      }
    },
    pass(event: RelayEvent): void {
      if (event.type === "error") client.send(refused(event));
      else if (event.type === "session.updated" || event.type === "session.created")
        client.send({ ...event, session: told(event["session"]) });
      else client.send(event);
      slow.sent();
    },
    passAudio(frame: string): void {
      client.sendAudio(frame);
      slow.sent();
    },
    close(reason: EndReason, why?: string): void {
      slow.close();
      if (why !== undefined) {
        const code = reason === "voice-unavailable" ? "upstream_unavailable" : "session_ended";
        const error = { type: "server_error", code, message: `${why}.`, param: null, event_id: null };
        client.send({ type: "error", event_id: nameIt("event_vb"), error });
      }
      client.close(CLOSE_CODES[reason] ?? 1000, reason);
    },
  };

  function closed(meant: boolean): void {
    if (meant) finish("caller-hangup");
    else finish("line-lost", undefined, { returns: true });
  }

  /** To a connection that has heard nothing: what no other has understood. */
  function repeat(): void {
    const { turn, rest } = heard.take({ withTurn: true });
    for (const piece of turn) connection.hear(piece);
    if (mustCommit) perform({ kind: "commit" }, undefined);
    mustCommit = false;
    for (const piece of rest) connection.hear(piece);
  }
}
