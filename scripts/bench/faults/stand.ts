// What every fault is measured on: the built server in a process of its own between a simulated OpenAI and a simulated phone
// network, which live in this one, in real time. And the words a result is told in.
import { readFileSync } from "node:fs";
import twilio from "twilio";
import { startOpenAISim, type OpenAISim, type OpenAISimOptions } from "../../../src/sim/openai/index.ts";
import {
  startTwilioSim,
  type CallOptions,
  type CallerScript,
  type CallerStep,
  type CallEvent,
  type CallResult,
  type SimCall,
  type TwilioSim,
} from "../../../src/sim/twilio/index.ts";
import { percentile, text } from "../numbers.ts";
import type { ServiceTarget } from "../phones.ts";
import { residentBytes } from "../process-cost.ts";
import { pause, startService, type Subject } from "../subject.ts";

/** One figure beside what the catalogue asks of it. */
export interface Row {
  readonly fault: string;
  readonly what: string;
  readonly n: number;
  readonly figure: string;
  readonly wanted: string;
  readonly met: boolean;
}

export interface Stand {
  readonly openai: OpenAISim;
  readonly twilio: TwilioSim;
  readonly service: Subject<ServiceTarget>;
  /** The sum over the lines of a metric whose labels hold these texts. */
  metric(name: string, ...labels: string[]): Promise<number>;
  dial(caller: CallerScript, more?: Partial<CallOptions>): SimCall;
  /** Dials `n` calls, `spacingMs` apart, and waits for the end of all. */
  dialMany(
    n: number,
    spacingMs: number,
    caller: (index: number) => CallerScript,
    more?: Partial<CallOptions>,
  ): Promise<CallResult[]>;
  callsActive(): Promise<number>;
  rssMb(): number;
  /** The same once the server has collected its garbage: what is kept, by it or by the allocator. */
  keptMb(): Promise<number>;
}

/** The server collects its garbage when told to, or what it has not yet taken the time to throw away would count as kept. */
const COLLECT = ["--expose-gc", "--import", "data:text/javascript,process.on('SIGUSR2',()=>{gc();gc()})"];

const METRICS_TOKEN = "bench-metrics-token";
const FOLDER = new URL("../../../test/fixtures/caller/", import.meta.url);
const clips = JSON.parse(readFileSync(new URL("utterances.json", FOLDER), "utf8")) as {
  id: string;
  file: string;
  text: string;
}[];

/** A recorded utterance as a step of a caller. */
export function say(id: string): Extract<CallerStep, { do: "say" }> {
  const clip = clips.find((one) => one.id === id);
  if (!clip) throw new Error(`there is no recording ${id}`);
  return { do: "say", text: clip.text, audio: new Uint8Array(readFileSync(new URL(clip.file, FOLDER))) };
}

export const listen = (ms = 1200): CallerStep => ({ do: "wait-for-silence", ms, timeoutMs: 60_000 });
export const hangUp: CallerStep = { do: "hang-up" };

export interface StandOptions {
  readonly settings?: Readonly<Record<string, string>>;
  readonly openai?: Omit<OpenAISimOptions, "apiKey">;
}

/** Runs a measurement on a fresh server, and leaves nothing behind. */
export async function onStand<Result>(
  { settings = {}, openai: options = {} }: StandOptions,
  measure: (stand: Stand) => Promise<Result>,
): Promise<Result> {
  const { faults = {}, ...rest } = options;
  const transcripts = clips.map(({ text: words }) => words);
  const openai = await startOpenAISim({ apiKey: "sk-bench", ...rest, script: { transcripts, ...rest.script } });
  const service = await startService({
    modelPort: openai.port,
    nodeFlags: COLLECT,
    settings: { METRICS_TOKEN, TWILIO_API_BASE_URL: "http://127.0.0.1:9", ...settings },
  });
  const network = await startTwilioSim({
    accountSid: service.target.accountSid,
    authToken: service.target.authToken,
    numbers: ["+15550002222"],
  });
  const stand = standOf(openai, network, service);
  try {
    await clipsRendered(openai);
    // From here on, or the server could not even render what it says when nothing else works.
    openai.faults = faults;
    return await measure(stand);
  } finally {
    await network.close();
    await service.close();
    await openai.close();
  }
}

async function clipsRendered({ counts }: OpenAISim): Promise<void> {
  for (let still = 0, seen = 0; still < 8;) {
    await pause(100);
    still = counts.opened > 0 && counts.open === 0 && counts.opened === seen ? still + 1 : 0;
    seen = counts.opened;
  }
}

function standOf(openai: OpenAISim, network: TwilioSim, service: Subject<ServiceTarget>): Stand {
  const { url } = service.target;
  const read = async (path: string, headers: Record<string, string>) => (await fetch(url + path, { headers })).text();
  const dial: Stand["dial"] = (caller, more = {}) =>
    network.call({
      url,
      from: "+15550001111",
      to: "+15550002222",
      statusCallback: `${url}/voice/status`,
      maxMs: 120_000,
      ...more,
      caller,
    });
  return {
    openai,
    twilio: network,
    service,
    dial,
    async metric(name, ...labels) {
      const page = await read("/metrics", { authorization: `Bearer ${METRICS_TOKEN}` });
      return page
        .split("\n")
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        .filter((line) => labels.every((label) => line.includes(label)))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
    },
    async dialMany(n, spacingMs, caller, more) {
      const calls: Promise<CallResult>[] = [];
      for (let index = 0; index < n; index++) {
        calls.push(dial(caller(index), more).done);
        await pause(spacingMs);
      }
      return Promise.all(calls);
    },
    async callsActive() {
      const status = JSON.parse(await read("/status", { accept: "application/json" })) as { callsActive: number };
      return status.callsActive;
    },
    rssMb: () => residentBytes(service.pid) / 1e6,
    async keptMb() {
      // V8 gives pages back some time after it has emptied them, and more of them the next time.
      for (let before = Infinity, times = 0; ; times++) {
        service.signal("SIGUSR2");
        await pause(1000);
        const now = residentBytes(service.pid) / 1e6;
        if (before - now < 1 || times === 9) return now;
        before = now;
      }
    },
  };
}

/** ms from the first entry of one kind to the first of another. NaN where one is missing. */
export function between({ timeline }: CallResult, from: CallEvent["kind"], to: CallEvent["kind"]): number {
  const at = (kind: CallEvent["kind"]): number => timeline.find((entry) => entry.kind === kind)?.atMs ?? NaN;
  return at(to) - at(from);
}

/** ms from the caller's last word to the next sound of the agent, for every time the caller fell silent. */
export function answerTimes({ timeline }: CallResult): number[] {
  return timeline.flatMap((entry, index) => {
    if (entry.kind !== "caller-silent") return [];
    const next = timeline.slice(index).find(({ kind }) => kind === "agent-speaking" || kind === "caller-speaking");
    return next?.kind === "agent-speaking" ? [next.atMs - entry.atMs] : [];
  });
}

/** A row about times that may be at most `most` at this share of them. */
export function times(
  fault: string,
  what: string,
  values: readonly number[],
  limit: { readonly share: number; readonly most: number; readonly unit?: string },
): Row {
  const { share, most, unit = "ms" } = limit;
  const name = share === 1 ? "max" : `p${Math.round(share * 100)}`;
  const value = percentile(values, share);
  const figure = `p50 ${text(percentile(values, 0.5), 1)}, ${name} ${text(value, 1)} ${unit}`;
  return { fault, what, n: values.length, figure, wanted: `${name} <= ${most} ${unit}`, met: value <= most };
}

/** A row about something that is to be so in every case. */
export function all(fault: string, what: string, n: number, good: number): Row {
  return { fault, what, n, figure: `${good} of ${n}`, wanted: "all", met: n > 0 && good === n };
}

/** A row about one number. */
export function one(fault: string, what: string, value: number, most: number, unit: string, n = 1): Row {
  return { fault, what, n, figure: `${text(value, 1)} ${unit}`, wanted: `<= ${most} ${unit}`, met: value <= most };
}

/** A signed request of Twilio's. */
export function signedPost(
  { url, authToken }: ServiceTarget,
  path: string,
  form: Readonly<Record<string, string>>,
  signature = twilio.getExpectedTwilioSignature(authToken, url + path, form),
): Promise<Response> {
  return fetch(url + path, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature },
    body: new URLSearchParams(form).toString(),
  });
}

export function incoming({ accountSid }: ServiceTarget, callSid: string): Record<string, string> {
  return {
    CallSid: callSid,
    AccountSid: accountSid,
    From: "+15550001111",
    To: "+15550002222",
    CallStatus: "ringing",
    Direction: "inbound",
    ApiVersion: "2010-04-01",
  };
}

let sids = 0;
/** CallSids nobody had before; apart from those of the simulated network. */
export const newCallSid = (): string => `CA${"f".repeat(16)}${(++sids).toString(16).padStart(16, "0")}`;
