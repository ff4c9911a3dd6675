// What a far side has answered, as the openai package asks for it: a Response whose body is read from the connection itself, whole
// where it is wanted whole. A stream around each short answer would cost more than the answer.
import type { IncomingMessage } from "node:http";
import type { Clock } from "../core/clock.ts";

/** ms a body that nobody reads any more may take to end, so that its connection can be used again. */
const DRAIN_MS = 1000;

/** A body of these is none (Fetch standard). */
const WITHOUT_BODY = new Set([204, 205, 304]);

export class Answer implements Response {
  readonly headers = new Headers();
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly redirected = false;
  readonly type = "default";
  readonly #message: IncomingMessage;
  readonly #clock: Clock;
  #stream: ReadableStream<Uint8Array> | undefined;
  #isTaken = false;

  constructor(message: IncomingMessage, url: string, clock: Clock) {
    for (let at = 0; at + 1 < message.rawHeaders.length; at += 2) {
      this.headers.append(message.rawHeaders[at] ?? "", message.rawHeaders[at + 1] ?? "");
    }
    this.status = message.statusCode ?? 502;
    this.statusText = message.statusMessage ?? "";
    this.url = url;
    this.#message = message;
    this.#clock = clock;
    // Nobody reads what is empty, and its connection is to be used again.
    if (this.#isEmpty || this.headers.get("content-length") === "0") message.resume();
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#isEmpty ? null : (this.#stream ??= streamOf(this.#message, this.#clock));
  }

  get bodyUsed(): boolean {
    return this.#isTaken;
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.bytes()], { type: this.headers.get("content-type") ?? "" });
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#isTaken || this.#stream?.locked) throw new TypeError("the body is being read already");
    this.#isTaken = true;
    if (this.#stream) return new Uint8Array(await new Response(this.#stream).arrayBuffer());
    return this.#isEmpty ? new Uint8Array() : wholeOf(this.#message);
  }

  async formData(): Promise<FormData> {
    throw new TypeError("an answer is no form");
  }

  clone(): Response {
    throw new TypeError("an answer is read once");
  }

  get #isEmpty(): boolean {
    return WITHOUT_BODY.has(this.status);
  }
}

const cutOff = (): Error => new Error("the connection closed in mid-answer");

function wholeOf(message: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    message.on("data", (piece: Buffer) => void pieces.push(piece));
    message.once("end", () => resolve(joined(pieces)));
    message.once("error", reject);
    message.once("close", () => !message.readableEnded && reject(cutOff()));
    // It ended before anybody wanted it.
    if (message.destroyed) reject(message.errored ?? cutOff());
  });
}

/** In memory of its own: small buffers share theirs. */
function joined(pieces: readonly Buffer[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function streamOf(message: IncomingMessage, clock: Clock): ReadableStream<Uint8Array> {
  let open = true;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const end = (act: () => void) => {
        if (open) act();
        open = false;
      };
      message.on("data", (chunk: Buffer) => {
        if (!open) return;
        controller.enqueue(chunk);
        if ((controller.desiredSize ?? 0) <= 0) message.pause();
      });
      message.once("end", () => end(() => controller.close()));
      message.on("error", (error) => end(() => controller.error(error)));
      message.once("close", () => end(() => controller.error(cutOff())));
      if (message.destroyed) end(() => controller.error(message.errored ?? cutOff()));
    },
    pull() {
      message.resume();
    },
    /** A reader that has all it needs leaves the rest to us: read to its end, the connection serves the next request. */
    cancel() {
      open = false;
      message.resume();
      const stop = clock.after(DRAIN_MS, () => message.destroy());
      message.once("close", stop);
    },
  });
}
