// The simulated Tavily, through the official client: what it sends is taken, what it would never send is refused, and it fails in
// Tavily's own words.
import { tavily } from "@tavily/core";
import { startTavilySim, type TavilySim } from "../../../src/sim/tavily/index.ts";

let sim: TavilySim;
beforeAll(async () => {
  sim = await startTavilySim();
});
beforeEach(() => {
  sim.faults = {};
});
afterAll(() => sim.close());

const official = (apiKey = sim.apiKey) => tavily({ apiKey, apiBaseURL: sim.baseUrl });

async function raw(body: unknown, path = "/search", key = sim.apiKey) {
  const answer = await fetch(`${sim.baseUrl}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as { detail?: { error: string } } };
}

test("the client's search, with every option of the documentation", async () => {
  const found = await official().search("green tea", {
    searchDepth: "basic",
    topic: "general",
    maxResults: 2,
    includeAnswer: true,
    timeRange: "week",
    includeDomains: ["example.com"],
    timeout: 5,
  });
  expect(found).toMatchObject({
    query: "green tea",
    answer: "What page 1 says about green tea.",
    images: [],
    responseTime: 0.42,
    requestId: expect.any(String),
    results: [
      { title: "Page 1 about green tea", url: "https://example.com/1?about=green%20tea", score: 0.9 },
      { title: "Page 2 about green tea", content: "What page 2 says about green tea." },
    ],
  });
  expect(sim.requests.at(-1)).toMatchObject({
    status: 200,
    body: { query: "green tea", search_depth: "basic", max_results: 2, include_answer: true },
    headers: { "x-client-source": "tavily-js" },
  });
});

test.each([401, 429, 432, 500] as const)("fails with %d as Tavily does", async (status) => {
  sim.faults = { status };
  await expect(official().search("x")).rejects.toThrow(
    { 401: /Unauthorized/, 429: /excessive/, 432: /plan/, 500: /Internal/ }[status],
  );
});

test("a wrong key, and none", async () => {
  await expect(official("tvly-wrong").search("x")).rejects.toThrow(/Unauthorized/);
  expect((await raw({ query: "x" }, "/search", "")).status).toBe(401);
});

test("hangs until the client gives up", async () => {
  sim.faults = { hang: true };
  await expect(official().search("x", { timeout: 0.05 })).rejects.toThrow(/timed out/);
});

test.each([
  [{}, 400],
  [{ query: "" }, 400],
  [{ query: "x".repeat(401) }, 400],
  [{ query: "x", max_results: 21 }, 400],
  [{ query: "x", search_depth: "deep" }, 400],
  [{ query: "x", maxResults: 5 }, 400],
  [{ query: "x", constructor: 1 }, 400],
  [["x"], 422],
  ["{", 422],
])("refused: %j", async (body, status) => {
  const answer = await raw(body);
  expect(answer).toMatchObject({ status, body: { detail: { error: expect.any(String) } } });
});

test("other addresses are not there", async () => {
  expect((await raw({ query: "x" }, "/extract")).status).toBe(404);
});
