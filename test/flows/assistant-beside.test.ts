// Clients that talk to OpenAI over WebRTC themselves: the sideband runs their tools and keeps their record. Tested at the sideband's socket;
// the media of WebRTC is not simulated.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startHttpDesktop } from "../../src/sim/mcp/http.ts";
import { emptyFolder } from "../support/child.ts";
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

/** The sideband is cut and cannot come back, until what was to happen meanwhile has happened. */
async function away(beside: Beside, meanwhile: () => Promise<void>): Promise<void> {
  const before = beside.sidebands().all;
  world.openai.faults = { refuse: 503 };
  beside.cutSidebands();
  await until("no sideband", () => beside.sidebands().open === 0, PATIENCE_MS);
  await meanwhile();
  world.openai.faults = {};
  await until("another sideband", () => beside.sidebands().all > before, PATIENCE_MS);
}
type Beside = NonNullable<ReturnType<typeof world.openai.calls.get>>;
const responses = (beside: Beside): number => beside.session.sent.of("response.done").length;

/** A call with its sideband, and a model that wants a person called as soon as it is asked for anything. */
async function escalating() {
  const server = await world.start();
  world.openai.script = {
    brain: ({ toolOutputs }) =>
      toolOutputs.length === 0
        ? { tool: { name: "escalate", args: { reason: "They want a person.", urgency: "normal" } } }
        : { text: "I have told somebody." },
  };
  const session = await open(server);
  const callId = await call(session);
  const beside = world.openai.calls.get(callId) as Beside;
  const join = () => server.post(`/api/voice-agent/${session.id}/sideband`, { call_id: callId });
  return { server, beside, join };
}

async function toldOnce(server: Awaited<ReturnType<typeof world.start>>, beside: Beside): Promise<void> {
  const said = "I have told somebody.";
  const isSaid = () =>
    beside.session.sent
      .of("response.output_audio_transcript.done")
      .some(({ event }) => (event as { transcript?: string }).transcript === said);
  await until("it is answered", isSaid, PATIENCE_MS);
  expect(responses(beside)).toBe(2);
  const record = await eventually(server, ({ replies }) => replies.some(({ generated }) => generated === said));
  expect(record.tools).toMatchObject([{ name: "escalate", result: "ok" }]);
  const left = () => beside.session.conversation.items.filter(({ id }) => id.startsWith("vb_p"));
  await until("nothing is left of the looking", () => left().length === 0, PATIENCE_MS);
}

test("what the model asked for while the sideband was away is found and run, once", async () => {
  const { server, beside, join } = await escalating();
  await join();
  await away(beside, async () => {
    beside.send(text("I want to speak to a person."));
    beside.send({ type: "response.create" });
    await until("it has asked for the tool", () => responses(beside) === 1, PATIENCE_MS);
  });
  await toldOnce(server, beside);
});

test("what it asked for before there was a sideband, too", async () => {
  const { server, beside, join } = await escalating();
  beside.send(text("I want to speak to a person."));
  beside.send({ type: "response.create" });
  await until("it has asked for the tool", () => responses(beside) === 1, PATIENCE_MS);
  await join();
  await toldOnce(server, beside);
});

/** A call whose model wants to open the mail, which waits for somebody's word: asked for a second time, as it is told to. */
async function waitingForMail(
  body: (parts: {
    readonly server: Awaited<ReturnType<typeof world.start>>;
    readonly desktop: Awaited<ReturnType<typeof startHttpDesktop>>;
    readonly beside: Beside;
    readonly approve: () => Promise<void>;
    readonly told: () => Promise<void>;
    /** Lets the model answer what is HELD. */
    readonly release: () => void;
  }) => Promise<void>,
): Promise<void> {
  const desktop = await startHttpDesktop();
  const folder = await emptyFolder();
  try {
    const file = join(folder.path, "mcp.json");
    const http = { url: desktop.url, allow_private: true };
    writeFileSync(file, JSON.stringify({ servers: { desktop: { http, users: ["ada"] } } }));
    const server = await world.start({ MCP_SERVERS_FILE: file });
    const isThere = () => server.log.lines.some(({ message }) => message === "an MCP server is connected");
    await until("the desktop", isThere, PATIENCE_MS);
    const outputs: string[] = [];
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    world.openai.script = {
      brain({ text: said, toolOutputs }) {
        const last = toolOutputs.at(-1)?.output;
        if (last !== undefined) outputs.push(last);
        else if (said === HELD) return held.then(() => "It is not done yet.");
        return last === undefined || last.includes("awaiting-confirmation")
          ? { tool: { name: "desktop__App-Tool", args: { mode: "launch", name: "mail" } } }
          : { text: "The mail is open." };
      },
    };
    const session = await open(server);
    const callId = await call(session);
    const beside = world.openai.calls.get(callId) as Beside;
    await server.post(`/api/voice-agent/${session.id}/sideband`, { call_id: callId });
    beside.send(text("Open my mail."));
    beside.send({ type: "response.create" });
    await until("the model is told that it waits, and asks again", () => outputs.length === 1, PATIENCE_MS);
    expect(outputs[0]).toContain("awaiting-confirmation");
    expect(desktop.done).toEqual([]);
    const { body: answer } = await server.get("/api/confirmations");
    const [waiting] = answer["confirmations"] as { confirmation_id: string; user: string; arguments: unknown }[];
    expect(waiting).toMatchObject({ user: "ada", arguments: { mode: "launch", name: "mail" } });

    // The second run is under way for sure when something that was said after it was heard. It stands at the begin of the
    // conversation, whose last item is the call still.
    await until("it asked again", () => responses(beside) === 2, PATIENCE_MS);
    beside.send(text("I am waiting.", { previous_item_id: "root" }));
    await eventually(server, ({ turns }) => turns.length === 2);
    await body({
      server,
      desktop,
      beside,
      release,
      async approve() {
        await server.post(`/api/confirmations/${waiting?.confirmation_id}`, { decision: "approve" });
        await until("it is done", () => desktop.done.length === 1, PATIENCE_MS);
      },
      async told() {
        await beside.session.sent.waitFor(
          ({ type, event }) =>
            type === "response.output_audio_transcript.done" && event["transcript"] === "The mail is open.",
          { timeoutMs: PATIENCE_MS },
        );
      },
    });
  } finally {
    await desktop.close();
    await folder.remove();
  }
}
const HELD = "Are you still there?";
const outputsIn = (beside: Beside) =>
  beside.session.conversation.items.filter(({ type }) => type === "function_call_output");

test("the gate stands before its tools too, and what comes of them while the sideband is away is told when it is back, once", () =>
  waitingForMail(async ({ server, desktop, beside, approve, told }) => {
    await away(beside, approve);
    await told();
    expect(desktop.done).toEqual([{ tool: "App-Tool", args: { mode: "launch", name: "mail" } }]);
    // The server looks at the last item, and has by then done about it what it does.
    const looked = () => beside.session.sent.of("conversation.item.retrieved");
    await until("it has looked", () => looked().length > 0, PATIENCE_MS);
    for (const heard of [3, 4]) {
      beside.send(text("Thank you."));
      await eventually(server, ({ turns }) => turns.length === heard);
    }
    expect(outputsIn(beside)).toHaveLength(2);
    expect(responses(beside)).toBe(3);
    beside.hangUp();
    const record = await eventually(server, ({ status }) => status === "completed");
    const results = record.tools.map(({ name, result }) => `${name} ${result}`);
    expect([results[0], results.at(-1)]).toEqual(["desktop__App-Tool waiting", "desktop__App-Tool ok"]);
    const rows = record.timeline.filter(({ what }) => what === "confirmation");
    expect(rows.map(({ detail }) => detail?.status)).toEqual(["pending", "approved", "used"]);
  }));

test("an answer that waits behind another when the sideband is lost is asked for when it is back", () =>
  waitingForMail(async ({ server, beside, approve, told, release }) => {
    beside.send(text(HELD));
    beside.send({ type: "response.create" });
    await until("it thinks", () => beside.session.sent.of("response.created").length === 3, PATIENCE_MS);
    await approve();
    await until("what came of it is there", () => outputsIn(beside).length === 2, PATIENCE_MS);
    await away(beside, async () => {
      release();
      await until("it has answered the other thing", () => responses(beside) === 3, PATIENCE_MS);
    });
    await told();
    for (const heard of [4, 5]) {
      beside.send(text("Thank you."));
      await eventually(server, ({ turns }) => turns.length === heard);
    }
    expect(outputsIn(beside)).toHaveLength(2);
    expect(responses(beside)).toBe(4);
  }));

test("a guard's word comes from beside, too: a secret is cut, and something else is said", async () => {
  const secret = "metrics-secret-Qm7xVb2Lk9Zt4Rw8Yn3Pq6";
  const server = await world.start({ METRICS_TOKEN: secret });
  world.openai.script = { brain: () => `The token is ${secret} and that is all I have to say about it.` };
  const session = await open(server);
  const callId = await call(session);
  const beside = world.openai.calls.get(callId);
  await server.post(`/api/voice-agent/${session.id}/sideband`, { call_id: callId });
  beside?.send(text("What is the token?"));
  beside?.send({ type: "response.create" });
  await beside?.session.sent.waitFor(
    ({ type, event }) =>
      type === "response.output_audio_transcript.done" && String(event["transcript"]).includes("cannot tell you"),
    { timeoutMs: PATIENCE_MS },
  );
  const record = await eventually(server, ({ timeline }) => timeline.some(({ what }) => what === "guard"));
  expect(record.timeline.find(({ what }) => what === "guard")?.detail).toMatchObject({ rule: "disclosure: secret" });
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
