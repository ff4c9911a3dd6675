// One-time tickets for the assistant's socket: whoever has one is who asked for it, for a minute, on any instance.
import type { Ids } from "../../core/clock.ts";
import type { State } from "../../core/state.ts";

/** What a ticket stands for. */
export interface AssistantGrant {
  readonly sessionId: string;
  readonly userId: string;
  readonly orgId: string;
  readonly model: string;
  readonly voice: string;
  readonly instructions: string;
}

export const TICKET_MS = 60_000;
const PATTERN = /^[\w-]{16,128}$/;

export type Tickets = ReturnType<typeof createTickets>;

export function createTickets({
  state,
  ids,
}: {
  readonly state: Pick<State, "put" | "get" | "first" | "drop">;
  readonly ids: Ids;
}) {
  const nameOf = (ticket: string): string => `assistant-ticket:${ticket}`;
  return {
    async issue(grant: AssistantGrant): Promise<string> {
      const ticket = ids.token();
      await state.put(nameOf(ticket), grant, TICKET_MS);
      return ticket;
    },
    /** The first to ask gets it; undefined for everybody else, and for a ticket that is none. */
    async take(ticket: string): Promise<AssistantGrant | undefined> {
      if (!PATTERN.test(ticket)) return undefined;
      const grant = (await state.get(nameOf(ticket))) as AssistantGrant | undefined;
      if (!grant || !(await state.first(`${nameOf(ticket)}:taken`, TICKET_MS))) return undefined;
      await state.drop(nameOf(ticket));
      return grant;
    },
  };
}
