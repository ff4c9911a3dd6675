// npm run tunnel: the whole of it as real processes with a local tunnel, and its failures with a server and a tunnel that are
// not real.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { CommandError } from "../../src/ops/command.ts";
import { configureTwilio } from "../../src/ops/configure.ts";
import type { OpenTunnel } from "../../src/ops/ngrok.ts";
import { runTunnel } from "../../src/ops/run-tunnel.ts";
import { isFree, type ServerProcess } from "../../src/ops/server-process.ts";
import { startOpenAISim, type OpenAISim } from "../../src/sim/openai/index.ts";
import { freePort, startChild, type Child } from "../support/child.ts";
import { putDatabase } from "../support/embedded.ts";
import { until } from "../support/until.ts";
import { keptTerminal, NUMBER, OLD, startDesk, type Desk } from "./desk.ts";
import { openLocalTunnel } from "./local-tunnel.ts";

let desk: Desk;
let port: number;
beforeEach(async () => {
  desk = await startDesk();
  port = await freePort();
});
afterEach(() => desk.close());

const keptFile = () => join(desk.dataDir, "tunnel-number.json");
const settings = (more: Readonly<Record<string, string | undefined>> = {}) =>
  desk.environment({
    WEBHOOK_URL: undefined,
    OPENAI_API_KEY: "sk-sim",
    NGROK_AUTHTOKEN: "ngrok-secret",
    HOST: "127.0.0.1",
    PORT: String(port),
    ...more,
  });

describe("as processes", () => {
  let openai: OpenAISim;
  const left: number[] = [];
  beforeEach(async () => {
    openai = await startOpenAISim();
    await putDatabase(desk.dataDir);
  });
  afterEach(async () => {
    // Whatever a failed test left running.
    for (const pid of left.splice(0)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended, as it should.
      }
    }
    await openai.close();
  });

  async function start(more: Readonly<Record<string, string>> = {}) {
    const env = settings({ OPENAI_BASE_URL: openai.baseUrl, VOICE_MODE: "speech-to-speech", ...more });
    const tunnel = startChild("test/ops/tunnel-program.ts", { cwd: desk.dataDir, env });
    left.push(tunnel.pid);
    const serverPid = Number((await tunnel.says(/Starting the server, process (\d+)/))[1]);
    left.push(serverPid);
    const url = (await tunnel.says(/The tunnel is (http:\S+)/))[1] as string;
    await tunnel.says(/Ready: call/);
    return { tunnel, serverPid, url };
  }

  async function ended({ exited }: Child) {
    return (await exited).code;
  }

  test("the number leads through the tunnel to a talking server, and back to where it was on Ctrl-C", async () => {
    const { tunnel, url } = await start();
    expect(desk.settings()).toMatchObject({
      VoiceUrl: `${url}/voice`,
      VoiceMethod: "POST",
      VoiceFallbackUrl: "https://fallback.example.net/sorry",
      StatusCallback: `${url}/voice/status`,
    });
    expect(JSON.parse(readFileSync(keptFile(), "utf8"))).toMatchObject({
      number: NUMBER,
      pid: tunnel.pid,
      before: OLD,
    });

    const call = desk.twilio.call({
      from: "+15551110000",
      to: NUMBER,
      caller: [{ do: "wait-for-silence", ms: 500 }, { do: "hang-up" }],
      speed: 4,
    });
    const result = await call.done;
    expect(result).toMatchObject({ endedBy: "caller", debugger: [] });
    expect(result.scriptError).toBeUndefined();

    tunnel.signal("SIGINT");
    expect(await ended(tunnel)).toBe(0);
    expect(tunnel.output()).toContain(`${url}/voice -> ${OLD.VoiceUrl}`);
    expect(desk.settings()).toMatchObject(OLD);
    expect(existsSync(keptFile())).toBe(false);
    expect(await isFree(port, "127.0.0.1")).toBe(true);
    expect(await isFree(Number(new URL(url).port), "127.0.0.1")).toBe(true);
  });

  test("a killed tunnel is mended by the next one, or would be by twilio:configure -- --restore", async () => {
    const first = await start();
    first.tunnel.signal("SIGKILL");
    await first.tunnel.exited;
    expect(desk.settings().VoiceUrl).toBe(`${first.url}/voice`);
    process.kill(first.serverPid, "SIGKILL");
    await until("the orphaned server's port is free", () => !isAlive(first.serverPid));

    const dry = keptTerminal(settings());
    expect(await configureTwilio(["--restore", "--dry-run"], dry)).toBe(0);
    expect(dry.out()).toContain(`${first.url}/voice -> ${OLD.VoiceUrl}`);
    const second = await start();
    expect(second.tunnel.output()).toContain(`An earlier tunnel (process ${first.tunnel.pid}`);
    expect(second.tunnel.output()).toContain(`${first.url}/voice -> ${OLD.VoiceUrl}`);
    second.tunnel.signal("SIGTERM");
    expect(await ended(second.tunnel)).toBe(0);
    expect(desk.settings()).toMatchObject(OLD);
  });

  test("a server that crashes takes the number with it, and its code out", async () => {
    const { tunnel, serverPid } = await start();
    process.kill(serverPid, "SIGKILL");
    expect(await ended(tunnel)).toBe(137);
    expect(tunnel.stderr()).toContain("The server ended by itself, with code 137.");
    expect(desk.settings()).toMatchObject(OLD);
  });

  test("a terminal that is closed", async () => {
    const { tunnel } = await start();
    tunnel.closeTerminal();
    tunnel.signal("SIGHUP");
    expect(await ended(tunnel)).toBe(0);
    expect(desk.settings()).toMatchObject(OLD);
  });

  test("a live call is let to its end first; asked twice, it is not", async () => {
    const { tunnel } = await start();
    const call = desk.twilio.call({
      from: "+15551110000",
      to: NUMBER,
      caller: [{ do: "wait-for-hang-up", timeoutMs: 600_000 }],
    });
    await call.waitFor(({ kind }) => kind === "agent-speaking");
    // Ctrl-C reaches the whole group: for the server, a second signal at once would be an order to leave.
    tunnel.signalGroup("SIGINT");
    await until("the number is back", () => desk.settings().VoiceUrl === OLD.VoiceUrl);
    await tunnel.says(/waiting for the calls to end/);
    const askedAt = call.nowMs();
    await call.waitFor(({ kind, atMs }) => kind === "mark-returned" && atMs > askedAt + 500);
    expect(tunnel.output()).not.toContain("leaving at once");
    tunnel.signal("SIGINT");
    expect(await ended(tunnel)).toBe(0);
    call.hangUp();
    await call.done;
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The command with parts that do what a test says. */
describe("in parts", () => {
  /** What stands behind the tunnel in place of a server. */
  let answering: Server;
  let status: number;
  const opened: string[] = [];
  const closed: string[] = [];

  beforeEach(() => {
    status = 200;
    opened.length = closed.length = 0;
    answering = createServer((_request, response) => response.writeHead(status).end());
  });
  afterEach(async () => {
    answering.closeAllConnections();
    await new Promise<void>((resolve) => answering.close(() => resolve()));
  });

  const local: OpenTunnel = async (request) => {
    const tunnel = await openLocalTunnel(request);
    opened.push(tunnel.url);
    return {
      url: tunnel.url,
      close: async () => {
        await tunnel.close();
        closed.push(tunnel.url);
      },
    };
  };

  interface Run {
    readonly args?: readonly string[];
    readonly more?: Readonly<Record<string, string | undefined>>;
    readonly open?: OpenTunnel;
    /** Exits with this code at once, instead of answering. */
    readonly serverExits?: number;
  }

  function run({ args = [], more = {}, open = local, serverExits }: Run = {}) {
    const terminal = keptTerminal(settings(more));
    const environments: (string | undefined)[] = [];
    let signal: ((name: "SIGINT") => void) | undefined;
    let exit: (code: number) => void = () => undefined;
    let exitCode: number | undefined;
    const exited = new Promise<number>((resolve) => {
      exit = (code) => {
        exitCode ??= code;
        answering.close();
        answering.closeAllConnections();
        resolve(code);
      };
    });
    const server: ServerProcess = {
      pid: 4711,
      exited,
      hasExited: () => exitCode !== undefined,
      stop: () => exit(0),
      kill: () => exit(137),
    };
    const done = runTunnel(args, {
      terminal,
      tunnels: () => open,
      startServer(environment) {
        environments.push(environment.WEBHOOK_URL);
        if (serverExits === undefined) answering.listen(port, "127.0.0.1");
        else exit(serverExits);
        return server;
      },
      onStop(listener) {
        signal = listener;
        return () => (signal = undefined);
      },
    });
    return {
      done,
      terminal,
      environments,
      exit,
      interrupt: () => signal?.("SIGINT"),
      isListening: () => signal !== undefined,
      ready: () => until("it is ready", () => terminal.out().includes("Ready:")),
    };
  }

  /** Nothing is as it should not be, and nothing is left behind. */
  async function expectUntouched(): Promise<void> {
    expect(desk.changes()).toEqual([]);
    expect(existsSync(keptFile())).toBe(false);
    expect(closed).toEqual(opened);
    expect(await isFree(port, "127.0.0.1")).toBe(true);
  }

  test("everything that is missing is told at once, before anything is done", async () => {
    const it = run({
      more: { NGROK_AUTHTOKEN: "", OPENAI_API_KEY: "", TWILIO_PHONE_NUMBER: "", VAD_THRESHOLD: "loud" },
    });
    expect(await it.done).toBe(1);
    for (const name of ["NGROK_AUTHTOKEN", "OPENAI_API_KEY", "TWILIO_PHONE_NUMBER"])
      expect(it.terminal.err()).toContain(`${name} is missing: npm run tunnel needs it`);
    expect(it.terminal.err()).toContain("VAD_THRESHOLD must be a number");
    expect(desk.twilio.rest.requests).toEqual([]);
    await expectUntouched();
  });

  test("a WEBHOOK_URL of .env is not used: the server gets the tunnel's", async () => {
    const it = run({ more: { WEBHOOK_URL: "https://production.example.com" } });
    await it.ready();
    expect(it.environments).toEqual(opened);
    expect(desk.settings().VoiceUrl).toBe(`${opened[0]}/voice`);
    it.interrupt();
    expect(await it.done).toBe(0);
    expect(desk.settings()).toMatchObject(OLD);
    expect(closed).toEqual(opened);
    expect(it.isListening()).toBe(false);
  });

  test("--help and a wrong option do nothing", async () => {
    const help = run({ args: ["--help"] });
    expect(await help.done).toBe(0);
    expect(help.terminal.out()).toContain("--domain");
    expect(await run({ args: ["--port"] }).done).toBe(2);
    await expectUntouched();
  });

  test("Twilio refuses before a tunnel is opened", async () => {
    expect(await run({ more: { TWILIO_AUTH_TOKEN: "wrong-token" } }).done).toBe(3);
    expect(opened).toEqual([]);
    await expectUntouched();
  });

  test("the port is taken", async () => {
    answering.listen(port, "127.0.0.1");
    await once(answering, "listening");
    const it = run();
    expect(await it.done).toBe(1);
    expect(it.terminal.err()).toContain(`Port ${port} is taken`);
    expect(opened).toEqual([]);
    expect(desk.changes()).toEqual([]);
  });

  test("the tunnel does not open", async () => {
    const it = run({ open: () => Promise.reject(new CommandError(3, "ngrok opened no tunnel: bad token")) });
    expect(await it.done).toBe(3);
    expect(it.terminal.err()).toBe("ngrok opened no tunnel: bad token");
    expect(it.environments).toEqual([]);
    await expectUntouched();
  });

  test("the server does not start", async () => {
    const it = run({ serverExits: 78 });
    expect(await it.done).toBe(78);
    expect(it.terminal.err()).toContain("The server ended while it started");
    await expectUntouched();
  });

  test("the number's update fails: what it may have done is looked at and undone", async () => {
    const it = run();
    await until("the server is asked for", () => it.environments.length > 0);
    // Everything after this point fails, the putting back included.
    desk.twilio.rest.misbehave("503");
    expect(await it.done).toBe(4);
    expect(it.terminal.err()).toContain("in trouble (503)");
    expect(it.terminal.err()).toContain(
      "Could not put the number back (npm run twilio:configure -- --restore tries again)",
    );
    expect(closed).toEqual(opened);
    expect(existsSync(keptFile())).toBe(true);
    desk.twilio.rest.misbehave(undefined);
    expect(await configureTwilio(["--restore"], keptTerminal(settings()))).toBe(0);
    expect(desk.settings()).toMatchObject(OLD);
    await expectUntouched();
  });

  test("Twilio is away at the end: the file stays, and the exit code says so", async () => {
    const it = run();
    await it.ready();
    desk.twilio.rest.misbehave("reset");
    it.interrupt();
    expect(await it.done).toBe(4);
    expect(existsSync(keptFile())).toBe(true);
    expect(closed).toEqual(opened);
  });

  test("interrupted while the tunnel opens: it is closed though it opens late", async () => {
    let open: (() => void) | undefined;
    const it = run({
      open: async (request) => {
        await new Promise<void>((resolve) => (open = resolve));
        return local(request);
      },
    });
    await until("the tunnel is asked for", () => open !== undefined);
    it.interrupt();
    open?.();
    expect(await it.done).toBe(130);
    expect(opened).toHaveLength(1);
    await expectUntouched();
  });

  test("interrupted while the server starts", async () => {
    status = 503;
    const it = run();
    await until("the server is asked for", () => it.environments.length > 0);
    it.interrupt();
    expect(await it.done).toBe(130);
    await expectUntouched();
  });

  test("the server's own code comes out when it fails while it stops", async () => {
    const it = run();
    await it.ready();
    it.exit(9);
    expect(await it.done).toBe(9);
    expect(desk.settings()).toMatchObject(OLD);
  });

  test("what somebody else set meanwhile stays", async () => {
    const it = run();
    await it.ready();
    const elsewhere = keptTerminal(desk.environment({ WEBHOOK_URL: "https://production.example.com" }));
    expect(await configureTwilio([], elsewhere)).toBe(0);
    it.interrupt();
    expect(await it.done).toBe(0);
    expect(it.terminal.out()).toContain("Warning: VoiceUrl was changed by somebody else meanwhile");
    expect(desk.settings().VoiceUrl).toBe("https://production.example.com/voice");
  });

  test("a number that leads elsewhere anyway is refused; with --force the application comes back afterwards", async () => {
    const application = `AP${"a".repeat(32)}`;
    desk.twilio.numbers.find(NUMBER)!.settings.VoiceApplicationSid = application;
    const refused = run();
    expect(await refused.done).toBe(5);
    expect(refused.terminal.err()).toContain(`VoiceApplicationSid ${application} overrides VoiceUrl`);
    await expectUntouched();

    const forced = run({ args: ["--force"] });
    await forced.ready();
    expect(desk.settings().VoiceApplicationSid).toBe("");
    forced.interrupt();
    expect(await forced.done).toBe(0);
    expect(desk.settings()).toMatchObject({ ...OLD, VoiceApplicationSid: application });
  });

  test("one tunnel at a time", async () => {
    const first = run();
    await first.ready();
    const kept = JSON.parse(readFileSync(keptFile(), "utf8")) as Record<string, unknown>;
    const holder = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1000)"]);
    writeFileSync(keptFile(), JSON.stringify({ ...kept, pid: holder.pid }));
    const second = run();
    expect(await second.done).toBe(2);
    expect(second.terminal.err()).toContain(`Another tunnel holds ${NUMBER} (process ${holder.pid})`);
    holder.kill("SIGKILL");
    await once(holder, "exit");
    first.interrupt();
    expect(await first.done).toBe(0);
    expect(desk.settings()).toMatchObject(OLD);
  });
});
