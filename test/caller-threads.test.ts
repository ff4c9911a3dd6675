// Whose conversation a call goes on with: only a caller the carrier vouches for has one, and one call at a time.
import { createCallerThreads } from "../src/caller-threads.ts";
import type { CallParty } from "../src/core/call.ts";

let calls = 0;
const call = (change: Partial<CallParty> = {}): CallParty => ({
  callId: `call-${++calls}`,
  carrierId: `CA${calls}`,
  from: "+15551110001",
  to: "+15550002222",
  attested: true,
  channel: "phone",
  direction: "inbound",
  orgId: "default",
  ...change,
});

test("a caller's next call goes on with the thread of the last", () => {
  const threads = createCallerThreads("caller");
  const first = call();
  expect(threads.claim(first)).toBeUndefined();
  threads.release(first, "thread-1");
  const second = call();
  expect(threads.claim(second)).toBe("thread-1");
  threads.release(second, "thread-2");
  expect(threads.claim(call())).toBe("thread-2");
});

test("a call that made no thread leaves the one before", () => {
  const threads = createCallerThreads("caller");
  const first = call();
  threads.claim(first);
  threads.release(first, "thread-1");
  const second = call();
  threads.claim(second);
  threads.release(second, undefined);
  expect(threads.claim(call())).toBe("thread-1");
});

test("per call there is never one", () => {
  const threads = createCallerThreads("call");
  const first = call();
  expect(threads.claim(first)).toBeUndefined();
  threads.release(first, "thread-1");
  expect(threads.claim(call())).toBeUndefined();
});

describe("a fresh thread, always, for", () => {
  test.each<[string, Partial<CallParty>]>([
    ["an unattested caller", { attested: false }],
    ["a withheld number", { from: "anonymous" }],
    ["an empty number", { from: "" }],
    ["a placeholder of the carrier", { from: "+266696687x" }],
    ["a SIP address", { from: "sip:alice@example.com" }],
    ["a number that is none", { from: "+0123456789" }],
  ])("%s", (_what, change) => {
    const threads = createCallerThreads("caller");
    const first = call(change);
    expect(threads.claim(first)).toBeUndefined();
    threads.release(first, "thread-1");
    expect(threads.claim(call(change))).toBeUndefined();
  });

  test("a caller of whom nothing is attested", () => {
    const threads = createCallerThreads("caller");
    const { attested: _attested, ...unknown } = call();
    threads.claim(unknown);
    threads.release(unknown, "thread-1");
    expect(threads.claim({ ...unknown, callId: "other" })).toBeUndefined();
  });

  test("another called number, and another caller", () => {
    const threads = createCallerThreads("caller");
    const first = call();
    threads.claim(first);
    threads.release(first, "thread-1");
    expect(threads.claim(call({ to: "+15550003333" }))).toBeUndefined();
    expect(threads.claim(call({ from: "+15551110002" }))).toBeUndefined();
  });

  test("a second call of the same caller at the same time, which leaves nothing behind either", () => {
    const threads = createCallerThreads("caller");
    const first = call();
    threads.claim(first);
    threads.release(first, "thread-1");
    const one = call();
    const other = call();
    expect([threads.claim(one), threads.claim(other)]).toEqual(["thread-1", undefined]);
    threads.release(other, "thread-other");
    threads.release(one, "thread-one");
    expect(threads.claim(call())).toBe("thread-one");
  });
});

test("a caller whose call ended without a word can call again", () => {
  const threads = createCallerThreads("caller");
  const first = call();
  threads.claim(first);
  threads.release(first, undefined);
  threads.release(first, undefined);
  const second = call();
  threads.claim(second);
  threads.release(second, "thread-2");
  expect(threads.claim(call())).toBe("thread-2");
});

test("of very many callers those of long ago are forgotten", () => {
  const threads = createCallerThreads("caller");
  const from = (number: number): string => `+1555${String(number).padStart(7, "0")}`;
  for (let number = 0; number < 10_050; number++) {
    const one = call({ from: from(number) });
    threads.claim(one);
    threads.release(one, `thread-${number}`);
  }
  expect(threads.claim(call({ from: from(3) }))).toBeUndefined();
  expect(threads.claim(call({ from: from(10_049) }))).toBe("thread-10049");
});
