// A whole call in virtual time: the real bridge between a fake line, a fake voice and a fake thread, with a caller who speaks,
// and one place that says whether everything was let go of in the end.
import { planEscalations } from "../../src/app/escalation.ts";
import { systemIds } from "../../src/observe/system.ts";
import { startCall } from "../../src/bridge/bridge.ts";
import type { BridgeParts, BridgeSettings, Call } from "../../src/bridge/parts.ts";
import type { CallEnding, CallParty, CallRecord, EndReason, ReplyRecord } from "../../src/core/call.ts";
import { CLIP_IDS, type Clip, type ClipId } from "../../src/core/clip.ts";
import type { StreamState } from "../../src/core/state.ts";
import type { CallStore } from "../../src/core/stores.ts";
import type { ThreadInput } from "../../src/core/thread.ts";
import type { Tool } from "../../src/core/tool.ts";
import { divergence } from "../../src/speech/divergence.ts";
import { createSentences } from "../../src/speech/sentences.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { createMemoryCallStore } from "../../src/storage/memory.ts";
import { createTools } from "../../src/tools/index.ts";
import { createFakeCaller, type FakeCaller } from "./fake-caller.ts";
import { createFakeLine, type FakeLine, type FakeLineOptions } from "./fake-line.ts";
import { createFakeThread, streamed, type FakeThread, type Step } from "./fake-thread.ts";
import { createFakeVoices, type FakeVoices, type FakeVoicesOptions } from "./fake-voice.ts";
import { createMarkedAudio, SCRAP, type MarkedAudio } from "./marked-audio.ts";
import { keptLog, keptMeter, type KeptLog, type KeptMeter } from "./observe.ts";
import { createVirtualTime, type VirtualTime } from "./virtual-time.ts";

export const HUMAN = "+15550009999";
export const GREETING = "Hello, this is the assistant. How can I help?";

const CLIP_TEXTS: Readonly<Record<ClipId, string>> = {
  greeting: GREETING,
  hold: "One moment, please.",
  trouble: "I have trouble here. One moment.",
  sorry: "Sorry, something went wrong. Please try again.",
  "apology-end": "Sorry, I can not help you now. Goodbye.",
  "say-again": "Sorry, I did not catch that.",
  "filler-1": "Let me check.",
  "filler-2": "One moment.",
  "filler-3": "I am looking.",
  "filler-4": "Still working.",
  "cut-off": "Sorry, we were cut off.",
  "still-there": "Are you still there?",
  "silence-goodbye": "I can not hear you. Goodbye.",
  "time-up": "We are out of time. Goodbye.",
  transfer: "Please hold while I connect you.",
  shutdown: "I have to end this call now. Goodbye.",
};

export interface FakeCallOptions {
  readonly settings?: Partial<BridgeSettings>;
  readonly line?: FakeLineOptions;
  readonly voices?: FakeVoicesOptions;
  /** What the assistant answers: a text, which is streamed, or steps. */
  readonly reply?: (input: ThreadInput, number: number) => string | readonly Step[];
  /** The voice thinks for itself. */
  readonly speechToSpeech?: boolean;
  readonly tools?: readonly Tool[];
  /** Which clips there are. */
  readonly clips?: (id: ClipId) => boolean;
  readonly state?: Partial<StreamState>;
  readonly store?: Partial<CallStore>;
  readonly msPerFrame?: number;
  /** The voice is opened this long before the call begins. */
  readonly prewarmMs?: number;
  /** Happens to the line before the bridge has it. */
  readonly beforeCall?: (line: FakeLine) => void;
  /** Anything else the bridge is to be given. */
  readonly parts?: Partial<BridgeParts>;
}

export interface FakeCall {
  readonly time: VirtualTime;
  readonly audio: MarkedAudio;
  readonly line: FakeLine;
  readonly voices: FakeVoices;
  readonly thread: FakeThread;
  readonly caller: FakeCaller;
  readonly call: Call;
  readonly log: KeptLog;
  readonly meter: KeptMeter;
  /** Endings that were stored, in order, with the moment. */
  readonly endings: readonly { readonly at: number; readonly ending: CallEnding }[];
  readonly reasons: readonly EndReason[];
  run(ms: number): Promise<void>;
  until(what: string, condition: () => boolean, ms?: number): Promise<void>;
  /** Waits for the agent to say something that has this text in it. */
  untilHeard(text: string, ms?: number): Promise<void>;
  /** Waits until the greeting is over. */
  greeted(): Promise<void>;
  /** The record as the store has it. */
  record(): CallRecord;
  replies(kind?: ReplyRecord["kind"]): readonly ReplyRecord[];
  /** ms since the call began. */
  sinceStart(): number;
  /** The caller's ear: texts and clips in the order they were heard, with how much of each. */
  heardNames(): { readonly what: string; readonly ms: number; readonly at: number }[];
  /** Ends the call if it has not ended, and returns everything that is wrong with how it was left. */
  leftovers(): Promise<string[]>;
  /** @throws Error that tells what was left, when anything was. */
  over(): Promise<void>;
}

const SETTINGS: BridgeSettings = {
  greeting: GREETING,
  backchannelMs: 700,
  endSilenceMs: 500,
  transcriptTimeoutMs: 4000,
  fillerAfterMs: 1500,
  silencePromptMs: 10_000,
  keypadTimeoutMs: 3000,
  threadTimeoutMs: 10_000,
  maxCallMs: 30 * 60_000,
  logContent: false,
};

export const PARTY: CallParty = {
  callId: "call-1",
  carrierId: "CA-1",
  from: "+15550001111",
  to: "+15550002222",
  channel: "phone",
  direction: "inbound",
  orgId: "default",
};

export async function fakeCall(options: FakeCallOptions = {}): Promise<FakeCall> {
  const time = createVirtualTime();
  const audio = createMarkedAudio();
  const settings = { ...SETTINGS, ...options.settings };
  const line = createFakeLine(time, audio, options.line);
  const voices = createFakeVoices(time, audio, { endSilenceMs: settings.endSilenceMs, ...options.voices });
  const reply = options.reply ?? (() => "All right.");
  const thread = createFakeThread(time, (input, number) => {
    const answer = reply(input, number);
    return typeof answer === "string" ? streamed(answer) : answer;
  });
  const clips = new Map<ClipId, Clip>();
  for (const id of CLIP_IDS) {
    if (options.clips && !options.clips(id)) continue;
    const text = CLIP_TEXTS[id];
    clips.set(id, { text, audio: audio.make(`clip:${id}`, text.length * 60 * 8) });
  }
  const log = keptLog();
  const meter = keptMeter();
  const endings: { at: number; ending: CallEnding }[] = [];
  const memory = createMemoryState({ clock: { ...time.clock, after: (ms, fn) => time.after(ms, fn) } });
  const state: StreamState = {
    ...memory,
    ...options.state,
    async putEnding(carrierId, ending) {
      const target = options.state?.putEnding ? options.state : memory;
      await target.putEnding?.(carrierId, ending);
      endings.push({ at: time.now(), ending });
    },
  };
  const kept = createMemoryCallStore();
  let record: CallRecord | undefined;
  const store: CallStore = {
    ...kept,
    open(party, at) {
      kept.open(party, at);
      record = {
        ...party,
        status: "in-progress",
        phase: "greeting",
        escalations: [],
        flags: [],
        startedAt: "",
        turns: [],
        replies: [],
        tools: [],
        timeline: [],
        usage: {},
      };
      options.store?.open?.(party, at);
    },
    update(callId, change) {
      kept.update(callId, change);
      if (record) record = { ...record, ...change };
      options.store?.update?.(callId, change);
    },
    note(callId, entry) {
      kept.note(callId, entry);
      if (record) record = { ...record, timeline: [...record.timeline, entry] };
    },
  };
  const early = options.prewarmMs !== undefined ? voices.open({ callId: PARTY.callId, history: [] }) : undefined;
  if (options.prewarmMs !== undefined) await time.run(options.prewarmMs);

  options.beforeCall?.(line);
  const startedAt = time.now();
  let ids = 0;
  const caller = createFakeCaller(time, (event) => line.deliver(event), options.msPerFrame);
  const call = startCall({
    party: PARTY,
    line,
    engine: voices,
    early,
    thread: options.speechToSpeech ? undefined : thread,
    tools: options.tools ?? createTools({ humanNumber: HUMAN }),
    clip: (id) => clips.get(id),
    sentences: createSentences,
    divergence,
    state,
    store,
    clock: time.clock,
    ids: { ...systemIds, id: (prefix) => `${prefix}_${++ids}` },
    planEscalation: planEscalations({ humanNumber: HUMAN }),
    log,
    meter,
    settings,
    ...options.parts,
  });
  const reasons: EndReason[] = [];
  void call.ended.then((reason) => reasons.push(reason));

  function textOf(name: string): string {
    if (name.startsWith("clip:")) return CLIP_TEXTS[name.slice(5) as ClipId];
    return voices.spoken.find((one) => one.name === name)?.text ?? name;
  }

  const fake: FakeCall = {
    time,
    audio,
    line,
    voices,
    thread,
    caller,
    call,
    log,
    meter,
    endings,
    reasons,
    run: (ms) => time.run(ms),
    until: (what, condition, ms) => time.until(what, condition, ms),
    async untilHeard(text, ms = 60_000) {
      // Tracing what was heard is too much work for every single event.
      const limit = time.now() + ms;
      while (!line.heard().some(({ name }) => textOf(name).includes(text))) {
        if (time.now() >= limit) throw new Error(`not heard within ${ms} ms: "${text}"`);
        await time.run(10);
      }
    },
    greeted: () => fake.until("the greeting is over", () => call.phase() === "listening"),
    record() {
      if (!record) throw new Error("there is no record yet");
      return record;
    },
    replies: (kind) => fake.record().replies.filter((one) => !kind || one.kind === kind),
    sinceStart: () => time.now() - startedAt,
    heardNames: () =>
      line
        .heard()
        .filter(({ name }) => name !== SCRAP)
        .map(({ name, from, to, at }) => ({
          what: name.startsWith("clip:") ? name : textOf(name),
          ms: Math.round((to - from) / 8),
          at: Math.round(at - startedAt),
        })),
    async over() {
      const wrong = await fake.leftovers();
      if (wrong.length > 0) throw new Error(`the call left behind: ${wrong.join("; ")}`);
    },
    async leftovers() {
      if (!line.isClosed) line.hangUp();
      // A lost line tells the carrier first what to do next.
      await time.until("the call is over", () => reasons.length > 0, 1500).catch(() => undefined);
      await time.run(0);
      caller.stop();
      const pending = time.pending();
      await fake.run(15_000);
      const wrong = [...line.breaches, ...voices.breaches];
      if (reasons.length !== 1) wrong.push(`${reasons.length} end reasons`);
      if (call.phase() !== "ended") wrong.push(`the phase is ${call.phase()}`);
      if (pending > 0 || time.pending() > 0) wrong.push(`${pending} timers are left, later ${time.pending()}`);
      for (const voice of voices.voices) if (!voice.isClosed) wrong.push(`voice ${voice.number} is open`);
      if (!options.speechToSpeech && !options.parts?.thread && !thread.isClosed) wrong.push("the thread is open");
      if (thread.open > 0) wrong.push(`${thread.open} replies are being read`);
      const ended = fake.record();
      if ((ended.status !== "completed") !== call.returns()) wrong.push(`the record is ${ended.status}`);
      if (!call.returns() && ended.endReason !== reasons[0])
        wrong.push(`the record says ${ended.endReason}, the call ${reasons[0]}`);
      const stumbles = log.lines.filter(({ message }) => message === "the call stumbled");
      for (const { fields } of stumbles)
        wrong.push(`stumbled: ${String(fields.error).split("\n").slice(0, 3).join(" ")}`);
      return wrong;
    },
  };
  return fake;
}
