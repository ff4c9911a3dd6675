/** What POST /v1/chat/completions may say, and the rule that tool calls and their outputs come in whole turns. */
import {
  Refusal,
  anyObject,
  anything,
  decimal,
  flag,
  list,
  metadata,
  nullable,
  oneOf,
  shape,
  text,
  textOr,
  variants,
  whole,
  type Check,
} from "../check.ts";
import { checkStrictSchema, textOf, type Said } from "./thinking.ts";

const parts = list(
  variants("type", {
    text: shape({ type: anything, text: text() }, ["text"]),
    image_url: shape({ type: anything, image_url: anyObject }, ["image_url"]),
    input_audio: shape({ type: anything, input_audio: anyObject }, ["input_audio"]),
    refusal: shape({ type: anything, refusal: text() }, ["refusal"]),
  }),
);
const content = textOr(anything, parts);
const named = { role: anything, name: text({ max: 64 }) };
const toolCalls = list(
  shape(
    {
      id: text(),
      type: oneOf("function"),
      function: shape({ name: text(), arguments: text() }, ["name", "arguments"]),
    },
    ["id", "type", "function"],
  ),
  { min: 1 },
);
const message = variants("role", {
  developer: shape({ ...named, content }, ["content"]),
  system: shape({ ...named, content }, ["content"]),
  user: shape({ ...named, content }, ["content"]),
  assistant: shape({
    ...named,
    content: nullable(content),
    refusal: nullable(text()),
    tool_calls: toolCalls,
    audio: anything,
    // Not a parameter, but clients send back the message they were given and the real API lets it pass.
    annotations: anything,
  }),
  tool: shape({ ...named, content, tool_call_id: text() }, ["content", "tool_call_id"]),
});
const tool = variants("type", {
  function: (value, path) => {
    const name = text({ max: 64, pattern: /^[a-zA-Z0-9_-]+$/ });
    const fields = { name, description: text(), parameters: anyObject, strict: nullable(flag) };
    shape({ type: anything, function: shape(fields, ["name"]) }, ["function"])(value, path);
    const given = (value as { function: { name: string; strict?: boolean; parameters?: unknown } }).function;
    if (given.strict) checkStrictSchema(given.name, given.parameters, `${path}.function.parameters`);
  },
});
/** The schema's own rules are the ones of a strict function's parameters. */
const jsonSchema: Check = (value, path) => {
  const fields = {
    name: text({ max: 64, pattern: /^[a-zA-Z0-9_-]+$/ }),
    description: text(),
    schema: anyObject,
    strict: nullable(flag),
  };
  shape({ type: anything, json_schema: shape(fields, ["name"]) }, ["json_schema"])(value, path);
  const { name, strict, schema } = (value as { json_schema: { name: string; strict?: boolean; schema?: unknown } })
    .json_schema;
  if (strict) checkStrictSchema(name, schema, `${path}.json_schema.schema`);
};
const limit = nullable(whole({ min: 1 }));
const penalty = nullable(decimal({ min: -2, max: 2 }));

/** The whole request body. */
export const checkChat = shape(
  {
    messages: list(message, { min: 1 }),
    model: text(),
    audio: anything,
    frequency_penalty: penalty,
    logit_bias: nullable(anyObject),
    logprobs: nullable(flag),
    max_completion_tokens: limit,
    max_tokens: limit,
    metadata: nullable(metadata),
    modalities: nullable(list(oneOf("text", "audio"))),
    n: nullable(whole({ min: 1, max: 1 })),
    parallel_tool_calls: flag,
    prediction: anything,
    presence_penalty: penalty,
    prompt_cache_key: text(),
    reasoning_effort: nullable(oneOf("none", "minimal", "low", "medium", "high", "xhigh", "max")),
    response_format: variants("type", {
      text: shape({ type: anything }),
      json_object: shape({ type: anything }),
      json_schema: jsonSchema,
    }),
    safety_identifier: text(),
    seed: nullable(whole()),
    service_tier: nullable(oneOf("auto", "default", "flex", "scale", "priority", "fast")),
    stop: nullable(textOr(anything, list(text(), { max: 4 }))),
    store: nullable(flag),
    stream: nullable(flag),
    stream_options: nullable(shape({ include_usage: flag, include_obfuscation: flag })),
    temperature: nullable(decimal({ min: 0, max: 2 })),
    tool_choice: textOr(oneOf("none", "auto", "required"), anyObject),
    tools: list(tool, { max: 128 }),
    top_logprobs: nullable(whole({ min: 0, max: 20 })),
    top_p: nullable(decimal({ min: 0, max: 1 })),
    user: text(),
    verbosity: nullable(oneOf("low", "medium", "high")),
    web_search_options: anyObject,
  },
  ["messages", "model"],
);

export interface Message {
  role: Said["role"];
  content?: unknown;
  tool_call_id?: string;
  tool_calls?: { id: string; function: { name: string } }[];
}

/** Every tool call is followed at once by its outputs, and no output stands without its call. @throws Refusal */
export function checkToolTurns(messages: readonly Message[]): void {
  let open: string[] = [];
  let inTurn = false;
  const unanswered = (index: number) =>
    new Refusal(
      null,
      `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${open.join(", ")}`,
      { param: `messages.[${index}].role` },
    );
  messages.forEach((one, index) => {
    if (one.role === "tool") {
      if (!inTurn || !open.includes(one.tool_call_id ?? "")) {
        throw new Refusal(
          null,
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          { param: `messages.[${index}].role` },
        );
      }
      open = open.filter((id) => id !== one.tool_call_id);
      return;
    }
    if (open.length > 0) throw unanswered(index);
    open = (one.tool_calls ?? []).map((call) => call.id);
    inTurn = open.length > 0;
  });
  if (open.length > 0) throw unanswered(messages.length);
}

/** The messages as a brain is shown them. */
export function saidIn(messages: readonly Message[]): Said[] {
  const names = new Map(messages.flatMap((one) => one.tool_calls ?? []).map((call) => [call.id, call.function.name]));
  return messages.map((one) => ({
    role: one.role,
    text: textOf(one.content),
    ...(one.tool_call_id === undefined ? {} : { callId: one.tool_call_id, tool: names.get(one.tool_call_id) ?? "" }),
  }));
}
