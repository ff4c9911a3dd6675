// A thread client whose model is a function in this process: the same rounds of text and tools, without anything in between.
import type { ThreadClient } from "../../src/core/thread.ts";
import type { Brain, BrainInput, BrainReply } from "../../src/sim/openai/index.ts";

const MOST_ROUNDS = 8;

export function directClient(brain: Brain): ThreadClient {
  return {
    name: "chat",
    open: ({ callId, instructions, tools }) => ({
      threadId: () => undefined,
      prepare: () => undefined,
      close: async () => undefined,
      async *reply({ text, note }, { runTool }) {
        const toolOutputs: { name: string; callId: string; output: string }[] = [];
        for (let round = 0; round < MOST_ROUNDS; round++) {
          const input: BrainInput = {
            api: "chat",
            model: "obedient",
            text,
            history: [{ role: "user", text }],
            tools: tools.map(({ name }) => name),
            toolOutputs,
            notes: note === undefined ? [] : [note],
            instructions,
            turn: 1,
            thread: callId,
          };
          const made = await brain(input);
          const reply: BrainReply = typeof made === "string" ? { text: made } : made;
          for (const delta of reply.chunks ?? [reply.text ?? ""]) if (delta) yield { type: "text", delta };
          if (!reply.tool) return;
          const { name, args } = reply.tool;
          const id = `tool_${round}`;
          const output = await runTool({ callId: id, name, arguments: JSON.stringify(args) });
          toolOutputs.push({ name, callId: id, output });
        }
      },
    }),
  };
}
