// Memories on a real PostgreSQL server, straight and through a pooler in transaction mode: by meaning where the server has pgvector, by words
// where it has none, or where the database's user may not switch it on.
import { systemIds } from "../../src/observe/system.ts";
import { createStorage, type OpenableStorage } from "../../src/storage/index.ts";
import { memoryContract, ticking } from "../contracts/memory-suite.ts";
import { emptyFolder } from "../support/child.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { hasPgvector, startPostgres, type Postgres } from "./postgres.ts";

const MOST_MEMORIES = 12;
let postgres: Postgres;
let folder: Awaited<ReturnType<typeof emptyFolder>>;
const opened: OpenableStorage[] = [];
async function open(databaseUrl: string, log = keptLog()): Promise<OpenableStorage> {
  const made = createStorage({
    dataDir: folder.path,
    databaseUrl,
    log,
    meter: keptMeter(),
    clock: ticking,
    ids: systemIds,
    mostMemories: MOST_MEMORIES,
  });
  opened.push(made);
  await made.open();
  return made;
}

let direct: OpenableStorage;
let pooled: OpenableStorage;
beforeAll(async () => {
  folder = await emptyFolder();
  postgres = await startPostgres();
  direct = await open(postgres.url);
  pooled = await open(postgres.poolerUrl);
  await direct.organizations.put("other", {}, 0, "test");
}, 120_000);
afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()));
  await postgres?.close();
  await folder?.remove();
}, 60_000);

// Debian's PostgreSQL has no pgvector; where somebody installed it, it is used.
const memories = { meanings: hasPgvector(), most: MOST_MEMORIES };
memoryContract("server", () => ({ memories: direct.memories, orgs: ["default", "other"] }), memories);
memoryContract("pooler", () => ({ memories: pooled.memories, orgs: ["default", "other"] }), memories);

test("without pgvector, and where its user may not switch it on, they are found by words, and the log says what to do", async () => {
  const log = keptLog();
  const one = await open(await postgres.freshDatabase("meanings"), log);
  const ada = { orgId: "default", userId: "ada" };
  const fact = { kind: "fact", subject: "tea", text: "Drinks green tea." } as const;
  await one.memories.keep(ada, fact, { by: "given", at: "2026-11-26T10:00:00.000Z" });
  const vector = Array.from({ length: 64 }, () => 0.1);
  const found = await one.memories.search(ada, { text: "green tea", embedding: { model: "m", vector }, limit: 5 });
  expect(found).toMatchObject([{ by: "words", text: fact.text }]);
  const told = log.lines.filter(({ message }) => message.includes("pgvector"));
  expect(told).toHaveLength(1);
  expect([told[0]?.level, told[0]?.message]).toEqual(
    hasPgvector()
      ? ["warn", expect.stringContaining("create extension vector")]
      : ["info", expect.stringContaining("has no pgvector")],
  );
});
