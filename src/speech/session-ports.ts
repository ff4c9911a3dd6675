// What a Realtime session is given, and what it is for its engine beyond a Voice.
import type { Clock } from "../core/clock.ts";
import type { Log, Meter } from "../core/observe.ts";
import type { Voice } from "../core/voice.ts";
import type { ConnectBreaker } from "./connect-breaker.ts";
import type { VoiceSettings } from "./session-config.ts";

export interface SessionOptions {
  readonly url: URL;
  readonly apiKey: string;
  readonly settings: VoiceSettings;
  readonly breaker: ConnectBreaker;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly meter: Meter;
}

export interface RealtimeVoice extends Voice {
  /** Counts what was carried since the last time. Returns the bytes the network has not taken yet. */
  tally(): number;
}
