// F32: the carrier's REST API is dead. Calls that we end, and calls that we hand to a person, end all the same: by the stream's close,
// and by what its `action` URL is answered with.
import { setTimeout as pass } from "node:timers/promises";
import type { CallerScript, SimCall } from "../../src/sim/twilio/index.ts";
import { words } from "../support/recordings.ts";
import { until } from "../support/until.ts";
import { HUMAN, startCluster, type CallView, type Server, type TestCluster } from "./cluster-kit.ts";

let cluster: TestCluster;
let server: Server;
beforeAll(async () => {
  // Its servers are given an address for the REST API at which nobody listens.
  cluster = await startCluster(1);
  server = cluster.servers[0] as Server;
  cluster.balancer.choose = () => server.port;
});
afterAll(() => cluster.close());

const listen = { do: "wait-for-silence", ms: 1500 } as const;
const stays: CallerScript = [{ do: "wait-for-hang-up", timeoutMs: 120_000 }];
const says = (id: string): CallerScript => [listen, { do: "say", ...words(id) }, ...stays];

async function ended(call: SimCall): Promise<CallView> {
  for (let looks = 0; ; looks++) {
    const record = await cluster.record(server, call.callSid).catch(() => undefined);
    if (record?.status === "completed") return record;
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

test("every call that is ended by hand or by the agent is hung up by what follows its stream", async () => {
  const calls = await Promise.all([greeted(), greeted(), greeted()]);
  for (const { id } of calls) expect((await server.ask(`/api/calls/${id}/end`, {})).status).toBe(202);
  const goodbyes = [cluster.dial(says("goodbye")), cluster.dial(says("goodbye"))];
  for (const call of [...calls.map((one) => one.call), ...goodbyes]) {
    const result = await call.done;
    expect([result.endedBy, result.streams.length]).toEqual(["hangup-verb", 1]);
    expect((await ended(call)).end_reason).toBe("agent-hangup");
  }
});

test("a call that is handed to a person is dialled by what follows its stream", async () => {
  const { call, id } = await greeted();
  expect((await server.ask(`/api/calls/${id}/transfer`, { to: HUMAN })).status).toBe(202);
  const result = await call.done;
  expect(result.dials.map(({ number }) => number)).toEqual([HUMAN]);
  expect((await ended(call)).end_reason).toBe("transferred");
});

test("nothing of it asked for the REST API", async () => {
  expect(await server.metric("voice_calls_ended_total")).toBe(6);
  expect(await server.metric("voice_twilio_api_errors_total")).toBe(0);
});
