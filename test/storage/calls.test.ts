// Records before a database that is slow: what was put on disk meanwhile and is written a second time changes nothing.
import { join } from "node:path";
import { StoreUnavailable } from "../../src/core/stores.ts";
import { createCalls } from "../../src/storage/calls.ts";
import { createSpool } from "../../src/storage/spool.ts";
import { emptyFolder } from "../support/child.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { until } from "../support/until.ts";
import { createVirtualTime } from "../support/virtual-time.ts";

test("a call that is written twice stays this process's own", async () => {
  const folder = await emptyFolder();
  const time = createVirtualTime();
  const spool = createSpool({ dir: join(folder.path, "spool"), maxBytes: 1e6 });
  const known = new Set<string>();
  let answer: () => void = () => undefined;
  let isSlow = true;
  let opened = 0;
  const calls = createCalls({
    ask: () => Promise.reject(new StoreUnavailable()),
    async write(changes) {
      const opening = changes.flatMap(({ open }) => (open ? [open.callId] : []));
      if (isSlow && opening.length > 0) await new Promise<void>((resolve) => (answer = resolve));
      const existed = opening.filter((callId) => known.has(callId));
      for (const callId of opening) known.add(callId);
      opened += opening.length;
      return { existed, unknownOrgs: [] };
    },
    spool,
    gatherMs: 250,
    writer: "w_1",
    clock: time.clock,
    log: keptLog(),
    meter: keptMeter(),
  });
  calls.writes.open();
  await calls.writes.flush();
  const party = { callId: "call_1", carrierId: "CA1", from: "+15550001111", to: "+15550002222", orgId: "default" };
  calls.store.open({ ...party, channel: "phone", direction: "inbound" }, time.clock.date());
  const flushed = calls.writes.flush();
  await time.run(250);
  await until("it is on disk", () => spool.rows() > 0);
  isSlow = false;
  answer();
  await flushed;
  expect(opened).toBe(2);
  // The database is not asked for it.
  expect(await calls.store.get("call_1")).toMatchObject({ callId: "call_1", status: "in-progress" });
  await calls.store.close();
  await folder.remove();
});
