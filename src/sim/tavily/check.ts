/** What a search at the simulated Tavily may say: every field by its name and form, and nothing else. */

/** What Tavily answers instead: an HTTP status and one sentence. */
export class TavilyRefusal extends Error {
  override name = "TavilyRefusal";
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface SearchBody {
  readonly query: string;
  readonly max_results?: number;
  readonly include_answer?: boolean | string;
}

type Check = (value: unknown) => boolean;

const flag: Check = (value) => typeof value === "boolean";
const text: Check = (value) => typeof value === "string";
const whole =
  (low: number, high: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= low && (value as number) <= high;
const oneOf =
  (...all: readonly unknown[]): Check =>
  (value) =>
    all.includes(value);
const domains: Check = (value) => Array.isArray(value) && value.every(text);

/** Tavily refuses longer questions. */
const LONGEST_QUERY = 400;

const FIELDS: Readonly<Record<string, Check>> = {
  query: (value) => typeof value === "string" && value.trim() !== "",
  search_depth: oneOf("basic", "advanced", "fast", "ultra-fast"),
  topic: oneOf("general", "news", "finance"),
  days: whole(1, 365),
  max_results: whole(0, 20),
  include_images: flag,
  include_image_descriptions: flag,
  include_answer: oneOf(true, false, "basic", "advanced"),
  include_raw_content: oneOf(true, false, "markdown", "text"),
  include_domains: domains,
  exclude_domains: domains,
  include_domains_mode: oneOf("restrict", "prefer"),
  time_range: oneOf("day", "week", "month", "year", "d", "w", "m", "y"),
  chunks_per_source: whole(1, 3),
  country: text,
  start_date: text,
  end_date: text,
  max_hours: whole(1, 100_000),
  auto_parameters: flag,
  include_favicon: flag,
  include_usage: flag,
  exact_match: flag,
  fetch_timeout: whole(1, 60),
  cache_fallback: flag,
  language: text,
  filter_by_language: flag,
};

/** @throws TavilyRefusal */
export function checkSearch(json: string): SearchBody {
  let body: unknown;
  try {
    body = JSON.parse(json);
  } catch {
    throw new TavilyRefusal(422, "The body is not valid JSON.");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new TavilyRefusal(422, "The body must be an object.");
  for (const [name, value] of Object.entries(body)) {
    const check = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (!check) throw new TavilyRefusal(400, `Unknown parameter: ${name}.`);
    if (!check(value)) throw new TavilyRefusal(400, `Invalid value for ${name}.`);
  }
  const { query } = body as { query?: string };
  if (query === undefined) throw new TavilyRefusal(400, "Query is missing.");
  if (query.length > LONGEST_QUERY)
    throw new TavilyRefusal(400, `Query is too long. Max query length is ${LONGEST_QUERY} characters.`);
  return body as SearchBody;
}
