// One simulated call from the first ring to the last callback: it owns the clock, the handset, the script and the leg, and
// is what a test holds in its hand. What documents do is elsewhere; this decides when the call lives and dies.
import { MULAW_BYTES_PER_MS } from "../../audio/mulaw.ts";
import { createCaller } from "./caller.ts";
import { createCallerLeg } from "./caller-leg.ts";
import { createCallClock } from "./clock.ts";
import { runFlow } from "./flow.ts";
import { createHandset } from "./handset.ts";
import type { EndedBy } from "./leg.ts";
import type { CallStatus } from "./request-params.ts";
import { makeResult, type CallResult } from "./result.ts";
import type { CallPlan, Connected, LiveCall, Network } from "./sim-call.ts";
import { createStatusCallbacks } from "./status-callbacks.ts";
import type { StreamReport } from "./stream-report.ts";
import { createTimeline } from "./timeline.ts";

const DEFAULT_MAX_MS = 30 * 60_000;

export function createCall(network: Network, plan: CallPlan): LiveCall {
  const { identity, faults = {} } = plan;
  const { callSid, from, to, direction } = identity;
  const chance = network.chance.fork();
  const clock = createCallClock(plan.speed);
  const timeline = createTimeline(() => clock.nowMs());
  const { log } = network;
  if (log) timeline.on("*", (entry) => log(callSid, entry));

  let status: CallStatus = direction === "inbound" ? "ringing" : "queued";
  let answeredMs: number | undefined;
  let endedMs: number | undefined;
  let endedBy: EndedBy = "caller";
  let rejection: string | undefined;
  let scriptError: string | undefined;
  const streams: StreamReport[] = [];
  const over = new AbortController();

  const handset = createHandset({
    clock,
    chance,
    frameMs: plan.frameMs ?? 20,
    noiseFloor: plan.noiseFloor ?? 0,
    clearTailMs: plan.clearTailMs ?? 0,
    onFrame: (frame, endMs) => leg.attached()?.stream.sendFrame(frame, endMs),
    onMarks: (names) => names.forEach((name) => leg.attached()?.returnMark(name, false)),
    onTick: (nowMs) => caller.tick(nowMs),
    onAgentStart: (atMs) => timeline.add({ kind: "agent-speaking" }, atMs),
    onAgentEnd: (atMs, spokeMs) => timeline.add({ kind: "agent-silent", spokeMs }, atMs),
  });

  const leg = createCallerLeg({
    network,
    plan,
    chance,
    clock,
    timeline,
    handset,
    streams,
    status: () => status,
    answered: () => answeredMs !== undefined,
    answer,
    reject(reason) {
      rejection = reason;
    },
  });

  const caller = createCaller(plan.caller, {
    hearing: handset.hearing,
    loudMs: () => handset.callerLoudMs,
    say,
    press: (digit) => leg.press(digit),
    hangUp: () => end("caller"),
    onStep: (index, step) => timeline.add({ kind: "step", index, do: step.do }),
    onFailure(message) {
      scriptError = message;
      timeline.add({ kind: "script-failed", message });
    },
  });

  const notify = createStatusCallbacks(plan.statusCallback, (target, extra) =>
    leg.tell("status-callback", target, extra),
  );

  function progress(next: "initiated" | "ringing"): void {
    if (answeredMs !== undefined || endedMs !== undefined) return;
    status = next;
    if (next === "ringing") timeline.add({ kind: "ringing" });
    notify(next, status);
  }

  function answer(): void {
    if (answeredMs !== undefined || endedMs !== undefined) return;
    answeredMs = clock.nowMs();
    status = "in-progress";
    timeline.add({ kind: "answered" });
    handset.lift();
    notify("answered", status);
  }

  function say(audio: Uint8Array, text?: string, onEnd?: () => void): void {
    const words = text === undefined ? {} : { text };
    handset.mouth.say({
      audio,
      onStart: (atMs) =>
        timeline.add({ kind: "caller-speaking", ms: audio.length / MULAW_BYTES_PER_MS, ...words }, atMs),
      onEnd(atMs) {
        timeline.add({ kind: "caller-silent" }, atMs);
        onEnd?.();
      },
    });
  }

  /** The line is dead from this moment; documents and streams find out and finish. */
  function end(by: EndedBy, outcome: CallStatus = "no-answer"): void {
    if (endedMs !== undefined) return;
    endedMs = clock.nowMs();
    endedBy = by;
    status = answeredMs === undefined ? unansweredStatus(by, outcome) : "completed";
    timeline.add({ kind: "hang-up", by });
    handset.drop();
    over.abort();
    leg.leave();
  }

  function unansweredStatus(by: EndedBy, outcome: CallStatus): CallStatus {
    if (by === "rejected") return rejection === "busy" ? "busy" : "no-answer";
    return by === "rest" ? "canceled" : outcome;
  }

  /** Rings an inbound call; the first document picks it up. */
  async function ring(): Promise<Connected> {
    progress("ringing");
    await clock.wait(plan.ringMs, over.signal);
    return { outcome: "answered" };
  }

  async function run(): Promise<CallResult> {
    timeline.add({ kind: "placed", from, to, direction });
    void clock.wait(plan.maxMs ?? DEFAULT_MAX_MS, over.signal).then((elapsed) => elapsed && end("time-limit"));
    const { outcome, extra } = await (plan.connect ? plan.connect(call) : ring());
    if (endedMs === undefined && outcome === "answered") {
      const { first } = plan;
      const by = await runFlow(
        leg,
        first.from === "request" ? { ...first, extra: { ...first.extra, ...extra } } : first,
      );
      end(by ?? "caller");
    }
    if (outcome !== "answered") end("not-answered", outcome);
    return finish();
  }

  async function finish(): Promise<CallResult> {
    const lengthMs = endedMs ?? clock.nowMs();
    const durationS = answeredMs === undefined ? 0 : Math.round((lengthMs - answeredMs) / 1000);
    if (faults.ending?.statusCallback !== false) notify("completed", status, durationS);
    await leg.settled();
    timeline.add({ kind: "ended", by: endedBy, status, durationS });
    timeline.close();
    return makeResult({
      callSid,
      status,
      endedBy,
      answered: answeredMs !== undefined,
      durationS,
      lengthMs,
      timeline: timeline.entries,
      streams,
      heard: handset.heard.take(lengthMs),
      spoken: handset.spoken.take(lengthMs),
      ...(scriptError === undefined ? {} : { scriptError }),
    });
  }

  const call: LiveCall = {
    callSid,
    identity,
    get streamSid() {
      return streams.at(-1)?.streamSid ?? "";
    },
    timeline: timeline.entries,
    streams,
    nowMs: () => clock.nowMs(),
    playedMs: () => handset.playedBytes() / MULAW_BYTES_PER_MS,
    on: timeline.on,
    waitFor: timeline.waitFor,
    hangUp: () => end("caller"),
    press: (digit) => leg.press(digit),
    say,
    abort: () => leg.attached()?.stream.abort(),
    pause: () => leg.attached()?.stream.pause(),
    resume: () => leg.attached()?.stream.resume(),
    vanish: () => leg.attached()?.stream.vanish(),
    sendRaw: (data) => leg.attached()?.stream.sendRaw(data),
    status: () => status,
    progress,
    answer,
    end,
    ended: () => endedMs !== undefined,
    replace: (next) => leg.replace(next),
    tell: (purpose, target, extra) => leg.tell(purpose, target, extra),
    wait: (ms) => clock.wait(ms, over.signal),
    // Should the simulation itself fail, the handset must not go on for ever.
    done: Promise.resolve()
      .then(run)
      .finally(() => end("simulation-closed")),
  };
  return call;
}
