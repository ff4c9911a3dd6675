// Clients that talk to OpenAI over WebRTC themselves: the sideband runs their tools and keeps their record. Tested at the sideband's socket;
// the media of WebRTC is not simulated.
import { until } from "../support/until.ts";
import { createWorld, eventually, OTHER_KEY, PATIENCE_MS, text, type SessionAnswer } from "./assistant-kit.ts";

const world = createWorld();

/** As a browser does it: its offer goes to OpenAI with the short-lived key. */
async function call({ ephemeral_key: key }: SessionAnswer): Promise<string> {
  const answer = await fetch(`${world.openai.baseUrl}/realtime/calls`, {
    method: "POST",
    headers: { authorization: `Bearer ${key.value}`, "content-type": "application/sdp" },
    body: "v=0\r\n",
  });
  expect(answer.status).toBe(201);
  return answer.headers.get("location")?.split("/").at(-1) as string;
}

const open = async (server: Awaited<ReturnType<typeof world.start>>) =>
  (await server.post("/api/voice-agent")).body as unknown as SessionAnswer;

test("its tools are run, and the record is kept", async () => {
  const server = await world.start();
  world.openai.script = {
    brain: ({ toolOutputs }) =>
      toolOutputs.length === 0
        ? { tool: { name: "escalate", args: { reason: "They want a person.", urgency: "normal" } } }
        : { text: "I have told somebody." },
  };
  const session = await open(server);
  const callId = await call(session);
  const beside = world.openai.calls.get(callId);
  const answer = await server.post(`/api/voice-agent/${session.id}/sideband`, { call_id: callId });
  expect(answer).toMatchObject({ status: 200, body: { session_id: session.id, status: "connected" } });
  // The session is that of the secret: instructions and tools were set by the server.
  expect(beside?.session.config.tools?.map(({ name }) => name)).toContain("escalate");
  beside?.send(text("I want to speak to a person."));
  beside?.send({ type: "response.create" });
  await beside?.session.sent.waitFor(
    ({ type, event }) =>
      type === "response.output_audio_transcript.done" && event["transcript"] === "I have told somebody.",
    { timeoutMs: PATIENCE_MS },
  );
  beside?.hangUp();
  const record = await eventually(server, ({ status }) => status === "completed");
  expect(record).toMatchObject({
    callId: answer.body["call_id"],
    channel: "browser",
    endReason: "caller-hangup",
    turns: [{ by: "text", text: "I want to speak to a person." }],
    tools: [{ name: "escalate", result: "ok" }],
    replies: [{ generated: "I have told somebody.", heard: "I have told somebody." }],
  });
  expect(record.escalations.length).toBeGreaterThan(0);
});

test("a sideband that is cut is connected again, and runs nothing twice", async () => {
  const server = await world.start();
  const session = await open(server);
  const callId = await call(session);
  const beside = world.openai.calls.get(callId);
  await server.post(`/api/voice-agent/${session.id}/sideband`, { call_id: callId });
  beside?.cutSidebands();
  await until("another sideband", () => beside?.sidebands().all === 2, PATIENCE_MS);
  const again = await server.post(`/api/voice-agent/${session.id}/sideband`, { call_id: callId });
  expect(again.status).toBe(409);
  expect(beside?.sidebands().all).toBe(2);
});

test("what does not fit is told, and leaves no record", async () => {
  const server = await world.start();
  const session = await open(server);
  const path = `/api/voice-agent/${session.id}/sideband`;
  expect(await server.post(path, { call_id: "rtc_nobodys" })).toMatchObject({
    status: 500,
    body: { error: "OpenAI API error: 404" },
  });
  const callId = await call(session);
  expect((await server.post(path, { call_id: callId }, { authorization: `Bearer ${OTHER_KEY}` })).status).toBe(404);
  expect((await server.post(path, { call_id: "../x" })).status).toBe(400);
  expect((await server.post(path, { call_id: callId }, {})).status).toBe(401);
  expect(await server.app.store.list({ limit: 5 })).toEqual([]);
});
