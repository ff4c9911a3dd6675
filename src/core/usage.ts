// What models were used for, as it is billed, and who keeps account of it for a call.

/** They do not overlap: cached tokens are not counted among the others as well, as vendors' own sums do. */
export type UsageKind =
  | "input"
  | "cached_input"
  | "output"
  | "audio_input"
  | "cached_audio_input"
  | "audio_output"
  /** Of audio, for what is billed by its length. */
  | "seconds";

export interface ModelUsage {
  readonly purpose: "voice" | "transcription" | "thread";
  /** As it was asked for. */
  readonly model: string;
  readonly counts: Readonly<Partial<Record<UsageKind, number>>>;
}

/** What one call costs, while it lasts. */
export interface Spending {
  used(usage: ModelUsage): void;
  /** So far; undefined where a price is not known. */
  cost(): number | undefined;
}

/** Carriers bill every minute begun, and the first one begins with the call. */
export function carrierMinutes(ms: number): number {
  return Math.max(1, Math.ceil(ms / 60_000));
}
