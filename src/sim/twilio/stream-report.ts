// What one media stream carried: acts on the server's messages (audio and marks to the handset, warnings to the Debugger)
// and keeps the books by which a test knows what of which message was really heard.
import type { Handset } from "./handset.ts";
import type { Leg } from "./leg.ts";
import type { PieceOutcome } from "./playback.ts";
import type { MediaStream, StreamEnd } from "./stream.ts";
import type { ServerMessage } from "./stream-messages.ts";

export interface StreamReport {
  streamSid: string;
  /** Call ms of the start message, and of the end. */
  startedMs: number;
  endedMs?: number;
  end?: StreamEnd;
  /** ms from the caller's first frame that went out to the last, both included, and lost ones between them. */
  callerMs?: number;
  /** Bytes of the agent really played on this stream so far. */
  readonly playedBytes: number;
  /** Every media message in order: where its audio lies on the call (samples) and how much of it was played. */
  media: PieceOutcome[];
  /** `playedBytes`: played on this stream at that moment; `droppedBytes` never will be. */
  clears: { atMs: number; playedBytes: number; droppedBytes: number; marks: string[] }[];
  /** Marks in the order received; `cleared` ones came back because of a clear and prove nothing. */
  marks: { name: string; atMs: number; returnedMs?: number; cleared?: boolean }[];
  /** Messages that were ignored, the first thousand, with Twilio's code. */
  invalid: { atMs: number; code: number; why: string }[];
  /** Largest message received, bytes. */
  largestMessage: number;
}

export function createStreamReport(streamSid: string): StreamReport {
  const media: PieceOutcome[] = [];
  return {
    streamSid,
    startedMs: 0,
    get playedBytes() {
      return media.reduce((sum, piece) => sum + piece.played, 0);
    },
    media,
    clears: [],
    marks: [],
    invalid: [],
    largestMessage: 0,
  };
}

/** A stream that is up, joined to the handset. */
export interface Attached {
  stream: MediaStream;
  report: StreamReport;
  receive(message: ServerMessage, bytes: number): void;
  /** Sends a mark back, `lateMs` of call time after it was due. */
  returnMark(name: string, cleared: boolean): void;
}

const MAX_INVALID_KEPT = 1000;

/** @param lateMs A fault: how much later than due every mark comes back. */
export function attachStream(
  leg: Leg,
  handset: Handset,
  stream: MediaStream,
  report: StreamReport,
  lateMs = 0,
): Attached {
  const warned = new Set<number>();
  const warn = (code: number, message: string, detail: string) => {
    // Twilio's Debugger shows each of these once per stream.
    if (!warned.has(code)) leg.report("warning", code, message, detail);
    warned.add(code);
  };

  const sendBack = (name: string, cleared: boolean) => {
    if (!stream.open) return;
    // Of equal names the oldest that has not come back is meant.
    const mark = report.marks.find((one) => one.name === name && one.returnedMs === undefined);
    if (mark) Object.assign(mark, { returnedMs: leg.clock.nowMs(), cleared });
    leg.timeline.add({ kind: "mark-returned", name, cleared });
    stream.returnMark(name);
  };

  const returnMark = (name: string, cleared: boolean) => {
    if (lateMs === 0) sendBack(name, cleared);
    else void leg.clock.wait(lateMs, leg.signal()).then((elapsed) => elapsed && sendBack(name, cleared));
  };

  const receive = (message: ServerMessage, bytes: number): void => {
    report.largestMessage = Math.max(report.largestMessage, bytes);
    const atMs = leg.clock.nowMs();
    switch (message.event) {
      case "media": {
        const piece = handset.play(message.audio);
        if (!piece) return warn(31931, "Stream - media discarded", "more than 10 minutes of audio are waiting");
        if (report.media.length === 0) {
          leg.timeline.add({ kind: "first-media", streamSid: report.streamSid, bytes: message.audio.length });
        }
        report.media.push(piece);
        return;
      }
      case "mark":
        report.marks.push({ name: message.name, atMs });
        leg.timeline.add({ kind: "mark", name: message.name });
        return handset.mark(message.name);
      case "clear": {
        const { dropped, marks } = handset.clear();
        const { playedBytes } = report;
        report.clears.push({ atMs, playedBytes, droppedBytes: dropped, marks });
        leg.timeline.add({ kind: "clear", playedBytes, droppedBytes: dropped, marks: marks.length });
        for (const name of marks) returnMark(name, true);
        return;
      }
      case "invalid": {
        if (report.invalid.length < MAX_INVALID_KEPT)
          report.invalid.push({ atMs, code: message.code, why: message.why });
        const title = message.code === 31950 ? "Stream - undecodable message" : "Stream - invalid message";
        return warn(message.code, title, message.why);
      }
      default:
        return message satisfies never;
    }
  };

  return { stream, report, receive, returnMark };
}
