// F32: the carrier's REST API answers 503 to everything. Calls that we end, and calls that we hand to a person, end all the same: by the
// stream's close, and by what its `action` URL is answered with. Where that request is lost as well, the call ends by the carrier.
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pass } from "node:timers/promises";
import { APPLICATION_ERROR, type CallerScript, type CallResult, type SimCall } from "../../src/sim/twilio/index.ts";
import { words } from "../support/recordings.ts";
import { until } from "../support/until.ts";
import { HUMAN, startCluster, type CallView, type Server, type TestCluster } from "./cluster-kit.ts";

/** From the end of what was said to the carrier's verb, ms, of the catalogue. */
const HANG_UP_MS = 2000;

const holdUps = monitorEventLoopDelay({ resolution: 1 });
let cluster: TestCluster;
let server: Server;
beforeAll(async () => {
  cluster = await startCluster(1, "failing");
  server = cluster.servers[0] as Server;
  cluster.balancer.choose = () => server.port;
  holdUps.enable();
});
afterAll(async () => {
  holdUps.disable();
  await cluster.close();
});

const listen = { do: "wait-for-silence", ms: 1500 } as const;
const stays: CallerScript = [{ do: "wait-for-hang-up", timeoutMs: 120_000 }];
const says = (id: string): CallerScript => [listen, { do: "say", ...words(id) }, ...stays];

interface Ended extends CallView {
  readonly timeline: readonly { readonly at_ms: number; readonly what: string }[];
}

async function ended(call: SimCall): Promise<Ended> {
  for (let looks = 0; ; looks++) {
    const record = await cluster.record(server, call.callSid).catch(() => undefined);
    if (record?.status === "completed") return record as Ended;
    if (looks > 200) throw new Error(`not ended: ${JSON.stringify(record)}`);
    await pass(100);
  }
}

async function greeted(): Promise<{ readonly call: SimCall; readonly id: string }> {
  const call = cluster.dial(stays);
  await until("its stream is there", () => call.streams.length > 0);
  await call.waitFor((entry) => entry.kind === "agent-silent", { timeoutMs: 30_000 });
  return { call, id: (await cluster.record(server, call.callSid)).call_id };
}

/** Call ms from the end of the last sound on the stream to the carrier's verb. */
function hungUpAfter({ streams, timeline }: CallResult): number {
  const last = streams[0]?.media.findLast(({ played }) => played > 0);
  const verb = timeline.find((entry) => entry.kind === "verb" && entry.name === "Hangup");
  return (verb?.atMs ?? NaN) - ((last?.startsAt ?? NaN) + (last?.played ?? NaN)) / 8;
}
/** The same as the service tells it: from the last thing that was heard to the end of the call. */
function endedAfter({ timeline }: Ended): number {
  const at = (what: string): number => timeline.findLast((entry) => entry.what === what)?.at_ms ?? NaN;
  return at("end") - at("reply");
}
/** What a moment may be late: from the sound to the verb four programs take turns, each of which the machine may hold up. */
const within = (ms: number): number => ms + 4 * (holdUps.max / 1e6);

test("F32: every call that is ended by hand or by the agent is hung up by what follows its stream, within 2 s of the goodbye", async () => {
  const calls = await Promise.all([greeted(), greeted(), greeted()]);
  for (const { id } of calls) expect((await server.ask(`/api/calls/${id}/end`, {})).status).toBe(202);
  const goodbyes = [cluster.dial(says("goodbye")), cluster.dial(says("goodbye"))];
  for (const call of [...calls.map((one) => one.call), ...goodbyes]) {
    const result = await call.done;
    expect([result.endedBy, result.streams.length]).toEqual(["hangup-verb", 1]);
    const record = await ended(call);
    expect(record.end_reason).toBe("agent-hangup");
    for (const ms of [hungUpAfter(result), endedAfter(record)]) {
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThanOrEqual(within(HANG_UP_MS));
    }
  }
});

test("F32: a call that is handed to a person is dialled by what follows its stream", async () => {
  const { call, id } = await greeted();
  expect((await server.ask(`/api/calls/${id}/transfer`, { to: HUMAN })).status).toBe(202);
  const result = await call.done;
  expect(result.dials.map(({ number }) => number)).toEqual([HUMAN]);
  expect((await ended(call)).end_reason).toBe("transferred");
});

test("F32: nothing of it asked for the REST API", async () => {
  expect(await server.metric("voice_calls_ended_total")).toBe(6);
  expect(await server.metric("voice_twilio_api_errors_total")).toBe(0);
  expect(cluster.twilio.rest.requests).toEqual([]);
});

test("F32: a call whose `action` request is lost ends all the same, REST is asked in vain and counted, and its record says why", async () => {
  // Takes the request and says nothing.
  const held = new Set<Socket>();
  const hole = createServer((socket) => held.add(socket.on("error", () => undefined)));
  await once(hole.listen(0, "127.0.0.1"), "listening");
  const { port } = hole.address() as AddressInfo;
  cluster.balancer.choose = (path) => (path.startsWith("/voice/after-stream") ? port : server.port);
  try {
    const call = cluster.dial(says("goodbye"), { webhookTimeoutMs: 60_000 });
    await call.waitFor((entry) => entry.kind === "stream-ended", { timeoutMs: 60_000 });
    const asked = () => cluster.twilio.rest.requests.map(({ path, form, status }) => [path, form, status]);
    await until("REST was asked, and once more", () => asked().length === 2);
    const update = [expect.stringMatching(`/Calls/${call.callSid}.json$`), { Status: "completed" }, 503];
    expect(asked()).toEqual([update, update]);
    await server.child.says(/a call could not be ended over REST/, 20_000);
    expect(await server.metric("voice_twilio_api_errors_total")).toBe(2);
    // What Twilio does when its request has failed for good: it says so, and hangs up.
    for (const socket of held) socket.destroy();
    const result = await call.done;
    expect(result.streams).toHaveLength(1);
    expect(result.says).toEqual([APPLICATION_ERROR]);
    expect((await ended(call)).end_reason).toBe("agent-hangup");
    expect(await server.metric("voice_calls_active")).toBe(0);
    expect(asked()).toHaveLength(2);
  } finally {
    for (const socket of held) socket.destroy();
    hole.close();
    cluster.balancer.choose = () => server.port;
  }
});
