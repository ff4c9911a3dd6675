// What models and minutes cost, as the operator's PRICES_FILE says, and what a use of them cost. None comes with the program: prices
// change, and a wrong one is worse than none. docs/prices.md.
import { z } from "zod";
import { carrierMinutes, type ModelUsage, type UsageKind } from "../core/usage.ts";
import { mistakesIn } from "./check.ts";
import { readYaml } from "./yaml.ts";

const price = z.number().min(0).max(1_000_000);

const tokens = z.strictObject({
  input: price.optional(),
  cached_input: price.optional(),
  output: price.optional(),
  audio_input: price.optional(),
  cached_audio_input: price.optional(),
  audio_output: price.optional(),
});

const model = z
  .strictObject({ per_million_tokens: tokens.optional(), per_minute: price.optional() })
  .refine(
    ({ per_million_tokens: byToken = {}, per_minute: byMinute }) =>
      Object.keys(byToken).length > 0 || byMinute !== undefined,
    "needs prices: per_million_tokens or per_minute",
  );

export const pricesFile = z.strictObject({
  /** ISO 4217. */
  currency: z.string().regex(/^[A-Z]{3}$/, "must be a currency such as USD"),
  models: z.record(z.string().min(1).max(100), model),
  /** Of every minute begun. */
  carrier: z.strictObject({ per_minute: price, outbound_per_minute: price.optional() }).optional(),
});

export type Prices = z.infer<typeof pricesFile>;
type TokenPrices = z.infer<typeof tokens>;

export function readPrices(
  text: string,
): { readonly ok: true; readonly prices: Prices } | { readonly ok: false; readonly problems: readonly string[] } {
  const read = readYaml(text);
  if (!read.ok) return read;
  const parsed = pricesFile.safeParse(read.value);
  if (parsed.success) return { ok: true, prices: parsed.data };
  const problems = mistakesIn(parsed.error, "is not a field of a price list").map(({ path, detail }) =>
    path.length > 0 ? `${path.map(String).join(" > ")}: ${detail}` : detail,
  );
  return { ok: false, problems };
}

/** Undefined when the model, or a kind of what was used, has no price. */
export function costOf(prices: Prices, { model: name, counts }: ModelUsage): number | undefined {
  const { per_minute: perMinute, per_million_tokens: byToken = {} } = priceOf(prices, name) ?? {};
  let cost = 0;
  for (const [kind, count] of Object.entries(counts) as [UsageKind, number][]) {
    const each = kind === "seconds" ? over(perMinute, 60) : over(tokenPrice(byToken, kind), 1_000_000);
    if (each === undefined) return undefined;
    cost += count * each;
  }
  return cost;
}

/** Of what a record says was used, kept there by model as `model:kind`; counts without a model are for people. */
export function costOfBefore(
  prices: Prices,
  usage: Readonly<Record<string, number>>,
): { readonly known: number; readonly isAll: boolean } {
  let known = 0;
  let isAll = true;
  for (const [name, count] of Object.entries(usage)) {
    const at = name.lastIndexOf(":");
    if (at < 0) continue;
    const cost = costOf(prices, {
      purpose: "voice",
      model: name.slice(0, at),
      counts: { [name.slice(at + 1)]: count },
    });
    if (cost === undefined) isAll = false;
    else known += cost;
  }
  return { known, isAll };
}

/** Of a call that lasted so long. */
export function carrierCost({ carrier }: Prices, direction: "inbound" | "outbound", ms: number): number {
  if (!carrier) return 0;
  const perMinute = direction === "outbound" ? (carrier.outbound_per_minute ?? carrier.per_minute) : carrier.per_minute;
  return carrierMinutes(ms) * perMinute;
}

/** What is certain to be used where a model serves this purpose, and has no price. */
export function unpriced(prices: Prices, purpose: ModelUsage["purpose"], name: string): readonly string[] {
  const found = priceOf(prices, name);
  // Transcribing models are billed one way or the other, and say which only when they are used.
  if (purpose === "transcription" && found?.per_minute !== undefined) return [];
  return NEEDED[purpose].filter((kind) => tokenPrice(found?.per_million_tokens ?? {}, kind) === undefined);
}

type TokenKind = Exclude<UsageKind, "seconds">;

const NEEDED: Readonly<Record<ModelUsage["purpose"], readonly TokenKind[]>> = {
  voice: ["input", "audio_input", "output", "audio_output"],
  transcription: ["audio_input", "output"],
  thread: ["input", "output"],
};

/** A dated snapshot costs what its model costs, unless it stands there by itself. */
function priceOf({ models }: Prices, name: string): Prices["models"][string] | undefined {
  const own = (key: string) => (Object.hasOwn(models, key) ? models[key] : undefined);
  return own(name) ?? own(name.replace(/-\d{4}-\d{2}-\d{2}$/, ""));
}

/** Cached tokens cost what others do where no price of their own is told: rather too much than too little. */
function tokenPrice(prices: TokenPrices, kind: TokenKind): number | undefined {
  if (kind === "cached_input") return prices.cached_input ?? prices.input;
  if (kind === "cached_audio_input") return prices.cached_audio_input ?? prices.audio_input;
  return prices[kind];
}

const over = (each: number | undefined, units: number): number | undefined =>
  each === undefined ? undefined : each / units;
