// A risky run waits for a word from outside of the conversation: for that run alone, once, and not for ever; whichever instance it
// is asked at and settled at.
import { createConfirmations } from "../../src/app/confirmations.ts";
import { runTool } from "../../src/bridge/run-tool.ts";
import type { LiveEvent, State } from "../../src/core/state.ts";
import { StateUnavailable } from "../../src/core/state.ts";
import type { Tool, ToolContext } from "../../src/core/tool.ts";
import { InvalidArguments } from "../../src/core/tool.ts";
import { systemIds } from "../../src/observe/system.ts";
import { createGate } from "../../src/safety/tool-gate.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { createMemoryCallStore } from "../../src/storage/memory.ts";
import { phoneCall } from "../api/support.ts";
import { keptLog } from "../support/observe.ts";
import { createVirtualTime } from "../support/virtual-time.ts";

const REQUEST = { callId: "call_1", orgId: "acme", tool: "desktop__Powershell-Tool", arguments: { command: "dir" } };
const never = new AbortController().signal;
const anyone = (): boolean => true;

function setup(given?: State) {
  const time = createVirtualTime();
  const state = given ?? createMemoryState({ clock: time.clock });
  const store = createMemoryCallStore();
  phoneCall(store, "call_1", "acme");
  const log = keptLog();
  const make = () => createConfirmations({ state, store, confirmMs: 60_000, clock: time.clock, ids: systemIds, log });
  const events: LiveEvent[] = [];
  state.subscribe("events", (message) => void events.push(message as LiveEvent));
  return { time, state, store, log, make, confirmations: make(), events };
}

test("asked once for the same run, decided once, used once", async () => {
  const { confirmations: here, make, time } = setup();
  const elsewhere = make();
  const { confirmation, isNew } = await here.ask(REQUEST);
  expect(isNew).toBe(true);
  expect(await here.ask({ ...REQUEST, arguments: { command: "dir" } })).toMatchObject({
    isNew: false,
    confirmation: { id: confirmation.id },
  });
  expect(await elsewhere.pending()).toMatchObject([{ id: confirmation.id, arguments: { command: "dir" } }]);
  expect(await elsewhere.decide(confirmation.id, "approve", "root", () => false)).toBeUndefined();
  expect(await elsewhere.decide("conf_other", "approve", "root", anyone)).toBeUndefined();
  expect(await here.redeem(confirmation.id)).toBe(false);
  expect(await elsewhere.decide(confirmation.id, "approve", "root", anyone)).toMatchObject({ kind: "done" });
  expect(await here.decide(confirmation.id, "deny", "root", anyone)).toMatchObject({ kind: "late" });
  let both: boolean[] = [];
  void Promise.all([here.redeem(confirmation.id), elsewhere.redeem(confirmation.id)]).then((all) => (both = all));
  await time.run(100);
  expect(both).toHaveLength(2);
  expect(both.filter(Boolean)).toHaveLength(1);
  expect(await here.ask(REQUEST)).toMatchObject({ isNew: true });
});

test.each<[string, object]>([
  ["call", { callId: "call_2" }],
  ["user", { userId: "ada" }],
  ["organization", { orgId: "beta" }],
  ["tool", { tool: "desktop__Type-Tool" }],
  ["argument", { arguments: { command: "dir " } }],
])("another %s is another run", async (_what, more) => {
  const { confirmations } = setup();
  const { confirmation } = await confirmations.ask(REQUEST);
  await confirmations.decide(confirmation.id, "approve", "root", anyone);
  expect(await confirmations.ask({ ...REQUEST, ...more })).toMatchObject({
    isNew: true,
    confirmation: { status: "pending" },
  });
});

test("it expires, and nobody can settle it then", async () => {
  const { confirmations, time } = setup();
  const { confirmation } = await confirmations.ask(REQUEST);
  let status: string | undefined;
  void confirmations.settled(confirmation.id, 90_000, never).then((value) => (status = value));
  await time.run(59_000);
  expect(status).toBeUndefined();
  await time.run(3000);
  expect(status).toBe("expired");
  expect(await confirmations.pending()).toEqual([]);
  expect(await confirmations.decide(confirmation.id, "approve", "root", anyone)).toMatchObject({
    kind: "late",
    confirmation: { status: "expired" },
  });
  expect(await confirmations.redeem(confirmation.id)).toBe(false);
  await time.run(1000);
  expect(time.pending()).toBe(0);
});

test("that nobody decided is told to those who watch, once, and stands in the story of the call", async () => {
  const { confirmations, make, events, store, time } = setup();
  const elsewhere = make();
  const { confirmation } = await confirmations.ask({ ...REQUEST, userId: "ada" });
  const { confirmation: decided } = await confirmations.ask({ ...REQUEST, arguments: { command: "other" } });
  await time.run(59_000);
  await elsewhere.decide(decided.id, "deny", "root", anyone);
  // Whoever asks once more makes the shared state know that it is over.
  await time.run(1010);
  await elsewhere.ask({ ...REQUEST, callId: "call_2" });
  await time.run(5000);
  const told = events.filter(({ data }) => data["status"] === "expired");
  expect(told).toMatchObject([{ callId: "call_1", data: { confirmation_id: confirmation.id, user: "ada" } }]);
  const rows = (await store.get("call_1"))?.timeline.filter(({ what }) => what === "confirmation") ?? [];
  expect(rows.map(({ detail }) => [detail?.confirmation, detail?.status, detail?.by])).toEqual([
    [confirmation.id, "pending", undefined],
    [decided.id, "pending", undefined],
    [decided.id, "denied", "root"],
    [confirmation.id, "expired", undefined],
  ]);
  confirmations.close();
  elsewhere.close();
  expect(time.pending()).toBe(0);
});

test("a database that hangs does not hold up a decision: what the shared state says holds", async () => {
  const { confirmations, store, time } = setup();
  const { confirmation } = await confirmations.ask(REQUEST);
  store.get = () => new Promise(() => undefined);
  let decided: unknown;
  void confirmations.decide(confirmation.id, "approve", "root", anyone).then((value) => (decided = value));
  await time.run(2000);
  expect(decided).toMatchObject({ kind: "done", confirmation: { status: "approved" } });
  confirmations.close();
  expect(time.pending()).toBe(0);
});

test("nothing is decided for a call that is over, and those that wait are told so", async () => {
  const { confirmations, make, events, store, state, time } = setup();
  const elsewhere = make();
  const { confirmation } = await confirmations.ask(REQUEST);
  // Its end is told to whoever asked...
  state.publish("events", { callId: "call_1", orgId: "acme", type: "call.ended", at: "", data: {} });
  await time.run(10);
  expect(await elsewhere.pending()).toEqual([]);
  expect(events.at(-1)).toMatchObject({ type: "confirmation", data: { status: "ended" } });
  const late = { kind: "late", confirmation: { status: "ended" } };
  expect(await elsewhere.decide(confirmation.id, "approve", "root", anyone)).toMatchObject(late);
  // ... and where that was lost, its record tells it.
  const { confirmation: other } = await confirmations.ask({ ...REQUEST, arguments: { command: "other" } });
  store.update("call_1", { status: "completed" });
  expect(await elsewhere.decide(other.id, "approve", "root", anyone)).toMatchObject(late);
  expect(await elsewhere.decide(other.id, "deny", "root", anyone)).toMatchObject(late);
  expect(await elsewhere.redeem(other.id)).toBe(false);
  expect(await elsewhere.pending()).toEqual([]);
  expect(events.filter(({ data }) => data["status"] === "ended")).toHaveLength(2);
  confirmations.close();
  elsewhere.close();
  expect(time.pending()).toBe(0);
});

test("a decision that comes while it is being looked at is not missed", async () => {
  const time = createVirtualTime();
  const state = createMemoryState({ clock: time.clock });
  const slow: State = {
    ...state,
    async get(key) {
      const value = await state.get(key);
      await new Promise<void>((resolve) => void time.after(100, resolve));
      return value;
    },
  };
  const { confirmations } = setup(state);
  const far = createConfirmations({
    state: slow,
    store: createMemoryCallStore(),
    confirmMs: 60_000,
    clock: time.clock,
    ids: systemIds,
    log: keptLog(),
  });
  const { confirmation } = await confirmations.ask(REQUEST);
  let status: string | undefined;
  void far.settled(confirmation.id, 60_000, never).then((value) => (status = value));
  await time.run(50);
  await confirmations.decide(confirmation.id, "approve", "root", anyone);
  await time.run(300);
  expect(status).toBe("approved");
});

test("an approval that nobody comes for is void after a while", async () => {
  const { confirmations, time } = setup();
  const { confirmation } = await confirmations.ask(REQUEST);
  await confirmations.decide(confirmation.id, "approve", "root", anyone);
  await time.run(121_000);
  expect(await confirmations.redeem(confirmation.id)).toBe(false);
});

test("a denial is not asked about again and again, and a call does not flood whoever decides", async () => {
  const { confirmations } = setup();
  const { confirmation } = await confirmations.ask(REQUEST);
  await confirmations.decide(confirmation.id, "deny", "root", anyone);
  expect(await confirmations.ask(REQUEST)).toMatchObject({ isNew: false, confirmation: { status: "denied" } });
  for (const command of ["a", "b", "c"]) await confirmations.ask({ ...REQUEST, arguments: { command } });
  await expect(confirmations.ask({ ...REQUEST, arguments: { command: "d" } })).rejects.toThrow("too many");
  expect(await confirmations.ask({ ...REQUEST, callId: "call_2" })).toMatchObject({ isNew: true });
});

test("it is told as it happens, and kept in the story of the call without the arguments", async () => {
  const { confirmations, events, store, log, time } = setup();
  const { confirmation } = await confirmations.ask(REQUEST);
  await confirmations.decide(confirmation.id, "approve", "root", anyone);
  await confirmations.redeem(confirmation.id);
  await time.run(1);
  expect(events.map(({ type, data }) => [type, data.status, data.tool, data.arguments])).toEqual(
    ["pending", "approved", "used"].map((status) => ["confirmation", status, REQUEST.tool, REQUEST.arguments]),
  );
  const rows = (await store.get("call_1"))?.timeline.filter(({ what }) => what === "confirmation") ?? [];
  expect(rows.map(({ detail }) => [detail?.status, detail?.by])).toEqual([
    ["pending", undefined],
    ["approved", "root"],
    ["used", "root"],
  ]);
  expect(JSON.stringify([rows, log.lines])).not.toContain("dir");
});

describe("the gate", () => {
  const runs: unknown[] = [];
  beforeEach(() => void (runs.length = 0));
  const tool: Tool = {
    name: "desktop__Powershell-Tool",
    description: "",
    parameters: {},
    timeoutMs: 1000,
    scope: { organizations: ["acme"], users: [] },
    perMinute: 5,
    check(args) {
      if (typeof (args as { command?: unknown }).command !== "string") throw new InvalidArguments("command is missing");
    },
    run(args) {
      runs.push(args);
      return Promise.resolve({ did: true });
    },
  };

  function gated({
    state,
    announces = false,
    orgId = "acme",
  }: { state?: State; announces?: boolean; orgId?: string } = {}) {
    const set = setup(state);
    const said: string[] = [];
    const gate = createGate({
      confirmations: set.confirmations,
      state: set.state,
      confirmMs: 60_000,
      waitingWords: "I am waiting for it.",
    });
    const tools = new Map(gate([tool], { orgId }).map((one) => [one.name, one]));
    const context: ToolContext = {
      callId: "call_1",
      signal: never,
      endAfterReply: () => {},
      escalate: () => ({ mode: "flag", say: "" }),
      intake: () => undefined,
      keepIntake: () => {},
      ...(announces && { announce: (text: string) => void said.push(text) }),
    };
    const ask = async (args: unknown = { command: "dir" }) => {
      const request = { callId: "t", name: tool.name, arguments: JSON.stringify(args) };
      const { output, result } = await runTool(tools, request, context, set.time.clock);
      return { result, said: JSON.parse(output) as { error?: { code: string; message: string }; did?: boolean } };
    };
    return { ...set, said, ask };
  }
  type Asked = Awaited<ReturnType<ReturnType<typeof gated>["ask"]>>;

  test("who can be told waits on the line, and it is done when it was approved", async () => {
    const { ask, said, time, confirmations } = gated({ announces: true });
    let outcome: Asked | undefined;
    void ask().then((value) => (outcome = value));
    await time.run(30_000);
    expect(said).toEqual(["I am waiting for it."]);
    expect(runs).toEqual([]);
    const [waiting] = await confirmations.pending();
    await confirmations.decide(waiting?.id ?? "", "approve", "root", anyone);
    await time.run(1000);
    expect(outcome).toEqual({ result: "ok", said: { did: true } });
    expect(runs).toEqual([{ command: "dir" }]);
  });

  test("elsewhere the model is told that it waits, and asks again", async () => {
    const { ask, time, confirmations } = gated();
    expect(await ask()).toMatchObject({ result: "waiting", said: { error: { code: "awaiting-confirmation" } } });
    let outcome: Asked | undefined;
    void ask().then((value) => (outcome = value));
    await time.run(5000);
    expect(outcome).toBeUndefined();
    await confirmations.decide((await confirmations.pending())[0]?.id ?? "", "approve", "root", anyone);
    await time.run(1000);
    expect(outcome?.result).toBe("ok");
    expect(runs).toHaveLength(1);
    expect(await ask()).toMatchObject({ result: "waiting" });
  });

  test.each<["deny" | "nobody", string]>([
    ["deny", "denied"],
    ["nobody", "not-confirmed"],
  ])("%s: it is not done, and the model is told so", async (decision, code) => {
    const { ask, time, confirmations } = gated({ announces: true });
    let outcome: Asked | undefined;
    void ask().then((value) => (outcome = value));
    await time.run(2000);
    if (decision === "deny")
      await confirmations.decide((await confirmations.pending())[0]?.id ?? "", "deny", "root", anyone);
    await time.run(62_000);
    expect(outcome).toMatchObject({ result: "refused", said: { error: { code } } });
    expect(runs).toEqual([]);
    await time.run(1000);
    expect(time.pending()).toBe(0);
  });

  test("nobody is asked about what would be refused anyway", async () => {
    const { ask, confirmations } = gated();
    expect(await ask({})).toMatchObject({ result: "invalid-arguments" });
    expect(await ask({ command: "x".repeat(3000) })).toMatchObject({ result: "refused" });
    expect(await gated({ orgId: "beta" }).ask()).toMatchObject({ said: { error: { code: "not-allowed" } } });
    expect(await confirmations.pending()).toEqual([]);
  });

  test("too often is too often, confirmed or not", async () => {
    const { ask } = gated();
    for (const command of ["a", "b", "c", "d", "e"]) await ask({ command });
    expect(await ask({ command: "f" })).toMatchObject({ said: { error: { code: "too-often" } } });
  });

  test("nothing risky is done while the shared state is away", async () => {
    const time = createVirtualTime();
    const state = createMemoryState({ clock: time.clock });
    const away = () => Promise.reject(new StateUnavailable());
    const { ask } = gated({ state: { ...state, get: away, put: away, first: away } });
    expect(await ask()).toMatchObject({ result: "failed", said: { error: { code: "unavailable" } } });
    expect(await gated({ state: { ...state, hit: away } }).ask()).toMatchObject({
      said: { error: { code: "unavailable" } },
    });
    expect(runs).toEqual([]);
  });
});
