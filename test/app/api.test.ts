// The management API in the whole program: what the configuration opens, and a browser's call from the page to OpenAI's door.
import { once } from "node:events";
import { WebSocket } from "ws";
import { buildApp, type App, type AppOptions } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { startOpenAISim, type OpenAISim } from "../../src/sim/openai/index.ts";
import { systemClock } from "../../src/observe/system.ts";
import { emptyFolder } from "../support/child.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { keptLog } from "../support/observe.ts";

const KEY = "admin-key-0123456789abcdef";
const METRICS_TOKEN = "metrics-token-0123456789";

let openai: OpenAISim;
let folder: Awaited<ReturnType<typeof emptyFolder>>;
let app: App | undefined;
beforeAll(async () => {
  openai = await startOpenAISim();
  folder = await emptyFolder();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
});
afterAll(async () => {
  await openai.close();
  await folder.remove();
});

async function start(settings: Readonly<Record<string, string>>, options: Partial<AppOptions> = {}) {
  const log = keptLog();
  const config = readConfig({
    PORT: "0",
    HOST: "127.0.0.1",
    DATA_DIR: folder.path,
    OPENAI_API_KEY: openai.apiKey,
    OPENAI_BASE_URL: openai.baseUrl,
    ...settings,
  });
  app = buildApp({ config, log, storage: createMemoryStorage(), ...options });
  const { port } = await app.listen();
  const ask = (path: string, init: RequestInit & { readonly key?: string } = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      ...init,
      headers: {
        "content-type": "application/json",
        ...(init.key && { authorization: `Bearer ${init.key}` }),
        ...(init.headers as Record<string, string>),
      },
    });
  return { ask, log, app };
}

test("without a key: closed, told at the start, and everything else goes on", async () => {
  const { ask, log } = await start({});
  expect(log.lines.map(({ message }) => message).join("\n")).toMatch(/no API key exists.*npm run keys/);
  expect((await ask("/api/calls")).status).toBe(401);
  expect((await ask("/health")).status).toBe(200);
});

test("with a key: open to it, and to those made later; metrics too", async () => {
  const { ask, log, app: running } = await start({ API_KEYS: `desk:admin:${KEY}`, METRICS_TOKEN });
  expect(log.lines.map(({ message }) => message).join("\n")).not.toMatch(/no API key/);
  expect((await ask("/api/calls", { key: KEY })).status).toBe(200);
  const { keyHash } = await import("../../src/storage/admin.ts");
  const made = "vb_made_later_0123456789";
  await running.storage.keys.create({ name: "late", role: "read", hash: keyHash(made) });
  expect((await ask("/api/me", { key: made })).status).toBe(200);
  for (const key of [KEY, made, METRICS_TOKEN]) expect((await ask("/metrics", { key })).status).toBe(200);
  expect((await ask("/metrics", { key: "another" })).status).toBe(401);
});

test("a browser opens its session with what was minted, and is answered as the organization wants", async () => {
  const { ask } = await start({ API_KEYS: `desk:admin:${KEY}` });
  const minted = await ask("/api/realtime/session", {
    method: "POST",
    key: KEY,
    body: JSON.stringify({ org_id: "default" }),
  });
  expect(minted.status).toBe(200);
  const session = (await minted.json()) as { client_secret: { value: string }; model: string; call_id: string };
  const socket = new WebSocket(`${openai.baseUrl.replace("http", "ws")}/realtime?model=${session.model}`, {
    headers: { authorization: `Bearer ${session.client_secret.value}` },
  });
  const [first] = (await once(socket, "message")) as [Buffer];
  const created = JSON.parse(first.toString()) as {
    type: string;
    session: { instructions: string; tools: { name: string }[] };
  };
  expect(created.type).toBe("session.created");
  expect(created.session.tools.map(({ name }) => name)).toContain("end_call");
  expect(created.session.instructions.length).toBeGreaterThan(100);
  socket.terminate();
  const ended = await ask("/api/call/end", {
    method: "POST",
    key: KEY,
    body: JSON.stringify({ call_id: session.call_id }),
  });
  expect(ended.status).toBe(200);
});

test("the minutes of an organization's day: calls of browsers use them up, after a restart as well", async () => {
  let minutesOn = 0;
  const clock = { ...systemClock, date: () => new Date(Date.UTC(2026, 11, 1, 12) + minutesOn * 60_000) };
  // It outlives the process, as a database does.
  const storage = { ...createMemoryStorage({ clock }), close: async () => undefined };
  const began = async () => {
    const { ask } = await start({ API_KEYS: `desk:admin:${KEY}` }, { storage, clock });
    return async (path: string, body: object) => {
      const answer = await ask(path, { method: "POST", key: KEY, body: JSON.stringify(body) });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
  };
  const mint = { org_id: "harbour" };
  const post = await began();
  await post("/api/org/config/harbour", { limits: { minutes_per_day: 10, call_minutes: 15 } });
  const { body: session } = await post("/api/realtime/session", mint);
  minutesOn = 6;
  const path = `/api/calls/${String(session["call_id"])}/transcript`;
  expect((await post(path, { role: "user", text: "Hello." })).status).toBe(200);
  expect((await post("/api/realtime/session", mint)).status).toBe(200);
  minutesOn = 10;
  expect((await post("/api/call/end", { call_id: session["call_id"] })).status).toBe(200);
  expect((await post("/api/realtime/session", mint)).status).toBe(429);

  await app?.close();
  const again = await began();
  expect((await again("/api/realtime/session", mint)).status).toBe(429);
  expect((await again("/api/realtime/session", { org_id: "default" })).status).toBe(200);
});

test("an organization's browser call has its words, its rules and its limits", async () => {
  const { ask } = await start({ API_KEYS: `desk:admin:${KEY}` });
  const post = async (path: string, body: object) => {
    const answer = await ask(path, { method: "POST", key: KEY, body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const config = {
    name: "Blue Harbour Clinic",
    greeting: "Harbour, good day.",
    facts: ["Parking is behind the house."],
    escalation: { mode: "message", rules: { emergency_keywords: ["blue smoke"] } },
    limits: { concurrent_calls: 1 },
  };
  expect((await post("/api/org/config/harbour", config)).status).toBe(201);
  const { body: session } = await post("/api/realtime/session", { org_id: "harbour" });
  expect((await post("/api/realtime/session", { org_id: "harbour" })).status).toBe(429);
  const { value } = session["client_secret"] as { value: string };
  const socket = new WebSocket(`${openai.baseUrl.replace("http", "ws")}/realtime?model=${String(session["model"])}`, {
    headers: { authorization: `Bearer ${value}` },
  });
  const [first] = (await once(socket, "message")) as [Buffer];
  socket.terminate();
  const { instructions } = (JSON.parse(first.toString()) as { session: { instructions: string } }).session;
  for (const words of ["Blue Harbour Clinic", "Parking is behind the house.", 'words: "Harbour, good day."'])
    expect(instructions).toContain(words);

  const callId = String(session["call_id"]);
  const told = await post(`/api/calls/${callId}/transcript`, { role: "user", text: "There is blue smoke everywhere." });
  expect(told.body).toMatchObject({ phase: "escalation", judged: [{ line: 0, kind: "escalate" }] });
  await post("/api/call/end", { call_id: callId });
  const record = await (await ask(`/api/calls/${callId}`, { key: KEY })).json();
  expect(record).toMatchObject({ org_id: "harbour", escalated: true, escalation: { urgency: "emergency" } });
});

test("without OPENAI_API_KEY nothing is minted, and calls can be told of all the same", async () => {
  const { ask } = await start({ API_KEYS: `desk:admin:${KEY}`, OPENAI_API_KEY: "" });
  const body = JSON.stringify({ org_id: "default" });
  expect((await ask("/api/realtime/session", { method: "POST", key: KEY, body })).status).toBe(503);
  expect((await ask("/api/call/start", { method: "POST", key: KEY, body })).status).toBe(201);
});

test("other origins, limits and bad keys as the configuration says", async () => {
  const { ask } = await start({
    API_KEYS: `desk:admin:${KEY}`,
    CORS_ORIGINS: "https://app.example",
    RATE_LIMIT_PER_MINUTE: "3",
  });
  const good = await ask("/api/me", { key: KEY, headers: { origin: "https://app.example" } });
  expect(good.headers.get("access-control-allow-origin")).toBe("https://app.example");
  await ask("/api/me", { key: KEY });
  await ask("/api/me", { key: KEY });
  expect((await ask("/api/me", { key: KEY })).status).toBe(429);
});
