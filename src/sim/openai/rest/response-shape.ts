/** What POST /v1/responses may say, and the Response object it answers with. Shapes only; generation is response-run.ts's. */
import {
  Refusal,
  anyObject,
  anything,
  decimal,
  flag,
  isObject,
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
  type Json,
} from "../check.ts";
import type { Env } from "./index.ts";
import { inputItem, type StoredItem } from "./items.ts";
import { checkStrictSchema } from "./thinking.ts";

export const REASONING = shape({
  effort: nullable(oneOf("none", "minimal", "low", "medium", "high", "xhigh", "max")),
  summary: nullable(oneOf("auto", "concise", "detailed")),
});

const functionTool: Check = (value, path) => {
  shape(
    {
      type: anything,
      name: text({ max: 64, pattern: /^[a-zA-Z0-9_-]+$/ }),
      description: nullable(text()),
      parameters: nullable(anyObject),
      strict: nullable(flag),
      defer_loading: flag,
      async: flag,
      allowed_callers: nullable(list(oneOf("direct", "programmatic"))),
      output_schema: nullable(anyObject),
    },
    ["name"],
  )(value, path);
  const tool = value as { name: string; strict?: boolean; parameters?: unknown };
  if (tool.strict) checkStrictSchema(tool.name, tool.parameters, `${path}.parameters`);
};

const HOSTED = ["function", "web_search", "file_search", "code_interpreter", "mcp", "image_generation", "custom"];

const tools = list((value, path) => {
  anyObject(value, path);
  if ((value as Json)["type"] === "function") functionTool(value, path);
  else variants("type", Object.fromEntries(HOSTED.map((type) => [type, anything])))(value, path);
});

const optionalText = nullable(text());

const checkBody = shape({
  background: nullable(flag),
  context_management: nullable(list(anyObject)),
  conversation: nullable(textOr(anything, shape({ id: text() }, ["id"]))),
  include: nullable(list(text())),
  input: textOr(anything, list(inputItem)),
  instructions: optionalText,
  max_output_tokens: nullable(whole({ min: 16 })),
  max_tool_calls: nullable(whole({ min: 0 })),
  metadata: nullable(metadata),
  model: text(),
  moderation: nullable(anyObject),
  parallel_tool_calls: nullable(flag),
  previous_response_id: optionalText,
  prompt: nullable(anyObject),
  prompt_cache_key: optionalText,
  prompt_cache_options: anyObject,
  prompt_cache_retention: nullable(oneOf("in_memory", "24h")),
  reasoning: nullable(REASONING),
  safety_identifier: nullable(text({ max: 64 })),
  service_tier: nullable(oneOf("auto", "default", "flex", "priority", "scale", "fast")),
  store: nullable(flag),
  stream: nullable(flag),
  stream_options: nullable(shape({ include_obfuscation: flag })),
  temperature: nullable(decimal({ min: 0, max: 2 })),
  text: shape({ format: anyObject, verbosity: nullable(oneOf("low", "medium", "high")) }),
  tool_choice: textOr(oneOf("none", "auto", "required"), anyObject),
  tools,
  top_logprobs: nullable(whole({ min: 0, max: 20 })),
  top_p: nullable(decimal({ min: 0, max: 1 })),
  truncation: nullable(oneOf("auto", "disabled")),
  user: text(),
});

/** The GPT-5 and o-series take no sampling parameters; GPT-4 does not reason. */
export function checkForModel(body: Json, model: string, reasoning: string): void {
  const refuse = (key: string) => {
    throw new Refusal("unsupported_parameter", `Unsupported parameter: '${key}' is not supported with this model.`, {
      param: key,
    });
  };
  if (/^(gpt-5(-mini)?$|o\d)/.test(model)) {
    for (const key of ["temperature", "top_p"]) if (typeof body[key] === "number" && body[key] !== 1) refuse(key);
  }
  if (model.startsWith("gpt-4") && body[reasoning.split(".")[0] as string]) refuse(reasoning);
}

export interface ResponseRequest extends Json {
  model: string;
  stream?: boolean | null;
  background?: boolean | null;
  store?: boolean | null;
  instructions?: string | null;
  previous_response_id?: string | null;
  max_output_tokens?: number | null;
}

/** @throws Refusal in OpenAI's words */
export function checkResponseRequest(body: Json): ResponseRequest {
  checkBody(body, "");
  if (body["model"] === undefined && !isObject(body["prompt"])) {
    throw new Refusal("missing_required_parameter", "Missing required parameter: 'model'.", { param: "model" });
  }
  const unset = (key: string) => body[key] === undefined || body[key] === null;
  if (unset("input") && unset("prompt") && unset("conversation") && unset("previous_response_id")) {
    throw new Refusal(
      "missing_required_parameter",
      "One of 'input', 'previous_response_id', 'prompt' or 'conversation' must be provided.",
      { param: "input" },
    );
  }
  if (!unset("conversation") && !unset("previous_response_id")) {
    throw new Refusal(
      "mutually_exclusive_parameters",
      "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. Ensure you are only providing one of: 'previous_response_id' or 'conversation'.",
      { param: "previous_response_id" },
    );
  }
  checkForModel(body, (body["model"] ?? "") as string, "reasoning.effort");
  return body as ResponseRequest;
}

export type ResponseStatus = "queued" | "in_progress" | "completed" | "incomplete" | "failed" | "cancelled";

export interface ResponseObject extends Json {
  id: string;
  status: ResponseStatus;
  output: StoredItem[];
  error: { code: string; message: string } | null;
  incomplete_details: { reason: string } | null;
  usage: Json | null;
}

export function newResponse(env: Env, body: ResponseRequest, conversation: string | undefined): ResponseObject {
  return {
    id: env.chance.id("resp_", 40),
    object: "response",
    created_at: Math.floor(env.shared.now() / 1000),
    status: body.background ? "queued" : "in_progress",
    background: body.background ?? false,
    completed_at: null,
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body["max_tool_calls"] ?? null,
    model: body.model,
    output: [],
    parallel_tool_calls: body["parallel_tool_calls"] ?? true,
    previous_response_id: body.previous_response_id ?? null,
    ...(conversation === undefined ? {} : { conversation: { id: conversation } }),
    reasoning: body["reasoning"] ?? { effort: null, summary: null },
    service_tier: "default",
    store: body.store ?? true,
    temperature: body["temperature"] ?? 1,
    text: body["text"] ?? { format: { type: "text" }, verbosity: "medium" },
    tool_choice: body["tool_choice"] ?? "auto",
    tools: body["tools"] ?? [],
    top_logprobs: 0,
    top_p: body["top_p"] ?? 1,
    truncation: body["truncation"] ?? "disabled",
    usage: null,
    user: body["user"] ?? null,
    metadata: body["metadata"] ?? {},
  };
}
