/**
 * /v1/embeddings: unit vectors that are the same for the same text and near for texts that share words, without any model. Good
 * enough to store, shorten and search; it knows no meaning.
 */
import { Refusal, oneOf, shape, text, textOr, whole, type Check } from "../check.ts";
import { seeded } from "../seeded.ts";
import type { Route } from "./http.ts";
import type { Env } from "./index.ts";
import { requireModel } from "./models.ts";

const SIZES: Record<string, number> = {
  "text-embedding-3-small": 1536,
  "text-embedding-3-large": 3072,
  "text-embedding-ada-002": 1536,
};
const MAX_TOKENS = 8192;

const checkInput: Check = textOr(
  (value, path) => {
    if (value === "")
      throw new Refusal("invalid_value", `Invalid '${path}': input cannot be an empty string.`, { param: path });
  },
  (value, path) => {
    if (!Array.isArray(value) || value.length === 0 || value.length > 2048) {
      throw new Refusal("invalid_type", `Invalid '${path}': expected a string or an array of 1 to 2048 strings.`, {
        param: path,
      });
    }
    for (const [index, entry] of value.entries()) {
      text()(entry, `${path}[${index}]`);
      if (entry === "") {
        throw new Refusal("invalid_value", `Invalid '${path}[${index}]': input cannot be an empty string.`, {
          param: `${path}[${index}]`,
        });
      }
    }
  },
);

const checkBody = shape(
  {
    model: text(),
    input: checkInput,
    dimensions: whole({ min: 1 }),
    encoding_format: oneOf("float", "base64"),
    user: text(),
  },
  ["model", "input"],
);

function hash(word: string): number {
  let sum = 2166136261;
  for (const letter of word) sum = Math.imul(sum ^ letter.charCodeAt(0), 16777619) >>> 0;
  return sum;
}

/** The vector of a text: the sum of one pseudo-random direction for each word, shortened to `size` and made length 1. */
export function embed(input: string, size: number): Float32Array {
  const vector = new Float32Array(size);
  const words = input.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [input];
  for (const word of words) {
    const chance = seeded(hash(word));
    for (let i = 0; i < size; i++) vector[i] = (vector[i] as number) + chance.next() * 2 - 1;
  }
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

export function embeddingRoutes(env: Env): Route[] {
  return [
    {
      method: "POST",
      pattern: "/v1/embeddings",
      handle(call) {
        checkBody(call.body, "");
        const model = requireModel(env, call.body["model"], ["embedding"]).id;
        const most = SIZES[model] ?? 1536;
        const size = call.body["dimensions"] as number | undefined;
        if (size !== undefined && (model === "text-embedding-ada-002" || size > most)) {
          throw new Refusal(
            "invalid_value",
            model === "text-embedding-ada-002"
              ? "This model does not support specifying dimensions."
              : `Invalid value for 'dimensions': must be less than or equal to ${most}.`,
            { param: "dimensions" },
          );
        }
        const given = call.body["input"] as string | string[];
        const inputs = typeof given === "string" ? [given] : given;
        const tokens = inputs.map((input) => Math.ceil(input.length / 4));
        if (tokens.some((count) => count > MAX_TOKENS)) {
          throw new Refusal(null, `This model's maximum context length is ${MAX_TOKENS} tokens.`, { param: "input" });
        }
        const total = tokens.reduce((a, b) => a + b, 0);
        const data = inputs.map((input, index) => {
          const vector = embed(input, size ?? most);
          const embedding =
            call.body["encoding_format"] === "base64" ? Buffer.from(vector.buffer).toString("base64") : [...vector];
          return { object: "embedding", index, embedding };
        });
        call.json({ object: "list", data, model, usage: { prompt_tokens: total, total_tokens: total } });
      },
    },
  ];
}
