// Conversations in writing: what a browser and the model have said, kept in the shared state under the browser's own name. What
// fails leaves no trace in it.
import type { TextTalk } from "../api/ask.ts";
import { Problem } from "../core/problem.ts";
import type { State } from "../core/state.ts";
import type { TextModel, WrittenLine } from "../core/text-model.ts";
import type { InLine } from "./in-line.ts";
import { asProblem } from "./model-problem.ts";

export interface TextTalkParts {
  /** Absent: there is no key for any model. */
  readonly model?: TextModel;
  /** Says who answers; never forgotten. */
  readonly systemMessage: string;
  readonly state: Pick<State, "put" | "get" | "drop">;
  readonly inLine: InLine;
}

/** Lines kept besides the system message. */
const MOST_LINES = 20;
/** A conversation nobody has gone on with for so long is forgotten. ms. */
const KEPT_MS = 24 * 3_600_000;

export function createTextTalk({ model, systemMessage, state, inLine }: TextTalkParts): TextTalk {
  const nameOf = (visitor: string): string => `talk:${visitor}`;
  const system: WrittenLine = { role: "system", content: systemMessage };

  return {
    ask(visitor, prompt, signal) {
      if (!model) return Promise.reject(new Problem(503, "OPENAI_API_KEY is not set"));
      const name = nameOf(visitor);
      return inLine(name, signal, async (within) => {
        const before = ((await state.get(name)) ?? []) as readonly WrittenLine[];
        const asked = [...before, { role: "user", content: prompt } as const].slice(-MOST_LINES);
        const answer = await model.answer([system, ...asked], within).catch((error: unknown) => {
          throw asProblem(error);
        });
        const lines = [...asked, { role: "assistant", content: answer }].slice(-MOST_LINES);
        within.throwIfAborted();
        await state.put(name, lines, KEPT_MS);
        return answer;
      });
    },
    clear: (visitor, signal) => inLine(nameOf(visitor), signal, () => state.drop(nameOf(visitor))),
  };
}
