// Whole calls over a browser's socket: the words of the plain vocabulary and live talk, interruptions, sessions that come back, and
// clients that misbehave. What the client really played is the measure of what counts as heard.
import { readFileSync } from "node:fs";
import { compileFunction } from "node:vm";
import { WebSocket } from "ws";
import { writeWav } from "../../src/audio/wav.ts";
import { decodeMulaw } from "../../src/audio/mulaw.ts";
import type { CallRecord } from "../../src/core/call.ts";
import type { BrainInput } from "../../src/sim/openai/index.ts";
import { openBrowser, Refused, type BrowserClient, type ClientOptions } from "../support/browser-client.ts";
import { keptLog } from "../support/observe.ts";
import { until } from "../support/until.ts";
import { sideBySide, words, type Flow, type FlowOptions, type Start } from "./kit.ts";

const KEY = "browser-flow-key-0123456789abcdef";
const OTHER = "browser-flow-other-0123456789abcdef";
const AUTH = { authorization: `Bearer ${KEY}` };
const HOURS =
  "We are open from Monday to Friday. On Saturday we are open until one. On Sunday we are closed all day long.";

const settings = { API_KEYS: `desk:organization@default:${KEY},other:organization@clinic:${OTHER}` };

const begin = (start: Start, options: FlowOptions = {}): Promise<Flow> =>
  start({ speed: 1, ...options, settings: { ...settings, ...options.settings } });

const socketUrl = (flow: Flow, id: string, query = ""): string =>
  `${flow.url.replace("http", "ws")}/ws/voice-agent/${id}${query}`;

const open = (flow: Flow, id: string, query = "", options: ClientOptions = {}): Promise<BrowserClient> =>
  openBrowser(socketUrl(flow, id, query), { headers: AUTH, speed: flow.speed, ...options });

const live = (flow: Flow, id: string, query = ""): Promise<BrowserClient> =>
  open(flow, id, `?stream=1&format=mulaw${query}`, { plays: true });

async function recordOf(flow: Flow, callId: string, isDone = (record: CallRecord) => record.status === "completed") {
  let found: CallRecord | undefined;
  let asking = false;
  await until(
    () => `the record of ${callId}: ${JSON.stringify(found)}`,
    () => {
      if (!asking) {
        asking = true;
        void flow.app.store.get(callId).then((one) => {
          found = one;
          asking = false;
        });
      }
      return found !== undefined && isDone(found);
    },
    20_000,
  );
  return found as CallRecord;
}

const wavOf = (id: string): string => Buffer.from(writeWav([decodeMulaw(words(id).audio)], 8000)).toString("base64");

test(
  "a file of speech is a whole utterance: heard, answered, and spoken once as mp3",
  sideBySide(async (start) => {
    const flow = await begin(start, { openai: { script: { brain: () => HOURS } } });
    const client = await open(flow, "session123");
    client.send({ type: "audio_chunk", audio_data: wavOf("opening-hours"), format: "wav" });
    expect(await client.next("transcription")).toEqual({ type: "transcription", text: words("opening-hours").text });
    expect(await client.next("conversation_response")).toEqual({ type: "conversation_response", text: HOURS });
    const { audio_base64, audio_format } = await client.next("audio_response");
    expect(audio_format).toBe("mp3");
    expect(Buffer.from(String(audio_base64), "base64")[0]).toBe(0xff);
    client.send({ type: "text_input", text: "I want to order a pizza" });
    await client.next("conversation_response");
    await client.next("audio_response");
    expect(client.messages.map(({ type }) => type)).toEqual([
      "transcription",
      "conversation_response",
      "audio_response",
      "conversation_response",
      "audio_response",
    ]);
    const [call] = await flow.app.store.list({ limit: 5 });
    client.close();
    const record = await recordOf(flow, call?.callId ?? "");
    expect(record).toMatchObject({ channel: "browser", endReason: "caller-hangup", orgId: "default" });
    expect(record.turns.map(({ by, text }) => [by, text])).toEqual([
      ["speech", words("opening-hours").text],
      ["text", "I want to order a pizza"],
    ]);
    expect(record.replies.map(({ kind, heard, interrupted }) => [kind, heard, interrupted])).toEqual([
      ["reply", HOURS, false],
      ["reply", HOURS, false],
    ]);
  }),
);

test(
  "live talk: greeted, heard as one speaks, answered as it is made; the goodbye ends it",
  sideBySide(async (start) => {
    const flow = await begin(start, { speed: 3 });
    const client = await live(flow, "live-1");
    const session = await client.next("session");
    expect(session).toMatchObject({
      session_id: "live-1",
      organization: "default",
      format: "mulaw",
      sample_rate: 8000,
    });
    expect(client.messages[0]?.type).toBe("session");
    expect(await client.next("state")).toMatchObject({ conversation_state: "greeting" });
    await client.next("conversation_response");
    await client.speak(words("opening-hours").audio);
    client.send({ type: "audio_end" });
    await client.next("speech_started");
    await client.next("speech_stopped");
    expect(await client.next("transcription")).toMatchObject({ text: words("opening-hours").text });
    expect(
      client
        .of("transcription_delta")
        .map(({ text }) => text)
        .join(""),
    ).toBe(words("opening-hours").text);
    expect(await client.next("state")).toMatchObject({ conversation_state: "intake" });
    const { reply_id, text } = await client.next("conversation_response");
    const said = client.of("response_delta").filter((one) => one["reply_id"] === reply_id);
    expect(said.map((one) => one["text"]).join(" ")).toBe(text);
    expect(client.of("audio_delta").some((one) => one["reply_id"] === reply_id)).toBe(true);
    await client.speak(words("goodbye").audio);
    client.send({ type: "audio_end" });
    expect(await client.next("tool")).toMatchObject({ name: "end_call", state: "running" });
    expect(await client.next("tool")).toMatchObject({ name: "end_call", state: "ok" });
    expect(await client.next("ended", 30_000)).toEqual({ type: "ended", reason: "agent-hangup" });
    expect((await client.whenClosed()).code).toBe(1000);
    const record = await recordOf(flow, String(session["call_id"]));
    expect(record.endReason).toBe("agent-hangup");
    const heardMs = record.replies.reduce((sum, one) => sum + one.heardMs, 0);
    expect(Math.abs(heardMs - client.playedMs())).toBeLessThan(flow.within(100));
  }),
);

test(
  "an interruption clears what was not played, and only what was played counts as heard",
  sideBySide(async (start) => {
    const flow = await begin(start, {
      speed: 2,
      openai: { script: { brain: ({ text }) => (text.includes("opening hours") ? HOURS : "All right.") } },
    });
    const client = await live(flow, "live-2");
    const { call_id } = await client.next("session");
    await client.next("conversation_response");
    await client.speak(words("opening-hours").audio);
    client.send({ type: "audio_end" });
    await client.next("transcription");
    const before = client.playedMs();
    await until("three seconds of the answer", () => client.playedMs() - before > 3000, 20_000);
    await client.speak(words("how-long").audio);
    client.send({ type: "audio_end" });
    await client.next("clear");
    const { heard_text, reply_id } = await client.next("response_cut");
    expect(HOURS.startsWith(String(heard_text))).toBe(true);
    expect(String(heard_text)).toContain("Monday");
    expect(String(heard_text).length).toBeLessThan(HOURS.length);
    expect(client.droppedMs()).toBeGreaterThan(0);
    expect(await client.next("transcription")).toMatchObject({ text: words("how-long").text });
    expect(await client.next("conversation_response")).toMatchObject({ text: "All right." });
    const clearAt = client.messages.findIndex(({ type }) => type === "clear");
    expect(
      client.messages
        .slice(clearAt)
        .filter((one) => one["reply_id"] === reply_id)
        .map(({ type }) => type),
    ).toEqual(["response_cut"]);
    client.send({ type: "end" });
    expect(await client.next("ended")).toEqual({ type: "ended", reason: "caller-hangup" });
    const record = await recordOf(flow, String(call_id));
    const heardMs = record.replies.reduce((sum, one) => sum + one.heardMs, 0);
    expect(Math.abs(heardMs - client.playedMs())).toBeLessThan(flow.within(150));
  }),
);

test(
  "the document's own snippet, word for word, and its messages once the socket is open",
  sideBySide(async (start) => {
    const flow = await begin(start, { settings: { OPEN_API: "conversation" } });
    const document = readFileSync(new URL("../fixtures/general-voice-backend.md", import.meta.url), "utf8");
    const snippet = /```javascript\n([\s\S]*?)```/.exec(document)?.[1] ?? "";
    // Hosts, placeholder variables given values, and the sends that stand outside `onopen` moved after open.
    const [connect, sends] = snippet.split("// Send audio chunk");
    const said: unknown[][] = [];
    const played: string[] = [];
    const sockets: WebSocket[] = [];
    const run = compileFunction(
      `${connect?.replace("ws://localhost:8000", flow.url.replace("http", "ws"))}; return () => {${sends}};`,
      ["WebSocket", "console", "Audio", "base64AudioData"],
    ) as (...given: unknown[]) => () => void;
    class Browser extends WebSocket {
      constructor(url: string) {
        super(url);
        sockets.push(this);
      }
    }
    const send = run(
      Browser,
      { log: (...parts: unknown[]) => said.push(parts) },
      class {
        readonly src: string;
        constructor(src: string) {
          this.src = src;
        }
        play = (): void => void played.push(this.src);
      },
      wavOf("opening-hours"),
    );
    await until("connected", () => said.length === 1);
    send();
    await until(
      () => `two answers: ${JSON.stringify(said)}`,
      () => played.length === 2,
      20_000,
    );
    expect(said.map(([what]) => String(what)).toSorted((one, other) => one.localeCompare(other))).toEqual([
      "Agent:",
      "Agent:",
      "Connected to voice agent",
      "You said:",
    ]);
    expect(said.find(([what]) => what === "You said:")).toEqual(["You said:", words("opening-hours").text]);
    for (const src of played) expect(src).toMatch(/^data:audio\/mp3;base64,\/\/[A-Za-z0-9+/]{400}/);
    for (const socket of sockets) socket.close();
  }),
);

/** The status with which a socket is refused; 101 when it is not. */
const statusOf = (url: string, options: ClientOptions = {}): Promise<number> =>
  openBrowser(url, options).then(
    (client) => {
      client.close();
      return 101;
    },
    (error: unknown) => (error instanceof Refused ? error.status : Promise.reject(error as Error)),
  );

const ask = async (
  flow: Flow,
  method: string,
  path: string,
  key = KEY,
): Promise<{ status: number; body: Record<string, unknown> }> => {
  const answered = await fetch(flow.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(method === "POST" && { body: "{}" }),
  });
  return { status: answered.status, body: (await answered.json()) as Record<string, unknown> };
};

test(
  "who may come in: keys, tickets, origins, and whose session it is",
  sideBySide(async (start) => {
    const log = keptLog();
    const flow = await begin(start, { log, speed: 20, organizations: { clinic: { name: "Clinic" } } });
    const url = (query = "") => socketUrl(flow, "mine", query);
    expect(await statusOf(url())).toBe(401);
    expect(await statusOf(url(), { headers: { authorization: "Bearer nonsense-nonsense-nonsense" } })).toBe(401);
    expect(await statusOf(url(), { headers: { ...AUTH, origin: "https://evil.example" } })).toBe(403);
    expect(await statusOf(url(), { headers: { cookie: "voicebridge=s%3Anothing.nothing" } })).toBe(403);
    expect(await statusOf(url("?stream=perhaps"), { headers: AUTH })).toBe(400);
    expect(await statusOf(url("?org_id=clinic"), { headers: AUTH })).toBe(404);
    expect(await statusOf(socketUrl(flow, "a%20b"), { headers: AUTH })).toBe(404);
    // A page of ours.
    expect(await statusOf(url(), { headers: { ...AUTH, origin: flow.url } })).toBe(101);
    // Another key's.
    expect(await statusOf(url(), { headers: { authorization: `Bearer ${OTHER}` } })).toBe(404);

    const { status, body } = await ask(flow, "POST", "/api/tickets");
    expect(status).toBe(201);
    const ticket = String(body.ticket);
    expect(await statusOf(url(`?ticket=${ticket}`))).toBe(101);
    expect(await statusOf(url(`?ticket=${ticket}`))).toBe(401);
    expect(await statusOf(url("?ticket=nonsense"))).toBe(401);
    const late = String((await ask(flow, "POST", "/api/tickets")).body.ticket);
    await new Promise((resolve) => setTimeout(resolve, 61_000 / flow.speed));
    expect(await statusOf(url(`?ticket=${late}`))).toBe(401);
    for (const secret of [ticket, late, KEY, OTHER]) expect(JSON.stringify(log.lines)).not.toContain(secret);
  }),
);

test(
  "sockets are listed and closed, each for its own organization; one more than there is room for is refused",
  sideBySide(async (start) => {
    const flow = await begin(start, { organizations: { clinic: { name: "Clinic" } }, settings: { MAX_CALLS: "1" } });
    const client = await open(flow, "listed");
    await until("the call is listed", () => flow.log.lines.some(({ message }) => message === "call begins"));
    expect((await ask(flow, "GET", "/ws/status")).body).toMatchObject({
      count: 1,
      sockets: [{ session_id: "listed", organization: "default" }],
    });
    expect((await ask(flow, "GET", "/ws/status", OTHER)).body).toEqual({ count: 0, sockets: [] });
    expect(await statusOf(socketUrl(flow, "another"), { headers: AUTH })).toBe(429);
    expect((await ask(flow, "POST", "/ws/disconnect/listed", OTHER)).status).toBe(404);
    expect((await ask(flow, "POST", "/ws/disconnect/listed")).body).toEqual({
      session_id: "listed",
      status: "disconnected",
    });
    expect((await client.whenClosed()).code).toBe(1000);
    expect((await ask(flow, "POST", "/ws/disconnect/listed")).status).toBe(404);
  }),
);

test(
  "where conversations are open to everybody, each visitor sees and closes their own sockets",
  sideBySide(async (start) => {
    const flow = await begin(start, { settings: { OPEN_API: "conversation" } });
    const as = async (cookie: string | undefined, method: "GET" | "POST", path: string) => {
      const answer = await fetch(flow.url + path, {
        method,
        headers: { "content-type": "application/json", ...(cookie !== undefined && { cookie }) },
        ...(method === "POST" && { body: "{}" }),
      });
      const body = (await answer.json()) as { readonly ticket?: string; readonly sockets?: { session_id: string }[] };
      return { status: answer.status, body, cookie: answer.headers.get("set-cookie")?.split(";")[0] };
    };
    const visit = async (id: string) => {
      const { body, cookie } = await as(undefined, "POST", "/api/tickets");
      return { cookie, client: await open(flow, id, `?ticket=${body.ticket}`, { headers: {} }) };
    };
    const ada = await visit("talk-1");
    const ben = await visit("talk-2");
    const nobody = await open(flow, "talk-3", "", { headers: {} });
    await until(
      "all are listed",
      () => flow.log.lines.filter(({ message }) => message === "call begins").length === 3,
      20_000,
    );
    const seenBy = async (cookie?: string) => (await as(cookie, "GET", "/ws/status")).body;
    expect(await seenBy(ada.cookie)).toMatchObject({ count: 1, sockets: [{ session_id: "talk-1" }] });
    expect(await seenBy(ben.cookie)).toMatchObject({ count: 1, sockets: [{ session_id: "talk-2" }] });
    // Without a cookie there is an address alone, which many may have: how many, and not which.
    expect(await seenBy()).toEqual({ count: 1, sockets: [] });
    expect((await ask(flow, "GET", "/ws/status")).body).toMatchObject({ count: 3 });

    expect((await as(ben.cookie, "POST", "/ws/disconnect/talk-1")).status).toBe(404);
    expect((await as(undefined, "POST", "/ws/disconnect/talk-1")).status).toBe(404);
    expect(ada.client.closed).toBeUndefined();
    expect((await as(ada.cookie, "POST", "/ws/disconnect/talk-1")).body).toEqual({
      session_id: "talk-1",
      status: "disconnected",
    });
    expect((await ada.client.whenClosed(20_000)).code).toBe(1000);
    expect((await as(undefined, "POST", "/ws/disconnect/talk-3")).status).toBe(200);
    expect((await nobody.whenClosed(20_000)).code).toBe(1000);
    ben.client.close();
  }),
);

test(
  "a conversation that was begun over requests goes on over the socket, for whoever may see it",
  sideBySide(async (start) => {
    const asked: BrainInput[] = [];
    const flow = await begin(start, {
      openai: {
        script: {
          brain(input) {
            asked.push(input);
            return `You said ${input.text}`;
          },
        },
      },
    });
    const post = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
      const answer = await fetch(flow.url + path, {
        method: "POST",
        headers: { ...AUTH, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return (await answer.json()) as Record<string, unknown>;
    };
    const id = String((await post("/conversation/start", { customer_id: "ada" }))["session_id"]);
    expect(await post("/conversation/process", { session_id: id, user_input: "My name is Ada." })).toMatchObject({
      agent_response: "You said My name is Ada.",
    });
    expect(await statusOf(socketUrl(flow, id), { headers: { authorization: `Bearer ${OTHER}` } })).toBe(404);
    const known = (): string[] => asked.at(-1)?.history.map(({ text }) => text) ?? [];
    const client = await open(flow, id);
    client.send({ type: "text_input", text: "What is my name?" });
    await client.next("audio_response");
    expect(known()).toContain("My name is Ada.");
    // It is the same customer, of whom the same is remembered.
    for (const { tools } of asked) expect(tools).toEqual(expect.arrayContaining(["memory_search", "memory_add"]));

    // What is said over the socket is known to the next request, and that to the socket, which is still open.
    await post("/conversation/process", { session_id: id, user_input: "My car is red." });
    expect(known()).toEqual(expect.arrayContaining(["What is my name?", "You said What is my name?"]));
    client.send({ type: "text_input", text: "Which colour is it?" });
    await client.next("audio_response");
    expect(asked.at(-1)?.notes.join()).toMatch(/My car is red\..*You said My car is red\./);
    client.close();
    await until("the call is over", () => flow.log.lines.some(({ message }) => message === "call ended"));

    // Another socket of it knows everything, and so does the record, in the order in which it was said.
    const later = await open(flow, id);
    later.send({ type: "text_input", text: "What do you know?" });
    await later.next("audio_response");
    const said = ["My name is Ada.", "What is my name?", "My car is red.", "Which colour is it?"];
    expect(known().filter((text) => said.includes(text))).toEqual(said);
    const record = await recordOf(flow, id, ({ turns }) => turns.length === 5);
    expect(record.turns.map(({ text }) => text)).toEqual([...said, "What do you know?"]);
    expect(record.replies.slice(1).map(({ heard }) => heard)).toEqual(
      record.turns.map(({ text }) => `You said ${text}`),
    );
    expect(record).toMatchObject({ channel: "text", status: "in-progress", phase: "intake" });

    // What has ended has ended, whichever way one comes.
    later.close();
    await post("/api/call/end", { call_id: id });
    expect(await statusOf(socketUrl(flow, id), { headers: AUTH })).toBe(409);
  }),
);

test(
  "a socket that breaks and comes back goes on with its call; later, with its conversation",
  sideBySide(async (start) => {
    const asked: BrainInput[] = [];
    const flow = await begin(start, {
      openai: {
        script: {
          brain(input) {
            asked.push(input);
            return `You said ${input.text}`;
          },
        },
      },
    });
    const first = await open(flow, "again");
    first.send({ type: "text_input", text: "My name is Ada." });
    await first.next("audio_response");
    const [call] = await flow.app.store.list({ limit: 5 });
    first.terminate();
    await until("the call is interrupted", () => flow.log.lines.some(({ message }) => /line was lost/.test(message)));
    const second = await open(flow, "again");
    second.send({ type: "text_input", text: "What is my name?" });
    await second.next("audio_response");
    expect(await flow.app.store.list({ limit: 5 })).toMatchObject([{ callId: call?.callId, status: "in-progress" }]);
    second.close();
    const record = await recordOf(flow, call?.callId ?? "");
    expect(record).toMatchObject({
      endReason: "caller-hangup",
      turns: [{ text: "My name is Ada." }, { text: "What is my name?" }],
    });
    const fourth = await open(flow, "again");
    fourth.send({ type: "text_input", text: "And now?" });
    await fourth.next("audio_response");
    expect(await flow.app.store.list({ limit: 5 })).toHaveLength(2);
    expect(asked.at(-1)?.history.map(({ text }) => text)).toContain("My name is Ada.");
    fourth.close();
  }),
);

test(
  "a second socket of a session takes it over, with the call",
  sideBySide(async (start) => {
    const flow = await begin(start, { openai: { script: { brain: () => "All right." } } });
    const one = await open(flow, "taken");
    one.send({ type: "text_input", text: "Hello" });
    await one.next("audio_response");
    const two = await open(flow, "taken");
    expect((await one.whenClosed()).code).toBe(4001);
    two.send({ type: "text_input", text: "It is me again." });
    await two.next("audio_response");
    const calls = await flow.app.store.list({ limit: 5 });
    expect(calls).toMatchObject([{ status: "in-progress", turnCount: 2 }]);
    two.close();
    expect(await recordOf(flow, calls[0]?.callId ?? "")).toMatchObject({ endReason: "caller-hangup" });
  }),
);

test(
  "what is wrong is told and the socket stays; too much of it closes the socket; other callers notice nothing",
  sideBySide(async (start) => {
    const flow = await begin(start, { openai: { script: { brain: () => "All right." } } });
    const good = await open(flow, "good");
    const client = await open(flow, "bad");
    client.raw("{");
    client.raw(Buffer.from([1, 2, 3]));
    client.send({ type: "nonsense" });
    client.send({ type: "audio_chunk", audio_data: "&&&", format: "wav" });
    client.send({ type: "audio_chunk", audio_data: "AAAA", format: "flac" });
    client.send({
      type: "audio_chunk",
      audio_data: Buffer.from("RIFF....WAVEnot really").toString("base64"),
      format: "wav",
    });
    client.send({ type: "text_input", text: "x".repeat(5000) });
    const codes = [
      "bad_message",
      "bad_message",
      "unknown_type",
      "bad_audio",
      "unsupported_format",
      "text_too_long",
      "bad_audio",
    ];
    await until(
      () => JSON.stringify(client.messages),
      () => client.of("error").length === codes.length,
      20_000,
    );
    const byName = (one: string, other: string): number => one.localeCompare(other);
    expect(
      client
        .of("error")
        .map(({ code }) => String(code))
        .toSorted(byName),
    ).toEqual(codes.toSorted(byName));
    // Nobody speaks in it.
    client.send({ type: "audio_chunk", audio_data: Buffer.alloc(48_000).toString("base64"), format: "pcm" });
    client.send({ type: "audio_end" });
    await until(
      () => JSON.stringify(client.messages),
      () => client.of("error").at(-1)?.["code"] === "no_speech",
      20_000,
    );
    client.send({ type: "text_input", text: "Are you still there?" });
    expect(await client.next("conversation_response")).toMatchObject({ text: "All right." });
    for (let n = 0; n < 25; n++) client.raw("{");
    expect((await client.whenClosed()).code).toBe(4400);

    const flood = await open(flow, "flood");
    for (let n = 0; n < 5000; n++) flood.send({ type: "mark", name: "x" });
    expect((await flood.whenClosed()).code).toBe(4429);
    expect(flood.of("error").map(({ code }) => code)).toContain("too_many_messages");
    const huge = await open(flow, "huge");
    huge.raw("x".repeat((8 << 20) + 1));
    expect((await huge.whenClosed()).code).toBe(1009);

    good.send({ type: "text_input", text: "Hello" });
    expect(await good.next("conversation_response")).toMatchObject({ text: "All right." });
    good.close();
  }),
);

test(
  "what was taken down over requests is known to the socket, and what is taken down there to the next request",
  sideBySide(async (start) => {
    const steps: Readonly<Record<string, object>> = {
      "I am Ada.": { caller: "Ada" },
      "The tap drips.": { matter: "a tap that drips" },
      "Call me tomorrow.": { when: "tomorrow" },
      "That is all.": {},
    };
    const field = (name: string) => ({ name, type: "text" as const, ask: `Ask for ${name}.` });
    const flow = await begin(start, {
      speed: 4,
      organizations: { default: { intake: { fields: ["caller", "matter", "when"].map(field) } } },
      openai: {
        script: {
          brain: ({ text, toolOutputs }) =>
            toolOutputs.length === 0
              ? { tool: { name: "complete_intake", args: { fields: steps[text], complete: text === "That is all." } } }
              : `Missing: ${/"missing":\[(.*?)\]/.exec(toolOutputs.at(-1)?.output ?? "")?.[1]}.`,
        },
      },
    });
    const post = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
      const headers = { ...AUTH, "content-type": "application/json" };
      const answer = await fetch(flow.url + path, { method: "POST", headers, body: JSON.stringify(body) });
      return (await answer.json()) as Record<string, unknown>;
    };
    const id = String((await post("/conversation/start", {}))["session_id"]);
    await post("/conversation/process", { session_id: id, user_input: "I am Ada." });

    const client = await open(flow, id);
    client.send({ type: "text_input", text: "The tap drips." });
    // All that is missing is what was not said in writing.
    expect((await client.next("conversation_response"))["text"]).toBe('Missing: "when".');
    client.close();
    const spoken = async (): Promise<CallRecord | undefined> => {
      const [call] = (await flow.app.store.list({ limit: 5 })).filter(({ channel }) => channel === "browser");
      return call && flow.app.store.get(call.callId);
    };
    expect((await spoken())?.intake).toMatchObject({
      status: "draft",
      fields: { caller: "Ada", matter: "a tap that drips" },
    });

    const noted = (said: string) => post("/conversation/process", { session_id: id, user_input: said });
    expect((await noted("Call me tomorrow."))["agent_response"]).toBe("Missing: .");
    await noted("That is all.");
    expect(await recordOf(flow, id, ({ turns }) => turns.length === 4)).toMatchObject({
      intake: { status: "complete", fields: { caller: "Ada", matter: "a tap that drips", when: "tomorrow" } },
    });
    // The next socket finds it complete.
    const later = await open(flow, id);
    await until(
      "its call has it",
      () => flow.log.lines.filter(({ message }) => message === "call begins").length === 2,
    );
    expect((await spoken())?.intake).toMatchObject({ status: "complete" });
    later.close();
  }),
);
