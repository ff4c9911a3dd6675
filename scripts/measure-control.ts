// npm run measure:control: how soon two real servers answer while their Redis is away, reach each other's calls again when it is
// back, and take over the calls of one that was killed. Needs Debian's redis-server and postgresql; the figures are in
// docs/instances.md.
import { setTimeout as pass } from "node:timers/promises";
import { startCluster, type Server } from "../test/services/cluster-kit.ts";
import type { CallerScript } from "../src/sim/twilio/index.ts";

const ROUNDS = 5;
const ASKS = 10;
const AWAY_MS = 4000;
const LOST = 20;

const stays: CallerScript = [{ do: "wait-for-hang-up", timeoutMs: 300_000 }];
const shown = (times: readonly number[]): string => {
  const sorted = times.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  return `${Math.round(middle)} ms (median), ${Math.round(sorted.at(-1) ?? NaN)} ms (worst of ${times.length})`;
};

const cluster = await startCluster(2);
try {
  const [one, two] = cluster.servers as [Server, Server];
  const streamsTo = (server: Server) => (path: string) => (path.startsWith("/media-stream") ? server : one).port;
  cluster.balancer.choose = streamsTo(two);
  const call = cluster.dial(stays, { maxMs: 300_000 });
  await call.waitFor((entry) => entry.kind === "agent-silent", { timeoutMs: 30_000 });
  const say = () => one.ask(`/api/calls/${call.callSid}/say`, { text: "Still here." });

  const refused: number[] = [];
  const back: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await cluster.redis.kill();
    for (let n = 0; n < ASKS; n++) {
      const { status, tookMs } = await say();
      if (status !== 503) throw new Error(`answered ${status} while Redis was away`);
      refused.push(tookMs);
      await pass(AWAY_MS / ASKS);
    }
    await cluster.redis.start();
    const began = performance.now();
    while ((await say()).status !== 202) await pass(20);
    back.push(performance.now() - began);
    await pass(1000);
  }
  console.log(`Redis away, a command for a call of the other instance answers 503 after ${shown(refused)}`);
  console.log(`Redis back, the same command reaches it again after ${shown(back)}`);
  call.hangUp();
  await call.done;

  const lost = Array.from({ length: LOST }, () => cluster.dial(stays, { maxMs: 300_000 }));
  await Promise.all(lost.map((each) => each.waitFor((entry) => entry.kind === "agent-silent", { timeoutMs: 60_000 })));
  cluster.balancer.choose = streamsTo(one);
  const killedAt = performance.now();
  two.child.signal("SIGKILL");
  const taken = await Promise.all(
    lost.map(async (each) => {
      while (each.streams.length < 2 && performance.now() - killedAt < 30_000) await pass(10);
      return each.streams.length < 2 ? NaN : performance.now() - killedAt;
    }),
  );
  for (const each of lost.filter(({ streams }) => streams.length < 2))
    console.log("not taken over:", JSON.stringify(each.timeline?.slice(-6) ?? each.streams.length));
  const back2 = taken.filter((ms) => !Number.isNaN(ms));
  console.log(`An instance killed: ${back2.length} of ${LOST} calls have their next stream after ${shown(back2)}`);
} finally {
  await cluster.close();
}
process.exit();
