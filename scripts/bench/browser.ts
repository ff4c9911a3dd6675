// npm run bench -- browser: as many browsers as phones talk on one instance, all of them all the time; the way of their sound against
// that through the floor, and whether all of it arrived, both ways. In PCM, as the page talks, and in telephone sound.
import type { LiveFormat } from "../../src/wire/browser.ts";
import type { BrowserQuestions, BrowserWindow } from "./browsers.ts";
import { startFarSide, type Effort, type FarSide } from "./far-side.ts";
import { WORST } from "./load.ts";
import type { LineStory } from "./model-log.ts";
import { percentile } from "./numbers.ts";
import type { PhoneStory } from "./phone-call.ts";
import { cpuMs } from "./process-cost.ts";
import { quiet, type FarSides } from "./relay.ts";
import { COUNTED_FROM, sharedNow } from "./stamp.ts";
import { pause, startFloor, startService } from "./subject.ts";
import { agesOf, missingMs, SAMPLES_A_MS } from "./trail.ts";

/** 20 ms of sound each, of whole calls: from their first frame until nobody spoke any more and everything had come. */
export interface Arrived {
  readonly sent: number;
  readonly lost: number;
}

export interface FormatReport {
  readonly format: LiveFormat;
  /** One-way p50 and p99, ms. */
  readonly toBrowsers: readonly number[];
  readonly fromBrowsers: readonly number[];
  readonly toPhones: readonly number[];
  readonly fromPhones: readonly number[];
  readonly addedP99Ms: number;
  readonly browsersUp: Arrived;
  readonly browsersDown: Arrived;
  readonly phonesUp: Arrived;
  readonly phonesDown: Arrived;
  readonly strange: number;
  readonly open: number;
  readonly efforts: readonly Effort[];
  /** Share of one core that the server used. */
  readonly serverCore: number;
}

export interface BrowserReport {
  readonly phones: number;
  readonly browsers: number;
  readonly seconds: number;
  /** Through the floor with as many calls: down and up, p50 and p99, ms. */
  readonly floor: readonly number[];
  readonly formats: readonly FormatReport[];
}

export interface BrowserOptions {
  readonly calls: number;
  readonly seconds: number;
  readonly main?: string;
}

/** The organization's key of the bench: one that may talk. */
const KEY = "bench-talker-bench-talker";
const SPACING_MS = 25;
const FRAME_MS = 20;
/** What is on its way has come by then. */
const DRAIN_MS = 5000;

const both = (values: ArrayLike<number>): readonly number[] => [percentile(values, 0.5), percentile(values, 0.99)];

export async function benchBrowser(sides: FarSides, options: BrowserOptions): Promise<BrowserReport> {
  const { calls, seconds } = options;
  const floor = await throughFloor(sides, options);
  const formats: FormatReport[] = [];
  for (const format of ["pcm", "mulaw"] as const) formats.push(await talk(sides, format, floor, options));
  return { phones: calls, browsers: calls, seconds, floor, formats };
}

const settled = (calls: number): Promise<void> => pause(WORST.settleMs + 2 * calls * SPACING_MS + 3000);

async function throughFloor({ phones, model, modelPort }: FarSides, { calls, seconds }: BrowserOptions) {
  await model.ask("load", { ...WORST, with: "floor" });
  const floor = await startFloor(modelPort);
  try {
    await phones.ask("place", { calls: 2 * calls, target: floor.target, spacingMs: SPACING_MS });
    await settled(calls);
    await Promise.all([phones.ask("reset", undefined), model.ask("reset", undefined)]);
    await pause(seconds * 1000);
    const [down, up] = await Promise.all([phones.ask("window", undefined), model.ask("window", undefined)]);
    await phones.ask("hangUp", undefined);
    return [...both(down.delaysMs), ...both(up.delaysMs)];
  } finally {
    await floor.close();
  }
}

async function talk(
  sides: FarSides,
  format: LiveFormat,
  floor: readonly number[],
  { calls, seconds, main }: BrowserOptions,
): Promise<FormatReport> {
  const { phones, model, modelPort } = sides;
  await model.ask("load", { ...WORST, with: "service" });
  const service = await startService({
    modelPort,
    settings: { VOICE_MODE: "speech-to-speech", API_KEYS: `bench:admin:${KEY}`, RATE_LIMIT_PER_MINUTE: "100000" },
    ...(main !== undefined && { main }),
  });
  const browsers = startFarSide<BrowserQuestions>("./browsers.ts");
  try {
    await quiet(model);
    const { target } = service;
    const url = target.url.replace("http", "ws");
    await Promise.all([
      phones.ask("place", { calls, target, spacingMs: 2 * SPACING_MS }),
      browsers.ask("open", { count: calls, url, key: KEY, from: COUNTED_FROM, format }),
    ]);
    await settled(calls);
    const all = async (what: "reset" | "hush"): Promise<void> => {
      await Promise.all([phones.ask(what, undefined), browsers.ask(what, undefined), model.ask(what, undefined)]);
    };
    await all("reset");
    const from = sharedNow();
    const before = cpuMs(service.pid);
    await pause(seconds * 1000);
    const to = sharedNow();
    const serverCore = (cpuMs(service.pid) - before) / (to - from);
    const [atPhones, atModel, effort] = await Promise.all([
      phones.ask("window", undefined),
      model.ask("window", undefined),
      browsers.ask("window", undefined).then((window) => window.effort),
    ]);
    await all("hush");
    const found = await drained(sides, browsers);
    await Promise.all([phones.ask("hangUp", undefined), browsers.ask("close", undefined)]);
    const lineOf = new Map(found.lines.map((line) => [line.call, line]));
    const ages = { up: [] as number[], down: [] as number[] };
    for (const { call, said, heard } of found.window.talks) {
      const line = lineOf.get(call);
      if (line?.heard) ages.up.push(...agesOf(said, line.heard, from, to));
      if (line?.said) ages.down.push(...agesOf(line.said, heard, from, to));
    }
    const toBrowsers = both(ages.down);
    const fromBrowsers = both(ages.up);
    return {
      format,
      toBrowsers,
      fromBrowsers,
      toPhones: both(atPhones.delaysMs),
      fromPhones: both(atModel.delaysMs),
      addedP99Ms: Math.max((toBrowsers[1] ?? NaN) - (floor[1] ?? NaN), (fromBrowsers[1] ?? NaN) - (floor[3] ?? NaN)),
      ...arrivals(found),
      strange: found.window.strange,
      open: found.window.talks.filter(({ isOpen }) => isOpen).length,
      efforts: [atPhones.effort, effort, atModel.effort],
      serverCore,
    };
  } finally {
    await Promise.all([browsers.close(), service.close()]);
  }
}

interface Found {
  readonly stories: readonly PhoneStory[];
  readonly lines: readonly LineStory[];
  readonly window: BrowserWindow;
}

/** Everything there is once nothing comes any more. */
async function drained({ phones, model }: FarSides, browsers: FarSide<BrowserQuestions>): Promise<Found> {
  let before = "";
  for (const giveUp = sharedNow() + DRAIN_MS; ;) {
    const [stories, lines, window] = await Promise.all([
      phones.ask("stories", undefined),
      model.ask("lines", undefined),
      browsers.ask("window", undefined),
    ]);
    const found = { stories, lines, window };
    const now = JSON.stringify(arrivals(found));
    if (now === before || sharedNow() > giveUp) return found;
    before = now;
    await pause(500);
  }
}

type Arrivals = Pick<FormatReport, "browsersUp" | "browsersDown" | "phonesUp" | "phonesDown">;

function arrivals({ stories, lines, window }: Found): Arrivals {
  const lineOf = new Map(lines.map((line) => [line.call, line]));
  const up = { phones: [0, 0], browsers: [0, 0] };
  const down = { phones: [0, 0], browsers: [0, 0] };
  const add = (sum: number[], sent: number, lost: number): void => {
    sum[0] = (sum[0] ?? 0) + sent;
    // What came too much would hide what was lost elsewhere.
    sum[1] = (sum[1] ?? 0) + Math.abs(lost);
  };
  for (const { call, framesSent, spoken } of stories) {
    const line = lineOf.get(call);
    add(up.phones, framesSent, framesSent - (line?.framesReceived ?? 0));
    add(down.phones, line?.deltasSent ?? 0, (line?.deltasSent ?? 0) - spoken);
  }
  for (const { call, said, heard } of window.talks) {
    const { heard: atModel = { atMs: [], samples: [] }, said: ofModel = { atMs: [], samples: [] } } =
      lineOf.get(call) ?? {};
    // Less than a frame is what the filters hold back, 1.25 ms.
    add(up.browsers, framesOf(said), Math.trunc(missingMs(said, atModel) / FRAME_MS));
    add(down.browsers, framesOf(ofModel), Math.trunc(missingMs(ofModel, heard) / FRAME_MS));
  }
  const told = ([sent = 0, lost = 0]: number[]): Arrived => ({ sent, lost });
  return {
    browsersUp: told(up.browsers),
    browsersDown: told(down.browsers),
    phonesUp: told(up.phones),
    phonesDown: told(down.phones),
  };
}

function framesOf({ samples }: { readonly samples: readonly number[] }): number {
  return Math.round((samples.at(-1) ?? 0) / SAMPLES_A_MS / FRAME_MS);
}

export function browserLines({ browsers, phones, seconds, floor, formats }: BrowserReport): readonly string[] {
  const ms = (values: readonly number[]): string => values.map((value) => value.toFixed(2)).join(" / ");
  const way = ({ sent, lost }: Arrived): string => `${sent} frames, ${lost} lost`;
  return [
    `${browsers} browsers beside ${phones} phones, ${seconds} s, both sides talk all the time; p50 / p99, ms`,
    `  through the floor, down and up      ${ms(floor)}`,
    ...formats.flatMap((found) => [
      `  browsers in ${found.format}`,
      `    the agent to browsers             ${ms(found.toBrowsers)}`,
      `    browsers to the model             ${ms(found.fromBrowsers)}`,
      `    the agent to phones, and back     ${ms([...found.toPhones, ...found.fromPhones])}`,
      `    added, p99, the worse way         ${found.addedP99Ms.toFixed(2)}  target 5: ${found.addedP99Ms <= 5 ? "met" : "NOT met"}`,
      `    of browsers, up and down          ${way(found.browsersUp)}; ${way(found.browsersDown)}`,
      `    of phones, up and down            ${way(found.phonesUp)}; ${way(found.phonesDown)}`,
      `    errors; browsers still there      ${found.strange}; ${found.open}`,
      `    far sides, share of a core        ${found.efforts.map(({ core }) => core.toFixed(2)).join(", ")}`,
      `    the server, share of a core       ${found.serverCore.toFixed(2)}`,
    ]),
  ];
}
