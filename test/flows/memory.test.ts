// Callers who are remembered, in whole calls: only where the organization wants it and the carrier vouches for the number; what one
// call told is known from the first word of the next, to this caller alone.
import { userOfNumber } from "../../src/core/caller-user.ts";
import { remembering, type BrainInput, type BrainReply } from "../../src/sim/openai/index.ts";
import { answer, CALLER, listen, sideBySide, words, type Flow } from "./kit.ts";

const vouched = { extraParams: { StirVerstat: "TN-Validation-Passed-A" } };
const NAME = /my name is (\w+)/i.exec(words("ada-miller").text)?.[1] ?? "nobody";
const ORGANIZATIONS = { default: { memory: { phone: true } } };

/** Remembers what it is told where it can, and writes down what it was asked with. */
function listening(): { readonly asked: BrainInput[]; readonly brain: (input: BrainInput) => BrainReply | string } {
  const asked: BrainInput[] = [];
  return {
    asked,
    async brain(input: BrainInput) {
      if (input.format === "memories") return remembering(input);
      asked.push(input);
      if (input.toolOutputs.length > 0) return { text: "I will remember that." };
      if (!/my name is/i.test(input.text)) return { text: "It takes an hour." };
      const messages = [{ role: "user", content: input.text }];
      // As a model would that was talked into it.
      return input.tools.includes("memory_add")
        ? { text: "", tool: { name: "memory_add", args: { messages, userId: "caller:somebody-else" } } }
        : { text: "Nice to meet you." };
    },
  } as never;
}

async function call(flow: Flow, asked: BrainInput[], utterance: string, options: Parameters<Flow["run"]>[1]) {
  const before = asked.length;
  const { record } = await flow.run([...answer(utterance), listen(), { do: "hang-up" }], options);
  const told = asked.slice(before);
  return {
    record,
    tools: told.flatMap(({ tools }) => tools),
    instructions: told.map(({ instructions }) => instructions).join("\n"),
    outputs: told.flatMap(({ toolOutputs }) => toolOutputs.map(({ output }) => output)),
  };
}

test(
  "what one call told is known in the next, to this caller alone",
  sideBySide(async (start) => {
    const { asked, brain } = listening();
    const flow = await start({ openai: { script: { brain } }, organizations: ORGANIZATIONS });
    const first = await call(flow, asked, "ada-miller", vouched);
    expect(first.record.tools).toMatchObject([{ name: "memory_add", result: "ok" }]);
    // At once, or that it is under way: the server's clock runs faster than the machine.
    expect(first.outputs.join()).toMatch(/"ok":true/);
    const owner = { orgId: "default", userId: userOfNumber(CALLER) };
    const { memories } = flow.app.storage;
    while ((await memories.list(owner, { limit: 1 })).length === 0)
      await new Promise((resolve) => setImmediate(resolve));
    expect(first.instructions).not.toContain("What you remember of them");

    const again = await call(flow, asked, "how-long", vouched);
    expect(again.instructions).toContain(`- name: The user's name is ${NAME}.`);
    expect(again.tools).toEqual(expect.arrayContaining(["memory_search", "memory_add", "memory_list"]));

    for (const [isKnown, options] of [
      [false, { extraParams: { StirVerstat: "TN-Validation-Passed-B" } }],
      [false, { ...vouched, from: "anonymous" }],
      [true, { ...vouched, from: "+15551119999" }],
    ] as const) {
      const other = await call(flow, asked, "how-long", options);
      expect(other.instructions).not.toContain(NAME);
      expect(other.tools.includes("memory_search")).toBe(isKnown);
    }

    expect(await memories.ownersNamed("caller:somebody-else")).toEqual([]);
    const written = JSON.stringify(flow.log.lines);
    expect(written).not.toContain(NAME);
    expect(written).not.toContain(CALLER);
  }),
);

test(
  "off by default: nobody is remembered, and no tool of it is offered",
  sideBySide(async (start) => {
    const { asked, brain } = listening();
    const flow = await start({ openai: { script: { brain } } });
    const { tools, record } = await call(flow, asked, "ada-miller", vouched);
    expect(tools.filter((name) => name.startsWith("memory_"))).toEqual([]);
    expect(record.tools).toEqual([]);
  }),
);
