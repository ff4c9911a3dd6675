/**
 * The generation of one response: the brain's reply turned into output items and, for a streamed request, into the events of
 * protocols D1 in their order. It stores nothing; it tells of each finished item, because an aborted request keeps those.
 */
import type { Json } from "../check.ts";
import { callsOf, type BrainReply } from "../script.ts";
import type { Call } from "./http.ts";
import type { Env } from "./index.ts";
import type { StoredItem } from "./items.ts";
import type { ResponseObject } from "./response-shape.ts";
import { deliver, lastBreak } from "./thinking.ts";

export type Emit = (type: string, fields: Json) => void;

export interface Run {
  env: Env;
  call: Pick<Call, "signal" | "wait" | "drop">;
  response: ResponseObject;
  emit: Emit;
  /** Names of the function tools that may be called. */
  tools: readonly string[];
  /** An output item is finished. */
  onItem(item: StoredItem): void;
}

function tokens(text: string): number {
  return Math.ceil(text.length / 4);
}

/** Ends of a run: everything said, or nobody there to say it to any more. */
export async function generate(run: Run, reply: BrainReply, inputText: string): Promise<"ended" | "gone"> {
  const { env, response, emit } = run;
  const limit = (response["max_output_tokens"] ?? Infinity) as number;
  let used = 0;

  if (response.status === "queued") emit("response.queued", { response });
  response.status = "in_progress";
  emit("response.created", { response });
  emit("response.in_progress", { response });

  const said = reply.refusal !== undefined || reply.chunks !== undefined || (reply.text ?? "") !== "" || reply.hang;
  if (said) {
    const delivered = await message(run, reply, (piece) => (used += tokens(piece)) <= limit);
    if (delivered === "gone") return "gone";
    if (delivered === "failed") {
      emit("error", {
        code: "server_error",
        message: "The server had an error while processing your request.",
        param: null,
      });
      end(run, "failed", inputText, used);
      return "ended";
    }
    if (used > limit) response.incomplete_details = { reason: "max_output_tokens" };
  }
  if (reply.incomplete) response.incomplete_details = { reason: reply.incomplete };
  for (const wanted of callsOf(reply)) {
    if (response.incomplete_details) break;
    if (!run.tools.includes(wanted.name)) {
      env.shared.log("the script calls a tool that was not offered", { tool: wanted.name });
      continue;
    }
    used += tokens(wanted.args);
    if (!(await functionCall(run, wanted.name, wanted.args))) return "gone";
  }
  const last = await lastBreak(run.call, reply);
  if (last === "gone") return "gone";
  end(run, last === "failed" ? "failed" : response.incomplete_details ? "incomplete" : "completed", inputText, used);
  return "ended";
}

function end(run: Run, status: "completed" | "incomplete" | "failed", inputText: string, output: number): void {
  const { response } = run;
  response.status = status;
  if (status === "failed")
    response.error = { code: "server_error", message: "The model failed to generate a response." };
  if (status === "completed") response["completed_at"] = Math.floor(run.env.shared.now() / 1000);
  const input = tokens(inputText);
  response.usage = {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
  run.emit(`response.${status}`, { response });
}

/** @param spend counts a piece and says whether it still fits */
async function message(
  run: Run,
  reply: BrainReply,
  spend: (piece: string) => boolean,
): Promise<"whole" | "gone" | "failed"> {
  const { env, call, response, emit } = run;
  const refusal = reply.refusal !== undefined;
  const part: Json = refusal
    ? { type: "refusal", refusal: "" }
    : { type: "output_text", text: "", annotations: [], logprobs: [] };
  const item: StoredItem = {
    id: env.chance.id("msg_", 40),
    type: "message",
    status: "in_progress",
    role: "assistant",
    content: [],
  };
  const output_index = response.output.length;
  const at = { item_id: item.id, output_index, content_index: 0 };
  const field = refusal ? "refusal" : "text";
  const kind = refusal ? "response.refusal" : "response.output_text";

  emit("response.output_item.added", { output_index, item });
  emit("response.content_part.added", { ...at, part });
  const words = refusal ? { ...reply, text: reply.refusal ?? "" } : reply;
  let full = false;
  const delivered = await deliver(env, call, words, (piece) => {
    full ||= !spend(piece);
    if (full) return;
    part[field] = `${String(part[field])}${piece}`;
    emit(`${kind}.delta`, {
      ...at,
      delta: piece,
      ...(refusal ? {} : { logprobs: [], obfuscation: env.chance.id("", 8) }),
    });
  });
  if (delivered !== "whole") return delivered;
  emit(`${kind}.done`, { ...at, [field]: part[field], ...(refusal ? {} : { logprobs: [] }) });
  emit("response.content_part.done", { ...at, part });
  finish(
    run,
    { ...item, status: full || reply.incomplete ? "incomplete" : "completed", content: [part] },
    output_index,
  );
  return "whole";
}

/** @returns false when the client went away before the call was complete */
async function functionCall(run: Run, name: string, args: string): Promise<boolean> {
  const { env, call, response, emit } = run;
  const item: StoredItem = {
    id: env.chance.id("fc_", 40),
    type: "function_call",
    status: "in_progress",
    call_id: env.chance.id("call_", 24),
    name,
    arguments: "",
  };
  const output_index = response.output.length;
  const at = { item_id: item.id, output_index };
  emit("response.output_item.added", { output_index, item });
  for (const delta of args.match(/[\s\S]{1,12}/g) ?? []) {
    if (call.signal.aborted) return false;
    emit("response.function_call_arguments.delta", { ...at, delta });
  }
  emit("response.function_call_arguments.done", { ...at, arguments: args });
  finish(run, { ...item, status: "completed", arguments: args }, output_index);
  const pause = env.shared.timing.textDeltaMs;
  return pause > 0 ? await call.wait(pause) : !call.signal.aborted;
}

function finish(run: Run, item: StoredItem, output_index: number): void {
  run.response.output.push(item);
  run.onItem(item);
  run.emit("response.output_item.done", { output_index, item });
}
