// What the tests of whole calls share: the real server between a simulated phone network and a simulated OpenAI, all in this
// process, with the server's clock running as fast as the calls do, so that every setting keeps its ordinary value.
import { request } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { jest } from "@jest/globals";
import type { z } from "zod";
import { buildApp, type App } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import type { CallRecord, ReplyRecord } from "../../src/core/call.ts";
import { CLIP_IDS } from "../../src/core/clip.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { Log } from "../../src/core/observe.ts";
import type { State } from "../../src/core/state.ts";
import { startOpenAISim, type OpenAISim, type OpenAISimOptions } from "../../src/sim/openai/index.ts";
import {
  startTwilioSim,
  type CallerScript,
  type CallerStep,
  type CallOptions,
  type CallResult,
  type FarEnd,
  type SimCall,
  type TwilioSim,
} from "../../src/sim/twilio/index.ts";
import type { organizationConfig } from "../../src/wire/rest/organization.ts";
import { emptyFolder, freePort } from "../support/child.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { keptLog, type KeptLog } from "../support/observe.ts";
import { hear, words } from "../support/recordings.ts";
import { until } from "../support/until.ts";

export { hear, words };

export const ACCOUNT_SID = `AC${"5".repeat(32)}`;
export const AUTH_TOKEN = "flows-auth-token-0123456789abcdef";
export const METRICS_TOKEN = "flows-metrics-token";
export const CALLER = "+15551110000";
export const DESK = "+15550002222";
export const HUMAN = "+15550003333";
/** Of a country, unlike the others: what the server calls from. */
export const OUTGOING = "+12025550100";

export const say = (id: string): CallerStep => ({ do: "say", ...words(id) });
/** Until the agent has finished speaking. A gap between two sentences must not be taken for the end on a busy machine. */
export const listen = (ms = 1500): CallerStep => ({ do: "wait-for-silence", ms });
/** Waits for the end of what the agent says, and answers. */
export const answer = (id: string): CallerStep[] => [listen(), say(id)];

/** A clock that runs `speed` times faster than the wall's. */
export function fastClock(speed: number): Clock {
  const origin = performance.now();
  const began = Date.now();
  const now = () => (performance.now() - origin) * speed;
  return {
    now,
    date: () => new Date(began + now()),
    after(ms, fn) {
      const timer = setTimeout(fn, ms / speed);
      return () => clearTimeout(timer);
    },
  };
}

/** As it is written: defaults may be left out. */
export type OrganizationInput = z.input<typeof organizationConfig>;

export interface FlowOptions {
  /** Environment variables of the server, besides those it cannot do without. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly openai?: OpenAISimOptions;
  /** Call time per wall time, for the server and for every call; SPEED. */
  readonly speed?: number;
  /** The server's log; one that is kept unless told. */
  readonly log?: Log;
  readonly dialOutcome?: CallOptions["dialOutcome"];
  /** Who answers a call that the server places. */
  readonly farEnd?: FarEnd | ((to: string) => FarEnd);
  /** The shared state; one of this process unless told. */
  readonly state?: (clock: Clock) => State;
  /** The real embedded database in the DATA_DIR of `settings`; else what is stored is in this process. */
  readonly isEmbedded?: boolean;
  /** Configurations of organizations, by their ids. */
  readonly organizations?: Readonly<Record<string, OrganizationInput>>;
  /** Sockets of the simulated OpenAI that may be left over at the end, because a test made them so. */
  readonly mayLeak?: boolean;
}

type Dialled = Partial<Omit<CallOptions, "caller">>;

export interface Flow {
  readonly url: string;
  readonly app: App;
  readonly openai: OpenAISim;
  readonly twilio: TwilioSim;
  readonly log: KeptLog;
  readonly speed: number;
  dial(caller: CallerScript, options?: Dialled): SimCall;
  /** Places a call and waits for its end. */
  run(caller: CallerScript, options?: Dialled): Promise<{ result: CallResult; record: CallRecord }>;
  /** The record of a call once it is closed. */
  record(callSid: string): Promise<CallRecord>;
  /** The sum of a metric over all series that have these labels. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  callsActive(): Promise<number>;
  /** What a moment may be late, in call ms: `ms` by design, and what this machine was seen to hold its programs up for. */
  within(ms: number): number;
}

export type Start = (options?: FlowOptions) => Promise<Flow>;

/** Calls that run at the same time in this process; more of them would slow each other's clocks. */
const SIDE_BY_SIDE = 4;
/** Wall ms a test's calls may take. */
const LONGEST_MS = 180_000;
/** Call time per wall time, where nobody asks for another. */
const SPEED = 6;
/**
 * Wall ms. A run that failed while the machine held everybody up for longer is void, as it is in a benchmark: at this speed that is
 * a good part of a second of the call. It is lived again, three times as slowly, then twice as slowly as that, and the last one counts
 * whatever comes of it.
 */
const VOID_MS = 40;
const PACES = [1, 1 / 3, 1 / 6];

interface Waiting {
  readonly body: (start: Start) => Promise<void>;
  readonly begin: (outcome: Promise<() => void>) => void;
}
const waiting: Waiting[] = [];
const outcomes: Promise<() => void>[] = [];

/**
 * The body of a test whose calls run beside those of the file's other tests, so that a folder of whole calls is soon done. It
 * gets a `start` of its own, and what that started is ended with it; the test itself only tells what became of it.
 */
export function sideBySide(body: (start: Start) => Promise<void>): () => Promise<void> {
  const outcome = new Promise<() => void>((resolve) => waiting.push({ body, begin: resolve }));
  outcomes.push(outcome);
  return async () => (await outcome)();
}

let folder: Awaited<ReturnType<typeof emptyFolder>>;
jest.setTimeout(600_000);
beforeAll(async () => {
  folder = await emptyFolder();
  // Whatever goes wrong here is told by every test.
  const ready = renderClips(folder.path);
  await ready.catch(() => undefined);
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { body } = next;
      const outcome = attempt(folder.path, async (start) => {
        await ready;
        await body(start);
      });
      next.begin(outcome);
      await outcome;
    }
  };
  for (let i = 0; i < SIDE_BY_SIDE; i++) void work();
});
afterAll(async () => {
  await Promise.all(outcomes);
  await folder.remove();
});

/** Never rejects: resolves with what the test comes to, to be told by the test itself. */
async function attempt(dataDir: string, body: (start: Start) => Promise<void>): Promise<() => void> {
  let failures: readonly unknown[] = [];
  for (const pace of PACES) {
    const lived = await live(dataDir, body, pace);
    failures = lived.failures;
    if (failures.length === 0 || lived.heldUpMs <= VOID_MS) break;
  }
  return () => {
    if (failures.length > 0) throw failures[0];
  };
}

async function live(
  dataDir: string,
  body: (start: Start) => Promise<void>,
  pace: number,
): Promise<{ readonly failures: readonly unknown[]; readonly heldUpMs: number }> {
  const ends: (() => Promise<void>)[] = [];
  const failures: unknown[] = [];
  const keep = (error: unknown): void => void failures.push(error);
  const holdUps = monitorEventLoopDelay({ resolution: 1 });
  holdUps.enable();
  let giveUp: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_resolve, reject) => {
    giveUp = setTimeout(() => reject(new Error("the calls of this test did not end")), LONGEST_MS);
  });
  const done = body(async (options = {}) => {
    const { flow, end } = await startFlow(dataDir, { ...options, speed: (options.speed ?? SPEED) * pace });
    ends.push(end);
    return flow;
  });
  await Promise.race([done, tooLong]).catch(keep);
  clearTimeout(giveUp);
  for (const end of ends) await end().catch(keep);
  holdUps.disable();
  return { failures, heldUpMs: holdUps.max / 1e6 };
}

/** Asks over a connection of its own, which is closed with the answer: a connection kept alive would count as held. */
function get(url: string, headers: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false, headers }, (answered) => {
      let text = "";
      answered.setEncoding("utf8").on("data", (part: string) => (text += part));
      answered.on("end", () => resolve(text)).on("error", reject);
    })
      .on("error", reject)
      .end();
  });
}

function environment(port: number, openai: OpenAISim, twilio: TwilioSim, dataDir: string): Record<string, string> {
  return {
    HOST: "127.0.0.1",
    PORT: String(port),
    WEBHOOK_URL: `http://127.0.0.1:${port}`,
    TWILIO_ACCOUNT_SID: ACCOUNT_SID,
    TWILIO_AUTH_TOKEN: AUTH_TOKEN,
    TWILIO_API_BASE_URL: twilio.baseUrl,
    OPENAI_API_KEY: openai.apiKey,
    OPENAI_BASE_URL: openai.baseUrl,
    DATA_DIR: dataDir,
    METRICS_TOKEN,
    // A moment in which the machine is busy is a second to a fast clock; where fillers are meant, a test says so.
    FILLER_AFTER_MS: "20000",
  };
}

/** Renders the clips once, so that no flow has a rendering of its own between its calls. */
async function renderClips(path: string): Promise<void> {
  const openai = await startOpenAISim({ timing: { pace: Infinity, replyMs: 0 } });
  const twilio = await startTwilioSim({ accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN });
  const config = readConfig(environment(await freePort(), openai, twilio, path));
  const log = keptLog();
  const app = buildApp({ config, log, storage: createMemoryStorage() });
  await app.listen();
  const rendered = (): number => log.lines.filter(({ message }) => message === "clip rendered").length;
  try {
    await until("all clips are rendered", () => rendered() === CLIP_IDS.length, 20_000);
  } finally {
    await app.close();
    await twilio.close();
    await openai.close();
  }
}

async function startFlow(
  dataDir: string,
  options: FlowOptions = {},
): Promise<{ flow: Flow; end: () => Promise<void> }> {
  const { speed = SPEED, dialOutcome } = options;
  const openai = await startOpenAISim({
    timing: { transcriptMs: 5, replyMs: 5, textDeltaMs: 1, pace: 10 * speed },
    ...options.openai,
    script: { transcripts: hear, ...options.openai?.script },
  });
  const twilio = await startTwilioSim({
    accountSid: ACCOUNT_SID,
    authToken: AUTH_TOKEN,
    numbers: [DESK, OUTGOING],
    farEnd: ({ to }) => ({
      outcome: "answered",
      speed,
      maxMs: 180_000,
      ...(typeof options.farEnd === "function" ? options.farEnd(to) : options.farEnd),
    }),
  });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = readConfig({ ...environment(port, openai, twilio, dataDir), ...options.settings });
  const log = keptLog();
  const clock = fastClock(speed);
  const storage = options.isEmbedded ? undefined : createMemoryStorage({ clock });
  const state = options.state?.(clock);
  const app = buildApp({
    config,
    log: options.log ?? log,
    clock,
    ...(storage && { storage }),
    ...(state && { state }),
  });
  for (const [orgId, fields] of Object.entries(options.organizations ?? {})) {
    const stored = await app.organizations.merge(orgId, fields, { by: "test", mayCreate: true });
    if (stored.kind !== "stored") throw new Error(`${orgId} is not configured: ${JSON.stringify(stored)}`);
  }
  await app.listen();

  const holdUps = monitorEventLoopDelay({ resolution: 1 });
  holdUps.enable();

  const end = async (): Promise<void> => {
    holdUps.disable();
    await twilio.close();
    await app.close();
    try {
      if (!options.mayLeak) await until("every socket to the voice is closed", () => openai.counts.open === 0);
    } finally {
      await openai.close();
    }
  };

  const record = async (callSid: string): Promise<CallRecord> => {
    let found: CallRecord | undefined;
    let asked = false;
    await until(
      () => `the record of ${callSid} is complete: ${JSON.stringify(found)}`,
      () => {
        if (!asked) {
          asked = true;
          void app.store.findByCarrierId(callSid).then((one) => {
            found = one;
            asked = false;
          });
        }
        return found?.status === "completed";
      },
      // One whose line was lost is over when nobody may come back any more: 75 s of the call.
      Math.max(20_000, 100_000 / speed),
    );
    return found as CallRecord;
  };

  const dial = (caller: CallerScript, more: Dialled = {}): SimCall =>
    twilio.call({
      url,
      from: CALLER,
      to: DESK,
      speed,
      statusCallback: `${url}/voice/status`,
      maxMs: 180_000,
      ...(dialOutcome !== undefined && { dialOutcome }),
      ...more,
      caller,
    });

  const flow: Flow = {
    url,
    app,
    openai,
    twilio,
    log,
    speed,
    dial,
    async run(caller, more) {
      const call = dial(caller, more);
      const result = await call.done;
      return { result, record: await record(call.callSid) };
    },
    record,
    async metric(name, labels = {}) {
      const text = await get(`${url}/metrics`, { authorization: `Bearer ${METRICS_TOKEN}` });
      if (!text.includes(`# TYPE ${name.replace(/_(count|sum|bucket)$/, "")} `))
        throw new Error(`there is no metric ${name}: ${text.slice(0, 200)}`);
      const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
      return text
        .split("\n")
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        .filter((line) => wanted.every((label) => line.includes(label)))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
    },
    // From a sound to what is heard of it, a frame passes through four programs that take turns here.
    within: (ms) => ms + 4 * (holdUps.max / 1e6) * speed,
    async callsActive() {
      const status = await get(`${url}/status`, { accept: "application/json" });
      return (JSON.parse(status) as { callsActive: number }).callsActive;
    },
  };
  return { flow, end };
}

/** What the agent said as answers, as the caller heard it. */
export const heardReplies = (record: CallRecord, kind: ReplyRecord["kind"] = "reply"): string[] =>
  record.replies.filter((reply) => reply.kind === kind).map((reply) => reply.heard);

/** Lines of the network's Debugger that a healthy call does not have (31921: the server closed the stream). */
export const complaints = (result: CallResult): string[] =>
  result.debugger
    .filter(({ code }) => code !== 31921)
    .map(({ level, code, message, detail }) => `${level} ${code} ${message} ${detail}`);

/** ms of the agent really played to the caller on the streams of a call. */
export const playedMs = (result: CallResult): number =>
  result.streams.reduce((sum, stream) => sum + stream.playedBytes / 8, 0);
