/**
 * Strict checks of what a client sent, refusing in OpenAI's own words: error type, code, message and the full path of the
 * parameter. It knows shapes, not meanings; rules that need state (an active response, a known id) live where the state is.
 */

export type Json = Record<string, unknown>;

/** Looks at one value at one path and throws a Refusal, or returns. */
export type Check = (value: unknown, path: string) => void;

/** What OpenAI answers instead of doing what was asked: an `error` event on a socket, an error body over HTTP. */
export class Refusal extends Error {
  override name = "Refusal";
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;
  /** HTTP status; meaningless on a socket. */
  readonly status: number;

  constructor(
    code: string | null,
    message: string,
    options: { param?: string | null; type?: string; status?: number } = {},
  ) {
    super(message);
    this.code = code;
    this.param = options.param ?? null;
    this.type = options.type ?? "invalid_request_error";
    this.status = options.status ?? 400;
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kind(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "number") return Number.isInteger(value) ? "an integer" : "a decimal number";
  if (typeof value === "object") return "an object";
  return typeof value === "boolean" ? "a boolean" : `a ${typeof value}`;
}

function wrongType(path: string, expected: string, value: unknown): Refusal {
  return new Refusal(
    "invalid_type",
    `Invalid type for '${path}': expected ${expected}, but got ${kind(value)} instead.`,
    { param: path },
  );
}

export function unknownParameter(path: string): Refusal {
  return new Refusal("unknown_parameter", `Unknown parameter: '${path}'.`, { param: path });
}

export function missingParameter(path: string): Refusal {
  return new Refusal("missing_required_parameter", `Missing required parameter: '${path}'.`, { param: path });
}

export function invalidValue(path: string, value: unknown, supported: readonly string[]): Refusal {
  const quoted = supported.map((entry) => `'${entry}'`);
  const last = quoted.pop();
  const list = quoted.length === 0 ? last : `${quoted.join(", ")}${quoted.length > 1 ? "," : ""} and ${last}`;
  const shown = typeof value === "string" ? `'${value}'` : JSON.stringify(value);
  return new Refusal("invalid_value", `Invalid value: ${shown}. Supported values are: ${list}.`, { param: path });
}

export function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

export const anything: Check = () => {};

export const flag: Check = (value, path) => {
  if (typeof value !== "boolean") throw wrongType(path, "a boolean", value);
};

export const anyObject: Check = (value, path) => {
  if (!isObject(value)) throw wrongType(path, "an object", value);
};

export function text(options: { max?: number; pattern?: RegExp } = {}): Check {
  return (value, path) => {
    if (typeof value !== "string") throw wrongType(path, "a string", value);
    if (options.max !== undefined && value.length > options.max) {
      throw new Refusal(
        "string_above_max_length",
        `Invalid '${path}': string too long. Expected a string with maximum length ${options.max}, but got a string with length ${value.length} instead.`,
        { param: path },
      );
    }
    if (options.pattern && !options.pattern.test(value)) {
      throw new Refusal(
        "invalid_value",
        `Invalid '${path}': string does not match pattern. Expected a string that matches the pattern '${options.pattern.source}'.`,
        { param: path },
      );
    }
  };
}

export function oneOf(...values: readonly string[]): Check {
  return (value, path) => {
    if (typeof value !== "string") throw wrongType(path, `one of '${values.join("', '")}'`, value);
    if (!values.includes(value)) throw invalidValue(path, value, values);
  };
}

function bounded(word: "integer" | "decimal", range: { min?: number; max?: number }): Check {
  return (value, path) => {
    const right = typeof value === "number" && (word === "decimal" || Number.isInteger(value));
    if (!right) throw wrongType(path, word === "integer" ? "an integer" : "a decimal", value);
    if (range.min !== undefined && value < range.min) {
      throw new Refusal(
        `${word}_below_min_value`,
        `Invalid '${path}': ${word} below minimum value. Expected a value >= ${range.min}, but got ${value} instead.`,
        { param: path },
      );
    }
    if (range.max !== undefined && value > range.max) {
      throw new Refusal(
        `${word}_above_max_value`,
        `Invalid '${path}': ${word} above maximum value. Expected a value <= ${range.max}, but got ${value} instead.`,
        { param: path },
      );
    }
  };
}

export function whole(range: { min?: number; max?: number } = {}): Check {
  return bounded("integer", range);
}

export function decimal(range: { min?: number; max?: number } = {}): Check {
  return bounded("decimal", range);
}

export function nullable(check: Check): Check {
  return (value, path) => {
    if (value !== null) check(value, path);
  };
}

export function list(check: Check, size: { min?: number; max?: number } = {}): Check {
  return (value, path) => {
    if (!Array.isArray(value)) throw wrongType(path, "an array of objects", value);
    for (const [bound, edge, word] of [
      [size.max, "maximum", "long"],
      [size.min, "minimum", "short"],
    ] as const) {
      const broken = bound !== undefined && (edge === "maximum" ? value.length > bound : value.length < bound);
      if (!broken) continue;
      throw new Refusal(
        edge === "maximum" ? "array_above_max_length" : "array_below_min_length",
        `Invalid '${path}': array too ${word}. Expected an array with ${edge} length ${bound}, but got an array with length ${value.length} instead.`,
        { param: path },
      );
    }
    value.forEach((entry, index) => check(entry, `${path}[${index}]`));
  };
}

/** An object with exactly these keys, `required` ones present. Missing keys are reported before unknown ones. */
export function shape(fields: Record<string, Check>, required: readonly string[] = []): Check {
  const known = new Map(Object.entries(fields));
  return (value, path) => {
    if (!isObject(value)) throw wrongType(path, "an object", value);
    for (const key of required) if (value[key] === undefined) throw missingParameter(join(path, key));
    for (const [key, entry] of Object.entries(value)) {
      const check = known.get(key);
      if (!check) throw unknownParameter(join(path, key));
      if (entry !== undefined) check(entry, join(path, key));
    }
  };
}

/** An object whose `key` says which of several shapes it has. */
export function variants(key: string, kinds: Record<string, Check>): Check {
  const known = new Map(Object.entries(kinds));
  return (value, path) => {
    if (!isObject(value)) throw wrongType(path, "an object", value);
    const which = value[key];
    if (which === undefined) throw missingParameter(join(path, key));
    const check = typeof which === "string" ? known.get(which) : undefined;
    if (!check) throw invalidValue(join(path, key), which, [...known.keys()]);
    check(value, path);
  };
}

/** One check for strings, another for objects, as parameters such as `voice` and `tool_choice` have it. */
export function textOr(ifText: Check, ifObject: Check): Check {
  return (value, path) => (typeof value === "string" ? ifText : ifObject)(value, path);
}

/** OpenAI's metadata: at most 16 pairs, keys up to 64 and values up to 512 characters. */
export const metadata: Check = (value, path) => {
  anyObject(value, path);
  const entries = Object.entries(value as Json);
  if (entries.length > 16) {
    throw new Refusal(
      "object_above_max_properties",
      `Invalid '${path}': too many properties. Expected an object with at most 16 properties, but got an object with ${entries.length} properties instead.`,
      { param: path },
    );
  }
  for (const [key, entry] of entries) {
    text({ max: 64 })(key, join(path, key));
    text({ max: 512 })(entry, join(path, key));
  }
};
