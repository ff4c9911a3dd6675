// The assistant that thinks: text of the caller in, text of the reply out, streamed and cancellable.
import type { SpokenLine } from "./voice.ts";

/** What the caller really heard of a reply that was cut; the next request carries it once. */
export interface HeardCorrection {
  readonly generated: string;
  readonly heard: string;
}

export interface ThreadInput {
  /** The caller's words of this turn. */
  readonly text: string;
  readonly correction?: HeardCorrection;
  /** What happened in the call that the assistant has to know, in sentences; told once, with this turn. */
  readonly note?: string;
}

export interface ToolRequest {
  readonly callId: string;
  readonly name: string;
  /** JSON text as the model wrote it; may be malformed. */
  readonly arguments: string;
}

export interface ThreadOptions {
  /** Aborting stops the run; the thread repairs itself before the next reply. */
  readonly signal: AbortSignal;
  /** Runs one tool and resolves to the text for the model; never rejects. */
  readonly runTool: (request: ToolRequest) => Promise<string>;
}

export interface ThreadUsage {
  readonly model: string;
  readonly inputTokens: number;
  /** Of the input tokens. */
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
}

export type ThreadEvent =
  { readonly type: "text"; readonly delta: string } | { readonly type: "usage"; readonly usage: ThreadUsage };

export interface AssistantThread {
  /** The id under which this thread can be gone on with; undefined until the first reply made or found it. */
  threadId(): string | undefined;
  /** Makes the thread ahead of the first reply, in the background, where that takes a request. Never throws. */
  prepare(): void;
  /**
   * Answers one turn. At most one reply at a time; a second one waits for the first one's end and repair.
   * @throws ThreadError when the assistant cannot answer; an abort of `signal` ends the stream with its reason thrown.
   */
  reply(input: ThreadInput, options: ThreadOptions): AsyncIterable<ThreadEvent>;
  /** Lets go of the thread; pending repairs are given up. Idempotent. */
  close(): Promise<void>;
}

/** What a thread has to know about one call. */
export interface ThreadRequest {
  readonly callId: string;
  /** The carrier's id of the call, for the log. */
  readonly carrierId?: string;
  /** Who the assistant is and how it is to speak; goes with every request. */
  readonly instructions: string;
  readonly tools: readonly ToolDescription[];
  /** The id of a thread to go on with, when this caller has one. */
  readonly threadId?: string;
  /** What was said in this call before, for a call that goes on: stands in where that thread is not there (any more). */
  readonly history?: readonly SpokenLine[];
}

export interface ToolDescription {
  readonly name: string;
  readonly description: string;
  /** A JSON Schema object. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Opens threads of one model at one place. Opening does no I/O: the thread is made by `prepare` or at the first reply. */
export interface ThreadClient {
  readonly name: "responses" | "assistants" | "chat";
  open(request: ThreadRequest): AssistantThread;
}

export type ThreadErrorCode =
  /** 401 or 403: the key is wrong. */
  | "auth"
  /** 404: the model, thread or assistant does not exist. */
  | "not-found"
  /** The Assistants API is gone at this host. */
  | "assistants-removed"
  /** 429. */
  | "rate-limited"
  /** 5xx, or no connection. */
  | "unavailable"
  /** Nothing came in time. */
  | "timeout"
  /** The run failed, was refused or ended without an answer. */
  | "failed";

/** The assistant cannot answer this turn. See docs/errors.md. */
export class ThreadError extends Error {
  readonly code: ThreadErrorCode;
  constructor(code: ThreadErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ThreadError";
    this.code = code;
  }
}
