// Twilio's end of one media stream: the socket, the order of its messages and what the fault switches do to them. What is
// heard and said is the handset's business; this only carries it.
import { WebSocket, type RawData } from "ws";
import { createFrameFaults, type CallFaults } from "./faults.ts";
import type { Frame } from "./mouth.ts";
import type { Chance } from "./sids.ts";
import {
  connectedMessage,
  dtmfMessage,
  markMessage,
  mediaMessage,
  readServerMessage,
  startMessage,
  stopMessage,
  type ServerMessage,
  type StreamIdentity,
} from "./stream-messages.ts";
import type { Route } from "./webhook-request.ts";

export interface StreamEnd {
  by: "server" | "network";
  /** Close code as this side saw it; 1006 when there was no close frame. */
  code: number;
  reason: string;
}

export interface StreamOptions {
  identity: StreamIdentity;
  /** As the TwiML has it: what is signed. It is dialled at the route's real host. */
  url: string;
  route: Route;
  authToken: string;
  parameters: Record<string, string>;
  faults: CallFaults;
  chance: Chance;
  /** Wall ms. */
  connectTimeoutMs: number;
  /** Calls the handshake off. */
  signal: AbortSignal;
  nowMs: () => number;
  /** Called as soon as the stream is up, before its first message. */
  onOpen: (stream: MediaStream) => void;
  onMessage: (message: ServerMessage, bytes: number) => void;
  onFault: (name: string) => void;
  /** Inbound audio is being dropped because the server does not read (31930). */
  onCongestion: () => void;
}

/** Bytes unread by the server above which Twilio's side stops queueing frames: about three seconds of speech. */
const MAX_UNSENT_BYTES = 64 * 1024;
const SILENT_FRAME = Buffer.alloc(160, 0xff).toString("base64");
/** Wall ms a closing handshake may take before the socket is cut. */
const CLOSE_TIMEOUT_MS = 5_000;

export class MediaStream {
  readonly identity: StreamIdentity;
  /** Call ms at which the start message went out. */
  readonly startedMs: number;
  readonly ended: Promise<StreamEnd>;
  /** What the server sent that is not WebSocket, if it did: the socket is closed because of it. */
  violation: string | undefined;
  readonly #socket: WebSocket;
  readonly #options: StreamOptions;
  readonly #mangle: ReturnType<typeof createFrameFaults>;
  #sequence = 0;
  #chunk = 0;
  #stopping = false;
  #vanished = false;
  #congested = false;
  #pending = new Set<string>();
  /** The stream's ms of the first and of the latest frame that went out. */
  #firstMs: number | undefined;
  #lastMs = 0;

  constructor(socket: WebSocket, options: StreamOptions) {
    this.#socket = socket;
    this.#options = options;
    this.identity = options.identity;
    const { faults } = options;
    this.#mangle = createFrameFaults(faults.frames ?? {}, options.chance);
    for (const name of ["abruptCloseAtMs", "vanishAtMs", "pauseReadingAtMs", "duplicateStart"]) this.#pending.add(name);
    this.ended = new Promise((resolve) => {
      socket.once("close", (code, reason) =>
        resolve({ by: this.#stopping ? "network" : "server", code, reason: reason.toString() }),
      );
    });
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    // A close always follows an error and tells the rest.
    socket.on("error", (error) => {
      if ("code" in error && String(error.code).startsWith("WS_ERR")) this.violation = error.message;
    });
    this.#send(connectedMessage());
    for (let i = 0; i < (faults.mediaBeforeStart ?? 0); i++) {
      this.#send(mediaMessage(++this.#sequence, this.identity.streamSid, ++this.#chunk, i * 20, SILENT_FRAME));
    }
    this.startedMs = options.nowMs();
    if (faults.noStart) options.onFault("noStart");
    else this.#sendStart(this.identity);
  }

  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN && !this.#stopping;
  }

  /** ms from the beginning of the first frame of the caller that went out to the end of the latest, lost ones between included. */
  get callerMs(): number {
    return this.#firstMs === undefined ? 0 : this.#lastMs - this.#firstMs + 20;
  }

  /** A frame of the caller's voice that ended at `endMs` of call time. */
  sendFrame(frame: Frame, endMs: number): void {
    if (!this.open) return;
    const timestampMs = Math.round(endMs - this.startedMs);
    this.#timedFaults(timestampMs);
    if (!this.open || this.#vanished || this.#options.faults.noStart) return;
    // After a stall, frames from before the stream are still being made up for.
    if (timestampMs < 0) return;
    const outgoing = { sequence: ++this.#sequence, chunk: ++this.#chunk, timestampMs, base64: frame.base64 };
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) {
      if (!this.#congested) this.#options.onCongestion();
      this.#congested = true;
      return;
    }
    for (const { sequence, chunk, timestampMs, base64 } of this.#mangle(outgoing)) {
      this.#firstMs ??= timestampMs;
      this.#lastMs = Math.max(this.#lastMs, timestampMs);
      this.#send(mediaMessage(sequence, this.identity.streamSid, chunk, timestampMs, base64));
    }
  }

  returnMark(name: string): void {
    this.#send(markMessage(++this.#sequence, this.identity.streamSid, name));
  }

  sendDigit(digit: string): void {
    this.#send(dtmfMessage(++this.#sequence, this.identity.streamSid, digit));
  }

  /** Anything at all, for tests of bad frames. */
  sendRaw(data: string | Buffer): void {
    if (this.open) this.#socket.send(data);
  }

  /** Stops and resumes reading, as a slow consumer does; frames still go out. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Half-open: nothing is sent or read any more, and the socket stays. */
  vanish(): void {
    this.#vanished = true;
    this.#socket.pause();
  }

  /** Cuts the connection without stop or close frame. */
  abort(): void {
    this.#stopping = true;
    this.#socket.terminate();
  }

  /** Ends the stream as Twilio does: `stop`, then close; less of it where a fault says so. */
  async stop(): Promise<void> {
    if (!this.open) return;
    const { stop = true, close = true } = this.#options.faults.ending ?? {};
    if (this.#vanished) {
      this.abort();
    } else {
      if (stop) this.#send(stopMessage(++this.#sequence, this.identity));
      this.#stopping = true;
      if (close === false) return;
      if (close === "abrupt") this.#socket.terminate();
      else this.#socket.close();
    }
    const cut = setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS);
    await this.ended;
    clearTimeout(cut);
  }

  #sendStart(identity: StreamIdentity): void {
    const { faults, parameters } = this.#options;
    const shown = {
      ...identity,
      callSid: faults.startCallSid ?? identity.callSid,
      accountSid: faults.startAccountSid ?? identity.accountSid,
    };
    this.#send(startMessage(++this.#sequence, shown, faults.customParameters ?? parameters));
  }

  #send(text: string): void {
    if (this.open && !this.#vanished) this.#socket.send(text);
  }

  #receive(data: RawData, isBinary: boolean): void {
    const { identity, onMessage } = this.#options;
    if (this.#stopping) return;
    const bytes = Buffer.isBuffer(data) ? data : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)]);
    if (isBinary) onMessage({ event: "invalid", code: 31950, why: "binary frame" }, bytes.length);
    else onMessage(readServerMessage(bytes.toString(), identity.streamSid), bytes.length);
  }

  #timedFaults(streamMs: number): void {
    const { faults, onFault, chance } = this.#options;
    const due = (name: string, atMs: number | undefined) => {
      if (atMs === undefined || streamMs < atMs || !this.#pending.delete(name)) return false;
      onFault(name);
      return true;
    };
    if (due("duplicateStart", faults.duplicateStart?.atMs)) {
      const other = faults.duplicateStart?.streamSid === "other" ? { streamSid: chance.sid("MZ") } : {};
      this.#sendStart({ ...this.identity, ...other });
    }
    if (due("pauseReadingAtMs", faults.pauseReadingAtMs)) this.pause();
    if (due("vanishAtMs", faults.vanishAtMs)) this.vanish();
    if (due("abruptCloseAtMs", faults.abruptCloseAtMs)) this.abort();
  }
}
