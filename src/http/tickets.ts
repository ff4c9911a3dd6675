// One-time tickets: what may stand in the address of a socket instead of a key, because a browser can send no header with one. Whoever
// takes a ticket first has it; nobody can take it later than a minute.
import type { Clock, Ids } from "../core/clock.ts";
import type { State } from "../core/state.ts";
import { sha256 } from "./key-ring.ts";

export interface TicketParts {
  readonly state: Pick<State, "put" | "get" | "drop" | "first">;
  readonly clock: Pick<Clock, "date">;
  readonly ids: Pick<Ids, "token">;
}

export interface Ticket {
  readonly ticket: string;
  readonly expiresAt: Date;
}

export const TICKET_MS = 60_000;
const LONGEST = 200;

export type Tickets = ReturnType<typeof createTickets>;

export function createTickets({ state, clock, ids }: TicketParts) {
  return {
    /** `what` it is for, and the JSON that its taker gets. */
    async issue(what: string, value: unknown): Promise<Ticket> {
      const ticket = ids.token();
      const expiresAt = new Date(+clock.date() + TICKET_MS);
      // Only a digest is kept: whoever reads the state can open nothing with it.
      await state.put(`ticket:${sha256(ticket)}`, { what, value, until: +expiresAt }, TICKET_MS);
      return { ticket, expiresAt };
    },
    /** Undefined for a ticket that is unknown, for something else, too old, or taken. */
    async take(what: string, ticket: string): Promise<unknown> {
      if (ticket.length > LONGEST) return undefined;
      const key = `ticket:${sha256(ticket)}`;
      const kept = (await state.get(key)) as { what: string; value: unknown; until: number } | undefined;
      if (kept?.what !== what || kept.until <= +clock.date()) return undefined;
      if (!(await state.first(`${key}:taken`, TICKET_MS))) return undefined;
      await state.drop(key);
      return kept.value;
    },
  };
}
