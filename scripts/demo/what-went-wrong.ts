// Whether the call of the demo went as its story says: what a person would notice by listening, looked for in the result.
import { readWav } from "../../src/audio/wav.ts";
import type { CallResult } from "../../src/sim/twilio/index.ts";
import { CLINIC, CLINIC_CONFIG, NURSE } from "./clinic.ts";
import type { ShownRecord } from "./live-print.ts";

/** A second of each channel has to be louder than this, of 32768: far above a line's noise, far below a whisper. */
const SOUND_SECONDS = 1;
const LOUD = 500;

/** From the first sound over the agent; the voice has to notice it first. */
const CLEARED_WITHIN_MS = 1500;
/** Before the timeline's entry a sound may be there already. */
const TOLD_MS = 300;

/** The first thing that is not as planned; undefined when all is well. `recording` is the WAV file that was written. */
export function whatWentWrong(
  result: Pick<CallResult, "scriptError" | "timeline">,
  record: ShownRecord | undefined,
  recording: Uint8Array,
): string | undefined {
  if (result.scriptError !== undefined) return result.scriptError;
  if (!record) return "there is no record of the call";
  if (record.end_reason !== "agent-hangup") return `the call ended by ${record.end_reason ?? "nobody"}`;
  const turns = record.transcript.filter(({ role }) => role === "caller");
  if (turns.length < 5) return `there were ${turns.length} turns`;
  const unanswered = turns.find(({ latency_ms: ms }) => typeof ms !== "number");
  if (unanswered) return `turn ${unanswered.turn} was not answered`;
  if (!turns.some(({ text }) => text.startsWith("[keypad]"))) return "the pressed key never reached the assistant";
  if (!record.transcript.some(({ interrupted, cut }) => interrupted && cut)) return "the interruption cut nothing";
  if (!isCleared(result.timeline)) return "the line was not cleared at the interruption";
  return whatIsSilent(recording) ?? whoSpeaksAtOnce(recording, interruptions(result.timeline));
}

/** The moments at which the caller began to speak over the agent, ms of the call. */
function interruptions(timeline: CallResult["timeline"]): readonly number[] {
  const found: number[] = [];
  let agentSpeaks = false;
  for (const { kind, atMs } of timeline) {
    if (kind === "agent-speaking") agentSpeaks = true;
    else if (kind === "agent-silent") agentSpeaks = false;
    else if (kind === "caller-speaking" && agentSpeaks) found.push(atMs);
  }
  return found;
}

/** Whoever speaks over the agent has quiet at once, and somebody did. */
function isCleared(timeline: CallResult["timeline"]): boolean {
  const found = interruptions(timeline);
  const isClear = (at: number): boolean =>
    timeline.some(({ kind, atMs }) => kind === "clear" && atMs >= at && atMs <= at + CLEARED_WITHIN_MS);
  return found.length > 0 && found.every(isClear);
}

function whatIsSilent(recording: Uint8Array): string | undefined {
  const { channels, rate } = readWav(recording);
  if (channels.length !== 2) return `the recording has ${channels.length} channels`;
  for (const [index, who] of ["caller", "agent"].entries()) {
    const loud = channels[index]?.filter((sample) => Math.abs(sample) > LOUD).length ?? 0;
    if (loud < SOUND_SECONDS * rate) return `the ${who} is not heard in the recording`;
  }
  return undefined;
}

/** Both are loud in the same fiftieth of a second only where the caller interrupts, until the line is cleared. */
function whoSpeaksAtOnce(recording: Uint8Array, interrupted: readonly number[]): string | undefined {
  const { channels, rate } = readWav(recording);
  const [caller, agent] = channels as [Int16Array, Int16Array];
  const frame = rate / 50;
  const isLoud = (sound: Int16Array, at: number): boolean =>
    sound.subarray(at, at + frame).some((sample) => Math.abs(sample) > LOUD);
  let isMet = false;
  for (let at = 0; at < caller.length; at += frame) {
    if (!isLoud(caller, at) || !isLoud(agent, at)) continue;
    const ms = (at / rate) * 1000;
    // The timeline tells of a sound once it has lasted for a moment.
    if (!interrupted.some((since) => ms >= since - TOLD_MS && ms <= since + CLEARED_WITHIN_MS))
      return `both are heard at once after ${(ms / 1000).toFixed(1)} s, where nobody interrupts`;
    isMet = true;
  }
  return isMet ? undefined : "nobody is heard over the other at the interruption";
}

/** The same of the clinic's call. `record` was read before the server was stopped, `later` after it was started again. */
export function whatWentWrongAtTheClinic(
  result: Pick<CallResult, "scriptError" | "dials">,
  record: ShownRecord | undefined,
  later: ShownRecord | undefined,
): string | undefined {
  if (result.scriptError !== undefined) return result.scriptError;
  if (!record) return "there is no record of the clinic's call";
  if (record.org_id !== CLINIC) return `the clinic's number was answered by ${record.org_id}`;
  const [greeting] = record.transcript;
  if (greeting?.text !== CLINIC_CONFIG.greeting) return `the clinic greeted with "${greeting?.text ?? ""}"`;
  if (record.intake?.fields.caller_name !== "Ada Miller") return "the caller's name was not taken down";
  if (
    !record.transcript.some(({ role, text }) => role === "agent" && text === CLINIC_CONFIG.escalation.emergency_words)
  )
    return "the emergency words were not heard";
  const [escalation] = record.escalations ?? [];
  if (escalation?.urgency !== "emergency") return "the emergency was not escalated";
  if (!result.dials.some(({ number, bridged }) => number === NURSE && bridged)) return "the nurse was not reached";
  if (escalation.outcome !== "accepted") return `the nurse's answer is recorded as ${escalation.outcome}`;
  if (record.end_reason !== "transferred") return `the clinic's call ended by ${record.end_reason ?? "nobody"}`;
  if (JSON.stringify(later) !== JSON.stringify(record)) return "the record is another one after the restart";
  return undefined;
}
