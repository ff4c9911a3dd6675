// Which human takes over where we cannot serve a caller: the one of the organization whose call it is, and nobody else's.
import type { CallForm } from "../../wire/twilio-webhook.ts";
import type { CallStore } from "../../core/stores.ts";
import type { Book } from "./book.ts";
import type { Transfer } from "./outcomes.ts";

export type Human = Pick<Transfer, "to" | "mode">;

export interface HumansOptions {
  /** Whom this organization has dialled now; undefined: nobody. */
  readonly humanFor: (orgId: string) => Human | undefined;
  /** The organization a called number belongs to. */
  readonly organizationOf: (number: string) => string;
  readonly book: Pick<Book, "find">;
  readonly store: Pick<CallStore, "findByCarrierId">;
}

/** Never rejects: a caller waits for the answer. */
export type HumanOf = (call: Pick<CallForm, "CallSid" | "To" | "Direction">) => Promise<Human | undefined>;

export function createHumans({ humanFor, organizationOf, book, store }: HumansOptions): HumanOf {
  return async ({ CallSid: carrierId, To: number, Direction: direction }) => {
    const party = book.find(carrierId)?.party;
    if (party) return humanFor(party.orgId);
    // The called number says it, whatever else cannot be asked now; of a call that we placed it is somebody else's.
    if (!direction?.startsWith("outbound")) return humanFor(organizationOf(number));
    const record = await store.findByCarrierId(carrierId).catch(() => undefined);
    return record && humanFor(record.orgId);
  };
}
