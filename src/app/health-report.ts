// What the doctor says, asked for by whoever looks at the page: one round of checks at a time, its answers kept for a while, and an end
// to the waiting. The checks themselves are ops/checks.
import type { HealthReport } from "../api/ports.ts";
import type { Clock } from "../core/clock.ts";

export interface HealthReportParts {
  /** Runs the checks and tells each result as it comes. Never rejects. */
  readonly run: (tell: (result: HealthReport["checks"][number]) => void) => Promise<unknown>;
  readonly clock: Clock;
  /** ms a report is told again before the checks are run anew. */
  readonly keepMs?: number;
  /** ms after which what has answered by then is told. */
  readonly limitMs?: number;
}

export function createHealthReport({ run, clock, keepMs = 30_000, limitMs = 20_000 }: HealthReportParts) {
  let last: { readonly at: number; readonly report: Promise<HealthReport> } | undefined;

  function look(): Promise<HealthReport> {
    const checks: HealthReport["checks"][number][] = [];
    const at = clock.date().toISOString();
    return new Promise((resolve) => {
      const tell = (complete: boolean): void => {
        cancel();
        resolve({ at, complete, checks: [...checks] });
      };
      const cancel = clock.after(limitMs, () => tell(false));
      void run((result) => checks.push(result)).then(
        () => tell(true),
        () => tell(false),
      );
    });
  }

  return (): Promise<HealthReport> => {
    if (!last || clock.now() - last.at >= keepMs) last = { at: clock.now(), report: look() };
    return last.report;
  };
}
