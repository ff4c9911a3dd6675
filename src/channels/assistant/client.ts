// One client at the assistant's socket: reads what it sends into commands, tells it in its own words what happens, and knows when it is
// gone, silent or flooding. It does not know what a conversation is.
import type { Clock } from "../../core/clock.ts";
import type { Log, Meter } from "../../core/observe.ts";
import type { Socket } from "../../core/socket.ts";
import { readClientEvent, type ClientCommand, type Refusal } from "../../wire/assistant/client-events.ts";
import type { Json } from "../../wire/assistant/json.ts";
import { audioFrameInWords, inWords, type Vocabulary } from "../../wire/assistant/words.ts";
import { createPace } from "./pace.ts";

export interface ClientListener {
  command(command: ClientCommand, eventId: string | undefined): void;
  /** Once. `meant`: the client closed it, and did not just vanish. */
  closed(meant: boolean): void;
}

export interface AssistantClient {
  /** Starts delivery; what came before comes first, within this call. Once. */
  attach(listener: ClientListener): void;
  /** An event as OpenAI says it today. */
  send(event: Json): void;
  /** A frame of audio as it came from OpenAI. */
  sendAudio(frame: string): void;
  refuse(refusal: Refusal): void;
  /** Bytes that the network has not taken. */
  bufferedBytes(): number;
  /** Ends it from our side; nothing is told to the listener any more. Idempotent. */
  close(code: number, reason: string): void;
}

export interface ClientParts {
  readonly socket: Socket;
  readonly vocabulary: Vocabulary;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

const PING_EVERY_MS = 15_000;
/** A client of which nothing was heard for so long, pongs included, is gone. */
const GONE_MS = 45_000;
/** Commands that wait for somebody to listen: the ticket is being looked up. */
const MOST_EARLY = 500;
const TOLD_EVERY_MS = 1000;
/** Events given up before a client that floods is shown the door. */
const MOST_DROPPED = 2000;
/** How a browser and a program end a socket on purpose; 1005 is a close without a code. */
const MEANT: ReadonlySet<number> = new Set([1000, 1001, 1005]);

export function createAssistantClient({ socket, clock, log, meter, ...parts }: ClientParts): AssistantClient {
  let { vocabulary } = parts;
  const pace = createPace(clock.now());
  const early: (readonly [ClientCommand, string | undefined])[] = [];
  let listener: ClientListener | undefined;
  let isClosed = false;
  let earlyEnd: boolean | undefined;
  let heardAt = clock.now();
  let toldAt = -Infinity;
  let dropped = 0;
  let errors = 0;
  let cancelBeat = beat();

  function beat(): () => void {
    return clock.after(PING_EVERY_MS, () => {
      if (clock.now() - heardAt > GONE_MS) {
        socket.terminate();
        return over(false);
      }
      socket.ping();
      cancelBeat = beat();
    });
  }

  function over(meant: boolean): void {
    if (isClosed) return;
    isClosed = true;
    cancelBeat();
    if (listener) listener.closed(meant);
    else earlyEnd = meant;
  }

  function close(code: number, reason: string): void {
    if (isClosed) return;
    isClosed = true;
    cancelBeat();
    socket.close(code, reason);
  }

  function send(event: Json): void {
    const told = isClosed ? undefined : inWords(event, vocabulary);
    if (told) socket.send(JSON.stringify(told));
  }

  function refuse({ code, message, param, eventId }: Refusal): void {
    meter.count("voice_assistant_refused_total", { code });
    const error = { type: "invalid_request_error", code, message, param, event_id: eventId ?? null };
    send({ type: "error", event_id: `event_refused${++errors}`, error });
  }

  function tooMuch(): void {
    dropped++;
    if (dropped > MOST_DROPPED) {
      log.warn("a client of the assistant floods its socket");
      close(1008, "too many events");
      return listener ? listener.closed(true) : void (earlyEnd = true);
    }
    if (clock.now() - toldAt < TOLD_EVERY_MS) return;
    toldAt = clock.now();
    refuse({ code: "rate_limit_exceeded", message: "Too many events or bytes: some were not taken.", param: null });
  }

  function take(data: Buffer, isBinary: boolean): void {
    heardAt = clock.now();
    if (isClosed) return;
    if (!pace.take(data.length, heardAt)) return tooMuch();
    const read = readClientEvent(isBinary ? "" : data.toString(), vocabulary);
    vocabulary = read.vocabulary;
    if (read.outcome === "refused") return refuse(read);
    if (listener) return listener.command(read.command, read.eventId);
    if (early.length < MOST_EARLY) early.push([read.command, read.eventId]);
    else tooMuch();
  }

  socket.listen({
    message: take,
    pong: () => void (heardAt = clock.now()),
    closed: (code) => over(MEANT.has(code)),
  });

  return {
    attach(given) {
      for (const [command, eventId] of early.splice(0)) given.command(command, eventId);
      listener = given;
      if (earlyEnd !== undefined) given.closed(earlyEnd);
    },
    send,
    sendAudio(frame) {
      if (!isClosed) socket.send(audioFrameInWords(frame, vocabulary));
    },
    refuse,
    bufferedBytes: () => socket.bufferedBytes,
    close,
  };
}
