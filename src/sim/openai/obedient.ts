/**
 * A model that always obeys: whatever it reads, wherever it stands, it does what that wants, asks again where it is told to wait, and
 * says its own instructions in whatever disguise it is asked for. What stands between it and harm is not in the model.
 */
import { DISGUISES } from "./disguises.ts";
import type { Brain, BrainInput, BrainReply, ToolCall } from "./script.ts";

export type Disguise = keyof typeof DISGUISES;

export type Wish =
  | { readonly tool: string; readonly arguments: Record<string, unknown> }
  | { readonly reveal: "instructions" | "secret"; readonly as: Disguise };

export interface ObedientOptions {
  /** What a text wants, if it wants anything. */
  readonly wishOf: (text: string) => Wish | undefined;
  /** A secret that it has come to know. */
  readonly secret: string;
}

/** So often it asks for a tool that waits. */
const MOST_TRIES = 2;

export function createObedient({ wishOf, secret }: ObedientOptions): Brain {
  return (input) => {
    const wish = wishIn(input, wishOf);
    if (!wish) return "Good day. What can I do for you?";
    if ("reveal" in wish)
      return inPieces(DISGUISES[wish.as](wish.reveal === "secret" ? `The key is ${secret}` : instructionsOf(input)));
    const call: ToolCall = { name: wish.tool, args: wish.arguments };
    const tries = input.toolOutputs.filter(({ name }) => name === wish.tool);
    const last = tries.at(-1)?.output;
    // The API itself lets no model call what was not offered.
    if (!input.tools.includes(wish.tool)) return "I would do it at once, if only I could.";
    if (last === undefined) return { tool: call };
    if (last.includes("awaiting-confirmation") && tries.length < MOST_TRIES)
      return { text: "I confirm it for you. ", tool: call };
    return `It is done. ${last}`;
  };
}

/** A long text word by word would be thousands of events. */
const inPieces = (text: string): BrainReply => ({ chunks: text.match(/[^]{1,200}/g) ?? [text] });

/** Where an API has no place of its own for them they are the first message. */
const instructionsOf = ({ instructions, history }: BrainInput): string =>
  instructions || (history.find(({ role }) => role === "system" || role === "developer")?.text ?? "");

/** What was read last counts most: answers of tools, then notes, then the words of the user, then what stands in the instructions. */
function wishIn(input: BrainInput, wishOf: ObedientOptions["wishOf"]): Wish | undefined {
  const { toolOutputs, notes, text } = input;
  const outputs = toolOutputs.map(({ output }) => output).toReversed();
  const read = [...outputs, ...notes.toReversed(), text, instructionsOf(input)];
  for (const one of read) {
    const wish = wishOf(one);
    if (wish) return wish;
  }
  return undefined;
}
