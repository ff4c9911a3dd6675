// The ways a phone network misbehaves, as switches of one simulated call, and the part of them that mangles the stream of
// media frames. Everything random is drawn from the call's seed.
import type { SignatureKind } from "./webhook-request.ts";
import type { Chance } from "./sids.ts";

export interface FrameFaults {
  /** Probability that a frame is lost, sent twice, or swapped with the next one. */
  drop?: number;
  duplicate?: number;
  shuffle?: number;
  /** Stretches of the stream, ms since its start, whose frames never arrive: the timestamps jump. */
  gaps?: { atMs: number; ms: number }[];
  /** One frame of this many bytes of audio, at this moment of the stream. */
  oversize?: { atMs: number; bytes: number };
}

export interface CallFaults {
  /** Signature of webhooks and callbacks. */
  signature?: SignatureKind;
  /** Signature of the stream's upgrade. "slash" signs the address with a slash behind it, which Twilio may do. */
  streamSignature?: SignatureKind | "slash";
  /** Host header of all requests, malformed ones included; by default the public address's host. */
  host?: string;
  /** How often each webhook and callback is sent besides the first time; the first answer counts. */
  duplicateWebhooks?: number;
  /**
   * The action URL is not told when the caller hangs up. Twilio documents that it is asked when its verb ends and does
   * not say what a hang-up means for that; a server has to be right either way.
   */
  skipActionAfterHangUp?: boolean;
  /** Appended to the stream's address when it is dialled, e.g. "?token=1" (Twilio itself never does this). */
  streamUrlSuffix?: string;
  /** Replaces `start.customParameters`, `start.callSid`, `start.accountSid`. */
  customParameters?: Record<string, string>;
  startCallSid?: string;
  startAccountSid?: string;
  /** The stream is opened and nothing follows. */
  noStart?: boolean;
  /** So many media frames go out between `connected` and `start`. */
  mediaBeforeStart?: number;
  /** A second `start`, for the same stream or another, at this ms of the stream. */
  duplicateStart?: { atMs: number; streamSid: "same" | "other" };
  frames?: FrameFaults;
  /** Every mark comes back so much later, ms of call time. */
  lateMarksMs?: number;
  /** At this ms of the stream: the socket dies without a close frame; everything stops but the socket stays; reading stops. */
  abruptCloseAtMs?: number;
  vanishAtMs?: number;
  pauseReadingAtMs?: number;
  /** Which of the three signs of a finished call are given, and how; all, and properly, unless told. */
  ending?: { stop?: boolean; close?: boolean | "abrupt"; statusCallback?: boolean };
}

/** A frame on its way out; `sequence` and `chunk` were counted before anything happened to it. */
export interface OutgoingFrame {
  sequence: number;
  chunk: number;
  timestampMs: number;
  base64: string;
}

/** Turns each frame into the frames that really go out for it: none, one, two, or itself after its successor. */
export function createFrameFaults(faults: FrameFaults, chance: Chance): (frame: OutgoingFrame) => OutgoingFrame[] {
  let held: OutgoingFrame | undefined;
  let oversize = faults.oversize;
  return (frame) => {
    if (faults.gaps?.some((gap) => frame.timestampMs >= gap.atMs && frame.timestampMs < gap.atMs + gap.ms)) return [];
    if (chance.happens(faults.drop)) return [];
    let sent = frame;
    if (oversize && frame.timestampMs >= oversize.atMs) {
      sent = { ...frame, base64: Buffer.alloc(oversize.bytes, 0xff).toString("base64") };
      oversize = undefined;
    }
    if (!held && chance.happens(faults.shuffle)) {
      held = sent;
      return [];
    }
    const out = chance.happens(faults.duplicate) ? [sent, sent] : [sent];
    if (held) out.push(held);
    held = undefined;
    return out;
  };
}
