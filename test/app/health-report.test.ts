// The doctor's words for the page: one round at a time, kept for a while, and never waited for without end.
import { createHealthReport } from "../../src/app/health-report.ts";
import { manualClock } from "../support/clock.ts";

const RESULT = { id: "settings", what: "settings", status: "ok", found: "complete", ms: 1 } as const;

function asked() {
  const clock = manualClock();
  const rounds: (() => void)[] = [];
  const report = createHealthReport({
    clock,
    run: (tell) =>
      new Promise<void>((resolve) => {
        tell(RESULT);
        rounds.push(() => {
          tell({ ...RESULT, id: "database" });
          resolve();
        });
      }),
  });
  return { clock, rounds, report };
}

test("everybody who asks at once gets the answer of one round", async () => {
  const { rounds, report, clock } = asked();
  const answers = [report(), report()];
  expect(rounds).toHaveLength(1);
  rounds[0]?.();
  const [one, other] = await Promise.all(answers);
  expect(one?.complete).toBe(true);
  expect(one?.checks.map(({ id }) => id)).toEqual(["settings", "database"]);
  expect(other).toBe(one);
  clock.advance(29_000);
  expect(await report()).toBe(one);
  expect(rounds).toHaveLength(1);
  clock.advance(1000);
  void report();
  expect(rounds).toHaveLength(2);
});

test("after twenty seconds the answers that are there are told", async () => {
  const { clock, report, rounds } = asked();
  const answer = report();
  clock.advance(20_000);
  const told = await answer;
  expect([told.complete, told.checks.map(({ id }) => id)]).toEqual([false, ["settings"]]);
  // What comes late changes nothing any more.
  rounds[0]?.();
  expect(told.checks).toHaveLength(1);
});

test("checks that could not be run at all are an answer as well", async () => {
  const report = createHealthReport({ clock: manualClock(), run: () => Promise.reject(new Error("no")) });
  expect(await report()).toMatchObject({ complete: false, checks: [] });
});
