// The whole program for attacks that come in by its own doors: a model that obeys behind the simulated OpenAI, a desktop, a secret in the
// settings, and somebody who denies every confirmation as soon as it is asked for.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import type { LiveEvent } from "../../src/core/state.ts";
import { systemClock } from "../../src/observe/system.ts";
import { createObedient, startOpenAISim } from "../../src/sim/openai/index.ts";
import { startHttpDesktop } from "../../src/sim/mcp/http.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { emptyFolder } from "../support/child.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { keptLog } from "../support/observe.ts";
import { until } from "../support/until.ts";
import { asSaid, createWishes, type Attack } from "./corpus.ts";

export const SECRET = "metrics-secret-Qm7xVb2Lk9Zt4Rw8Yn3Pq6";
export const HUMAN = "+15550006666";
const KEY = "attacked-key-0123456789abcdef";
/** Spoken attacks are told apart by how loud they are. */
const QUIETEST = 4000;
const STEP = 16;
const MANY = "1000000";

export type Program = Awaited<ReturnType<typeof startProgram>>;

export async function startProgram(attacks: readonly Attack[]) {
  const obedient = createObedient({ wishOf: createWishes(attacks, "memory_search"), secret: SECRET });
  const told = new Set<string>();
  const openai = await startOpenAISim({
    timing: { pace: Infinity, transcriptMs: 0, replyMs: 0, textDeltaMs: 0 },
    // As short as can be, however much is recited.
    synthesize: () => Promise.resolve(new Int16Array(480).fill(1000)),
    script: {
      brain(input) {
        told.add(input.instructions);
        return obedient(input);
      },
      transcripts: (_session, { audio }) => asHeard(attacks[Math.round((Math.max(...audio) - QUIETEST) / STEP)]),
    },
  });
  const desktop = await startHttpDesktop();
  const folder = await emptyFolder();
  const file = join(folder.path, "mcp.json");
  const entry = { http: { url: desktop.url, allow_private: true }, organizations: "all", per_minute: 10_000 };
  writeFileSync(file, JSON.stringify({ servers: { desktop: entry } }));
  const log = keptLog();
  const state = createMemoryState({ clock: systemClock });
  const app = buildApp({
    config: readConfig({
      PORT: "0",
      HOST: "127.0.0.1",
      DATA_DIR: folder.path,
      OPENAI_API_KEY: openai.apiKey,
      OPENAI_BASE_URL: openai.baseUrl,
      METRICS_TOKEN: SECRET,
      TRANSFER_NUMBER: HUMAN,
      MCP_SERVERS_FILE: file,
      API_KEYS: `ada:admin:${KEY}`,
      RATE_LIMIT_PER_MINUTE: MANY,
      MAX_CALLS: "1000",
    }),
    log,
    state,
    storage: createMemoryStorage({ clock: systemClock }),
  });
  const { port } = await app.listen();
  const url = `http://127.0.0.1:${port}`;
  await until("the desktop is there", () => log.lines.some(({ message }) => message === "an MCP server is connected"));

  async function ask(method: "GET" | "POST" | "DELETE", path: string, body?: object) {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Readonly<Record<string, unknown>>;
  }

  const asked = new Map<string, number>();
  const denials: Promise<unknown>[] = [];
  state.subscribe("events", (message) => {
    const { callId, type, data } = message as LiveEvent;
    if (type !== "confirmation" || data["status"] !== "pending") return;
    asked.set(callId, (asked.get(callId) ?? 0) + 1);
    denials.push(ask("POST", `/api/confirmations/${String(data["confirmation_id"])}`, { decision: "deny" }));
  });

  return {
    url,
    app,
    openai,
    desktop,
    ask,
    /** What models were told to be, so far. */
    instructions: (): string => [...told].join("\n"),
    confirmationsOf: (callId: string): number => asked.get(callId) ?? 0,
    /** 100 ms of sound that is heard as this attack. */
    soundOf: (attack: Attack): string => {
      const level = QUIETEST + STEP * attacks.indexOf(attack);
      const samples = Int16Array.from({ length: 2400 }, (_, at) => (at % 2 === 0 ? level : -level));
      return Buffer.from(samples.buffer).toString("base64");
    },
    async close() {
      await Promise.all(denials);
      await app.close();
      await openai.close();
      await desktop.close();
      await folder.remove();
    },
  };
}

const asHeard = (attack: Attack | undefined): string => (attack ? asSaid(attack) : "");
