// A socket's session outlives the program: the whole program, twice on one DATA_DIR with the embedded database, and twice on one shared
// state, as instances are.
import { buildApp, type App } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import type { State } from "../../src/core/state.ts";
import type { Storage } from "../../src/core/stores.ts";
import { systemClock } from "../../src/observe/system.ts";
import { startOpenAISim, type BrainInput, type OpenAISim } from "../../src/sim/openai/index.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { openBrowser, Refused, type BrowserClient } from "../support/browser-client.ts";
import { emptyFolder } from "../support/child.ts";
import { putDatabase } from "../support/embedded.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { keptLog } from "../support/observe.ts";

const KEYS = { desk: "desk-key-0123456789abcdef", other: "other-key-0123456789abcdef" };
const WAIT_MS = 20_000;

let openai: OpenAISim;
let folder: Awaited<ReturnType<typeof emptyFolder>>;
const apps: App[] = [];
const thought: BrainInput[] = [];

beforeAll(async () => {
  openai = await startOpenAISim({
    now: () => Date.parse("2026-11-26"),
    timing: { textDeltaMs: 0, pace: Infinity, replyMs: 0 },
    script: {
      brain(input) {
        thought.push(input);
        return `You said: ${input.text}`;
      },
    },
  });
});
beforeEach(async () => {
  folder = await emptyFolder();
});
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
  await folder.remove();
});
afterAll(() => openai.close());

interface Shared {
  readonly state?: State;
  readonly storage?: Storage;
}

async function start(settings: Readonly<Record<string, string>> = {}, shared: Shared = {}) {
  const config = readConfig({
    PORT: "0",
    HOST: "127.0.0.1",
    DATA_DIR: folder.path,
    OPENAI_API_KEY: openai.apiKey,
    OPENAI_BASE_URL: openai.baseUrl,
    API_KEYS: `desk:admin:${KEYS.desk},other:admin:${KEYS.other}`,
    ...settings,
  });
  const app = buildApp({ config, log: keptLog(), ...shared });
  apps.push(app);
  const { port } = await app.listen();
  return {
    app,
    open: (id: string, headers: Readonly<Record<string, string>> = { authorization: `Bearer ${KEYS.desk}` }) =>
      openBrowser(`ws://127.0.0.1:${port}/ws/voice-agent/${id}`, { headers }),
  };
}

async function say(client: BrowserClient, text: string): Promise<void> {
  client.send({ type: "text_input", text });
  await client.next("conversation_response", WAIT_MS);
}

const known = (): readonly string[] => thought.at(-1)?.history.map(({ text }) => text) ?? [];
const AS_OTHER = { authorization: `Bearer ${KEYS.other}` };
const refusal = (opened: Promise<BrowserClient>): Promise<number> =>
  opened.then(
    () => 101,
    (error: unknown) => (error instanceof Refused ? error.status : Promise.reject(error as Error)),
  );

test("after a restart on the same DATA_DIR it goes on", async () => {
  await putDatabase(folder.path);
  // With a history that only the program keeps.
  const settings = { THREAD_CLIENT: "chat" };
  const before = await start(settings);
  const first = await before.open("my-session");
  await say(first, "My name is Ada.");
  // The server goes away under its client.
  await apps.splice(0)[0]?.close();
  expect((await first.whenClosed(WAIT_MS)).code).not.toBe(1006);

  const after = await start(settings);
  expect(await refusal(after.open("my-session", AS_OTHER))).toBe(404);
  const second = await after.open("my-session");
  await say(second, "Who am I?");
  expect(known()).toContain("My name is Ada.");
  second.close();
});

test("a visitor without a key has theirs back, and nobody else has it", async () => {
  const memory = createMemoryStorage();
  const rows: unknown[] = [];
  const survives: Storage = {
    ...memory,
    customers: {
      ...memory.customers,
      putSession(row) {
        rows.push(row);
        return memory.customers.putSession(row);
      },
    },
    close: async () => undefined,
  };
  const settings = { OPEN_API: "conversation" };
  const before = await start(settings, { storage: survives });
  const first = await before.open("mine", {});
  await say(first, "My name is Ada.");
  first.close();
  await apps.splice(0)[0]?.close();
  // An address stands in no row.
  expect(rows).not.toEqual([]);
  expect(JSON.stringify(rows)).not.toContain("127.0.0.1");

  const after = await start(settings, { storage: survives });
  const second = await after.open("mine", {});
  await say(second, "Who am I?");
  expect(known()).toContain("My name is Ada.");
  second.close();
  // To a key the same name is a session of its own.
  const keyed = await after.open("mine");
  await say(keyed, "Who am I?");
  expect(known()).not.toContain("My name is Ada.");
  keyed.close();
});

test("a socket that breaks comes back at another instance, and goes on with the same call", async () => {
  const state: State = { ...createMemoryState({ clock: systemClock }), close: async () => undefined };
  const storage: Storage = { ...createMemoryStorage(), close: async () => undefined };
  const [one, two] = [await start({}, { state, storage }), await start({}, { state, storage })];
  const first = await one.open("roams");
  await say(first, "My name is Ada.");
  const second = await two.open("roams");
  // Whichever of the two is first.
  expect((await first.whenClosed(WAIT_MS)).code).toBe(4001);
  await say(second, "Who am I?");
  expect(known()).toContain("My name is Ada.");
  expect(await storage.calls.list({ limit: 10 })).toMatchObject([{ status: "in-progress", turnCount: 2 }]);
  second.close();
});
