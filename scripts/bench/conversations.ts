// npm run bench -- turns, barge-in, heard: conversations between phones and a model that are both ours, so that every moment is
// known on one clock, and what the server added to it can be told from what it was given.
import type { Load } from "./load.ts";
import { INTERRUPTIONS, replyIn, TURNS } from "./load.ts";
import type { ModelStory } from "./model-log.ts";
import type { PhoneStory } from "./phone-call.ts";
import { quiet, type FarSides } from "./relay.ts";
import { sharedNow } from "./stamp.ts";
import { API_KEY, pause, startService } from "./subject.ts";

export interface ConversationOptions {
  readonly calls: number;
  readonly seconds: number;
  readonly main?: string;
}

type Mode = "assistant" | "speech-to-speech";

interface Conversation {
  readonly phones: readonly PhoneStory[];
  readonly model: ModelStory;
  /** When everybody hung up, shared clock, ms. */
  readonly endedMs: number;
  /** What the server says was heard of each reply, ms, by call and reply. */
  readonly records: ReadonlyMap<string, number>;
}

const SPACING_MS = 50;
/** A sound may be a nod for this long; whoever hangs up before has not interrupted. */
const DECIDED_MS = 3000;

async function converse(
  { phones, model, modelPort }: FarSides,
  load: Load,
  mode: Mode,
  { calls, seconds, main }: ConversationOptions,
): Promise<Conversation> {
  await model.ask("load", load);
  const service = await startService({
    modelPort,
    settings: { VOICE_MODE: mode },
    ...(main !== undefined && { main }),
  });
  try {
    await quiet(model);
    await phones.ask("place", { calls, target: service.target, spacingMs: SPACING_MS });
    await pause(load.settleMs + seconds * 1000);
    const endedMs = sharedNow();
    const stories = await phones.ask("hangUp", undefined);
    const story = await model.ask("story", undefined);
    const records = new Map<string, number>();
    if (mode === "assistant")
      for (const { call, callSid } of stories)
        for (const [reply, ms] of await heardOf(service.target.url, callSid)) records.set(key(call, reply), ms);
    return { phones: stories, model: story, endedMs, records };
  } finally {
    await service.close();
  }
}

interface RecordLine {
  readonly role: string;
  readonly kind?: string;
  readonly generated?: string;
  readonly heard_ms?: number;
  readonly interrupted?: boolean;
}

/** The record of a call that has ended: which reply was heard for how long. */
async function heardOf(url: string, callSid: string): Promise<readonly (readonly [reply: number, ms: number])[]> {
  const response = await fetch(`${url}/api/calls/${callSid}`, { headers: { authorization: `Bearer ${API_KEY}` } });
  if (!response.ok) throw new Error(`no record of ${callSid}: ${response.status} ${await response.text()}`);
  const { transcript } = (await response.json()) as { transcript: readonly RecordLine[] };
  return transcript.flatMap(({ kind, generated = "", heard_ms: ms }) => {
    const reply = kind === "reply" ? replyIn(generated) : undefined;
    return reply === undefined || ms === undefined ? [] : [[reply, ms] as const];
  });
}

function key(call: number, reply: number): string {
  return `${call}/${reply}`;
}

export interface TurnsReport {
  readonly turns: number;
  /** ms the server added to each turn, and its three parts: to ask the thread, to ask the voice, to reach the line. */
  readonly addedMs: readonly number[];
  readonly askedMs: readonly number[];
  readonly sayMs: readonly number[];
  readonly lineMs: readonly number[];
  /** ms from `start` to the first audio of the greeting. */
  readonly greetingMs: readonly number[];
}

/** Transcript received -> first audio at the line, less the thread's first sentence and the voice's first byte. */
export async function benchTurns(sides: FarSides, options: ConversationOptions): Promise<TurnsReport> {
  const { phones, model } = await converse(sides, TURNS, "assistant", options);
  const ages = new Map(
    phones.flatMap(({ call, replies }) => replies.map(({ reply, ageMs }) => [key(call, reply), ageMs] as const)),
  );
  const parts = model.turns.flatMap(({ call, turn, transcript, asked, sentence, say }) => {
    const line = ages.get(key(call, turn));
    return line === undefined ? [] : [{ asked: asked - transcript, say: say - sentence, line }];
  });
  return {
    turns: parts.length,
    addedMs: parts.map(({ asked, say, line }) => asked + say + line),
    askedMs: parts.map(({ asked }) => asked),
    sayMs: parts.map(({ say }) => say),
    lineMs: parts.map(({ line }) => line),
    greetingMs: phones.map(({ greetingMs }) => greetingMs ?? Infinity),
  };
}

export interface InterruptionsReport {
  readonly mode: Mode;
  /** The caller spoke into a reply that was being heard. */
  readonly interruptions: number;
  /** ms from speech_started sent to `clear` received, both ways over the loopback included. */
  readonly clearMs: readonly number[];
  /** ms that the server says were heard, less those that the phone had really played. */
  readonly errorMs: readonly number[];
  /** Interruptions without a `clear`, or without a word on what was heard. */
  readonly missing: number;
}

/** Real-time playback, cut at some moment: how soon the line is quiet, and how well it is known what was heard. */
export async function benchInterruptions(
  sides: FarSides,
  mode: Mode,
  options: ConversationOptions,
): Promise<InterruptionsReport> {
  const { phones, model, endedMs, records } = await converse(sides, INTERRUPTIONS, mode, options);
  const atPhone = new Map(
    phones.flatMap(({ call, replies }) => replies.map((one) => [key(call, one.reply), one] as const)),
  );
  const said = mode === "assistant" ? records : truncationsOf(model);
  const clearMs: number[] = [];
  const errorMs: number[] = [];
  let missing = 0;
  const decided = model.interruptions.filter(({ atMs }) => atMs < endedMs - DECIDED_MS);
  for (const { call, reply, atMs } of decided) {
    const { clearedMs, playedMs } = atPhone.get(key(call, reply)) ?? {};
    const heard = said.get(key(call, reply));
    if (clearedMs === undefined || playedMs === undefined || heard === undefined) missing++;
    else {
      clearMs.push(clearedMs - atMs);
      errorMs.push(heard - playedMs);
    }
  }
  return { mode, interruptions: decided.length, clearMs, errorMs, missing };
}

function truncationsOf({ truncations }: ModelStory): ReadonlyMap<string, number> {
  return new Map(truncations.map(({ call, reply, ms }) => [key(call, reply), ms]));
}
