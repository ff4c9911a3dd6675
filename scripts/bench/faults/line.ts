// Faults of a call's line: disorder, every way of ending, a peer that vanishes and one that does not read.
import { pause } from "../subject.ts";
import { hangUp, listen, one, onStand, say, times, type Row } from "./stand.ts";

export async function disorder(): Promise<Row[]> {
  return onStand({}, async (stand) => {
    const before = stand.openai.sessions.length;
    const frames = { drop: 0.05, duplicate: 0.05, shuffle: 0.05 };
    const results = await stand.dialMany(50, 50, () => [{ do: "pause", ms: 10_000 }, hangUp], { faults: { frames } });
    // The sessions are in the order of the calls. What was lost before the first frame or after the last nobody can miss.
    const off = stand.openai.sessions
      .slice(before)
      .map(({ inputMs }, index) => Math.abs(inputMs - (results[index]?.streams[0]?.callerMs ?? NaN)));
    return [
      times("F11", "5 % lost, 5 % twice, 5 % out of order: forwarded against the sender's clock, 10 s calls", off, {
        share: 1,
        most: 20,
      }),
    ];
  });
}

export async function endings(): Promise<Row[]> {
  const flags = [true, false];
  const ways = flags.flatMap((stop) =>
    flags.flatMap((close) => flags.map((statusCallback) => ({ stop, close, statusCallback }))),
  );
  const told = ways.filter(({ stop, close, statusCallback }) => stop || close || statusCallback);
  return onStand({}, async (stand) => {
    const late: number[] = [];
    for (const ending of told) {
      const from = stand.openai.sessions.length;
      const calls = Array.from({ length: 10 }, () =>
        stand.dial([{ do: "pause", ms: 1200 }, hangUp], { faults: { ending } }),
      );
      await pause(800);
      const sessions = stand.openai.sessions.slice(from, from + 10);
      const closings = Promise.all(sessions.map((session) => session.closed.then(() => performance.now())));
      const hungUp = await Promise.all(
        calls.map((call) => call.waitFor(({ kind }) => kind === "hang-up").then(() => performance.now())),
      );
      const last = Math.max(...hungUp);
      for (const at of await closings) late.push(at - last);
      await Promise.all(calls.map(({ done }) => done));
    }
    const vanished = performance.now();
    const gone = Array.from({ length: 10 }, () =>
      stand.dial([{ do: "pause", ms: 60_000 }], { faults: { vanishAtMs: 1000 }, maxMs: 30_000 }),
    );
    await pause(2000);
    const halfOpen = stand.openai.sessions
      .slice(-10)
      .map((session) => session.closed.then(() => performance.now() - vanished - 1000));
    const ended = await Promise.all(halfOpen);
    for (const call of gone) call.abort();
    await Promise.all(gone.map(({ done }) => done));
    await pause(300);
    return [
      times("F15", "stop, close, status callback in all seven subsets: hang-up to the closed voice", late, {
        share: 1,
        most: 1000,
      }),
      one("F15", "calls left over", await stand.callsActive(), 0, "", 70),
      times("F16", "the peer vanishes: voice closed", ended, { share: 1, most: 15_000 }),
    ];
  });
}

export async function slowConsumer(): Promise<Row[]> {
  const long = Array.from(
    { length: 60 },
    (_, index) => `This is sentence number ${index}, and there are many more of them to come.`,
  ).join(" ");
  return onStand({ openai: { script: { brain: () => long } } }, async (stand) => {
    await stand.dial([{ do: "pause", ms: 1500 }, hangUp]).done;
    const before = stand.rssMb();
    const calls = Array.from({ length: 10 }, () =>
      stand.dial([listen(), say("opening-hours"), { do: "pause", ms: 12_000 }, hangUp], {
        faults: { pauseReadingAtMs: 500 },
      }),
    );
    let most = 0;
    for (let at = 0; at < 14; at++) {
      await pause(1000);
      most = Math.max(most, stand.rssMb() - before);
    }
    for (const call of calls) call.abort();
    await Promise.all(calls.map(({ done }) => done));
    return [one("F27", "10 peers that do not read: memory of each", most / 10, 2, "MB", 10)];
  });
}
