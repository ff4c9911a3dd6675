// The storage contract over memory and over the embedded database, which keeps what it has when it is opened again.
import { systemClock, systemIds } from "../../src/observe/system.ts";
import { createStorage, type OpenableStorage } from "../../src/storage/index.ts";
import { emptyFolder } from "../support/child.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { storageContract } from "./storage-suite.ts";

const memory = createMemoryStorage();
storageContract("memory", () => memory);

let folder: Awaited<ReturnType<typeof emptyFolder>>;
let embedded: OpenableStorage;
const log = keptLog();
const make = (): OpenableStorage =>
  createStorage({ dataDir: folder.path, log, meter: keptMeter(), clock: systemClock, ids: systemIds });

beforeAll(async () => {
  folder = await emptyFolder();
  embedded = make();
  await embedded.open();
});
afterAll(async () => {
  await embedded.close();
  await folder.remove();
});

storageContract("embedded", () => embedded);

test("embedded: everything is there after a restart", async () => {
  const party = {
    callId: "call_zzz_restart",
    carrierId: "CArestart",
    from: "+15550001111",
    to: "+15550002222",
    channel: "phone",
    direction: "inbound",
    orgId: "nobody-knows-it",
  } as const;
  embedded.calls.open(party, new Date());
  embedded.calls.update(party.callId, { phase: "intake" });
  embedded.calls.note(party.callId, { atMs: 1, what: "x" });
  const keys = await embedded.keys.list();
  await embedded.close();
  expect(embedded.pendingRows()).toBe(0);
  embedded = make();
  await embedded.open();
  expect(await embedded.calls.get(party.callId)).toMatchObject({
    ...party,
    orgId: "default",
    phase: "intake",
    status: "in-progress",
    timeline: [
      {
        atMs: 1,
        what: "x",
      },
    ],
  });
  expect(await embedded.keys.list()).toEqual(keys);
  expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
  expect(log.lines).toContainEqual(expect.objectContaining({ level: "warn", fields: { org: "nobody-knows-it" } }));
});
