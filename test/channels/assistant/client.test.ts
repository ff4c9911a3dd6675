import { createAssistantClient } from "../../../src/channels/assistant/client.ts";
import { createPace } from "../../../src/channels/assistant/pace.ts";
import type { SocketListener } from "../../../src/core/socket.ts";
import { manualClock } from "../../support/clock.ts";
import { keptLog, keptMeter } from "../../support/observe.ts";

test("a client may send audio at eight times the speed of speech, and no flood", () => {
  const pace = createPace(0);
  expect(pace.take(8_000_000, 0)).toBe(true);
  expect(pace.take(1, 0)).toBe(false);
  expect(pace.take(512_000, 1000)).toBe(true);
  expect(pace.take(1, 1000)).toBe(false);
  const events = createPace(0);
  const taken = Array.from({ length: 1000 }, () => events.take(1, 0)).filter(Boolean);
  expect(taken).toHaveLength(600);
  expect(events.take(1, 10)).toBe(true);
});

function client() {
  const clock = manualClock();
  const meter = keptMeter();
  const sent: Record<string, unknown>[] = [];
  const ends: string[] = [];
  let listener: SocketListener | undefined;
  const socket = {
    bufferedBytes: 0,
    listen: (given: SocketListener) => void (listener = given),
    send: (data: string | Uint8Array) => void sent.push(JSON.parse(String(data)) as Record<string, unknown>),
    sendAscii: (text: string) => void sent.push(JSON.parse(text) as Record<string, unknown>),
    ping: () => void ends.push("ping"),
    close: (code: number) => void ends.push(`close ${code}`),
    terminate: () => void ends.push("terminate"),
  };
  const made = createAssistantClient({ socket, vocabulary: "beta", clock, log: keptLog(), meter });
  const say = (event: object) => listener?.message(Buffer.from(JSON.stringify(event)), false);
  return { clock, meter, sent, ends, made, say, listener: () => listener as SocketListener };
}

test("what it sends before anybody listens comes first, in order", () => {
  const { made, say } = client();
  say({ type: "input_audio_buffer.commit", event_id: "1" });
  say({ type: "response.create", event_id: "2" });
  const came: unknown[] = [];
  made.attach({ command: (command, eventId) => void came.push([command.kind, eventId]), closed: () => undefined });
  say({ type: "response.cancel", event_id: "3" });
  expect(came).toEqual([
    ["commit", "1"],
    ["respond", "2"],
    ["cancel", "3"],
  ]);
});

test("one of which nothing is heard is gone, one that answers pings is not", () => {
  const quiet = client();
  const closed: boolean[] = [];
  quiet.made.attach({ command: () => undefined, closed: (meant) => void closed.push(meant) });
  for (let i = 0; i < 5; i++) quiet.clock.advance(15_000);
  expect(quiet.ends).toContain("terminate");
  expect(closed).toEqual([false]);
  const alive = client();
  for (let i = 0; i < 20; i++) {
    alive.clock.advance(15_000);
    alive.listener().pong?.();
  }
  expect(alive.ends.filter((end) => end !== "ping")).toEqual([]);
});

test("a flood is told of once a second, then shown the door", () => {
  const { made, say, sent, ends } = client();
  let taken = 0;
  const closed: boolean[] = [];
  made.attach({ command: () => void taken++, closed: (meant) => void closed.push(meant) });
  for (let i = 0; i < 3000; i++) say({ type: "response.cancel" });
  expect(taken).toBe(600);
  expect(sent).toMatchObject([{ type: "error", error: { code: "rate_limit_exceeded" } }]);
  expect(ends).toEqual(["close 1008"]);
  expect(closed).toEqual([true]);
});
