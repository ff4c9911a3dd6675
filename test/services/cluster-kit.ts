// Three real servers on one Redis and one PostgreSQL, a balancer before them, a simulated OpenAI and a simulated phone network.
// Twilio's REST API is not there, or is failing: whatever ends, ends without it.
import type { CallRecord } from "../../src/core/call.ts";
import { startOpenAISim, type OpenAISim } from "../../src/sim/openai/index.ts";
import {
  startTwilioSim,
  type CallerScript,
  type CallOptions,
  type SimCall,
  type TwilioSim,
} from "../../src/sim/twilio/index.ts";
import { startBalancer, type Balancer } from "../support/balancer.ts";
import { emptyFolder, freePort, startChild, type Child } from "../support/child.ts";
import { hear } from "../support/recordings.ts";
import { startPostgres, type Postgres } from "./postgres.ts";
import { startRedis, type Redis } from "./redis.ts";

const ACCOUNT_SID = `AC${"7".repeat(32)}`;
const AUTH_TOKEN = "cluster-auth-token-0123456789abcd";
const API_KEY = "cluster-key-0123456789abcdef0123456789abcdef";
export const HUMAN = "+15550003333";

export interface Server {
  readonly port: number;
  readonly child: Child;
  /** Asks its API with the admin's key. */
  ask(
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: unknown; readonly tookMs: number }>;
  metric(name: string): Promise<number>;
}

export interface TestCluster {
  readonly servers: Server[];
  readonly redis: Redis;
  readonly postgres: Postgres;
  readonly openai: OpenAISim;
  readonly twilio: TwilioSim;
  readonly balancer: Balancer;
  dial(caller: CallerScript, options?: Partial<Omit<CallOptions, "caller">>): SimCall;
  /** What the server's API tells of a call, by its CallSid. */
  record(server: Server, callSid: string): Promise<CallView>;
  startServer(): Promise<Server>;
  close(): Promise<void>;
}

/** The part of a call's view that is looked at here. */
export interface CallView {
  readonly call_id: string;
  readonly status: CallRecord["status"];
  readonly end_reason?: string;
  readonly transcript: readonly { readonly role: string; readonly text: string }[];
  readonly [field: string]: unknown;
}

export const headers = { authorization: `Bearer ${API_KEY}` };

/** @param rest what Twilio's REST API is: "away", where nobody listens, or "failing", which answers 503. */
export async function startCluster(size: number, rest: "away" | "failing" = "away"): Promise<TestCluster> {
  const [redis, postgres, openai, twilio, folder] = await Promise.all([
    startRedis(),
    startPostgres(),
    startOpenAISim({ script: { transcripts: hear } }),
    startTwilioSim({ accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN }),
    emptyFolder(),
  ]);
  const balancer = await startBalancer(() => 0);
  const servers: Server[] = [];
  const nowhere = await freePort();
  twilio.rest.misbehave("503");

  async function startServer(): Promise<Server> {
    const port = await freePort();
    const { path: cwd } = folder;
    const child = startChild("dist/main.js", {
      cwd,
      env: {
        HOST: "127.0.0.1",
        PORT: String(port),
        WEBHOOK_URL: balancer.url,
        TWILIO_ACCOUNT_SID: ACCOUNT_SID,
        TWILIO_AUTH_TOKEN: AUTH_TOKEN,
        TWILIO_API_BASE_URL: rest === "failing" ? twilio.baseUrl : `http://127.0.0.1:${nowhere}`,
        OPENAI_API_KEY: openai.apiKey,
        OPENAI_BASE_URL: openai.baseUrl,
        TRANSFER_NUMBER: HUMAN,
        TWILIO_PHONE_NUMBER: "+12025550100",
        DATABASE_URL: postgres.url,
        USE_REDIS: "true",
        REDIS_URL: redis.url,
        SECRET_KEY: "cluster-secret-0123456789abcdef0123456789",
        API_KEYS: `test:admin:${API_KEY}`,
        DATA_DIR: `${cwd}/${port}`,
        SILENCE_PROMPT_S: "120",
        LOG_LEVEL: "info",
      },
    });
    const server: Server = {
      port,
      child,
      async ask(path, body) {
        const began = performance.now();
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
          headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
          ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
        });
        const tookMs = performance.now() - began;
        return { status: answer.status, body: await answer.json().catch(() => undefined), tookMs };
      },
      async metric(name) {
        const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text();
        return text
          .split("\n")
          .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
          .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
      },
    };
    await child.says(/VOICE AGENT SYSTEM STARTED/, 60_000);
    servers.push(server);
    return server;
  }
  for (let n = 0; n < size; n++) await startServer();

  return {
    servers,
    redis,
    postgres,
    openai,
    twilio,
    balancer,
    startServer,
    dial: (caller, options = {}) =>
      twilio.call({
        url: balancer.url,
        from: "+15551110000",
        to: "+15550002222",
        statusCallback: `${balancer.url}/voice/status`,
        maxMs: 180_000,
        ...options,
        caller,
      }),
    async record(server, callSid) {
      const { status, body } = await server.ask(`/api/calls/${callSid}`);
      if (status !== 200) throw new Error(`no record of ${callSid}: ${status} ${JSON.stringify(body)}`);
      return body as CallView;
    },
    async close() {
      await twilio.close();
      for (const { child } of servers) child.signal("SIGKILL");
      await Promise.all(servers.map(({ child }) => child.exited));
      await balancer.close();
      await Promise.all([openai.close(), redis.close(), postgres.close()]);
      await folder.remove();
    },
  };
}
