// The two models behind memories, against the simulated OpenAI through the official client, and against servers that answer badly:
// meanings in numbers, and facts found in what was said.
import { createEmbedder, createFactFinder, createKeepAliveFetch } from "../../src/assistants/index.ts";
import type { Embedder, FactFinder } from "../../src/core/memory.ts";
import { ThreadError } from "../../src/core/thread.ts";
import { systemClock } from "../../src/observe/system.ts";
import { startOpenAISim, type OpenAISim } from "../../src/sim/openai/index.ts";
import { keptLog } from "../support/observe.ts";
import { tinyServer, type TinyServer } from "./fixtures.ts";

let openai: OpenAISim;
let tiny: TinyServer | undefined;
beforeAll(async () => {
  openai = await startOpenAISim({ now: () => Date.parse("2026-11-26"), timing: { textDeltaMs: 0 } });
});
beforeEach(() => {
  openai.faults = {};
  openai.script = {};
});
afterEach(async () => {
  await tiny?.close();
  tiny = undefined;
});
afterAll(() => openai.close());

const log = keptLog();
const never = new AbortController().signal;
const shared = (baseUrl = openai.baseUrl) => ({
  apiKey: openai.apiKey,
  baseUrl,
  timeoutMs: 10_000,
  fetch: createKeepAliveFetch(systemClock),
  clock: systemClock,
  log,
});
const embedder = (more: object = {}, baseUrl?: string): Embedder =>
  createEmbedder({ ...shared(baseUrl), model: "text-embedding-3-small", ...more });
const finder = (more: object = {}, baseUrl?: string): FactFinder =>
  createFactFinder({ ...shared(baseUrl), model: "gpt-6-luna", ...more });
const answering = async (body: unknown, status = 200): Promise<string> => {
  tiny = await tinyServer((_request, response) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
  );
  return tiny.baseUrl;
};

describe("meanings", () => {
  test("one for each text, in order, near for texts that are alike, over more than one request", async () => {
    const texts = Array.from({ length: 150 }, (_, n) => `text number${n}`);
    const all = await embedder().embed([...texts, "text number7"], never);
    expect(all).toHaveLength(151);
    expect(all[150]).toEqual(all[7]);
    expect(all[8]).not.toEqual(all[7]);
    expect(all[0]).toMatchObject({ model: "text-embedding-3-small" });
    expect(all[0]?.vector).toHaveLength(1536);
    expect(openai.requests.filter(({ path }) => path === "/v1/embeddings")).toHaveLength(3);
    expect(await embedder().embed([], never)).toEqual([]);
    // Longer than any model reads, and nothing at all.
    expect(await embedder().embed(["word ".repeat(20_000), ""], never)).toHaveLength(2);
  });

  test.each([
    ["fewer than asked for", { data: [{ index: 0, embedding: [1, 2] }] }],
    ["of different lengths", { data: [0, 1].map((index) => ({ index, embedding: index ? [1] : [1, 2] })) }],
    ["no numbers", { data: [0, 1].map((index) => ({ index, embedding: ["a", null] })) }],
    ["no direction", { data: [0, 1].map((index) => ({ index, embedding: [0, 0] })) }],
    ["nothing", {}],
    ["text", "no"],
  ])("an answer with %s is no answer", async (_what, body) => {
    await expect(embedder({}, await answering(body)).embed(["a", "b"], never)).rejects.toThrow(ThreadError);
  });

  test("answers in another order are put in order", async () => {
    const data = [1, 0].map((index) => ({ index, embedding: [index + 1, 0] }));
    const all = await embedder({}, await answering({ data })).embed(["a", "b"], never);
    expect(all.map(({ vector }) => vector[0])).toEqual([1, 2]);
  });

  test("a model that is not there, a key that is not good, a time that is over, somebody who waits no more", async () => {
    await expect(embedder({ model: "no-such" }).embed(["a"], never)).rejects.toMatchObject({ code: "not-found" });
    await expect(embedder({ apiKey: "sk-no" }).embed(["a"], never)).rejects.toMatchObject({ code: "auth" });
    openai.faults = { restHang: true };
    await expect(embedder({ timeoutMs: 20 }).embed(["a"], never)).rejects.toMatchObject({ code: "timeout" });
    await expect(embedder().embed(["a"], AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
  });
});

describe("facts", () => {
  const said = (content: string) => [{ role: "user" as const, content }];

  test("are found by a model that is held to a schema, and told what is known", async () => {
    const facts = await finder().find(
      [
        ...said("Hi, my name is Ada. I work as a nurse."),
        { role: "assistant", content: "My name is Max." },
        ...said("When I say prep my day: open the calendar, read the news and tell me the weather."),
      ],
      [{ kind: "identity", subject: "name", text: "The user's name is Adam." }],
      never,
    );
    expect(facts).toEqual([
      { kind: "identity", subject: "name", text: "The user's name is Ada." },
      { kind: "identity", subject: "job title", text: "The user works as a nurse." },
      {
        kind: "routine",
        subject: "prep my day",
        text: "What to do when the user says: prep my day.",
        steps: ["open the calendar", "read the news", "tell me the weather"],
      },
    ]);
    const { body } = openai.requests.findLast(({ path }) => path === "/v1/chat/completions") ?? {};
    expect(body).toMatchObject({
      model: "gpt-6-luna",
      response_format: { type: "json_schema", json_schema: { name: "memories", strict: true } },
    });
    expect(JSON.stringify(body)).toContain("The user's name is Adam.");
    expect(await finder().find(said("What a day."), [], never)).toEqual([]);
  });

  test("what does not fit is left out, and takes nothing else with it", async () => {
    const good = { kind: "fact", subject: "pet", text: "Has a dog." };
    const memories = [
      good,
      { ...good, kind: "secret" },
      { ...good, subject: "" },
      { ...good, subject: "s".repeat(81) },
      { ...good, subject: "long", text: "x".repeat(501) },
      { ...good, subject: "a number", text: 7 },
      null,
      "text",
      { ...good, subject: "PET", text: "Has a cat \u0000\ud800 now." },
      { ...good, subject: "walk", steps: ["not", "a", "routine"] },
      { kind: "routine", subject: "night", text: "At night.", steps: Array(40).fill("lock the door") },
      ...Array.from({ length: 100 }, (_, n) => ({ ...good, subject: `more ${n}` })),
    ];
    openai.script = { brain: () => `Here you are: \`\`\`json\n${JSON.stringify({ memories })}\n\`\`\`` };
    const facts = await finder().find(said("x"), [], never);
    expect(facts.slice(0, 3)).toEqual([
      { ...good, subject: "PET", text: "Has a cat   now." },
      { ...good, subject: "walk" },
      { kind: "routine", subject: "night", text: "At night.", steps: Array(20).fill("lock the door") },
    ]);
    expect(facts.length).toBeLessThanOrEqual(30);
  });

  test.each(["", "I found nothing.", "[]", '{"memories":7}', '{"memories":[', "null"])(
    "%j is no answer",
    async (text) => {
      openai.script = { brain: () => text };
      await expect(finder().find(said("x"), [], never)).rejects.toThrow(ThreadError);
    },
  );

  test("a server that knows no schemas is asked without", async () => {
    const refusal = { error: { message: "Unknown parameter: 'response_format'.", param: "response_format" } };
    const answer = { choices: [{ message: { role: "assistant", content: '{"memories":[]}' } }] };
    tiny = await tinyServer(({ body }, response) => {
      const isRefused = body.includes("response_format");
      response.writeHead(isRefused ? 400 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(isRefused ? refusal : answer));
    });
    expect(await finder({}, tiny.baseUrl).find(said("x"), [], never)).toEqual([]);
    expect(tiny.requests).toHaveLength(2);
  });
});

test("no word of anybody is in the log", () => {
  expect(JSON.stringify(log.lines)).not.toMatch(/nurse|calendar|Ada|dog/);
  expect(log.lines.length).toBeGreaterThan(0);
});
