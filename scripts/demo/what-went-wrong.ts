// Whether the call of the demo went as its story says: what a person would notice by listening, looked for in the result.
import type { CallResult } from "../../src/sim/twilio/index.ts";
import type { ShownRecord } from "./live-print.ts";

/** Samples of mu-law (0xff and 0x7f are silence) that must be sound on each channel: a second of it. */
const SOUND = 8000;

/** The first thing that is not as planned; undefined when all is well. */
export function whatWentWrong(result: CallResult, record: ShownRecord | undefined): string | undefined {
  if (result.scriptError !== undefined) return result.scriptError;
  if (!record) return "there is no record of the call";
  if (record.end_reason !== "agent-hangup") return `the call ended by ${record.end_reason ?? "nobody"}`;
  const turns = record.transcript.filter(({ role }) => role === "caller");
  if (turns.length < 5) return `there were ${turns.length} turns`;
  const unanswered = turns.find(({ latency_ms: ms }) => typeof ms !== "number");
  if (unanswered) return `turn ${unanswered.turn} was not answered`;
  if (!turns.some(({ text }) => text.startsWith("[keypad]"))) return "the pressed key never reached the assistant";
  if (!record.transcript.some(({ interrupted, cut }) => interrupted && cut)) return "the interruption cut nothing";
  if (!result.timeline.some(({ kind }) => kind === "clear")) return "the line was not cleared at the interruption";
  for (const [who, audio] of [["caller", result.spoken] as const, ["agent", result.heard] as const])
    if (audio.filter((byte) => byte !== 0xff && byte !== 0x7f).length < SOUND)
      return `the ${who} is not heard in the recording`;
  return undefined;
}
