/** The REST routes of the simulator, one table, and what they remember between requests. */
import type { Json } from "../check.ts";
import type { Model } from "../models.ts";
import type { Shared } from "../realtime/context.ts";
import type { Seeded } from "../seeded.ts";
import { createHttp, type Http, type RestRequest, type Route } from "./http.ts";
import { modelRoutes } from "./models.ts";
import { secretRoutes } from "./secrets.ts";

export interface ClientSecret {
  /** Unix seconds. */
  expiresAt: number;
  session: Json;
}

export interface RestState {
  readonly secrets: Map<string, ClientSecret>;
}

/** What every group of routes is built from. */
export interface Env {
  readonly shared: Shared;
  readonly chance: Seeded;
  readonly models: readonly Model[];
  readonly state: RestState;
}

export interface Rest extends Http {
  readonly state: RestState;
}

export function createRest(options: {
  shared: Shared;
  chance: Seeded;
  models: readonly Model[];
  apiKey: string;
  onRequest(request: RestRequest): void;
}): Rest {
  const { shared, chance, models } = options;
  const state: RestState = { secrets: new Map() };
  const env: Env = { shared, chance, models, state };
  const routes: Route[] = [...modelRoutes(env), ...secretRoutes(env)];
  const http = createHttp({ ...options, routes, isKey: (key) => key === options.apiKey });
  return { ...http, state };
}

export type { RestRequest };
