// What one conversation with the personal assistant is made of.
import type { CallWatch } from "../../bridge/parts.ts";
import type { AssistantClient } from "../../channels/assistant/index.ts";
import type { CallParty } from "../../core/call.ts";
import type { Clock, Ids } from "../../core/clock.ts";
import type { PlanEscalation } from "../../core/escalation.ts";
import type { CallGuard } from "../../core/guard.ts";
import type { Log, Meter } from "../../core/observe.ts";
import type { Resumption } from "../../core/resumption.ts";
import type { CallStore } from "../../core/stores.ts";
import type { Tool } from "../../core/tool.ts";
import type { SpokenLine } from "../../core/voice.ts";
import type { CallBudget } from "../../organizations/budgets.ts";
import type { RelayedSession, RelayedSessionHooks } from "../../speech/relayed-session.ts";
import type { VoiceSettings } from "../../speech/session-config.ts";

export interface RelayParts {
  readonly party: CallParty;
  readonly sessionId: string;
  /** s since the epoch: the client is told that its session ends then. */
  readonly expiresAt: number;
  readonly userId: string;
  /** Absent: the client talks to OpenAI itself, and this is the sideband. */
  readonly client?: AssistantClient;
  readonly open: (hooks: RelayedSessionHooks) => RelayedSession;
  readonly voice: VoiceSettings;
  readonly tools: readonly Tool[];
  readonly planEscalation: PlanEscalation;
  readonly guard: CallGuard;
  readonly budget: CallBudget;
  /** What was said in calls of this session before. */
  readonly earlier: readonly SpokenLine[];
  readonly resumed?: Resumption | undefined;
  readonly watch?: CallWatch | undefined;
  readonly settings: { readonly maxCallMs: number; readonly logContent: boolean };
  readonly store: CallStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly meter: Meter;
}
