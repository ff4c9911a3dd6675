// The storage over a real PostgreSQL server and through a pooler in transaction mode: the contract, many starting at once, a server
// that goes away in the middle of calls, certificates, and what db:check says of everything that can be wrong.
import { sql } from "kysely";
import type { CallParty, CallRecord } from "../../src/core/call.ts";
import { StoreUnavailable } from "../../src/core/stores.ts";
import { systemClock, systemIds } from "../../src/observe/system.ts";
import { checkDatabase } from "../../src/ops/check-database.ts";
import { createStorage, type OpenableStorage, type StorageParts } from "../../src/storage/index.ts";
import { DatabaseUnusable } from "../../src/storage/explain.ts";
import { listCalls } from "../../src/storage/call-reader.ts";
import { migrate, schemaSql } from "../../src/storage/migrate.ts";
import { MIGRATIONS } from "../../src/storage/migrations/index.ts";
import { openPostgres } from "../../src/storage/postgres.ts";
import { readAddress } from "../../src/storage/postgres-address.ts";
import { emptyFolder } from "../support/child.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { until } from "../support/until.ts";
import { ticking } from "../contracts/memory-suite.ts";
import { storageContract } from "../contracts/storage-suite.ts";
import { indexSuite } from "./index-suite.ts";
import { PASSWORD, startPostgres, type Postgres } from "./postgres.ts";

let postgres: Postgres;
let folder: Awaited<ReturnType<typeof emptyFolder>>;
const log = keptLog();
const meter = keptMeter();
const opened: OpenableStorage[] = [];
function make(databaseUrl: string, more: Partial<StorageParts> = {}): OpenableStorage {
  const made = createStorage({
    dataDir: folder.path,
    databaseUrl,
    log,
    meter,
    clock: systemClock,
    ids: systemIds,
    ...more,
  });
  opened.push(made);
  return made;
}

let direct: OpenableStorage;
let pooled: OpenableStorage;
beforeAll(async () => {
  folder = await emptyFolder();
  postgres = await startPostgres();
  direct = make(postgres.url, { clock: ticking });
  pooled = make(postgres.poolerUrl, { clock: ticking });
  await Promise.all([direct.open(), pooled.open()]);
});
afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()));
  await postgres?.close();
  await folder?.remove();
});

storageContract("server", () => direct);
storageContract("pooler", () => pooled);

const party = (n: number): CallParty => ({
  callId: `call_z_${String(n).padStart(5, "0")}`,
  carrierId: `CAz${n}`,
  from: "+15550001111",
  to: "+15550002222",
  channel: "phone",
  direction: "inbound",
  orgId: "default",
});

test("many that start at the same time make the tables once", async () => {
  const url = await postgres.freshDatabase("fresh");
  const starters = Array.from({ length: 6 }, () => openPostgres(readAddress(url, undefined)));
  try {
    const outcomes = await Promise.all(starters.map(({ db }) => migrate(db)));
    expect(outcomes.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
    const { db } = starters[0] as (typeof starters)[number];
    expect((await migrate(db)).applied).toEqual([]);
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from organizations`.execute(db);
    expect(rows).toEqual([{ n: 1 }]);
  } finally {
    await Promise.all(starters.map((one) => one.close()));
  }
});

test("the printed schema makes the same tables", async () => {
  const url = await postgres.freshDatabase("printed");
  const one = openPostgres(readAddress(url, undefined));
  try {
    await sql.raw(schemaSql()).execute(one.db);
    expect((await migrate(one.db)).applied).toEqual([]);
  } finally {
    await one.close();
  }
});

indexSuite(() => postgres);

test("calls from before the search are found by what was said in them", async () => {
  const one = openPostgres(readAddress(await postgres.freshDatabase("before"), undefined));
  try {
    const search = MIGRATIONS.findIndex(({ name }) => name === "0004-search");
    await migrate(one.db, MIGRATIONS.slice(0, search));
    await sql
      .raw(
        `insert into calls (call_id, org_id, carrier_id, from_number, to_number, channel, direction, status, phase, started_at, state_at)
         values ('call_old', 'default', 'CA1', '+15550001111', 'sip:desk@example.com', 'phone', 'inbound', 'completed', 'completed', now(), now());
         insert into call_transcripts (call_id, role, position, at_ms, text) values ('call_old', 'caller', 0, 1, 'It isn''t the Gearbox');
         insert into call_transcripts (call_id, role, position, at_ms, heard) values ('call_old', 'agent', 0, 2, 'Then the clutch')`,
      )
      .execute(one.db);
    expect((await migrate(one.db)).applied).toContain("0004-search");
    for (const text of ["gearb isn't", "the clutch", "0001111", "desk@example"])
      expect((await listCalls(one.db, { limit: 9, text })).map(({ callId }) => callId)).toEqual(["call_old"]);
    expect(await listCalls(one.db, { limit: 9, text: "gearbox clutch" })).toEqual([]);
  } finally {
    await one.close();
  }
});

test("a call that one has released is read as the other has changed it", async () => {
  const one = party(2);
  direct.calls.open(one, new Date());
  direct.calls.update(one.callId, { turns: [{ turn: 1, by: "text", text: "One.", endedAtMs: 1 }] });
  expect((await direct.calls.get(one.callId))?.turns).toHaveLength(1);
  direct.calls.release(one.callId);
  const text = (record: CallRecord | undefined) => record?.turns.map((turn) => turn.text);
  expect(text(await direct.calls.get(one.callId))).toEqual(["One."]);
  const turns = ["One.", "Two."].map((said, n) => ({ turn: n + 1, by: "text" as const, text: said, endedAtMs: n }));
  pooled.calls.update(one.callId, { turns, phase: "intake" });
  await pooled.calls.flush();
  expect(text(await direct.calls.get(one.callId))).toEqual(["One.", "Two."]);
  // And what it writes itself is for everybody.
  direct.calls.update(one.callId, { turns: turns.slice(1) });
  await direct.calls.flush();
  for (const { calls } of [direct, pooled]) expect(text(await calls.get(one.callId))).toEqual(["Two."]);
});

test("two instances: each sees what the other wrote, a later state is not undone by an earlier one", async () => {
  const one = party(1);
  direct.calls.open(one, new Date());
  direct.calls.update(one.callId, { phase: "intake", instance: "a" });
  direct.calls.note(one.callId, { atMs: 10, what: "of a" });
  await direct.calls.flush();
  pooled.calls.update(one.callId, { carrierStatus: "completed", phase: "completed", status: "completed" });
  pooled.calls.note(one.callId, { atMs: 20, what: "of b" });
  const record = await pooled.calls.get(one.callId);
  expect(record).toMatchObject({ phase: "completed", instance: "a", carrierStatus: "completed" });
  expect(record?.timeline.map(({ what }) => what)).toEqual(["of a", "of b"]);
  // The same call begins on the other one: its record stays what it is.
  pooled.calls.open({ ...one, from: "+1000" }, new Date());
  expect(await pooled.calls.get(one.callId)).toMatchObject({ from: one.from, phase: "completed" });
});

describe.each(["server", "pooler"] as const)("behind the %s, PostgreSQL goes away in the middle of calls", (which) => {
  test("writes go on, reads say so at once, and nothing is lost", async () => {
    const dir = `${folder.path}/away-${which}`;
    const storage = make(which === "server" ? postgres.url : postgres.poolerUrl, { dataDir: dir });
    await storage.open();
    const base = which === "server" ? 1000 : 2000;
    const parties = Array.from({ length: 20 }, (_, n) => party(base + n));
    for (const one of parties) storage.calls.open(one, new Date());
    await storage.calls.flush();

    await postgres.stop();
    for (let turn = 1; turn <= 10; turn++)
      for (const one of parties) {
        const turns = Array.from({ length: turn }, (_, n) => ({
          turn: n + 1,
          by: "speech" as const,
          text: `words ${n + 1}`,
          endedAtMs: n * 1000,
        }));
        storage.calls.update(one.callId, { turns });
        storage.calls.note(one.callId, { atMs: turn, what: "turn", detail: { turn } });
        if (turn % 3 === 0 && one === parties[0]) await storage.calls.flush();
      }
    await storage.calls.flush();
    expect(storage.pendingRows()).toBeGreaterThanOrEqual(20 * 10);
    await expect(storage.calls.list({ limit: 1 })).rejects.toThrow(StoreUnavailable);
    await expect(storage.keys.list()).rejects.toThrow(StoreUnavailable);
    // A live call is known here whatever the database does.
    const { callId } = parties[0] as CallParty;
    expect((await storage.calls.get(callId))?.turns).toHaveLength(10);
    // And one that others may change, as far as it is known.
    storage.calls.release(callId);
    expect((await storage.calls.get(callId))?.turns).toHaveLength(10);
    const meanwhile = party(base + 500);
    storage.calls.open(meanwhile, new Date());
    await storage.close();

    // The process ends and another one begins before the database is back: it takes over what is on disk.
    const next = make(which === "server" ? postgres.url : postgres.poolerUrl, { dataDir: dir });
    await next.open();
    await postgres.start();
    await until("everything is written", () => next.pendingRows() === 0, 30_000);
    for (const one of parties) {
      const record = await next.calls.get(one.callId);
      expect(record?.turns.map(({ text }) => text)).toEqual(Array.from({ length: 10 }, (_, n) => `words ${n + 1}`));
      expect(record?.timeline).toHaveLength(10);
    }
    expect(await next.calls.get(meanwhile.callId)).toMatchObject({ callId: meanwhile.callId });
    await next.close();
    expect(meter.total("voice_store_dropped_rows_total")).toBe(0);
  });
});

describe("what db:check says", () => {
  async function check(databaseUrl: string, caFile?: string) {
    const out: string[] = [];
    const err: string[] = [];
    const code = await checkDatabase([], {
      environment: {
        DATABASE_URL: databaseUrl,
        DATA_DIR: folder.path,
        ...(caFile !== undefined && { DATABASE_CA_FILE: caFile }),
      },
      write: (text) => void out.push(text),
      complain: (text) => void err.push(text),
    });
    expect([...out, ...err].join("\n")).not.toContain(PASSWORD);
    return { code, said: [...out, ...err].join("\n") };
  }
  const wrong = (from: string, to: string): string => postgres.url.replace(from, to);

  test("of one that works, with and without TLS, straight and pooled", async () => {
    expect(await check(postgres.url)).toMatchObject({
      code: 0,
      said: expect.stringMatching(/TLS +off[\s\S]*works/) as string,
    });
    expect((await check(postgres.poolerUrl)).said).toMatch(/The database works/);
    const tls = await check(postgres.url, postgres.caFile);
    expect(tls).toMatchObject({ code: 0, said: expect.stringMatching(/TLS +on, checked[\s\S]*works/) as string });
    const unchecked = await check(`${postgres.url}?sslmode=no-verify`);
    expect(unchecked).toMatchObject({ code: 0, said: expect.stringContaining("on, not checked") as string });
  });

  test.each([
    ["a wrong password", () => wrong(encodeURIComponent(PASSWORD), "wrong"), /password, or the user, is wrong/],
    ["no such database", () => `${postgres.url}nothing`, /no such database/],
    ["a user who may do nothing", () => postgres.strangerUrl, /may connect but may not do this/],
    [
      "an unknown authority",
      () => `${postgres.url}?sslmode=require`,
      /authority this machine does not know.*DATABASE_CA_FILE/,
    ],
    ["a pooler without TLS", () => `${postgres.poolerUrl}?sslmode=require`, /speaks no TLS.*sslmode=disable/],
  ])("of %s", async (_, url, why) => {
    const { code, said } = await check(url());
    expect(code).toBe(4);
    expect(said).toMatch(why);
  });

  test("of an unknown mode, as of any setting that is wrong: nothing is asked", async () => {
    const { code, said } = await check(`${postgres.url}?sslmode=maybe`);
    expect(code).toBe(1);
    expect(said).toMatch(/DATABASE_URL.*sslmode/);
  });

  test("a server with a wrong password is told so and does not start", async () => {
    const storage = make(wrong(encodeURIComponent(PASSWORD), "wrong"));
    await expect(storage.open()).rejects.toThrow(DatabaseUnusable);
  });
});
