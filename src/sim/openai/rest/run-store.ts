/** A run of the Assistants API as it is kept: what the API shows of it and what is needed to carry it on. */
import { anyObject, anything, flag, list, metadata, nullable, shape, text, whole, type Json } from "../check.ts";
import type { Env } from "./index.ts";
import { requireModel } from "./models.ts";
import type { Tell } from "./run-work.ts";
import { checkMessage, requireAssistant, type StoredThread } from "./thread-store.ts";

export type RunStatus =
  | "queued"
  | "in_progress"
  | "requires_action"
  | "cancelling"
  | "cancelled"
  | "failed"
  | "completed"
  | "incomplete"
  | "expired";

interface WaitingCall {
  id: string;
  type: string;
  function: { name: string; arguments: string; output: string | null };
}

export interface StoredRun {
  id: string;
  /** The run as the API shows it. */
  data: Json & {
    id: string;
    status: RunStatus;
    assistant_id: string;
    instructions: string;
    model: string;
    expires_at: number | null;
  };
  /** The step in progress. */
  step: Json | undefined;
  waitingFor: WaitingCall[];
  answered: WaitingCall[];
  toolNames: string[];
  abort: AbortController;
  ended: boolean;
  /** Whoever listens at present; a run goes on without. */
  tell: Tell;
  /** Cuts the listener's connection. */
  dropListener: () => void;
}

/** Seconds a run may take, waiting for tool outputs included. */
const LIFE_SECONDS = 600;
export const checkRun = shape(
  {
    assistant_id: text(),
    include: anything,
    additional_instructions: nullable(text()),
    additional_messages: nullable(list(checkMessage)),
    instructions: nullable(text()),
    max_completion_tokens: nullable(whole({ min: 256 })),
    max_prompt_tokens: nullable(whole({ min: 256 })),
    metadata: nullable(metadata),
    model: nullable(text()),
    parallel_tool_calls: flag,
    reasoning_effort: anything,
    response_format: anything,
    stream: nullable(flag),
    temperature: anything,
    tool_choice: anything,
    tools: nullable(list(anyObject, { max: 20 })),
    top_p: anything,
    truncation_strategy: anything,
  },
  ["assistant_id"],
);
export const checkOutputs = shape(
  { tool_outputs: list(shape({ tool_call_id: text(), output: text() }, ["tool_call_id"])), stream: nullable(flag) },
  ["tool_outputs"],
);

/** A queued run. @throws Refusal for an unknown assistant or model */
export function newRun(env: Env, thread: StoredThread, body: Json): StoredRun {
  const now = Math.floor(env.shared.now() / 1000);
  const assistant = requireAssistant(env, body["assistant_id"] as string);
  const model = (body["model"] ?? assistant.model) as string;
  requireModel(env, model, ["text"]);
  const tools = (body["tools"] ?? assistant.tools) as Json[];
  const id = env.chance.id("run_", 24);
  const choice = body["tool_choice"] ?? "auto";
  const names = tools.map((tool) => ((tool["function"] ?? {}) as { name?: string }).name ?? "");
  const instructions = [body["instructions"] ?? assistant.instructions, body["additional_instructions"]];
  return {
    id,
    step: undefined,
    waitingFor: [],
    answered: [],
    toolNames: choice === "none" ? [] : names,
    abort: new AbortController(),
    ended: false,
    tell: () => {},
    dropListener: () => {},
    data: {
      id,
      object: "thread.run",
      created_at: now,
      assistant_id: assistant.id,
      thread_id: thread.id,
      status: "queued",
      started_at: null,
      expires_at: now + LIFE_SECONDS,
      cancelled_at: null,
      failed_at: null,
      completed_at: null,
      required_action: null,
      last_error: null,
      incomplete_details: null,
      model,
      instructions: instructions.filter((part) => typeof part === "string").join("\n"),
      tools,
      tool_choice: choice,
      parallel_tool_calls: body["parallel_tool_calls"] ?? true,
      max_prompt_tokens: null,
      max_completion_tokens: null,
      truncation_strategy: { type: "auto", last_messages: null },
      response_format: "auto",
      metadata: body["metadata"] ?? {},
      usage: null,
    },
  };
}
