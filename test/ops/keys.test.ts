// npm run keys, db:check and migrate: beside a running server with a live call in it, and without any server.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { checkDatabase } from "../../src/ops/check-database.ts";
import { manageKeys } from "../../src/ops/manage-keys.ts";
import { migrateDatabase } from "../../src/ops/migrate-database.ts";
import { startOpenAISim } from "../../src/sim/openai/index.ts";
import { startTwilioSim } from "../../src/sim/twilio/index.ts";
import { keyHash } from "../../src/storage/admin.ts";
import { emptyFolder, freePort, startChild } from "../support/child.ts";
import { putDatabase } from "../support/embedded.ts";

type Command = (argv: readonly string[], terminal: Parameters<typeof manageKeys>[1]) => Promise<number>;

let folder: Awaited<ReturnType<typeof emptyFolder>>;
beforeAll(async () => {
  folder = await emptyFolder();
  await putDatabase(folder.path);
});
afterAll(() => folder.remove());

async function run(command: Command, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await command(args, {
    environment: { DATA_DIR: folder.path, ...environment },
    write: (text) => void out.push(text),
    complain: (text) => void err.push(text),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}
const listed = async (): Promise<readonly { name: string; role: string; revoked: string | null }[]> =>
  JSON.parse((await run(manageKeys, ["list", "--json"])).out) as never;

test("without a server the store is opened: made, listed, revoked, and shown once", async () => {
  const made = await run(manageKeys, ["create", "ada", "--role", "organization", "--org", "default", "--json"]);
  expect(made).toMatchObject({ code: 0, err: "" });
  const { key, id } = JSON.parse(made.out) as { key: string; id: string };
  expect(key).toMatch(/^vb_[\w-]{43}$/);
  expect(await run(manageKeys, ["create", "ada", "--role", "read"])).toMatchObject({
    code: 3,
    err: expect.stringContaining("there is a key named ada already") as string,
  });
  const list = await run(manageKeys, ["list"]);
  expect(list.out).toContain("ada");
  expect(list.out).not.toContain(key);
  expect(list.out).not.toContain(keyHash(key));
  expect((await run(manageKeys, ["revoke", id])).code).toBe(0);
  expect((await run(manageKeys, ["revoke", "ada"])).code).toBe(3);
  expect(await listed()).toMatchObject([{ name: "ada", revoked: expect.any(String) as string }]);
});

test.each([
  [[], 2, /say create, list or revoke/],
  [["create", "x"], 2, /--role/],
  [["create", "x", "--role", "king"], 3, /admin, organization or read/],
  [["create", "x", "--role", "organization"], 3, /needs --org/],
  [["create", "x", "--role", "read", "--org", "nobody"], 3, /no organization nobody/],
  [["create", "a:b", "--role", "read"], 3, /no blanks, colons/],
  [["list", "--what"], 2, /--help/],
])("%j is refused", async (args, code, why) => {
  const done = await run(manageKeys, args);
  expect(done.code).toBe(code);
  expect(done.err).toMatch(why);
  expect(done.out).toBe("");
});

test("a key is made beside a live call, which does not notice", async () => {
  const openai = await startOpenAISim({
    script: { transcripts: ["When do you open?"], brain: () => "We open at eight." },
  });
  const twilio = await startTwilioSim({ accountSid: `AC${"1".repeat(32)}`, authToken: "1".repeat(32) });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = startChild("src/main.ts", {
    cwd: folder.path,
    env: {
      HOST: "127.0.0.1",
      PORT: String(port),
      WEBHOOK_URL: url,
      DATA_DIR: folder.path,
      TWILIO_ACCOUNT_SID: `AC${"1".repeat(32)}`,
      TWILIO_AUTH_TOKEN: "1".repeat(32),
      TWILIO_API_BASE_URL: twilio.baseUrl,
      OPENAI_API_KEY: openai.apiKey,
      OPENAI_BASE_URL: openai.baseUrl,
      API_KEYS: "test:read:test-test-test-test",
    },
  });
  const ask = async (path: string): Promise<{ calls: { status: string }[]; callsActive: number }> => {
    const headers = { authorization: "Bearer test-test-test-test", accept: "application/json", connection: "close" };
    return (await fetch(`${url}${path}`, { headers })).json() as never;
  };
  try {
    await server.says(/STARTED/);
    const socket = await stat(join(folder.path, "admin.sock"));
    expect(socket.mode & 0o777).toBe(0o600);
    const call = twilio.call({
      url,
      from: "+15551110000",
      to: "+15550002222",
      caller: [{ do: "wait-for-hang-up", timeoutMs: 600_000 }],
    });
    await server.says(/call begins/);

    expect(await run(manageKeys, ["create", "night", "--role", "admin"])).toMatchObject({ code: 0, err: "" });
    expect((await listed()).at(-1)).toMatchObject({ name: "night", role: "admin", revoked: null });
    const check = await run(checkDatabase, []);
    expect(check.out).toMatch(/of the running server[\s\S]*The database works/);
    expect(await run(migrateDatabase, [])).toMatchObject({
      code: 0,
      out: "The tables are up to date: the running server has seen to it.",
    });
    expect((await ask("/status")).callsActive).toBe(1);
    expect((await ask("/api/calls")).calls).toMatchObject([{ status: "in-progress" }]);

    call.hangUp();
    await call.done;
    server.signal("SIGTERM");
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(server.output()).not.toMatch(/vb_/);
  } finally {
    server.signal("SIGKILL");
    await server.exited;
    await twilio.close();
    await openai.close();
  }
  // What it left is there for the next one.
  expect((await listed()).at(-1)).toMatchObject({ name: "night" });
  expect((await run(checkDatabase, ["--json"])).out).toContain('"ok": true');
});

test("a server that was killed leaves a store that opens again, and a socket that stands in nobody's way", async () => {
  const start = () =>
    startChild("src/main.ts", { cwd: folder.path, env: { HOST: "127.0.0.1", PORT: "0", DATA_DIR: folder.path } });
  const first = start();
  await first.says(/STARTED/);
  expect((await run(manageKeys, ["create", "last", "--role", "read"])).code).toBe(0);
  first.signal("SIGKILL");
  await first.exited;
  expect((await listed()).at(-1)).toMatchObject({ name: "last" });
  const second = start();
  await second.says(/STARTED/);
  expect((await listed()).at(-1)).toMatchObject({ name: "last" });
  second.signal("SIGTERM");
  expect(await second.exited).toEqual({ code: 0, signal: null });
});

test("migrate makes the tables, or prints them", async () => {
  const printed = await run(migrateDatabase, ["--sql"]);
  expect(printed).toMatchObject({ code: 0, err: "" });
  expect(printed.out).toMatch(/^begin;[\s\S]*create table calls \([\s\S]*commit;$/);
  expect(await run(migrateDatabase, [])).toMatchObject({ code: 0, out: "The tables are up to date." });
});

test("db:check says in plain words what is wrong", async () => {
  const port = await freePort();
  const nobody = await run(checkDatabase, [], { DATABASE_URL: `postgres://ada:secret-word@127.0.0.1:${port}/voice` });
  expect(nobody.code).toBe(4);
  expect(nobody.err).toContain(`Nobody listens at 127.0.0.1:${port}/voice`);
  expect(nobody.err + nobody.out).not.toContain("secret-word");
  const unknown = await run(checkDatabase, [], { DATABASE_URL: "postgres://ada:x@no-such-host.invalid/voice" });
  expect(unknown.err).toMatch(/not known to the name service/);
  const file = await run(checkDatabase, [], {
    DATABASE_URL: "postgres://ada:x@127.0.0.1/voice",
    DATABASE_CA_FILE: join(folder.path, "none.pem"),
  });
  expect(file.err).toMatch(/DATABASE_CA_FILE cannot be read/);
  expect((await run(checkDatabase, [], { DATABASE_URL: "mysql://x" })).code).toBe(1);
});
