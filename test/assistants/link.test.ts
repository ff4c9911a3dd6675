import { failure, ThreadFailure, type FailureFacts } from "../../src/assistants/failure.ts";
import { createLink, orAborted, type LinkOptions } from "../../src/assistants/link.ts";
import type { ThreadErrorCode } from "../../src/core/thread.ts";
import { manualClock, type ManualClock } from "../support/clock.ts";

const flush = () => new Promise((resolve) => setImmediate(resolve));

function setUp(options: Partial<LinkOptions> = {}) {
  const clock = manualClock();
  const scope = new AbortController();
  let events = 0;
  const link = createLink({
    signal: scope.signal,
    clock,
    mayRepeat: () => true,
    onEvent: () => void events++,
    said: () => [],
    ...options,
  });
  return { clock, scope, link, events: () => events };
}

function failing(...errors: Error[]): { request: () => Promise<string>; calls: () => number } {
  let calls = 0;
  return {
    request: () => {
      const error = errors[calls++];
      return error === undefined ? Promise.resolve("fine") : Promise.reject(error);
    },
    calls: () => calls,
  };
}

const refused = (code: ThreadErrorCode, facts: Partial<FailureFacts> = {}) =>
  new ThreadFailure(code, "refused", { reached: false, ...facts });

async function ran(clock: ManualClock, promise: Promise<unknown>): Promise<string> {
  const outcome = promise.then(
    (value) => String(value),
    (error: unknown) => (error instanceof ThreadFailure ? error.code : String(error)),
  );
  for (let round = 0; round < 20; round++) {
    await flush();
    clock.advance(1000);
  }
  return outcome;
}

describe("repeating a request", () => {
  const table: [name: string, errors: Error[], outcome: string, calls: number][] = [
    ["a lost connection, once", [refused("unavailable")], "fine", 2],
    ["a lost connection, not twice", [refused("unavailable"), refused("unavailable")], "unavailable", 2],
    ["a 500", [refused("unavailable", { status: 500 })], "fine", 2],
    ["a 503 that asks for half a second", [refused("unavailable", { status: 503, retryAfterMs: 500 })], "fine", 2],
    [
      "not a 503 that asks for a minute",
      [refused("unavailable", { status: 503, retryAfterMs: 60_000 })],
      "unavailable",
      1,
    ],
    ["a 429 that asks for a second", [refused("rate-limited", { status: 429, retryAfterMs: 1000 })], "fine", 2],
    ["not a 429 that asks for two", [refused("rate-limited", { status: 429, retryAfterMs: 2000 })], "rate-limited", 1],
    ["not a 429 that says nothing", [refused("rate-limited", { status: 429 })], "rate-limited", 1],
    [
      "not an exhausted quota",
      [refused("rate-limited", { status: 429, retryAfterMs: 0, upstreamCode: "insufficient_quota" })],
      "rate-limited",
      1,
    ],
    ["not a 401", [refused("auth", { status: 401 })], "auth", 1],
    ["not a 404", [refused("not-found", { status: 404 })], "not-found", 1],
    ["not a 400", [refused("failed", { status: 400 })], "failed", 1],
    ["not a timeout", [refused("timeout")], "timeout", 1],
    ["a busy thread, several times", Array(8).fill(refused("unavailable", { status: 409 })), "fine", 9],
    ["a busy thread, not for ever", Array(99).fill(refused("unavailable", { status: 409 })), "unavailable", 9],
  ];
  test.each(table)("%s", async (_, errors, outcome, calls) => {
    const { clock, link } = setUp();
    const { request, calls: made } = failing(...errors);
    expect(await ran(clock, link.send(request))).toBe(outcome);
    expect(made()).toBe(calls);
    expect(clock.pending).toBe(0);
  });

  test.each([
    ["what may have reached the far side is taken back before the repeat", true, ["first", "undo", "second"]],
    ["what certainly did not is not", false, ["first", "second"]],
  ])("%s", async (_, reached, expected) => {
    const { clock, link } = setUp();
    const done: string[] = [];
    const request = () => {
      done.push(done.length === 0 ? "first" : "second");
      return done.length === 1 ? Promise.reject(refused("unavailable", { reached })) : Promise.resolve("fine");
    };
    const undo = () => Promise.resolve(done.push("undo"));
    expect(await ran(clock, link.send(request, undo))).toBe("fine");
    expect(done).toEqual(expected);
  });

  test("one repeat for the whole reply, not one for each request", async () => {
    const { clock, link } = setUp();
    expect(await ran(clock, link.send(failing(refused("unavailable")).request))).toBe("fine");
    const second = failing(refused("unavailable"));
    expect(await ran(clock, link.send(second.request))).toBe("unavailable");
    expect(second.calls()).toBe(1);
  });

  test("none once something was streamed or done", async () => {
    const { clock, link } = setUp({ mayRepeat: () => false });
    const { request, calls } = failing(refused("unavailable"));
    expect(await ran(clock, link.send(request))).toBe("unavailable");
    expect(calls()).toBe(1);
  });

  test("none after an abort, which throws its reason and leaves no timer", async () => {
    const { clock, link, scope } = setUp();
    const { request, calls } = failing(refused("unavailable", { retryAfterMs: 900 }));
    const sending = link.send(request);
    const outcome = sending.catch((error: unknown) => error);
    await flush();
    expect(clock.pending).toBe(1);
    scope.abort(new Error("enough"));
    expect(await outcome).toEqual(new Error("enough"));
    expect(calls()).toBe(1);
    expect(clock.pending).toBe(0);
  });
});

test("an abort ends a request that does not listen", async () => {
  const { link, scope } = setUp();
  const sending = link.send(() => new Promise<never>(() => undefined));
  scope.abort(new Error("enough"));
  await expect(sending).rejects.toThrow("enough");
});

describe("reading", () => {
  async function* numbers(...values: (number | Error)[]): AsyncGenerator<number> {
    for (const value of values) {
      if (value instanceof Error) throw value;
      yield value;
    }
  }
  async function readAll(events: AsyncIterable<number>): Promise<number[]> {
    const read: number[] = [];
    for await (const event of events) read.push(event);
    return read;
  }

  test("stops at the last event and tells of each", async () => {
    const { link, events } = setUp();
    expect(await readAll(link.read(numbers(1, 2, 3, 4), (n) => n === 3))).toEqual([1, 2, 3]);
    expect(events()).toBe(3);
  });

  test("what comes after the last event is read to its end, for the connection's sake, but not for ever", async () => {
    const { link, clock } = setUp();
    let returned = false;
    const endless: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => {
        let n = 0;
        return {
          next: () => (n++ === 0 ? Promise.resolve({ done: false, value: 1 }) : new Promise(() => undefined)),
          return: () => {
            returned = true;
            return Promise.resolve({ done: true, value: undefined });
          },
        };
      },
    };
    expect(await readAll(link.read(endless, () => true))).toEqual([1]);
    expect(returned).toBe(false);
    clock.advance(1000);
    expect(returned).toBe(true);
  });

  test("an end before the last event is a failure", async () => {
    const { link } = setUp();
    await expect(readAll(link.read(numbers(1, 2), (n) => n === 3))).rejects.toMatchObject({ code: "unavailable" });
  });

  test("an end, or a cut, is none once it may end", async () => {
    const { link } = setUp();
    const never = () => false;
    expect(await readAll(link.read(numbers(1, 2), never, () => true))).toEqual([1, 2]);
    expect(await readAll(link.read(numbers(1, new Error("terminated")), never, () => true))).toEqual([1]);
  });

  test("a cut in the middle is a failure", async () => {
    const { link } = setUp();
    const cut = numbers(1, new TypeError("terminated"));
    await expect(readAll(link.read(cut, () => false))).rejects.toMatchObject({ code: "unavailable" });
  });

  test("an abort ends a stream that does not listen, with the abort's reason", async () => {
    const { link, scope } = setUp();
    const reading = readAll(
      link.read({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) }, () => false),
    );
    scope.abort(failure("timeout", "late"));
    await expect(reading).rejects.toMatchObject({ code: "timeout" });
  });
});

test("orAborted leaves no listener behind", async () => {
  const listeners = new Set<unknown>();
  class CountedSignal extends EventTarget {
    readonly aborted = false;
    override addEventListener(type: string, listener: () => void): void {
      listeners.add(listener);
      super.addEventListener(type, listener);
    }
    override removeEventListener(type: string, listener: () => void): void {
      listeners.delete(listener);
      super.removeEventListener(type, listener);
    }
  }
  const signal = new CountedSignal() as unknown as AbortSignal;
  const waiting = orAborted(Promise.resolve(1), signal);
  expect(listeners.size).toBe(1);
  expect(await waiting).toBe(1);
  await expect(orAborted(Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
  expect(listeners.size).toBe(0);
});
