/** The items of the Responses and Conversations APIs: their shapes, their ids, and the rule that every call needs its output. */
import {
  Refusal,
  anyObject,
  anything,
  isObject,
  list,
  missingParameter,
  nullable,
  oneOf,
  shape,
  text,
  textOr,
  unknownParameter,
  variants,
  type Check,
  type Json,
} from "../check.ts";
import type { Seeded } from "../seeded.ts";
import { textOf, type Said } from "./thinking.ts";

export interface StoredItem extends Json {
  id: string;
  type: string;
}

const status = oneOf("in_progress", "completed", "incomplete");
const part = { type: anything, prompt_cache_breakpoint: anyObject };

const inputParts = list(
  variants("type", {
    input_text: shape({ ...part, text: text() }, ["text"]),
    input_image: shape({ ...part, image_url: nullable(text()), file_id: nullable(text()), detail: text() }),
    input_file: shape({ ...part, file_data: text(), file_id: nullable(text()), file_url: text(), filename: text() }),
  }),
);
const outputParts = list(
  variants("type", {
    output_text: shape({ ...part, text: text(), annotations: list(anything), logprobs: list(anything) }, ["text"]),
    refusal: shape({ ...part, refusal: text() }, ["refusal"]),
  }),
);

/** Only an assistant message has output parts, only the others have input parts. */
const message: Check = (value, path) => {
  const fields = {
    type: anything,
    id: text(),
    role: oneOf("user", "assistant", "system", "developer"),
    status,
    phase: nullable(oneOf("commentary", "final_answer")),
    content: textOr(anything, isObject(value) && value["role"] === "assistant" ? outputParts : inputParts),
  };
  shape(fields, ["role", "content"])(value, path);
};

const typed: Record<string, Check> = {
  message,
  function_call: shape(
    { type: anything, id: text(), call_id: text({ max: 64 }), name: text(), arguments: text(), status },
    ["call_id", "name", "arguments"],
  ),
  function_call_output: shape(
    { type: anything, id: text(), call_id: text({ max: 64 }), output: textOr(anything, inputParts), status },
    ["call_id", "output"],
  ),
  reasoning: shape(
    {
      type: anything,
      id: text(),
      summary: list(anyObject),
      content: list(anyObject),
      encrypted_content: nullable(text()),
      status,
    },
    ["id", "summary"],
  ),
  item_reference: shape({ type: anything, id: text() }, ["id"]),
};

/** An input item; a message may leave out its type. */
export const inputItem: Check = (value, path) => {
  anyObject(value, path);
  const item = value as Json;
  if (item["type"] === undefined && item["role"] === undefined && item["content"] === undefined) {
    const key = Object.keys(item)[0];
    throw key === undefined ? missingParameter(`${path}.type`) : unknownParameter(`${path}.${key}`);
  }
  if (item["type"] === undefined) message(value, path);
  else variants("type", typed)(value, path);
};

const PREFIX: Record<string, string> = {
  message: "msg_",
  function_call: "fc_",
  function_call_output: "fc_",
  reasoning: "rs_",
};

/** The stored form of a checked input item: an id, a status, and content in parts. */
export function stored(chance: Seeded, given: Json): StoredItem {
  const type = (given["type"] ?? "message") as string;
  const id = (given["id"] ?? chance.id(PREFIX[type] ?? "item_", 40)) as string;
  if (type !== "message") return { ...given, type, id, status: given["status"] ?? "completed" };
  const role = given["role"] as string;
  const content = given["content"];
  const parts =
    typeof content !== "string"
      ? content
      : role === "assistant"
        ? [{ type: "output_text", text: content, annotations: [], logprobs: [] }]
        : [{ type: "input_text", text: content }];
  return { ...given, type, id, role, status: given["status"] ?? "completed", content: parts };
}

/**
 * Every function call has exactly one way on: its output, in the history or in what is sent now.
 * @throws Refusal in the words of the real API
 */
export function checkCalls(history: readonly Json[], added: readonly Json[]): void {
  const all = [...history, ...added];
  const ids = (type: string) => new Set(all.filter((item) => item["type"] === type).map((item) => item["call_id"]));
  const answered = ids("function_call_output");
  for (const id of ids("function_call")) {
    if (!answered.has(id)) {
      throw new Refusal(null, `No tool output found for function call ${String(id)}.`, { param: "input" });
    }
  }
  const called = ids("function_call");
  for (const id of answered) {
    if (!called.has(id)) {
      throw new Refusal(null, `No tool call found for function call output with call_id ${String(id)}.`, {
        param: "input",
      });
    }
  }
}

/** Items as a brain is shown them. */
export function saidIn(items: readonly Json[]): Said[] {
  const said: Said[] = [];
  for (const item of items) {
    if (item["type"] === "message") said.push({ role: item["role"] as Said["role"], text: textOf(item["content"]) });
    if (item["type"] !== "function_call_output") continue;
    const call = items.find((other) => other["type"] === "function_call" && other["call_id"] === item["call_id"]);
    said.push({
      role: "tool",
      text: textOf(item["output"]),
      callId: item["call_id"] as string,
      tool: (call?.["name"] ?? "") as string,
    });
  }
  return said;
}
