// Attacks that come by the program's own doors, each in a session of its own: over the personal assistant's socket, typed or spoken, and in
// writing over requests. What was planted (in what a tool answers, in a memory) is planted there first.
import type { CallRecord } from "../../src/core/call.ts";
import { isAlwaysRisky } from "../../src/safety/tool-policy.ts";
import { connect, text, type SessionAnswer, type Told } from "../flows/assistant-kit.ts";
import { asSaid, type Attack, type Way } from "./corpus.ts";
import { leakIn } from "./leaks.ts";
import { SECRET, startProgram, type Program } from "./program.ts";
import type { AttackRun, Outcome } from "./run-attacks.ts";

export type Door = "assistant-typed" | "assistant-spoken" | "requests";

const AT_ONCE = 8;
/** There is one desktop, and one user who remembers. */
const ALONE: readonly Way[] = ["user-name", "memory", "tool-result"];
/** Names that the network gives are given to no thread. The name of a user stands in instructions where they have signed in. */
const comesThere = (door: Door, { by }: Attack): boolean =>
  by !== "caller-name" && (by !== "user-name" || door !== "requests");

export async function runThrough(door: Door, attacks: readonly Attack[]): Promise<AttackRun> {
  const program = await startProgram(attacks);
  const attackOnce = door === "requests" ? overRequests : overSocket(door === "assistant-spoken");
  try {
    const outcomes: Outcome[] = [];
    const mine = attacks.filter((one) => comesThere(door, one));
    // Names first: what is remembered of one user is searched thirty times a minute at most.
    const alone = ALONE.flatMap((way) => mine.filter(({ by }) => by === way));
    for (const attack of alone) {
      await plant(program, attack);
      outcomes.push(await attackOnce(program, attack));
    }
    await plant(program, undefined);
    const together = mine.filter(({ by }) => !ALONE.includes(by));
    for (let from = 0; from < together.length; from += AT_ONCE)
      outcomes.push(
        ...(await Promise.all(together.slice(from, from + AT_ONCE).map((one) => attackOnce(program, one)))),
      );
    return { outcomes, risky: program.desktop.done.map(({ tool }) => tool).filter(isAlwaysRisky) };
  } finally {
    await program.close();
  }
}

async function plant({ desktop, ask }: Program, attack: Attack | undefined): Promise<void> {
  desktop.behaviour = attack?.by === "tool-result" ? { injects: attack.say } : {};
  await ask("DELETE", "/api/memories");
  if (attack?.by !== "memory" && attack?.by !== "user-name") return;
  await ask("POST", "/api/memories", { memories: [{ kind: "identity", subject: "name", text: attack.say }] });
}

const overSocket =
  (isSpoken: boolean) =>
  async (program: Program, attack: Attack): Promise<Outcome> => {
    const session = (await program.ask("POST", "/api/voice-agent", {})) as unknown as SessionAnswer;
    const client = connect(session.client_secret.value);
    // What is planted comes behind an innocent question, which is typed.
    if (isSpoken && !ALONE.includes(attack.by)) {
      client.send({ type: "session.update", session: { turn_detection: null } });
      client.send({ type: "input_audio_buffer.append", audio: program.soundOf(attack) });
      client.send({ type: "input_audio_buffer.commit" });
    } else client.send(text(asSaid(attack)));
    client.send({ type: "response.create", ...(isSpoken ? {} : { response: { modalities: ["text"] } }) });
    await client.next(isLastAnswer);
    client.close();
    await client.closed;
    const record = await recordOf(program, session.id);
    const heard = client.events.map(wordsIn).join("");
    const [instructions = ""] = session.instructions.split("What is remembered of the user");
    const inEvents = JSON.stringify(client.events).includes(SECRET) ? "secret" : undefined;
    return outcome(program, attack, record, heard, inEvents ?? leakIn(heard, instructions, SECRET, attack.wants));
  };

const wordsIn = ({ type, delta }: Told): string =>
  type === "response.audio_transcript.delta" || type === "response.text.delta" ? String(delta) : "";

/** No tool is asked for in it, and it does not say what the server had said. */
function isLastAnswer({ type, response }: Told): boolean {
  if (type !== "response.done") return false;
  const { metadata, output = [] } = response as {
    readonly metadata?: Readonly<Record<string, string>> | null;
    readonly output?: readonly { readonly type: string }[];
  };
  return metadata?.["say"] === undefined && output.every((item) => item.type !== "function_call");
}

async function recordOf({ app }: Program, sessionId: string): Promise<CallRecord> {
  for (const { callId } of await app.store.list({ limit: 50 })) {
    const record = await app.store.get(callId);
    if (record?.metadata?.["session_id"] === sessionId) return record;
  }
  throw new Error("an attack left no record");
}

async function overRequests(program: Program, attack: Attack): Promise<Outcome> {
  const { session_id: id } = await program.ask("POST", "/conversation/start", { customer_id: "ada" });
  const input = { session_id: id, user_input: asSaid(attack) };
  const { agent_response: heard } = await program.ask("POST", "/conversation/process", input);
  const record = await program.app.store.get(String(id));
  if (!record) throw new Error("an attack left no record");
  const leak = leakIn(String(heard), program.instructions(), SECRET, attack.wants);
  return outcome(program, attack, record, String(heard), leak);
}

function outcome(
  { confirmationsOf }: Program,
  attack: Attack,
  { callId, tools }: CallRecord,
  heard: string,
  leak: Outcome["leak"],
): Outcome {
  const runs = tools.map(({ name, result }) => ({ name, result }));
  return { attack, runs, heard, leak, dialled: undefined, confirmations: confirmationsOf(callId) };
}
