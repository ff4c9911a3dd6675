// One browser's socket in time that passes only when the test lets it: a peer that reads too slowly, one that is gone, one that floods,
// and the ends of a line, each once.
import { createAllowance } from "../../../src/channels/browser/allowance.ts";
import { BROWSER_TIMING, SLOW_BYTES } from "../../../src/channels/browser/settings.ts";
import { openBrowserStream } from "../../../src/channels/browser/stream.ts";
import type { LineEvent } from "../../../src/core/line.ts";
import type { SocketListener } from "../../../src/core/socket.ts";
import { readSocketQuery, type SocketQuery } from "../../../src/wire/browser.ts";
import { keptLog, keptMeter } from "../../support/observe.ts";
import { createVirtualTime } from "../../support/virtual-time.ts";

function open(query = "?stream=1&format=mulaw") {
  const time = createVirtualTime();
  const meter = keptMeter();
  const sent: Record<string, unknown>[] = [];
  const done: string[] = [];
  const events: LineEvent[] = [];
  let listener: SocketListener | undefined;
  const socket = {
    bufferedBytes: 0,
    listen: (given: SocketListener) => void (listener = given),
    send: (data: string | Uint8Array) => void sent.push(JSON.parse(String(data)) as Record<string, unknown>),
    sendAscii: (text: string) => void sent.push(JSON.parse(text) as Record<string, unknown>),
    ping: () => void done.push("ping"),
    close: (code: number) => void done.push(`close ${code}`),
    terminate: () => void done.push("terminate"),
  };
  const stream = openBrowserStream(socket, {
    sessionId: "session",
    callId: "call",
    carrierId: "ws:session:call",
    orgId: "default",
    query: readSocketQuery(`/ws/voice-agent/session${query}`) as SocketQuery,
    clock: time.clock,
    log: keptLog(),
    meter,
    timing: BROWSER_TIMING,
    onEnded: () => void done.push("ended"),
  });
  stream.line.attach((event) => void events.push(event));
  return {
    time,
    meter,
    sent,
    done,
    events,
    socket,
    stream,
    listener: () => listener as SocketListener,
    say: (message: object) => listener?.message(Buffer.from(JSON.stringify(message)), false),
    closed: () => events.filter(({ type }) => type === "line.closed"),
  };
}

const frame = Buffer.alloc(160, 0xff).toString("base64");

test("a peer that reads nothing is closed with 4408 as soon as too much waits, and nothing more is sent to it", () => {
  const t = open();
  t.socket.bufferedBytes = SLOW_BYTES;
  t.stream.line.play(frame);
  expect(t.done).toEqual([]);
  t.socket.bufferedBytes = SLOW_BYTES + 1;
  t.stream.line.play(frame);
  expect(t.done).toEqual(["ended", "close 4408"]);
  expect(t.closed()).toEqual([{ type: "line.closed", cause: "slow-consumer" }]);
  const count = t.sent.length;
  t.stream.line.play(frame);
  t.stream.line.clear();
  t.stream.end("hangup", 1000, "");
  t.listener().closed(1006);
  expect(t.sent).toHaveLength(count);
  expect(t.done).toEqual(["ended", "close 4408"]);
  expect(t.closed()).toHaveLength(1);
  expect(t.time.pending()).toBe(0);
});

test("a reply to be heard as a whole counts as well", async () => {
  const t = open("");
  t.socket.bufferedBytes = SLOW_BYTES + 1;
  t.stream.line.watch?.("heard", { text: "Hello" });
  expect(t.done).toEqual(["ended", "close 4408"]);
});

test("a peer that is gone without a word is given up after 45 s, as a lost line; one that answers pings is not", async () => {
  const t = open();
  // The channel looks every 20 s.
  for (let look = 0; look < 2; look++) {
    await t.time.run(BROWSER_TIMING.pingMs);
    t.stream.tick();
  }
  expect(t.done).toEqual(["ping", "ping"]);
  t.listener().pong?.();
  for (let look = 0; look < 2; look++) {
    await t.time.run(BROWSER_TIMING.pingMs);
    t.stream.tick();
  }
  expect(t.closed()).toEqual([]);
  await t.time.run(BROWSER_TIMING.pingMs);
  t.stream.tick();
  expect(t.done).toEqual(["ping", "ping", "ping", "ping", "ended", "terminate"]);
  // Whoever comes back within half a minute goes on with the call.
  expect(t.closed()).toEqual([{ type: "line.closed", cause: "network" }]);
  expect(t.meter.total("voice_half_open_total")).toBe(1);
  t.stream.tick();
  expect(t.done.at(-1)).toBe("terminate");
  expect(t.time.pending()).toBe(0);
});

test("a flood: what is too much is dropped and told once a second, and it ends the socket when it goes on", async () => {
  const t = open();
  const { messageBurst } = BROWSER_TIMING;
  for (let n = 0; n < messageBurst; n++) t.say({ type: "digit", digit: "1" });
  const digits = (): number => t.events.filter(({ type }) => type === "line.digit").length;
  expect(digits()).toBe(messageBurst);
  for (let n = 0; n < 100; n++) t.say({ type: "digit", digit: "1" });
  expect(digits()).toBe(messageBurst);
  expect(t.sent.filter(({ type }) => type === "error")).toMatchObject([{ code: "too_many_messages" }]);
  expect(t.closed()).toEqual([]);
  // Who comes to rest is served again.
  await t.time.run(5000);
  t.say({ type: "digit", digit: "2" });
  expect(digits()).toBe(messageBurst + 1);
  for (let n = 0; n < 3 * messageBurst; n++) t.say({ type: "digit", digit: "1" });
  expect(t.done).toEqual(["ended", "close 4429"]);
  expect(t.closed()).toEqual([{ type: "line.closed", cause: "protocol" }]);
  t.say({ type: "digit", digit: "1" });
  expect(t.closed()).toHaveLength(1);
});

test("a hundred messages a second are never too many", async () => {
  const time = createVirtualTime();
  const allowed = createAllowance(time.clock, BROWSER_TIMING);
  for (let second = 0; second < 10; second++) {
    for (let n = 0; n < BROWSER_TIMING.messagesPerSecond; n++) expect(allowed()).toBe("ok");
    await time.run(1000);
  }
});
