// What is wrong with a configuration although its form is good: limits of money where nothing has a price, an assistant without an
// id. Pure; it knows the program's own settings as far as they matter here.
import type { OrganizationConfig } from "../wire/rest/organization.ts";
import { issueAt, type ConfigIssue, type Misgivings } from "./check.ts";
import { unpriced, type Prices } from "./prices.ts";

export interface Models {
  readonly mode: "assistant" | "speech-to-speech";
  readonly voiceModel: string;
  readonly transcriptionModel: string;
  readonly client: "responses" | "assistants" | "chat";
  readonly threadModel: string;
}

/** The program's settings that an organization's are laid over. */
export interface Surroundings extends Models {
  readonly assistantId?: string | undefined;
  /** The host of the models has no Assistants API any more. */
  readonly assistantsGone: boolean;
  readonly prices: Prices | undefined;
}

export function misgivingsOf(surroundings: Surroundings): Misgivings {
  return (config) => [...aboutMoney(config, surroundings), ...aboutAssistants(config, surroundings)];
}

function aboutMoney(config: OrganizationConfig, surroundings: Surroundings): ConfigIssue[] {
  const { limits = {} } = config;
  const caps = (["spend_per_call", "spend_per_day"] as const).filter((name) => limits[name] !== undefined);
  const { prices } = surroundings;
  const missing = prices && priceGaps(prices, withOwn(surroundings, config));
  const why = !missing
    ? "needs PRICES_FILE: without prices nobody knows what a call costs"
    : missing.length > 0
      ? `needs in PRICES_FILE the price of ${missing.join(" and of ")}`
      : undefined;
  return why === undefined ? [] : caps.map((name) => issueAt(["limits", name], why));
}

/** What the models of a call have no price for, as `model (kind, kind)`. */
export function priceGaps(prices: Prices, models: Models): string[] {
  // An assistant of the old API has a model of its own that is not known before.
  const thinks = models.mode === "assistant" && models.client !== "assistants";
  const used = [
    ["voice", models.voiceModel],
    ["transcription", models.transcriptionModel],
    ...(thinks ? [["thread", models.threadModel] as const] : []),
  ] as const;
  return used.flatMap(([purpose, name]) => {
    const kinds = unpriced(prices, purpose, name);
    return kinds.length > 0 ? [`${name} (${kinds.join(", ")})`] : [];
  });
}

function withOwn(own: Models, { voice = {}, thread = {} }: OrganizationConfig): Models {
  return {
    mode: voice.mode ?? own.mode,
    client: thread.client ?? own.client,
    voiceModel: voice.model ?? own.voiceModel,
    transcriptionModel: voice.transcription_model ?? own.transcriptionModel,
    threadModel: thread.model ?? own.threadModel,
  };
}

function aboutAssistants({ thread }: OrganizationConfig, { assistantId, assistantsGone }: Surroundings): ConfigIssue[] {
  if (thread?.client !== "assistants") return [];
  if (assistantsGone)
    return [issueAt(["thread", "client"], "cannot be assistants: that API was shut down at this host on 2026-08-26")];
  return (thread.assistant_id ?? assistantId) === undefined
    ? [issueAt(["thread", "client"], "cannot be assistants without an assistant_id")]
    : [];
}

/** The configuration without what it is wrong about: for one that is stored, and has to serve. */
export function withoutIssues(config: OrganizationConfig, issues: readonly ConfigIssue[]): OrganizationConfig {
  const copy = structuredClone(config) as Record<string, unknown>;
  for (const { pointer } of issues) {
    const names = pointer.split("/").slice(1);
    const last = names.pop();
    let at: unknown = copy;
    for (const name of names) at = (at as Record<string, unknown> | undefined)?.[name];
    if (at && last !== undefined) delete (at as Record<string, unknown>)[last];
  }
  return copy;
}
