// What goes out to a browser: the two ways of it have one shape. Live talk is live-outlet.ts, whole replies are turn-outlet.ts.
import type { LineEvent } from "../../core/line.ts";

export interface Outlet {
  /** Base64 of mu-law, a part of this utterance. */
  play(payload: string, utterance: number): void;
  mark(name: string): void;
  clear(): void;
  /** Something happened in the call. */
  told(type: string, data: Readonly<Record<string, unknown>>): void;
  /** The call is over; resolves when all that was to be said is on its way. */
  end(reason: string): Promise<void>;
  close(): void;
}

export interface OutletParts {
  readonly send: (text: string) => void;
  /** To the call. */
  readonly deliver: (event: LineEvent) => void;
}

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
