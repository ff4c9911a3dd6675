// Faults of single streams: those that bring rubbish, too much, nothing, or their start too early, too late or twice.
import { once } from "node:events";
import twilio from "twilio";
import { WebSocket } from "ws";
import { pause } from "../subject.ts";
import {
  all,
  hangUp,
  incoming,
  listen,
  newCallSid,
  one,
  onStand,
  signedPost,
  times,
  type Row,
  type Stand,
} from "./stand.ts";

interface Opened {
  readonly socket: WebSocket;
  readonly callSid: string;
  readonly token: string;
  /** The close code and how long after opening it came, ms. */
  readonly closed: Promise<{ readonly code: number; readonly afterMs: number }>;
}

/** A stream as Twilio opens it; nothing is sent yet. */
async function open({ service: { target } }: Stand, ring = true): Promise<Opened> {
  const callSid = newCallSid();
  const twiml = ring ? await (await signedPost(target, "/voice", incoming(target, callSid))).text() : "";
  const token = /name="token" value="([^"]+)"/.exec(twiml)?.[1] ?? "";
  const url = `${target.url.replace("http", "ws")}/media-stream`;
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    headers: { "x-twilio-signature": twilio.getExpectedTwilioSignature(target.authToken, url, {}) },
  });
  const closing = once(socket, "close");
  socket.on("error", () => undefined);
  await once(socket, "open");
  const since = performance.now();
  const closed = closing.then(([code]) => ({ code: Number(code), afterMs: performance.now() - since }));
  return { socket, callSid, token, closed };
}

function start({ socket, callSid, token }: Opened, { service: { target } }: Stand, streamSid = "MZbench"): void {
  socket.send('{"event":"connected","protocol":"Call","version":"1.0.0"}');
  socket.send(
    JSON.stringify({
      event: "start",
      sequenceNumber: "1",
      streamSid,
      start: { streamSid, accountSid: target.accountSid, callSid, tracks: ["inbound"], customParameters: { token } },
    }),
  );
}

export async function rubbish(): Promise<Row[]> {
  return onStand({}, async (stand) => {
    const neighbour = stand.dial([listen(), { do: "pause", ms: 15_000 }, hangUp]);
    await pause(1500);
    const before = stand.rssMb();
    let frames = 0;
    const codes: number[] = [];
    const sound =
      '{"event":"media","sequenceNumber":"9","streamSid":"MZbench","media":{"track":"inbound","chunk":"2","timestamp":"20","payload":"fn5+"}}';
    const lags: number[] = [];
    // Ten at a time: each of them had to be a call with a good token.
    for (let wave = 0; wave < 20; wave++) {
      const streams = await Promise.all(Array.from({ length: 10 }, () => open(stand)));
      for (const stream of streams) start(stream, stand);
      await pause(200);
      // Read once, which begins its window anew: how calls are opened is not what is measured.
      await stand.metric("nodejs_eventloop_lag_p99_seconds");
      for (let round = 0; round < 500 && streams.some(({ socket }) => socket.readyState === WebSocket.OPEN); round++) {
        for (const { socket } of streams) {
          if (socket.readyState !== WebSocket.OPEN) continue;
          const at = (round * 31 + frames) % sound.length;
          socket.send(`${sound.slice(0, at)}${["\u0000", "\ud800", "}", '"', "é"][frames % 5]}${sound.slice(at + 2)}`);
          frames++;
        }
        if (round % 5 === 4) await pause(1);
      }
      for (const { closed } of streams) codes.push((await closed).code);
      lags.push((await stand.metric("nodejs_eventloop_lag_p99_seconds")) * 1000);
    }
    const grown = stand.rssMb() - before;
    const alive = (await neighbour.done).scriptError === undefined;
    return [
      all(
        "F9",
        `${frames} mutated frames: streams closed with 1007`,
        codes.length,
        codes.filter((code) => code === 1007).length,
      ),
      times("F9", "event loop's p99 meanwhile, which is what a neighbour waits for, per wave", lags, {
        share: 0.5,
        most: 20,
      }),
      one("F9", "memory grown, 200 voices opened and closed included", grown, 60, "MB", frames),
      all("F9", "the neighbour's call unharmed", 1, alive ? 1 : 0),
    ];
  });
}

export async function huge(): Promise<Row[]> {
  return onStand({}, async (stand) => {
    const before = stand.rssMb();
    const took: number[] = [];
    const codes: number[] = [];
    for (const bytes of [65_537, 1 << 20, 100 << 20]) {
      const stream = await open(stand);
      start(stream, stand);
      await pause(100);
      stream.socket.send("x".repeat(bytes));
      // Building and masking 100 MiB takes the sender most of a second, in which nothing is sent.
      const sent = performance.now();
      codes.push((await stream.closed).code);
      took.push(performance.now() - sent);
    }
    const flood = await open(stand);
    start(flood, stand);
    await pause(100);
    const sent = performance.now();
    for (let index = 0; index < 100_000 && flood.socket.readyState === WebSocket.OPEN; index++) {
      flood.socket.send("x", { fin: false });
      if (index % 50 === 49) await new Promise(setImmediate);
    }
    codes.push((await flood.closed).code);
    took.push(performance.now() - sent);
    const flooded = took.pop() ?? NaN;
    await pause(1000);
    return [
      times("F10", "65 537 bytes, 1 MiB, 100 MiB in one message: closed", took, { share: 1, most: 100 }),
      one("F10", "a flood of fragments, from the first one sent: closed", flooded, 250, "ms"),
      all(
        "F10",
        "with 1009 or 1008 (1006 where our end was still sending)",
        codes.length,
        codes.filter((code) => [1006, 1008, 1009].includes(code)).length,
      ),
      one("F10", "memory grown", stand.rssMb() - before, 10, "MB", codes.length),
    ];
  });
}

export async function starts(): Promise<Row[]> {
  return onStand({ settings: { MAX_CALLS: "2000" } }, async (stand) => {
    const opened = stand.openai.counts.opened;
    const closings: { readonly afterMs: number }[] = [];
    const grown: number[] = [];
    // The first thousand makes the process's heap grow once; what is kept of calls would show in the second.
    for (let round = 0; round < 2; round++) {
      const rss = stand.rssMb();
      const idle = await Promise.all(Array.from({ length: 1000 }, () => open(stand, false)));
      closings.push(...(await Promise.all(idle.map(({ closed }) => closed))));
      await pause(500);
      grown.push(stand.rssMb() - rss);
    }
    const paid = stand.openai.counts.opened - opened;
    const results = await stand.dialMany(20, 20, () => [{ do: "pause", ms: 1500 }, hangUp], {
      faults: { mediaBeforeStart: 500 },
    });
    const same = await stand.dial([{ do: "pause", ms: 2500 }, hangUp], {
      faults: { duplicateStart: { atMs: 500, streamSid: "same" } },
    }).done;
    const other = await stand.dial([{ do: "pause", ms: 2500 }, hangUp], {
      faults: { duplicateStart: { atMs: 500, streamSid: "other" } },
    }).done;
    return [
      times(
        "F13",
        "2000 upgrades without start: closed, away from 5 s",
        closings.map(({ afterMs }) => Math.abs(afterMs - 5000)),
        { share: 1, most: 500 },
      ),
      one("F13", "voices opened for them", paid, 0, "", 2000),
      one("F13", "memory that the second thousand keeps", grown[1] ?? NaN, 5, "MB", 1000),
      all(
        "F14",
        "500 frames before start: the call starts all the same",
        results.length,
        results.filter(({ streams }) => (streams[0]?.playedBytes ?? 0) > 0).length,
      ),
      all(
        "F12",
        "a second start, the same and another: ignored, and closed with 1008",
        2,
        Number(same.endedBy === "caller") + Number(other.streamCloseCode === 1008),
      ),
    ];
  });
}
