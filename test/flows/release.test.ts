// The count: two hundred calls with every kind of end, many at a time, and afterwards nothing of them is left: no socket, no timer,
// no call, and one reason each on its record.
import type { EndReason } from "../../src/core/call.ts";
import type { CallFaults, CallerScript } from "../../src/sim/twilio/index.ts";
import { createRandom } from "../support/random.ts";
import { until } from "../support/until.ts";
import { answer, HUMAN, sideBySide, words } from "./kit.ts";

const CALLS = 200;
const AT_ONCE = 12;

interface Kind {
  readonly caller: CallerScript;
  readonly faults?: CallFaults;
  /** Reasons its record may have; none for a call that never became one. */
  readonly ends: readonly EndReason[];
}

const untilTheEnd = { do: "wait-for-hang-up", timeoutMs: 120_000 } as const;
const greeted: CallerScript = [{ do: "wait-for-agent" }, { do: "pause", ms: 300 }];

const KINDS: Readonly<Record<string, Kind>> = {
  "leaves in the greeting": { caller: [...greeted, { do: "hang-up" }], ends: ["caller-hangup"] },
  "leaves at once": { caller: [{ do: "hang-up" }], ends: ["caller-hangup", "abandoned"] },
  "leaves while speaking": {
    caller: [...greeted, { do: "say", ...words("how-long"), wait: false }, { do: "pause", ms: 600 }, { do: "hang-up" }],
    ends: ["caller-hangup"],
  },
  "leaves in the answer": {
    caller: [...answer("opening-hours"), { do: "wait-for-agent" }, { do: "pause", ms: 500 }, { do: "hang-up" }],
    ends: ["caller-hangup"],
  },
  "interrupts and leaves": {
    caller: [...answer("opening-hours"), { do: "interrupt", afterMs: 800, ...words("stop") }, { do: "hang-up" }],
    ends: ["caller-hangup"],
  },
  "types and leaves": {
    caller: [...greeted, { do: "press", digits: "12" }, { do: "pause", ms: 400 }, { do: "hang-up" }],
    ends: ["caller-hangup"],
  },
  "says goodbye": { caller: [...answer("goodbye"), untilTheEnd], ends: ["agent-hangup"] },
  "asks for a person": { caller: [...answer("person"), untilTheEnd], ends: ["transferred"] },
  "says nothing": { caller: [untilTheEnd], ends: ["silence"] },
  "breaks off": { caller: greeted, faults: { abruptCloseAtMs: 1500 }, ends: ["line-lost"] },
  vanishes: {
    caller: [{ do: "pause", ms: 60_000 }, { do: "hang-up" }],
    faults: { vanishAtMs: 800 },
    ends: ["no-media"],
  },
  "sends too much": {
    caller: greeted,
    faults: { frames: { oversize: { atMs: 600, bytes: 70_000 } } },
    ends: ["protocol"],
  },
  "starts twice": {
    caller: [untilTheEnd],
    faults: { duplicateStart: { atMs: 500, streamSid: "other" } },
    ends: ["protocol"],
  },
  "has a bad token": {
    caller: [untilTheEnd],
    faults: { customParameters: { token: "0".repeat(32) } },
    ends: ["abandoned"],
  },
  "never starts": { caller: [untilTheEnd], faults: { noStart: true }, ends: ["abandoned"] },
  "is forged": { caller: [], faults: { signature: "forged" }, ends: [] },
  "is forged at the upgrade": { caller: [], faults: { streamSignature: "forged" }, ends: ["abandoned"] },
  "only stops": {
    caller: [...greeted, { do: "hang-up" }],
    faults: { ending: { stop: true, close: false, statusCallback: false } },
    ends: ["caller-hangup"],
  },
  "only closes": {
    caller: [...greeted, { do: "hang-up" }],
    faults: { ending: { stop: false, close: true, statusCallback: false } },
    ends: ["caller-hangup"],
  },
  "only tells": {
    caller: [...greeted, { do: "hang-up" }],
    faults: { ending: { stop: false, close: false, statusCallback: true } },
    ends: ["caller-hangup"],
  },
};

/** Faults of the voice that the next session has, besides; they change how a call goes and may change how it ends. */
const VOICES = [
  {},
  {},
  {},
  { drop: { after: "response.output_audio.delta", count: 2, how: "terminate" } },
  { drop: { after: "session.updated", how: 1011 } },
  { refuse: 503 },
  { transcription: "failed" },
  { response: "server_error" },
  { mute: true },
] as const;

/** What is open in this process, by kind. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
/** Those that calls have and a process at rest does not; the test's own waiting is one timer. */
const held = (): string =>
  JSON.stringify({ sockets: resources().TCPSocketWrap ?? 0, timers: resources().Timeout ?? 0 });

test(
  "after two hundred calls of all endings nothing of them is left",
  sideBySide(async (start) => {
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.message);
    process.on("warning", onWarning);
    const flow = await start({
      speed: 8,
      settings: { TRANSFER_NUMBER: HUMAN, SILENCE_PROMPT_S: "3", MAX_CALLS: String(AT_ONCE * 4), THREAD_PER: "caller" },
      // Whoever asks for a person is handed on by the assistant, and does not come back.
      organizations: { default: { escalation: { mode: "flag" } } },
      dialOutcome: { status: "busy", ringMs: 200 },
    });
    const random = createRandom(7);
    const names = Object.keys(KINDS);
    const plan = Array.from({ length: CALLS }, (_, index) => ({
      name: names[index % names.length] as string,
      // The first round is without faults of the voice, so that every kind ends as it should at least once.
      voice: index < names.length ? {} : random.pick(VOICES),
    }));
    const before = held();

    const ended: { sid: string; name: string; clean: boolean }[] = [];
    const todo = [...plan.entries()];
    const work = async (): Promise<void> => {
      for (let next = todo.shift(); next; next = todo.shift()) {
        const [index, { name, voice }] = next;
        const { caller, faults } = KINDS[name] as Kind;
        flow.openai.faultNext(voice);
        const call = flow.dial(caller, { maxMs: 120_000, ...(faults && { faults }) });
        await call.done;
        ended.push({ sid: call.callSid, name, clean: index < names.length });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    expect(ended).toHaveLength(CALLS);

    // One record and one reason each; those nobody signed for have none.
    const wrong: string[] = [];
    let bridged = 0;
    for (const { sid, name, clean } of ended) {
      const { ends } = KINDS[name] as Kind;
      if (ends.length === 0) {
        if (await flow.app.store.findByCarrierId(sid)) wrong.push(`${name}: has a record`);
        continue;
      }
      const { endReason, timeline, status } = await flow.record(sid);
      const last = timeline.filter(({ what }) => what === "end");
      if (status !== "completed" || !endReason || last.length > 1)
        wrong.push(`${name}: ${status} ${endReason} ${last.length}`);
      // A voice that failed may end any call before its own end, and who was not understood may fall silent.
      if (
        !ends.includes(endReason as EndReason) &&
        (clean || !["voice-unavailable", "silence"].includes(endReason ?? "none"))
      )
        wrong.push(`${name}: ${endReason}`);
      bridged += last.length;
    }
    expect(wrong).toEqual([]);
    expect(bridged).toBeGreaterThan(CALLS / 2);
    expect(await flow.metric("voice_calls_started_total")).toBe(await flow.metric("voice_calls_ended_total"));
    expect(await flow.metric("voice_internal_errors_total")).toBe(0);

    // Nothing is open any more, on any side.
    await until(
      () => `no voice is open: ${flow.openai.counts.open}`,
      () => flow.openai.counts.open === 0,
      20_000,
    );
    expect(await flow.callsActive()).toBe(0);
    expect(await flow.metric("voice_calls_active")).toBe(0);
    await until(
      () => `nothing is held: ${held()}, before ${before}`,
      () => held() === before,
      20_000,
    );
    expect(warnings).toEqual([]);
    process.off("warning", onWarning);
  }),
);
