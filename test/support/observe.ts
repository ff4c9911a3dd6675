// A log and a meter that keep what they were told.
import type { Log, LogFields, Meter } from "../../src/core/observe.ts";

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: LogFields;
}

export interface KeptLog extends Log {
  readonly lines: LogLine[];
}

export function keptLog(lines: LogLine[] = [], fields: LogFields = {}): KeptLog {
  const at = (level: LogLine["level"]) => (message: string, more?: LogFields) =>
    void lines.push({ level, message, fields: { ...fields, ...more } });
  return {
    lines,
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (more) => keptLog(lines, { ...fields, ...more }),
  };
}

export interface KeptMeter extends Meter {
  /** The sum of a counter over all series whose labels include these. */
  total(name: string, labels?: Readonly<Record<string, string>>): number;
  /** Label sets a counter was counted under. */
  series(name: string): readonly Readonly<Record<string, string>>[];
  /** What a histogram was told, in order, under labels that include these. */
  observed(name: string, labels?: Readonly<Record<string, string>>): readonly number[];
}

function includes(all: Readonly<Record<string, string>>, some: Readonly<Record<string, string>>): boolean {
  return Object.entries(some).every(([key, value]) => all[key] === value);
}

export function keptMeter(): KeptMeter {
  const counters = new Map<string, Map<string, { labels: Readonly<Record<string, string>>; sum: number }>>();
  const observations: { name: string; value: number; labels: Readonly<Record<string, string>> }[] = [];
  const seriesOf = (name: string) => [...(counters.get(name)?.values() ?? [])];
  return {
    count(name, labels = {}, by = 1) {
      const counter = counters.get(name) ?? new Map<string, { labels: typeof labels; sum: number }>();
      counters.set(name, counter);
      const key = JSON.stringify(labels);
      const series = counter.get(key);
      if (series) series.sum += by;
      else counter.set(key, { labels, sum: by });
    },
    gauge: () => undefined,
    observe: (name, value, labels = {}) => void observations.push({ name, value, labels }),
    total: (name, labels = {}) =>
      seriesOf(name)
        .filter((series) => includes(series.labels, labels))
        .reduce((sum, series) => sum + series.sum, 0),
    series: (name) => seriesOf(name).map((series) => series.labels),
    observed: (name, labels = {}) =>
      observations.filter((one) => one.name === name && includes(one.labels, labels)).map(({ value }) => value),
  };
}
