// What the tests of the personal assistant share: the whole program against the simulated OpenAI, and a client as the document has it.
import { WebSocket } from "ws";
import { buildApp, type App, type AppOptions } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { CallRecord } from "../../src/core/call.ts";
import { startOpenAISim, type OpenAISim, type OpenAISimOptions } from "../../src/sim/openai/index.ts";
import { countedClock } from "../support/clock.ts";
import { emptyFolder } from "../support/child.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { keptLog } from "../support/observe.ts";
import { until } from "../support/until.ts";

export const KEY = "assistant-key-0123456789";
export const OTHER_KEY = "another-persons-key-0123456789";
/** What a loaded machine may take. */
export const PATIENCE_MS = 20_000;

export type Told = { readonly type: string; readonly [key: string]: unknown };

export interface SessionAnswer {
  readonly id: string;
  readonly model: string;
  readonly expires_at: number;
  readonly client_secret: { readonly value: string; readonly expires_at: number };
  readonly ephemeral_key: { readonly value: string; readonly expires_at: number };
  readonly instructions: string;
  readonly voice: string;
  readonly tools: readonly { readonly name: string }[];
  readonly [key: string]: unknown;
}

export interface Client {
  readonly events: Told[];
  readonly closed: Promise<number>;
  send(event: object): void;
  raw(data: string | Buffer): void;
  /** The first from index `from` on, now or later. */
  next(type: string | ((event: Told) => boolean), from?: number): Promise<Told>;
  of(type: string): Told[];
  close(): void;
  /** The network is gone. */
  vanish(): void;
  readonly socket: WebSocket;
}

export function connect(address: string, headers: Readonly<Record<string, string>> = {}): Client {
  const socket = new WebSocket(address, { headers });
  const events: Told[] = [];
  socket.on("message", (data: Buffer) => events.push(JSON.parse(data.toString()) as Told));
  socket.on("error", () => undefined);
  const closed = new Promise<number>((resolve) => socket.on("close", resolve));
  const opened = new Promise<void>((resolve) => socket.on("open", () => resolve()));
  return {
    socket,
    events,
    closed,
    send: (event) => void opened.then(() => socket.send(JSON.stringify(event))),
    raw: (data) => void opened.then(() => socket.send(data)),
    async next(type, from = 0) {
      const matches = typeof type === "string" ? (event: Told) => event.type === type : type;
      const what = (): string =>
        `${typeof type === "string" ? type : "a matching event"} (came: ${events.map((one) => one.type).join(", ")})`;
      await until(what, () => events.slice(from).some(matches), PATIENCE_MS);
      return events.slice(from).find(matches) as Told;
    },
    of: (type) => events.filter((event) => event.type === type),
    close: () => socket.close(),
    vanish: () => socket.terminate(),
  };
}

export const text = (words: string, more: object = {}) => ({
  type: "conversation.item.create",
  ...more,
  item: { type: "message", role: "user", content: [{ type: "input_text", text: words }] },
});

export interface Server {
  readonly app: App;
  readonly url: string;
  readonly log: ReturnType<typeof keptLog>;
  post(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  get(path: string): Promise<Answer>;
  /** A session, and a socket on it. */
  talk(body?: object, more?: string): Promise<{ session: SessionAnswer; client: Client }>;
  record(callId: string): Promise<CallRecord>;
  /** The latest call. */
  lastCall(): Promise<CallRecord>;
}

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The same wall clock for both sides, `speed` times as fast as the machine's for the server. */
function createClock(speed: number): Clock {
  const clock = countedClock(speed);
  return { ...clock, date: () => new Date(Date.parse("2026-11-26T12:00:00Z") + clock.now()) };
}

export function createWorld({ speed = 1, ...options }: OpenAISimOptions & { readonly speed?: number } = {}) {
  const clock = createClock(speed);
  let openai: OpenAISim;
  let folder: Awaited<ReturnType<typeof emptyFolder>>;
  const servers: Server[] = [];
  const clients: Client[] = [];

  beforeAll(async () => {
    openai = await startOpenAISim({
      now: () => +clock.date(),
      timing: { pace: Infinity, transcriptMs: 10, replyMs: 5, textDeltaMs: 0 },
      ...options,
    });
    folder = await emptyFolder();
  });
  beforeEach(() => {
    openai.faults = {};
    openai.script = { brain: ({ text: said }) => `You said: ${said}` };
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.vanish();
    await Promise.all(servers.splice(0).map(({ app }) => app.close()));
  });
  afterAll(async () => {
    await openai.close();
    await folder.remove();
  });

  return {
    get openai() {
      return openai;
    },
    clock,
    lastSession: () => openai.sessions.at(-1) as OpenAISim["sessions"][number],
    connect(address: string, headers: Readonly<Record<string, string>> = {}): Client {
      const client = connect(address, headers);
      clients.push(client);
      return client;
    },
    async start(
      settings: Readonly<Record<string, string>> = {},
      given: Partial<Pick<AppOptions, "state" | "storage">> = {},
    ): Promise<Server> {
      const log = keptLog();
      const config = readConfig({
        PORT: "0",
        HOST: "127.0.0.1",
        DATA_DIR: folder.path,
        OPENAI_API_KEY: openai.apiKey,
        OPENAI_BASE_URL: openai.baseUrl,
        API_KEYS: `Ada Lovelace:organization@default:${KEY}`.replace("Ada Lovelace", "ada") + `,bob:admin:${OTHER_KEY}`,
        ...settings,
      });
      const app = buildApp({ config, log, clock, storage: createMemoryStorage({ clock }), ...given });
      const { port } = await app.listen();
      const url = `http://127.0.0.1:${port}`;
      const ask = async (path: string, init: RequestInit): Promise<Answer> => {
        const answer = await fetch(`${url}${path}`, init);
        const body = (await answer.json()) as Answer["body"];
        return { status: answer.status, type: answer.headers.get("content-type"), body };
      };
      const authorization = { authorization: `Bearer ${KEY}` };
      const server: Server = {
        app,
        url,
        log,
        post: (path, body = {}, headers = authorization) =>
          ask(path, {
            method: "POST",
            headers: { "content-type": "application/json", ...headers },
            body: JSON.stringify(body),
          }),
        get: (path) => ask(path, { headers: authorization }),
        async talk(body = {}, more = "") {
          const { status, body: told } = await server.post("/api/voice-agent", body);
          if (status !== 200) throw new Error(`no session: ${status} ${JSON.stringify(told)}`);
          const session = told as unknown as SessionAnswer;
          const client = connect(`${session.client_secret.value}${more}`);
          clients.push(client);
          return { session, client };
        },
        record: async (callId) => {
          const record = await app.store.get(callId);
          if (!record) throw new Error("no such call");
          return record;
        },
        async lastCall() {
          const [last] = await app.store.list({ limit: 1 });
          return server.record(last?.callId ?? "");
        },
      };
      servers.push(server);
      return server;
    },
  };
}

/** The latest call's record, once it is like this. */
export async function eventually(server: Server, condition: (record: CallRecord) => boolean): Promise<CallRecord> {
  let last: CallRecord | undefined;
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    last = await server.lastCall();
    if (condition(last)) return last;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`the record did not come to that: ${JSON.stringify(last)}`);
}
