// One line of plain words for each event of a simulated call, for people who watch it live. Marks, requests that went
// well and other machinery are left out.
import type { EndedBy } from "./leg.ts";
import type { TimelineEntry } from "./timeline.ts";

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const quoted = (text: string) => `“${text}”`;

const ENDINGS: Record<EndedBy, string> = {
  caller: "the caller hung up",
  "hangup-verb": "the server hung up",
  "end-of-document": "the server had no more instructions",
  rejected: "the server rejected the call",
  rest: "the call was ended over the REST API",
  "application-error": "the server failed, and the caller was told so",
  "unsupported-verb": "the server asked for something this simulation cannot play",
  "not-answered": "nobody answered",
  "time-limit": "the call reached its time limit",
  "simulation-closed": "the simulation was closed",
};

/** How the call ended, in words. */
export const describeEnding = (by: EndedBy): string => ENDINGS[by];

/** The event in words; undefined for what only machines care about. */
export function describeEntry(entry: TimelineEntry): string | undefined {
  switch (entry.kind) {
    case "placed":
      return `calling ${entry.to} from ${entry.from}`;
    case "answered":
      return "answered";
    case "request":
      if (entry.error !== undefined) return `${entry.method} ${entry.url} failed: ${entry.error}`;
      return `${entry.method} ${entry.url} -> ${entry.status} in ${Math.round(entry.tookMs)} ms`;
    case "say":
      return `network says ${quoted(entry.text)}`;
    case "play":
      return `network plays ${entry.url ?? `the keys ${entry.digits}`}`;
    case "dial":
      return `network dials ${entry.number}`;
    case "dial-ended":
      return `${entry.number}: ${entry.status}${entry.bridged ? `, talked ${entry.durationS} s` : ""}`;
    case "stream-connecting":
      return `stream to ${entry.url}`;
    case "stream-started":
      return `stream ${entry.streamSid} started`;
    case "stream-ended":
      return `stream ended by the ${entry.by}, code ${entry.code}${entry.reason === "" ? "" : ` (${entry.reason})`}`;
    case "agent-speaking":
      return "agent speaks";
    case "agent-silent":
      return `agent silent after ${seconds(entry.spokeMs)}`;
    case "caller-speaking":
      return `caller says ${entry.text === undefined ? `something of ${seconds(entry.ms)}` : quoted(entry.text)}`;
    case "clear":
      return `agent cut off, ${seconds(entry.droppedBytes / 8)} never heard`;
    case "key":
      return `caller presses ${entry.digit}${entry.heardBy === "nobody" ? ", and nobody hears it" : ""}`;
    case "script-failed":
      return `the caller gives up: ${entry.message}`;
    case "debugger":
      return `${entry.level} ${entry.code}: ${entry.message}${entry.detail === "" ? "" : ` (${entry.detail})`}`;
    case "fault":
      return `fault: ${entry.name}`;
    case "hang-up":
      return "the line is dead";
    case "first-media":
    case "caller-silent":
    case "ringing":
    case "twiml":
    case "verb":
    case "gathered":
    case "mark":
    case "mark-returned":
    case "step":
    case "rest-update":
    case "ended":
      return undefined;
    default:
      return entry satisfies never;
  }
}
