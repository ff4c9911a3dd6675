// Three instances on one Redis and one PostgreSQL: every part of a call may land on another one, and each of them, Redis, and
// PostgreSQL may go away while calls are live.
import { setTimeout as pass } from "node:timers/promises";
import type { CallerScript, SimCall } from "../../src/sim/twilio/index.ts";
import { words } from "../support/recordings.ts";
import { until } from "../support/until.ts";
import { headers, HUMAN, startCluster, type CallView, type Server, type TestCluster } from "./cluster-kit.ts";

let cluster: TestCluster;
let one: Server;
let two: Server;
let three: Server;
beforeAll(async () => {
  cluster = await startCluster(3);
  [one, two, three] = cluster.servers as [Server, Server, Server];
});
afterAll(() => cluster.close());

const say = (id: string) => ({ do: "say", ...words(id) }) as const;
const listen = { do: "wait-for-silence", ms: 1500 } as const;
const stays: CallerScript = [{ do: "wait-for-hang-up", timeoutMs: 120_000 }];
const asks: CallerScript = [listen, say("book-oil-change"), { do: "wait-for-agent" }, listen];

/** Who gets the webhooks and callbacks, and who the streams. */
function route(webhooks: Server, streams: Server = webhooks): void {
  cluster.balancer.choose = (path) => (path.startsWith("/media-stream") ? streams : webhooks).port;
}

const streamed = (call: SimCall, count = 1) => until("its stream is there", () => call.streams.length >= count, 15_000);
/** Steps of the script that were begun. */
const atStep = (call: SimCall, index: number) =>
  call.waitFor((entry) => entry.kind === "step" && entry.index === index, { timeoutMs: 60_000 });

async function ended(server: Server, call: SimCall, ms = 20_000): Promise<CallView> {
  const deadline = performance.now() + ms;
  for (;;) {
    const record = await cluster.record(server, call.callSid).catch(() => undefined);
    if (record?.status === "completed") return record;
    if (performance.now() > deadline) throw new Error(`not ended within ${ms} ms: ${JSON.stringify(record)}`);
    await pass(100);
  }
}
const callId = async (server: Server, call: SimCall): Promise<string> =>
  (await cluster.record(server, call.callSid)).call_id;
const agentLines = ({ transcript }: CallView): string[] =>
  transcript.filter(({ role }) => role === "agent").map(({ text }) => text);
const callerLines = ({ transcript }: CallView): string[] =>
  transcript.filter(({ role }) => role === "caller").map(({ text }) => text);

test("the webhook on one, the stream on another, callbacks on a third: one call, one record", async () => {
  route(one, two);
  const call = cluster.dial([...asks, say("tuesday-at-nine"), { do: "wait-for-agent" }, listen, { do: "hang-up" }]);
  await streamed(call);
  // What follows comes to the third.
  route(three, two);
  const result = await call.done;
  expect(result.scriptError).toBeUndefined();
  const record = await ended(one, call);
  expect(record.end_reason).toBe("caller-hangup");
  expect(callerLines(record)).toEqual([words("book-oil-change").text, words("tuesday-at-nine").text]);
  expect(await three.metric("voice_calls_active")).toBe(0);
  expect(await one.metric("voice_calls_started_total")).toBe(0);
});

describe("from another instance", () => {
  let call: SimCall;
  beforeEach(async () => {
    route(one, two);
    call = cluster.dial(stays);
    await streamed(call);
    await call.waitFor((entry) => entry.kind === "agent-silent", { timeoutMs: 20_000 });
  });

  test("a call is told to say something, and then to end", async () => {
    const id = await callId(three, call);
    const askedAt = call.nowMs();
    const said = await three.ask(`/api/calls/${id}/say`, { text: "Your taxi is waiting." });
    expect(said).toMatchObject({ status: 202, body: { command: "say", status: "accepted" } });
    expect(said.tookMs).toBeLessThan(1000);
    await call.waitFor((entry) => entry.kind === "agent-silent" && entry.atMs > askedAt, { timeoutMs: 20_000 });
    const end = await one.ask(`/api/calls/${id}/end`, {});
    expect(end.status).toBe(202);
    expect(end.tookMs).toBeLessThan(1000);
    const result = await call.done;
    expect(result.endedBy).toBe("hangup-verb");
    const record = await ended(three, call);
    expect(record.end_reason).toBe("agent-hangup");
    expect(agentLines(record)).toContain("Your taxi is waiting.");
    expect((await three.ask(`/api/calls/${id}/say`, { text: "Anybody there?" })).status).toBe(409);
  });

  test("it is handed to a person", async () => {
    const { status, tookMs } = await three.ask(`/api/calls/${await callId(three, call)}/transfer`, { to: HUMAN });
    expect(status).toBe(202);
    expect(tookMs).toBeLessThan(1000);
    const result = await call.done;
    expect(result.dials.map(({ number }) => number)).toEqual([HUMAN]);
    expect((await ended(three, call)).end_reason).toBe("transferred");
  });

  test("it is escalated", async () => {
    const { status, tookMs } = await three.ask(`/api/calls/${await callId(three, call)}/escalate`, { urgency: "high" });
    expect(status).toBe(202);
    expect(tookMs).toBeLessThan(1000);
    const result = await call.done;
    expect(result.dials.map(({ number }) => number)).toEqual([HUMAN]);
    const record = await ended(three, call);
    expect(record.escalation).toMatchObject({ trigger: "manual", urgency: "high" });
  });
});

test("live events of a call are seen from every instance", async () => {
  const watching = new AbortController();
  const seen = cluster.servers.map(async (server) => {
    const answer = await fetch(`http://127.0.0.1:${server.port}/api/live`, { headers, signal: watching.signal });
    let text = "";
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    try {
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value;
    } catch {
      // The watching is over.
    }
    return text;
  });
  await pass(500);
  route(three, one);
  const call = cluster.dial([...asks, { do: "hang-up" }]);
  await call.done;
  const record = await ended(two, call);
  await pass(500);
  watching.abort();
  for (const text of await Promise.all(seen)) {
    const mine = text.split("\n\n").filter((event) => event.includes(record.call_id));
    const types = mine.map((event) => /^event: (.*)$/m.exec(event)?.[1]);
    for (const type of ["call.started", "turn", "words", "reply", "call.ended"]) expect(types).toContain(type);
    expect(mine.join("\n")).toContain("oil change");
  }
});

test("Redis goes away and comes back: no live call notices, others' calls answer 503, and all is well again by itself", async () => {
  route(one, two);
  const books: CallerScript = [
    ...asks,
    { do: "pause", ms: 4000 },
    say("tuesday-at-nine"),
    { do: "wait-for-agent" },
    listen,
  ];
  const live = cluster.dial([...books, { do: "pause", ms: 8000 }, { do: "hang-up" }]);
  await atStep(live, asks.length);
  const id = await callId(three, live);
  await cluster.redis.kill();
  const refused = await three.ask(`/api/calls/${id}/say`, { text: "Hello" });
  expect(refused.status).toBe(503);
  expect(refused.tookMs).toBeLessThan(1500);
  // Its own instance reaches it all the same.
  expect((await two.ask(`/api/calls/${id}/say`, { text: "We are having a little trouble." })).status).toBe(202);
  // A call that begins now is served where everything of it comes to one instance.
  route(three);
  const fresh = cluster.dial([...asks, { do: "hang-up" }]);
  await fresh.done;
  expect(fresh.streams).toHaveLength(1);
  await atStep(live, books.length);
  await cluster.redis.start();
  const back = performance.now();
  for (;;) {
    const { status } = await three.ask(`/api/calls/${id}/say`, { text: "We are back." });
    if (status === 202) break;
    if (performance.now() - back > 8000) throw new Error(`still ${status} eight seconds after Redis came back`);
    await pass(100);
  }
  await live.done;
  const record = await ended(one, live);
  expect(live.streams).toHaveLength(1);
  expect(callerLines(record)).toEqual([words("book-oil-change").text, words("tuesday-at-nine").text]);
  expect(agentLines(record)).toEqual(expect.arrayContaining(["We are having a little trouble.", "We are back."]));
  expect((await ended(one, fresh)).end_reason).toBe("caller-hangup");
});

test("PostgreSQL goes away and comes back: calls go on, and begin and end meanwhile; no row is lost", async () => {
  route(one, two);
  const live = cluster.dial([...asks, say("tuesday-at-nine"), { do: "wait-for-agent" }, listen, { do: "hang-up" }]);
  await atStep(live, 2);
  await cluster.postgres.stop();
  route(three, two);
  const fresh = cluster.dial([...asks, { do: "hang-up" }]);
  await Promise.all([live.done, fresh.done]);
  await cluster.postgres.start();
  const [first, second] = await Promise.all([ended(one, live, 30_000), ended(one, fresh, 30_000)]);
  expect(callerLines(first)).toEqual([words("book-oil-change").text, words("tuesday-at-nine").text]);
  expect(callerLines(second)).toEqual([words("book-oil-change").text]);
  for (const record of [first, second]) expect(record.end_reason).toBe("caller-hangup");
});

test("an instance is killed: its calls go on with another, or are closed within a minute; no other call notices", async () => {
  const books = [...asks, { do: "pause", ms: 9000 } as const];
  const script: CallerScript = [...books, say("tuesday-at-nine"), { do: "wait-for-agent" }, listen, { do: "hang-up" }];
  route(one, two);
  const lost = Array.from({ length: 5 }, () => cluster.dial(script));
  // Nobody ever says a word about this one again.
  const silent = cluster.dial(stays, {
    faults: { ending: { stop: false, close: "abrupt", statusCallback: false }, skipActionAfterHangUp: true },
  });
  await Promise.all([...lost, silent].map((call) => streamed(call)));
  route(one, three);
  const others = Array.from({ length: 3 }, () => cluster.dial(script));
  await Promise.all([...lost, ...others].map((call) => atStep(call, books.length - 1)));
  const silentId = await callId(one, silent);

  two.child.signal("SIGKILL");
  const killedAt = performance.now();
  silent.hangUp();
  await Promise.all(lost.map((call) => streamed(call, 2)));
  const breakMs = performance.now() - killedAt;
  expect(breakMs).toBeLessThan(5000);

  const results = await Promise.all([...lost, ...others].map(({ done }) => done));
  for (const result of results) expect(result.scriptError).toBeUndefined();
  for (const call of lost) {
    const record = await ended(one, call);
    expect(record.end_reason).toBe("caller-hangup");
    expect(callerLines(record)).toEqual([words("book-oil-change").text, words("tuesday-at-nine").text]);
    expect(agentLines(record).filter((text) => text.includes("cut off"))).toHaveLength(1);
    // A day means nothing to somebody who does not know what it is for.
    expect(agentLines(record).at(-1)).toMatch(/Tuesday at nine/);
  }
  for (const call of others) {
    expect(call.streams).toHaveLength(1);
    expect((await ended(one, call)).end_reason).toBe("caller-hangup");
  }
  const left = 60_000 - (performance.now() - killedAt);
  const reaped = await ended(one, silent, left);
  expect(reaped).toMatchObject({ call_id: silentId, end_reason: "instance-lost" });
});
