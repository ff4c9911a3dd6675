// The names of models and voices that clients of the personal assistant may ask for. Pure.

/** As OpenAI has them for Realtime. */
export const VOICES = [
  "alloy",
  "ash",
  "ballad",
  "cedar",
  "coral",
  "echo",
  "marin",
  "sage",
  "shimmer",
  "verse",
] as const;
export const DEFAULT_VOICE = "ash";

/** The document's two names: the models behind them have an end, the names do not. */
export const DOCUMENT_MODELS = { mini: "gpt-realtime-mini", full: "gpt-4-realtime" } as const;

/** Names of today that are taken as they are. */
const CURRENT: readonly string[] = ["gpt-realtime-2.1", "gpt-realtime-2.1-mini", "gpt-realtime-2", "gpt-realtime-1.5"];

export interface ModelChoice {
  /** Behind the document's names. */
  readonly mini: string;
  readonly full: string;
}

/** The model to be used; undefined for a name that nobody knows. */
export function modelNamed(name: string | undefined, { mini, full }: ModelChoice): string | undefined {
  if (name === undefined || name === DOCUMENT_MODELS.mini) return mini;
  if (name === DOCUMENT_MODELS.full) return full;
  return [mini, full, ...CURRENT].includes(name) ? name : undefined;
}
