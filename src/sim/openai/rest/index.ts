/** The REST routes of the simulator, one table, and what they remember between requests. */
import type { Json } from "../check.ts";
import type { Model } from "../models.ts";
import type { Shared } from "../realtime/context.ts";
import type { Seeded } from "../seeded.ts";
import { audioRoutes } from "./audio.ts";
import { callRoutes } from "./calls.ts";
import { chatRoutes } from "./chat.ts";
import { conversationRoutes, type StoredConversation } from "./conversations.ts";
import { embeddingRoutes } from "./embeddings.ts";
import { createHttp, wait, type Http, type RestRequest, type Route } from "./http.ts";
import { modelRoutes } from "./models.ts";
import { responseRoutes, type StoredResponse } from "./responses.ts";
import { runRoutes } from "./runs.ts";
import { secretRoutes } from "./secrets.ts";
import { FIRST_ASSISTANT, newAssistant, type StoredAssistant, type StoredThread } from "./thread-store.ts";
import { threadRoutes } from "./threads.ts";

export interface ClientSecret {
  /** Unix seconds. */
  expiresAt: number;
  session: Json;
}

export interface RestState {
  readonly secrets: Map<string, ClientSecret>;
  readonly conversations: Map<string, StoredConversation>;
  readonly responses: Map<string, StoredResponse>;
  /** "asst_sim" is always there. */
  readonly assistants: Map<string, StoredAssistant>;
  readonly threads: Map<string, StoredThread>;
}

/** What every group of routes is built from. */
export interface Env {
  readonly shared: Shared;
  readonly chance: Seeded;
  readonly models: readonly Model[];
  readonly state: RestState;
  /** Fires when the simulator closes. */
  readonly closing: AbortSignal;
  /** Resolves true after `ms`, false as soon as `signal` fires. */
  wait(ms: number, signal: AbortSignal): Promise<boolean>;
}

export interface Rest extends Http {
  readonly state: RestState;
}

export function createRest(options: {
  shared: Shared;
  chance: Seeded;
  models: readonly Model[];
  apiKey: string;
  /** Begins a call over WebRTC; returns its id. */
  beginCall(model: string, session: Json): string;
  onRequest(request: RestRequest): void;
}): Rest {
  const { shared, chance, models } = options;
  const state: RestState = {
    secrets: new Map(),
    conversations: new Map(),
    responses: new Map(),
    assistants: new Map(),
    threads: new Map(),
  };
  const closing = new AbortController();
  const env: Env = { shared, chance, models, state, closing: closing.signal, wait };
  const first = { model: "gpt-6-luna", name: "Desk", instructions: "You answer the phone of a car-service shop." };
  state.assistants.set(FIRST_ASSISTANT, newAssistant(env, first, FIRST_ASSISTANT));
  const routes: Route[] = [
    ...modelRoutes(env),
    ...secretRoutes(env),
    ...callRoutes(env, (model, session) => options.beginCall(model, session)),
    ...responseRoutes(env),
    ...conversationRoutes(env),
    ...chatRoutes(env),
    ...threadRoutes(env),
    ...runRoutes(env),
    ...audioRoutes(env),
    ...embeddingRoutes(env),
  ];
  const http = createHttp({
    ...options,
    routes,
    isKey: (key) => key === options.apiKey,
    isSecret: (key) => (state.secrets.get(key)?.expiresAt ?? 0) * 1000 > shared.now(),
  });
  return {
    ...http,
    state,
    close() {
      closing.abort();
      for (const thread of state.threads.values()) for (const run of thread.runs) run.abort.abort();
      for (const { abort } of state.responses.values()) abort.abort();
      http.close();
    },
  };
}

export type { RestRequest };
