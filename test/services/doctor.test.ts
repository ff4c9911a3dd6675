// npm run doctor with a real PostgreSQL, a real Redis, and TLS before the server: each good, then each broken.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buildApp, type App } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { systemClock } from "../../src/observe/system.ts";
import { runChecks, type Result } from "../../src/ops/checks/run-checks.ts";
import { emptyFolder, freePort, startChild } from "../support/child.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { keptLog } from "../support/observe.ts";
import { startPostgres, type Postgres } from "./postgres.ts";
import { must } from "./program.ts";
import { startRedis, type Redis } from "./redis.ts";

const TOKEN = "12345678901234567890123456789012";

let folder: Awaited<ReturnType<typeof emptyFolder>>;
beforeAll(async () => {
  folder = await emptyFolder();
});
afterAll(() => folder.remove());

async function check(
  id: string,
  environment: Readonly<Record<string, string>>,
  { ca, date }: { readonly ca?: string; readonly date?: Date } = {},
): Promise<Result> {
  const config = readConfig({ DATA_DIR: folder.path, PORT: "1", SECRET_KEY: "x".repeat(32), ...environment });
  const clock = date ? { ...systemClock, date: () => date } : systemClock;
  const results = await runChecks(config, { clock, ...(ca !== undefined && { ca }) });
  const found = results.find((result) => result.id === id);
  if (!found) throw new Error(`there is no check ${id}`);
  return found;
}

describe("PostgreSQL", () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.close());

  test("there, refusing the password, refusing the rights, down, and there again", async () => {
    const of = (url: string): Promise<Result> => check("database", { DATABASE_URL: url });
    expect(await of(postgres.url)).toMatchObject({
      status: "ok",
      found: expect.stringMatching(/PostgreSQL \d+.*tables/),
    });
    const wrong = await of(postgres.url.replace("p%40ss", "other"));
    expect(wrong).toMatchObject({ status: "fail", found: expect.stringContaining("password") });
    expect((await of(postgres.strangerUrl)).found).toContain("may not do this");
    await postgres.stop();
    expect((await of(postgres.url)).found).toContain("Nobody listens");
    await postgres.start();
    expect((await of(postgres.url)).status).toBe("ok");
    const left = await postgres.psql("select count(*) from pg_tables where tablename = 'voicebridge_check'");
    expect(left).toBe("0");
  });
});

describe("Redis", () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.close());
  const of = (url = redis.url): Promise<Result> => check("redis", { USE_REDIS: "true", REDIS_URL: url });
  const cli = (...args: string[]) => must("redis-cli", ["-u", redis.url, ...args]);

  test("there, with nothing left in it", async () => {
    expect(await of()).toMatchObject({ status: "ok", found: expect.stringMatching(/^Redis \d.*no memory limit$/) });
    expect((await cli("dbsize")).out.trim()).toBe("0");
  });

  test("one that drops keys when it is full", async () => {
    await cli("config", "set", "maxmemory", "100mb");
    await cli("config", "set", "maxmemory-policy", "allkeys-lru");
    expect(await of()).toMatchObject({ status: "warn", mend: "set maxmemory-policy noeviction" });
    await cli("config", "set", "maxmemory-policy", "noeviction");
    expect((await of()).status).toBe("ok");
  });

  test("one that takes no writes, and one that wants a password", async () => {
    await cli("replicaof", "127.0.0.1", "1");
    expect((await of()).found).toContain("is a replica");
    await cli("replicaof", "no", "one");
    await cli("config", "set", "requirepass", "s3cret");
    expect((await of()).found).toContain("refuses the user or the password");
    expect((await of(redis.url.replace("//", "//:s3cret@"))).status).toBe("ok");
    const wrong = await of(redis.url.replace("//", "//:other-s3cret@"));
    expect(wrong.found).toContain("refuses the user or the password");
    expect(JSON.stringify(wrong)).not.toContain("s3cret");
  });

  test("one that holds the connection and says nothing, and one that is gone", async () => {
    redis.freeze();
    const silent = await of();
    redis.thaw();
    expect(silent).toMatchObject({ status: "fail", found: expect.stringMatching(/no answer|does not answer/) });
    await redis.kill();
    expect((await of()).found).toContain("nobody listens");
  });
});

describe("TLS before the server", () => {
  let app: App;
  let port: number;
  const open: https.Server[] = [];
  beforeAll(async () => {
    const at = (name: string): string => join(folder.path, name);
    await must("openssl", [
      ..."req -x509 -newkey rsa:2048 -nodes -days 60 -subj /CN=Authority".split(" "),
      "-keyout",
      at("ca.key"),
      "-out",
      at("ca.crt"),
    ]);
    for (const [name, host] of [
      ["good", "localhost"],
      ["other", "other.example"],
    ] as const) {
      const request = [
        ..."req -newkey rsa:2048 -nodes".split(" "),
        "-subj",
        `/CN=${host}`,
        "-addext",
        `subjectAltName=DNS:${host}`,
      ];
      await must("openssl", [...request, "-keyout", at(`${name}.key`), "-out", at(`${name}.csr`)]);
      const sign = [
        "x509",
        "-req",
        "-in",
        at(`${name}.csr`),
        "-CA",
        at("ca.crt"),
        "-CAkey",
        at("ca.key"),
        "-CAcreateserial",
      ];
      await must("openssl", [...sign, "-days", "40", "-copy_extensions", "copy", "-out", at(`${name}.crt`)]);
    }
  });
  afterAll(async () => {
    await app?.close();
    for (const server of open) {
      server.closeAllConnections();
      server.close();
    }
  });

  /** Ends TLS with this certificate and leads to the server. */
  async function front(name: "good" | "other"): Promise<string> {
    const file = (kind: string): Buffer => readFileSync(join(folder.path, `${name}.${kind}`));
    const server = https.createServer({ key: file("key"), cert: file("crt") }, (incoming, outgoing) => {
      const to = { host: "127.0.0.1", port, path: incoming.url, method: incoming.method, headers: incoming.headers };
      incoming.pipe(
        http.request({ ...to, agent: false }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
        }),
      );
    });
    server.on("upgrade", (incoming, client) => {
      const to = { host: "127.0.0.1", port, path: incoming.url, headers: incoming.headers };
      const request = http.request({ ...to, agent: false });
      request.on("upgrade", (answer, socket) => {
        const head = Object.entries(answer.headers).map(([key, value]) => `${key}: ${String(value)}\r\n`);
        client.write(`HTTP/1.1 101 Switching Protocols\r\n${head.join("")}\r\n`);
        socket.on("error", () => client.destroy());
        client.on("error", () => socket.destroy());
        socket.pipe(client).pipe(socket);
      });
      request.on("response", (answer) => {
        client.end(
          `HTTP/1.1 ${answer.statusCode} Refused\r\nConnection: close\r\nContent-Type: ${answer.headers["content-type"]}\r\nContent-Length: 0\r\n\r\n`,
        );
        answer.resume();
      });
      request.end();
    });
    server.listen(0);
    await once(server, "listening");
    open.push(server);
    return `https://localhost:${(server.address() as AddressInfo).port}`;
  }

  test("a good certificate, one that is about to end, one of an unknown authority, one of another name", async () => {
    port = await freePort();
    const url = await front("good");
    const environment = {
      HOST: "127.0.0.1",
      PORT: String(port),
      WEBHOOK_URL: url,
      TWILIO_ACCOUNT_SID: `AC${"1".repeat(32)}`,
      TWILIO_AUTH_TOKEN: TOKEN,
      TWILIO_API_BASE_URL: "http://127.0.0.1:9",
      OPENAI_API_KEY: "sk-none",
      OPENAI_BASE_URL: "http://127.0.0.1:9/v1",
    };
    app = buildApp({
      config: readConfig({ ...environment, DATA_DIR: join(folder.path, "server") }),
      log: keptLog(),
      storage: createMemoryStorage(),
    });
    await app.listen();
    const ca = readFileSync(join(folder.path, "ca.crt"), "utf8");
    expect((await check("public-https", environment, { ca })).status).toBe("ok");
    expect(await check("certificate", environment, { ca })).toMatchObject({
      status: "ok",
      found: expect.stringMatching(/^good until \d{4}-\d\d-\d\d, for (39|40) days$/),
    });
    expect((await check("signature", environment, { ca })).status).toBe("ok");
    expect(await check("public-wss", environment, { ca })).toMatchObject({
      status: "ok",
      found: expect.stringContaining("wss://localhost:"),
    });
    const later = new Date(Date.now() + 30 * 86_400_000);
    expect(await check("certificate", environment, { ca, date: later })).toMatchObject({
      status: "warn",
      found: expect.stringMatching(/for (9|10) days/),
    });
    expect((await check("public-https", environment)).found).toContain("is not trusted");
    const other = { ...environment, WEBHOOK_URL: await front("other") };
    expect((await check("public-https", other, { ca })).found).toContain("is for another name");
    expect((await check("signature", other, { ca })).status).toBe("skipped");
  });
});

test("the program itself ends at once, with the code of what it found", async () => {
  const good = startChild("src/ops/doctor.ts", { cwd: folder.path, env: { PORT: "1" }, args: ["--json"] });
  expect(await good.exited).toMatchObject({ code: 0 });
  expect(JSON.parse(good.stdout())).toMatchObject({ ok: true, failed: 0 });
  const wrong = startChild("src/ops/doctor.ts", { cwd: folder.path, env: { PORT: "1", VAD: "ears" } });
  expect(await wrong.exited).toMatchObject({ code: 1 });
  expect(wrong.stdout()).toMatch(/^fail +settings .*\n +- VAD /m);
});
