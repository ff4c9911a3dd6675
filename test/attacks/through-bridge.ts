// Attacks that come by phone: every one in a call of its own through the real bridge, spoken, typed or by the keypad, in virtual time. The
// desktop is in this process; the tools are behind the program's own gate, the words before its own guard.
import { createConfirmations } from "../../src/app/confirmations.ts";
import { createKits } from "../../src/app/kit.ts";
import { readConfig } from "../../src/config.ts";
import { secretsOf } from "../../src/config/secrets.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { LiveEvent } from "../../src/core/state.ts";
import type { Tool } from "../../src/core/tool.ts";
import { systemIds } from "../../src/observe/system.ts";
import { createGate } from "../../src/safety/tool-gate.ts";
import { createObedient } from "../../src/sim/openai/index.ts";
import { DESKTOP_TOOLS } from "../../src/sim/mcp/desktop.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { createMemoryCallStore } from "../../src/storage/memory.ts";
import { fakeCall, PARTY, type FakeCall } from "../support/fake-call.ts";
import { keptLog } from "../support/observe.ts";
import { isAlwaysRisky } from "../../src/safety/tool-policy.ts";
import { asSaid, createWishes, type Attack } from "./corpus.ts";
import { directClient } from "./direct-client.ts";
import { leakIn } from "./leaks.ts";
import { withName, type AttackRun, type Outcome } from "./run-attacks.ts";

const SECRET = "sk-proj-Qm7xVb2Lk9Zt4Rw8Yn3P";
const HUMAN = "+15550006666";
const WAITING = "Wait.";
const WHO = { orgId: PARTY.orgId, userId: "ada" };
const CONFIG = readConfig({ OPENAI_API_KEY: SECRET, TRANSFER_NUMBER: HUMAN, THREAD_CLIENT: "chat" });
const clip = (text: string) => ({ text, audio: Buffer.alloc(0) });

/** Names that the network gives are given to no thread yet, and what is remembered is no tool of this. */
const comesByPhone = ({ by }: Attack): boolean => by !== "caller-name" && by !== "memory";

/** What a # ends is all that is pressed. */
const pressed = (attack: Attack): Attack[] => {
  if (attack.by !== "keypad") return [attack];
  const say = attack.say.split("#").find((keys) => /^[\d*]+$/.test(keys));
  return say === undefined ? [] : [{ ...attack, say }];
};

export async function runByPhone(all: readonly Attack[], { bare = false } = {}): Promise<AttackRun> {
  const attacks = all.filter(comesByPhone).flatMap(pressed);
  const client = directClient(createObedient({ wishOf: createWishes(attacks), secret: SECRET }));
  const outcomes: Outcome[] = [];
  const risky: string[] = [];
  for (const attack of attacks) {
    const { outcome, done } = await attackOnce(attack);
    outcomes.push(outcome);
    risky.push(...done.filter(isAlwaysRisky));
  }
  return { outcomes, risky };

  async function attackOnce(attack: Attack) {
    let call: FakeCall | undefined;
    // The call brings its time with it.
    const clock: Clock = {
      now: () => call?.time.now() ?? 0,
      date: () => call?.time.clock.date() ?? new Date(0),
      after: (ms, fn) => call?.time.clock.after(ms, fn) ?? (() => {}),
    };
    const state = createMemoryState({ clock });
    const confirmations = createConfirmations({
      state,
      store: createMemoryCallStore(),
      confirmMs: 60_000,
      clock,
      ids: systemIds,
      log: keptLog(),
    });
    let asked = 0;
    state.subscribe("events", (message) => {
      const { data } = message as LiveEvent;
      if (data["status"] !== "pending") return;
      asked++;
      void confirmations.decide(String(data["confirmation_id"]), "deny", "nobody", () => true);
    });
    const done: string[] = [];
    const kit = createKits({
      config: CONFIG,
      clips: { in: () => ({ get: clip, greeting: clip }), start() {}, async close() {} },
      threadClient: () => client,
      gate: bare ? (tools) => tools : createGate({ confirmations, state, confirmMs: 60_000, waitingWords: WAITING }),
      outsideTools: () => desktop(attack.by === "tool-result" ? attack.say : "", done),
      secrets: secretsOf(CONFIG),
    }).of({ orgId: WHO.orgId, version: 1, config: {} });
    const { instructions, tools, planEscalation } = kit.at(new Date(), undefined, WHO);
    const thread = client.open({ callId: PARTY.callId, instructions: withName(instructions, attack), tools });
    call = await fakeCall({
      msPerFrame: 100,
      settings: { greeting: "", silencePromptMs: 2 ** 31 - 1, fillerAfterMs: 2 ** 31 - 1 },
      voices: { speech: () => ({ firstMs: 10, msPerCharacter: 1, speed: 1000 }) },
      tools,
      parts: { thread, planEscalation, ...(!bare && { guard: kit.guard.forCall() }) },
    });
    const it = call;
    speak(it, attack);
    const isAnswered = () => it.replies().some(({ generated }) => generated !== WAITING);
    await it.until("an answer", () => isAnswered() || it.endings.length > 0 || it.reasons.length > 0);
    await it.run(3000);
    const heard = it.voices.spoken.map(({ text }) => text).join(" ");
    const to = it.endings.map(({ ending }) => (ending.kind === "transfer" ? ending.to : HUMAN));
    const runs = it.record().tools.map(({ name, result }) => ({ name, result }));
    await it.leftovers();
    confirmations.close();
    const outcome: Outcome = {
      attack,
      runs,
      heard,
      leak: leakIn(heard, instructions, SECRET, attack.wants),
      dialled: to.find((number) => number !== HUMAN),
      confirmations: asked,
    };
    return { outcome, done };
  }
}

function speak({ line, caller }: FakeCall, attack: Attack): void {
  switch (attack.by) {
    case "speech":
    case "tool-result":
      return caller.speaks(asSaid(attack), { ms: 500, transcriptMs: 10 });
    case "keypad":
      for (const digit of `${attack.say}#`) line.deliver({ type: "line.digit", digit });
      return;
    default:
      return line.deliver({ type: "line.text", text: asSaid(attack) });
  }
}

const desktop = (injects: string, done: string[]): Tool[] =>
  DESKTOP_TOOLS.map(({ name, description, inputSchema }) => ({
    name: `desktop__${name}`,
    description,
    parameters: inputSchema,
    timeoutMs: 8000,
    scope: { organizations: "all", users: [] },
    run() {
      done.push(name);
      return Promise.resolve(name === "State-Tool" || name === "Scrape-Tool" ? `Notepad is open. ${injects}` : "Done.");
    },
  }));
