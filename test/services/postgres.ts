// A PostgreSQL server of the test's own, and a pooler in transaction mode before it: made in a temporary folder, on free ports,
// and gone with the test. As root the programs run as the user postgres, because PostgreSQL refuses root.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../support/child.ts";
import { must } from "./program.ts";

export const PASSWORD = "p@ss/w#rd";
const IS_ROOT = process.getuid?.() === 0;

export interface Postgres {
  readonly port: number;
  /** As the owner of the database `voice`. */
  readonly url: string;
  /** Of a user who may connect and no more. */
  readonly strangerUrl: string;
  /** A pooler in transaction mode before it. */
  readonly poolerUrl: string;
  /** The certificate of the authority that signed the server's. */
  readonly caFile: string;
  psql(statement: string): Promise<string>;
  /** A database of its own, empty. */
  freshDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

async function binaries(): Promise<string> {
  const versions = await readdir("/usr/lib/postgresql");
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  return `/usr/lib/postgresql/${newest}/bin`;
}

/** Whether the newest server on this machine comes with pgvector. */
export function hasPgvector(): boolean {
  const [newest] = readdirSync("/usr/lib/postgresql").toSorted((a, b) => Number(b) - Number(a));
  return existsSync(`/usr/share/postgresql/${newest}/extension/vector.control`);
}

const asUser = (command: string, args: readonly string[]): [string, string[]] =>
  IS_ROOT ? ["runuser", ["-u", "postgres", "--", command, ...args]] : [command, [...args]];

export async function startPostgres(): Promise<Postgres> {
  const bin = await binaries();
  const folder = await mkdtemp(join(tmpdir(), "voicebridge-pg-"));
  const data = join(folder, "data");
  const port = await freePort();
  const poolerPort = await freePort();
  const own = async (path: string): Promise<void> => {
    if (!IS_ROOT) return;
    const [uid, gid] = (await must("id", ["-u", "postgres"])).out
      .trim()
      .concat(" ", (await must("id", ["-g", "postgres"])).out.trim())
      .split(" ");
    await chown(path, Number(uid), Number(gid));
  };
  await chmod(folder, 0o755);
  await own(folder);
  await must(...asUser(`${bin}/initdb`, ["-D", data, "-U", "postgres", "-E", "UTF8", "--auth=trust", "--no-sync"]));
  await certificates(folder, own);
  await writeFile(
    join(data, "pg_hba.conf"),
    "local all postgres trust\nhost all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n",
  );
  await writeFile(
    join(data, "postgresql.auto.conf"),
    [
      `port = ${port}`,
      "listen_addresses = '127.0.0.1'",
      `unix_socket_directories = '${folder}'`,
      "fsync = off",
      "ssl = on",
      `ssl_cert_file = '${folder}/server.crt'`,
      `ssl_key_file = '${folder}/server.key'`,
      "max_connections = 40",
    ].join("\n"),
  );
  for (const name of ["pg_hba.conf", "postgresql.auto.conf"]) await own(join(data, name));
  const control = (...args: string[]): Promise<unknown> =>
    must(...asUser(`${bin}/pg_ctl`, ["-D", data, "-w", "-t", "60", "-l", join(folder, "log"), ...args]));
  await control("start");

  const psql = async (statement: string, database = "postgres"): Promise<string> =>
    (
      await must(`${bin}/psql`, [
        "-h",
        "127.0.0.1",
        "-p",
        String(port),
        "-U",
        "postgres",
        "-d",
        database,
        "-Atc",
        statement,
      ])
    ).out.trim();
  await psql(`create role voice login password '${PASSWORD}'`);
  await psql(`create role stranger login password '${PASSWORD}'`);
  await psql("create database voice owner voice");
  await psql("revoke create on schema public from public", "voice");
  // As an administrator does it: upstream's is not one that a database's owner may create.
  if (hasPgvector()) await psql("create extension vector", "voice");
  const url = (user: string, at: number, database: string): string =>
    `postgres://${user}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${at}/${database}`;
  const pooler = await startPooler(folder, poolerPort, port, own);
  let closed = false;
  return {
    port,
    url: url("voice", port, "voice"),
    strangerUrl: url("stranger", port, "voice"),
    poolerUrl: url("voice", poolerPort, "voice"),
    caFile: join(folder, "ca.crt"),
    psql,
    async freshDatabase(name) {
      await psql(`create database ${name} owner voice`);
      return url("voice", port, name);
    },
    stop: () => control("stop", "-m", "immediate").then(() => undefined),
    start: () => control("start").then(() => undefined),
    async close() {
      if (closed) return;
      closed = true;
      const gone = once(pooler, "exit");
      pooler.kill("SIGTERM");
      await gone;
      await control("stop", "-m", "immediate").catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** An authority, and a certificate for 127.0.0.1 that it signed. */
async function certificates(folder: string, own: (path: string) => Promise<void>): Promise<void> {
  const at = (name: string): string => join(folder, name);
  const ca = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Test authority"];
  await must("openssl", [...ca, "-keyout", at("ca.key"), "-out", at("ca.crt")]);
  await must("openssl", [
    "req",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-subj",
    "/CN=localhost",
    "-keyout",
    at("server.key"),
    "-out",
    at("server.csr"),
  ]);
  await writeFile(at("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  const sign = [
    "x509",
    "-req",
    "-in",
    at("server.csr"),
    "-CA",
    at("ca.crt"),
    "-CAkey",
    at("ca.key"),
    "-CAcreateserial",
  ];
  await must("openssl", [...sign, "-days", "2", "-extfile", at("names"), "-out", at("server.crt")]);
  await chmod(at("server.key"), 0o600);
  await own(at("server.key"));
}

async function startPooler(
  folder: string,
  port: number,
  server: number,
  own: (path: string) => Promise<void>,
): Promise<ChildProcess> {
  const home = join(folder, "pooler");
  await mkdir(home);
  await writeFile(join(home, "users.txt"), `"voice" "${PASSWORD}"\n`);
  await writeFile(
    join(home, "pgbouncer.ini"),
    [
      "[databases]",
      `* = host=127.0.0.1 port=${server}`,
      "[pgbouncer]",
      "listen_addr = 127.0.0.1",
      `listen_port = ${port}`,
      "unix_socket_dir =",
      "auth_type = plain",
      `auth_file = ${home}/users.txt`,
      // Two connections for everybody: what belongs to a session would show at once.
      "pool_mode = transaction",
      "default_pool_size = 2",
      "max_client_conn = 100",
      "server_login_retry = 1",
    ].join("\n"),
  );
  for (const path of [home, join(home, "users.txt"), join(home, "pgbouncer.ini")]) await own(path);
  const pooler = spawn("/usr/sbin/pgbouncer", [...(IS_ROOT ? ["-u", "postgres"] : []), join(home, "pgbouncer.ini")], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  pooler.stderr.on("data", (part: Buffer) => (said += part.toString()));
  pooler.stdout.resume();
  for (let waited = 0; !(await answers(port)); waited += 50) {
    if (waited > 10_000 || pooler.exitCode !== null) throw new Error(`the pooler did not start:\n${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return pooler;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
