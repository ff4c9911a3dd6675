// The channel over real sockets: who gets in, what each order of endings does, how a broken peer ends, and that one call's
// trouble is no other's.
import { once } from "node:events";
import { connect } from "node:net";
import type { LineEvent } from "../../../src/core/line.ts";
import { sendRaw, statusOf } from "../../http/support.ts";
import {
  incoming,
  manualClock,
  newCallSid,
  openSocket,
  phone,
  sign,
  STREAM,
  TOKEN,
  twilioSide,
  until,
  type Client,
  type Phone,
} from "./support.ts";

const open: Phone[] = [];
async function start(options: Parameters<typeof phone>[0] = {}): Promise<Phone> {
  const one = await phone(options);
  open.push(one);
  return one;
}
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A call from the webhook to the bridge having its line. */
async function live(t: Phone, streamSid = STREAM) {
  const callSid = newCallSid();
  const token = await t.ring(callSid);
  const client = await t.connect();
  const twilio = twilioSide({ callSid, token, streamSid });
  const before = t.calls.entered.length;
  client.send(twilio.connected(), twilio.start());
  await until(() => t.calls.entered.length > before);
  const entered = t.calls.entered.at(-1);
  if (!entered) throw new Error("no line");
  return { callSid, token, client, twilio, ...entered };
}
const ends = (events: readonly LineEvent[]) => events.filter(({ type }) => type === "line.closed");

test("a call: heard, spoken to, marked, cleared, and ended by us with 1000", async () => {
  const t = await start();
  const { client, twilio, line, events, party, callSid } = await live(t);
  expect(party).toMatchObject({ carrierId: callSid, from: "+15550001111" });
  expect(t.channel.streams()).toBe(1);
  const frame = twilio.media();
  client.send(frame, twilio.digit("#"));
  line.play("AAAA");
  line.mark("g1:1");
  line.clear();
  client.send(twilio.mark("g1:1"));
  await until(() => events.length === 3 && client.received.length === 3);
  expect(events).toEqual([
    { type: "line.audio", payload: frame.media.payload },
    { type: "line.digit", digit: "#" },
    { type: "line.mark", name: "g1:1" },
  ]);
  expect(client.received.map(({ event }) => event)).toEqual(["media", "mark", "clear"]);
  line.close();
  expect(await client.closed).toBe(1000);
  expect(ends(events)).toEqual([{ type: "line.closed", cause: "closed-by-us" }]);
  expect(t.calls.slots()).toBe(0);
  expect(t.channel.streams()).toBe(0);
});

describe("an upgrade is refused before the handshake", () => {
  const WSS = "wss://voice.example.com/media-stream";
  test.each<readonly [string, string, Record<string, string>, number]>([
    ["no signature", "/media-stream", {}, 403],
    ["an empty one", "/media-stream", { "X-Twilio-Signature": "" }, 403],
    ["a wrong one", "/media-stream", { "X-Twilio-Signature": "AAAA" }, 403],
    ["another account's", "/media-stream", { "X-Twilio-Signature": sign(WSS, {}, "another-token") }, 403],
    ["one for https", "/media-stream", { "X-Twilio-Signature": sign(WSS.replace("wss", "https")) }, 403],
    ["one for ws", "/media-stream", { "X-Twilio-Signature": sign(WSS.replace("wss", "ws")) }, 403],
    ["one for another path", "/media-stream", { "X-Twilio-Signature": sign("wss://voice.example.com/voice") }, 403],
    [
      "one for the Host",
      "/media-stream",
      { "X-Twilio-Signature": sign("wss://evil.example/media-stream"), Host: "evil.example" },
      403,
    ],
    ["a query, signed", "/media-stream?a=1", { "X-Twilio-Signature": sign(`${WSS}?a=1`) }, 403],
    [
      "another path, signed",
      "/media-streams",
      { "X-Twilio-Signature": sign("wss://voice.example.com/media-streams") },
      404,
    ],
    ["a path below, signed", "/media-stream/x", { "X-Twilio-Signature": sign(`${WSS}/x`) }, 404],
  ])("%s", async (_, path, headers, status) => {
    const t = await start();
    await expect(openSocket(t.port, path, headers)).rejects.toMatchObject({ status });
    expect(t.channel.streams()).toBe(0);
    if (status === 403) expect(t.meter.total("voice_auth_failures_total", { surface: "upgrade" })).toBe(1);
  });

  test.each(["a b", "[::1", "", "%00"])("Host %j: good ones pass, bad ones do not, nothing fails", async (host) => {
    const t = await start();
    const ask = (signature: string) => {
      const socket = connect(t.port, "127.0.0.1").on("error", () => undefined);
      socket.write(
        `GET /media-stream HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Twilio-Signature: ${signature}\r\n` +
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
      );
      return once(socket, "data").then(([data]) => {
        socket.destroy();
        return statusOf((data as Buffer).toString("latin1"));
      });
    };
    expect(await ask(sign(WSS))).toBe(101);
    expect(await ask(sign(`wss://${host}/media-stream`, {}, "no"))).toBe(403);
  });

  test.each([
    ["by POST", "POST /media-stream", 405],
    ["with a bare question mark", "GET /media-stream?", 403],
  ])("%s, signed", async (_, line, status) => {
    const t = await start();
    const answer = await sendRaw(
      t.port,
      `${line} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Twilio-Signature: ${sign(WSS)}\r\n` +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    expect(statusOf(answer)).toBe(status);
  });

  test("after the channel was closed", async () => {
    const t = await start();
    t.channel.close();
    await expect(t.connect()).rejects.toMatchObject({ status: 503 });
  });

  test("accepted is the address with a slash, as Twilio has been seen to sign it", async () => {
    const t = await start();
    const client = await t.connect("/media-stream", sign(`${WSS}/`));
    client.ws.terminate();
  });
});

describe("a stream whose start is not good opens no voice and reaches no bridge", () => {
  const attempts: readonly (readonly [string, (t: Phone) => Promise<Record<string, unknown>>])[] = [
    [
      "no token",
      async (t) => {
        const callSid = newCallSid();
        await t.ring(callSid);
        return twilioSide({ callSid }).start();
      },
    ],
    [
      "a made-up token",
      async (t) => {
        const callSid = newCallSid();
        await t.ring(callSid);
        return twilioSide({ callSid, token: "00000000-0000-0000-0000-000000000000" }).start();
      },
    ],
    [
      "a token spent before",
      async (t) => {
        const { callSid, token } = await live(t);
        return twilioSide({ callSid, token, streamSid: "MZsecond" }).start();
      },
    ],
    [
      "another call's token",
      async (t) => {
        const callSid = newCallSid();
        await t.ring(callSid);
        return twilioSide({ callSid, token: await t.ring(newCallSid()) }).start();
      },
    ],
    [
      "another account",
      async (t) => {
        const callSid = newCallSid();
        return twilioSide({ callSid, token: await t.ring(callSid), accountSid: `AC${"9".repeat(32)}` }).start();
      },
    ],
    ["a call without a webhook", async () => twilioSide({ callSid: newCallSid(), token: "t" }).start()],
  ];
  test.each(attempts)("%s", async (_, attempt) => {
    const t = await start();
    const start_ = await attempt(t);
    const before = t.calls.entered.length;
    const client = await t.connect();
    client.send(start_);
    expect(await client.closed).toBe(1008);
    expect(t.calls.entered).toHaveLength(before);
    expect(t.meter.total("voice_auth_failures_total", { surface: "stream-token" })).toBe(1);
  });

  test("a made-up token closes what was opened early for the call it names, which keeps its slot and may still come", async () => {
    const t = await start({ clock: manualClock() });
    const callSid = newCallSid();
    const token = await t.ring(callSid);
    const client = await t.connect();
    client.send(twilioSide({ callSid, token: "made-up" }).start());
    expect(await client.closed).toBe(1008);
    expect(t.calls.cooled).toEqual(["call-1"]);
    expect(t.calls.abandoned).toEqual([]);
    const caller = await t.connect();
    caller.send(twilioSide({ callSid, token }).start());
    await until(() => t.calls.entered.length === 1);
  });

  test("a stolen token is burnt together with its call, and the thief's call is not touched", async () => {
    // No time passes: nothing is given up because it took too long.
    const t = await start({ clock: manualClock() });
    const victim = newCallSid();
    const thief = newCallSid();
    const token = await t.ring(victim);
    await t.ring(thief);
    const client = await t.connect();
    client.send(twilioSide({ callSid: thief, token }).start());
    expect(await client.closed).toBe(1008);
    await until(() => t.calls.slots() === 1);
    expect(t.calls.abandoned).toEqual(["call-1"]);
    expect(t.calls.isLive(thief)).toBe(true);
    const late = await t.connect();
    late.send(twilioSide({ callSid: victim, token }).start());
    expect(await late.closed).toBe(1008);
  });

  test("nothing at all after the upgrade: each closed in time, no voice opened", async () => {
    const clock = manualClock();
    const t = await start({ clock });
    const clients = await Promise.all(Array.from({ length: 50 }, () => t.connect()));
    clock.advance(4999);
    expect(t.meter.total("voice_start_timeouts_total")).toBe(0);
    clock.advance(1);
    for (const client of clients) expect(await client.closed).toBe(1008);
    expect(t.calls.prewarmed).toEqual([]);
    expect(t.calls.entered).toEqual([]);
    await until(() => t.channel.streams() === 0);
    expect(t.meter.total("voice_start_timeouts_total")).toBe(50);
  });
});

describe("stop, close and the carrier's status, in every order", () => {
  type Act = (call: Awaited<ReturnType<typeof live>>, t: Phone) => Promise<unknown>;
  const acts: Record<string, Act> = {
    stop: async ({ client, twilio }) => client.send(twilio.stop()),
    close: async ({ client }) => client.ws.close(),
    status: ({ callSid }, t) => t.post("/voice/status", incoming(callSid, { CallStatus: "completed" })),
  };
  const orders = [
    ["stop"],
    ["close"],
    ["status"],
    ["stop", "close"],
    ["close", "stop"],
    ["stop", "status"],
    ["status", "stop"],
    ["close", "status"],
    ["status", "close"],
    ["stop", "close", "status"],
    ["stop", "status", "close"],
    ["close", "stop", "status"],
    ["close", "status", "stop"],
    ["status", "stop", "close"],
    ["status", "close", "stop"],
  ];
  test.each(orders.map((order) => [order.join(", "), order] as const))("%s", async (_, order) => {
    const t = await start();
    const call = await live(t);
    for (const name of order) {
      if (call.client.ws.readyState === call.client.ws.OPEN || name === "status") await acts[name]?.(call, t);
    }
    await until(() => ends(call.events).length === 1);
    await call.client.closed;
    await until(() => t.calls.slots() === 0 && t.channel.streams() === 0);
    expect(ends(call.events)).toEqual([{ type: "line.closed", cause: "hangup" }]);
    expect(call.events.at(-1)?.type).toBe("line.closed");
  });

  test("a stream that Twilio says has stopped is ended by its own id alone", async () => {
    const t = await start();
    const one = await live(t, "MZone");
    const other = await live(t, "MZother");
    await t.post("/voice/stream-status", incoming(one.callSid, { StreamSid: "MZone", StreamEvent: "stream-stopped" }));
    await until(() => ends(one.events).length === 1);
    expect(other.events).toEqual([]);
    expect(t.channel.streams()).toBe(1);
  });

  test("a cut connection is a lost network", async () => {
    const t = await start();
    const { client, events } = await live(t);
    client.ws.terminate();
    await until(() => ends(events).length === 1);
    expect(events).toEqual([{ type: "line.closed", cause: "network" }]);
  });
});

describe("a peer that misbehaves", () => {
  test.each<readonly [string, number, string, (client: Client) => void]>([
    ["a message over 64 KiB", 1009, "protocol", ({ send }) => send("x".repeat(65_537))],
    ["a megabyte", 1009, "protocol", ({ send }) => send("x".repeat(1 << 20))],
    [
      "50 bad frames",
      1007,
      "bad-frames",
      ({ send }) => {
        for (let n = 0; n < 50; n++) send("{");
      },
    ],
    [
      "50 binary frames",
      1007,
      "bad-frames",
      ({ ws }) => {
        for (let n = 0; n < 50; n++) ws.send(Buffer.from("{}"));
      },
    ],
    ["text that is no UTF-8", 1007, "bad-frames", ({ ws }) => ws.send(Buffer.from([0xc3, 0x28]), { binary: false })],
    [
      "a start for another stream",
      1008,
      "protocol",
      ({ send }) => send(twilioSide({ callSid: "CA1", token: "t", streamSid: "MZ9" }).start()),
    ],
    [
      "a flood of fragments",
      1008,
      "protocol",
      ({ ws }) => {
        for (let n = 0; n < 300; n++) ws.send("x", { fin: false });
      },
    ],
  ])("%s: %i, and the other call notices nothing", async (_, code, cause, misbehave) => {
    const t = await start();
    const neighbour = await live(t, "MZneighbour");
    const call = await live(t);
    misbehave(call.client);
    expect(await call.client.closed).toBe(code);
    await until(() => ends(call.events).length === 1);
    expect(ends(call.events)).toEqual([{ type: "line.closed", cause }]);
    const frame = neighbour.twilio.media();
    neighbour.client.send(frame);
    neighbour.line.play("AAAA");
    await until(() => neighbour.events.length === 1 && neighbour.client.received.length === 1);
    expect(neighbour.events).toEqual([{ type: "line.audio", payload: frame.media.payload }]);
    expect(t.channel.streams()).toBe(1);
  });

  test("is cut when it ignores our close, and counted", async () => {
    const clock = manualClock();
    const t = await start({ clock });
    const { client, line } = await live(t);
    client.ws.pause(); // It reads no more, so it never sees the close.
    line.close();
    clock.advance(2000);
    await until(() => t.meter.total("voice_calls_not_torn_down_total") === 1);
    client.ws.terminate();
  });

  test("is cut when it takes no audio, before memory is filled", async () => {
    const t = await start();
    const { client, line, events } = await live(t);
    client.ws.pause();
    const second = Buffer.alloc(8000, 0x7e).toString("base64");
    let played = 0;
    while (ends(events).length === 0 && played < 60 * 60) {
      line.play(second);
      played++;
      if (played % 60 === 0) await new Promise(setImmediate);
    }
    expect(events).toEqual([{ type: "line.closed", cause: "slow-consumer" }]);
    expect(line.bufferedBytes()).toBeLessThan(2 << 20);
    client.ws.terminate();
  });

  test("is cut when no caller audio comes, though it answers pings", async () => {
    const clock = manualClock();
    const t = await start({ clock });
    const { client, events } = await live(t);
    let pings = 0;
    client.ws.on("ping", () => pings++);
    // The first look finds its start.
    clock.advance(6000);
    await until(() => pings === 1);
    clock.advance(4000);
    expect(events).toEqual([]);
    clock.advance(1000);
    expect(await client.closed).toBe(1006);
    expect(pings).toBe(1);
    expect(events).toEqual([{ type: "line.closed", cause: "no-media" }]);
  });

  test("1 000 early frames cost nothing, and the start after them works", async () => {
    const t = await start();
    const callSid = newCallSid();
    const twilio = twilioSide({ callSid, token: await t.ring(callSid) });
    const client = await t.connect();
    for (let n = 0; n < 1000; n++) client.send(twilio.media());
    client.send(twilio.start());
    await until(() => t.calls.entered.length === 1);
    expect(t.calls.entered[0]?.events).toEqual([]);
    expect(t.meter.total("voice_protocol_violations_total", { kind: "before-start" })).toBe(1000);
  });
});

test("a stream that comes after its slot was given up takes a free one, or hears an apology", async () => {
  const clock = manualClock();
  const t = await start({ clock });
  for (const verdict of ["ok", "busy"] as const) {
    const callSid = newCallSid();
    const token = await t.ring(callSid);
    expect(t.calls.slots()).toBe(1);
    clock.advance(15_000);
    expect(t.calls.slots()).toBe(0);
    t.calls.verdict = verdict;
    const client = await t.connect();
    client.send(twilioSide({ callSid, token }).start());
    if (verdict === "ok") {
      await until(() => t.calls.slots() === 1);
      t.calls.entered.at(-1)?.line.close();
      expect(await client.closed).toBe(1000);
    } else {
      expect(await client.closed).toBe(1013);
      expect(await t.state.getEnding(callSid)).toEqual({ kind: "apologise", reason: "rejected" });
      expect(await t.store.findByCarrierId(callSid)).toMatchObject({ endReason: "rejected" });
    }
  }
});

test("20 calls at once keep their own audio", async () => {
  const t = await start();
  const calls = await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      const callSid = newCallSid();
      const token = await t.ring(callSid);
      const client = await t.connect();
      const twilio = twilioSide({ callSid, token, streamSid: `MZ${n}` });
      client.send(twilio.start());
      return { client, twilio, callSid, payload: Buffer.alloc(160, n).toString("base64") };
    }),
  );
  await until(() => t.calls.entered.length === 20);
  for (let n = 0; n < 50; n++) for (const { client, twilio, payload } of calls) client.send(twilio.media({ payload }));
  await until(() => t.calls.entered.every(({ events }) => events.length === 50));
  for (const { party, events } of t.calls.entered) {
    const { payload } = calls.find(({ callSid }) => callSid === party.carrierId) ?? {};
    expect(new Set(events.map((event) => (event.type === "line.audio" ? event.payload : "")))).toEqual(
      new Set([payload]),
    );
  }
  t.channel.close();
  expect(new Set(await Promise.all(calls.map(({ client }) => client.closed)))).toEqual(new Set([1001]));
  expect(t.calls.slots()).toBe(0);
  expect(t.meter.total("voice_frames_total", { leg: "phone", direction: "in" })).toBe(1000);
});

test("without validation a stream still needs its token", async () => {
  const account = { accountSid: `AC${"0".repeat(32)}`, authTokens: [TOKEN], webhookUrl: "https://voice.example.com" };
  const t = await start({ phone: { ...account, validate: false } });
  const client = await openSocket(t.port, "/media-stream", {});
  client.send(twilioSide({ callSid: newCallSid(), token: "made up" }).start());
  expect(await client.closed).toBe(1008);
});
