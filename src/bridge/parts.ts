// What the bridge is given to make one call, and what it gives back.
import type { CallEnding, CallParty, EndReason, IntakeRecord } from "../core/call.ts";
import type { Clip, ClipId } from "../core/clip.ts";
import type { Clock, Ids } from "../core/clock.ts";
import type { EscalationRequest, PlanEscalation } from "../core/escalation.ts";
import type { CallGuard } from "../core/guard.ts";
import type { Line, LineEvent } from "../core/line.ts";
import type { Log, Meter } from "../core/observe.ts";
import type { CallRecording } from "../core/recording.ts";
import type { Resumption } from "../core/resumption.ts";
import type { CallDraft, StreamState } from "../core/state.ts";
import type { CallStore } from "../core/stores.ts";
import type { AssistantThread } from "../core/thread.ts";
import type { Tool } from "../core/tool.ts";
import type { Spending } from "../core/usage.ts";
import type { SpokenLine, Voice, VoiceEngine, VoiceEvent } from "../core/voice.ts";
import type { Phase } from "./phase.ts";
import type { SentenceCutter } from "./thread-answer.ts";

/** What comes into a call's mailbox from outside; the caller's audio goes past it. */
export type CallEvent = Exclude<LineEvent, { type: "line.audio" }> | VoiceEvent;

/** All times in ms. */
export interface BridgeSettings {
  /** Spoken live when its clip was not rendered yet; empty: the caller has the first word. */
  readonly greeting: string;
  /** The greeting is all there is: the call ends for this reason once it was heard. */
  readonly onlyGreets?: EndReason;
  readonly backchannelMs: number;
  /** Silence after which the voice reports the end of speech. */
  readonly endSilenceMs: number;
  readonly transcriptTimeoutMs: number;
  readonly fillerAfterMs: number;
  readonly silencePromptMs: number;
  readonly keypadTimeoutMs: number;
  readonly threadTimeoutMs: number;
  readonly maxCallMs: number;
  /** Callers' words may stand in the log. */
  readonly logContent: boolean;
}

/** Told of what happens in a call, as it happens and from inside its mailbox: it must neither wait nor throw. */
export type CallWatch = (type: string, data: Readonly<Record<string, unknown>>) => void;

export interface BridgeParts {
  readonly party: CallParty;
  readonly line: Line;
  readonly engine: VoiceEngine;
  /** A voice opened when the call was announced. */
  readonly early?: Voice | undefined;
  /** Thinks in assistant mode; without one the voice has to think for itself (speech-to-speech). */
  readonly thread?: AssistantThread | undefined;
  readonly tools: readonly Tool[];
  readonly clip: (id: ClipId) => Clip | undefined;
  readonly sentences: () => SentenceCutter;
  /** Word error rate 0..1. */
  readonly divergence: (asked: string, spoken: string) => number;
  readonly state: StreamState;
  readonly store: CallStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly planEscalation: PlanEscalation;
  /** Reads what is said by either side; without one nobody does. */
  readonly guard?: CallGuard | undefined;
  /** Keeps account of what the call costs; absent: nobody asks. */
  readonly spending?: Spending | undefined;
  readonly watch?: CallWatch | undefined;
  /** What was said with this caller before the call, for a voice. */
  readonly history?: readonly SpokenLine[] | undefined;
  /** What was taken down of the caller's matter before the call. */
  readonly intake?: IntakeRecord | undefined;
  /** The call goes on: no greeting, but a short apology, and all that was said before is known. */
  readonly resumed?: Resumption | undefined;
  readonly log: Log;
  readonly meter: Meter;
  readonly settings: BridgeSettings;
}

export interface Call {
  readonly party: CallParty;
  /** Ends the call after a spoken goodbye; `withinMs`: in any case by then, whatever is still to be heard. */
  end(ending: CallEnding, goodbye?: ClipId, withinMs?: number): void;
  /** The carrier says the call is over: there is nobody to say goodbye to. */
  gone(): void;
  /** Says this in the agent's voice, after what is being said. */
  say(text: string): void;
  /** Tells whoever answers next something, in sentences; the caller hears nothing of it. */
  note(text: string): void;
  /** Hands the caller to this number, E.164; `note` is for the human. */
  transfer(to: string, note: string): void;
  /** Records an escalation and sets off what the organization does about it. */
  escalate(request: EscalationRequest): void;
  /** What another instance would have to know to go on with the call. */
  draft(): CallDraft;
  /** Its line was lost and it is to come back with another one: the record is not closed. */
  returns(): boolean;
  phase(): Phase;
  /** Where the call may be recorded; whoever put the call together adds it. */
  readonly recording?: CallRecording;
  /** Resolves when everything the call held is released. */
  readonly ended: Promise<EndReason>;
}
