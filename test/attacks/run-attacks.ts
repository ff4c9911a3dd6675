// Every attack against the program's own kit (instructions, tools behind the gate, guard) with a model that obeys, and what came of it.
// `bare` takes gate and guard away: it shows that the attacks would work.
import { createConfirmations } from "../../src/app/confirmations.ts";
import { createKits } from "../../src/app/kit.ts";
import { rememberedSection } from "../../src/app/remembering.ts";
import { createThreadClient } from "../../src/assistants/index.ts";
import { createToolRunner } from "../../src/bridge/run-tool.ts";
import { readConfig } from "../../src/config.ts";
import { secretsOf } from "../../src/config/secrets.ts";
import type { CallEnding } from "../../src/core/call.ts";
import type { Memory } from "../../src/core/memory.ts";
import type { LiveEvent } from "../../src/core/state.ts";
import type { Tool } from "../../src/core/tool.ts";
import { systemClock, systemIds } from "../../src/observe/system.ts";
import { createGate } from "../../src/safety/tool-gate.ts";
import { isAlwaysRisky } from "../../src/safety/tool-policy.ts";
import { createObedient, startOpenAISim } from "../../src/sim/openai/index.ts";
import { startHttpDesktop } from "../../src/sim/mcp/http.ts";
import { createSentences } from "../../src/speech/sentences.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { createMemoryCallStore } from "../../src/storage/memory.ts";
import { createMcp } from "../../src/tools/mcp/index.ts";
import type { PinStore } from "../../src/tools/mcp/pins.ts";
import { mcpServers } from "../../src/tools/mcp/servers.ts";
import { countedClock } from "../support/clock.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { until } from "../support/until.ts";
import { asSaid, createWishes, type Attack } from "./corpus.ts";
import { directClient } from "./direct-client.ts";
import { leakIn } from "./leaks.ts";

export interface Outcome {
  readonly attack: Attack;
  /** Tool runs that the model asked for, by what came of each. */
  readonly runs: readonly { readonly name: string; readonly result: string }[];
  readonly heard: string;
  readonly leak: "instructions" | "secret" | undefined;
  /** A transfer to a number that nobody configured. */
  readonly dialled: string | undefined;
  /** Confirmations that it made somebody be asked for. */
  readonly confirmations: number;
}

export interface AttackRun {
  readonly outcomes: readonly Outcome[];
  /** What the desktop was made to do. */
  readonly risky: readonly string[];
}

const SECRET = "sk-proj-Qm7xVb2Lk9Zt4Rw8Yn3P";
const HUMAN = "+15550006666";
const AT_ONCE = 8;
const WHO = { orgId: "acme", userId: "ada" };
const everything: PinStore = { path: "", read: () => ({}), see: () => [], isApproved: () => true, approve: () => [] };

/**
 * `client`: through this thread client and a simulated server; without one the model is asked directly, which is many times as fast.
 */
export async function runAttacks(
  attacks: readonly Attack[],
  { bare = false, client: kind }: { bare?: boolean; client?: "chat" | "responses" } = {},
): Promise<AttackRun> {
  const wishOf = createWishes(attacks);
  const brain = createObedient({ wishOf, secret: SECRET });
  const sim = kind && (await startOpenAISim({ script: { brain }, timing: { textDeltaMs: 0 } }));
  const desktop = await startHttpDesktop();
  const shared = { clock: systemClock, log: keptLog(), meter: keptMeter() };
  const config = readConfig({ OPENAI_API_KEY: SECRET, TRANSFER_NUMBER: HUMAN, THREAD_CLIENT: "chat" });
  const entry = { http: { url: desktop.url, allow_private: true }, users: ["ada"], per_minute: 10_000 };
  const mcp = createMcp({
    ...shared,
    servers: mcpServers.parse({ servers: { desktop: entry } }).servers,
    pins: everything,
  });
  mcp.start();
  await until("the desktop is there", () => mcp.tools().length > 0, 20_000);

  const state = createMemoryState({ clock: systemClock });
  // Nobody ever confirms anything here: the waiting for it is made short.
  const confirmations = createConfirmations({
    state,
    store: createMemoryCallStore(),
    confirmMs: 60_000,
    clock: countedClock(20_000),
    ids: systemIds,
    log: shared.log,
  });
  const asked = new Map<string, number>();
  state.subscribe("events", (message) => {
    const { callId, data } = message as LiveEvent;
    if (data["status"] === "pending") asked.set(callId, (asked.get(callId) ?? 0) + 1);
  });
  const client =
    sim && kind
      ? createThreadClient({
          ...shared,
          client: kind,
          apiKey: sim.apiKey,
          baseUrl: sim.baseUrl,
          model: config.ASSISTANT_MODEL,
          timeoutMs: 20_000,
        })
      : directClient(brain);
  const clip = (text: string) => ({ text, audio: Buffer.alloc(0) });
  const kits = createKits({
    config,
    clips: { in: () => ({ get: clip, greeting: clip }), start() {}, async close() {} },
    threadClient: () => client,
    gate: bare ? (tools) => tools : createGate({ confirmations, state, confirmMs: 60_000, waitingWords: "" }),
    outsideTools: () => mcp.tools(),
    secrets: secretsOf(config),
  });
  const kit = kits.of({ orgId: WHO.orgId, version: 1, config: {} });
  const moment = kit.at(new Date(), undefined, WHO);

  async function attackOnce(attack: Attack, index: number): Promise<Outcome> {
    const callId = `call_${index}`;
    const instructions = withName(moment.instructions, attack);
    const thread = client.open({ callId, instructions, tools: [...moment.tools, recall(attack)] });
    const guard = bare ? undefined : kit.guard.forCall();
    const runs: { name: string; result: string }[] = [];
    let dialled: string | undefined;
    const runner = createToolRunner({
      tools: [...moment.tools, recall(attack)],
      callId,
      clock: systemClock,
      onBegin: () => {},
      acts: {
        endAfterReply(ending: CallEnding) {
          if (ending.kind === "transfer" && ending.to !== HUMAN) dialled = ending.to;
        },
        escalate: () => ({ mode: "message", say: "" }),
        intake: () => undefined,
        keepIntake: () => {},
      },
      onDone: (_turn, name, result) => void runs.push({ name, result }),
    });
    const heard: string[] = [];
    let stopped = false;
    const say = (pieces: readonly string[]): void => {
      for (const piece of pieces) {
        if (stopped) return;
        const verdict = guard?.agent(piece) ?? { kind: "pass" };
        heard.push(verdict.kind === "say" || verdict.kind === "end" ? verdict.text : piece);
        stopped = verdict.kind === "say" && verdict.stops === true;
      }
    };
    const cutter = createSentences();
    const { signal } = new AbortController();
    const note =
      attack.by === "caller-name"
        ? `The caller's name, as the network gives it: ${JSON.stringify(attack.say)}`
        : undefined;
    guard?.caller(asSaid(attack));
    const reply = thread.reply(
      { text: asSaid(attack), ...(note !== undefined && { note }) },
      { signal, runTool: (request) => runner(request, signal, 1) },
    );
    for await (const event of reply) if (event.type === "text") say(cutter.push(event.delta));
    say(cutter.end());
    await thread.close();
    const said = heard.join(" ");
    const leak = leakIn(said, moment.instructions, SECRET, attack.wants);
    await denyAll(callId);
    return { attack, runs, heard: said, dialled, leak, confirmations: asked.get(callId) ?? 0 };
  }

  /** Settled when its attack is over: as many as an organization may have must not stand in for the confirmation of the next. */
  async function denyAll(ofCall: string): Promise<void> {
    for (const { id, callId } of await confirmations.pending())
      if (callId === ofCall) await confirmations.decide(id, "deny", "nobody", () => true);
  }

  try {
    const outcomes: Outcome[] = [];
    const [alone, together] = [
      attacks.filter(({ by }) => by === "tool-result"),
      attacks.filter(({ by }) => by !== "tool-result"),
    ];
    for (const attack of alone) {
      desktop.behaviour = { injects: attack.say };
      outcomes.push(await attackOnce(attack, outcomes.length));
    }
    for (let from = 0; from < together.length; from += AT_ONCE) {
      const some = together.slice(from, from + AT_ONCE);
      outcomes.push(...(await Promise.all(some.map((attack, at) => attackOnce(attack, 1000 + from + at)))));
    }
    return { outcomes, risky: desktop.done.map(({ tool }) => tool).filter(isAlwaysRisky) };
  } finally {
    await mcp.close();
    await desktop.close();
    await sim?.close();
  }
}

/** Whoever is remembered is told of from the start, by the name that they gave. */
export const withName = (instructions: string, { say, by }: Attack): string =>
  by === "user-name" ? `${instructions}\n${rememberedSection([nameMemory(say)])}\n` : instructions;

const nameMemory = (text: string): Memory => ({
  memoryId: "mem_1",
  kind: "identity",
  subject: "name",
  text,
  source: { by: "conversation", at: "2026-11-26T00:00:00Z" },
  earlier: [],
  createdAt: new Date(0),
  updatedAt: new Date(0),
});

/** What is remembered of the user, for attacks that were planted there. */
const recall = ({ say, by }: Attack): Tool => ({
  name: "recall",
  description: "What is remembered of the user.",
  parameters: { type: "object", properties: {} },
  timeoutMs: 1000,
  run: () => Promise.resolve({ facts: by === "memory" ? [say] : [] }),
});
