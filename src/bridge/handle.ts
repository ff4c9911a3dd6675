// What the program holds of a running call: everything asked of it from outside is done in the call's own mailbox.
import type { CallParty, EndReason } from "../core/call.ts";
import type { Ending } from "./ending.ts";
import type { Guarding } from "./guarding.ts";
import type { Journal } from "./journal.ts";
import type { Matters } from "./matters.ts";
import type { Parting } from "./parting.ts";
import type { Call } from "./parts.ts";
import type { Phase } from "./phase.ts";
import type { Phrases } from "./phrases.ts";

export function createHandle(parts: {
  readonly party: CallParty;
  readonly post: (what: () => void) => void;
  readonly ending: Ending;
  readonly parting: Parting;
  readonly phrases: Phrases;
  readonly matters: Matters;
  readonly guarding: Guarding;
  readonly journal: Journal;
  readonly phase: () => Phase;
  readonly ended: Promise<EndReason>;
}): Call {
  const { post, ending, parting, phrases, matters, guarding, journal } = parts;
  return {
    party: parts.party,
    end: (how, goodbye, withinMs) => post(() => parting.end(how, goodbye, withinMs)),
    gone: () => post(() => ending.close({ kind: "hangup", reason: "caller-hangup" })),
    say: (text) =>
      post(() => {
        // Into a goodbye nothing is put in.
        if (!ending.wanted()) phrases.tell(text);
      }),
    note: (text) => post(() => guarding.note(text)),
    transfer: (to, note) => post(() => parting.end({ kind: "transfer", reason: "transferred", to, note }, "transfer")),
    escalate: (request) =>
      post(() => {
        if (ending.isFinal()) return;
        guarding.carryOut(matters.escalate(request), request.urgency, "after");
      }),
    draft: journal.draft,
    returns: journal.isInterrupted,
    phase: parts.phase,
    ended: parts.ended,
  };
}
