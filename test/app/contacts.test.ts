// Whom a call may be handed to, as an organization names them.
import { createContacts } from "../../src/app/contacts.ts";
import { organizationConfig } from "../../src/wire/rest/organization.ts";

const directoryOf = (config: object) => ({
  of: (orgId: string) => ({ orgId, version: 1, config: organizationConfig.parse(config) }),
});
const DESK = { name: "Desk", number: "+15550003333" };
const PROGRAMS = "+15550009999";

test.each([
  [[DESK], PROGRAMS, { Desk: DESK.number, default: PROGRAMS }],
  [[DESK], undefined, { Desk: DESK.number }],
  [[{ ...DESK, name: "default" }], PROGRAMS, { default: DESK.number }],
])("%j beside %s", async (contacts, human, expected) => {
  const people = await createContacts(directoryOf({ escalation: { contacts } }), human).of("shop");
  expect(Object.fromEntries(people)).toEqual(expected);
});

test("an organization that names nobody has the program's own, in front of nobody", async () => {
  expect([...(await createContacts(directoryOf({}), PROGRAMS).of("shop")).values()]).toEqual([PROGRAMS]);
  expect([...(await createContacts(directoryOf({}), undefined).of("shop"))]).toEqual([]);
});
