// npm run bench: measures the server against the smallest relay that can be written, on one load, in turns. What it prints is
// what docs/performance.md keeps.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startFarSide } from "./far-side.ts";
import type { ModelQuestions } from "./model.ts";
import { spreadText } from "./numbers.ts";
import type { PhoneQuestions } from "./phones.ts";
import { benchRelay, type RelayReport } from "./relay.ts";
import { OUT } from "./subject.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    calls: { type: "string" },
    seconds: { type: "string", default: "8" },
    rounds: { type: "string", default: "3" },
    load: { type: "string", default: "worst" },
    help: { type: "boolean", default: false },
  },
});
const what = positionals[0] ?? "relay";
if (values.help || what !== "relay") {
  console.log(
    "npm run bench -- relay [--calls N] [--seconds S] [--rounds R] [--load worst|usual]\n\nWithout --calls: 100, then 20.",
  );
  process.exit(values.help ? 0 : 1);
}
const load = values.load === "usual" ? "usual" : "worst";

function print(report: RelayReport): void {
  console.log(`
${report.calls} calls, load "${report.load}", ${report.rounds.length} rounds (median, lowest to highest):
  CPU per call-second, service / floor   ${spreadText(report.cpuRatio)}
  one-way delay p99, service - floor     ${spreadText(report.addedP99Ms)} ms
  memory per call above idle             ${spreadText(report.kbPerCall, 0)} KB
  greeting, first audio after start, p99 ${spreadText(report.greetingP99Ms, 0)} ms`);
  for (const { floor, service } of report.rounds)
    console.log(
      `  floor ${floor.usPerCallSecond.toFixed(0)} us, p99 up/down ${floor.up.p99.toFixed(1)}/${floor.down.p99.toFixed(1)} ms; ` +
        `service ${service.usPerCallSecond.toFixed(0)} us, ${service.up.p99.toFixed(1)}/${service.down.p99.toFixed(1)} ms; ` +
        `far sides at ${Math.round(Math.max(service.phones.core, service.model.core) * 100)} % of a core`,
    );
  for (const why of report.voided) console.log(`  void: ${why}`);
}

const phones = startFarSide<PhoneQuestions>("./phones.ts");
const model = startFarSide<ModelQuestions>("./model.ts");
try {
  const modelPort = await model.ask("listen", undefined);
  for (const calls of values.calls === undefined ? [100, 20] : [Number(values.calls)]) {
    const report = await benchRelay(
      { phones, model, modelPort },
      { calls, seconds: Number(values.seconds), rounds: Number(values.rounds), load },
    );
    print(report);
    mkdirSync(OUT, { recursive: true });
    writeFileSync(join(OUT, `relay-${load}-${calls}.json`), JSON.stringify(report, null, 1));
  }
} finally {
  await Promise.all([phones.close(), model.close()]);
}
