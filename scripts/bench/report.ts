// What the bench found, as lines for a person: each figure beside its target, with the range of its rounds or samples.
import type { InterruptionsReport, TurnsReport } from "./conversations.ts";
import { percentile, spreadText, text, type Spread } from "./numbers.ts";
import type { RelayReport } from "./relay.ts";
import type { AskReport } from "./ask.ts";
import type { StoreReport } from "./store.ts";

/** CPU of the server in floors, by the number of calls it is promised for. */
const CPU_TARGETS: ReadonlyMap<number, number> = new Map([
  [100, 1.25],
  [20, 1.5],
]);

function line(
  name: string,
  figure: string,
  target?: { readonly value: number; readonly most: number; unit: string },
): string {
  const verdict = target
    ? `  target ${target.most} ${target.unit}: ${target.value <= target.most ? "met" : "NOT met"}`
    : "";
  return `  ${name.padEnd(46)} ${figure}${verdict}`;
}

export function relayLines(report: RelayReport): readonly string[] {
  const { calls, load, rounds, voided } = report;
  const cpuTarget = CPU_TARGETS.get(calls);
  const within = (spread: Spread, most: number, unit: string) => ({ value: spread.median, most, unit });
  const lines = [
    `${calls} calls, load "${load}", ${rounds.length} rounds after one that is not counted: median (lowest to highest)`,
    line(
      "CPU of a call-second, service / floor",
      spreadText(report.cpuRatio),
      cpuTarget === undefined ? undefined : within(report.cpuRatio, cpuTarget, "floors"),
    ),
    line(
      "one-way delay p99, service - floor, ms",
      spreadText(report.addedP99Ms),
      calls === 100 ? within(report.addedP99Ms, 5, "ms") : undefined,
    ),
    line("memory of a call above the idle server, KB", text(report.kbPerCall, 0), {
      value: report.kbPerCall,
      most: 300,
      unit: "KB",
    }),
    line("  the same above one that never had a call, KB", text(report.kbPerCallFromStart, 0)),
    line(
      "greeting, first audio after start, p99, ms",
      spreadText(report.greetingP99Ms, 1),
      within(report.greetingP99Ms, 60, "ms"),
    ),
  ];
  for (const { floor, service } of rounds) {
    const busiest = Math.max(floor.phones.core, floor.model.core, service.phones.core, service.model.core);
    lines.push(
      `    floor ${text(floor.usPerCallSecond, 0)} us, p99 up/down ${text(floor.up.p99, 1)}/${text(floor.down.p99, 1)} ms; ` +
        `service ${text(service.usPerCallSecond, 0)} us, ${text(service.up.p99, 1)}/${text(service.down.p99, 1)} ms; ` +
        `far sides at most ${text(busiest * 100, 0)} % of a core`,
    );
  }
  return [...lines, ...voided.map((why) => `    void: ${why}`)];
}

function percentiles(values: readonly number[]): string {
  const at = (share: number): string => text(percentile(values, share));
  return `p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, max ${at(1)}`;
}

export function turnsLines({ turns, addedMs, askedMs, sayMs, lineMs, greetingMs }: TurnsReport): readonly string[] {
  return [
    `${turns} turns of ${greetingMs.length} calls, ms`,
    line("added by the server", percentiles(addedMs), { value: percentile(addedMs, 0.95), most: 20, unit: "ms (p95)" }),
    line("  transcript to the thread's request", percentiles(askedMs)),
    line("  first sentence to the request for speech", percentiles(sayMs)),
    line("  voice's first audio to the line", percentiles(lineMs)),
    line("greeting, first audio after start", percentiles(greetingMs), {
      value: percentile(greetingMs, 0.99),
      most: 60,
      unit: "ms (p99)",
    }),
  ];
}

export function interruptionLines(report: InterruptionsReport, what: "barge-in" | "heard"): readonly string[] {
  const { mode, interruptions, clearMs, errorMs, missing } = report;
  const errors = errorMs.map(Math.abs);
  const figures =
    what === "barge-in"
      ? line("speech_started to clear", percentiles(clearMs), {
          value: percentile(clearMs, 0.99),
          most: 5,
          unit: "ms (p99)",
        })
      : line("error of what was heard", percentiles(errors), {
          value: percentile(errors, 0.95),
          most: 60,
          unit: "ms (p95)",
        });
  return [
    `${interruptions} interruptions, ${mode}, ms`,
    figures,
    ...(missing > 0 ? [`    ${missing} without an answer`] : []),
  ];
}

export function storeLines({ calls, lagP99Ms, worstMs, turns, events, dropped }: StoreReport): readonly string[] {
  return [
    `${calls} calls, ${lagP99Ms.length} s, ${turns} turns and ${events} events kept, ${dropped} rows lost`,
    line("event-loop delay, p99 of each second, ms", percentiles(lagP99Ms)),
    line("the worst second's p99, ms", text(worstMs), { value: worstMs, most: 20, unit: "ms" }),
  ];
}

export function askLines({ browsers, asks, failed, addedMs, cpuMs }: AskReport): readonly string[] {
  return [
    `${asks} questions of ${browsers} browsers at once, ${failed} without an answer, ms`,
    line("above the model's own time", percentiles(addedMs), {
      value: percentile(addedMs, 0.95),
      most: 10,
      unit: "ms (p95)",
    }),
    line("CPU of the server for one", text(cpuMs)),
  ];
}
