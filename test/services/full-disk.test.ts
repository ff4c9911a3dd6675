// The disk of DATA_DIR and of the log gets full to the last byte while calls are live (F22): none of them is dropped, it is told,
// recording is given up, and when there is room again the records of all of them are whole, also for the next process.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pass } from "node:timers/promises";
import { readWav } from "../../src/audio/wav.ts";
import { startOpenAISim, type OpenAISim } from "../../src/sim/openai/index.ts";
import { startTwilioSim, type CallerScript, type SimCall, type TwilioSim } from "../../src/sim/twilio/index.ts";
import { freePort, startChild, type Child } from "../support/child.ts";
import { hear, words } from "../support/recordings.ts";
import { mountSmallDisk, type SmallDisk } from "./small-disk.ts";

const ACCOUNT_SID = `AC${"2".repeat(32)}`;
const AUTH_TOKEN = "disk-auth-token-0123456789abcdef";
const KEY = "disk-key-0123456789abcdef0123456789abcdef";
const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
const CALLS = 4;

let disk: SmallDisk;
let openai: OpenAISim;
let twilio: TwilioSim;
let port: number;
let server: Child;
beforeAll(async () => {
  [disk, openai, twilio, port] = await Promise.all([
    // Large enough for a recording to be begun, which takes 256 MB.
    mountSmallDisk(400),
    startOpenAISim({ script: { transcripts: hear } }),
    startTwilioSim({ accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN }),
    freePort(),
  ]);
  await mkdir(join(disk.path, "log"));
  server = await startServer();
});
afterAll(async () => {
  server.signal("SIGKILL");
  await server.exited;
  await Promise.all([twilio.close(), openai.close()]);
  await disk.close();
});

async function startServer(): Promise<Child> {
  const child = startChild("dist/main.js", {
    cwd: disk.path,
    env: {
      HOST: "127.0.0.1",
      PORT: String(port),
      WEBHOOK_URL: `http://127.0.0.1:${port}`,
      TWILIO_ACCOUNT_SID: ACCOUNT_SID,
      TWILIO_AUTH_TOKEN: AUTH_TOKEN,
      TWILIO_API_BASE_URL: twilio.baseUrl,
      OPENAI_API_KEY: openai.apiKey,
      OPENAI_BASE_URL: openai.baseUrl,
      API_KEYS: `test:admin:${KEY}`,
      DATA_DIR: join(disk.path, "data"),
      LOG_FILE: join(disk.path, "log", "voice.log"),
      SILENCE_PROMPT_S: "120",
    },
  });
  await child.says(/VOICE AGENT SYSTEM STARTED/);
  return child;
}

const ask = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`, { headers });

/** One series of /metrics, such as `voice_db_up`; NaN when there is none. */
async function metric(series: string): Promise<number> {
  const text = await (await ask("/metrics")).text();
  return Number(new RegExp(`^${series.replace(/[{}"]/g, "\\$&")} (.*)$`, "m").exec(text)?.[1]);
}

interface CallView {
  readonly call_id: string;
  readonly status: string;
  readonly end_reason?: string;
  readonly transcript: readonly { readonly role: string; readonly text: string }[];
}

async function record(call: SimCall): Promise<CallView> {
  const answer = await ask(`/api/calls/${call.callSid}`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as CallView;
}

const say = (id: string) => ({ do: "say", ...words(id) }) as const;
const listen = { do: "wait-for-silence", ms: 1500 } as const;
const asks: CallerScript = [listen, say("book-oil-change"), { do: "wait-for-agent" }, listen];
/** The disk has been filled: however long that takes, the calls go on into it. */
let full = false;
const intoIt = { do: "wait-for", condition: () => full, timeoutMs: 60_000 } as const;
const books: CallerScript = [...asks, intoIt, say("tuesday-at-nine"), { do: "wait-for-agent" }];

const dial = (caller: CallerScript): SimCall =>
  twilio.call({
    url: `http://127.0.0.1:${port}`,
    from: "+15551110000",
    to: "+15550002222",
    statusCallback: `http://127.0.0.1:${port}/voice/status`,
    maxMs: 120_000,
    caller,
  });

test("F22: a full disk drops no call, is told, and leaves nothing out once there is room", async () => {
  const body = JSON.stringify({ recording: { enabled: true, consent: "announce" } });
  const url = `http://127.0.0.1:${port}/api/org/config/default`;
  expect((await fetch(url, { method: "POST", headers, body })).status).toBeLessThan(300);

  const live = Array.from({ length: CALLS }, () => dial([...books, { do: "hang-up" }]));
  const atStep = (call: SimCall, index: number) =>
    call.waitFor((entry) => entry.kind === "step" && entry.index === index, { timeoutMs: 60_000 });
  await Promise.all(live.map((call) => atStep(call, asks.length)));
  expect(await metric("voice_recordings_active")).toBe(CALLS);
  expect(await metric('voice_disk_free_ratio{disk="data"}')).toBeGreaterThan(0.5);

  await disk.fill();
  full = true;
  const late = dial([...asks, { do: "hang-up" }]);
  const results = await Promise.all([...live, late].map(({ done }) => done));
  await server.says(/"disk":"data".*the disk is almost full/, 60_000);
  await server.says(/"disk":"log".*the disk is almost full/, 60_000);
  expect(await metric('voice_disk_free_ratio{disk="data"}')).toBeLessThan(0.15);
  expect(await metric('voice_disk_free_ratio{disk="log"}')).toBeLessThan(0.15);

  for (const { scriptError, endedBy } of results) expect([scriptError, endedBy]).toEqual([undefined, "caller"]);
  for (const call of live) expect(call.streams).toHaveLength(1);
  expect(await metric('voice_recordings_total{result="failed"}')).toBe(CALLS);
  expect(await metric('voice_recordings_total{result="no-room"}')).toBe(1);
  // The database could not take what was left, nor could the spool.
  expect(await metric("voice_db_up")).toBe(0);

  await disk.free();
  await server.says(/the database is back/, 60_000);
  await server.says(/the disk has room again/, 60_000);
  for (const call of live) {
    const { transcript, ...view } = await record(call);
    expect(view).toMatchObject({ status: "completed", end_reason: "caller-hangup" });
    const said = transcript.filter(({ role }) => role === "caller").map(({ text }) => text);
    expect(said).toEqual([words("book-oil-change").text, words("tuesday-at-nine").text]);
    // What was recorded until then can be heard.
    const sound = await ask(`/api/calls/${view.call_id}/recording`);
    expect(sound.status).toBe(200);
    expect(readWav(new Uint8Array(await sound.arrayBuffer())).channels[0]?.length).toBeGreaterThan(8000);
  }
  expect(await metric("voice_store_dropped_rows_total")).toBeNaN();

  // The log goes on in its file as well, which is opened anew every second, and the database is whole for whoever opens it next.
  await pass(2000);
  server.signal("SIGTERM");
  expect((await server.exited).code).toBe(0);
  expect(await readFile(join(disk.path, "log", "voice.log"), "utf8")).toContain("no new calls from now on");
  server = await startServer();
  for (const call of [...live, late]) expect((await record(call)).status).toBe("completed");
});
