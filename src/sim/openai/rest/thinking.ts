/**
 * Between a REST route and the script's brain: shows it the conversation in one common form, and gives its reply out piece by
 * piece with the delays, hang-ups and breaks the script asked for.
 */
import { Refusal } from "../check.ts";
import { ScriptedError, forced } from "../errors.ts";
import { brainFor, piecesOf, think, type BrainApi, type BrainInput, type BrainReply, type Line } from "../script.ts";
import type { Call } from "./http.ts";
import type { Env } from "./index.ts";

/** One message of any API; tool outputs name their call. */
export interface Said extends Line {
  callId?: string;
  tool?: string;
}

export interface Question {
  api: BrainApi;
  model: string;
  said: readonly Said[];
  tools: readonly string[];
  instructions: string;
  thread: string;
  format?: string;
}

export function brainInput({ said, ...question }: Question): BrainInput {
  const afterLast = (role: string) => said.slice(said.findLastIndex((line) => line.role === role) + 1);
  return {
    ...question,
    history: said.map(({ role, text }) => ({ role, text })),
    text: said.findLast((line) => line.role === "user")?.text ?? "",
    turn: said.filter((line) => line.role === "user").length,
    toolOutputs: afterLast("user")
      .filter((line) => line.role === "tool")
      .map((line) => ({ name: line.tool ?? "", callId: line.callId ?? "", output: line.text })),
    notes: afterLast("assistant")
      .filter((line) => line.role === "developer" || line.role === "system")
      .map((line) => line.text),
  };
}

/**
 * The brain's reply.
 * @throws Refusal when the reply is an HTTP error
 */
export async function ask(env: Env, question: Question): Promise<BrainReply> {
  const reply = await think(brainFor(env.shared.script, undefined, env.shared.brain), brainInput(question));
  if (!reply.status) return reply;
  throw reply.body === undefined ? forced(reply.status) : new ScriptedError(reply.status, reply.body);
}

/** How giving out a reply ended: whole, with the client gone, or to be failed by the API's own error event. */
export type Delivery = "whole" | "gone" | "failed";

type Waiting = Pick<Call, "signal" | "wait" | "drop">;

async function forever(call: Waiting): Promise<"gone"> {
  while (await call.wait(2 ** 31 - 1));
  return "gone";
}

async function breakNow(call: Waiting, how: "hang" | "drop" | "fail"): Promise<Delivery> {
  if (how === "fail") return "failed";
  if (how === "drop") call.drop();
  return await forever(call);
}

/** Waits as the reply says and hands its text on in pieces. */
export async function deliver(
  env: Env,
  call: Waiting,
  reply: BrainReply,
  onPiece: (piece: string) => void,
): Promise<Delivery> {
  if (reply.hang) return await forever(call);
  if (reply.firstDelayMs && !(await call.wait(reply.firstDelayMs))) return "gone";
  const delayMs = reply.delayMs ?? env.shared.timing.textDeltaMs;
  const breaks = reply.breakAfter;
  let count = 0;
  for (const piece of piecesOf(reply)) {
    if (breaks && count >= breaks.pieces) return await breakNow(call, breaks.how);
    if (delayMs > 0 ? !(await call.wait(delayMs)) : call.signal.aborted) return "gone";
    onPiece(piece);
    count++;
  }
  return "whole";
}

/** The break that comes after all text and all tool calls, when the script asked for more pieces than there were. */
export async function lastBreak(call: Waiting, reply: BrainReply): Promise<Delivery> {
  if (call.signal.aborted) return "gone";
  if (!reply.breakAfter || reply.breakAfter.pieces < piecesOf(reply).length) return "whole";
  return await breakNow(call, reply.breakAfter.how);
}

interface TextPart {
  text?: string | { value?: string };
  refusal?: string;
}

/** Text of a content field: a string, or parts with text in them (the Assistants API wraps it once more). */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return (content as TextPart[])
    .map(({ text, refusal }) => (typeof text === "object" ? (text.value ?? "") : (text ?? refusal ?? "")))
    .join("");
}

/** A function tool's schema under `strict: true` must be closed and complete, or OpenAI refuses it. */
export function checkStrictSchema(name: string, schema: unknown, param: string, context: string[] = []): void {
  if (typeof schema !== "object" || schema === null) return;
  const { type, properties, required, items, additionalProperties } = schema as Record<string, unknown>;
  const refuse = (what: string) =>
    new Refusal(
      "invalid_function_parameters",
      `Invalid schema for function '${name}': In context=(${context.map((part) => `'${part}'`).join(", ")}), ${what}`,
      { param },
    );
  if (type === "object" || properties !== undefined) {
    if (additionalProperties !== false)
      throw refuse("'additionalProperties' is required to be supplied and to be false.");
    const keys = Object.keys(properties ?? {});
    const missing = keys.find((key) => !((required ?? []) as string[]).includes(key));
    if (missing !== undefined) {
      throw refuse(
        `'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`,
      );
    }
    for (const key of keys) {
      checkStrictSchema(name, (properties as Record<string, unknown>)[key], param, [...context, "properties", key]);
    }
  }
  if (items !== undefined) checkStrictSchema(name, items, param, [...context, "items"]);
}

/** A page of a list, as all list routes give it. `order` is newest first unless asked otherwise. */
export function page<T extends { id: string }>(all: readonly T[], query: URLSearchParams) {
  const limit = Number(query.get("limit") ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
    throw new Refusal(
      "invalid_value",
      `Invalid 'limit': expected an integer between 1 and 100, got '${query.get("limit")}'.`,
      { param: "limit" },
    );
  }
  const ordered = query.get("order") === "asc" ? [...all] : all.toReversed();
  const after = query.get("after");
  const before = query.get("before");
  const from = after === null ? 0 : ordered.findIndex((one) => one.id === after) + 1;
  const to = before === null ? ordered.length : ordered.findIndex((one) => one.id === before);
  const data = ordered.slice(from, Math.min(to, from + limit));
  return {
    object: "list",
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: from + data.length < to,
  };
}
