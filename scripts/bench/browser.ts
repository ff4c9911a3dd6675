// npm run bench -- browser: as many browsers as phones talk on one instance, all of them all the time; the way of their sound against
// that through the floor, and whether every frame arrived.
import { startFarSide, type Effort } from "./far-side.ts";
import { WORST } from "./load.ts";
import { percentile } from "./numbers.ts";
import { quiet, type FarSides } from "./relay.ts";
import type { BrowserQuestions } from "./browsers.ts";
import { pause, startFloor, startService } from "./subject.ts";

export interface BrowserReport {
  readonly phones: number;
  readonly browsers: number;
  readonly seconds: number;
  /** One-way p50 and p99, ms: through the floor with as many calls, the agent's sound to browsers and to phones, all callers' sound. */
  readonly floor: readonly number[];
  readonly toBrowsers: readonly number[];
  readonly toPhones: readonly number[];
  readonly up: readonly number[];
  readonly addedP99Ms: number;
  /** Of callers' frames sent in the window; what was on its way at its ends is among them. */
  readonly framesSent: number;
  readonly framesReceived: number;
  readonly strange: number;
  readonly open: number;
  readonly efforts: readonly Effort[];
}

/** The organization's key of the bench: one that may talk. */
const KEY = "bench-talker-bench-talker";
const SPACING_MS = 25;
const FROM = 500;

export async function benchBrowser(
  { phones, model, modelPort }: FarSides,
  { calls, seconds, main }: { readonly calls: number; readonly seconds: number; readonly main?: string },
): Promise<BrowserReport> {
  const both = (values: Float64Array): readonly number[] => [percentile(values, 0.5), percentile(values, 0.99)];
  const settle = WORST.settleMs + 2 * calls * SPACING_MS + 3000;

  await model.ask("load", { ...WORST, with: "floor" });
  const floor = await startFloor(modelPort);
  let floorWay: readonly number[];
  try {
    await phones.ask("place", { calls: 2 * calls, target: floor.target, spacingMs: SPACING_MS });
    await pause(settle);
    await Promise.all([phones.ask("reset", undefined), model.ask("reset", undefined)]);
    await pause(seconds * 1000);
    const [down, up] = await Promise.all([phones.ask("window", undefined), model.ask("window", undefined)]);
    floorWay = [...both(down.delaysMs), ...both(up.delaysMs)];
    await phones.ask("hangUp", undefined);
  } finally {
    await floor.close();
  }

  await model.ask("load", { ...WORST, with: "service" });
  const service = await startService({
    modelPort,
    settings: { VOICE_MODE: "speech-to-speech", API_KEYS: `bench:admin:${KEY}`, RATE_LIMIT_PER_MINUTE: "100000" },
    ...(main !== undefined && { main }),
  });
  const browsers = startFarSide<BrowserQuestions>("./browsers.ts");
  try {
    await quiet(model);
    const { url } = service.target;
    await Promise.all([
      phones.ask("place", { calls, target: service.target, spacingMs: 2 * SPACING_MS }),
      browsers.ask("open", { count: calls, url: url.replace("http", "ws"), key: KEY, from: FROM }),
    ]);
    await pause(settle);
    await Promise.all([
      phones.ask("reset", undefined),
      browsers.ask("reset", undefined),
      model.ask("reset", undefined),
    ]);
    await pause(seconds * 1000);
    const [atPhones, atBrowsers, atModel] = await Promise.all([
      phones.ask("window", undefined),
      browsers.ask("window", undefined),
      model.ask("window", undefined),
    ]);
    await Promise.all([phones.ask("hangUp", undefined), browsers.ask("close", undefined)]);
    const toBrowsers = both(atBrowsers.delaysMs);
    const up = both(atModel.delaysMs);
    return {
      phones: calls,
      browsers: calls,
      seconds,
      floor: floorWay,
      toBrowsers,
      toPhones: both(atPhones.delaysMs),
      up,
      addedP99Ms: Math.max((toBrowsers[1] ?? NaN) - (floorWay[1] ?? NaN), (up[1] ?? NaN) - (floorWay[3] ?? NaN)),
      framesSent: atPhones.framesSent + atBrowsers.framesSent,
      framesReceived: atModel.framesReceived,
      strange: atBrowsers.strange,
      open: atBrowsers.open,
      efforts: [atPhones.effort, atBrowsers.effort, atModel.effort],
    };
  } finally {
    await Promise.all([browsers.close(), service.close()]);
  }
}

export function browserLines(report: BrowserReport): readonly string[] {
  const ms = (values: readonly number[]): string => values.map((value) => value.toFixed(2)).join(" / ");
  const { phones, browsers, seconds, framesSent, framesReceived } = report;
  return [
    `${browsers} browsers beside ${phones} phones, ${seconds} s, both sides talk all the time; p50 / p99, ms`,
    `  through the floor, down and up      ${ms(report.floor)}`,
    `  the agent to browsers               ${ms(report.toBrowsers)}`,
    `  the agent to phones                 ${ms(report.toPhones)}`,
    `  callers to the model                ${ms(report.up)}`,
    `  added, p99, the worse way           ${report.addedP99Ms.toFixed(2)}  target 5: ${report.addedP99Ms <= 5 ? "met" : "NOT met"}`,
    `  callers' frames sent and received   ${framesSent} and ${framesReceived}; ${report.strange} errors, ${report.open} browsers still there`,
    `  far sides, share of a core          ${report.efforts.map(({ core }) => core.toFixed(2)).join(", ")}`,
  ];
}
