// The registry of assistants: which thread clients there are and how each is made from the settings. Adding or removing one
// is a file beside this one and a line here.
import type OpenAI from "openai";
import type { Clock } from "../core/clock.ts";
import type { Log, Meter } from "../core/observe.ts";
import type { ThreadClient } from "../core/thread.ts";
import { assistantsWire } from "./assistants.ts";
import { chatWire } from "./chat-completions.ts";
import { createKeepAliveFetch, createOpenAI, type Fetch } from "./connection.ts";
import { responsesWire } from "./responses.ts";
import { createThread } from "./turns.ts";
import type { OpenWire } from "./wire.ts";

export { createKeepAliveFetch } from "./connection.ts";
export { createEmbedder } from "./embedder.ts";
export { createFactFinder } from "./fact-finder.ts";
export { fixedPersonalInstructions, personalInstructions } from "./personal-prompt.ts";
export { createInstructions } from "./prompt.ts";
export { createTextModel } from "./text-model.ts";

export interface ThreadClientOptions {
  readonly client: ThreadClient["name"];
  readonly apiKey: string;
  /** REST base such as https://api.openai.com/v1. */
  readonly baseUrl: string;
  readonly model: string;
  /** Needed by `assistants`, ignored by the others. */
  readonly assistantId?: string;
  /** ms without any event of the assistant after which a reply fails; tools have timeouts of their own. */
  readonly timeoutMs: number;
  readonly maxOutputTokens?: number;
  /** With `caller` a thread may be opened again by its id after its call; default `call`. */
  readonly threadPer?: "call" | "caller";
  readonly log: Log;
  readonly meter: Meter;
  readonly clock: Clock;
  /** Default: connections that are kept alive between the turns of a call. */
  readonly fetch?: Fetch;
}

type MakeWire = (options: ThreadClientOptions, openai: OpenAI) => OpenWire;

/** Histories kept for callers who come back, where we keep them ourselves. */
const KEPT_HISTORIES = 500;

const CLIENTS: Readonly<Record<ThreadClient["name"], MakeWire>> = {
  responses: (options, openai) => responsesWire({ ...options, openai }),
  assistants: (options, openai) => assistantsWire({ ...options, openai, assistantId: options.assistantId ?? "" }),
  chat: (options, openai) =>
    chatWire({ ...options, openai, keep: options.threadPer === "caller" ? KEPT_HISTORIES : 0 }),
};

/** Does no I/O. */
export function createThreadClient(options: ThreadClientOptions): ThreadClient {
  const { client, timeoutMs, clock, log, meter } = options;
  const openai = createOpenAI({ ...options, fetch: options.fetch ?? createKeepAliveFetch(clock) });
  const openWire = CLIENTS[client](options, openai);
  return {
    name: client,
    open: (request) =>
      createThread({
        client,
        wire: openWire(request),
        timeoutMs,
        ...(request.history && { history: request.history }),
        clock,
        log: log.with({ call: request.carrierId ?? request.callId, callId: request.callId }),
        meter,
      }),
  };
}
