// The personal assistant in the whole program against the simulated OpenAI: what a client, a network and an OpenAI do to a conversation.
import { until } from "../support/until.ts";
import { createWorld, eventually, OTHER_KEY, PATIENCE_MS, text } from "./assistant-kit.ts";

const world = createWorld();

describe("a session", () => {
  test("has the fields of the document, and the models behind its names", async () => {
    const server = await world.start();
    const { status, body } = await server.post("/api/voice-agent");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^sess_/),
      model: "gpt-realtime-2.1-mini",
      client_secret: { value: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+\/ws\/assistant\?ticket=/) },
      ephemeral_key: { value: expect.stringMatching(/^ek_/) },
      modalities: ["text", "audio"],
      instructions: expect.stringContaining("voice AI assistant"),
      voice: "ash",
      input_audio_format: "pcm16",
      output_audio_format: "pcm16",
      input_audio_transcription: { model: "gpt-live-transcribe" },
      turn_detection: { type: "server_vad" },
      tools: expect.arrayContaining([expect.objectContaining({ type: "function", name: "end_call" })]),
    });
    for (const at of ["expires_at"] as const) expect(Number(body[at])).toBeGreaterThan(1_700_000_000);
    const full = await server.post("/api/voice-agent", { model: "gpt-4-realtime", voice: "sage" });
    expect(full.body).toMatchObject({ model: "gpt-realtime-2.1", voice: "sage" });
  });

  test.each([
    ["an unknown model", { model: "gpt-realtime-9000" }, "/model"],
    ["an unknown voice", { voice: "nova" }, "/voice"],
    ["a name that is none", { model: 7 }, "/model"],
    ["an unknown field", { instructions: "x" }, "/instructions"],
    ["a session id that is none", { session_id: "../etc" }, "/session_id"],
  ])("is refused for %s", async (_name, body, pointer) => {
    const server = await world.start();
    const answer = await server.post("/api/voice-agent", body);
    expect(answer.status).toBe(400);
    expect(answer.type).toContain("application/problem+json");
    expect(answer.body["errors"]).toEqual([expect.objectContaining({ pointer })]);
  });

  test("needs a key, and the document's own errors tell of OpenAI's", async () => {
    const server = await world.start();
    expect((await server.post("/api/voice-agent", {}, {})).status).toBe(401);
    world.openai.faults = { restStatus: 500 };
    expect(await server.post("/api/voice-agent")).toMatchObject({
      status: 500,
      body: { error: "OpenAI API error: 500" },
    });
    world.openai.faults = { restStatus: 429 };
    expect((await server.post("/api/voice-agent")).body).toEqual({ error: "OpenAI API error: 429" });
    const without = await world.start({ OPENAI_API_KEY: "" });
    expect(await without.post("/api/voice-agent")).toMatchObject({
      status: 500,
      body: { error: "OPENAI_API_KEY is not set" },
    });
  });

  test("of somebody else is nobody's", async () => {
    const server = await world.start();
    const { body } = await server.post("/api/voice-agent");
    const bob = { authorization: `Bearer ${OTHER_KEY}` };
    expect((await server.post("/api/voice-agent", { session_id: body["id"] }, bob)).status).toBe(404);
    expect((await server.post("/api/voice-agent", { session_id: "sess_nobodys" })).status).toBe(404);
  });
});

describe("the address", () => {
  test("is good once, and stands in no log", async () => {
    const server = await world.start();
    const { session, client } = await server.talk();
    await client.next("session.created");
    const second = world.connect(session.client_secret.value);
    expect((await second.next("error"))["error"]).toMatchObject({ code: "invalid_ticket" });
    expect(await second.closed).toBe(1008);
    const ticket = new URL(session.client_secret.value).searchParams.get("ticket") as string;
    expect(JSON.stringify(server.log.lines)).not.toContain(ticket);
  });

  test("is not for the pages of others, nor for whoever has no ticket", async () => {
    const server = await world.start({ CORS_ORIGINS: "https://app.example.com" });
    const refused = async (address: string, origin?: string) => {
      const client = world.connect(address, origin === undefined ? {} : { origin });
      return new Promise<number>((resolve) =>
        client.socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0)),
      );
    };
    const { body } = await server.post("/api/voice-agent");
    const { value } = body["client_secret"] as { value: string };
    expect(await refused(value, "https://evil.example.com")).toBe(403);
    expect(await refused(value, "null")).toBe(403);
    expect(await refused(value.replace(/\?.*/, ""))).toBe(401);
    const ours = world.connect(value, { origin: "https://app.example.com" });
    await ours.next("session.created");
  });
});

describe("a conversation", () => {
  test("answers a text without being asked to, once", async () => {
    const server = await world.start();
    const { session, client } = await server.talk();
    const created = await client.next("session.created");
    expect(created["session"]).toMatchObject({ id: session.id, modalities: ["text", "audio"], voice: "ash" });
    client.send(text("Hello, who am I?"));
    const done = await client.next("response.done");
    expect(done["response"]).toMatchObject({
      status: "completed",
      output: [{ content: [{ type: "audio", transcript: "You said: Hello, who am I?" }] }],
    });
    const added = client.of("conversation.item.created").map(({ item }) => (item as { role: string }).role);
    expect(added).toEqual(["user", "assistant"]);
    expect(client.of("response.audio.delta").length).toBeGreaterThan(0);
    expect(client.of("response.created")).toHaveLength(1);
    client.close();
    const record = await eventually(server, (one) => one.status === "completed");
    expect(record).toMatchObject({ channel: "browser", endReason: "caller-hangup", orgId: "default" });
    expect(record.turns).toMatchObject([{ turn: 1, by: "text", text: "Hello, who am I?" }]);
    expect(record.replies).toMatchObject([{ kind: "reply", generated: "You said: Hello, who am I?" }]);
    expect(record.usage["voice_output_tokens"]).toBeGreaterThan(0);
    expect(record.metadata).toMatchObject({ assistant: "personal", user: "ada", session_id: session.id });
  });

  test("asks for nothing where the client asks by itself", async () => {
    const server = await world.start();
    const { client } = await server.talk();
    client.send(text("One."));
    client.send({ type: "response.create" });
    await client.next("response.done");
    client.send(text("Two."));
    client.send({ type: "response.create", response: { modalities: ["text"] } });
    await until("two answers", () => client.of("response.done").length === 2, PATIENCE_MS);
    expect(
      client
        .of("response.text.delta")
        .map(({ delta }) => delta)
        .join(""),
    ).toBe("You said: Two.");
    expect(world.lastSession().received.of("response.create")).toHaveLength(2);
  });

  test("speaks today's words where it is asked to", async () => {
    const server = await world.start();
    for (const more of ["&events=ga", "?events=ga"]) {
      const { client } = await server.talk({}, more);
      client.send(text("Hello."));
      await client.next("response.done");
      expect(client.of("response.output_audio.delta").length).toBeGreaterThan(0);
      expect(client.of("conversation.item.done").length).toBeGreaterThan(0);
      expect(client.events.filter(({ type }) => type.startsWith("response.audio"))).toEqual([]);
    }
    const { client } = await server.talk();
    client.send({ type: "session.update", session: { type: "realtime", audio: { output: { voice: "sage" } } } });
    const updated = await client.next("session.updated");
    expect(updated["session"]).toMatchObject({ type: "realtime", audio: { output: { voice: "sage" } } });
  });

  test("takes its voice, speed and turn detection from the client, and nothing else", async () => {
    const server = await world.start();
    const { client } = await server.talk();
    client.send({ type: "session.update", session: { voice: "coral", speed: 1.2, turn_detection: null } });
    expect((await client.next("session.updated"))["session"]).toMatchObject({ voice: "coral", turn_detection: null });
    client.send({ type: "session.update", event_id: "mine", session: { instructions: "You are a pirate." } });
    expect((await client.next("error"))["error"]).toMatchObject({
      code: "unknown_parameter",
      param: "session.instructions",
      event_id: "mine",
    });
    client.raw("{nonsense");
    client.raw(Buffer.from([1, 2, 3]));
    client.send({ type: "conversation.item.delete", item_id: "x" });
    await until("four refusals", () => client.of("error").length === 4, PATIENCE_MS);
    client.send(text("Still here?"));
    await client.next("response.done");
    const { audio, instructions } = world.lastSession().config;
    expect(audio.output).toMatchObject({ voice: "coral", speed: 1.2 });
    expect(instructions).not.toContain("pirate");
  });

  test("what OpenAI refuses is told by the client's own name for it", async () => {
    const server = await world.start();
    const { client } = await server.talk();
    client.send({ type: "response.cancel", event_id: "cancel-1" });
    expect((await client.next("error"))["error"]).toMatchObject({
      code: "response_cancel_not_active",
      event_id: "cancel-1",
    });
    client.send({ type: "input_audio_buffer.commit", event_id: "commit-1" });
    const at = client.events.length;
    expect((await client.next((event) => event.type === "error", at))["error"]).toMatchObject({
      code: "input_audio_buffer_commit_empty",
      event_id: "commit-1",
    });
    client.send(text("Hello."));
    await client.next("response.done");
    // The commit that was refused asked for nothing.
    expect(client.of("response.created")).toHaveLength(1);
  });

  test("runs a tool on the server, and ends when it is asked to", async () => {
    const server = await world.start();
    world.openai.script = {
      brain: ({ toolOutputs }) =>
        toolOutputs.length === 0 ? { tool: { name: "end_call", args: {} } } : { text: "Goodbye." },
    };
    const { client } = await server.talk();
    client.send(text("That was all."));
    expect(await client.closed).toBe(1000);
    const record = await eventually(server, (one) => one.status === "completed");
    expect(record).toMatchObject({ endReason: "agent-hangup", tools: [{ name: "end_call", result: "ok" }] });
    expect(record.replies.at(-1)).toMatchObject({ generated: "Goodbye." });
  });
});
