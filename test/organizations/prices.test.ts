// Prices: what the operator's file may say, every mistake in it told, and what a use of models and minutes costs by it.
import { misgivingsOf, type Surroundings } from "../../src/organizations/misgivings.ts";
import { carrierCost, costOf, readPrices, type Prices } from "../../src/organizations/prices.ts";
import { organizationConfig } from "../../src/wire/rest/organization.ts";

const FILE = `
currency: USD
models:
  gpt-realtime-2.1: # As an example; look yours up.
    per_million_tokens: { input: 4, cached_input: 0.4, output: 16, audio_input: 32, cached_audio_input: 0.4, audio_output: 64 }
  gpt-6-luna:
    per_million_tokens: { input: 2, cached_input: 0.5, output: 8 }
  gpt-live-transcribe: { per_minute: 0.006 }
  gpt-uncached: { per_million_tokens: { input: 10, audio_input: 100 } }
carrier: { per_minute: 0.0085, outbound_per_minute: 0.014 }
`;
const read = (text: string): Prices => {
  const result = readPrices(text);
  if (!result.ok) throw new Error(result.problems.join("; "));
  return result.prices;
};
const problemsOf = (text: string): readonly string[] => {
  const result = readPrices(text);
  return result.ok ? [] : result.problems;
};
const PRICES = read(FILE);

describe("the file", () => {
  test("is YAML or JSON", () => {
    expect(read(JSON.stringify(PRICES))).toEqual(PRICES);
  });

  test("every mistake is told with its place", () => {
    expect(
      problemsOf(`
currency: dollars
models:
  a: { per_million_tokens: { input: cheap, inptu: 1 } }
  b: {}
  c: { per_minute: -1, per_second: 1 }
  d: { per_million_tokens: {} }
carrier: { outbound_per_minute: 1 }
tax: 0.2
`),
    ).toEqual([
      "currency: must be a currency such as USD",
      "models > a > per_million_tokens > input: invalid input: expected number, received string",
      "models > a > per_million_tokens > inptu: is not a field of a price list",
      "models > b: needs prices: per_million_tokens or per_minute",
      "models > c > per_minute: too small: expected number to be >=0",
      "models > c > per_second: is not a field of a price list",
      "models > d: needs prices: per_million_tokens or per_minute",
      "carrier > per_minute: invalid input: expected number, received undefined",
      "tax: is not a field of a price list",
    ]);
  });

  test.each([
    ["", "invalid input: expected object, received null"],
    ["currency: USD\nmodels: {}\ncurrency: EUR", "Map keys must be unique at line 3, column 1"],
    ["currency: !!js/function x", /Unresolved tag/],
    ["{ currency: USD,", /at line 1/],
    ["a: &a [1]\nb: [*c]", /Unresolved alias/],
  ])("%j is refused", (text, problem) => {
    expect(problemsOf(text).join("; ")).toMatch(problem);
  });
});

describe("a use costs", () => {
  const voice = (counts: Parameters<typeof costOf>[1]["counts"], model = "gpt-realtime-2.1") =>
    costOf(PRICES, { purpose: "voice", model, counts });

  test("each kind its own price: cached tokens are not paid twice", () => {
    const million = 1_000_000;
    expect(voice({ input: million })).toBe(4);
    expect(voice({ cached_input: million })).toBe(0.4);
    expect(voice({ audio_input: million, cached_audio_input: million, audio_output: million, output: million })).toBe(
      32 + 0.4 + 64 + 16,
    );
    expect(voice({ input: 60, cached_input: 640, audio_input: 172, audio_output: 100, output: 20 })).toBeCloseTo(
      (60 * 4 + 640 * 0.4 + 172 * 32 + 100 * 64 + 20 * 16) / million,
      12,
    );
  });

  test("where cached tokens have no price, that of the others", () => {
    expect(voice({ cached_input: 1_000_000, cached_audio_input: 1_000_000 }, "gpt-uncached")).toBe(110);
  });

  test("by the length of audio", () => {
    expect(costOf(PRICES, { purpose: "transcription", model: "gpt-live-transcribe", counts: { seconds: 60 } })).toBe(
      0.006,
    );
  });

  test("a dated model what its family costs; nothing is known of others, and of kinds without a price", () => {
    expect(voice({ input: 1_000_000 }, "gpt-realtime-2.1-2026-08-01")).toBe(4);
    expect(voice({ input: 1 }, "gpt-realtime-3")).toBeUndefined();
    expect(voice({ input: 1 }, "constructor")).toBeUndefined();
    expect(voice({ input: 1, audio_output: 1 }, "gpt-uncached")).toBeUndefined();
    expect(voice({ seconds: 1 })).toBeUndefined();
    expect(voice({}, "gpt-realtime-3")).toBe(0);
  });

  test("the carrier every minute begun", () => {
    expect(carrierCost(PRICES, "inbound", 0)).toBe(0.0085);
    expect(carrierCost(PRICES, "inbound", 60_000)).toBe(0.0085);
    expect(carrierCost(PRICES, "inbound", 60_001)).toBe(0.017);
    expect(carrierCost(PRICES, "outbound", 1000)).toBe(0.014);
    expect(carrierCost(read("{ currency: USD, models: {}, carrier: { per_minute: 1 } }"), "outbound", 1)).toBe(1);
    expect(carrierCost(read("{ currency: USD, models: {} }"), "inbound", 1)).toBe(0);
  });
});

describe("a limit of money", () => {
  const SURROUNDINGS: Surroundings = {
    mode: "assistant",
    client: "responses",
    voiceModel: "gpt-realtime-2.1",
    transcriptionModel: "gpt-live-transcribe",
    threadModel: "gpt-6-luna",
    assistantsGone: true,
    prices: PRICES,
  };
  const issues = (given: object, around: Partial<Surroundings> = {}) =>
    misgivingsOf({ ...SURROUNDINGS, ...around })(organizationConfig.parse(given)).map(
      ({ pointer, detail }) => `${pointer} ${detail}`,
    );

  test("is taken where everything a call uses has a price", () => {
    expect(issues({ limits: { spend_per_call: 1, spend_per_day: 10 } })).toEqual([]);
    expect(
      issues({ limits: { spend_per_call: 1 }, voice: { mode: "speech-to-speech" }, thread: { model: "x" } }),
    ).toEqual([]);
  });

  test("is refused without prices, with that reason", () => {
    const why = "needs PRICES_FILE: without prices nobody knows what a call costs";
    expect(issues({ limits: { spend_per_call: 1, spend_per_day: 10 } }, { prices: undefined })).toEqual([
      `/limits/spend_per_call ${why}`,
      `/limits/spend_per_day ${why}`,
    ]);
    expect(issues({ limits: { minutes_per_day: 10, concurrent_calls: 1 } }, { prices: undefined })).toEqual([]);
  });

  test("is refused where a model it would use, its own or the program's, has none", () => {
    expect(
      issues({ limits: { spend_per_day: 1 }, voice: { model: "gpt-uncached" }, thread: { model: "gpt-x" } }),
    ).toEqual([
      "/limits/spend_per_day needs in PRICES_FILE the price of gpt-uncached (output, audio_output) and of gpt-x (input, output)",
    ]);
    expect(issues({ limits: { spend_per_day: 1 } }, { transcriptionModel: "gpt-6-luna" })).toEqual([
      "/limits/spend_per_day needs in PRICES_FILE the price of gpt-6-luna (audio_input)",
    ]);
  });

  test("an assistant of the old API needs an id, and a host that has one", () => {
    const config = { thread: { client: "assistants" } };
    expect(issues(config)).toEqual([expect.stringMatching(/^\/thread\/client cannot be assistants: .* shut down/)]);
    expect(issues(config, { assistantsGone: false })).toEqual([
      "/thread/client cannot be assistants without an assistant_id",
    ]);
    expect(issues(config, { assistantsGone: false, assistantId: "asst_1" })).toEqual([]);
    expect(issues({ thread: { client: "assistants", assistant_id: "asst_2" } }, { assistantsGone: false })).toEqual([]);
  });
});
