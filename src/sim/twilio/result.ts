// What is left of a simulated call when it is over: what was said, heard and done, as data, and as a stereo recording.
import type { EndedBy } from "./leg.ts";
import type { CallStatus } from "./request-params.ts";
import type { StreamReport } from "./stream-report.ts";
import type { EntryOf, EventKind, TimelineEntry } from "./timeline.ts";
import { decodeMulaw } from "../../audio/mulaw.ts";
import { writeWav } from "../../audio/wav.ts";

export interface CallResult {
  callSid: string;
  /** Final status as the REST API and the status callback tell it. */
  status: CallStatus;
  endedBy: EndedBy;
  /** True when the call was picked up. */
  answered: boolean;
  /** Seconds from the answer to the end, call time, as Twilio counts. */
  durationS: number;
  /** ms of call time from placing the call to its end: the length of both recordings. */
  lengthMs: number;
  timeline: readonly TimelineEntry[];
  /** Every TwiML document received, in order. */
  twiml: { url: string; xml: string }[];
  says: string[];
  dials: { number: string; status: string; durationS: number; bridged: boolean }[];
  streams: StreamReport[];
  /** What the caller heard and said, mu-law at 8000 Hz on one time line that starts when the call was placed. */
  heard: Uint8Array;
  spoken: Uint8Array;
  /** Lines of Twilio's Debugger. */
  debugger: EntryOf<"debugger">[];
  /** Why the caller's script could not be played to its end. */
  scriptError?: string;
  /** How the last stream ended: its close code and reason. */
  streamCloseCode?: number;
  stopReason?: string;
}

const SAMPLE_RATE = 8000;

type Derived = "twiml" | "says" | "dials" | "debugger" | "streamCloseCode" | "stopReason";

/** Adds what the time line and the streams tell to what the call itself knows. */
export function makeResult(facts: Omit<CallResult, Derived>): CallResult {
  const { timeline, streams } = facts;
  const last = streams.at(-1)?.end;
  return {
    ...facts,
    twiml: entriesOf(timeline, "twiml").map(({ url, xml }) => ({ url, xml })),
    says: entriesOf(timeline, "say").map(({ text }) => text),
    dials: entriesOf(timeline, "dial-ended").map(({ number, status, durationS, bridged }) => {
      return { number, status, durationS, bridged };
    }),
    debugger: entriesOf(timeline, "debugger"),
    ...(last ? { streamCloseCode: last.code, stopReason: last.reason } : {}),
  };
}

/** The entries of one kind, in order. */
export function entriesOf<K extends EventKind>(timeline: readonly TimelineEntry[], kind: K): EntryOf<K>[] {
  return timeline.filter((entry): entry is EntryOf<K> => entry.kind === kind);
}

/** A 16-bit PCM stereo WAV at 8000 Hz: the caller left, the agent (what was really heard) right. */
export function toStereoWav(result: Pick<CallResult, "spoken" | "heard">): Buffer {
  return Buffer.from(writeWav([decodeMulaw(result.spoken), decodeMulaw(result.heard)], SAMPLE_RATE));
}
