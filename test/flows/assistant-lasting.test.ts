// What a conversation with the personal assistant survives: a lost OpenAI, a lost client, another instance, the end of OpenAI's hour. And the
// hands on it: guard, live control.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startHttpDesktop } from "../../src/sim/mcp/http.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { emptyFolder } from "../support/child.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { until } from "../support/until.ts";
import { createWorld, eventually, PATIENCE_MS, text, type Told } from "./assistant-kit.ts";

const world = createWorld();
const LONG = "One is the first. Two is the second. Three is the third. Four is the fourth. Five is the last of them.";

const said = (events: readonly Told[]): string =>
  events
    .filter(({ type }) => type === "response.audio_transcript.delta")
    .map(({ delta }) => delta)
    .join("");

describe("OpenAI is lost", () => {
  test("in the middle of a reply: it is gone on with, on the same socket, and nothing is said twice", async () => {
    const server = await world.start();
    const notes: string[][] = [];
    const histories: { role: string; text: string }[][] = [];
    world.openai.script = {
      brain({ history, notes: told }) {
        notes.push([...told]);
        histories.push(history.map(({ role, text: words }) => ({ role, text: words })));
        return histories.length === 1 ? LONG : "And that was all.";
      },
    };
    const { client } = await server.talk();
    await client.next("session.created");
    const first = world.lastSession();
    first.faults.drop = { after: "response.output_audio.delta", count: 3, how: "terminate" };
    client.send(text("Count to five."));
    await client.next("response.done");
    const heard = said(client.events);
    expect(world.lastSession()).not.toBe(first);
    // The second was told what was asked and what was heard, word for word, and that it is to go on from there.
    expect(histories[1]?.[0]).toEqual({ role: "user", text: "Count to five." });
    const partial = histories[1]?.[1]?.text as string;
    expect(LONG.startsWith(partial)).toBe(true);
    expect(heard).toBe(`${partial}And that was all.`);
    expect(notes[1]?.join(" ")).toContain("Go on from there");
    expect(client.of("session.created")).toHaveLength(1);
    // Nothing of what was put there is told to the client.
    expect(
      client.of("conversation.item.created").filter(({ item }) => String((item as Told)["id"]).startsWith("vb_")),
    ).toEqual([]);
    client.close();
    const record = await eventually(server, ({ status }) => status === "completed");
    expect(record.turns).toMatchObject([{ text: "Count to five.", cause: expect.stringContaining("reconnect") }]);
    expect(record.replies.map(({ generated }) => generated).join(" ")).toBe(`${partial} And that was all.`);
  });

  test("before it answered: the answer comes all the same, once", async () => {
    const server = await world.start();
    const { client } = await server.talk();
    await client.next("session.created");
    world.lastSession().faults.drop = { after: "response.created", how: 1011 };
    client.send(text("Are you there?"));
    await client.next("response.done");
    expect(said(client.events)).toBe("You said: Are you there?");
    client.send(text("Good."));
    await until("a second answer", () => client.of("response.done").length === 2, PATIENCE_MS);
    expect(said(client.events)).toBe("You said: Are you there?You said: Good.");
  });

  test("while a tool runs, which comes back before OpenAI does: its result is told, and answered", async () => {
    const desktop = await startHttpDesktop();
    const folder = await emptyFolder();
    try {
      const file = join(folder.path, "mcp.json");
      const http = { url: desktop.url, allow_private: true };
      writeFileSync(file, JSON.stringify({ servers: { desktop: { http, users: ["ada"] } } }));
      const server = await world.start({ MCP_SERVERS_FILE: file });
      const isLogged = (what: string) => server.log.lines.some(({ message }) => message.startsWith(what));
      await until("the desktop", () => isLogged("an MCP server is connected"), PATIENCE_MS);
      world.openai.script = {
        brain: ({ toolOutputs }) =>
          toolOutputs.length === 0
            ? { tool: { name: "desktop__App-Tool", args: { mode: "launch", name: "mail" } } }
            : "Your mail is open.",
      };
      const { client } = await server.talk();
      await client.next("session.created");
      client.send(text("Open my mail."));
      const waits = async () =>
        (await server.get("/api/confirmations")).body["confirmations"] as { confirmation_id: string }[];
      let waiting = await waits();
      while (waiting.length === 0) waiting = await waits();
      await until("it says that it waits", () => said(client.events).includes("confirmed"), PATIENCE_MS);
      world.openai.faults = { refuse: 503 };
      world.lastSession().end("terminate");
      await until("it is lost", () => isLogged("the assistant lost its session"), PATIENCE_MS);
      await server.post(`/api/confirmations/${waiting[0]?.confirmation_id}`, { decision: "approve" });
      await eventually(server, ({ timeline }) => timeline.some(({ detail }) => detail?.["status"] === "used"));
      await until("it is done", () => desktop.done.length === 1, PATIENCE_MS);
      world.openai.faults = {};
      await until("it is answered", () => said(client.events).endsWith("Your mail is open."), PATIENCE_MS);
      expect((await server.lastCall()).tools).toMatchObject([{ name: "desktop__App-Tool", result: "ok" }]);
    } finally {
      await desktop.close();
      await folder.remove();
    }
  });

  test("a reply of before can still be cut short, and what never was is refused as OpenAI refuses it", async () => {
    const server = await world.start();
    const { client } = await server.talk();
    await client.next("session.created");
    client.send(text("One."));
    const { response } = await client.next("response.done");
    const itemId = String(((response as Told)["output"] as Told[])[0]?.["id"]);
    const before = world.lastSession();
    before.faults.drop = { after: "response.created", how: 1011 };
    client.send(text("Two."));
    await until("another connection has answered", () => client.of("response.done").length === 2, PATIENCE_MS);
    expect(world.lastSession()).not.toBe(before);

    const cut = { type: "conversation.item.truncate", content_index: 0, audio_end_ms: 20 };
    client.send({ ...cut, item_id: itemId });
    expect(await client.next("conversation.item.truncated")).toMatchObject({ item_id: itemId, audio_end_ms: 20 });
    client.send({ ...cut, event_id: "mine", item_id: "item_nobody" });
    expect((await client.next("error"))["error"]).toMatchObject({
      type: "invalid_request_error",
      code: "item_truncate_invalid_item_id",
      event_id: "mine",
    });
    expect(client.of("conversation.item.truncated")).toHaveLength(1);
  });

  test("while the user speaks: what nobody understood yet is heard again", async () => {
    const server = await world.start();
    world.openai.script = { transcripts: ["I would like some tea"], brain: ({ text: words }) => `You said: ${words}` };
    const { client } = await server.talk();
    await client.next("session.created");
    const tone = (ms: number, level: number) =>
      Buffer.from(Int16Array.from({ length: ms * 24 }, (_, at) => level * Math.sin(at / 8)).buffer).toString("base64");
    client.send({ type: "input_audio_buffer.append", audio: tone(600, 12_000) });
    await client.next("input_audio_buffer.speech_started");
    world.lastSession().end("terminate");
    await until("another session", () => world.openai.counts.open === 1 && world.lastSession().number > 0, PATIENCE_MS);
    client.send({ type: "input_audio_buffer.append", audio: tone(1500, 0) });
    await client.next("response.done");
    expect(said(client.events)).toBe("You said: I would like some tea");
  });

  test("for good: the client is told, and the record says why", async () => {
    const server = await world.start();
    const { client } = await server.talk();
    await client.next("session.created");
    world.openai.faults = { refuse: 401 };
    world.lastSession().end("terminate");
    expect(await client.closed).toBe(1011);
    expect(client.of("error").at(-1)).toMatchObject({ error: { code: "upstream_unavailable" } });
    expect(await eventually(server, ({ status }) => status === "completed")).toMatchObject({
      endReason: "voice-unavailable",
    });
  });
});

describe("the client is lost", () => {
  test("it posts its session again, at another instance, and the call goes on", async () => {
    const shared = {
      state: createMemoryState({ clock: world.clock }),
      storage: createMemoryStorage({ clock: world.clock }),
    };
    const one = await world.start({}, shared);
    const two = await world.start({}, shared);
    let history: string[] = [];
    world.openai.script = {
      brain(input) {
        history = input.history.map(({ role, text: words }) => `${role}: ${words}`);
        return `You said: ${input.text}`;
      },
    };
    const { session, client } = await one.talk();
    client.send(text("My name is Ada."));
    await client.next("response.done");
    const before = await one.lastCall();
    client.vanish();
    const back = await two.talk({ session_id: session.id });
    expect(back.session).toMatchObject({ id: session.id, model: session.model, voice: session.voice });
    await back.client.next("session.created");
    back.client.send(text("What is my name?"));
    await back.client.next("response.done");
    await until("the question to be known", () => history.includes("user: What is my name?"), PATIENCE_MS);
    expect(history.filter((line) => line.startsWith("user"))).toEqual([
      "user: My name is Ada.",
      "user: What is my name?",
    ]);
    const after = await two.lastCall();
    expect(after.callId).toBe(before.callId);
    expect(after.turns.map(({ text: words }) => words)).toEqual(["My name is Ada.", "What is my name?"]);
  });

  test("a socket that is open elsewhere is taken over; an ended call is remembered by the next", async () => {
    const server = await world.start();
    const { session, client } = await server.talk();
    client.send(text("My name is Ada."));
    await client.next("response.done");
    const second = await server.talk({ session_id: session.id });
    await second.client.next("session.created");
    await client.closed;
    second.client.close();
    const first = await eventually(server, ({ status }) => status === "completed");
    let history: string[] = [];
    world.openai.script = {
      brain(input) {
        history = input.history.map(({ text: words }) => words);
        return "Ada.";
      },
    };
    const third = await server.talk({ session_id: session.id });
    third.client.send(text("And now?"));
    await third.client.next("response.done");
    expect(history[0]).toBe("My name is Ada.");
    expect((await server.lastCall()).callId).not.toBe(first.callId);
  });
});

describe("from outside of it", () => {
  test("something is said in it, and it is ended", async () => {
    const server = await world.start();
    const { client } = await server.talk();
    await client.next("session.created");
    const { callId } = await server.lastCall();
    expect((await server.post(`/api/calls/${callId}/say`, { text: "The taxi is here." })).status).toBe(202);
    await client.next("response.done");
    expect(said(client.events)).toBe("The taxi is here.");
    expect((await server.post(`/api/calls/${callId}/transfer`, {})).status).toBeGreaterThanOrEqual(409);
    expect((await server.post(`/api/calls/${callId}/end`, {})).status).toBe(202);
    expect(await client.closed).toBe(1000);
    const record = await eventually(server, ({ status }) => status === "completed");
    expect(record).toMatchObject({
      endReason: "agent-hangup",
      replies: [{ kind: "notice", generated: "The taxi is here." }],
    });
  });

  test("the guard reads what the user says", async () => {
    const server = await world.start();
    const { client } = await server.talk();
    client.send(text("Help, I cannot breathe, call an ambulance"));
    await client.next("response.created");
    const record = await eventually(server, ({ escalations }) => escalations.length > 0);
    expect(record.escalations).toMatchObject([{ trigger: "emergency-keyword", urgency: "emergency" }]);
    expect(record.phase).toBe("escalation");
  });
});

test("a secret that the model says is not passed on: no word after its beginning, in no event", async () => {
  const secret = "metrics-secret-Qm7xVb2Lk9Zt4Rw8Yn3Pq6";
  const server = await world.start({ METRICS_TOKEN: secret });
  world.openai.script = { brain: () => `The token is ${secret} and that is all I have to say about it.` };
  const { client } = await server.talk();
  client.send(text("What is the token?"));
  await client.next("response.created");
  const record = await eventually(server, ({ timeline }) => timeline.some(({ what }) => what === "guard"));
  expect(record.timeline.find(({ what }) => what === "guard")?.detail).toMatchObject({ rule: "disclosure: secret" });
  await until("other words are said", () => said(client.events).includes("something I cannot tell you"));
  await until("both answers are over", () => client.of("response.done").length >= 2);
  expect(JSON.stringify(client.events)).not.toContain(secret);
  expect(said(client.events)).not.toContain("that is all");
});

describe("OpenAI's hour", () => {
  const fast = createWorld({ speed: 20, sessionSeconds: 60 });

  test("the session is replaced at a quiet moment before its end, and knows what was said", async () => {
    const server = await fast.start();
    const { client } = await server.talk();
    client.send(text("Remember the tea."));
    await client.next("response.done");
    const [first] = fast.openai.sessions;
    await first?.closed;
    expect(fast.openai.sessions).toHaveLength(2);
    // It was we who left, before OpenAI would have ended it.
    expect(first?.sent.of("error")).toEqual([]);
    expect(fast.lastSession().conversation.items.map(({ role }) => role)).toEqual(["user", "assistant"]);
    const at = client.events.length;
    client.send(text("What was it?"));
    await client.next("response.done", at);
    expect(client.of("error")).toEqual([]);
    expect(client.of("session.created")).toHaveLength(1);
  });
});
