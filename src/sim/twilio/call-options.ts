// What a test, the demo or a script says about one simulated call: where it goes, who calls, how time runs and what goes
// wrong. Plain data with its defaults; nothing here acts.
import type { CallerScript } from "./caller.ts";
import type { CallFaults } from "./faults.ts";

/** The network between the caller and Twilio, the same for calls in either direction. All ms are call time. */
export interface LineOptions {
  /** Call time per wall time: 1 (the default) is real time; 10 sends frames and drains playback ten times faster. */
  speed?: number;
  /** Length of a frame of the caller's voice, ms; 20 at Twilio. */
  frameMs?: number;
  /** Noise between the caller's words, root mean square in 16-bit linear units; 0 is digital silence. */
  noiseFloor?: number;
  /** How long cleared audio is still heard, ms: a telephone network's jitter buffer holds about 100 to 250. */
  clearTailMs?: number;
  /** The call is cut after this long. */
  maxMs?: number;
  /** How a <Dial> ends; by default the other party answers and talks for two seconds. */
  dialOutcome?: DialOutcome | ((number: string) => DialOutcome);
  faults?: CallFaults;
  /** Wall ms a webhook may take (15 000 at Twilio), and a stream's handshake. */
  webhookTimeoutMs?: number;
  connectTimeoutMs?: number;
}

export interface CallOptions extends LineOptions {
  from: string;
  to: string;
  caller: CallerScript;
  /**
   * Where requests are really sent, e.g. http://127.0.0.1:5000. Without it the settings of the number `to` in the
   * simulation are used: its voice URL, fallback and status callback.
   */
  url?: string;
  /** The public origin the server believes in (WEBHOOK_URL), which is what gets signed; `url` unless told. */
  publicUrl?: string;
  /** "/voice" unless told. */
  voicePath?: string;
  method?: "GET" | "POST";
  fallbackUrl?: string;
  fallbackMethod?: "GET" | "POST";
  statusCallback?: string;
  statusCallbackMethod?: "GET" | "POST";
  /** Only "completed" unless told, as for a number. */
  statusCallbackEvents?: StatusEvent[];
  callSid?: string;
  /** Added to the parameters of every request about the call, or put in their place. */
  extraParams?: Record<string, string>;
  /** How long it rings before the webhook is asked; 0 unless told. */
  ringMs?: number;
}

export type StatusEvent = "initiated" | "ringing" | "answered" | "completed";

export interface DialOutcome {
  status: "completed" | "busy" | "no-answer" | "failed";
  /** How long it rings before that (1000); a "no-answer" lasts the verb's timeout. */
  ringMs?: number;
  /** How long the two talk before the other party hangs up (2000). */
  talkMs?: number;
  /** What the other party says, mu-law. */
  audio?: Uint8Array;
  /** Keys the other party presses when a briefing (<Number url>) gathers some; without any it is silent. */
  keys?: string;
  /** How long it thinks before each key, ms (0). */
  keyAfterMs?: number;
  /** It hangs up this long after it answered, ms, unless it was joined with the caller before. */
  hangUpAfterMs?: number;
  /** What answering machine detection finds, when it was asked for (human), and after how long (ms, 3000). */
  answeredBy?: string;
  detectionMs?: number;
}

/** Who is at the other end of a call created over REST, and what becomes of it. */
export interface FarEnd extends LineOptions {
  outcome: "answered" | "busy" | "no-answer" | "failed";
  /** How long it rings first (1000); a "no-answer" rings for the call's Timeout. */
  ringMs?: number;
  caller?: CallerScript;
  /** What answering machine detection finds, when it was asked for, and after how long (ms, 3000). */
  answeredBy?: string;
  detectionMs?: number;
}
