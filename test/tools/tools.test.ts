// The tools: what the model is offered, what it may send, and what each does to its call.
import { z } from "zod";
import type { CallEnding } from "../../src/core/call.ts";
import type { EscalationPlan, EscalationRequest } from "../../src/core/escalation.ts";
import { InvalidArguments, type Tool, type ToolContext } from "../../src/core/tool.ts";
import { defineTool } from "../../src/tools/define.ts";
import { createTools } from "../../src/tools/index.ts";

const HUMAN = "+15550009999";

function context(): ToolContext & { readonly endings: readonly CallEnding[] } {
  const endings: CallEnding[] = [];
  return {
    callId: "c",
    signal: new AbortController().signal,
    endAfterReply: (how) => void endings.push(how),
    escalate: () => ({ mode: "flag", say: "" }),
    intake: () => undefined,
    keepIntake: () => {},
    endings,
  };
}
const named = (name: string): Tool => {
  const found = createTools({ humanNumber: HUMAN }).find((tool) => tool.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
};

test("a transfer is offered only where there is somebody to transfer to", () => {
  expect(createTools({ humanNumber: undefined }).map(({ name }) => name)).toEqual([
    "end_call",
    "complete_intake",
    "escalate",
  ]);
  expect(createTools({ humanNumber: HUMAN }).map(({ name }) => name)).toEqual([
    "end_call",
    "complete_intake",
    "escalate",
    "transfer_call",
  ]);
});

test("every tool is described as the model's API wants it: a closed JSON Schema object without a dialect", () => {
  for (const { name, description, parameters, timeoutMs } of createTools({ humanNumber: HUMAN })) {
    expect(name).toMatch(/^[a-z_]{1,64}$/);
    expect(description.length).toBeGreaterThan(40);
    expect(parameters).toMatchObject({ type: "object", additionalProperties: false });
    expect(parameters).not.toHaveProperty("$schema");
    expect(JSON.parse(JSON.stringify(parameters))).toEqual(parameters);
    expect(timeoutMs).toBeGreaterThan(0);
  }
  expect(named("transfer_call").parameters.required).toEqual(["reason"]);
  expect(named("end_call").parameters.required).toBeUndefined();
});

describe("end_call", () => {
  test.each([{}, { reason: "the caller said goodbye" }])("with %p ends the call after the reply", async (args) => {
    const call = context();
    expect(await named("end_call").run(args, call)).toMatchObject({ ok: true });
    expect(call.endings).toEqual([{ kind: "hangup", reason: "agent-hangup" }]);
  });
});

describe("escalate", () => {
  const asked: EscalationRequest[] = [];
  const when = (plan: EscalationPlan): ToolContext => ({
    ...context(),
    escalate(request) {
      asked.push(request);
      return plan;
    },
  });
  const transfer = { kind: "transfer", reason: "transferred", to: HUMAN, note: "" } as const;

  test("asks for a human; the model does not choose whom, and no number stands in the reason", async () => {
    const call = when({ mode: "warm", say: "", ending: transfer });
    const args = { reason: " His heart\u0000 hurts, call +1 (555) 000-1234. ", urgency: "emergency" };
    const result = await named("escalate").run(args, call);
    expect(result).toMatchObject({ ok: true, mode: "warm", note: expect.stringContaining("being connected") });
    expect(JSON.stringify(result)).not.toContain(HUMAN);
    expect(asked).toEqual([{ trigger: "tool", urgency: "emergency", reason: "His heart  hurts, call [number]." }]);
    expect(call.endAfterReply).toBeDefined();
  });

  test.each([
    [{ mode: "message", say: "", note: "Offer to take a message." }, "Offer to take a message."],
    [{ mode: "flag", say: "" }, "It was recorded. Go on with the caller."],
  ] as const)("says what follows where nobody is dialled: %j", async (plan, note) => {
    const args = { reason: "The caller is angry.", urgency: "low" };
    expect(await named("escalate").run(args, when(plan))).toEqual({ ok: true, mode: plan.mode, note });
  });

  test.each([
    {},
    { reason: "x" },
    { reason: "", urgency: "low" },
    { reason: "x", urgency: "dire" },
    { reason: "x", urgency: "low", to: HUMAN },
  ])("refuses %j", async (args) => {
    await expect(named("escalate").run(args, context())).rejects.toBeInstanceOf(InvalidArguments);
  });
});

describe("transfer_call", () => {
  test("connects with the configured number, whatever the model writes, and hands the note on", async () => {
    const call = context();
    await named("transfer_call").run({ reason: "Wants a refund." }, call);
    expect(call.endings).toEqual([{ kind: "transfer", reason: "transferred", to: HUMAN, note: "Wants a refund." }]);
  });
});

describe("arguments that do not fit", () => {
  test.each<[string, unknown]>([
    ["end_call", null],
    ["end_call", []],
    ["end_call", "text"],
    ["end_call", { reason: 5 }],
    ["end_call", { reason: "x".repeat(201) }],
    ["end_call", { force: true }],
    ["transfer_call", {}],
    ["transfer_call", { reason: "" }],
    ["transfer_call", { reason: "x".repeat(301) }],
    ["transfer_call", { reason: "x", to: "+19995550000" }],
  ])("%s %p are refused, and nothing is done", async (name, args) => {
    const call = context();
    await expect(named(name).run(args, call)).rejects.toBeInstanceOf(InvalidArguments);
    expect(call.endings).toEqual([]);
  });

  test("are told by name, so that the model can mend them", async () => {
    const tool = defineTool({
      name: "book",
      description: "Books.",
      schema: z.strictObject({ day: z.string(), people: z.number().max(12) }),
      timeoutMs: 1,
      run: (args) => Promise.resolve(args),
    });
    await expect(tool.run({ people: 40 }, context())).rejects.toThrow(/day: .*; people: /);
    await expect(tool.run(7, context())).rejects.toThrow(/arguments: /);
    expect(await tool.run({ day: "Monday", people: 2 }, context())).toEqual({ day: "Monday", people: 2 });
  });
});
