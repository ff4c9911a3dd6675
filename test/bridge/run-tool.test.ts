// A tool may fail in any way it likes: there is a text for the model within its time, whatever it did.
import { createToolRunner, runTool, type ToolOutcome } from "../../src/bridge/run-tool.ts";
import { InvalidArguments, type Tool, type ToolContext } from "../../src/core/tool.ts";
import { createVirtualTime, type VirtualTime } from "../support/virtual-time.ts";

let time: VirtualTime;
beforeEach(() => void (time = createVirtualTime()));
afterEach(() => {
  if (time.pending() > 0) throw new Error("a timer was left");
});

const tool = (run: Tool["run"], timeoutMs = 2000): Tool => ({
  name: "it",
  description: "",
  parameters: {},
  timeoutMs,
  run,
});

/** What a tool may do to a call: nothing here. */
const ACTS = {
  endAfterReply: () => {},
  escalate: () => ({ mode: "flag" as const, say: "" }),
  intake: () => undefined,
  keepIntake: () => {},
};

async function outcome(
  run: Tool["run"],
  { args = "{}", name = "it", signal = new AbortController().signal, ms = 2500 } = {},
): Promise<ToolOutcome | undefined> {
  const context: ToolContext = { ...ACTS, callId: "c", signal };
  let result: ToolOutcome | undefined;
  void runTool(new Map([["it", tool(run)]]), { callId: "t", name, arguments: args }, context, time.clock).then(
    (value) => (result = value),
  );
  await time.run(ms);
  return result;
}

const cycle: Record<string, unknown> = {};
cycle.self = cycle;

describe("F8: eight kinds of bad results", () => {
  test.each<[string, Tool["run"], ToolOutcome["result"]]>([
    [
      "throws",
      () => {
        throw new Error("key sk-secret");
      },
      "failed",
    ],
    ["rejects", () => Promise.reject(new Error("key sk-secret")), "failed"],
    ["rejects with nothing", () => Promise.reject(undefined), "failed"],
    ["undefined", () => Promise.resolve(undefined), "failed"],
    ["a BigInt", () => Promise.resolve({ count: 10n }), "ok"],
    ["a cycle", () => Promise.resolve(cycle), "failed"],
    ["5 MB", () => Promise.resolve("x".repeat(5_000_000)), "ok"],
    ["5 MB of structure", () => Promise.resolve(Array.from({ length: 400_000 }, (_, index) => `entry ${index}`)), "ok"],
    ["a Date", () => Promise.resolve(new Date(0)), "ok"],
    ["never", () => new Promise(() => {}), "timeout"],
    ["a function", () => Promise.resolve(() => 1), "failed"],
    [
      "a toJSON that throws",
      () =>
        Promise.resolve({
          toJSON() {
            throw new Error("no");
          },
        }),
      "failed",
    ],
  ])("%s", async (_what, run, result) => {
    const got = await outcome(run);
    expect(got?.result).toBe(result);
    expect(got?.output.length).toBeLessThan(16_100);
    expect(got?.output).not.toContain("sk-secret");
    if (result === "ok") return;
    const code = expect.stringMatching(new RegExp(`^(${result}|no-result)$`));
    expect(JSON.parse(got?.output ?? "")).toEqual({ error: { code, message: expect.any(String) } });
  });

  test.each<[unknown, string]>([
    [{ count: 10n }, '{"count":"10"}'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ["plain text", "plain text"],
    ["", ""],
    [null, "null"],
    [0, "0"],
  ])("what the model reads of %p", async (value, output) =>
    expect(await outcome(() => Promise.resolve(value))).toEqual({ output, result: "ok" }),
  );

  test.each([undefined, () => 1, Symbol("x")])("%p is no result, and no success", async (value) => {
    const { output = "", result } = (await outcome(() => Promise.resolve(value))) ?? {};
    const message = "The tool gave no result. Do not say that it worked; tell the caller, and go on without it.";
    expect([result, JSON.parse(output)]).toEqual(["failed", { error: { code: "no-result", message } }]);
  });

  test("a long result says that it was cut, and not in the middle of a character", async () => {
    for (const before of ["", "x"]) {
      const got = await outcome(() => Promise.resolve(before + "😀".repeat(20_000)));
      expect(got?.output).toMatch(/cut, the result was too long/);
      expect(got?.output).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
    }
  });
});

describe("arguments", () => {
  test.each<[string, unknown]>([
    ['{"a":1}', { a: 1 }],
    ["", {}],
    ["null", null],
  ])("%p are handed on", async (args, parsed) => {
    const seen: unknown[] = [];
    await outcome((value) => Promise.resolve(void seen.push(value)), { args });
    expect(seen).toEqual([parsed]);
  });
  test.each(["{", "{'a':1}", "undefined"])("%p are told to be no JSON", async (args) =>
    expect(await outcome(() => Promise.resolve(1), { args })).toMatchObject({ result: "invalid-arguments" }),
  );
  test("that do not fit are told to the model in the tool's words", async () => {
    const got = await outcome(() => Promise.reject(new InvalidArguments("date: must be a date")));
    expect(got).toMatchObject({ result: "invalid-arguments" });
    expect(got?.output).toContain("date: must be a date");
  });
  test("for a tool there is not, with a name of any length", async () => {
    const got = await outcome(() => Promise.resolve(1), { name: "x".repeat(5000) });
    expect(got?.result).toBe("unknown-tool");
    expect(got?.output.length).toBeLessThan(300);
  });
});

describe("time", () => {
  test("is up at the tool's limit, and the tool is told by its signal", async () => {
    let signal: AbortSignal | undefined;
    let got: ToolOutcome | undefined;
    const context: ToolContext = { ...ACTS, callId: "c", signal: new AbortController().signal };
    const hang = tool((_args, given) => {
      signal = given.signal;
      return new Promise(() => {});
    });
    void runTool(new Map([["it", hang]]), { callId: "t", name: "it", arguments: "" }, context, time.clock).then(
      (value) => (got = value),
    );
    await time.run(1999);
    expect([got, signal?.aborted]).toEqual([undefined, false]);
    await time.run(1);
    expect([got?.result, signal?.aborted]).toEqual(["timeout", true]);
  });
  test("a call that went on without it answers so", async () => {
    const controller = new AbortController();
    time.after(500, () => controller.abort());
    expect(await outcome(() => new Promise(() => {}), { signal: controller.signal })).toMatchObject({
      result: "cancelled",
    });
  });
  test("a call that had gone on before does not wait at all", async () => {
    expect(await outcome(() => new Promise(() => {}), { signal: AbortSignal.abort(), ms: 0 })).toMatchObject({
      result: "cancelled",
    });
  });
  test("a tool that heeds its signal by rejecting is cancelled, not failed", async () => {
    const controller = new AbortController();
    time.after(500, () => controller.abort());
    const got = await outcome(
      (_args, { signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(new Error("stopped")), { once: true }),
        ),
      { signal: controller.signal },
    );
    expect(got?.result).toBe("cancelled");
  });
});

test("the tools of a call tell of every run: turn, name, result and when it began", async () => {
  const done: unknown[] = [];
  const begun: string[] = [];
  const run = createToolRunner({
    tools: [tool(() => new Promise((resolve) => void time.after(300, () => resolve("x"))))],
    callId: "c",
    clock: time.clock,
    acts: ACTS,
    onBegin: (name) => void begun.push(name),
    onDone: (...facts) => void done.push(facts),
  });
  const began = time.now();
  const output = run({ callId: "t", name: "it", arguments: "" }, new AbortController().signal, 4);
  expect(begun).toEqual(["it"]);
  await time.run(500);
  expect(await output).toBe("x");
  expect(done).toEqual([[4, "it", "ok", began]]);
});
