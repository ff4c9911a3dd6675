// Memories in the whole program: the embedded database with its pgvector, the API in front, the simulated OpenAI behind.
import { buildApp, type App } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import type { Storage } from "../../src/core/stores.ts";
import { startOpenAISim, type OpenAISim } from "../../src/sim/openai/index.ts";
import { emptyFolder } from "../support/child.ts";
import { putDatabase } from "../support/embedded.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { keptLog, type KeptLog } from "../support/observe.ts";

const KEYS = "ada:organization@default:ada-key-0123456789,bob:organization@default:bob-key-0123456789";
let openai: OpenAISim;
let folder: Awaited<ReturnType<typeof emptyFolder>>;
let app: App | undefined;
let log: KeptLog;
beforeAll(async () => {
  openai = await startOpenAISim({ now: () => Date.parse("2026-11-26"), timing: { textDeltaMs: 0 } });
  folder = await emptyFolder();
  await putDatabase(folder.path);
});
afterEach(() => app?.close());
afterAll(async () => {
  await openai.close();
  await folder.remove();
});

async function start(settings: Readonly<Record<string, string>> = {}, storage?: Storage) {
  log = keptLog();
  const config = readConfig({
    PORT: "0",
    HOST: "127.0.0.1",
    DATA_DIR: folder.path,
    OPENAI_API_KEY: openai.apiKey,
    OPENAI_BASE_URL: openai.baseUrl,
    API_KEYS: KEYS,
    ...settings,
  });
  app = buildApp({ config, log, ...(storage && { storage }) });
  const { port } = await app.listen();
  return async (who: "ada" | "bob", method: string, path: string, body?: unknown) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/memories${path}`, {
      method,
      headers: { authorization: `Bearer ${who}-key-0123456789`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    // eslint-disable-next-line typescript/no-explicit-any -- answers are looked into as they come.
    return { status: answer.status, body: (await answer.json()) as any };
  };
}
const said = (content: string) => ({ messages: [{ role: "user", content }] });

test("what is told is found by its meaning, with another model by its words until it has new numbers, by nobody else", async () => {
  let ask = await start();
  const told = await ask("ada", "POST", "", said("My name is Ada. My favourite tea is green tea. I live in Oslo."));
  expect(told.body.memories.map(({ kept }: { kept: string }) => kept)).toEqual(["added", "added", "added"]);
  await ask("bob", "POST", "", said("My name is Bob. My favourite tea is black tea."));
  const tea = { query: "which tea is the user's favourite", limit: 1 };
  expect((await ask("ada", "POST", "/search", tea)).body.memories).toMatchObject([
    { text: "The user's favourite tea is green tea.", found_by: "meaning" },
  ]);
  expect((await ask("ada", "POST", "", said("My favourite tea is mint tea."))).body.memories[0].kept).toBe("replaced");
  await app?.close();

  // Another model: its numbers are not compared with the first one's, and those that lack them get them in passing.
  ask = await start({ EMBEDDING_MODEL: "text-embedding-3-large" });
  expect((await ask("ada", "POST", "/search", tea)).body.memories).toMatchObject([
    { text: "The user's favourite tea is mint tea.", found_by: "words" },
  ]);
  await ask("ada", "POST", "", said("I like chess."));
  for (;;) {
    const { memories } = (await ask("ada", "GET", "/export")).body;
    if (memories.every((one: { embedding_model: string }) => one.embedding_model === "text-embedding-3-large")) break;
  }
  expect((await ask("ada", "POST", "/search", tea)).body.memories).toMatchObject([
    { text: "The user's favourite tea is mint tea.", found_by: "meaning" },
  ]);
  expect((await ask("bob", "DELETE", "")).body).toEqual({ deleted: 2 });
  expect((await ask("ada", "GET", "")).body.memories).toHaveLength(4);
  expect(JSON.stringify(log.lines)).not.toMatch(/tea|Oslo|chess/);
});

test("without a key for any model facts can be given, and found by their words", async () => {
  const ask = await start({ OPENAI_API_KEY: "" }, createMemoryStorage());
  const pet = { kind: "fact", subject: "pet", text: "Has two dogs." };
  expect((await ask("bob", "POST", "", { memories: [pet] })).status).toBe(200);
  expect((await ask("bob", "POST", "", said("I like dogs."))).status).toBe(503);
  expect((await ask("bob", "POST", "/search", { query: "any dogs" })).body.memories).toMatchObject([
    { text: pet.text, found_by: "words" },
  ]);
});
