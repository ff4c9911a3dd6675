// npm run bench -- relay: what carrying the audio of many calls costs, the service against the floor, in turns on one load.
import { type FarSide, type Effort } from "./far-side.ts";
import { USUAL, WORST, type Load } from "./load.ts";
import type { ModelQuestions } from "./model.ts";
import { percentile, spread, type Spread } from "./numbers.ts";
import type { FloorTarget, PhoneQuestions, ServiceTarget } from "./phones.ts";
import { cpuMs, residentBytes } from "./process-cost.ts";
import { pause, startFloor, startService, type Subject } from "./subject.ts";

export interface FarSides {
  readonly phones: FarSide<PhoneQuestions>;
  readonly model: FarSide<ModelQuestions>;
  readonly modelPort: number;
}

export interface RelayOptions {
  readonly calls: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly load: "worst" | "usual";
  readonly settings?: Readonly<Record<string, string>>;
  readonly main?: string;
}

/** One run of one subject. */
export interface RelayRun {
  /** us of CPU for a second of one call. */
  readonly usPerCallSecond: number;
  /** Caller's audio up and agent's audio down, ms. */
  readonly up: Delays;
  readonly down: Delays;
  /** Resident memory for each call above the process without them, KB. */
  readonly kbPerCall: number;
  /** First audio after `start`, ms; of the service only. */
  readonly greetingMs: readonly number[];
  readonly framesPerSecond: { readonly up: number; readonly down: number };
  readonly phones: Effort;
  readonly model: Effort;
  /** Why the run does not count; undefined for a good one. */
  readonly void?: string;
}

export interface Delays {
  readonly p50: number;
  readonly p99: number;
}

export interface RelayReport {
  readonly calls: number;
  readonly load: "worst" | "usual";
  readonly rounds: readonly { readonly floor: RelayRun; readonly service: RelayRun }[];
  readonly cpuRatio: Spread;
  /** p99 of the service minus that of the floor, in the worse direction, ms. */
  readonly addedP99Ms: Spread;
  /** Of the server's first calls, KB: above a server that has carried a few, and above one that was just started. */
  readonly kbPerCall: number;
  readonly kbPerCallFromStart: number;
  readonly greetingP99Ms: Spread;
  readonly voided: readonly string[];
}

/** A far side busier than this may be what is measured. */
const MOST_OF_A_CORE = 0.7;
const SPACING_MS = 25;
/** Before a server's first round, so many calls for about so long. */
const WARM_CALLS = 20;
const WARM_MS = 3000;

type Which = "floor" | "service";
type AnySubject = Subject<ServiceTarget | FloorTarget>;

/**
 * Both live through all rounds. The first one does not count, except for memory: half a minute of calls is what it takes until V8 has
 * compiled what calls need, and a server is started once and carries calls for weeks.
 */
export async function benchRelay(sides: FarSides, options: RelayOptions): Promise<RelayReport> {
  const { modelPort } = sides;
  const load = options.load === "worst" ? WORST : USUAL;
  const subjects: Partial<Record<Which, AnySubject>> = {};
  const rounds: { floor: RelayRun; service: RelayRun }[] = [];
  const voided: string[] = [];
  const run = async (which: Which): Promise<RelayRun> => {
    await sides.model.ask("load", { ...load, with: which });
    return measure(sides, subjects[which] as AnySubject, load, options);
  };
  try {
    await sides.model.ask("load", { ...load, with: "service" });
    subjects.service = await startService({
      modelPort,
      settings: { VOICE_MODE: "speech-to-speech", ...options.settings },
      ...(options.main !== undefined && { main: options.main }),
    });
    await quiet(sides.model);
    const startBytes = residentBytes(subjects.service.pid);
    await warm(sides, subjects.service, load);
    const warmBytes = residentBytes(subjects.service.pid);
    const first = await run("service");
    if (first.void !== undefined) voided.push(`memory: ${first.void}`);
    const kbPerCall = first.void === undefined ? first.kbPerCall : NaN;
    subjects.floor = await startFloor(modelPort);
    await run("floor");
    for (let round = 0; rounds.length < options.rounds && round < options.rounds * 2; round++) {
      const isFloorFirst = round % 2 === 0;
      const one = await run(isFloorFirst ? "floor" : "service");
      const other = await run(isFloorFirst ? "service" : "floor");
      const [floor, service] = isFloorFirst ? [one, other] : [other, one];
      const why = floor.void ?? service.void;
      if (why === undefined) rounds.push({ floor, service });
      else voided.push(why);
    }
    return {
      calls: options.calls,
      load: options.load,
      rounds,
      cpuRatio: spread(rounds.map(({ floor, service }) => service.usPerCallSecond / floor.usPerCallSecond)),
      addedP99Ms: spread(
        rounds.map(({ floor, service }) => Math.max(service.up.p99 - floor.up.p99, service.down.p99 - floor.down.p99)),
      ),
      kbPerCall,
      kbPerCallFromStart: kbPerCall + (warmBytes - startBytes) / 1024 / options.calls,
      greetingP99Ms: spread(rounds.map(({ service }) => percentile(service.greetingMs, 0.99))),
      voided,
    };
  } finally {
    await Promise.all([subjects.floor?.close(), subjects.service?.close()]);
  }
}

/** The server renders its stored phrases when it starts; calls are measured when that is done. */
export async function quiet(model: FarSide<ModelQuestions>): Promise<void> {
  for (let still = 0, seen = -1; still < 5;) {
    await pause(100);
    const { open, opened } = await model.ask("sockets", undefined);
    still = open === 0 && opened === seen ? still + 1 : 0;
    seen = opened;
  }
}

/** What the process needs once, for its first calls (compiled code, the garbage collector's room), is no call's. */
async function warm({ phones }: FarSides, { target }: AnySubject, load: Load): Promise<void> {
  await phones.ask("place", { calls: WARM_CALLS, target, spacingMs: SPACING_MS });
  await pause(load.settleMs + WARM_MS);
  await phones.ask("hangUp", undefined);
  await pause(WARM_MS);
}

async function measure(
  { phones, model }: FarSides,
  { pid, target }: AnySubject,
  load: Load,
  { calls, seconds }: RelayOptions,
): Promise<RelayRun> {
  const idleBytes = residentBytes(pid);
  await phones.ask("place", { calls, target, spacingMs: SPACING_MS });
  // The greeting is over, and everybody has spoken.
  await pause(load.settleMs + load.spreadMs + calls * SPACING_MS * 0.2 + 3000);
  await Promise.all([phones.ask("reset", undefined), model.ask("reset", undefined)]);
  const cpuBefore = cpuMs(pid);
  const begun = performance.now();
  await pause(seconds * 1000);
  const cpu = cpuMs(pid) - cpuBefore;
  const elapsed = (performance.now() - begun) / 1000;
  const [down, up] = await Promise.all([phones.ask("window", undefined), model.ask("window", undefined)]);
  const bytes = residentBytes(pid);
  const stories = await phones.ask("hangUp", undefined);
  const { extensions } = await model.ask("sockets", undefined);
  const why = judge();
  return {
    usPerCallSecond: (cpu * 1000) / calls / elapsed,
    up: { p50: percentile(up.delaysMs, 0.5), p99: percentile(up.delaysMs, 0.99) },
    down: { p50: percentile(down.delaysMs, 0.5), p99: percentile(down.delaysMs, 0.99) },
    kbPerCall: (bytes - idleBytes) / 1024 / calls,
    greetingMs: stories.flatMap(({ greetingMs }) => (target.kind === "service" ? (greetingMs ?? Infinity) : [])),
    framesPerSecond: { up: up.framesReceived / elapsed, down: down.mediaReceived / elapsed },
    phones: down.effort,
    model: up.effort,
    ...(why !== undefined && { void: why }),
  };

  function judge(): string | undefined {
    if (extensions !== "") return `${target.kind}: compression was asked for (${extensions})`;
    if (down.effort.core > MOST_OF_A_CORE) return `${target.kind}: the phones took ${down.effort.core} of a core`;
    if (up.effort.core > MOST_OF_A_CORE) return `${target.kind}: the model took ${up.effort.core} of a core`;
    const expected = calls * 50 * elapsed;
    if (Math.abs(up.framesReceived - expected) > expected * 0.02 + calls)
      return `${target.kind}: ${up.framesReceived} frames arrived of ${Math.round(expected)}`;
    if (down.mediaReceived === 0) return `${target.kind}: the agent was silent`;
    const strange = stories.reduce((sum, story) => sum + story.strange, 0);
    return strange > 0 ? `${target.kind}: ${strange} messages are none of Twilio's` : undefined;
  }
}
