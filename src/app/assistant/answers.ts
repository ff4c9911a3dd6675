// The assistant's side of a conversation, from OpenAI's events: what it says, into the record and before the guard; the tools it asks for;
// what it used. What is passed on to the client is the relay's business.
import type { Journal } from "../../bridge/journal.ts";
import { responseUsage } from "../../speech/usage.ts";
import type { RelayEvent } from "../../speech/relayed-session.ts";
import type { Asking } from "./asking.ts";
import type { Guarding } from "./guarding.ts";
import type { Replies } from "./replies.ts";
import { callsIn, type ToolCall } from "./tool-calls.ts";
import type { Turns } from "./turns.ts";

export interface AnswersParts {
  readonly model: string;
  readonly journal: Pick<Journal, "usage" | "words" | "speechFailed">;
  readonly replies: Replies;
  readonly asking: Asking;
  readonly guarding: Pick<Guarding, "reply">;
  readonly turns: Turns;
  readonly runTools: (calls: readonly ToolCall[]) => void;
  /** Words of ours were spoken; the conversation does not know of them. */
  readonly said: (text: string) => void;
  readonly after: () => void;
}

export type Answers = ReturnType<typeof createAnswers>;

interface Told {
  readonly id: string;
  readonly status?: string;
  readonly metadata?: Readonly<Record<string, string>> | null;
  readonly status_details?: { readonly error?: { readonly code?: string | null } | null } | null;
}

/** A client cuts what it plays, which is the last of them. */
const MOST_EARLIER = 200;

export function createAnswers(parts: AnswersParts) {
  const { model, journal, replies, asking, guarding, turns, runTools, said, after } = parts;
  /** Responses that say words of ours, and the words. */
  const sayings = new Map<string, string>();
  /** Items of this connection; another one knows nothing of them. */
  const items = new Set<string>();
  /** Those of the connections before, the latest. */
  let earlier: readonly string[] = [];

  function created({ id, metadata }: Told): void {
    if (metadata?.["say"] !== undefined) sayings.set(id, "");
    else asking.started(id, metadata?.["respond"] !== undefined);
    turns.asked();
  }

  function words(event: RelayEvent): void {
    const { item_id: itemId, response_id: responseId, delta } = event as unknown as Readonly<Record<string, string>>;
    if (itemId === undefined || delta === undefined) return;
    const utterance = replies.words(itemId, delta);
    if (utterance !== undefined) journal.words(delta, utterance);
    if (sayings.has(responseId ?? "")) sayings.set(responseId ?? "", sayings.get(responseId ?? "") + delta);
    else guarding.reply(itemId, delta, false);
  }

  function done(response: Told): void {
    const usage = responseUsage(response, model);
    if (usage) journal.usage(usage.usage, usage.billed);
    const saying = sayings.get(response.id);
    sayings.delete(response.id);
    if (saying !== undefined && saying !== "") said(saying);
    asking.ended(response.id, response.metadata?.["respond"]);
    if (response.status === "failed")
      turns.cause(`response-failed: ${response.status_details?.error?.code ?? "unknown"}`.slice(0, 80));
    const calls = callsIn(response);
    if (calls.length > 0) runTools(calls);
    after();
  }

  return {
    audio(itemId: string, ms: number): void {
      if (replies.audio(itemId, ms)) turns.answered();
    },
    take(event: RelayEvent): void {
      switch (event.type) {
        case "response.created":
          return created(event["response"] as Told);
        case "response.output_item.added": {
          const item = event["item"] as { readonly id?: string; readonly type?: string };
          if (item.type !== "message" || item.id === undefined) return;
          items.add(item.id);
          return replies.begin(item.id, sayings.has(String(event["response_id"])) ? "notice" : "reply");
        }
        case "response.output_audio_transcript.delta":
          return words(event);
        case "response.output_text.delta":
          turns.answered();
          return words(event);
        case "response.output_audio_transcript.done":
        case "response.output_text.done":
          if (!sayings.has(String(event["response_id"]))) guarding.reply(String(event["item_id"]), "", true);
          return;
        case "response.output_item.done": {
          const item = event["item"] as { readonly id?: string };
          return replies.made(item.id ?? "");
        }
        case "response.done":
          return done(event["response"] as Told);
      }
    },
    /** A connection before this one has it. */
    wasBefore: (itemId: string): boolean => earlier.includes(itemId),
    /** Another connection knows none of these. */
    lost(): void {
      sayings.clear();
      earlier = [...earlier, ...items].slice(-MOST_EARLIER);
      items.clear();
    },
    isSaying: (): boolean => sayings.size > 0,
  };
}
