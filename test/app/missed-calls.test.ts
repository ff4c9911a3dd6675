// What a sideband that comes (back) finds out of the items that it can ask for, and what is done with a call that stands unanswered.
import { z } from "zod";
import { createMissedCalls } from "../../src/app/assistant/missed-calls.ts";
import { createToolCalls, type ToolCall } from "../../src/app/assistant/tool-calls.ts";
import type { ToolContext } from "../../src/core/tool.ts";
import type { RelayEvent } from "../../src/speech/relayed-session.ts";
import { defineTool } from "../../src/tools/define.ts";
import { manualClock } from "../support/clock.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { until } from "../support/until.ts";

const CALL = { type: "function_call", status: "completed", call_id: "call_1", name: "list", arguments: "{}" };

function looking() {
  const sent: RelayEvent[] = [];
  const found: ToolCall[] = [];
  const meter = keptMeter();
  let names = 0;
  let owed = 0;
  const missed = createMissedCalls({
    send: (event) => void sent.push(event),
    nameIt: (prefix) => `${prefix}${++names}`,
    tools: { unanswered: (call) => void found.push(call) },
    asking: { wantAgain: () => void owed++ },
    log: keptLog(),
    meter,
  });
  const added = (item: object, before: string | null = null) =>
    missed.see({ type: "conversation.item.added", item, previous_item_id: before });
  /** Looks, and is told what stands last. */
  function look(before: string | null): string[] {
    const from = sent.length;
    missed.look();
    const { item } = sent.findLast(({ type }) => type === "conversation.item.create") as unknown as { item: object };
    expect(added(item, before)).toBe(true);
    return sent.slice(from).flatMap(({ type, item_id: id }) => (type.endsWith(".retrieve") ? [String(id)] : []));
  }
  const retrieved = (item: object) => missed.see({ type: "conversation.item.retrieved", item });
  return { missed, added, look, retrieved, found, meter, owed: () => owed };
}

test("where nothing happened meanwhile nothing is asked for", () => {
  const { look, added, meter } = looking();
  expect(look(null)).toEqual([]);
  added({ id: "item_1", type: "message" });
  expect(look("item_1")).toEqual([]);
  expect(meter.total("voice_sideband_gaps_total")).toBe(0);
});

test("a call whose end was not heard is asked for by its own id, whatever stands behind it now", () => {
  const { look, added, retrieved, found } = looking();
  added({ id: "item_1", type: "message" });
  added({ id: "item_2", type: "function_call" }, "item_1");
  expect(look("item_3")).toEqual(["item_2", "item_3"]);
  expect(retrieved({ ...CALL, id: "item_2" })).toBe(true);
  expect(found).toEqual([{ callId: "call_1", name: "list", arguments: "{}" }]);
  expect(look("item_3")).toEqual(["item_3"]);
});

test("one that is being written is left to its response, as one that was cut short is left alone", () => {
  const { missed, look, added, retrieved, found } = looking();
  added({ id: "item_2", type: "function_call" });
  expect(look("item_2")).toEqual(["item_2"]);
  retrieved({ ...CALL, id: "item_2", status: "in_progress" });
  retrieved({ ...CALL, id: "item_2", status: "incomplete" });
  // Whole in a response, it is none that was missed.
  added({ id: "item_4", type: "function_call" });
  missed.see({ type: "response.done", response: { output: [{ id: "item_4" }] } });
  added({ id: "item_5", type: "message" });
  expect(look("item_5")).toEqual([]);
  expect(found).toEqual([]);
});

test("what cannot be found out any more is counted", () => {
  const { look, retrieved, meter } = looking();
  expect(look("item_9")).toEqual(["item_9"]);
  retrieved({ id: "item_9", type: "message", role: "user" });
  expect(meter.series("voice_sideband_gaps_total")).toEqual([{ last: "other" }]);
});

test("an unanswered call is run; one that was run before is answered with what came of it then", async () => {
  const sent: RelayEvent[] = [];
  let runs = 0;
  let wants = 0;
  const list = defineTool({
    name: "list",
    description: "Counts.",
    schema: z.strictObject({}),
    timeoutMs: 1000,
    run: () => Promise.resolve({ run: ++runs }),
  });
  const calls = createToolCalls({
    tools: [list],
    context: {} as ToolContext,
    journal: { tool: () => undefined },
    clock: manualClock(),
    send: (event) => void sent.push(event),
    connection: () => 0,
    isConnected: () => true,
    want: () => void wants++,
  });
  const call = { callId: "call_1", name: "list", arguments: "{}" };
  calls.unanswered(call);
  calls.unanswered(call);
  await until("it has run", () => wants === 1);
  // Where it was told to the connection of the moment, whoever asks again was asked before that.
  calls.unanswered(call);
  calls.connected();
  calls.unanswered(call);
  expect(sent.map(({ item }) => (item as { output: string }).output)).toEqual(['{"run":1}', '{"run":1}']);
  await calls.run([call]);
  expect([runs, wants]).toEqual([1, 2]);
});

test("what came of a call while the sideband was away is told once, although the call is found before it", async () => {
  const { missed, added, look, retrieved, found, meter } = looking();
  const outputs: unknown[] = [];
  let wants = 0;
  let isConnected = true;
  let finish = (): void => {};
  const list = defineTool({
    name: "list",
    description: "Counts.",
    schema: z.strictObject({}),
    timeoutMs: 1000,
    run: () => new Promise((resolve) => (finish = () => resolve({ run: 1 }))),
  });
  const results: string[] = [];
  const calls = createToolCalls({
    tools: [list],
    context: {} as ToolContext,
    journal: { tool: (_name, result) => void results.push(result) },
    clock: manualClock(),
    send: ({ item }) => void outputs.push(item),
    connection: () => 0,
    isConnected: () => isConnected,
    want: () => void wants++,
  });
  added({ id: "item_2", type: "function_call" });
  missed.see({ type: "response.done", response: { output: [{ id: "item_2" }] } });
  void calls.run([{ callId: "call_1", name: "list", arguments: "{}" }]);
  isConnected = false;
  finish();
  await until("it has finished", () => results.length === 1);
  isConnected = true;
  calls.connected();
  // Its output goes after the probe, so that the call stands before that.
  expect(look("item_2")).toEqual(["item_2"]);
  await until("it is told", () => outputs.length > 0 && wants > 0);
  expect(retrieved({ ...CALL, id: "item_2" })).toBe(true);
  for (const call of found) calls.unanswered(call);
  expect(outputs).toHaveLength(1);
  expect(wants).toBe(1);
  expect(meter.total("voice_sideband_gaps_total")).toBe(0);
});

test("an answer that was owed is asked for where nothing came after, and once", () => {
  const { missed, added, look, retrieved, owed, meter } = looking();
  added({ id: "item_2", type: "function_call_output" });
  missed.lost(true);
  // A connection that is lost before it has looked.
  missed.look();
  missed.lost(false);
  expect(look("item_2")).toEqual([]);
  expect(owed()).toBe(1);
  expect(look("item_2")).toEqual([]);
  expect(owed()).toBe(1);
  // What came of the tool was taken, and that was not heard any more.
  missed.lost(true);
  expect(look("item_3")).toEqual(["item_3"]);
  retrieved({ id: "item_3", type: "function_call_output" });
  expect(owed()).toBe(2);
  expect(meter.total("voice_sideband_gaps_total")).toBe(0);
});

test("one that was owed and given meanwhile is not asked for, nor one whose call is told of again", () => {
  const { missed, added, look, retrieved, owed, found } = looking();
  added({ id: "item_2", type: "function_call_output" });
  missed.lost(true);
  expect(look("item_4")).toEqual(["item_4"]);
  retrieved({ id: "item_4", type: "message", role: "assistant" });
  missed.lost(true);
  expect(look("item_5")).toEqual(["item_5"]);
  missed.see({ type: "response.created", response: { id: "r1" } });
  retrieved({ id: "item_5", type: "function_call_output" });
  added({ id: "item_6", type: "function_call" });
  missed.see({ type: "response.done", response: { output: [{ id: "item_6" }] } });
  missed.lost(true);
  expect(look("item_6")).toEqual(["item_6"]);
  retrieved({ ...CALL, id: "item_6" });
  expect(found).toHaveLength(1);
  expect(look("item_6")).toEqual(["item_6"]);
  retrieved({ id: "item_6", type: "function_call_output" });
  expect(owed()).toBe(0);
});

test("an answer that had begun before, and of which nothing stood there yet, is not the one that waited for it", () => {
  const { missed, added, look, retrieved, owed } = looking();
  const loseAndLook = (id: string): void => {
    missed.lost(true);
    expect(look(id)).toEqual([id]);
    retrieved({ id, type: "message", role: "assistant" });
  };
  added({ id: "item_1", type: "message" });
  missed.see({ type: "response.created", response: { id: "r1" } });
  loseAndLook("item_2");
  expect(owed()).toBe(1);
  missed.see({ type: "response.created", response: { id: "r2" } });
  missed.see({ type: "response.output_item.added", item: { id: "item_3" } });
  loseAndLook("item_4");
  missed.see({ type: "response.created", response: { id: "r3" } });
  missed.see({ type: "response.done", response: { id: "r3" } });
  loseAndLook("item_5");
  expect(owed()).toBe(1);
});
