// npm run doctor against the real server and the simulators: everything good, then each thing broken in turn.
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { buildApp, type App } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { systemClock } from "../../src/observe/system.ts";
import { announcedEnd } from "../../src/ops/checks/model-ends.ts";
import type { Result } from "../../src/ops/checks/run-checks.ts";
import { diagnose } from "../../src/ops/diagnose.ts";
import { startOpenAISim, type OpenAISim } from "../../src/sim/openai/index.ts";
import { MODELS } from "../../src/sim/openai/models.ts";
import { emptyFolder, freePort } from "../support/child.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { keptLog } from "../support/observe.ts";
import { AUTH_TOKEN, keptTerminal, NUMBER, startDesk, type Desk } from "./desk.ts";
import { startProxy, type Manner, type Proxy } from "./proxy.ts";

let desk: Desk;
let openai: OpenAISim;
let proxy: Proxy;
let app: App;
let port: number;
let serverFolder: Awaited<ReturnType<typeof emptyFolder>>;

function environment(more: Readonly<Record<string, string | undefined>> = {}): Record<string, string> {
  return desk.environment({
    HOST: "127.0.0.1",
    PORT: String(port),
    WEBHOOK_URL: proxy.url,
    OPENAI_API_KEY: openai.apiKey,
    OPENAI_BASE_URL: openai.baseUrl,
    API_KEYS: "desk:read:0123456789abcdef",
    ...more,
  });
}

beforeAll(async () => {
  [desk, openai, proxy, port, serverFolder] = await Promise.all([
    startDesk(),
    startOpenAISim(),
    startProxy(),
    freePort(),
    emptyFolder(),
  ]);
  app = buildApp({
    config: readConfig(environment({ DATA_DIR: serverFolder.path })),
    log: keptLog(),
    storage: createMemoryStorage(),
  });
  await app.listen();
});
afterAll(async () => {
  await app.close();
  await Promise.all([desk.close(), openai.close(), proxy.close()]);
  await serverFolder.remove();
});
beforeEach(() => {
  proxy.target = `http://127.0.0.1:${port}`;
  proxy.manner = "good";
  openai.faults = {};
  setNumber({});
});

const GOOD = () => ({
  VoiceUrl: `${proxy.url}/voice`,
  VoiceMethod: "POST",
  VoiceFallbackUrl: "https://fallback.example.net/sorry",
  VoiceFallbackMethod: "GET",
  StatusCallback: `${proxy.url}/voice/status`,
  StatusCallbackMethod: "POST",
  VoiceApplicationSid: "",
  TrunkSid: "",
});
function setNumber(more: Readonly<Record<string, string>>): void {
  const number = desk.twilio.numbers.find(NUMBER);
  if (number) Object.assign(number.settings, GOOD(), more);
}

interface Told {
  readonly code: number;
  readonly out: string;
  readonly checks: readonly Result[];
  readonly of: (id: string) => Result;
}

async function doctor(more: Readonly<Record<string, string | undefined>> = {}, date?: string): Promise<Told> {
  const terminal = keptTerminal(environment(more));
  const clock = date === undefined ? systemClock : { ...systemClock, date: () => new Date(date) };
  const code = await diagnose(["--json"], terminal, { clock });
  const { checks } = JSON.parse(terminal.out()) as { checks: readonly Result[] };
  return {
    code,
    out: terminal.out(),
    checks,
    of(id) {
      const found = checks.find((check) => check.id === id);
      if (!found) throw new Error(`there is no check ${id}`);
      return found;
    },
  };
}

const failedOf = ({ checks }: Told): string[] => checks.filter(({ status }) => status === "fail").map(({ id }) => id);

describe("all is well", () => {
  test("every check is ok but what a test cannot have, in the order that is promised", async () => {
    const told = await doctor();
    expect(told.code).toBe(0);
    expect(told.checks.map(({ id, status }) => `${status} ${id}`)).toEqual([
      "ok settings",
      expect.stringMatching(/^(ok|warn) data-dir$/),
      "ok database",
      "skipped redis",
      "ok openai-key",
      "ok model:REALTIME_MODEL",
      "ok model:TRANSCRIPTION_MODEL",
      "ok model:ASSISTANT_MODEL",
      "ok model:STT_MODEL",
      "ok model:TTS_MODEL",
      "ok realtime",
      "ok thread",
      "ok twilio-account",
      "ok number-webhook",
      "ok number-fallback",
      "ok number-status",
      "ok server",
      // On this machine alone.
      "warn public-https",
      "skipped certificate",
      "ok signature",
      "ok public-wss",
      "skipped mcp",
      "skipped prices",
    ]);
  });

  test("nothing was generated, nothing changed, nothing left behind, and no call began", async () => {
    const before = { rest: openai.requests.length, changes: desk.changes().length };
    await doctor();
    const asked = openai.requests.slice(before.rest).map(({ method, path }) => `${method} ${path}`);
    expect(asked.filter((one) => /responses|completions|audio|runs/.test(one))).toEqual([]);
    expect(openai.state.conversations.size).toBe(0);
    expect(desk.changes()).toHaveLength(before.changes);
    expect(readdirSync(desk.dataDir)).toEqual([]);
    expect(await app.store.list({ limit: 10 })).toEqual([]);
    expect(desk.twilio.rest.requests.every(({ method }) => method === "GET")).toBe(true);
    const health = await fetch(`http://127.0.0.1:${port}/health`);
    expect(health.status).toBe(200);
  });

  test("as text it is one line for each check, with how to mend it, and a sum", async () => {
    const terminal = keptTerminal(environment({ VOICE_FALLBACK_URL: undefined }));
    setNumber({ VoiceFallbackUrl: "" });
    expect(await diagnose([], terminal, { clock: systemClock })).toBe(0);
    const lines = terminal.out().split("\n");
    expect(lines).toHaveLength(23 + 2);
    expect(lines.filter((line) => !/^(ok|warn|fail|skipped) +\S/.test(line)).slice(0, -1)).toEqual([""]);
    expect(terminal.out()).toMatch(/^warn +number's fallback +none: .*To mend: set VOICE_FALLBACK_URL/m);
    expect(lines.at(-1)).toMatch(/^\d+ ok, \d to look at, 0 failed, 4 skipped\.$/);
  });
});

describe("settings", () => {
  test("every problem is told, and nothing else is looked at", async () => {
    const asked = proxy.asked.length;
    const told = await doctor({ PORT: "many", TWILIO_AUTH_TOKEN: undefined, VAD: "ears" });
    expect(told.code).toBe(1);
    expect(told.checks).toMatchObject([{ id: "settings", status: "fail" }]);
    expect(told.checks[0]?.details).toEqual([
      expect.stringContaining("PORT"),
      expect.stringContaining("VAD"),
      expect.stringContaining("TWILIO_AUTH_TOKEN"),
    ]);
    expect(proxy.asked).toHaveLength(asked);
  });

  test("without any the rest is skipped and nothing fails", async () => {
    const terminal = keptTerminal({ DATA_DIR: join(desk.dataDir, "none"), PORT: String(await freePort()) });
    expect(await diagnose([], terminal, { clock: systemClock })).toBe(0);
    expect(terminal.out()).toMatch(/^skipped +OpenAI key +OPENAI_API_KEY is not set/m);
    expect(terminal.out()).toMatch(/^skipped +media stream +Twilio is not configured/m);
    expect(terminal.out()).toMatch(/ok +database +embedded, will be made/);
    expect(readdirSync(desk.dataDir)).toEqual([]);
  });

  test.each([
    [["--jason"], 2],
    [["--help"], 0],
  ])("%p ends with %i", async (args, code) => {
    expect(await diagnose(args, keptTerminal({}), { clock: systemClock })).toBe(code);
  });
});

describe("the far side that speaks and thinks", () => {
  test("a bad key is one failure, and it is not repeated by what needs the key", async () => {
    const told = await doctor({ OPENAI_API_KEY: "sk-somebody-elses-key" });
    expect(failedOf(told)).toEqual(["openai-key"]);
    expect(told.of("openai-key").found).toContain("refuses OPENAI_API_KEY (401)");
    for (const id of ["model:REALTIME_MODEL", "realtime", "thread"]) expect(told.of(id).status).toBe("skipped");
    expect(told.out).not.toContain("sk-somebody-elses-key");
  });

  test("a host that is not there", async () => {
    const told = await doctor({ OPENAI_BASE_URL: `http://127.0.0.1:${await freePort()}/v1` });
    expect(failedOf(told)).toEqual(["openai-key"]);
    expect(told.of("openai-key").found).toContain("cannot be reached");
  });

  test("models that end are warned of by what the list says", async () => {
    const told = await doctor({ ASSISTANT_MODEL: "gpt-4.1-mini", REALTIME_MODEL: "gpt-realtime-mini" }, "2026-12-01");
    expect(told.code).toBe(0);
    expect(told.of("model:ASSISTANT_MODEL")).toMatchObject({
      status: "warn",
      found: "gpt-4.1-mini ends on 2027-01-14, in 44 days",
      mend: "set ASSISTANT_MODEL to another, such as gpt-6-luna",
    });
    expect(told.of("model:REALTIME_MODEL").found).toBe("gpt-realtime-mini ends on 2027-01-20, in 50 days");
    expect((await doctor({ ASSISTANT_MODEL: "gpt-4.1-mini" }, "2026-08-01")).of("model:ASSISTANT_MODEL").status).toBe(
      "ok",
    );
  });

  test("so are those of speech that is no call: by their engine's own defaults, or as they are set", async () => {
    const told = await doctor({ TTS_ENGINE: "rest", STT_MODEL: "whisper-1" }, "2026-12-01");
    expect(told.of("model:TTS_MODEL")).toMatchObject({
      status: "warn",
      found: "gpt-4o-mini-tts ends on 2027-01-06, in 36 days",
      mend: "set TTS_MODEL to another, such as gpt-realtime-2.1-mini",
    });
    expect(told.of("model:STT_MODEL").found).toBe("whisper-1 ends on 2027-02-26, in 87 days");
  });

  test("where the list does not say, the table does", async () => {
    const silent = await startOpenAISim({
      models: [{ id: "gpt-4o-mini-2024-07-18", use: "text", shutdown_date: undefined }],
    });
    const told = await doctor(
      { OPENAI_BASE_URL: silent.baseUrl, ASSISTANT_MODEL: "gpt-4o-mini-2024-07-18" },
      "2026-12-31",
    );
    await silent.close();
    expect(told.of("model:ASSISTANT_MODEL")).toMatchObject({
      status: "warn",
      found: "gpt-4o-mini-2024-07-18 ends on 2027-01-14, in 14 days (at OpenAI)",
    });
    // The table and the simulator were written from the same announcements.
    for (const { id, shutdown_date } of MODELS)
      expect([id, announcedEnd(id)?.date ?? null]).toEqual([id, shutdown_date]);
  });

  test("a model that has ended, or never was, fails, and so does the session that needs it", async () => {
    const later = await startOpenAISim({ now: () => Date.parse("2027-02-01") });
    const told = await doctor(
      { OPENAI_BASE_URL: later.baseUrl, REALTIME_MODEL: "gpt-realtime", ASSISTANT_MODEL: "gpt-99" },
      "2027-02-01",
    );
    await later.close();
    expect(failedOf(told)).toEqual(["model:REALTIME_MODEL", "model:ASSISTANT_MODEL", "realtime"]);
    expect(told.of("model:REALTIME_MODEL").found).toContain("it ended on 2027-01-20");
    expect(told.of("realtime").found).toContain("model_not_found");
  });

  test("a session whose settings are refused says which", async () => {
    const told = await doctor({ VOICE: "nobody" });
    expect(failedOf(told)).toEqual(["realtime"]);
    expect(told.of("realtime").found).toContain("session.audio.output.voice");
  });

  test.each([
    ["refused at the door", { refuse: 503 as const }, /http-5xx/],
    ["never configured", { ignoreUpdates: true }, /setup-timeout/],
  ])("a session that is %s", async (_how, faults, found) => {
    openai.faults = faults;
    expect((await doctor()).of("realtime")).toMatchObject({ status: "fail", found: expect.stringMatching(found) });
  });

  test("each thread client is tried by its own API", async () => {
    expect((await doctor({ THREAD_CLIENT: "chat" })).of("thread")).toMatchObject({ status: "ok" });
    const assistants = { THREAD_CLIENT: "assistants", AGENT_WORKFLOW_ID: "asst_sim" };
    expect((await doctor(assistants)).of("thread").found).toContain("asst_sim is there");
    expect(openai.state.threads.size).toBe(0);
    openai.faults = { assistantsRemoved: true };
    expect((await doctor(assistants)).of("thread")).toMatchObject({
      status: "fail",
      mend: "try THREAD_CLIENT=responses",
    });
    openai.faults = { restStatus: 404, restOnly: "/v1/conversations" };
    expect((await doctor()).of("thread")).toMatchObject({ status: "fail", mend: "try THREAD_CLIENT=chat" });
    const alone = await doctor({ VOICE_MODE: "speech-to-speech" });
    expect([alone.of("thread").status, alone.of("model:ASSISTANT_MODEL").status]).toEqual(["skipped", "skipped"]);
  });

  test("a far side that never answers is one failure", async () => {
    openai.faults = { restHang: true, restOnly: "/v1/conversations" };
    const told = await doctor();
    expect(failedOf(told)).toEqual(["thread"]);
  });
});

describe("the carrier", () => {
  test("a wrong token is one failure", async () => {
    const told = await doctor({ TWILIO_AUTH_TOKEN: "99999999999999999999999999999999" });
    expect(told.of("twilio-account")).toMatchObject({ status: "fail", found: expect.stringContaining("401") });
    for (const id of ["number-webhook", "number-fallback", "number-status"]) expect(told.of(id).status).toBe("skipped");
    // The server that runs has the right one.
    expect(told.of("signature").found).toContain("badly signed");
    expect(told.out).not.toContain("99999999999999999999999999999999");
  });

  test("a webhook that leads elsewhere, or nowhere", async () => {
    setNumber({ VoiceUrl: "https://old.example/voice" });
    expect((await doctor()).of("number-webhook")).toMatchObject({
      status: "fail",
      found: `+1***22 calls https://old.example/voice, not ${proxy.url}/voice`,
      mend: "npm run twilio:configure",
    });
    setNumber({ VoiceUrl: "" });
    expect((await doctor()).of("number-webhook").found).toContain("has no webhook");
    setNumber({ VoiceApplicationSid: `AP${"1".repeat(32)}` });
    expect((await doctor()).of("number-webhook").found).toContain("overrides VoiceUrl");
  });

  test("a fallback that is missing, another, or on the host it stands in for", async () => {
    setNumber({ VoiceFallbackUrl: "" });
    expect((await doctor()).of("number-fallback")).toMatchObject({ status: "warn", mend: "npm run twilio:configure" });
    expect((await doctor({ VOICE_FALLBACK_URL: undefined })).of("number-fallback").found).toMatch(/^none: /);
    const own = `${proxy.url}/sorry`;
    setNumber({ VoiceFallbackUrl: own });
    const told = await doctor({ VOICE_FALLBACK_URL: own });
    expect(told.of("number-fallback")).toMatchObject({ status: "warn", found: expect.stringContaining("dead server") });
    expect(told.code).toBe(0);
  });

  test("a status callback that is missing", async () => {
    setNumber({ StatusCallback: "" });
    expect((await doctor()).of("number-status")).toMatchObject({
      status: "warn",
      found: expect.stringContaining(`not set, not POST ${proxy.url}/voice/status`),
    });
  });

  test("a number of somebody else's, and none", async () => {
    const told = await doctor({ TWILIO_PHONE_NUMBER: "+15550009999" });
    expect(failedOf(told)).toEqual(["number-webhook"]);
    expect(told.of("number-webhook").found).toContain("+1***99 is not in this Twilio account");
    expect((await doctor({ TWILIO_PHONE_NUMBER: undefined })).of("number-webhook").status).toBe("skipped");
  });
});

describe("the way from the carrier to here", () => {
  const cases: readonly [Manner, Readonly<Record<string, RegExp>>][] = [
    ["rewrites-path", { signature: /answered a signed request with 404/, "public-wss": /with 404/ }],
    [
      "adds-query",
      { signature: /but not through the public address/, "public-wss": /but not through the public address/ },
    ],
    ["rewrites-body", { signature: /but not through the public address/ }],
    ["drops-signature", { signature: /without its signature/, "public-wss": /not through the public address/ }],
    ["no-upgrades", { "public-wss": /answered an upgrade with 426/ }],
    ["bad-gateway", { "public-https": /502: a proxy without a server behind it/ }],
    ["redirects", { "public-https": /redirects to https:\/\/www\.voice\.example/ }],
    ["asks-for-login", { signature: /with 401/, "public-wss": /with 502/ }],
    ["something-else", { "public-https": /not this program/ }],
  ];
  test.each(cases)("a proxy that %s", async (manner, expected) => {
    proxy.manner = manner;
    const told = await doctor();
    expect(failedOf(told)).toEqual(Object.keys(expected));
    for (const [id, found] of Object.entries(expected)) {
      expect(told.of(id).found).toMatch(found);
      expect(told.of(id).mend).toBeTruthy();
    }
    expect(told.code).toBe(1);
  });

  test("an address where nobody is", async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const told = await doctor({ WEBHOOK_URL: nobody, TWILIO_PHONE_NUMBER: undefined });
    expect(failedOf(told)).toEqual(["public-https"]);
    expect(told.of("public-https").found).toContain("nobody listens");
    expect(told.of("signature").found).toBe("it needs what failed above: public address");
    const unknown = await doctor({ WEBHOOK_URL: "https://voice.invalid", TWILIO_PHONE_NUMBER: undefined });
    expect(unknown.of("public-https")).toMatchObject({
      status: "fail",
      found: expect.stringMatching(/not known to the name service|cannot be reached/),
    });
  });

  test("a server that takes what is not signed", async () => {
    const open = await freePort();
    const other = buildApp({
      config: readConfig(
        environment({ PORT: String(open), TWILIO_VALIDATE: "false", DATA_DIR: join(serverFolder.path, "open") }),
      ),
      log: keptLog(),
      storage: createMemoryStorage(),
    });
    await other.listen();
    proxy.target = `http://127.0.0.1:${open}`;
    const told = await doctor();
    expect(failedOf(told)).toEqual(["signature", "public-wss"]);
    expect(told.of("signature").found).toContain("answered 204 instead of 403");
    const known = await doctor({ TWILIO_VALIDATE: "false" });
    expect(known.of("signature")).toMatchObject({ status: "warn", mend: "unset TWILIO_VALIDATE" });
    await other.close();
  });

  test("a server of another token is told from a proxy that rewrites", async () => {
    const told = await doctor({ TWILIO_AUTH_TOKEN_SECONDARY: AUTH_TOKEN, TWILIO_AUTH_TOKEN: "88888888888888888888" });
    expect(told.of("signature").mend).toContain("the very settings");
    expect(told.of("public-wss").mend).toContain("the very settings");
  });

  test("a port that something else has", async () => {
    const squatter = createServer((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
    squatter.listen(0, "127.0.0.1");
    await once(squatter, "listening");
    const told = await doctor({ PORT: String((squatter.address() as AddressInfo).port) });
    squatter.close();
    expect(told.of("server")).toMatchObject({ status: "warn", found: expect.stringContaining("something else") });
  });
});

describe("what is kept, and where", () => {
  test("a folder that is a file", async () => {
    const path = join(serverFolder.path, "file");
    writeFileSync(path, "");
    const told = await doctor({ DATA_DIR: join(path, "data") });
    expect(told.of("data-dir")).toMatchObject({ status: "fail", found: expect.stringContaining("file") });
  });

  test("a database and a Redis that are not there, without a word of their passwords", async () => {
    const nobody = await freePort();
    const told = await doctor({
      DATABASE_URL: `postgres://voice:s3cret%40word@127.0.0.1:${nobody}/voice`,
      USE_REDIS: "true",
      REDIS_URL: `redis://:0ther-s3cret@127.0.0.1:${nobody}`,
      SECRET_KEY: "x".repeat(32),
    });
    expect(failedOf(told)).toEqual(["database", "redis"]);
    expect(told.of("database").found).toContain(`Nobody listens at 127.0.0.1:${nobody}`);
    expect(told.of("redis").found).toBe(`nobody listens at 127.0.0.1:${nobody}`);
    expect(told.out).not.toMatch(/s3cret/);
  });

  test("a file of prices: missing, incomplete, complete", async () => {
    const path = join(serverFolder.path, "prices.json");
    expect((await doctor({ PRICES_FILE: path })).of("settings").details).toEqual([
      expect.stringContaining("PRICES_FILE cannot be read"),
    ]);
    const tokens = { per_million_tokens: { input: 1, output: 2, audio_input: 3, audio_output: 4 } };
    const put = (models: object): void =>
      writeFileSync(path, JSON.stringify({ currency: "USD", models, carrier: { per_minute: 0.01 } }));
    put({ "gpt-realtime-2.1": tokens, "gpt-6-luna": tokens });
    const lacking = await doctor({ PRICES_FILE: path });
    expect(lacking.of("prices")).toMatchObject({
      status: "warn",
      found: expect.stringContaining("gpt-live-transcribe"),
    });
    expect(lacking.of("settings").status).toBe("ok");
    put({ "gpt-realtime-2.1": tokens, "gpt-6-luna": tokens, "gpt-live-transcribe": { per_minute: 0.1 } });
    expect((await doctor({ PRICES_FILE: path })).of("prices")).toMatchObject({ status: "ok" });
  });
});
