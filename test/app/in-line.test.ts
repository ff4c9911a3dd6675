// One after the other over all instances, and past those that died in the line.
import { createInLine } from "../../src/app/in-line.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { manualClock } from "../support/clock.ts";

function make() {
  const clock = manualClock();
  const state = createMemoryState({ clock });
  let count = 0;
  const ids = { token: () => `token-${++count}`, id: (prefix: string) => prefix, callId: () => "call" };
  /** Lets time pass in steps, so that what waits between them gets its turn. */
  async function pass(ms: number): Promise<void> {
    for (let at = 0; at < ms; at += 20) {
      clock.advance(20);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return { clock, state, inLine: createInLine({ state, clock, ids }), pass };
}
const never = new AbortController().signal;

test("work that takes longer than a place is kept for keeps it, and leaves no timer behind", async () => {
  const { clock, inLine, pass } = make();
  const done: string[] = [];
  let end: (() => void) | undefined;
  const first = inLine("a", never, () => new Promise<void>((resolve) => (end = resolve))).then(() =>
    done.push("first"),
  );
  const second = inLine("a", never, async () => void done.push("second"));
  const other = inLine("b", never, async () => void done.push("other"));
  await pass(20_000);
  expect(done).toEqual(["other"]);
  end?.();
  await first;
  await pass(100);
  await Promise.all([second, other]);
  expect(done).toEqual(["other", "first", "second"]);
  expect(clock.pending).toBe(0);
});

test("whoever died in the line is waited for no longer than its place is kept", async () => {
  const { state, inLine, pass } = make();
  await state.stand("a", "dead", 6000);
  let isDone = false;
  const waiting = inLine("a", never, async () => void (isDone = true));
  await pass(5900);
  expect(isDone).toBe(false);
  await pass(200);
  await waiting;
});

test("work whose place was lost is told to stop, so that nothing comes of it", async () => {
  const { clock, state, inLine, pass } = make();
  const lost = inLine(
    "a",
    never,
    (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      }),
  );
  const told = lost.catch((error: unknown) => error);
  await pass(20);
  // As when this process stood still: its place was given away meanwhile.
  await state.leave("a", "token-1");
  await state.stand("a", "other", 60_000);
  await pass(2100);
  expect(await told).toMatchObject({ status: 503 });
  expect(clock.pending).toBe(0);
});

test("whoever gives up waiting, or whose work fails, holds up nobody", async () => {
  const { clock, state, inLine, pass } = make();
  await state.stand("a", "other", 60_000);
  const gone = new AbortController();
  const left = inLine("a", gone.signal, async () => "never").catch((error: unknown) => error);
  await pass(40);
  gone.abort(new Error("gone"));
  expect(await left).toMatchObject({ message: "gone" });
  await state.leave("a", "other");
  await expect(inLine("a", never, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(await inLine("a", never, async () => "done")).toBe("done");
  expect(clock.pending).toBe(0);
});
