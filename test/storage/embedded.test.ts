// The embedded database: its tables, who else may open it, what a broken one does, and how records are taken away again.
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import type { CallParty } from "../../src/core/call.ts";
import { StoreUnavailable } from "../../src/core/stores.ts";
import { systemClock, systemIds } from "../../src/observe/system.ts";
import { createRecordings } from "../../src/recording/index.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { createErasure } from "../../src/storage/erasure.ts";
import { createStorage, type OpenableStorage } from "../../src/storage/index.ts";
import { DataDirInUse } from "../../src/storage/lock.ts";
import { migrate, schemaSql } from "../../src/storage/migrate.ts";
import { openEmbedded } from "../../src/storage/pglite.ts";
import { emptyFolder } from "../support/child.ts";
import { putDatabase } from "../support/embedded.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { until } from "../support/until.ts";

let folder: Awaited<ReturnType<typeof emptyFolder>>;
let storage: OpenableStorage | undefined;
beforeEach(async () => {
  folder = await emptyFolder();
  await putDatabase(folder.path);
});
afterEach(async () => {
  await storage?.close();
  await folder.remove();
});

const log = keptLog();
const make = (): OpenableStorage =>
  (storage = createStorage({
    dataDir: folder.path,
    log,
    meter: keptMeter(),
    clock: systemClock,
    ids: systemIds,
  }));
const party = (n: number, more: Partial<CallParty> = {}): CallParty => ({
  callId: `call_${n}`,
  carrierId: `CA${n}`,
  from: "+15550001111",
  to: "+15550002222",
  channel: "phone",
  direction: "inbound",
  orgId: "default",
  ...more,
});

/** table.column of every column in database.ts, read from its text: types leave nothing behind at run time. */
async function columnsOfSource(): Promise<string[]> {
  const text = await readFile(new URL("../../src/storage/database.ts", import.meta.url), "utf8");
  const source = text.replaceAll(/\/\*\*.*?\*\//gs, "");
  const body = (from: string): string => {
    const start = source.indexOf(from) + from.length;
    let depth = 1;
    let end = start;
    for (; depth > 0; end++) depth += source[end] === "{" ? 1 : source[end] === "}" ? -1 : 0;
    return source.slice(start, end);
  };
  const fields = (inner: string): string[] => [...inner.matchAll(/(\w+): /g)].map(([, name]) => name as string);
  const tables = [...body("export interface Tables {").matchAll(/^ {2}(\w+): (\{|\w+)/gm)];
  return tables.flatMap(([, table, type]) =>
    fields(body(type === "{" ? `  ${table}: {` : `export interface ${type} {`)).map((name) => `${table}.${name}`),
  );
}

test("tables are made once, every table has what the program thinks, and the printed schema is the same", async () => {
  const opened = await openEmbedded(folder.path);
  const { db } = opened;
  try {
    expect(await migrate(db)).toEqual({ applied: [], unknown: [] });
    await sql`insert into schema_migrations (name) values ('9999-later')`.execute(db);
    expect(await migrate(db)).toEqual({ applied: [], unknown: ["9999-later"] });
    const { rows } = await sql<{ name: string }>`
      select table_name || '.' || column_name as name from information_schema.columns where table_schema = 'public'`.execute(
      db,
    );
    expect(rows.map(({ name }) => name).toSorted()).toEqual((await columnsOfSource()).toSorted());
    for (const table of ["organizations", "organization_versions", "phone_numbers", "customers", "calls", "api_keys"])
      expect(schemaSql()).toContain(`create table ${table} (`);
    // A change that fails leaves nothing of itself.
    const bad = [{ name: "9998-bad", statements: ["create table half (id integer)", "select 1/0"] }];
    await expect(migrate(db, bad)).rejects.toThrow(/division by zero/);
    expect((await sql`select to_regclass('half') as half`.execute(db)).rows).toEqual([{ half: null }]);
  } finally {
    await opened.close();
  }
});

test("a second opener is told who has it; what is written before opening waits", async () => {
  const first = make();
  first.calls.open(party(1), new Date());
  await expect(first.organizations.all()).rejects.toThrow(StoreUnavailable);
  await first.open();
  expect(await first.calls.list({ limit: 5 })).toHaveLength(1);
  await expect(openEmbedded(folder.path)).rejects.toThrow(DataDirInUse);
  await first.close();
  await first.close();
  await (await openEmbedded(folder.path)).close();
});

test("a database that breaks is opened again, and what was committed is there", async () => {
  const one = make();
  await one.open();
  one.calls.open(party(1), new Date());
  await one.close();
  const opened = await openEmbedded(folder.path);
  // What PostgreSQL says when the disk is full; after it the thread is not trusted any more.
  const full = sql`do $$ begin raise exception using errcode = '53100', message = 'disk full'; end $$`;
  await expect(full.execute(opened.db)).rejects.toThrow("disk full");
  await expect(opened.db.transaction().execute((trx) => full.execute(trx))).rejects.toThrow("disk full");
  expect(await opened.db.selectFrom("calls").select("call_id").execute()).toEqual([{ call_id: "call_1" }]);
  await opened.close();
  await opened.close();
});

test("calls are taken away one by one, and old ones by themselves, with their recordings", async () => {
  const { calls, customers } = make();
  await (storage as OpenableStorage).open();
  const recordings = join(folder.path, "recordings");
  const { remove: removeSound } = createRecordings({
    dir: recordings,
    store: calls,
    daysOf: () => undefined,
    state: createMemoryState({ clock: systemClock }),
    instance: "instance_1",
    isShared: false,
    clock: systemClock,
    log,
    meter: keptMeter(),
  });
  const erasure = createErasure({ calls, customers, removeSound, clock: systemClock, log });
  await mkdir(recordings, { recursive: true });
  await writeFile(join(folder.path, "outside.wav"), "x");
  const withSound = async (n: number, file: string, startedAt: Date, more: Partial<CallParty> = {}): Promise<void> => {
    calls.open(party(n, more), startedAt);
    calls.update(`call_${n}`, { status: "completed", recording: { file, consent: "given", durationMs: 1 } });
    if (!file.includes("/")) await writeFile(join(recordings, file), "x");
  };
  const now = new Date();
  const longAgo = new Date("2020-01-01T00:00:00Z");
  await withSound(1, "one.wav", now);
  await withSound(2, "../outside.wav", now);
  await withSound(3, "three.wav", now, { from: "+15559990000" });
  await withSound(4, "four.wav", longAgo, { from: "+15558880000", to: "+15558880001" });
  const isThere = (path: string): Promise<boolean> =>
    access(path).then(
      () => true,
      () => false,
    );

  expect(await erasure.removeCall("call_1")).toBe(true);
  expect(await erasure.removeCall("call_1")).toBe(false);
  expect(await isThere(join(recordings, "one.wav"))).toBe(false);
  for (const { callId } of await calls.ofNumber("+15550002222")) expect(await erasure.removeCall(callId)).toBe(true);
  expect(await isThere(join(folder.path, "outside.wav"))).toBe(true);
  expect(await isThere(join(recordings, "three.wav"))).toBe(false);

  await withSound(5, "five.wav", now);
  const stop = erasure.keepDays(30);
  await until("the old call is gone", () => log.lines.some(({ message }) => message === "old calls were removed"));
  stop();
  expect((await calls.list({ limit: 9 })).map(({ callId }) => callId)).toEqual(["call_5"]);
  expect(await isThere(join(recordings, "four.wav"))).toBe(false);
  expect(await isThere(join(recordings, "five.wav"))).toBe(true);
});
