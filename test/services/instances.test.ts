/* oxlint-disable jest/no-standalone-expect -- stories are lived beside each other, and each has its test. */
// Three instances on one Redis and one PostgreSQL: every part of a call may land on another one, and each of them, Redis, and
// PostgreSQL may go away while calls are live.
import { setTimeout as pass } from "node:timers/promises";
import type { CallerScript, CallOptions, SimCall } from "../../src/sim/twilio/index.ts";
import { startBalancer, type Balancer } from "../support/balancer.ts";
import { openBrowser, type BrowserClient } from "../support/browser-client.ts";
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
afterAll(async () => {
  await Promise.all(own.map((balancer) => balancer.close()));
  await cluster.close();
});
/** Balancers of single calls. */
const own: Balancer[] = [];

const say = (id: string) => ({ do: "say", ...words(id) }) as const;
const listen = { do: "wait-for-silence", ms: 1500 } as const;
const stays: CallerScript = [{ do: "wait-for-hang-up", timeoutMs: 120_000 }];
const asks: CallerScript = [listen, say("book-oil-change"), { do: "wait-for-agent" }, listen];

const sends = (webhooks: Server, streams: Server) => (path: string) =>
  (path.startsWith("/media-stream") ? streams : webhooks).port;
/** Who gets the webhooks and callbacks, and who the streams. */
function route(webhooks: Server, streams: Server = webhooks): void {
  cluster.balancer.choose = sends(webhooks, streams);
}

const streamed = (call: SimCall, count = 1) => until("its stream is there", () => call.streams.length >= count);
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

async function untilAsked(what: string | (() => string), isSo: () => Promise<boolean>, ms = 20_000): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > deadline)
      throw new Error(`not within ${ms} ms: ${typeof what === "string" ? what : what()}`);
    await pass(100);
  }
}

/** A call with a way of its own to the servers: webhooks to the first, streams to the second, until it is told otherwise. */
async function dialOn(
  caller: CallerScript,
  more: Partial<CallOptions> = {},
): Promise<{ call: SimCall; way: Balancer }> {
  const way = await startBalancer(sends(one, two));
  own.push(way);
  return { way, call: cluster.dial(caller, { ...more, url: way.url, publicUrl: cluster.balancer.url }) };
}

/** Stories that do not get in each other's way are lived at the same time; each test only tells what became of its own. */
describe("side by side", () => {
  const stories: { readonly live: () => Promise<void>; lived?: Promise<unknown> }[] = [];
  function story(name: string, live: () => Promise<void>): void {
    const one: (typeof stories)[number] = { live };
    stories.push(one);
    test(name, async () => {
      const failure = await one.lived;
      if (failure !== undefined) throw failure;
    });
  }
  beforeAll(() => {
    for (const one of stories) one.lived = one.live().catch((error: unknown) => error ?? new Error("failed"));
  });

  story("the webhook on one, the stream on another, callbacks on a third: one call, one record", async () => {
    const { call, way } = await dialOn([
      ...asks,
      say("tuesday-at-nine"),
      { do: "wait-for-agent" },
      listen,
      { do: "hang-up" },
    ]);
    await streamed(call);
    // What follows comes to the third.
    way.choose = sends(three, two);
    const result = await call.done;
    expect(result.scriptError).toBeUndefined();
    const record = await ended(one, call);
    expect(record.end_reason).toBe("caller-hangup");
    expect(callerLines(record)).toEqual([words("book-oil-change").text, words("tuesday-at-nine").text]);
    expect(await three.metric("voice_calls_active")).toBe(0);
    expect(await one.metric("voice_calls_started_total")).toBe(0);
  });

  /** A caller who has been greeted. */
  async function greeted(more: Partial<CallOptions> = {}): Promise<SimCall> {
    const { call } = await dialOn(stays, more);
    await streamed(call);
    await call.waitFor((entry) => entry.kind === "agent-silent", { timeoutMs: 30_000 });
    return call;
  }

  story("from another instance a call is told to say something, and then to end", async () => {
    const call = await greeted();
    const id = await callId(three, call);
    const askedAt = call.nowMs();
    const said = await three.ask(`/api/calls/${id}/say`, { text: "Your taxi is waiting." });
    expect(said).toMatchObject({ status: 202, body: { command: "say", status: "accepted" } });
    await call.waitFor((entry) => entry.kind === "agent-silent" && entry.atMs > askedAt, { timeoutMs: 30_000 });
    expect((await one.ask(`/api/calls/${id}/end`, {})).status).toBe(202);
    const result = await call.done;
    expect(result.endedBy).toBe("hangup-verb");
    const record = await ended(three, call);
    expect(record.end_reason).toBe("agent-hangup");
    expect(agentLines(record)).toContain("Your taxi is waiting.");
    expect((await three.ask(`/api/calls/${id}/say`, { text: "Anybody there?" })).status).toBe(409);
  });

  story("from another instance it is handed to a person", async () => {
    const call = await greeted();
    expect((await three.ask(`/api/calls/${await callId(three, call)}/transfer`, { to: HUMAN })).status).toBe(202);
    const result = await call.done;
    expect(result.dials.map(({ number }) => number)).toEqual([HUMAN]);
    expect((await ended(three, call)).end_reason).toBe("transferred");
  });

  story("from another instance it is escalated", async () => {
    const call = await greeted();
    const asked = await three.ask(`/api/calls/${await callId(three, call)}/escalate`, { urgency: "high" });
    expect(asked.status).toBe(202);
    const result = await call.done;
    expect(result.dials.map(({ number }) => number)).toEqual([HUMAN]);
    const record = await ended(three, call);
    expect(record.escalation).toMatchObject({ trigger: "manual", urgency: "high" });
  });

  story("from another instance its recording is paused, and gone on with by a third", async () => {
    const number = "+15550004444";
    const stored = await one.ask("/api/org/config/taped", {
      numbers: [number],
      greeting: "Hello.",
      recording: { enabled: true, consent: "announce", notice: "This call is recorded." },
    });
    expect(stored.status).toBeLessThan(300);
    // The others hear of it in a moment.
    await untilAsked("every instance knows the number", async () =>
      (await Promise.all(cluster.servers.map((server) => server.ask("/api/org/config/taped")))).every(
        ({ status }) => status === 200,
      ),
    );
    const call = await greeted({ to: number });
    const path = `/api/calls/${await callId(three, call)}/recording`;
    const steer = async (server: Server, action: string) => (await server.ask(path, { action })).status;
    await untilAsked("it is recorded, and paused", async () => (await steer(three, "pause")) === 202);
    expect(await steer(one, "pause")).toBe(409);
    await pass(1500);
    expect(await steer(one, "resume")).toBe(202);
    expect(await steer(three, "resume")).toBe(409);
    await pass(500);
    call.hangUp();
    await call.done;
    const { timeline } = (await ended(three, call)) as CallView & { timeline: { at_ms: number; what: string }[] };
    const at = (what: string): number => timeline.find((entry) => entry.what === what)?.at_ms ?? NaN;
    expect(at("recording goes on") - at("recording paused")).toBeGreaterThan(1000);
    expect(at("recording paused")).toBeGreaterThan(at("recording begins"));
  });

  story(
    "a conversation is one over requests and over its socket, whichever instance each of them comes to",
    async () => {
      const begun = (await three.ask("/conversation/start", {})).body as { readonly session_id: string };
      const id = begun.session_id;
      const openAt = ({ port }: Server) => openBrowser(`ws://127.0.0.1:${port}/ws/voice-agent/${id}`, { headers });
      const write = async (client: BrowserClient, text: string): Promise<void> => {
        client.send({ type: "text_input", text });
        await client.next("conversation_response", 20_000);
      };
      const first = await openAt(three);
      await write(first, "I want to book an oil change.");
      const asked = await two.ask("/conversation/process", { session_id: id, user_input: "Tuesday at nine." });
      expect(asked.status).toBe(200);
      // The one that comes later takes over, from an instance that did not know of the session.
      const second = await openAt(two);
      expect((await first.whenClosed(20_000)).code).toBe(4001);
      await write(second, "How long does it take?");
      const { sockets } = (await one.ask("/ws/status")).body as {
        readonly sockets: readonly { readonly session_id: string; readonly call_id: string }[];
      };
      const { call_id = "" } = sockets.find(({ session_id }) => session_id === id) ?? {};
      // Nothing was asked in between: the call itself goes on.
      const third = await openAt(three);
      expect((await second.whenClosed(20_000)).code).toBe(4001);
      await write(third, "And what does it cost?");
      third.close();
      const said = [
        "I want to book an oil change.",
        "Tuesday at nine.",
        "How long does it take?",
        "And what does it cost?",
      ];
      const has = (view: unknown, lines: string[]): boolean =>
        JSON.stringify(callerLines(view as CallView)) === JSON.stringify(lines);
      let seen: unknown;
      await untilAsked(
        () => `the instance that began it shows all of it: ${JSON.stringify(seen)}`,
        async () => has((seen = (await three.ask(`/api/calls/${id}`)).body), said),
      );
      await untilAsked(
        () => `and the one that had the call first, that it is over: ${JSON.stringify(seen)}`,
        async () => {
          seen = (await two.ask(`/api/calls/${call_id}`)).body;
          return (seen as CallView).status === "completed" && has(seen, said.slice(2));
        },
      );
    },
  );

  story("live events of a call are seen from every instance", async () => {
    const watching = new AbortController();
    const texts = cluster.servers.map(() => "");
    const seen = cluster.servers.map(async (server, n) => {
      const answer = await fetch(`http://127.0.0.1:${server.port}/api/live`, { headers, signal: watching.signal });
      const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
      try {
        for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) texts[n] += part.value;
      } catch {
        // The watching is over.
      }
    });
    await until("all of them watch", () => texts.every((text) => text !== ""), 20_000);
    const { call, way } = await dialOn([...asks, { do: "hang-up" }]);
    way.choose = sends(three, two);
    await call.done;
    const record = await ended(one, call);
    const eventsOf = (text: string) => text.split("\n\n").filter((event) => event.includes(record.call_id));
    const typesOf = (text: string) => eventsOf(text).map((event) => /^event: (.*)$/m.exec(event)?.[1]);
    await until("all have heard of its end", () => texts.every((text) => typesOf(text).includes("call.ended")), 20_000);
    watching.abort();
    await Promise.all(seen);
    for (const text of texts) {
      for (const type of ["call.started", "turn", "words", "reply", "call.ended"])
        expect(typesOf(text)).toContain(type);
      expect(eventsOf(text).join("\n")).toContain("oil change");
    }
  });
});

test("F21: Redis goes away and comes back: no live call notices, others' calls answer 503, and all is well again by itself", async () => {
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
  // Twilio's REST API is not there, so that a call that may be placed gets as far as the dialling.
  const place = async (server: Server): Promise<number> =>
    (await server.ask("/api/calls", { to: "+12025550123" })).status;
  expect(await place(three)).toBe(502);
  await cluster.redis.kill();
  const refused = await three.ask(`/api/calls/${id}/say`, { text: "Hello" });
  // How soon: npm run measure:control.
  expect(refused.status).toBe(503);
  await untilAsked("it is told", async () => (await three.metric("voice_redis_up")) === 0);
  // Outbound calls fail closed: nobody knows how many there were.
  expect(await place(three)).toBe(503);
  // Its own instance reaches it all the same.
  expect((await two.ask(`/api/calls/${id}/say`, { text: "We are having a little trouble." })).status).toBe(202);
  // A call that begins now is served where everything of it comes to one instance.
  route(three);
  const fresh = cluster.dial([...asks, { do: "hang-up" }]);
  await fresh.done;
  expect(fresh.streams).toHaveLength(1);
  await atStep(live, books.length);
  await cluster.redis.start();
  await untilAsked("others' calls are reached again", async () => {
    return (await three.ask(`/api/calls/${id}/say`, { text: "We are back." })).status === 202;
  });
  expect(await three.metric("voice_redis_up")).toBe(1);
  expect(await place(three)).toBe(502);
  await live.done;
  const record = await ended(one, live);
  expect(live.streams).toHaveLength(1);
  expect(callerLines(record)).toEqual([words("book-oil-change").text, words("tuesday-at-nine").text]);
  expect(agentLines(record)).toEqual(expect.arrayContaining(["We are having a little trouble.", "We are back."]));
  expect((await ended(one, fresh)).end_reason).toBe("caller-hangup");
});

test("F20: PostgreSQL goes away and comes back: calls go on, and begin and end meanwhile; no row is lost", async () => {
  route(one, two);
  const live = cluster.dial([...asks, say("tuesday-at-nine"), { do: "wait-for-agent" }, listen, { do: "hang-up" }]);
  await atStep(live, 2);
  await cluster.postgres.stop();
  route(three, two);
  const fresh = cluster.dial([...asks, { do: "hang-up" }]);
  await Promise.all([live.done, fresh.done]);
  // It is told, and what waits is on the disk; calls are served, so that the instance stays in service.
  await untilAsked("the database is told to be away", async () => (await two.metric("voice_db_up")) === 0);
  await untilAsked("rows wait on the disk", async () => (await two.metric("voice_spool_rows")) > 0);
  expect((await two.ask("/readyz")).status).toBe(200);
  expect((await two.ask("/api/calls")).status).toBe(503);
  await cluster.postgres.start();
  const [first, second] = await Promise.all([ended(one, live, 30_000), ended(one, fresh, 30_000)]);
  expect(callerLines(first)).toEqual([words("book-oil-change").text, words("tuesday-at-nine").text]);
  expect(callerLines(second)).toEqual([words("book-oil-change").text]);
  for (const record of [first, second]) expect(record.end_reason).toBe("caller-hangup");
  // One stream each: nobody was cut off. What waited is written, and nothing was given up.
  for (const call of [live, fresh]) expect(call.streams).toHaveLength(1);
  await untilAsked("nothing waits any more", async () => (await two.metric("voice_spool_rows")) === 0);
  for (const server of cluster.servers) {
    // Each finds out for itself, one with nothing to write later than the others.
    await untilAsked("it knows that the database is back", async () => (await server.metric("voice_db_up")) === 1);
    expect(await server.metric("voice_store_dropped_rows_total")).toBe(0);
  }
});

test("F24: an instance is killed: its calls go on with another, or are closed; no other call notices", async () => {
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
  silent.hangUp();
  await Promise.all(lost.map((call) => streamed(call, 2)));

  const results = await Promise.all([...lost, ...others].map(({ done }) => done));
  for (const result of results) expect(result.scriptError).toBeUndefined();
  for (const call of lost) {
    // Asked once, answered once: nobody came back twice, and nobody to a dialled human.
    expect(call.streams).toHaveLength(2);
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
  // Within how long: test/app/cluster.test.ts.
  const reaped = await ended(one, silent, 90_000);
  expect(reaped).toMatchObject({ call_id: silentId, end_reason: "instance-lost" });
});
