import { closeSims, connect, open, refusal, sim } from "./client.ts";

afterEach(closeSims);

describe("who may come in", () => {
  test.each([
    ["no key", { key: "" }, 401, null],
    ["a wrong key", { key: "sk-other" }, 401, "invalid_api_key"],
    ["no model", { query: "" }, 400, "invalid_request_error"],
    ["model and intent", { query: "?model=gpt-realtime-2.1&intent=transcription" }, 400, "invalid_request_error"],
    ["an unknown intent", { query: "?intent=chat" }, 400, "invalid_value"],
    ["a call that is not", { query: "?call_id=rtc_1" }, 404, "call_id_not_found"],
    ["the Live API's address", { path: "/v1/live/sessions" }, 404, "unknown_url"],
  ])("%s is refused before the handshake", async (_, options, status, code) => {
    const on = await sim();
    const got = await refusal(open(on, options));
    expect(got.status).toBe(status);
    expect(got.error["code"]).toBe(code);
    expect(got.error["type"]).toBe("invalid_request_error");
    expect(on.counts).toEqual({ opened: 0, open: 0, refused: 1 });
  });

  test("a wrong key is not repeated in the error", async () => {
    const got = await refusal(open(await sim(), { key: "sk-secret-9999" }));
    expect(got.error["message"]).toContain("**********9999");
    expect(JSON.stringify(got)).not.toContain("secret");
  });

  test("the beta header is accepted, told off and closed with 4000", async () => {
    const client = open(await sim(), { headers: { "OpenAI-Beta": "realtime=v1" } });
    const error = await client.next("error");
    expect(error["error"]).toMatchObject({
      type: "invalid_request_error",
      code: "beta_api_shape_disabled",
      param: null,
    });
    expect(await client.closed).toEqual({ code: 4000, reason: "invalid_request_error.beta_api_shape_disabled" });
    expect(client.types()).toEqual(["error"]);
  });

  test.each(["gpt-realtime-9", "gpt-live-1", "gpt-6-luna"])("the model %s is not for this socket", async (model) => {
    const client = open(await sim(), { query: `?model=${model}` });
    expect((await client.next("error"))["error"]).toMatchObject({ code: "model_not_found" });
    expect((await client.closed).code).toBe(4000);
  });

  test("a model past its last day is gone", async () => {
    const late = await sim({ now: () => Date.parse("2027-02-01") });
    const client = open(late, { query: "?model=gpt-realtime" });
    expect((await client.next("error"))["error"]).toMatchObject({ code: "model_not_found" });
  });

  test("a browser shows its key as a subprotocol and gets the other one chosen", async () => {
    const on = await sim();
    const client = await connect(on, { key: "", protocols: ["realtime", `openai-insecure-api-key.${on.apiKey}`] });
    expect(client.socket.protocol).toBe("realtime");
  });
});

describe("the first event", () => {
  test("session.created carries the documented defaults", async () => {
    const on = await sim({ now: () => 1_790_000_000_000 });
    const client = await connect(on);
    const created = client.events[0] as Record<string, unknown>;
    expect(created["event_id"]).toMatch(/^event_/);
    expect(created["session"]).toMatchObject({
      type: "realtime",
      object: "realtime.session",
      id: expect.stringMatching(/^sess_/),
      model: "gpt-realtime-2.1",
      output_modalities: ["audio"],
      tools: [],
      tool_choice: "auto",
      max_output_tokens: "inf",
      tracing: null,
      prompt: null,
      truncation: "auto",
      expires_at: 1_790_003_600,
      include: null,
      audio: {
        input: {
          format: { type: "audio/pcm", rate: 24000 },
          transcription: null,
          noise_reduction: null,
          turn_detection: {
            type: "server_vad",
            threshold: 0.5,
            prefix_padding_ms: 300,
            silence_duration_ms: 500,
            idle_timeout_ms: null,
            create_response: true,
            interrupt_response: true,
          },
        },
        output: { format: { type: "audio/pcm", rate: 24000 }, voice: "marin", speed: 1 },
      },
    });
  });

  test("a transcription session has no model, no output and no responses", async () => {
    const client = await connect(await sim(), { query: "?intent=transcription" });
    const { session } = client.events[0] as unknown as { session: Record<string, unknown> };
    expect(session["type"]).toBe("transcription");
    expect(Object.keys(session)).not.toContain("model");
    expect(Object.keys(session["audio"] as object)).toEqual(["input"]);
    expect(await client.refused({ type: "response.create" })).toMatchObject({ code: "invalid_value" });
    const switched = await client.update({ instructions: "be a realtime session" });
    expect(switched["error"]).toMatchObject({ code: "invalid_value", param: "session.type" });
  });

  test("sessions are numbered, told to listeners, and the same under the same seed", async () => {
    const ids: string[][] = [];
    for (let run = 0; run < 2; run++) {
      const on = await sim({ seed: 42 });
      const told: string[] = [];
      const off = on.on("session", (session) => told.push(session.id));
      await connect(on);
      await connect(on);
      off();
      await connect(on);
      expect(on.sessions.map((session) => session.number)).toEqual([0, 1, 2]);
      expect(told).toEqual(on.sessions.slice(0, 2).map((session) => session.id));
      ids.push(on.sessions.map((session) => session.id));
    }
    expect(ids[0]).toEqual(ids[1]);
    expect(new Set(ids[0]).size).toBe(3);
    const other = await sim({ seed: 43 });
    await connect(other);
    expect(other.sessions[0]?.id).not.toBe(ids[0]?.[0]);
  });

  test("opened and open sockets are counted", async () => {
    const on = await sim();
    const client = await connect(on);
    await connect(on);
    expect(on.counts).toEqual({ opened: 2, open: 2, refused: 0 });
    client.socket.close();
    expect((await on.sessions[0]?.closed)?.code).toBe(1005);
    expect(on.counts.open).toBe(1);
  });
});
