// npm run bench: measures the server against the smallest relay that can be written, and against what its far sides know to be
// true. What it prints is what docs/performance.md keeps; the raw figures are written to out/bench.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benchAsk } from "./ask.ts";
import { benchInterruptions, benchTurns, type ConversationOptions } from "./conversations.ts";
import { benchBrowser, browserLines } from "./browser.ts";
import { benchFaults, faultLine } from "./faults/index.ts";
import { startFarSide } from "./far-side.ts";
import type { ModelQuestions } from "./model.ts";
import { benchPage, pageLines } from "./page.ts";
import type { PhoneQuestions } from "./phones.ts";
import { benchRelay, type FarSides } from "./relay.ts";
import { askLines, interruptionLines, relayLines, storeLines, turnsLines } from "./report.ts";
import { benchStore } from "./store.ts";
import { OUT } from "./subject.ts";

const USAGE = `npm run bench -- [relay|turns|barge-in|heard|store|ask|browser|page|faults|all] [options]

  relay      CPU, delay and memory against the floor, for 100 and 20 calls
  turns      what the server adds to a turn, and the greeting
  barge-in   from the caller's speech to a quiet line
  heard      what the server believes was heard, against what the phone played
  faults     the fault catalogue: what the caller hears and when, what is left behind
  store      how late the event loop is while every turn is kept in the embedded database
  ask        what a question in writing takes above the model's own time
  browser    as many browsers as phones on one instance: delay against the floor, and every frame
  page       how soon the page answers a click, and how much it weighs; needs Debian's chromium
  all        everything (the default)

  --calls N      calls at once (relay: 100, then 20; otherwise 20); loads of the page
  --seconds S    length of a measurement (relay 10, otherwise 30)
  --rounds R     relay: rounds of floor and service in turns (5)
  --load L       relay: worst (both talk all the time in 20 ms pieces) or usual (worst, then usual)
  --only NAMES   faults: these only, such as F1,F13
  --server FILE  another build of the server than dist/main.js`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    calls: { type: "string" },
    seconds: { type: "string" },
    rounds: { type: "string", default: "5" },
    load: { type: "string" },
    server: { type: "string" },
    only: { type: "string", default: "" },
    help: { type: "boolean", default: false },
  },
});

const NAMES = ["relay", "turns", "barge-in", "heard", "store", "ask", "browser", "page", "faults"] as const;
type Name = (typeof NAMES)[number];
const asked = positionals[0] ?? "all";
const names = asked === "all" ? NAMES : NAMES.filter((name) => name === asked);
if (values.help || names.length === 0 || (values.load !== undefined && !["worst", "usual"].includes(values.load))) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 1);
}

const main = values.server === undefined ? {} : { main: values.server };
const talk: ConversationOptions = { calls: Number(values.calls ?? 20), seconds: Number(values.seconds ?? 30), ...main };

function tell(file: string, found: unknown, lines: readonly string[]): void {
  console.log(`\n${lines.join("\n")}`);
  mkdirSync(OUT, { recursive: true });
  writeFileSync(join(OUT, `${file}.json`), JSON.stringify(found, null, 1));
}

async function relay(sides: FarSides): Promise<void> {
  const loads = values.load === undefined ? (["worst", "usual"] as const) : [values.load as "worst" | "usual"];
  for (const load of loads)
    for (const calls of values.calls === undefined ? [100, 20] : [Number(values.calls)]) {
      const seconds = Number(values.seconds ?? 10);
      const report = await benchRelay(sides, { calls, seconds, rounds: Number(values.rounds), load, ...main });
      tell(`relay-${load}-${calls}`, report, relayLines(report));
    }
}

async function interruptions(sides: FarSides, what: "barge-in" | "heard"): Promise<void> {
  for (const mode of ["assistant", "speech-to-speech"] as const) {
    const report = await benchInterruptions(sides, mode, talk);
    tell(`${what}-${mode}`, report, interruptionLines(report, what));
  }
}

const benches: Readonly<Record<Name, (sides: FarSides) => Promise<void>>> = {
  relay,
  async turns(sides) {
    const report = await benchTurns(sides, talk);
    tell("turns", report, turnsLines(report));
  },
  "barge-in": (sides) => interruptions(sides, "barge-in"),
  heard: (sides) => interruptions(sides, "heard"),
  async browser(sides) {
    const calls = Number(values.calls ?? 50);
    const report = await benchBrowser(sides, { calls, seconds: Number(values.seconds ?? 10), ...main });
    tell("browser", report, browserLines(report));
  },
  async page(sides) {
    const report = await benchPage(sides, talk.calls, main);
    tell("page", report, pageLines(report));
  },
  async faults() {
    console.log("\nfaults");
    const only = values.only.split(",").filter(Boolean);
    tell("faults", await benchFaults(only, (rows) => rows.forEach((row) => console.log(faultLine(row)))), []);
  },
  async store(sides) {
    const report = await benchStore(sides, talk);
    tell("store", report, storeLines(report));
  },
  async ask(sides) {
    const options = { browsers: talk.calls, seconds: Number(values.seconds ?? 20), ...main };
    const report = await benchAsk(sides, options);
    tell("ask", report, askLines(report));
  },
};

const phones = startFarSide<PhoneQuestions>("./phones.ts");
const model = startFarSide<ModelQuestions>("./model.ts");
try {
  const sides: FarSides = { phones, model, modelPort: await model.ask("listen", undefined) };
  for (const name of names) await benches[name](sides);
} finally {
  await Promise.all([phones.close(), model.close()]);
}
