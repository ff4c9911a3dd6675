// Two instances on one shared state: each sees the other's calls, reaches them, hears of them, and puts away those the other left.
import type { Call } from "../../src/bridge/parts.ts";
import { createCluster, type Cluster } from "../../src/app/cluster.ts";
import { EVENTS_TOPIC } from "../../src/app/live-events.ts";
import { createAskWords } from "../../src/api/words-so-far.ts";
import type { CallParty, EndReason } from "../../src/core/call.ts";
import type { CallCommand } from "../../src/core/control.ts";
import { WATCHERS, WORDS_ASKED, WORDS_TOLD } from "../../src/core/live-words.ts";
import { StateUnavailable, type CallDraft, type LiveEvent, type State } from "../../src/core/state.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { createMemoryCallStore } from "../../src/storage/memory.ts";
import { keptLog, keptMeter, type KeptMeter } from "../support/observe.ts";
import { createVirtualTime, settle, type VirtualTime } from "../support/virtual-time.ts";

interface FakeCall extends Call {
  readonly asked: unknown[];
  draftNow: CallDraft;
  isLost: boolean;
  finish(reason: EndReason): Promise<void>;
}

interface Instance {
  readonly cluster: Cluster;
  readonly meter: KeptMeter;
  readonly lostLines: string[];
  /** Browsers' calls that it looks after from now on. */
  readonly adopted: string[];
  readonly here: Set<string>;
  /** No word of it any more. One that was killed has no connection either; one that hangs has. */
  die(how?: "killed" | "hangs"): void;
  hold(party: CallParty): FakeCall;
}

let time: VirtualTime;
let state: State;
let store: ReturnType<typeof createMemoryCallStore>;
let ids: number;
let instances: Instance[];
let calls: FakeCall[];
beforeEach(() => {
  time = createVirtualTime();
  state = createMemoryState({ clock: time.clock });
  store = createMemoryCallStore();
  ids = 0;
  instances = [];
  calls = [];
});
afterEach(async () => {
  await Promise.all(calls.map((call) => call.finish("shutdown")));
  await Promise.all(instances.map(({ cluster }) => cluster.close()));
  // Heartbeats, looks and suspicions end with their instance.
  if (time.pending() > 0) throw new Error(`${time.pending()} timers are left`);
});

const party = (n: number, change: Partial<CallParty> = {}): CallParty => ({
  callId: `call-${n}`,
  carrierId: `CA${n}`,
  from: "+15550001111",
  to: "+15550002222",
  channel: "phone",
  direction: "inbound",
  orgId: "default",
  ...change,
});

function fakeCall(of: CallParty): FakeCall {
  let end: (reason: EndReason) => void = () => {};
  const ended = new Promise<EndReason>((resolve) => (end = resolve));
  const call: FakeCall = {
    party: of,
    asked: [],
    draftNow: { phase: "intake", transcript: [] },
    isLost: false,
    end: (how) => void call.asked.push(how),
    gone: () => void call.asked.push("gone"),
    say: (text) => void call.asked.push({ say: text }),
    note: (text) => void call.asked.push({ note: text }),
    transfer: (to, note) => void call.asked.push({ to, note }),
    escalate: (request) => void call.asked.push(request),
    draft: () => call.draftNow,
    returns: () => call.isLost,
    phase: () => "listening",
    ended,
    async finish(reason) {
      end(reason);
      await settle();
    },
  };
  return call;
}

function instance(options: { readonly state?: State; readonly isShared?: boolean } = {}): Instance {
  const meter = keptMeter();
  const lostLines: string[] = [];
  const here = new Set<string>();
  const adopted: string[] = [];
  let isDead = false;
  const ends: (() => void)[] = [];
  const shared = options.state ?? state;
  const dead = new Promise<never>(() => undefined);
  // What a dead process sends reaches nobody, and it hears nothing.
  const own: State = {
    ...shared,
    heartbeat: (...of) => (isDead ? dead : shared.heartbeat(...of)),
    enlist: (...of) => (isDead ? dead : shared.enlist(...of)),
    takeDead: () => (isDead ? dead : shared.takeDead()),
    publish: (...of) => (isDead ? undefined : shared.publish(...of)),
    subscribe(topic, listener) {
      const end = shared.subscribe(topic, (message) => void (!isDead && listener(message)));
      ends.push(end);
      return end;
    },
  };
  const cluster = createCluster({
    state: own,
    store,
    isShared: options.isShared ?? true,
    maxCallMs: 30 * 60_000,
    isHere: (carrierId) => here.has(carrierId),
    loseLine: (carrierId) => void lostLines.push(carrierId),
    adopt: async ({ callId }) => void adopted.push(callId),
    clock: time.clock,
    ids: { callId: () => `call-x${++ids}`, token: () => `token-${++ids}`, id: (prefix) => `${prefix}_${++ids}` },
    log: keptLog(),
    meter,
  });
  cluster.start();
  const made: Instance = {
    cluster,
    meter,
    lostLines,
    adopted,
    here,
    die(how = "hangs") {
      isDead = true;
      if (how === "killed") for (const end of ends) end();
    },
    hold(of) {
      const call = fakeCall(of);
      calls.push(call);
      store.open(of, time.clock.date());
      cluster.began(call, undefined);
      return call;
    },
  };
  instances.push(made);
  return made;
}

const heard = (): LiveEvent[] => {
  const events: LiveEvent[] = [];
  state.subscribe(WATCHERS, () => undefined);
  state.subscribe(EVENTS_TOPIC, (message) => void events.push(message as LiveEvent));
  return events;
};

describe("the registry", () => {
  test("shows a call from its beginning to its end, with the instance that holds it", async () => {
    const [one, other] = [instance(), instance()];
    const call = one.hold(party(1));
    const second = other.hold(party(2));
    await settle();
    const live = await state.live();
    expect(live.map(({ callId }) => callId).sort()).toEqual(["call-1", "call-2"]);
    expect(new Set(live.map((entry) => entry.instance)).size).toBe(2);
    expect(await state.findLive("CA1")).toMatchObject({ callId: "call-1", orgId: "default" });
    expect((await store.get("call-1"))?.instance).toBe((await state.findLive("CA1"))?.instance);
    await time.run(300_000);
    expect(await state.findLive("call-1")).toBeDefined();
    await call.finish("caller-hangup");
    expect(await state.findLive("call-1")).toBeUndefined();
    await second.finish("caller-hangup");
    expect(await state.live()).toEqual([]);
  });

  test("keeps a draft of what changed, once a second at the most, and drops it with the call", async () => {
    const one = instance();
    let writes = 0;
    const shared = state;
    const counting = instance({ state: { ...shared, putDraft: (...of) => (writes++, shared.putDraft(...of)) } });
    void one;
    const call = counting.hold(party(1));
    const watch = counting.cluster.watch(party(1));
    for (let n = 0; n < 50; n++) watch("turn", { turn: n });
    expect(writes).toBe(0);
    await time.run(1000);
    expect(writes).toBe(1);
    expect(await state.getDraft("call-1")).toEqual(call.draftNow);
    await time.run(10_000);
    expect(writes).toBe(1);
    await call.finish("agent-hangup");
    expect(await state.getDraft("call-1")).toBeUndefined();
  });

  test("what changed while an older draft is being written is written before who asks what is being said is answered", async () => {
    const shared = state;
    const writes: (() => void)[] = [];
    const putDraft: State["putDraft"] = async (...of) => {
      await new Promise<void>((resolve) => writes.push(resolve));
      await shared.putDraft(...of);
    };
    const slow = instance({ state: { ...shared, putDraft } });
    const call = slow.hold(party(1));
    const watch = slow.cluster.watch(party(1));
    watch("turn", { turn: 1 });
    await time.run(1000);
    expect(writes).toHaveLength(1);
    call.draftNow = { phase: "intake", transcript: [{ role: "agent", text: "We open at nine." }] };
    watch("reply", { utterance: 1 });
    let isTold = false;
    const unsubscribe = shared.subscribe(WORDS_TOLD, () => (isTold = true));
    shared.publish(WORDS_ASKED, { id: "ask_1", callId: "call-1" });
    await settle();
    expect(isTold).toBe(false);
    writes[0]?.();
    await settle();
    expect([writes.length, isTold]).toEqual([2, false]);
    writes[1]?.();
    await settle();
    expect(isTold).toBe(true);
    expect(await shared.getDraft("call-1")).toEqual(call.draftNow);
    // Where nothing changed meanwhile the older one is enough.
    watch("turn", { turn: 2 });
    await time.run(1000);
    isTold = false;
    shared.publish(WORDS_ASKED, { id: "ask_2", callId: "call-1" });
    writes[2]?.();
    await settle();
    expect([writes.length, isTold]).toEqual([3, true]);
    unsubscribe();
  });

  test("a call whose line was lost leaves its draft, and is nobody's", async () => {
    const one = instance();
    const call = one.hold(party(1));
    call.draftNow = { phase: "intake", transcript: [{ role: "caller", text: "The last words" }] };
    call.isLost = true;
    await call.finish("line-lost");
    expect(await state.findLive("call-1")).toBeUndefined();
    expect(await state.getDraft("call-1")).toEqual(call.draftNow);
  });

  test("calls that end while the program stops are delisted before the state is closed", async () => {
    const one = instance();
    const call = one.hold(party(1));
    await settle();
    const finished = call.finish("shutdown");
    await one.cluster.close();
    await finished;
    await state.heartbeat((await store.get("call-1"))?.instance ?? "", 60_000);
    expect(await state.live()).toEqual([]);
  });
});

describe("control", () => {
  const commands: readonly (readonly [CallCommand, unknown])[] = [
    [{ kind: "end" }, { kind: "hangup", reason: "agent-hangup" }],
    [
      { kind: "transfer", to: "+15550009999", note: "A leak" },
      { to: "+15550009999", note: "A leak" },
    ],
    [{ kind: "say", text: "One more thing." }, { say: "One more thing." }],
    [{ kind: "note", text: "It is written." }, { note: "It is written." }],
    [
      { kind: "escalate", reason: "looks bad", urgency: "high" },
      { trigger: "manual", urgency: "high", reason: "looks bad" },
    ],
  ];
  test.each(commands)("%o reaches the call from another instance and here", async (command, done) => {
    const [one, other] = [instance(), instance()];
    const call = one.hold(party(1));
    await settle();
    expect(await other.cluster.control("call-1", command)).toBe("done");
    expect(await other.cluster.control("CA1", command)).toBe("done");
    expect(await one.cluster.control("call-1", command)).toBe("done");
    expect(call.asked).toEqual([done, done, done]);
  });

  test("a call that nobody holds is not live", async () => {
    const [one, other] = [instance(), instance()];
    expect(await one.cluster.control("call-9", { kind: "end" })).toBe("not-live");
    const call = other.hold(party(1));
    await call.finish("caller-hangup");
    expect(await one.cluster.control("call-1", { kind: "end" })).toBe("not-live");
  });

  test("a holder that does not answer is unreachable after a second, and once it counts as dead the call is not live", async () => {
    const [one, other] = [instance(), instance()];
    one.hold(party(1));
    await settle();
    one.die();
    const asked = time.now();
    let answer: string | undefined;
    void other.cluster.control("call-1", { kind: "end" }).then((result) => (answer = result));
    await time.until("an answer", () => answer !== undefined);
    expect(answer).toBe("unreachable");
    expect(time.now() - asked).toBeLessThanOrEqual(1000);
    await time.run(20_000);
    expect(await other.cluster.control("call-1", { kind: "end" })).toBe("not-live");
  });

  test("a holder that was killed is known by it that nobody listens, a quarter second later", async () => {
    const [one, other] = [instance(), instance()];
    one.hold(party(1));
    await settle();
    one.die("killed");
    const asked = time.now();
    let answer: string | undefined;
    void other.cluster.control("call-1", { kind: "end" }).then((result) => (answer = result));
    await time.until("an answer", () => answer !== undefined);
    expect(answer).toBe("unreachable");
    expect(time.now() - asked).toBeLessThanOrEqual(250);
    // Nothing is wrong with one whose listeners could not be counted.
    const uncounted = instance({ state: { ...state, isHeard: () => Promise.reject(new StateUnavailable()) } });
    const call = other.hold(party(2));
    await settle();
    expect(await uncounted.cluster.control("call-2", { kind: "say", text: "Hello" })).toBe("done");
    expect(call.asked).toEqual([{ say: "Hello" }]);
  });

  test("while the shared state is away calls held here are reached, and no others", async () => {
    const away = { ...state, isUp: () => false, findLive: () => Promise.reject(new StateUnavailable()) };
    const one = instance({ state: away });
    const call = one.hold(party(1));
    expect(await one.cluster.control("call-1", { kind: "say", text: "Hello" })).toBe("done");
    expect(call.asked).toEqual([{ say: "Hello" }]);
    expect(await one.cluster.control("call-2", { kind: "end" })).toBe("unreachable");
  });

  test("asking is over with the program", async () => {
    const [one, other] = [instance(), instance()];
    one.hold(party(1));
    await settle();
    one.die();
    const asking = other.cluster.control("call-1", { kind: "end" });
    await settle();
    await other.cluster.close();
    expect(await asking).toBe("unreachable");
  });
});

test("live events are heard from any instance, and the agent's words in pieces of a quarter second", async () => {
  const [one, other] = [instance(), instance()];
  const events = heard();
  const mine = one.cluster.watch(party(1));
  mine("turn", { turn: 1, text: "Hello?" });
  mine("words", { by: "agent", text: "One moment.", utterance: 1 });
  for (const text of ["It", " is", " open."]) mine("words", { by: "agent", text, utterance: 2 });
  other.cluster.watch(party(2, { orgId: "acme" }))("call.started", { channel: "phone" });
  mine("words", { by: "agent", text: "Until six.", utterance: 2 });
  await time.run(250);
  expect(events.map(({ callId, orgId, type, data }) => [callId, orgId, type, data.text, data.utterance])).toEqual([
    ["call-1", "default", "turn", "Hello?", undefined],
    // Of one utterance each.
    ["call-1", "default", "words", "One moment.", 1],
    ["call-2", "acme", "call.started", undefined, undefined],
    ["call-1", "default", "words", "It is open. Until six.", 2],
  ]);
  expect(events[2]?.data).toMatchObject({ from: party(2).from, to: party(2).to });
});

test("while nobody watches, words are only kept; whoever begins to watch is told of all of them, once", async () => {
  const one = instance();
  const events: LiveEvent[] = [];
  state.subscribe(EVENTS_TOPIC, (message) => void events.push(message as LiveEvent));
  const ask = createAskWords({ state, clock: time.clock, asker: "watch_1" });
  const saying = async () => {
    const look = { callId: "call-1", instances: new Set([one.cluster.instance]), onTold: () => undefined };
    return (await ask(look)).get("call-1")?.map(({ text }) => text);
  };
  const mine = one.cluster.watch(party(1));
  const say = (text: string, utterance: number) => mine("words", { by: "agent", text, utterance });
  const timers = time.pending();
  say("One moment.", 1);
  for (const text of ["It", "", " is", " open", "."]) say(text, 2);
  expect(time.pending()).toBe(timers);
  await time.run(1000);
  expect(events).toEqual([]);
  expect(await saying()).toEqual(["One moment.", "It is open."]);

  say("Until", 2);
  const end = state.subscribe(WATCHERS, () => undefined);
  expect(await saying()).toEqual(["One moment.", "It is open. Until"]);
  say(" six", 2);
  say(" today.", 2);
  await time.run(250);
  say("Goodbye.", 2);
  end();
  mine("reply", { utterance: 1 });
  expect(await saying()).toEqual(["It is open. Until six today. Goodbye."]);
  mine("reply", { utterance: 2 });
  await settle();
  expect(await saying()).toBeUndefined();
  expect(events.map(({ type, data }) => [type, data["text"]])).toEqual([
    ["words", "Until"],
    ["words", " six today."],
    ["reply", undefined],
    ["reply", undefined],
  ]);
});

describe("the carrier's word about a call held elsewhere", () => {
  test("that it is over reaches the holder", async () => {
    const [one, other] = [instance(), instance()];
    const call = one.hold(party(1));
    await settle();
    other.cluster.elsewhere.carrierEnded("CA1");
    await settle();
    expect(call.asked).toEqual(["gone"]);
  });

  test("that its stream is over reaches the holder, which loses the line", async () => {
    const [one, other] = [instance(), instance()];
    one.hold(party(1));
    await settle();
    expect(await other.cluster.elsewhere.lineIsOver("CA1")).toBe(true);
    expect(one.lostLines).toEqual(["CA1"]);
    expect(await other.cluster.elsewhere.lineIsOver("CA9")).toBe(false);
  });

  test("closes the record of a call whose holder is dead", async () => {
    const [one, other] = [instance(), instance()];
    one.hold(party(1));
    await settle();
    one.die();
    other.cluster.elsewhere.carrierEnded("CA1");
    await time.run(60_000);
    expect(await store.get("call-1")).toMatchObject({ status: "completed", endReason: "instance-lost" });
    void one;
  });
});

test("a shared state that comes back empty knows of the calls again within a second", async () => {
  let isUp = true;
  const away: State = { ...state, isUp: () => isUp };
  const one = instance({ state: away });
  await time.run(10_000);
  one.hold(party(1));
  await time.run(1200);
  isUp = false;
  await time.run(1700);
  await state.delist("call-1", one.cluster.instance);
  isUp = true;
  await time.run(600);
  expect(await state.findLive("call-1")).toMatchObject({ instance: one.cluster.instance });
});

describe("the reaper", () => {
  const endsOf = (callId: string) => store.get(callId).then((record) => [record?.status, record?.endReason]);

  test("closes the calls of a dead instance within 60 s, once, and touches no other", async () => {
    const [one, other, third] = [instance(), instance(), instance()];
    await time.run(60_000); // Nobody has just come back from an outage.
    const [first] = [one.hold(party(1)), one.hold(party(2))];
    other.hold(party(3));
    first.draftNow = {
      phase: "intake",
      transcript: [
        { role: "agent", text: "Hello, how can I help?" },
        { role: "caller", text: "My tap is leaking." },
      ],
    };
    one.cluster.watch(party(1))("turn", {});
    await time.run(2000);
    const events = heard();
    one.die();
    await time.run(60_000);
    expect(await endsOf("call-1")).toEqual(["completed", "instance-lost"]);
    expect(await endsOf("call-2")).toEqual(["completed", "instance-lost"]);
    expect(await endsOf("call-3")).toEqual(["in-progress", undefined]);
    // What the dead could not write stands in the record.
    expect((await store.get("call-1"))?.turns.map(({ text }) => text)).toEqual(["My tap is leaking."]);
    expect(
      events
        .filter(({ type }) => type === "call.ended")
        .map(({ callId }) => callId)
        .sort(),
    ).toEqual(["call-1", "call-2"]);
    const counted = [other, third].map(({ meter }) => meter.total("voice_calls_ended_total"));
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(2);
    await time.run(120_000);
    expect(await endsOf("call-3")).toEqual(["in-progress", undefined]);
  });

  test("settles what a dead instance left undecided, and what nobody ever told", async () => {
    const escalation = {
      id: "esc_1",
      trigger: "request",
      urgency: "normal",
      reason: "asked",
      mode: "warm",
      atMs: 1,
      outcome: "pending",
    } as const;
    const outcomes = (callId: string) =>
      store.get(callId).then((record) => record?.escalations.map(({ outcome }) => outcome));
    const [one] = [instance(), instance()];
    await time.run(60_000);
    one.hold(party(1)).draftNow = { phase: "escalation", transcript: [], escalation };
    one.cluster.watch(party(1))("escalation", {});
    store.open(party(2), time.clock.date());
    store.update("call-2", {
      status: "completed",
      durationSeconds: 20,
      escalations: [
        { ...escalation, outcome: "busy" },
        { ...escalation, id: "esc_2", mode: "cold" },
      ],
    });
    await time.run(2000);
    one.die();
    await time.run(60_000);
    expect(await outcomes("call-1")).toEqual(["dropped"]);
    // A human may talk with them still.
    await time.run(4 * 3_600_000);
    expect(await outcomes("call-2")).toEqual(["busy", "pending"]);
    await time.run(3 * 3_600_000 + 60_000);
    expect(await outcomes("call-2")).toEqual(["busy", "failed"]);
    expect((await store.get("call-2"))?.escalations[1]?.decidedAtMs).toBe(20_000);
  });

  test("closes a browser's call whose sound came to the dead, as it does one by phone", async () => {
    const [one, other] = [instance(), instance()];
    await time.run(60_000);
    one.hold(party(1, { channel: "browser", carrierId: "ws:session123:call-1" }));
    await settle();
    one.die();
    await time.run(60_000);
    expect(other.adopted).toEqual([]);
    expect(await endsOf("call-1")).toEqual(["completed", "instance-lost"]);
  });

  test("hands a browser's call to one of the living, instead of closing it", async () => {
    const [one, other, third] = [instance(), instance(), instance()];
    await time.run(60_000);
    one.hold(party(1, { channel: "browser", carrierId: "call-1" }));
    await settle();
    one.die();
    await time.run(60_000);
    expect([...other.adopted, ...third.adopted]).toEqual(["call-1"]);
    expect(await endsOf("call-1")).toEqual(["in-progress", undefined]);
  });

  test("leaves a call that another instance goes on with", async () => {
    const [one, other] = [instance(), instance()];
    await time.run(60_000);
    one.hold(party(1));
    await settle();
    one.die();
    await time.run(17_000);
    const back = other.hold(party(1));
    await time.run(120_000);
    expect(await endsOf("call-1")).toEqual(["in-progress", undefined]);
    await back.finish("caller-hangup");
  });

  test("waits for a stream that was offered, as long as its token is good", async () => {
    const [one, other] = [instance(), instance()];
    await time.run(60_000);
    one.hold(party(1));
    await settle();
    one.die();
    await time.run(10_000);
    await state.putToken("token", { party: party(1), accountId: "AC1", resumes: "instance" }, 60_000);
    await time.run(45_000);
    expect(await endsOf("call-1")).toEqual(["in-progress", undefined]);
    await time.run(40_000);
    expect(await endsOf("call-1")).toEqual(["completed", "instance-lost"]);
    void other;
  });

  test("closes a call whose line was lost and whose caller does not come back", async () => {
    const one = instance();
    const call = one.hold(party(1));
    call.isLost = true;
    await call.finish("line-lost");
    await time.run(25_000);
    expect(await endsOf("call-1")).toEqual(["in-progress", undefined]);
    await time.run(10_000);
    expect(await endsOf("call-1")).toEqual(["completed", "line-lost"]);
  });

  test("and sooner when the carrier says that they are gone", async () => {
    const one = instance();
    const call = one.hold(party(1));
    call.isLost = true;
    await state.putEnding("CA1", { kind: "reconnect", reason: "line-lost" });
    await call.finish("line-lost");
    one.cluster.elsewhere.carrierEnded("CA1");
    await time.run(6000);
    expect(await endsOf("call-1")).toEqual(["completed", "line-lost"]);
  });

  test("takes nobody for dead right after the shared state was away", async () => {
    let up = true;
    const flaky = { ...state, isUp: () => up };
    const [one, other] = [instance({ state: flaky }), instance({ state: flaky })];
    await time.run(30_000);
    one.hold(party(1));
    await settle();
    up = false;
    await time.run(120_000);
    up = true;
    await time.run(60_000);
    expect(await endsOf("call-1")).toEqual(["in-progress", undefined]);
    expect(await state.findLive("call-1")).toBeDefined();
    void other;
  });

  test("finds calls of a run before this one, which nobody knows in the shared state any more", async () => {
    store.open(party(7), time.clock.date());
    store.update("call-7", { instance: "instance_of-before" });
    store.open(party(8, { channel: "browser" }), time.clock.date());
    const one = instance({ isShared: true });
    await time.run(300_000);
    expect(await endsOf("call-7")).toEqual(["completed", "instance-lost"]);
    // A call without an instance is a browser's, whose audio never came here.
    expect(await endsOf("call-8")).toEqual(["in-progress", undefined]);
    void one;
  });
});

test("what goes on is put together from the record and the fresher draft, within a second", async () => {
  const one = instance();
  store.open(party(1), new Date(0));
  store.update("call-1", { threadId: "thread-1", phase: "intake" });
  await state.putDraft("call-1", { phase: "escalation", transcript: [{ role: "caller", text: "Hello" }] });
  const resumed = await one.cluster.recall(party(1), "instance");
  expect(resumed).toMatchObject({ cause: "instance", phase: "escalation", threadId: "thread-1" });
  expect(resumed.turns.map(({ text }) => text)).toEqual(["Hello"]);
  const hangs = instance({ state: { ...state, getDraft: () => new Promise(() => undefined) } });
  let known = false;
  void hangs.cluster.recall(party(1), "line").then(() => (known = true));
  await time.run(1000);
  expect(known).toBe(true);
});
