import type OpenAI from "openai";
import { APIUserAbortError, AuthenticationError, InternalServerError, NotFoundError, RateLimitError } from "openai";
import { startOpenAISim } from "../../../src/sim/openai/index.ts";
import { closeSims, connect, open, refusal, sim } from "./client.ts";
import { official, raw, until } from "./rest-client.ts";

afterEach(closeSims);

describe("every route", () => {
  test("needs the key, in OpenAI's error shape", async () => {
    const on = await sim();
    const wrong = await raw(on, "GET", "/models", undefined, { authorization: "Bearer sk-wrong-abcd" });
    expect(wrong.status).toBe(401);
    expect(wrong.body).toEqual({
      error: {
        message: "Incorrect API key provided: *********abcd.",
        type: "invalid_request_error",
        param: null,
        code: "invalid_api_key",
      },
    });
    expect((await raw(on, "GET", "/models", undefined, { authorization: "" })).status).toBe(401);
    await expect(official(on, { apiKey: "sk-no" }).models.list()).rejects.toThrow(AuthenticationError);
    await expect(
      official(on, { apiKey: "sk-no" }).responses.create({ model: "gpt-6-luna", input: "x" }),
    ).rejects.toThrow(AuthenticationError);
  });

  test("unknown addresses, wrong methods and bad bodies are told so", async () => {
    const on = await sim();
    expect((await raw(on, "GET", "/nothing")).status).toBe(404);
    expect((await raw(on, "DELETE", "/models")).status).toBe(405);
    const bad = await raw(on, "POST", "/responses", "{oops");
    expect(bad).toMatchObject({ status: 400, body: { error: { type: "invalid_request_error" } } });
    expect((await raw(on, "POST", "/responses", "[1]")).status).toBe(400);
    expect(bad.headers.get("x-request-id")).toMatch(/^req_/);
  });

  test.each([
    ["/responses", { model: "gpt-6-luna", input: "x" }],
    ["/conversations", {}],
    ["/chat/completions", { model: "gpt-6-luna", messages: [{ role: "user", content: "x" }] }],
    ["/embeddings", { model: "text-embedding-3-small", input: "x" }],
    ["/audio/speech", { model: "gpt-4o-mini-tts", voice: "ash", input: "x", response_format: "pcm" }],
    ["/realtime/client_secrets", {}],
  ])("%s refuses a parameter it does not know, by name", async (path, body) => {
    const answer = await raw(await sim(), "POST", path, { ...body, wobble: 1 });
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { code: "unknown_parameter", param: "wobble", message: "Unknown parameter: 'wobble'." } },
    });
  });

  test.each([
    [401, AuthenticationError],
    [404, NotFoundError],
    [429, RateLimitError],
    [500, InternalServerError],
    [503, InternalServerError],
  ])("can be made to answer %d", async (status, kind) => {
    const on = await sim({ faults: { restStatus: status } });
    await expect(official(on).models.list()).rejects.toThrow(kind);
    on.faults = { restStatus: status, restOnly: "/v1/responses" };
    await official(on).models.list();
    await expect(official(on).responses.create({ model: "gpt-6-luna", input: "x" })).rejects.toThrow(kind);
  });

  test("can be made to hang; the client's going away is seen and logged", async () => {
    const lines: string[] = [];
    const on = await startOpenAISim({ faults: { restHang: true }, log: (line) => lines.push(line) });
    const stop = new AbortController();
    const waiting = official(on).models.list({ signal: stop.signal });
    await until(() => on.requests.length === 1);
    stop.abort();
    await expect(waiting).rejects.toThrow(APIUserAbortError);
    await on.requests[0]?.ended;
    expect(on.requests[0]).toMatchObject({ path: "/v1/models", aborted: true, status: undefined });
    expect(lines).toContain("client aborted");
    await on.close();
  });

  test("is on record and told to listeners", async () => {
    const on = await sim();
    const told: string[] = [];
    on.on("request", (request) => told.push(`${request.method} ${request.path}`));
    await official(on).models.list();
    await official(on).responses.create({ model: "gpt-6-luna", input: "hello" });
    expect(told).toEqual(["GET /v1/models", "POST /v1/responses"]);
    expect(on.requests.map((request) => request.status)).toEqual([200, 200]);
    expect(on.requests[1]?.body).toMatchObject({ input: "hello" });
    expect(on.requests[1]?.aborted).toBe(false);
  });
});

describe("models", () => {
  test("are listed with their last day, until it has come", async () => {
    let now = Date.parse("2026-11-20");
    const on = await sim({ now: () => now, models: [{ id: "house-model", use: "text", shutdown_date: null }] });
    const openai = official(on);
    const models = (await openai.models.list()).data as (OpenAI.Model & { shutdown_date: string | null })[];
    const day = (id: string) => models.find((model) => model.id === id)?.shutdown_date;
    expect(day("gpt-realtime-2.1")).toBeNull();
    expect(day("gpt-realtime")).toBe("2027-01-20");
    expect(day("gpt-4o-mini")).toBe("2027-01-14");
    expect(day("tts-1")).toBe("2027-01-06");
    expect(day("house-model")).toBeNull();
    expect(await openai.models.retrieve("gpt-6-luna")).toMatchObject({ id: "gpt-6-luna", object: "model" });
    await expect(openai.models.retrieve("gpt-0")).rejects.toMatchObject({ status: 404, code: "model_not_found" });
    now = Date.parse("2027-01-14");
    await expect(openai.models.retrieve("gpt-4o-mini")).rejects.toThrow(NotFoundError);
    await expect(openai.responses.create({ model: "gpt-4o-mini", input: "x" })).rejects.toMatchObject({
      code: "model_not_found",
    });
  });
});

describe("client secrets", () => {
  test("open a session with their settings, until they expire", async () => {
    let now = 1_790_000_000_000;
    const on = await sim({ now: () => now });
    const secret = await official(on).realtime.clientSecrets.create({
      expires_after: { anchor: "created_at", seconds: 60 },
      session: {
        type: "realtime",
        model: "gpt-realtime-2.1-mini",
        instructions: "Be kind.",
        audio: { output: { voice: "ash" } },
      },
    });
    expect(secret).toMatchObject({
      value: expect.stringMatching(/^ek_/),
      expires_at: 1_790_000_060,
      session: { type: "realtime", model: "gpt-realtime-2.1-mini", instructions: "Be kind." },
    });
    for (let i = 0; i < 2; i++) {
      const client = await connect(on, { key: "", protocols: ["realtime", `openai-insecure-api-key.${secret.value}`] });
      expect(client.events[0]).toMatchObject({
        session: { model: "gpt-realtime-2.1-mini", instructions: "Be kind.", audio: { output: { voice: "ash" } } },
      });
      expect((await client.update({ instructions: "Overridden." })).type).toBe("session.updated");
    }
    // It opens sockets, nothing else.
    expect((await raw(on, "GET", "/models", undefined, { authorization: `Bearer ${secret.value}` })).status).toBe(401);
    now += 61_000;
    expect((await refusal(open(on, { key: secret.value }))).status).toBe(401);
  });

  test.each([
    [{ session: { model: "gpt-realtime-2.1" } }, "missing_required_parameter", "session.type"],
    [{ session: { type: "realtime", voice: "ash" } }, "unknown_parameter", "session.voice"],
    [
      { session: { type: "realtime", audio: { input: { format: { type: "audio/pcmu", rate: 8000 } } } } },
      "unknown_parameter",
      "session.audio.input.format.rate",
    ],
    [{ expires_after: { anchor: "created_at", seconds: 5 } }, "integer_below_min_value", "expires_after.seconds"],
    [{ expires_after: { anchor: "now", seconds: 50 } }, "invalid_value", "expires_after.anchor"],
  ])("%j is refused", async (body, code, param) => {
    const answer = await raw(await sim(), "POST", "/realtime/client_secrets", body);
    expect(answer).toMatchObject({ status: 400, body: { error: { code, param } } });
  });

  test("the beta's addresses are gone", async () => {
    const on = await sim();
    for (const path of ["/realtime/sessions", "/realtime/transcription_sessions"]) {
      expect((await raw(on, "POST", path, { model: "gpt-realtime-2.1" })).status).toBe(404);
    }
  });
});

describe("embeddings", () => {
  test("are unit vectors, the same for the same text, nearer for shared words, shortened on request", async () => {
    const openai = official(await sim());
    const ask = async (input: string[], dimensions?: number) =>
      (
        await openai.embeddings.create({
          model: "text-embedding-3-small",
          input,
          ...(dimensions === undefined ? {} : { dimensions }),
        })
      ).data.map((one) => one.embedding);
    const [a, b, c] = await ask(["book an oil change", "an oil change to book", "opening hours on Saturday"], 256);
    const dot = (x: number[] = [], y: number[] = []) => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
    expect(a).toHaveLength(256);
    expect(dot(a, a)).toBeCloseTo(1, 4);
    expect(dot(a, b)).toBeGreaterThan(dot(a, c) + 0.3);
    expect((await ask(["book an oil change"], 256))[0]).toEqual(a);
    expect((await ask(["x"]))[0]).toHaveLength(1536);
  });

  test.each([
    [{ model: "text-embedding-3-small", input: "" }, "input"],
    [{ model: "text-embedding-3-small", input: ["a", ""] }, "input[1]"],
    [{ model: "text-embedding-3-small", input: [] }, "input"],
    [{ model: "text-embedding-3-small", input: "x", dimensions: 4000 }, "dimensions"],
    [{ model: "text-embedding-ada-002", input: "x", dimensions: 256 }, "dimensions"],
    [{ model: "text-embedding-3-small", input: "x".repeat(40_000) }, "input"],
    [{ model: "text-embedding-3-small", input: "x", encoding_format: "hex" }, "encoding_format"],
  ])("refused: %#", async (body, param) => {
    const answer = await raw(await sim(), "POST", "/embeddings", body);
    expect(answer).toMatchObject({ status: 400, body: { error: { param } } });
  });

  test("a text model does not embed", async () => {
    expect((await raw(await sim(), "POST", "/embeddings", { model: "gpt-6-luna", input: "x" })).status).toBe(404);
  });
});
