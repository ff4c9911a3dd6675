// The server as a process: how it starts, what it says when it cannot, and how it leaves while people are talking to it.
import { startOpenAISim, type OpenAISim } from "../../src/sim/openai/index.ts";
import { startTwilioSim, type SimCall, type TwilioSim } from "../../src/sim/twilio/index.ts";
import { emptyFolder, freePort, startChild, type Child } from "../support/child.ts";
import { putDatabase } from "../support/embedded.ts";
import { until } from "../support/until.ts";

const ACCOUNT_SID = `AC${"1".repeat(32)}`;
const AUTH_TOKEN = "12345678901234567890123456789012";

let folder: Awaited<ReturnType<typeof emptyFolder>>;
let children: Child[];
beforeEach(async () => {
  folder = await emptyFolder();
  await putDatabase(folder.path);
  children = [];
});
afterEach(async () => {
  for (const child of children) child.signal("SIGKILL");
  await Promise.all(children.map(({ exited }) => exited));
  await folder.remove();
});

function start(env: Readonly<Record<string, string>>): Child {
  const child = startChild("src/main.ts", {
    cwd: folder.path,
    env: { HOST: "127.0.0.1", DATA_DIR: folder.path, ...env },
  });
  children.push(child);
  return child;
}

/** The JSON lines of its log. */
function log(child: Child): Record<string, unknown>[] {
  const lines = child
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function listening(child: Child): Promise<number> {
  const [, port] = await child.says(/STARTED.*"port":"(\d+)"/);
  return Number(port);
}

async function get(port: number, path: string): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } });
  return { status: answer.status, body: await answer.json() };
}

describe("starting", () => {
  test("without any setting it serves, and warns of what is off", async () => {
    const server = start({ PORT: "0" });
    const port = await listening(server);
    expect(await get(port, "/health")).toEqual({ status: 200, body: { status: "healthy" } });
    expect((await get(port, "/voice")).status).toBe(404);
    await server.says(/no API key exists/);
    expect(server.output()).toContain("Twilio is not configured: the phone routes are off");
    expect(server.output()).toContain("OPENAI_API_KEY is not set");
    server.signal("SIGTERM");
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(log(server).at(-1)).toMatchObject({ message: "stopped" });
  });

  test("a configuration that cannot be used: one message with everything in it, and exit code 1", async () => {
    const server = start({
      PORT: "http",
      TWILIO_AUTH_TOKEN: AUTH_TOKEN,
      WEBHOOK_URL: "https://voice.example.com/voice",
      AGENT_WORKFLOW_ID: "wf_123",
      VAD_THRESHOLD: "loud",
    });
    expect(await server.exited).toEqual({ code: 1, signal: null });
    expect(server.stdout()).toBe("");
    for (const problem of [
      "PORT must be a whole number",
      "TWILIO_ACCOUNT_SID is missing",
      "OPENAI_API_KEY is missing",
      "WEBHOOK_URL must be an origin",
      "AGENT_WORKFLOW_ID must be an assistant's id",
      "VAD_THRESHOLD must be a number",
    ])
      expect(server.stderr()).toContain(`  - ${problem}`);
    expect(server.stderr().match(/^ {2}- /gm)).toHaveLength(6);
    expect(server.stderr()).toContain("npm run demo");
    expect(server.stderr()).not.toContain(AUTH_TOKEN);
    expect(server.stderr()).not.toContain("    at ");
  });

  test("a log that cannot be: one line that says how to mend it, and no stack", async () => {
    const server = start({ PORT: "0", LOG_FILE: "/dev/null/logs/voice_agent.log" });
    expect(await server.exited).toEqual({ code: 1, signal: null });
    expect(server.output()).toMatch(/^LOG_FILE: its folder cannot be made \(.*\)\.\nTo mend: /);
    expect(server.output()).not.toMatch(/\n\s+at /);
  });

  test("a port that is taken", async () => {
    const port = await freePort();
    const first = start({ PORT: String(port) });
    await listening(first);
    const second = start({ PORT: String(port), DATA_DIR: `${folder.path}/second` });
    expect(await second.exited).toEqual({ code: 1, signal: null });
    expect(second.stderr()).toContain(`port ${port} is taken: choose another with PORT`);
    expect(await get(port, "/health")).toMatchObject({ status: 200 });
  });

  test("a defect that nobody caught is told, and ends nobody's call", async () => {
    const defects = "setTimeout(()=>{throw new Error('a-defect')});Promise.reject(new Error('another-one'))";
    const preload = `data:text/javascript,process.on('SIGUSR2',()=>{${defects}})`;
    const server = start({ PORT: "0", NODE_OPTIONS: `--import=${preload.replaceAll(" ", "%20")}` });
    const port = await listening(server);
    server.signal("SIGUSR2");
    await server.says(/uncaught exception.*a-defect|a-defect.*uncaught exception/);
    await server.says(/unhandled rejection.*another-one|another-one.*unhandled rejection/);
    expect(await get(port, "/health")).toEqual({ status: 200, body: { status: "healthy" } });
    server.signal("SIGTERM");
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  test("outputs that nobody reads any more do not keep it from serving, nor from leaving", async () => {
    const server = start({ PORT: "0", LOG_LEVEL: "debug" });
    const port = await listening(server);
    server.closeTerminal();
    expect(await get(port, "/readyz")).toEqual({ status: 200, body: { status: "ready" } });
    server.signal("SIGTERM");
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });
});

describe("leaving", () => {
  let openai: OpenAISim;
  let twilio: TwilioSim;
  beforeEach(async () => {
    openai = await startOpenAISim({
      script: { transcripts: ["When do you open?"], brain: () => "We open at eight." },
    });
    twilio = await startTwilioSim({ accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN });
  });
  afterEach(async () => {
    await twilio.close();
    await openai.close();
  });

  async function serve(more: Readonly<Record<string, string>> = {}) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const server = start({
      PORT: String(port),
      TWILIO_ACCOUNT_SID: ACCOUNT_SID,
      TWILIO_AUTH_TOKEN: AUTH_TOKEN,
      TWILIO_API_BASE_URL: twilio.baseUrl,
      WEBHOOK_URL: url,
      OPENAI_API_KEY: openai.apiKey,
      OPENAI_BASE_URL: openai.baseUrl,
      ...more,
    });
    await listening(server);
    const dial = (caller: Parameters<TwilioSim["call"]>[0]["caller"]): SimCall =>
      twilio.call({
        url,
        from: "+15551110000",
        to: "+15550002222",
        caller,
        statusCallback: `${url}/voice/status`,
        speed: 4,
      });
    return { server, port, dial };
  }

  /** Loud enough for the far side to hear speech in it. */
  const speech = (ms: number) => Uint8Array.from({ length: ms * 8 }, (_, i) => (i % 16 < 8 ? 0x20 : 0xa0));

  test("SIGTERM: new callers hear that we are busy, the live one goes on talking, then it ends well", async () => {
    const { server, port, dial } = await serve();
    const live = dial([
      { do: "wait-for-agent" },
      { do: "run", action: () => server.signal("SIGTERM") },
      { do: "wait-for-silence", ms: 800 },
      { do: "say", audio: speech(1000) },
      { do: "wait-for-silence", ms: 800 },
      { do: "hang-up" },
    ]);
    await server.says(/waiting for the calls to end/);
    expect(await get(port, "/health")).toEqual({ status: 503, body: { status: "draining" } });
    expect(await get(port, "/readyz")).toEqual({ status: 503, body: { status: "draining" } });
    expect(await get(port, "/livez")).toMatchObject({ status: 200 });
    const turnedAway = await dial([]).done;
    expect(turnedAway.says).toEqual([expect.stringContaining("All of our lines are busy")]);
    expect(turnedAway).toMatchObject({ endedBy: "hangup-verb", streams: [] });
    expect(live.streams.at(-1)?.end).toBeUndefined();

    const result = await live.done;
    expect(result).toMatchObject({ endedBy: "caller", answered: true });
    expect(result.scriptError).toBeUndefined();
    expect(await server.exited).toEqual({ code: 0, signal: null });
    const ended = log(server).find(({ message }) => message === "call ended");
    expect(ended).toMatchObject({ reason: "caller-hangup", turns: 1 });
  });

  test("a call that outlasts DRAIN_TIMEOUT_S hears a goodbye and is hung up in good order", async () => {
    const { server, dial } = await serve({ DRAIN_TIMEOUT_S: "1" });
    const call = dial([{ do: "wait-for-hang-up", timeoutMs: 600_000 }]);
    await call.waitFor(({ kind }) => kind === "agent-speaking");
    server.signal("SIGTERM");
    const result = await call.done;
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(log(server).find(({ message }) => message === "call ended")).toMatchObject({ reason: "shutdown" });
    expect(result).toMatchObject({ endedBy: "hangup-verb", streamCloseCode: 1000 });
    expect(result.debugger.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("a second SIGTERM does not wait", async () => {
    const { server, dial } = await serve();
    const call = dial([{ do: "wait-for-hang-up", timeoutMs: 600_000 }]);
    await call.waitFor(({ kind }) => kind === "agent-speaking");
    server.signal("SIGTERM");
    await server.says(/waiting for the calls to end/);
    expect(call.streams.at(-1)?.end).toBeUndefined();
    server.signal("SIGTERM");
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(server.output()).toContain("leaving at once");
    expect(log(server).find(({ message }) => message === "call ended")).toMatchObject({ reason: "shutdown" });
    await until("the stream is over", () => call.streams.at(-1)?.end !== undefined);
    call.hangUp();
    await call.done;
  });
});
