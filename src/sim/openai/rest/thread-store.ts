/**
 * What lasts in the Assistants API: assistants, threads, messages, and the rules every route over them shares. OpenAI switched
 * the API off on 2026-08-26 (`faults.assistantsRemoved` plays that); compatible servers still speak it.
 */
import {
  Refusal,
  anyObject,
  anything,
  list,
  metadata,
  nullable,
  oneOf,
  shape,
  text,
  textOr,
  variants,
  type Json,
} from "../check.ts";
import { unknownUrl } from "../errors.ts";
import type { Call, Route } from "./http.ts";
import type { Env } from "./index.ts";
import type { StoredRun } from "./run-store.ts";

export interface StoredAssistant extends Json {
  id: string;
  model: string;
  instructions: string | null;
  tools: Json[];
}

export interface StoredMessage extends Json {
  id: string;
  role: "user" | "assistant";
  status: "in_progress" | "completed" | "incomplete";
  content: Json[];
}

export interface StoredThread {
  id: string;
  created_at: number;
  metadata: Json;
  messages: StoredMessage[];
  runs: StoredRun[];
}

const content = textOr(
  text({ max: 256_000 }),
  list(
    variants("type", {
      text: shape({ type: anything, text: text() }, ["text"]),
      image_url: anything,
      image_file: anything,
    }),
    { min: 1 },
  ),
);
const messageFields = {
  role: oneOf("user", "assistant"),
  content,
  attachments: nullable(list(anyObject)),
  metadata: nullable(metadata),
};
export const checkMessage = shape(messageFields, ["role", "content"]);
export const checkThread = shape({
  messages: list(checkMessage),
  metadata: nullable(metadata),
  tool_resources: nullable(anyObject),
});
export const checkThreadUpdate = shape({ metadata: nullable(metadata), tool_resources: nullable(anyObject) });
export const checkAssistant = shape(
  {
    model: text(),
    name: nullable(text({ max: 256 })),
    description: nullable(text({ max: 512 })),
    instructions: nullable(text({ max: 256_000 })),
    tools: list(anyObject, { max: 128 }),
    tool_resources: nullable(anyObject),
    metadata: nullable(metadata),
    temperature: anything,
    top_p: anything,
    reasoning_effort: anything,
    response_format: anything,
  },
  ["model"],
);

/** An assistant that always exists, so that a client has an id to start with. */
export const FIRST_ASSISTANT = "asst_sim";

export function newAssistant(env: Env, body: Json, id = env.chance.id("asst_", 24)): StoredAssistant {
  return {
    id,
    object: "assistant",
    created_at: Math.floor(env.shared.now() / 1000),
    name: body["name"] ?? null,
    description: body["description"] ?? null,
    model: body["model"] as string,
    instructions: (body["instructions"] ?? null) as string | null,
    tools: (body["tools"] ?? []) as Json[],
    metadata: body["metadata"] ?? {},
  };
}

export function newMessage(env: Env, thread: string, body: Json): StoredMessage {
  const given = body["content"] as string | { type: string; text: string }[];
  const parts = typeof given === "string" ? [{ type: "text", text: given }] : given;
  const now = Math.floor(env.shared.now() / 1000);
  return {
    id: env.chance.id("msg_", 24),
    object: "thread.message",
    created_at: now,
    thread_id: thread,
    status: "completed",
    incomplete_details: null,
    completed_at: now,
    incomplete_at: null,
    role: body["role"] as "user" | "assistant",
    content: parts.map((part) =>
      part.type === "text" ? { type: "text", text: { value: part.text, annotations: [] } } : part,
    ),
    assistant_id: null,
    run_id: null,
    attachments: body["attachments"] ?? [],
    metadata: body["metadata"] ?? {},
  };
}

/** The header every Assistants request carries, and the switch that removes the API. @throws Refusal */
function checkAssistants(env: Env, call: Call): void {
  if (env.shared.faults.assistantsRemoved) throw unknownUrl(call.request.method, call.request.path);
  if (/assistants=v2/.test(String(call.request.headers["openai-beta"] ?? ""))) return;
  throw new Refusal(
    "invalid_beta",
    "You must provide the 'OpenAI-Beta' header to access the Assistants API. Please try again by setting the header 'OpenAI-Beta: assistants=v2'.",
  );
}

/** @throws Refusal with 404 */
export function requireThread(env: Env, call: Call): StoredThread {
  const id = call.params["thread_id"] ?? "";
  const thread = env.state.threads.get(id);
  if (!thread) throw new Refusal(null, `No thread found with id '${id}'.`, { status: 404 });
  return thread;
}

/** @throws Refusal with 404 */
export function requireAssistant(env: Env, id: string): StoredAssistant {
  const assistant = env.state.assistants.get(id);
  if (!assistant) throw new Refusal(null, `No assistant found with id '${id}'.`, { status: 404 });
  return assistant;
}

/** The run that keeps a thread from taking messages and runs. */
export function activeRun(thread: StoredThread): StoredRun | undefined {
  return thread.runs.find((run) =>
    ["queued", "in_progress", "requires_action", "cancelling"].includes(run.data.status),
  );
}

/** The same routes behind the check of header and switch. */
export function guarded(env: Env, routes: readonly Route[]): Route[] {
  return routes.map((route) => ({
    ...route,
    handle(call) {
      checkAssistants(env, call);
      return route.handle(call);
    },
  }));
}
