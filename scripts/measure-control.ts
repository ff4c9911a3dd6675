// npm run measure:control [-- kills calls]: how soon two real servers answer while their Redis is away, reach each other's calls again
// when it is back, and take over the calls of one that was killed, again and again. Needs Debian's redis-server and postgresql; the
// figures are in docs/instances.md and docs/performance.md.
import { setTimeout as pass } from "node:timers/promises";
import { startCluster, type Server } from "../test/services/cluster-kit.ts";
import type { CallerScript } from "../src/sim/twilio/index.ts";

const ROUNDS = 5;
const ASKS = 10;
const AWAY_MS = 4000;
const [KILLS = 5, LOST = 20] = process.argv.slice(2).map(Number);

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

  // What each call went through since the kill, ms: Twilio notices, is answered with another stream, has it, and the caller hears it.
  const stages = { "stream-ended": [], twiml: [], "stream-started": [], "agent-speaking": [] } as Record<
    string,
    number[]
  >;
  let doomed = two;
  for (let kill = 0; kill < KILLS; kill++) {
    cluster.balancer.choose = streamsTo(doomed);
    const lost = Array.from({ length: LOST }, () => cluster.dial(stays, { maxMs: 300_000 }));
    await Promise.all(
      lost.map((each) => each.waitFor((entry) => entry.kind === "agent-silent", { timeoutMs: 60_000 })),
    );
    cluster.balancer.choose = streamsTo(one);
    let killedAt = 0;
    const heard = lost.map(
      (each) =>
        new Promise<void>((resolve) => {
          const left = new Set(Object.keys(stages));
          each.on("*", ({ kind }) => {
            if (killedAt > 0 && left.delete(kind)) (stages[kind] as number[]).push(performance.now() - killedAt);
            if (left.size === 0) resolve();
          });
        }),
    );
    await pass(1000);
    killedAt = performance.now();
    doomed.child.signal("SIGKILL");
    await Promise.race([Promise.all(heard), pass(30_000)]);
    for (const each of lost) each.hangUp();
    await Promise.all(lost.map((each) => each.done));
    if (kill < KILLS - 1) doomed = await cluster.startServer();
  }
  console.log(`An instance killed ${KILLS} times with ${LOST} calls on it:`);
  const NAMES = ["Twilio notices", "it is answered with another stream", "which is there", "and heard"];
  for (const [n, times] of Object.values(stages).entries())
    console.log(`  ${NAMES[n]}: ${times.length} of ${KILLS * LOST} calls, after ${shown(times)}`);
} finally {
  await cluster.close();
}
process.exit();
