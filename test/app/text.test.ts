// The assistant in writing, in the whole program against the simulated OpenAI: the document's own examples, and what a frontend and
// an unkind network do to it.
import { buildApp, type App } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { State } from "../../src/core/state.ts";
import { systemClock } from "../../src/observe/system.ts";
import { startOpenAISim, type BrainInput, type OpenAISim } from "../../src/sim/openai/index.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { emptyFolder } from "../support/child.ts";
import { manualClock } from "../support/clock.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { keptLog } from "../support/observe.ts";
import { until } from "../support/until.ts";

const FRONTEND = "http://localhost:3000";
/** As the document's .env has it. */
const DOCUMENT = { SECRET_KEY: "your_flask_secret_key_of_32_characters", CORS_ORIGINS: FRONTEND, OPEN_API: "ask" };

let openai: OpenAISim;
let folder: Awaited<ReturnType<typeof emptyFolder>>;
const apps: App[] = [];
beforeAll(async () => {
  openai = await startOpenAISim({ now: () => Date.parse("2026-11-25"), timing: { textDeltaMs: 0 } });
  folder = await emptyFolder();
});
beforeEach(() => {
  openai.faults = {};
  openai.script = { brain: ({ text }) => `You said: ${text}` };
});
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});
afterAll(async () => {
  await openai.close();
  await folder.remove();
});

async function start(settings: Readonly<Record<string, string>> = {}, state?: State, clock?: Clock) {
  const log = keptLog();
  const config = readConfig({
    PORT: "0",
    HOST: "127.0.0.1",
    DATA_DIR: folder.path,
    OPENAI_API_KEY: openai.apiKey,
    OPENAI_BASE_URL: openai.baseUrl,
    ...DOCUMENT,
    ...settings,
  });
  const app = buildApp({
    config,
    log,
    storage: createMemoryStorage(),
    ...(state && { state }),
    ...(clock && { clock }),
  });
  apps.push(app);
  const { port } = await app.listen();
  return { url: `http://127.0.0.1:${port}`, log };
}

/** Keeps cookies, as a browser does. */
function browser(headers: Readonly<Record<string, string>> = {}) {
  let cookie = "";
  return {
    get cookie() {
      return cookie;
    },
    async post(url: string, body?: unknown, more: Readonly<Record<string, string>> = {}) {
      const answer = await fetch(url, {
        method: "POST",
        headers: {
          ...(cookie && { cookie }),
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
          ...more,
        },
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const set = answer.headers.get("set-cookie");
      if (set) cookie = set.split(";", 1)[0] as string;
      return {
        status: answer.status,
        headers: answer.headers,
        set,
        body: (await answer.json()) as Record<string, unknown>,
      };
    },
    ask(url: string, prompt: unknown) {
      return this.post(`${url}/api/voice/ask`, { prompt });
    },
  };
}

interface Line {
  readonly role: string;
  readonly content: string;
}
const lastAsked = () =>
  openai.requests.filter(({ path }) => path === "/v1/chat/completions").at(-1)?.body as { readonly messages: Line[] };
const words = (messages: readonly Line[]) => messages.map(({ role, content }) => `${role}: ${content}`);

describe("the document's examples", () => {
  test("ask, clear, and the start page", async () => {
    openai.script = { brain: () => "I’m doing great! How can I assist you today?" };
    const { url } = await start();
    const page = browser({ origin: FRONTEND });
    const asked = await page.post(`${url}/api/voice/ask`, '{\n  "prompt": "Hello, how are you?"\n}');
    expect([asked.status, asked.body]).toEqual([200, { response: "I’m doing great! How can I assist you today?" }]);
    expect(asked.headers.get("access-control-allow-origin")).toBe(FRONTEND);
    expect(asked.headers.get("access-control-allow-credentials")).toBe("true");
    expect(lastAsked()).toEqual({
      model: "gpt-6-luna",
      temperature: 0.7,
      max_completion_tokens: 200,
      reasoning_effort: "none",
      messages: [
        { role: "system", content: "You are a helpful AI voice assistant." },
        { role: "user", content: "Hello, how are you?" },
      ],
    });
    const cleared = await page.post(`${url}/api/voice/clear`);
    expect([cleared.status, cleared.body]).toEqual([200, { status: "conversation cleared" }]);
    expect(await (await fetch(url)).text()).toBe("Voice Agent API is running.");
  });

  test("its model, which knows neither an effort nor an end of the older limit's name", async () => {
    const { url, log } = await start({ ASK_MODEL: "gpt-4.1-mini" });
    expect((await browser().ask(url, "hello")).body).toEqual({ response: "You said: hello" });
    expect(lastAsked()).toMatchObject({ model: "gpt-4.1-mini", temperature: 0.7, max_completion_tokens: 200 });
    expect(lastAsked()).not.toHaveProperty("reasoning_effort");
    expect(log.lines.filter(({ fields }) => fields["param"] === "reasoning_effort")).toHaveLength(1);
    const before = openai.requests.length;
    await browser().ask(url, "again");
    expect(openai.requests.length).toBe(before + 1);
  });

  test("a model that takes no temperature is asked without", async () => {
    const { url } = await start({ ASK_MODEL: "gpt-5-mini" });
    expect((await browser().ask(url, "hello")).status).toBe(200);
    expect(lastAsked()).not.toHaveProperty("temperature");
  });
});

describe("a conversation", () => {
  test("is remembered, and forgotten when it is cleared", async () => {
    const { url } = await start();
    const page = browser();
    await page.ask(url, "my name is Ada");
    await page.ask(url, "what is my name?");
    expect(words(lastAsked().messages).slice(1)).toEqual([
      "user: my name is Ada",
      "assistant: You said: my name is Ada",
      "user: what is my name?",
    ]);
    await page.post(`${url}/api/voice/clear`, {});
    await page.ask(url, "hello");
    expect(words(lastAsked().messages).slice(1)).toEqual(["user: hello"]);
  });

  test("of the system message and the last 20 others, however long it goes on", async () => {
    const { url } = await start({ ASK_SYSTEM_MESSAGE: "You are a pirate." });
    const page = browser();
    for (let n = 1; n <= 14; n++) await page.ask(url, `question ${n}`);
    const { messages } = lastAsked();
    expect(messages).toHaveLength(21);
    expect(messages[0]).toEqual({ role: "system", content: "You are a pirate." });
    expect(words(messages).slice(1, 3)).toEqual(["assistant: You said: question 4", "user: question 5"]);
    expect(messages.at(-1)).toEqual({ role: "user", content: "question 14" });
  });

  test("two browsers are never mixed, however they talk at once", async () => {
    openai.script = {
      brain: ({ history }: BrainInput) =>
        history
          .filter(({ role }) => role === "user")
          .map(({ text }) => text)
          .join("|"),
    };
    const { url } = await start();
    const pages = [browser(), browser(), browser()];
    await Promise.all(pages.map((page, n) => page.ask(url, `${n}`)));
    expect(new Set(pages.map(({ cookie }) => cookie)).size).toBe(3);
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(pages.map((page, n) => page.ask(url, `${n}`)));
      answers.forEach(({ body }, n) =>
        expect(body["response"]).toBe(
          Array(round + 2)
            .fill(`${n}`)
            .join("|"),
        ),
      );
    }
  });

  test.each([1, 2])("what one browser asks in parallel is answered in order, over %d instances", async (instances) => {
    let count = 0;
    let before = 0;
    // The first is thought about until all have come, and takes longest: whoever does not wait would be done before it.
    const inLine = new Set<string>();
    openai.script = {
      async brain({ text }) {
        if (text === "1") await until("all are in line", () => inLine.size === before + 4);
        return { text: `You said: ${text}`, firstDelayMs: 150 - 30 * count++ };
      },
    };
    const shared = createMemoryState({ clock: systemClock });
    const state: State = {
      ...shared,
      stand(line, who, ttlMs) {
        inLine.add(who);
        return shared.stand(line, who, ttlMs);
      },
    };
    const urls = (await Promise.all(Array.from({ length: instances }, () => start({}, state)))).map(({ url }) => url);
    const page = browser();
    await page.ask(urls[0] as string, "0");
    const asks: Promise<unknown>[] = [];
    before = inLine.size;
    for (let n = 1; n <= 4; n++) {
      asks.push(page.ask(urls[n % instances] as string, `${n}`));
      await until("it is in line", () => inLine.size === before + n);
    }
    await Promise.all(asks);
    expect(words(lastAsked().messages).slice(1)).toEqual([
      ...[0, 1, 2, 3].flatMap((n) => [`user: ${n}`, `assistant: You said: ${n}`]),
      "user: 4",
    ]);
  });

  test("more at once than anybody means is turned away, and the others are answered", async () => {
    const { url } = await start();
    const page = browser();
    await page.ask(url, "0");
    let answer: ((text: string) => void) | undefined;
    const held = new Promise<string>((resolve) => (answer = resolve));
    openai.script = { brain: () => held };
    const statuses: number[] = [];
    const asks = Array.from({ length: 20 }, async (_, n) => statuses.push((await page.ask(url, `${n}`)).status));
    await until("nine are turned away", () => statuses.length >= 9);
    expect(statuses).toEqual(Array(9).fill(429));
    answer?.("at last");
    await Promise.all(asks);
    expect(statuses.slice(9)).toEqual(Array(11).fill(200));
  });

  test("a client that goes away leaves nothing in it, and the next is answered at once", async () => {
    const { url } = await start();
    const page = browser();
    await page.ask(url, "before");
    openai.script = { brain: () => ({ hang: true }) };
    const gone = new AbortController();
    const left = fetch(`${url}/api/voice/ask`, {
      method: "POST",
      headers: { cookie: page.cookie, "content-type": "application/json" },
      body: '{"prompt":"never answered"}',
      signal: gone.signal,
    });
    const before = openai.requests.length;
    await until("it is asked", () => openai.requests.length > before);
    gone.abort();
    await expect(left).rejects.toThrow(/abort/);
    openai.script = { brain: ({ text }) => `You said: ${text}` };
    expect((await page.ask(url, "after")).status).toBe(200);
    expect(words(lastAsked().messages).slice(1)).toEqual([
      "user: before",
      "assistant: You said: before",
      "user: after",
    ]);
  });
});

describe("what is no question", () => {
  test.each<readonly [string, unknown]>([
    ["an empty one", { prompt: "" }],
    ["nothing but spaces", { prompt: " \n\t" }],
    ["none", {}],
    ["a number", { prompt: 7 }],
    ["null", { prompt: null }],
    ["a list", { prompt: ["hello"] }],
    ["an object", { prompt: { text: "hello" } }],
    ["more than 8000 characters", { prompt: "x".repeat(8001) }],
    ["another field", { prompt: "hello", temperature: 2 }],
    ["no JSON", "prompt=hello"],
    ["a NUL", { prompt: "a\0b" }],
  ])("%s: 400, and the model is not asked", async (_, body) => {
    const { url } = await start();
    const before = openai.requests.length;
    const told = await browser().post(`${url}/api/voice/ask`, body);
    expect([told.status, told.headers.get("content-type"), told.set]).toEqual([
      400,
      "application/problem+json; charset=utf-8",
      null,
    ]);
    expect(openai.requests.length).toBe(before);
  });
});

describe("when the model fails", () => {
  test.each<readonly [string, () => void, RegExp]>([
    ["it fails", () => (openai.faults = { restStatus: 500 }), /failed/],
    ["it limits our rate", () => (openai.faults = { restStatus: 429 }), /limits/],
    ["it refuses our key", () => (openai.faults = { restStatus: 401 }), /refused our key/],
    [
      "it is cut off",
      () => (openai.script = { brain: () => ({ text: "half", breakAfter: { pieces: 0, how: "drop" } }) }),
      /reached/,
    ],
    ["it says nothing", () => (openai.script = { brain: () => ({ text: "" }) }), /no answer/],
  ])("because %s: 502, told plainly, and the conversation is as it was", async (_, fail, said) => {
    const { url, log } = await start();
    const page = browser();
    await page.ask(url, "before");
    fail();
    const told = await page.ask(url, "lost");
    expect([told.status, told.headers.get("content-type")]).toEqual([502, "application/problem+json; charset=utf-8"]);
    expect(told.body["detail"]).toMatch(said);
    expect(JSON.stringify(log.lines)).not.toMatch(/lost|before/);
    openai.faults = {};
    openai.script = { brain: ({ text }) => `You said: ${text}` };
    await page.ask(url, "after");
    expect(words(lastAsked().messages).slice(1)).toEqual([
      "user: before",
      "assistant: You said: before",
      "user: after",
    ]);
  });

  test("it takes more than 20 s: 502, and the conversation is as it was", async () => {
    const clock = manualClock();
    const { url } = await start({}, undefined, clock);
    const page = browser();
    await page.ask(url, "before");
    openai.script = { brain: () => ({ hang: true }) };
    const before = openai.requests.length;
    const asked = page.ask(url, "lost");
    await until("it is asked", () => openai.requests.length > before);
    let isTold = false;
    void asked.then(() => (isTold = true));
    clock.advance(19_999);
    // Whatever that had caused would be answered before this.
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect(isTold).toBe(false);
    clock.advance(2);
    const told = await asked;
    expect([told.status, told.body["detail"]]).toEqual([502, "The model did not answer in time"]);
    await until("its request is given up", () => openai.requests.at(-1)?.aborted === true);
    openai.script = { brain: ({ text }) => `You said: ${text}` };
    await page.ask(url, "after");
    expect(words(lastAsked().messages).slice(1)).toEqual([
      "user: before",
      "assistant: You said: before",
      "user: after",
    ]);
  });

  test("nobody listens there", async () => {
    const { url } = await start({ OPENAI_BASE_URL: "http://127.0.0.1:9/v1" });
    expect((await browser().ask(url, "hello")).status).toBe(502);
  });

  test("there is no key for it at all: 503", async () => {
    const { url } = await start({ OPENAI_API_KEY: "" });
    const told = await browser().ask(url, "hello");
    expect([told.status, told.body["detail"]]).toEqual([503, "OPENAI_API_KEY is not set"]);
  });
});

describe("the cookie", () => {
  test("is signed, hidden from scripts, of this browser session, and says nothing", async () => {
    const { url } = await start();
    const { set } = await browser().ask(url, "hello");
    expect(set).toMatch(/^voicebridge-visitor=s%3Avisitor%3A[\w-]{32}\.[^;]+; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  test("that was tampered with, or is another cookie of ours, names nobody", async () => {
    const { url } = await start({ API_KEYS: "desk:admin:admin-key-0123456789abcdef" });
    const page = browser();
    await page.ask(url, "my name is Ada");
    const [name, value] = page.cookie.split("=") as [string, string];
    const login = await browser().post(`${url}/login`, { key: "admin-key-0123456789abcdef" });
    const session = (login.set as string).split(";", 1)[0]?.split("=")[1] as string;
    for (const cookie of [
      `${name}=${value.replace("visitor%3A", "visitor%3Ax")}`,
      `${name}=visitor:x`,
      `${name}=${session}`,
    ]) {
      const told = await browser({ cookie }).ask(url, "who am I?");
      expect([told.status, told.set === null]).toEqual([200, false]);
      expect(words(lastAsked().messages).slice(1)).toEqual(["user: who am I?"]);
    }
    // And a visitor is nobody's session.
    const me = await fetch(`${url}/api/me`, { headers: { cookie: `voicebridge=${value}` } });
    expect(me.status).toBe(401);
  });

  test("over https bears the prefix and is Secure; SameSite=None there alone", async () => {
    const { url } = await start({ TRUST_PROXY: "1", COOKIE_SAMESITE: "none" });
    const secure = await browser({ "x-forwarded-proto": "https" }).ask(url, "hello");
    expect(secure.set).toMatch(/^__Host-voicebridge-visitor=.*; Path=\/; HttpOnly; Secure; SameSite=None$/);
    const plain = await browser().ask(url, "hello");
    expect(plain.set).toMatch(/^voicebridge-visitor=.*; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  test("over plain http from elsewhere is warned of, once", async () => {
    const { url, log } = await start({ TRUST_PROXY: "1" });
    for (let n = 0; n < 2; n++) await browser({ "x-forwarded-host": "voice.example.com" }).ask(url, "hello");
    expect(log.lines.filter(({ message }) => /plain http/.test(message))).toHaveLength(1);
  });

  test("goes on at another instance, and after SECRET_KEY changes nobody is known", async () => {
    const state = createMemoryState({ clock: systemClock });
    const [one, other, changed] = await Promise.all([
      start({}, state),
      start({}, state),
      start({ SECRET_KEY: "another_secret_key_of_32_characters_" }, state),
    ]);
    const page = browser();
    await page.ask(one.url, "one");
    await page.ask(other.url, "two");
    expect(words(lastAsked().messages)).toHaveLength(4);
    await page.ask(changed.url, "three");
    expect(words(lastAsked().messages)).toHaveLength(2);
  });
});

describe("who may ask", () => {
  const KEY = "admin-key-0123456789abcdef";

  test("nobody without a key, unless OPEN_API says so; a bad key is not nobody", async () => {
    const { url } = await start({ OPEN_API: "", API_KEYS: `desk:admin:${KEY},eye:read:${KEY}x` });
    for (const path of ["ask", "clear"]) {
      expect((await browser().post(`${url}/api/voice/${path}`, path === "ask" ? { prompt: "hello" } : {})).status).toBe(
        401,
      );
    }
    const ask = (key: string, at: string) => browser({ authorization: `Bearer ${key}` }).ask(at, "hello");
    expect((await ask(KEY, url)).status).toBe(200);
    expect((await ask(`${KEY}x`, url)).status).toBe(403);
    const open = await start({ API_KEYS: `desk:admin:${KEY},eye:read:${KEY}x` });
    expect((await browser().ask(open.url, "hello")).status).toBe(200);
    expect((await ask(`${KEY}x`, open.url)).status).toBe(200);
    expect((await ask("another-key-0123456789", open.url)).status).toBe(401);
  });

  test("a page of the list, with credentials; no other one", async () => {
    const { url } = await start();
    const preflight = await fetch(`${url}/api/voice/ask`, {
      method: "OPTIONS",
      headers: {
        origin: FRONTEND,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });
    expect(preflight.headers.get("access-control-allow-credentials")).toBe("true");
    expect(preflight.headers.get("access-control-allow-origin")).toBe(FRONTEND);
    const before = openai.requests.length;
    const foreign = browser({ origin: "https://evil.example", "sec-fetch-site": "cross-site" });
    const told = await foreign.ask(url, "hello");
    expect([told.status, told.headers.get("access-control-allow-origin")]).toEqual([403, null]);
    expect((await foreign.post(`${url}/api/voice/clear`)).status).toBe(403);
    expect(openai.requests.length).toBe(before);
  });

  test("sixty a minute of an address without a key", async () => {
    const { url } = await start();
    const statuses: number[] = [];
    for (let n = 0; n < 61; n++) statuses.push((await browser().post(`${url}/api/voice/clear`)).status);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
    expect(statuses.slice(0, 30)).toEqual(Array(30).fill(200));
  });
});
