// Conversations over requests, in the whole program against the simulated OpenAI: the document's own example, what outlives a server,
// what two servers share, the guard, the tools, and everything that goes wrong.
import { buildApp, type App } from "../../src/app.ts";
import { decodeMulaw } from "../../src/audio/mulaw.ts";
import { createDecoder } from "../../src/audio/decode.ts";
import { writeWav } from "../../src/audio/wav.ts";
import { readConfig } from "../../src/config.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { State } from "../../src/core/state.ts";
import type { Storage } from "../../src/core/stores.ts";
import { systemClock } from "../../src/observe/system.ts";
import { hearing } from "../../src/sim/openai/hear.ts";
import { startOpenAISim, type Brain, type BrainInput, type OpenAISim } from "../../src/sim/openai/index.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { emptyFolder } from "../support/child.ts";
import { manualClock } from "../support/clock.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { keptLog } from "../support/observe.ts";
import { words } from "../support/recordings.ts";
import { until } from "../support/until.ts";

const KEYS = {
  desk: "desk-key-0123456789abcdef",
  acme: "acme-key-0123456789abcdef",
  beta: "beta-key-0123456789abcdef",
};
const booking = words("book-oil-change");
const wav = Buffer.from(writeWav([decodeMulaw(booking.audio)], 8000));
const silence = Buffer.from(writeWav([new Int16Array(16_000)], 8000));
const listen = hearing([{ text: booking.text, samples: decodeMulaw(booking.audio) }]);

let openai: OpenAISim;
let folder: Awaited<ReturnType<typeof emptyFolder>>;
const apps: App[] = [];
const thought: BrainInput[] = [];
let brain: Brain;

beforeAll(async () => {
  openai = await startOpenAISim({
    now: () => Date.parse("2026-11-26"),
    timing: { textDeltaMs: 0, pace: Infinity, replyMs: 0 },
    script: {
      brain: (input) => {
        thought.push(input);
        return brain(input);
      },
      hearFile: ({ audio, rate }) => (audio && listen(undefined, { audio, rate: rate ?? 8000 } as never).text) ?? "",
    },
  });
  folder = await emptyFolder();
});
beforeEach(() => {
  openai.faults = {};
  thought.length = 0;
  brain = ({ text }) => `You said: ${text}`;
});
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});
afterAll(async () => {
  await openai.close();
  await folder.remove();
});

interface Shared {
  readonly state?: State;
  readonly storage?: Storage;
  readonly clock?: Clock;
}

async function start(settings: Readonly<Record<string, string>> = {}, shared: Shared = {}) {
  const log = keptLog();
  const config = readConfig({
    PORT: "0",
    HOST: "127.0.0.1",
    DATA_DIR: folder.path,
    OPENAI_API_KEY: openai.apiKey,
    OPENAI_BASE_URL: openai.baseUrl,
    API_KEYS: `desk:admin:${KEYS.desk},acme:organization@acme:${KEYS.acme},beta:organization@beta:${KEYS.beta}`,
    ...settings,
  });
  const storage = shared.storage ?? createMemoryStorage();
  const app = buildApp({ config, log, ...shared, storage });
  apps.push(app);
  const { port } = await app.listen();
  const url = `http://127.0.0.1:${port}`;

  async function post(path: string, body: object | FormData, key: keyof typeof KEYS | "none" = "desk") {
    const isForm = body instanceof FormData;
    const answer = await fetch(url + path, {
      method: "POST",
      headers: {
        ...(key !== "none" && { authorization: `Bearer ${KEYS[key]}` }),
        ...(!isForm && { "content-type": "application/json" }),
      },
      body: isForm ? body : JSON.stringify(body),
    });
    // eslint-disable-next-line typescript/no-explicit-any -- answers are looked into as they come.
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as any };
  }

  return {
    url,
    log,
    app,
    storage,
    post,
    begin: async (key: keyof typeof KEYS = "desk", body: object = {}): Promise<string> =>
      (await post("/conversation/start", body, key)).body.session_id,
    say: (sessionId: string, text: string, key: keyof typeof KEYS = "desk") =>
      post("/conversation/process", { session_id: sessionId, user_input: text }, key),
    record: async (sessionId: string) => {
      await app.store.flush();
      return app.store.get(sessionId);
    },
  };
}

function recording(sessionId: string, sound: Buffer = wav): FormData {
  const form = new FormData();
  form.set("audio_file", new Blob([sound]), "audio.wav");
  form.set("session_id", sessionId);
  return form;
}

describe("the document's own example", () => {
  // response = requests.post("http://localhost:8000/conversation/start", json={"customer_id": "customer123"})
  // ... requests.post(".../voice-agent/process", files={"audio_file": f}, data={"session_id": session_id})
  test("as its Python sends it, without a key where both groups are open", async () => {
    const { url, log } = await start({ OPEN_API: "voice,conversation" });
    let response = await fetch(`${url}/conversation/start`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "User-Agent": "python-requests/2.32.3", Accept: "*/*" },
      body: JSON.stringify({ customer_id: "customer123" }),
    });
    const begun = (await response.json()) as { session_id: string; conversation_state: string };
    expect([response.status, begun.conversation_state]).toEqual([200, "greeting"]);

    // As requests writes a form: the data first, then the file, named as it was opened, with no type of its own.
    const boundary = "5bb5c8f2b1d2a8c1e9f0a3b4c5d6e7f8";
    const body = Buffer.concat([
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="session_id"\r\n\r\n${begun.session_id}\r\n`),
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="audio_file"; filename="audio.wav"\r\n\r\n`),
      wav,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]);
    response = await fetch(`${url}/voice-agent/process`, {
      method: "POST",
      headers: { "Content-Type": `multipart/form-data; boundary=${boundary}`, Accept: "*/*" },
      body,
    });
    const result = (await response.json()) as Record<string, string>;
    expect([response.status, result]).toEqual([
      200,
      {
        session_id: begun.session_id,
        user_input: booking.text,
        agent_response: `You said: ${booking.text}`,
        audio_base64: expect.any(String),
        audio_format: "mp3",
        conversation_state: "intake",
      },
    ]);
    const decoder = await createDecoder("mp3", 8000);
    const samples = decoder.push(Buffer.from(result["audio_base64"] ?? "", "base64")).length + decoder.end().length;
    decoder.close();
    expect(samples / 8000).toBeGreaterThan(1);
    // What people say stays out of the log.
    expect(JSON.stringify(log.lines)).not.toContain("oil change");
  });
});

describe("a conversation", () => {
  test("is gone on with, and has the record of a call", async () => {
    const { begin, say, record, storage, url } = await start();
    const sessionId = await begin("desk", { customer_id: "ada" });
    expect((await say(sessionId, "Hello, I am Ada.")).body).toEqual({
      session_id: sessionId,
      agent_response: "You said: Hello, I am Ada.",
      conversation_state: "intake",
    });
    brain = ({ history }) => `Lines: ${history.filter(({ role }) => role !== "system").length}`;
    const second = (await say(sessionId, "Who am I?")).body.agent_response as string;
    // The greeting, two turns and an answer.
    expect(second).toBe("Lines: 4");
    expect(await record(sessionId)).toMatchObject({
      channel: "text",
      status: "in-progress",
      phase: "intake",
      metadata: { customer_id: "ada" },
      turns: [
        { turn: 1, by: "text", text: "Hello, I am Ada." },
        { turn: 2, by: "text", text: "Who am I?" },
      ],
      replies: [
        { heard: expect.stringContaining("AI assistant") },
        { heard: "You said: Hello, I am Ada." },
        { heard: second },
      ],
    });
    const { id, isNew } = await storage.customers.customer("default", "ada");
    expect([isNew, (await storage.customers.session(sessionId))?.customerId]).toEqual([false, id]);
    const shown = await fetch(`${url}/api/calls/${sessionId}`, { headers: { authorization: `Bearer ${KEYS.desk}` } });
    expect(await shown.json()).toMatchObject({ channel: "text", from: null, transcript: expect.any(Array) });
  });

  test.each(["responses", "chat"])("goes on after its server was started anew: %s", async (THREAD_CLIENT) => {
    const storage = createMemoryStorage();
    const survives: Storage = { ...storage, close: async () => undefined };
    const one = await start({ THREAD_CLIENT }, { storage: survives });
    const sessionId = await one.begin();
    await one.say(sessionId, "My name is Ada.");
    await apps.splice(0)[0]?.close();

    const two = await start({ THREAD_CLIENT }, { storage: survives });
    brain = ({ history }) => `You are ${/My name is (\w+)/.exec(JSON.stringify(history))?.[1] ?? "nobody"}.`;
    expect((await two.say(sessionId, "Who am I?")).body).toMatchObject({
      agent_response: "You are Ada.",
      conversation_state: "intake",
    });
  });

  test("is taken turn by turn, in the order of coming, whichever of two instances is asked", async () => {
    const state = createMemoryState({ clock: systemClock });
    const inLine = new Set<string>();
    const shared: Shared = {
      storage: { ...createMemoryStorage(), close: async () => undefined },
      state: {
        ...state,
        stand(line, who, ttlMs) {
          inLine.add(who);
          return state.stand(line, who, ttlMs);
        },
        close: async () => undefined,
      },
    };
    const instances = [await start({}, shared), await start({}, shared)] as const;
    const sessionId = await instances[0].begin();
    let atWork = 0;
    brain = async ({ text }) => {
      expect(++atWork).toBe(1);
      // The first holds up the others until all of them have come.
      await until("everybody is in line", () => inLine.size === 6);
      atWork--;
      return `You said: ${text}`;
    };
    const asked: ReturnType<(typeof instances)[0]["say"]>[] = [];
    for (let n = 0; n < 6; n++) {
      asked.push((instances[n % 2] as (typeof instances)[0]).say(sessionId, `Number ${n}.`));
      await until("it is in line", () => inLine.size === n + 1);
    }
    const answers = await Promise.all(asked);
    expect(answers.map(({ body }) => body.agent_response)).toEqual(
      Array.from({ length: 6 }, (_, n) => `You said: Number ${n}.`),
    );
    expect((await instances[1].record(sessionId))?.turns.map(({ text }) => text)).toEqual(
      Array.from({ length: 6 }, (_, n) => `Number ${n}.`),
    );
  });

  test("has the organization's words, and belongs to it alone", async () => {
    const { post, begin, say } = await start();
    for (const org of ["acme", "beta"]) {
      await post(`/api/org/config/${org}`, { persona: `You are the voice of ${org}.`, greeting: `Welcome to ${org}.` });
    }
    const begun = await post("/conversation/start", { customer_id: "1" }, "acme");
    expect(begun.body).toMatchObject({ greeting: "Welcome to acme.", org_id: "acme", customer_id: "1" });
    const sessionId = begun.body.session_id as string;
    await say(sessionId, "Hello.", "acme");
    expect(thought.at(-1)?.instructions).toContain("You are the voice of acme.");

    const nothing = await say("conv_nobody", "Hello.", "beta");
    const foreign = await say(sessionId, "Hello.", "beta");
    expect([foreign.status, foreign.body]).toEqual([404, nothing.body]);
    expect((await post("/voice-agent/process", recording(sessionId), "beta")).status).toBe(404);
    expect((await post("/conversation/start", { org_id: "acme" }, "beta")).status).toBe(404);
    expect((await post("/conversation/start", { org_id: "nobody" })).status).toBe(404);
    expect((await post("/conversation/start", { org_id: "acme" })).status).toBe(200);
    // The same customer's id at another organization is another customer.
    await begin("beta", { customer_id: "1" });
  });

  test("ends when the agent ends it, and is over then", async () => {
    const { begin, say, record } = await start();
    const sessionId = await begin();
    brain = ({ toolOutputs }) =>
      toolOutputs.length > 0 ? "Goodbye, then." : { tool: { name: "end_call", args: { reason: "done" } } };
    expect((await say(sessionId, "That was all, thanks.")).body).toMatchObject({
      agent_response: "Goodbye, then.",
      conversation_state: "completed",
    });
    const after = await say(sessionId, "One more thing.");
    expect([after.status, after.body.detail]).toEqual([409, "The conversation has ended"]);
    expect(await record(sessionId)).toMatchObject({
      status: "completed",
      phase: "completed",
      endReason: "agent-hangup",
      tools: [{ name: "end_call", result: "ok" }],
      turns: [{ text: "That was all, thanks." }],
    });
  });

  test("is ended by hand like a call, by those who may see it, and can be deleted then", async () => {
    const { url, app, begin, say, post, record } = await start();
    const sessionId = await begin();
    await say(sessionId, "I want to book an oil change.");
    expect((await post(`/api/calls/${sessionId}/end`, {}, "beta")).status).toBe(404);
    const over = await post("/api/call/end", { call_id: sessionId });
    expect([over.status, over.body]).toEqual([
      200,
      { call_id: sessionId, status: "completed", ended_at: expect.any(String), duration_seconds: expect.any(Number) },
    ]);
    expect(await record(sessionId)).toMatchObject({ status: "completed", endReason: "caller-hangup" });
    const after = await say(sessionId, "One more thing.");
    expect([after.status, after.body.detail]).toEqual([409, "The conversation has ended"]);
    expect((await post("/api/call/end", { call_id: sessionId })).body).toEqual(over.body);
    const gone = await fetch(`${url}/api/calls/${sessionId}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${KEYS.desk}` },
    });
    expect(gone.status).toBe(204);
    expect(await app.store.get(sessionId)).toBeUndefined();
  });

  test("calls for a human where the guard or the agent says so, and says the words of the organization", async () => {
    const { post, begin, say, record } = await start();
    const words_ = "Hang up and dial the emergency number now.";
    await post("/api/org/config/default", {
      escalation: { mode: "flag", contacts: [], emergency_words: words_ },
    });
    const sessionId = await begin();
    const told = await say(sessionId, "I have terrible chest pain.");
    expect(told.body).toMatchObject({ agent_response: words_, conversation_state: "escalation" });
    expect(thought).toEqual([]);
    expect((await say(sessionId, "What else?")).body.conversation_state).toBe("escalation");
    expect(await record(sessionId)).toMatchObject({
      phase: "escalation",
      escalations: [{ trigger: "emergency-keyword", urgency: "emergency", outcome: "none" }],
    });

    const other = await begin();
    brain = ({ toolOutputs }) =>
      toolOutputs.length > 0
        ? "Somebody calls you back."
        : { tool: { name: "escalate", args: { reason: "wants to complain", urgency: "normal" } } };
    expect((await say(other, "I want to complain.")).body).toMatchObject({
      agent_response: "Somebody calls you back.",
      conversation_state: "escalation",
    });
  });

  test("a recording without words is a turn that nobody understood", async () => {
    const { post, begin, record } = await start();
    const sessionId = await begin();
    expect((await post("/voice-agent/process", recording(sessionId, silence))).body).toMatchObject({
      user_input: "",
      agent_response: "Sorry, I did not catch that. Could you say it again?",
      conversation_state: "clarification",
    });
    expect((await post("/voice-agent/process", recording(sessionId))).body).toMatchObject({
      user_input: booking.text,
      conversation_state: "intake",
    });
    expect((await record(sessionId))?.turns.map(({ by, text }) => [by, text])).toEqual([
      ["speech", ""],
      ["speech", booking.text],
    ]);
  });
});

describe("what goes wrong", () => {
  test("a model that fails leaves no trace of the turn, and the next one is answered", async () => {
    const { begin, say, record } = await start();
    const sessionId = await begin();
    await say(sessionId, "One.");
    for (const fault of [{ status: 500 }, { status: 429 }, { text: "", chunks: [] }] as const) {
      brain = () => fault;
      expect((await say(sessionId, "Two.")).status).toBe(502);
    }
    brain = ({ history }) => JSON.stringify(history.filter(({ role }) => role === "user").map(({ text }) => text));
    const after = await say(sessionId, "Three.");
    expect(after.body.agent_response).toBe('["One.","Three."]');
    expect((await record(sessionId))?.turns.map(({ text }) => text)).toEqual(["One.", "Three."]);
  });

  test("a model that goes on for more than 20 s is given up", async () => {
    const clock = manualClock();
    const { begin, say, record } = await start({ THREAD_TIMEOUT_MS: "120000" }, { clock });
    const sessionId = await begin();
    brain = () => ({ hang: true });
    const asked = say(sessionId, "Hello?");
    await until("it is thought about", () => thought.length > 0);
    clock.advance(20_000);
    const told = await asked;
    expect([told.status, told.body.detail]).toEqual([502, "The model did not answer in time"]);
    expect((await record(sessionId))?.turns).toEqual([]);
  });

  test("an answer that cannot be spoken was not given", async () => {
    const { post, begin, record } = await start();
    const sessionId = await begin();
    openai.faults = { refuse: 500 };
    expect((await post("/voice-agent/process", recording(sessionId))).status).toBe(502);
    openai.faults = {};
    expect((await record(sessionId))?.turns).toEqual([]);
    expect((await post("/voice-agent/process", recording(sessionId))).body.conversation_state).toBe("intake");
  });

  test("whoever goes away in the middle has said nothing", async () => {
    const { url, begin, record, say } = await start();
    const sessionId = await begin();
    brain = () => ({ hang: true });
    const gone = new AbortController();
    const asked = fetch(`${url}/conversation/process`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEYS.desk}`, "content-type": "application/json" },
      body: JSON.stringify({ session_id: sessionId, user_input: "Hello?" }),
      signal: gone.signal,
    }).catch(() => "gone");
    await until("it is thought about", () => thought.length > 0);
    gone.abort();
    expect(await asked).toBe("gone");
    brain = () => "Here I am.";
    expect((await say(sessionId, "Are you there?")).body.agent_response).toBe("Here I am.");
    expect((await record(sessionId))?.turns.map(({ text }) => text)).toEqual(["Are you there?"]);
  });

  test.each([
    ["/conversation/start", { customer_id: 5 }, "/customer_id"],
    ["/conversation/start", { customer_id: "" }, "/customer_id"],
    ["/conversation/start", { customer_id: "x".repeat(201) }, "/customer_id"],
    ["/conversation/start", { customer: "ada" }, "/customer"],
    ["/conversation/process", { user_input: "Hello." }, "/session_id"],
    ["/conversation/process", { session_id: "conv_1" }, "/user_input"],
    ["/conversation/process", { session_id: "conv_1", user_input: " " }, "/user_input"],
    ["/conversation/process", { session_id: "conv_1", user_input: "x".repeat(4097) }, "/user_input"],
  ])("refused: %s %#", async (path, body, pointer) => {
    const { post } = await start();
    const told = await post(path, body);
    expect([told.status, told.body.errors?.[0]?.pointer]).toEqual([400, pointer]);
  });

  test("no session, no sound, no key", async () => {
    const { post, begin } = await start();
    expect((await post("/conversation/process", { session_id: "conv_1", user_input: "Hello." })).status).toBe(404);
    expect((await post("/voice-agent/process", recording("conv_1"))).status).toBe(404);
    const sessionId = await begin();
    expect((await post("/voice-agent/process", recording(sessionId, Buffer.from("no sound")))).status).toBe(415);
    for (const path of ["/conversation/start", "/conversation/process", "/voice-agent/process"]) {
      expect((await post(path, {}, "none")).status).toBe(401);
    }
    const mute = await start({ OPENAI_API_KEY: "" });
    const begun = await mute.begin();
    expect((await mute.say(begun, "Hello.")).status).toBe(503);
  });
});
