// What the voice does when the far side refuses, drops, stalls, errs or floods (faults F1 to F4, F6, F27, F31), against the
// simulated OpenAI and against a scripted one where frames matter. Every test ends with no socket and no timer left.
import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { startOpenAISim, type Faults, type OpenAISim } from "../../src/sim/openai/index.ts";
import type { VoiceEvent } from "../../src/core/voice.ts";
import { manualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";
import {
  ASSISTANT,
  PCMU_SESSION,
  SPEECH_TO_SPEECH,
  UPDATED,
  frame,
  kit,
  scriptedUpstream,
  type HeardVoice,
  type Kit,
  type ScriptedUpstream,
} from "./voice-kit.ts";

const benches: Kit[] = [];
const upstreams: { readonly openSockets: () => number; readonly close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.done();
  for (const upstream of upstreams.splice(0)) {
    await until("all sockets released", () => upstream.openSockets() === 0);
    await upstream.close();
  }
});

async function simulated(faults: Faults = {}): Promise<OpenAISim> {
  const sim = await startOpenAISim({ faults, timing: { pace: Infinity } });
  upstreams.push({ openSockets: () => sim.counts.open, close: () => sim.close() });
  return sim;
}

async function scripted(...given: Parameters<typeof scriptedUpstream>): Promise<ScriptedUpstream> {
  const upstream = await scriptedUpstream(...given);
  upstreams.push({ openSockets: () => upstream.openSockets, close: () => upstream.close() });
  return upstream;
}

function bench(baseUrl: string, options: Parameters<typeof kit>[1] = {}): Kit {
  const made = kit(baseUrl, options);
  benches.push(made);
  return made;
}

/** Accepts TCP connections and does with them what it is told. */
async function tcp(onSocket: (socket: Socket) => void): Promise<{ baseUrl: string; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    onSocket(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  upstreams.push({
    openSockets: () => sockets.size,
    close: () => new Promise((resolve) => server.close(resolve)),
  });
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, sockets };
}

/** The TCP socket under a scripted connection, to stop reading from it. */
function rawSocket(upstream: ScriptedUpstream, connection: number): Socket {
  const socket = upstream.connections[connection]?.socket as unknown as { _socket: Socket } | undefined;
  if (!socket) throw new Error(`no connection ${connection}`);
  return socket._socket;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("F1, F31: the API cannot be reached or refuses", () => {
  test("a refusing port: one more attempt at once, then closed soon, for 50 calls together", async () => {
    const kit = bench(`http://127.0.0.1:${await freePort()}/v1`);
    const voices = Array.from({ length: 50 }, () => kit.open());
    for (const voice of voices) {
      expect(await voice.next("voice.closed")).toEqual({ type: "voice.closed", code: "refused", fatal: false });
    }
    expect(kit.meter.total("voice_upstream_connects_total", { result: "refused" })).toBe(100);
    expect(kit.clock.pending).toBe(0);
  });

  test.each([
    ["401", 401, "invalid_api_key", true, 1],
    ["403", 403, "http-403", true, 1],
    ["500", 500, "http-5xx", false, 2],
    ["503", 503, "http-5xx", false, 2],
    ["429", 429, "http-429", false, 2],
    ["a reset", "reset", "connection-lost", false, 2],
  ] as const)("%s at the handshake", async (_, refuse, code, fatal, attempts) => {
    const sim = await simulated({ refuse });
    const kit = bench(sim.baseUrl);
    const voice = kit.open();
    const closed = await voice.next("voice.closed");
    expect(closed.fatal).toBe(fatal);
    expect([code, `http-${String(refuse)}`]).toContain(closed.code);
    expect(kit.meter.total("voice_upstream_connects_total")).toBe(attempts);
    expect(voice.events).toHaveLength(1);
  });

  test("a bad key is fatal and not tried again", async () => {
    const sim = await simulated();
    const kit = bench(sim.baseUrl, { apiKey: "sk-wrong" });
    expect(await kit.open().next("voice.closed")).toMatchObject({ fatal: true });
    expect(sim.counts.refused).toBe(1);
  });

  test("a key that fits in no header is fatal too", async () => {
    const sim = await simulated();
    const kit = bench(sim.baseUrl, { apiKey: "sk-\nwrong" });
    expect(await kit.open().next("voice.closed")).toMatchObject({ code: "invalid_api_key", fatal: true });
  });

  test("a model that does not exist is fatal", async () => {
    const sim = await simulated();
    const kit = bench(sim.baseUrl, { settings: { ...ASSISTANT, model: "gpt-realtime-99" } });
    expect(await kit.open().next("voice.closed")).toMatchObject({ code: "model_not_found", fatal: true });
  });

  test("a passing failure is healed by the second attempt, and nobody notices", async () => {
    const sim = await simulated();
    for (const refuse of [500, "reset"] as const) {
      sim.faultNext({ refuse });
      const voice = bench(sim.baseUrl).open();
      voice.hear(frame(0x55));
      await voice.next("voice.ready");
      expect(voice.events).toEqual([{ type: "voice.ready" }]);
      await until("the early audio", () => sim.sessions.at(-1)?.inputMs === 20);
    }
  });

  test("lost between the upgrade and session.created: tried again", async () => {
    const upstream = await scripted(undefined, { greet: false });
    const voice = bench(upstream.baseUrl).open();
    await until("the first connection", () => upstream.connections.length === 1);
    upstream.connections[0]?.socket.terminate();
    await until("the second connection", () => upstream.connections.length === 2);
    upstream.connections[1]?.send({ type: "session.created", session: {} });
    await until("the settings", () => upstream.connections[1]?.of("session.update").length === 1);
    upstream.connections[1]?.send(UPDATED);
    await voice.next("voice.ready");
  });

  test.each([
    ["hangs at the handshake", { refuse: "hang" }, 4000],
    ["accepts and is mute", { mute: true }, 6000],
  ] as const)("a server that %s is given up after two attempts", async (_, faults, withinMs) => {
    const sim = await simulated(faults);
    const kit = bench(sim.baseUrl, { speed: 20 });
    const began = kit.clock.now();
    expect(await kit.open().next("voice.closed")).toEqual({
      type: "voice.closed",
      code: "connect-timeout",
      fatal: false,
    });
    const took = kit.clock.now() - began;
    expect(took).toBeGreaterThan(withinMs - 100);
    expect(took).toBeLessThan(withinMs * 5);
    expect(kit.meter.total("voice_upstream_connects_total", { result: "connect-timeout" })).toBe(2);
  });

  test("a network that swallows everything is given up after the connect limit", async () => {
    const { baseUrl } = await tcp((socket) => void socket.resume());
    const kit = bench(baseUrl, { speed: 20 });
    expect(await kit.open().next("voice.closed")).toMatchObject({ code: "connect-timeout" });
  });

  test("a name that cannot be resolved is told as that", async () => {
    const kit = bench("http://no-such-host.invalid/v1");
    const { code, fatal } = await kit.open().next("voice.closed");
    expect(["dns", "connect-timeout"]).toContain(code);
    expect(fatal).toBe(false);
  });

  test("session.created late, or session.updated late, only takes longer", async () => {
    const sim = await simulated({ createdDelayMs: 100, updatedDelayMs: 100 });
    const voice = bench(sim.baseUrl).open();
    voice.hear(frame());
    await voice.next("voice.ready");
    expect(voice.events).toHaveLength(1);
  });

  test.each(["voice.audio", "voice.heard"] as const)(
    "a listener that throws at %s costs this voice, and nothing else",
    async (type) => {
      const upstream = await scripted();
      const made = bench(upstream.baseUrl, { settings: SPEECH_TO_SPEECH });
      let ready = false;
      const closed: VoiceEvent[] = [];
      made.engine.open({ callId: "call-1", history: [] }).attach((event) => {
        if (event.type === type) throw new Error("a defect");
        if (event.type === "voice.ready") ready = true;
        if (event.type === "voice.closed") closed.push(event);
      });
      await until("ready", () => ready);
      const [connection] = upstream.connections;
      const ids = { event_id: "event_1", response_id: "resp_1", item_id: "item_1", output_index: 0, content_index: 0 };
      connection?.send({ type: "response.created", response: { id: "resp_1" } });
      connection?.send({ type: "response.output_audio.delta", ...ids, delta: Buffer.alloc(160).toString("base64") });
      connection?.send({
        type: "conversation.item.input_audio_transcription.completed",
        event_id: "event_2",
        item_id: "item_2",
        content_index: 0,
        transcript: "Hello.",
      });
      await until("it is closed", () => closed.length === 1);
      expect(closed).toEqual([{ type: "voice.closed", code: "internal-error", fatal: false }]);
      expect(made.meter.total("voice_upstream_errors_total", { code: "internal-error" })).toBe(1);
    },
  );

  test("settings that are never confirmed end the voice", async () => {
    const sim = await simulated({ ignoreUpdates: true });
    const voice = bench(sim.baseUrl, { speed: 20 }).open();
    expect(await voice.next("voice.closed")).toEqual({ type: "voice.closed", code: "setup-timeout", fatal: false });
  });

  test("settings that are refused end it for good, with the reason in the log", async () => {
    const sim = await simulated({
      refuseEvent: {
        type: "session.update",
        error: { code: "unknown_parameter", param: "session.audio.input.format.rate" },
      },
    });
    const kit = bench(sim.baseUrl);
    expect(await kit.open().next("voice.closed")).toEqual({
      type: "voice.closed",
      code: "session-refused",
      fatal: true,
    });
    const line = kit.log.lines.find((one) => one.level === "error");
    expect(line?.fields).toMatchObject({ code: "unknown_parameter", param: "session.audio.input.format.rate" });
    expect(kit.meter.total("voice_upstream_errors_total", { code: "unknown_parameter" })).toBe(1);
  });
});

describe("the audio format", () => {
  test.each([
    ["the input", { input: { format: { type: "audio/pcm", rate: 24000 } }, output: PCMU_SESSION.audio.output }],
    ["the output", { input: PCMU_SESSION.audio.input, output: { format: { type: "audio/pcma" } } }],
    ["anything", undefined],
  ])("a session that does not confirm mu-law for %s is refused for good", async (_, audio) => {
    const upstream = await scripted(
      (connection, event) => {
        if (event.type !== "session.update") return;
        connection.send({ type: "session.updated", session: { type: "realtime", ...(audio && { audio }) } });
      },
      { greet: false },
    );
    const kit = bench(upstream.baseUrl);
    const voice = kit.open();
    await until("the connection", () => upstream.connections.length === 1);
    upstream.connections[0]?.send({ type: "session.created", session: {} });
    expect(await voice.next("voice.closed")).toEqual({ type: "voice.closed", code: "format-refused", fatal: true });
    expect(voice.all("voice.ready")).toEqual([]);
    expect(kit.log.lines.filter((line) => line.level === "error")).toHaveLength(1);
  });

  test("PCM16 sent where mu-law was confirmed ends the voice with one clear line", async () => {
    const sim = await simulated({ outputAs: "audio/pcm" });
    const kit = bench(sim.baseUrl);
    const voice = kit.open();
    voice.say("s1", "This would be a burst of noise in the caller's ear.");
    expect(await voice.next("voice.closed")).toEqual({ type: "voice.closed", code: "format-mismatch", fatal: true });
    expect(kit.log.lines.filter((line) => line.level === "error").map((line) => line.message)).toEqual([
      expect.stringContaining("PCM16"),
    ]);
    expect(kit.meter.total("voice_upstream_errors_total", { code: "format-mismatch" })).toBe(1);
  });
});

describe("F2: the connection is lost in mid-call", () => {
  test.each([
    ["cut", "terminate", "", "connection-lost", false],
    ["internal error", 1011, "", "closed-by-server", false],
    ["the hour is over", 1001, "", "session-expired", false],
    ["the removed beta shape", 4000, "invalid_request_error.beta_api_shape_disabled", "beta_api_shape_disabled", true],
    ["a reason nobody knows", 4000, "invalid_request_error.something", "closed-by-server", true],
  ] as const)("%s", async (_, how, reason, code, fatal) => {
    const sim = await simulated({ drop: { after: "response.output_audio.delta", count: 3, how, reason } });
    const kit = bench(sim.baseUrl);
    const voice = kit.open();
    voice.say("s1", "This sentence will not be finished by anybody.");
    expect(await voice.next("voice.closed")).toEqual({ type: "voice.closed", code, fatal });
    const after = voice.events.length;
    voice.hear(frame());
    voice.say("s2", "Nobody is there.");
    voice.cancel("s1");
    voice.respond();
    voice.truncate({ itemId: "i", contentIndex: 0 }, 1);
    voice.close();
    voice.close();
    expect(kit.clock.pending).toBe(0);
    expect(voice.events.length).toBe(after);
    expect(sim.sessions).toHaveLength(1);
  });

  test("at random moments of 40 sessions: closed exactly once, nothing after it, nothing left", async () => {
    const sim = await simulated();
    const kit = bench(sim.baseUrl);
    const kinds = ["session.updated", "response.created", "response.output_audio.delta", "response.done"];
    const voices = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const after = kinds[index % 4] as string;
        const count = after === "session.updated" ? 1 : 1 + ((index >> 2) % 3);
        sim.faultNext({ drop: { after, count, delayMs: index % 5, how: index % 2 ? "terminate" : 1011 } });
        const voice = kit.open();
        for (let piece = 0; piece < 3; piece++) voice.say(`s${piece}`, "Some words to be said, until the line breaks.");
        await voice.next("voice.closed");
        return voice;
      }),
    );
    for (const voice of voices) {
      expect(voice.all("voice.closed")).toHaveLength(1);
      expect(voice.events.at(-1)?.type).toBe("voice.closed");
      const spoken = voice.all("voice.spoken").map((event) => event.speechId);
      expect(new Set(spoken).size).toBe(spoken.length);
    }
    expect(kit.clock.pending).toBe(0);
  });
});

describe("F3: the API accepts and stalls", () => {
  test("asked to speak, silent: trouble after 3 s, dead after 6 s", async () => {
    const sim = await simulated({ stallOnResponse: true });
    const clock = manualClock();
    const kit = bench(sim.baseUrl, { clock });
    const voice = kit.open();
    await voice.next("voice.ready");
    clock.advance(10_000);
    voice.say("s1", "Anybody there?");
    await (await sim.session(0)).received.waitFor("response.create");
    clock.advance(2900);
    expect(voice.all("voice.trouble")).toEqual([]);
    clock.advance(200);
    expect(voice.all("voice.trouble")).toEqual([{ type: "voice.trouble", code: "stall" }]);
    clock.advance(2800);
    expect(voice.all("voice.closed")).toEqual([]);
    clock.advance(200);
    expect(voice.events.at(-1)).toEqual({ type: "voice.closed", code: "stall", fatal: false });
    expect(kit.meter.total("voice_upstream_stall_total")).toBe(1);
    expect(voice.all("voice.trouble")).toHaveLength(1);
    // The goodbye to the socket is the last timer, and is bounded.
    clock.advance(1000);
    expect(clock.pending).toBe(0);
  });

  test("an answer of its own that does not come is a stall too", async () => {
    const sim = await simulated({ stallOnResponse: true });
    const voice = bench(sim.baseUrl, { settings: SPEECH_TO_SPEECH, speed: 20 }).open();
    await voice.next("voice.ready");
    voice.respond();
    expect(await voice.next("voice.closed")).toMatchObject({ code: "stall" });
  });

  test("stalled in mid-sentence, after audio has come", async () => {
    const upstream = await scripted((connection, event) => {
      if (event.type !== "response.create") return;
      const { metadata } = event.response as { metadata: Record<string, string> };
      connection.send({ type: "response.created", response: { id: "r1", metadata } });
      connection.send({ type: "response.output_audio.delta", response_id: "r1", item_id: "i1", delta: frame() });
    });
    const voice = bench(upstream.baseUrl, { speed: 20 }).open();
    voice.say("s1", "Half a sentence");
    await voice.next("voice.audio");
    expect(await voice.next("voice.closed")).toMatchObject({ code: "stall" });
  });

  test("slow but alive is no stall", async () => {
    const sim = await simulated({ responseDelayMs: 300 });
    const voice = bench(sim.baseUrl, { speed: 5 }).open();
    voice.say("s1", "One and a half seconds late.");
    expect(await voice.next("voice.spoken")).toMatchObject({ status: "completed" });
    expect(voice.all("voice.trouble")).toEqual([]);
  });

  test("ten idle minutes of 20 calls trip nothing", async () => {
    const sim = await simulated();
    const clock = manualClock();
    const kit = bench(sim.baseUrl, { clock });
    const voices = Array.from({ length: 20 }, () => kit.open());
    for (const voice of voices) {
      await voice.next("voice.ready");
      voice.say("s1", "Hello.");
      await voice.next("voice.spoken");
    }
    const events = voices.map((voice) => voice.events.length);
    for (let second = 0; second < 600; second++) {
      clock.advance(1000);
      // The network needs real time for each ping's pong.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(sim.counts.open).toBe(20);
    expect(voices.map((voice) => voice.events.length)).toEqual(events);
    expect(kit.meter.total("voice_upstream_stall_total")).toBe(0);
  });

  test("a peer that answers no ping is dead after 25 s, one that does is not", async () => {
    const upstream = await scripted();
    const clock = manualClock();
    const kit = bench(upstream.baseUrl, { clock });
    const voice = kit.open();
    await voice.next("voice.ready");
    const other = kit.open();
    await other.next("voice.ready");
    const raw = rawSocket(upstream, 0);
    raw.pause();
    const seconds = async (count: number) => {
      for (let second = 0; second < count; second++) {
        clock.advance(1000);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await seconds(24);
    expect(voice.all("voice.closed")).toEqual([]);
    await seconds(2);
    expect(voice.all("voice.closed")).toEqual([{ type: "voice.closed", code: "ping-timeout", fatal: false }]);
    await seconds(60);
    expect(other.all("voice.closed")).toEqual([]);
    raw.resume();
  });
});

describe("F4, F6: error events", () => {
  async function ready(kit: Kit): Promise<HeardVoice> {
    const voice = kit.open();
    await voice.next("voice.ready");
    return voice;
  }

  test.each([
    "insufficient_quota",
    "invalid_api_key",
    "account_deactivated",
    "billing_hard_limit_reached",
    "beta_api_shape_disabled",
  ])("%s is fatal", async (code) => {
    const sim = await simulated();
    const kit = bench(sim.baseUrl);
    const voice = await ready(kit);
    (await sim.session(0)).fail({ code });
    expect(await voice.next("voice.closed")).toEqual({ type: "voice.closed", code, fatal: true });
    expect(sim.sessions).toHaveLength(1);
  });

  test("quota that ends in the middle of a response is fatal too", async () => {
    const upstream = await scripted((connection, event) => {
      if (event.type !== "response.create") return;
      const { metadata } = event.response as { metadata: Record<string, string> };
      connection.send({ type: "response.created", response: { id: "r1", metadata } });
      const error = { type: "insufficient_quota", code: "insufficient_quota" };
      connection.send({
        type: "response.done",
        response: { id: "r1", metadata, status: "failed", status_details: { type: "failed", error } },
      });
    });
    const voice = bench(upstream.baseUrl).open();
    voice.say("s1", "Too expensive.");
    expect(await voice.next("voice.spoken")).toMatchObject({ status: "failed", code: "insufficient_quota" });
    expect(await voice.next("voice.closed")).toMatchObject({ code: "insufficient_quota", fatal: true });
  });

  test("every recoverable code, and 1000 nobody knows, leave the session working and the metrics small", async () => {
    const sim = await simulated();
    const kit = bench(sim.baseUrl);
    const voice = await ready(kit);
    const session = await sim.session(0);
    const known = [
      "unknown_parameter",
      "invalid_value",
      "invalid_event",
      "rate_limit_exceeded",
      "server_error",
      "cannot_update_voice",
      "conversation_already_has_active_response",
      "input_audio_buffer_commit_empty",
      "item_truncate_invalid_item_id",
    ];
    const codes = [...known, ...Array.from({ length: 1000 }, (_, index) => `code_${index * 7919}`)];
    for (const code of codes) session.fail({ code });
    session.fail({ code: null, type: "server_error" });
    voice.say("s1", "Still here.");
    expect(await voice.next("voice.spoken")).toMatchObject({ status: "completed" });
    expect(voice.all("voice.trouble").map((event) => event.code)).toEqual([...codes, "server_error"]);
    expect(kit.meter.series("voice_upstream_errors_total").length).toBeLessThanOrEqual(known.length + 1);
    expect(kit.meter.total("voice_upstream_errors_total", { code: "other" })).toBe(1000);
  });

  test("a cancel that came too late is no trouble, whether or not the error names it", async () => {
    for (const named of [true, false]) {
      const upstream = await scripted((connection, event) => {
        if (event.type === "response.create") {
          const { metadata } = event.response as { metadata: Record<string, string> };
          connection.send({ type: "response.created", response: { id: "r1", metadata } });
        }
        if (event.type !== "response.cancel") return;
        const error = { type: "invalid_request_error", code: "response_cancel_not_active" };
        connection.send({ type: "error", error: { ...error, event_id: named ? event.event_id : null } });
      });
      const kit = bench(upstream.baseUrl);
      const voice = await ready(kit);
      voice.say("s1", "Gone already.");
      await until("the response", () => upstream.connections[0]?.of("response.create").length === 1);
      voice.cancel("s1");
      expect(await voice.next("voice.spoken")).toMatchObject({ speechId: "s1", status: "cancelled" });
      expect(voice.all("voice.trouble")).toEqual([]);
      expect(kit.meter.total("voice_upstream_errors_total")).toBe(0);
    }
  });

  test("session_expired ends the session, so that another can be opened", async () => {
    const sim = await simulated();
    const kit = bench(sim.baseUrl);
    const voice = await ready(kit);
    (await sim.session(0)).expire();
    expect(await voice.next("voice.closed")).toEqual({ type: "voice.closed", code: "session-expired", fatal: false });
    await ready(kit);
  });

  test("session_expired without a close ends the session as well", async () => {
    const upstream = await scripted();
    const voice = bench(upstream.baseUrl).open();
    await voice.next("voice.ready");
    upstream.connections[0]?.send({ type: "error", error: { type: "invalid_request_error", code: "session_expired" } });
    expect(await voice.next("voice.closed")).toEqual({ type: "voice.closed", code: "session-expired", fatal: false });
  });

  test("rate limits at the door: at most one attempt a second for the whole process, and on again at once after them", async () => {
    const sim = await simulated({ refuse: 429 });
    const kit = bench(sim.baseUrl, { speed: 10 });
    for (let call = 0; call < 2; call++) await kit.open().next("voice.closed");
    const refusedBefore = sim.counts.refused;
    expect(refusedBefore).toBeLessThanOrEqual(4);
    const began = kit.clock.now();
    const codes = new Set<string>();
    // On a machine that stops for a moment the seconds pass without attempts.
    const refused = () => sim.counts.refused - refusedBefore;
    while (kit.clock.now() - began < 5000 || refused() < 2) codes.add((await kit.open().next("voice.closed")).code);
    const seconds = (kit.clock.now() - began) / 1000;
    expect(codes).toEqual(new Set(["rate-limited"]));
    expect(refused()).toBeLessThanOrEqual(seconds + 1);

    sim.faults = {};
    for (let isReady = false; !isReady;) {
      const voice = kit.open();
      await until("an outcome", () => voice.events.length > 0);
      isReady = voice.events[0]?.type === "voice.ready";
    }
    await ready(kit);
    expect(kit.log.lines.filter((line) => line.message.includes("429"))).toHaveLength(1);
  });
});

describe("F27: a peer that does not take our audio", () => {
  test("what is late is dropped, and the rest arrives in order", async () => {
    const upstream = await scripted();
    const kit = bench(upstream.baseUrl);
    const voice = kit.open();
    await voice.next("voice.ready");
    const raw = rawSocket(upstream, 0);
    raw.pause();
    let sent = 0;
    // Half an hour of audio into a peer that reads nothing.
    for (; sent < 90_000; sent++) {
      voice.hear(Buffer.alloc(160, sent % 251).toString("base64"));
      if (sent % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const dropped = () => kit.meter.total("voice_frames_dropped_total", { leg: "upstream", cause: "backpressure" });
    expect(dropped()).toBeGreaterThan(10_000);
    raw.resume();
    // The caller goes on talking, which is what lets out the little that was kept.
    const connection = upstream.connections[0];
    await until("the peer has caught up", () => {
      voice.hear(Buffer.alloc(160, sent++ % 251).toString("base64"));
      return (connection?.frames.length ?? 0) > sent - dropped() - 20;
    });
    await until("the last frames", () => connection?.frames.length === sent - dropped() + 1);
    const values = (connection?.of("input_audio_buffer.append") ?? []).map(
      (event) => Buffer.from(String(event.audio), "base64")[0] as number,
    );
    // In order and without a hole but the one that was shed.
    const steps = values.slice(1).map((value, index) => (value - (values[index] as number) + 251) % 251);
    expect(values.at(-1)).toBe((sent - 1) % 251);
    expect(steps.filter((step) => step !== 1).length).toBeLessThan(values.length / 100);
  });
});

describe("messages that are none", () => {
  test("bad JSON, unknown names, the beta's names, binary noise: counted, and the session goes on", async () => {
    const sim = await simulated({ unknownEvents: true, legacyExtras: true, rateLimits: "early" });
    const kit = bench(sim.baseUrl);
    const voice = kit.open();
    await voice.next("voice.ready");
    const session = await sim.session(0);
    session.send("response.audio.delta", { delta: "AAAA" });
    session.send("response.audio.delta", { delta: "AAAA" });
    session.send("response.created", { response: 5 });
    session.send("input_audio_buffer.speech_started", {});
    voice.say("s1", "Unimpressed.");
    expect(await voice.next("voice.spoken")).toMatchObject({ status: "completed" });
    expect(kit.meter.total("voice_unknown_events_total", { leg: "upstream" })).toBeGreaterThanOrEqual(2);
    expect(kit.meter.total("voice_upstream_errors_total", { code: "bad-message" })).toBe(2);
    expect(kit.log.lines.filter((line) => line.message.includes("beta"))).toHaveLength(1);
    expect(voice.all("voice.trouble")).toEqual([]);
  });

  test("raw noise", async () => {
    const upstream = await scripted();
    const kit = bench(upstream.baseUrl);
    const voice = kit.open();
    await voice.next("voice.ready");
    for (const noise of ["", "{", "null", "[1]", "\u0000", '{"type":', "a".repeat(1_000_000)])
      upstream.connections[0]?.send(noise);
    upstream.connections[0]?.socket.send(Buffer.from([0xff, 0xfe, 0x00]));
    upstream.connections[0]?.send({ type: "input_audio_buffer.committed", item_id: "i1" });
    await voice.next("voice.committed");
    expect(kit.meter.total("voice_upstream_errors_total", { code: "bad-message" })).toBe(8);
  });

  test("a response nobody asked for is stopped and never heard", async () => {
    const upstream = await scripted();
    const voice = bench(upstream.baseUrl).open();
    await voice.next("voice.ready");
    const connection = upstream.connections[0];
    connection?.send({ type: "response.created", response: { id: "r9", metadata: null } });
    connection?.send({ type: "response.output_audio.delta", response_id: "r9", item_id: "i", delta: frame() });
    await until("the cancel", () => connection?.of("response.cancel").length === 1);
    expect(connection?.of("response.cancel")[0]).toMatchObject({ response_id: "r9" });
    expect(voice.all("voice.audio")).toEqual([]);
  });

  test("audio that comes between a cancel and its effect is dropped", async () => {
    const upstream = await scripted((connection, event) => {
      const delta = { type: "response.output_audio.delta", response_id: "r1", item_id: "i", delta: frame() };
      if (event.type === "response.create") {
        const { metadata } = event.response as { metadata: Record<string, string> };
        connection.send({ type: "response.created", response: { id: "r1", metadata } });
        connection.send(delta);
      }
      if (event.type !== "response.cancel") return;
      connection.send(delta);
      connection.send({ type: "response.output_audio_transcript.delta", response_id: "r1", item_id: "i", delta: "Hi" });
      // It had ended by itself in the meantime.
      connection.send({ type: "response.done", response: { id: "r1", status: "completed" } });
    });
    const voice = bench(upstream.baseUrl).open();
    voice.say("s1", "Hi.");
    await voice.next("voice.audio");
    voice.cancel("s1");
    expect(await voice.next("voice.spoken")).toMatchObject({ speechId: "s1", status: "cancelled" });
    expect(voice.all("voice.audio")).toHaveLength(1);
  });

  test("a reply of several items keeps each item's audio and words apart", async () => {
    const upstream = await scripted((connection, event) => {
      if (event.type !== "response.create") return;
      const { metadata } = event.response as { metadata: Record<string, string> };
      const of = (item: string, part: number) => ({
        response_id: "r1",
        item_id: item,
        output_index: 0,
        content_index: part,
      });
      connection.send({ type: "response.created", response: { id: "r1", metadata } });
      for (const [item, part, word] of [
        ["a", 0, "One"],
        ["b", 0, "moment."],
        ["b", 1, "Here"],
        ["a", 0, " more"],
      ] as const) {
        connection.send({ type: "response.output_audio_transcript.delta", ...of(item, part), delta: word });
        connection.send({ type: "response.output_audio.delta", ...of(item, part), delta: frame() });
      }
      connection.send({ type: "response.done", response: { id: "r1", status: "completed", metadata } });
    });
    const voice = bench(upstream.baseUrl, { settings: SPEECH_TO_SPEECH }).open();
    voice.respond();
    expect((await voice.next("voice.spoken")).text).toBe("One more moment. Here");
    const parts = voice.all("voice.audio").map(({ part }) => `${part?.itemId}${part?.contentIndex}`);
    expect(parts).toEqual(["a0", "b0", "b1", "a0"]);
  });

  test("a server that does not return our metadata is understood all the same", async () => {
    const upstream = await scripted((connection, event) => {
      if (event.type !== "response.create") return;
      connection.send({ type: "response.created", response: { id: "r1" } });
      connection.send({ type: "response.output_audio.delta", response_id: "r1", item_id: "i", delta: frame() });
      connection.send({ type: "response.done", response: { id: "r1", status: "completed" } });
    });
    const voice = bench(upstream.baseUrl).open();
    voice.say("s1", "Hi.");
    expect(await voice.next("voice.spoken")).toMatchObject({ speechId: "s1", status: "completed" });
    expect(voice.all("voice.audio")).toHaveLength(1);
  });
});

describe("closing", () => {
  test("by us: a close frame, one last event, and nothing later", async () => {
    const sim = await simulated();
    const kit = bench(sim.baseUrl);
    const voice = kit.open();
    await voice.next("voice.ready");
    voice.say("s1", "Cut off.");
    voice.close();
    voice.close();
    expect(voice.events.at(-1)).toEqual({ type: "voice.closed", code: "closed-by-us", fatal: false });
    expect((await (await sim.session(0)).closed).code).toBe(1000);
    await until("no timer", () => kit.clock.pending === 0);
    expect(voice.all("voice.closed")).toHaveLength(1);
    expect(kit.meter.total("voice_calls_not_torn_down_total")).toBe(0);
  });

  test("at every moment of setting up", async () => {
    const sim = await simulated({ createdDelayMs: 10, updatedDelayMs: 10 });
    const kit = bench(sim.baseUrl);
    for (let ms = 0; ms < 40; ms += 2) {
      const voice = kit.open();
      voice.hear(frame());
      const began = performance.now();
      await until("the moment", () => performance.now() - began >= ms);
      voice.close();
      expect(voice.all("voice.closed")).toHaveLength(1);
    }
    await until("no timer", () => kit.clock.pending === 0);
  });

  test("while the settings are not confirmed: nothing is waited for any more", async () => {
    const sim = await simulated({ ignoreUpdates: true });
    const kit = bench(sim.baseUrl);
    const voice = kit.open();
    await (await sim.session(0)).received.waitFor("session.update");
    voice.close();
    const began = kit.clock.now();
    await until("no timer", () => kit.clock.pending === 0);
    expect(kit.clock.now() - began).toBeLessThan(900);
  });

  test("a peer that ignores our close is cut after a second, and counted", async () => {
    const upstream = await scripted();
    const kit = bench(upstream.baseUrl, { speed: 10 });
    const voice = kit.open();
    await voice.next("voice.ready");
    const raw = rawSocket(upstream, 0);
    raw.pause();
    voice.close();
    await until("the cut", () => kit.meter.total("voice_calls_not_torn_down_total", { leg: "upstream" }) === 1);
    expect(kit.clock.pending).toBe(0);
    raw.resume();
  });

  test("by the engine: every voice, and those opened afterwards from the start", async () => {
    const sim = await simulated();
    const kit = bench(sim.baseUrl);
    const voices = [kit.open(), kit.open(), kit.open()];
    await voices[0]?.next("voice.ready");
    kit.engine.close();
    const late = kit.open();
    for (const voice of [...voices, late]) {
      expect(await voice.next("voice.closed")).toMatchObject({ code: "closed-by-us" });
    }
    await until("no timer", () => kit.clock.pending === 0);
  });

  test("from inside an event", async () => {
    const sim = await simulated();
    const kit = bench(sim.baseUrl);
    for (const type of ["voice.ready", "voice.audio", "voice.spoken"]) {
      const voice = kit.engine.open({ callId: "c", history: [] });
      const told: string[] = [];
      voice.attach((event) => {
        told.push(event.type);
        if (event.type === "voice.ready") voice.say("s1", "Some words.");
        if (event.type === type) voice.close();
      });
      await until("closed", () => told.includes("voice.closed"));
      expect(told.at(-1)).toBe("voice.closed");
    }
    await until("no timer", () => kit.clock.pending === 0);
  });
});
