// Faults of single streams: those that bring rubbish, too much, nothing, or their start too early, too late or twice.
import { once } from "node:events";
import twilio from "twilio";
import { WebSocket } from "ws";
import { pause } from "../subject.ts";
import { frameHead, openRaw, textFrame, type RawStream } from "./raw-stream.ts";
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

/** Rings as Twilio does. @returns the token that the stream has to bring. */
async function ring({ service: { target } }: Stand, callSid: string): Promise<string> {
  const twiml = await (await signedPost(target, "/voice", incoming(target, callSid))).text();
  return /name="token" value="([^"]+)"/.exec(twiml)?.[1] ?? "";
}

/** A stream as Twilio opens it; nothing is sent yet. */
async function open(stand: Stand, ringing = true): Promise<Opened> {
  const { target } = stand.service;
  const callSid = newCallSid();
  const token = ringing ? await ring(stand, callSid) : "";
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

function startText({ service: { target } }: Stand, callSid: string, token: string): string {
  const streamSid = "MZbench";
  const tracks = ["inbound"];
  return JSON.stringify({
    event: "start",
    sequenceNumber: "1",
    streamSid,
    start: { streamSid, accountSid: target.accountSid, callSid, tracks, customParameters: { token } },
  });
}

function start({ socket, callSid, token }: Opened, stand: Stand): void {
  socket.send('{"event":"connected","protocol":"Call","version":"1.0.0"}');
  socket.send(startText(stand, callSid, token));
}

export async function rubbish(): Promise<Row[]> {
  return onStand({}, async (stand) => {
    const neighbour = stand.dial([listen(), { do: "pause", ms: 15_000 }, hangUp]);
    await pause(1500);
    let before = NaN;
    let frames = 0;
    const codes: number[] = [];
    const sound =
      '{"event":"media","sequenceNumber":"9","streamSid":"MZbench","media":{"track":"inbound","chunk":"2","timestamp":"20","payload":"fn5+"}}';
    const lags: number[] = [];
    // Ten at a time: each of them had to be a call with a good token.
    for (let wave = 0; wave < 20; wave++) {
      // After the first of them: the code that they run is compiled then, and the heap as large as calls need it.
      if (wave === 1) before = await stand.keptMb();
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
    const alive = (await neighbour.done).scriptError === undefined;
    const grown = (await stand.keptMb()) - before;
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
      one("F9", "memory kept, 190 voices opened and closed included", grown, 20, "MB", frames),
      all("F9", "the neighbour's call unharmed", 1, alive ? 1 : 0),
    ];
  });
}

export async function huge(): Promise<Row[]> {
  return onStand({}, async (stand) => {
    const neighbour = stand.dial([listen(), { do: "pause", ms: 15_000 }, hangUp]);
    // Once each before it is measured: what the process needs for it once is not what a message costs.
    for (const send of [megabytes(1), flood]) await broken(stand, send);
    await pause(1000);
    const before = await stand.keptMb();
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, stand.rssMb())), 5);
    const one65 = await broken(stand, message(65_537));
    const mega = await broken(stand, megabytes(1));
    const hundred = await broken(stand, megabytes(100));
    const fragments = await broken(stand, flood);
    clearInterval(watch);
    const kept = (await stand.keptMb()) - before;
    const alive = (await neighbour.done).scriptError === undefined;
    const found = [one65, mega, hundred, fragments];
    const soon = { share: 1, most: 100 };
    return [
      times(
        "F10",
        "65 537 bytes, 1 MiB, 100 MiB in one message: from its header to our close",
        [one65, mega, hundred].map(({ toldMs }) => toldMs),
        soon,
      ),
      times("F10", "a flood of 1 000 000 fragments, from the first one: our close", [fragments.toldMs], soon),
      times(
        "F10",
        "all four, to the end of the connection",
        found.map(({ goneMs }) => goneMs),
        soon,
      ),
      all("F10", "with 1009 or 1008", 4, found.filter(({ code }) => code === 1008 || code === 1009).length),
      one("F10", "memory meanwhile, above what it was", most - before, 10, "MB", 4),
      one("F10", "memory kept", kept, 10, "MB", 4),
      all("F10", "the neighbour's call unharmed", 1, alive ? 1 : 0),
    ];
  });
}

/** Starts a stream, sends something that breaks the protocol, and sees how it ends. */
async function broken(stand: Stand, send: (stream: RawStream) => Promise<void>) {
  const { target } = stand.service;
  const callSid = newCallSid();
  const token = await ring(stand, callSid);
  const stream = await openRaw(target);
  await stream.write(textFrame(startText(stand, callSid, token)));
  await pause(100);
  const since = performance.now();
  const told = stream.closeCode.then((code) => ({ code, toldMs: performance.now() - since }));
  const gone = stream.gone.then(() => performance.now() - since);
  await send(stream);
  return { ...(await told), goneMs: await gone };
}

const message =
  (bytes: number) =>
  async (stream: RawStream): Promise<void> => {
    await stream.write(frameHead(bytes));
    const piece = Buffer.alloc(65_536, "x");
    for (let left = bytes; left > 0; left -= piece.length)
      if (!(await stream.write(piece.subarray(0, Math.min(left, piece.length))))) return;
  };

const megabytes = (n: number) => message(n << 20);

async function flood(stream: RawStream): Promise<void> {
  const first = Buffer.concat([frameHead(1, 1, false), Buffer.from("x")]);
  const next = Buffer.concat([frameHead(1, 0, false), Buffer.from("x")]);
  const thousand = Buffer.concat(Array.from({ length: 1000 }, () => next));
  await stream.write(first);
  for (let sent = 0; sent < 1000; sent++) if (!(await stream.write(thousand))) return;
}

export async function starts(): Promise<Row[]> {
  return onStand({ settings: { MAX_CALLS: "2000" } }, async (stand) => {
    const opened = stand.openai.counts.opened;
    const closings: { readonly afterMs: number }[] = [];
    const base = await stand.keptMb();
    const kept: number[] = [];
    for (let round = 0; round < 2; round++) {
      const idle = await Promise.all(Array.from({ length: 1000 }, () => open(stand, false)));
      closings.push(...(await Promise.all(idle.map(({ closed }) => closed))));
      kept.push(((await stand.keptMb()) / base - 1) * 100);
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
      one("F13", "memory after the first thousand, above the base", kept[0] ?? NaN, 5, "%", 1000),
      one("F13", "the same after the second", kept[1] ?? NaN, 5, "%", 1000),
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
