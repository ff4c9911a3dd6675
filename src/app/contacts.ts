// Whom a call may be handed to: the people an organization names, and the program's own.
import type { Contacts } from "../api/ports.ts";
import type { Human } from "../channels/phone/index.ts";
import type { Clock } from "../core/clock.ts";
import type { Directory } from "../organizations/directory.ts";
import type { Kits } from "./kit.ts";

const PROGRAMS_OWN = "default";

export function createContacts(directory: Pick<Directory, "of">, humanNumber: string | undefined): Contacts {
  return {
    async of(orgId) {
      const { contacts = [] } = directory.of(orgId).config.escalation ?? {};
      const people = new Map(contacts.map(({ name, number }) => [name, number]));
      if (humanNumber !== undefined && !people.has(PROGRAMS_OWN)) people.set(PROGRAMS_OWN, humanNumber);
      return people;
    },
  };
}

/** Who takes over where an organization's agent cannot go on: whoever would be dialled if the caller asked for a person now. */
export function createHumanFor(
  directory: Pick<Directory, "of">,
  kits: Pick<Kits, "of">,
  clock: Pick<Clock, "date">,
): (orgId: string) => Human | undefined {
  return (orgId) => {
    const { planEscalation } = kits.of(directory.of(orgId)).at(clock.date(), undefined);
    const { ending } = planEscalation({ trigger: "request", urgency: "normal", reason: "" }, "");
    // No escalation comes of it: the caller is not the agent's any more.
    return ending && { to: ending.to, ...(ending.mode && { mode: ending.mode }) };
  };
}
