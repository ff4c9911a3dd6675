// Ports for what we tell the people who run the program. Callers' words and numbers never go through these by default.

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose lines carry these fields too. `call` becomes the `[CA...]` prefix on a terminal. */
  with(fields: LogFields): Log;
}

/** Counters, gauges and histograms by Prometheus name; an unknown name is a programming error. Labels are low-cardinality. */
export interface Meter {
  count(name: string, labels?: Readonly<Record<string, string>>, by?: number): void;
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
  /** Base units: seconds, bytes. */
  observe(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
}

/** What a line of the log says of a defect of ours: where it was. */
export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
