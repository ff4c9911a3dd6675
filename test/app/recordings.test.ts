// Recordings where several instances share state and database, each with a disk of its own: two whole programs in one process.
import { existsSync } from "node:fs";
import { mkdir, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildApp, type App } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import type { State } from "../../src/core/state.ts";
import type { Storage } from "../../src/core/stores.ts";
import { systemClock } from "../../src/observe/system.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { emptyFolder } from "../support/child.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { keptLog } from "../support/observe.ts";
import { until } from "../support/until.ts";

const KEY = "admin-key-0123456789abcdef";
const CALLER = "+15550001111";

let folder: Awaited<ReturnType<typeof emptyFolder>>;
let state: State;
let storage: Storage;
let apps: App[];
beforeEach(async () => {
  folder = await emptyFolder();
  state = createMemoryState({ clock: systemClock });
  storage = createMemoryStorage();
  apps = [];
});
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await folder.remove();
});

async function start(name: string, settings: Readonly<Record<string, string>> = {}) {
  const dataDir = join(folder.path, name);
  const log = keptLog();
  const config = readConfig({
    PORT: "0",
    HOST: "127.0.0.1",
    DATA_DIR: dataDir,
    OPENAI_API_KEY: "not-asked",
    API_KEYS: `desk:admin:${KEY}`,
    SECRET_KEY: "one-secret-for-all-0123456789abcdef",
    USE_REDIS: "true",
    REDIS_URL: "redis://127.0.0.1:1",
    DATABASE_URL: "postgres://127.0.0.1:1/none",
    ...settings,
  });
  const app = buildApp({ config, log, state, storage });
  apps.push(app);
  const { port } = await app.listen();
  const instance = log.lines.find(({ message }) => message === "this instance is one of several")?.fields["instance"];
  return {
    instance: String(instance),
    sound: (id: string): string => join(dataDir, "recordings", `${id}.wav`),
    async ask(method: string, path: string) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { authorization: `Bearer ${KEY}`, connection: "close" },
      });
      const text = await answer.text();
      return { status: answer.status, text };
    },
  };
}
type Instance = Awaited<ReturnType<typeof start>>;

/** A call that this instance held and recorded, and that is over. */
async function recorded(id: string, holder: Instance): Promise<string> {
  const { calls } = storage;
  const party = { callId: id, carrierId: `CA${id}`, from: CALLER, to: "+15550002222", orgId: "default" } as const;
  calls.open({ ...party, channel: "phone", direction: "inbound" }, new Date());
  calls.update(id, {
    status: "completed",
    recording: { file: `${id}.wav`, instance: holder.instance, consent: "given", durationMs: 0 },
  });
  const path = holder.sound(id);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, Buffer.alloc(44));
  return path;
}

test("a call that is deleted on one instance is silent on the one that recorded it", async () => {
  const [one, two] = [await start("one"), await start("two")];
  const path = await recorded("call_1", one);
  expect((await two.ask("DELETE", "/api/calls/call_1")).status).toBe(204);
  await until("its sound is gone", () => !existsSync(path));
  expect((await two.ask("GET", "/api/calls/call_1/recording")).status).toBe(404);
});

test("a number that is deleted takes its sounds with it, here and elsewhere", async () => {
  const [one, two] = [await start("one"), await start("two")];
  const [there, here] = [await recorded("call_1", one), await recorded("call_2", two)];
  const { status, text } = await two.ask("DELETE", `/api/numbers/${CALLER}`);
  expect([status, JSON.parse(text)]).toEqual([200, { deleted: 2, live: 0, memories: 0 }]);
  expect(existsSync(here)).toBe(false);
  await until("the other's is gone", () => !existsSync(there));
});

test("a recording is served where it lies; any other instance says where that is", async () => {
  const [one, two] = [await start("one"), await start("two")];
  await recorded("call_1", one);
  const path = "/api/calls/call_1/recording";
  expect((await one.ask("GET", path)).status).toBe(200);
  const { status, text } = await two.ask("GET", path);
  expect([status, JSON.parse(text).detail]).toEqual([409, expect.stringContaining(one.instance)]);
  storage.calls.note("call_1", { atMs: 1, what: "recording deleted", detail: { days: 1 } });
  expect((await two.ask("GET", path)).status).toBe(404);
});

test("an instance alone has nobody to name: what is not on its disk is gone", async () => {
  const alone = await start("alone", { USE_REDIS: "false" });
  await recorded("call_1", { ...alone, instance: "instance_before" });
  expect((await alone.ask("GET", "/api/calls/call_1/recording")).status).toBe(200);
  await unlink(alone.sound("call_1"));
  expect((await alone.ask("GET", "/api/calls/call_1/recording")).status).toBe(404);
});
