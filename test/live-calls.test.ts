// The calls of a process: admission, voices opened early, the end of each, and the way out at shutdown.
import type { Call } from "../src/bridge/parts.ts";
import type { CallParty, EndReason } from "../src/core/call.ts";
import type { Line } from "../src/core/line.ts";
import type { Voice } from "../src/core/voice.ts";
import { createLiveCalls, SHUTDOWN_GOODBYE_MS } from "../src/live-calls.ts";
import { createPlaces } from "../src/organizations/places.ts";
import { createMemoryState } from "../src/state/memory.ts";
import { keptLog, keptMeter } from "./support/observe.ts";
import { createVirtualTime, settle } from "./support/virtual-time.ts";

const party = (number: number, orgId = "default"): CallParty => ({
  callId: `call-${number}`,
  carrierId: `CA${number}`,
  from: "+1",
  to: "+2",
  channel: "phone",
  direction: number % 2 ? "inbound" : "outbound",
  orgId,
});

function setup(maxCalls = 3, mostCalls = Infinity) {
  const time = createVirtualTime();
  const state = createMemoryState({ clock: time.clock });
  const places = createPlaces({ state, clock: time.clock });
  const voices: { readonly callId: string; closed: number }[] = [];
  const started: {
    readonly party: CallParty;
    readonly early: Voice | undefined;
    readonly ends: Parameters<Call["end"]>[];
    gone: number;
    end(reason: EndReason): void;
  }[] = [];
  const gauges = new Map<string, number>();
  const log = keptLog();
  const meter = { ...keptMeter(), gauge: (name: string, value: number) => void gauges.set(name, value) };
  let fails = false;
  const passedOn: string[] = [];
  const calls = createLiveCalls({
    maxCalls,
    places,
    log,
    meter,
    seatFor: (given) => ({
      mostCalls,
      openVoice() {
        const entry = { callId: given.callId, closed: 0 };
        voices.push(entry);
        return { close: () => void entry.closed++ } as unknown as Voice;
      },
      startCall(_line, early): Call {
        if (fails) throw new Error("a defect");
        let end: (reason: EndReason) => void = () => {};
        const ended = new Promise<EndReason>((resolve) => (end = resolve));
        const ends: Parameters<Call["end"]>[] = [];
        const entry = { party: given, early, ends, gone: 0, end };
        started.push(entry);
        return {
          party: given,
          end: (...asked) => void ends.push(asked),
          gone: () => void entry.gone++,
          say: () => undefined,
          note: () => undefined,
          transfer: () => undefined,
          escalate: () => undefined,
          draft: () => ({ phase: "intake", transcript: [] }),
          returns: () => false,
          phase: () => "listening",
          ended,
        };
      },
    }),
    recall: async () => ({}),
    elsewhere: { lineIsOver: async () => false, carrierEnded: (carrierId) => void passedOn.push(carrierId) },
  });
  const lines: number[] = [];
  const line = (number: number): Line => ({ close: () => void lines.push(number) }) as unknown as Line;
  return {
    calls,
    passedOn,
    state,
    voices,
    started,
    gauges,
    meter,
    log,
    lines,
    line,
    failing: (yes: boolean) => void (fails = yes),
  };
}

describe("admission", () => {
  test("holds a place from the webhook on, and refuses beyond the limit", async () => {
    const { calls, meter, line, started } = setup(2);
    expect(await Promise.all([1, 2, 3].map((number) => calls.admit(party(number))))).toEqual(["ok", "ok", "busy"]);
    expect(meter.total("voice_admission_rejected_total", { cause: "busy" })).toBe(1);
    calls.enter(line(1), party(1));
    expect(await calls.admit(party(3))).toBe("busy");
    started[0]?.end("caller-hangup");
    await settle();
    expect(await calls.admit(party(3))).toBe("ok");
  });

  test("an organization at its own limit is busy, and nobody else is", async () => {
    const { calls, meter, line, lines } = setup(10, 1);
    expect(await calls.admit(party(1, "shop"))).toBe("ok");
    expect(await calls.admit(party(2, "shop"))).toBe("busy");
    expect(await calls.admit(party(3, "clinic"))).toBe("ok");
    // The same call, with a second stream.
    calls.enter(line(1), party(1, "shop"));
    expect(await calls.admit(party(1, "shop"))).toBe("ok");
    calls.enter(line(2), party(2, "shop"));
    expect(lines).toEqual([2]);
    expect(meter.total("voice_admission_rejected_total", { cause: "organization" })).toBe(2);
  });

  test("an organization's calls of other instances count, until they are over", async () => {
    const { calls, state, meter, line, started } = setup(10, 2);
    await state.takePlace("calls-of:shop", "theirs", 2, 60_000);
    expect(await calls.admit(party(1, "shop"))).toBe("ok");
    expect(await calls.admit(party(2, "shop"))).toBe("busy");
    expect(calls.isLive("CA2")).toBe(false);
    expect(meter.total("voice_admission_rejected_total", { cause: "organization" })).toBe(1);
    calls.enter(line(1), party(1, "shop"));
    started[0]?.end("caller-hangup");
    await settle();
    expect(await calls.admit(party(2, "shop"))).toBe("ok");
    calls.abandon("call-2");
    await settle();
    expect(await state.takePlace("calls-of:shop", "theirs too", 2, 60_000)).toBe(true);
  });

  test("a place that is taken late is given back when the call is over by then", async () => {
    const { calls, state, line, started } = setup(10, 1);
    calls.enter(line(1), party(1, "shop"));
    started[0]?.end("caller-hangup");
    await settle();
    expect(await state.takePlace("calls-of:shop", "the next", 1, 60_000)).toBe(true);
  });

  test("of two lines of one call the first has it", async () => {
    const { calls, line, lines, started } = setup();
    calls.enter(line(1), party(1));
    calls.enter(line(2), party(1));
    expect([started.length, lines]).toEqual([1, [2]]);
    started[0]?.end("caller-hangup");
    await settle();
    expect(calls.counts().active).toBe(0);
  });

  test("given up makes room, and closes the voice that was opened early", async () => {
    const { calls, voices } = setup(1);
    await calls.admit(party(1));
    calls.prewarm(party(1));
    calls.abandon("call-1");
    calls.abandon("call-1");
    calls.abandon("unknown");
    expect(voices).toEqual([{ callId: "call-1", closed: 1 }]);
    expect(await calls.admit(party(2))).toBe("ok");
    expect(calls.isLive("CA1")).toBe(false);
  });

  test("a stream that comes after its place was given up takes any free one, or is closed", async () => {
    const { calls, started, lines, line } = setup(1);
    calls.enter(line(1), party(1));
    expect(started).toHaveLength(1);
    calls.enter(line(2), party(2));
    expect([started.length, lines]).toEqual([1, [2]]);
  });
});

describe("a voice opened early", () => {
  test("is opened once, for an admitted call that has no stream yet, and handed to its bridge", async () => {
    const { calls, voices, started, line } = setup();
    calls.prewarm(party(1));
    await calls.admit(party(1));
    calls.prewarm(party(1));
    calls.prewarm(party(1));
    calls.enter(line(1), party(1));
    calls.prewarm(party(1));
    expect(voices).toEqual([{ callId: "call-1", closed: 0 }]);
    expect(started[0]?.early).toBeDefined();
    calls.abandon("call-1");
    expect(voices[0]?.closed).toBe(0);
  });
});

describe("live calls", () => {
  test("are counted while their stream is open, and by reason afterwards", async () => {
    const { calls, started, line, gauges } = setup();
    for (const number of [1, 2]) {
      await calls.admit(party(number));
      calls.enter(line(number), party(number));
    }
    await calls.admit(party(3));
    expect(calls.counts()).toEqual({ active: 2, ended: {} });
    expect(gauges.get("voice_calls_active")).toBe(1);
    expect([calls.isLive("CA1"), calls.isLive("CA3"), calls.isLive("CA9")]).toEqual([true, true, false]);
    started[0]?.end("silence");
    started[1]?.end("silence");
    await settle();
    expect(calls.counts()).toEqual({ active: 0, ended: { silence: 2 } });
    expect(gauges.get("voice_calls_active")).toBe(0);
  });

  test("the carrier's word that a call is over reaches its bridge, or gives up its place", async () => {
    const { calls, passedOn, started, voices, line } = setup();
    await calls.admit(party(1));
    calls.enter(line(1), party(1));
    await calls.admit(party(2));
    calls.prewarm(party(2));
    for (const carrierId of ["CA1", "CA2", "CA9"]) calls.carrierEnded(carrierId);
    expect(passedOn).toEqual(["CA9"]);
    expect(started[0]?.gone).toBe(1);
    expect(voices[0]?.closed).toBe(1);
    expect(calls.isLive("CA2")).toBe(false);
  });

  test("a second stream of the same call does not lose its place when the first one's end is noticed late", async () => {
    const { calls, started, line } = setup();
    await calls.admit(party(1));
    calls.enter(line(1), party(1));
    started[0]?.end("line-lost");
    // The carrier is as quick as that: it asks, is told to open another stream, and does, before the end was dealt with.
    await calls.admit(party(1));
    calls.enter(line(2), party(1));
    await settle();
    expect(calls.counts()).toEqual({ active: 1, ended: { "line-lost": 1 } });
    expect(calls.isLive("CA1")).toBe(true);
    started[1]?.end("caller-hangup");
    await settle();
    expect(calls.counts()).toEqual({ active: 0, ended: { "line-lost": 1, "caller-hangup": 1 } });
  });

  test("a call that cannot be started keeps neither its place nor its voice", async () => {
    const { calls, voices, line, failing } = setup(1);
    await calls.admit(party(1));
    calls.prewarm(party(1));
    failing(true);
    expect(() => calls.enter(line(1), party(1))).toThrow("a defect");
    expect(voices[0]?.closed).toBe(1);
    expect(await calls.admit(party(2))).toBe("ok");
  });
});

describe("the drain", () => {
  const never = new AbortController().signal;

  async function isDone(promise: Promise<void>): Promise<boolean> {
    let done = false;
    void promise.then(() => (done = true));
    await settle();
    return done;
  }

  test("with no calls is over at once, and takes none", async () => {
    const { calls, gauges, meter } = setup();
    expect(await isDone(calls.drain(never, never))).toBe(true);
    expect(calls.isDraining()).toBe(true);
    expect(await calls.admit(party(1))).toBe("draining");
    expect(gauges.get("voice_draining")).toBe(1);
    expect(meter.total("voice_admission_rejected_total", { cause: "draining" })).toBe(1);
  });

  test("waits for the live calls, and says nothing to them before its limit", async () => {
    const { calls, started, line } = setup();
    for (const number of [1, 2]) calls.enter(line(number), party(number));
    const drained = calls.drain(never, never);
    expect(await isDone(drained)).toBe(false);
    started[0]?.end("caller-hangup");
    expect(await isDone(drained)).toBe(false);
    started[1]?.end("caller-hangup");
    expect(await isDone(drained)).toBe(true);
    expect(started.flatMap(({ ends }) => ends)).toEqual([]);
  });

  test("says goodbye at its limit, gives up calls without a stream, and still waits", async () => {
    const { calls, started, voices, line } = setup();
    calls.enter(line(1), party(1));
    await calls.admit(party(2));
    calls.prewarm(party(2));
    const limit = new AbortController();
    const drained = calls.drain(limit.signal, never);
    limit.abort();
    expect(started[0]?.ends).toEqual([[{ kind: "hangup", reason: "shutdown" }, "shutdown", SHUTDOWN_GOODBYE_MS]]);
    expect(voices[0]?.closed).toBe(1);
    expect(await isDone(drained)).toBe(false);
    started[0]?.end("shutdown");
    expect(await isDone(drained)).toBe(true);
  });

  test("whose limit has passed already says goodbye at once", async () => {
    const { calls, started, line } = setup();
    calls.enter(line(1), party(1));
    void calls.drain(AbortSignal.abort(), never);
    expect(started[0]?.ends).toHaveLength(1);
  });

  test("is over when it is forced, whoever is left, and closing ends those", async () => {
    const { calls, started, voices, line } = setup();
    calls.enter(line(1), party(1));
    await calls.admit(party(2));
    calls.prewarm(party(2));
    const force = new AbortController();
    const drained = calls.drain(never, force.signal);
    expect(await isDone(drained)).toBe(false);
    force.abort();
    expect(await isDone(drained)).toBe(true);
    calls.close();
    expect(started[0]?.ends).toEqual([[{ kind: "hangup", reason: "shutdown" }]]);
    expect(voices[0]?.closed).toBe(1);
    calls.close();
  });

  test("leaves no listener behind", async () => {
    const { calls, started, line } = setup();
    calls.enter(line(1), party(1));
    const heard: string[] = [];
    const limit = new AbortController();
    const remove = limit.signal.removeEventListener.bind(limit.signal);
    limit.signal.removeEventListener = (...args: Parameters<AbortSignal["removeEventListener"]>) => {
      heard.push(args[0]);
      remove(...args);
    };
    const drained = calls.drain(limit.signal, never);
    started[0]?.end("caller-hangup");
    expect(await isDone(drained)).toBe(true);
    expect(heard).toEqual(["abort"]);
    limit.abort();
    expect(started[0]?.ends).toEqual([]);
  });
});
