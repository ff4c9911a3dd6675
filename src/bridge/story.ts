// What was said and done in a call so far, including what came before a break it goes on from. Data for the journal, which
// records it and tells of it.
import type {
  CallPhase,
  EscalationRecord,
  FlagRecord,
  IntakeRecord,
  ReplyRecord,
  ToolRecord,
  TurnRecord,
} from "../core/call.ts";
import { mayFollow } from "../core/call-phase.ts";
import { spokenLines, type Resumption } from "../core/resumption.ts";
import type { CallDraft } from "../core/state.ts";

/** Lines of the draft: enough to go on with; all of them stand in the record. */
const DRAFT_LINES = 100;

export type Story = ReturnType<typeof createStory>;

export function createStory(resumed: Resumption | undefined) {
  const turns: TurnRecord[] = [...(resumed?.turns ?? [])];
  const replies: ReplyRecord[] = [...(resumed?.replies ?? [])];
  const tools: ToolRecord[] = [...(resumed?.tools ?? [])];
  const flags: FlagRecord[] = [...(resumed?.flags ?? [])];
  const usage: Record<string, number> = { ...resumed?.usage };
  let phase: CallPhase = resumed?.phase ?? "greeting";
  let escalation: EscalationRecord | undefined = resumed?.escalations.at(-1);
  let intake: IntakeRecord | undefined = resumed?.intake;

  const spoken = () => spokenLines(turns, replies);
  return {
    turns,
    replies,
    tools,
    flags,
    usage,
    spoken,
    phase: () => phase,
    /** True when the phase is another one now. */
    move(to: CallPhase): boolean {
      if (phase === to || !mayFollow(phase, to)) return false;
      phase = to;
      return true;
    },
    escalated(record: EscalationRecord): void {
      escalation = record;
    },
    took(record: IntakeRecord): void {
      intake = record;
    },
    draft(threadId: string | undefined): CallDraft {
      return {
        phase,
        transcript: spoken().slice(-DRAFT_LINES),
        ...(escalation && { escalation }),
        ...(intake && { intake }),
        ...(threadId !== undefined && { threadId }),
        usage: { ...usage },
      };
    },
  };
}
