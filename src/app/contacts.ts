// Whom a call may be handed to: the people an organization names, and the program's own.
import type { Contacts } from "../api/ports.ts";
import type { Directory } from "../organizations/directory.ts";

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
