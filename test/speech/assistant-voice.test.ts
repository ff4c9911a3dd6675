// The voice in assistant mode against the simulated OpenAI: it hears turns and speaks given sentences.
import { startOpenAISim, type OpenAISim } from "../../src/sim/openai/index.ts";
import { decodeMulaw } from "../../src/audio/mulaw.ts";
import { divergence } from "../../src/speech/divergence.ts";
import { until } from "../support/until.ts";
import { ASSISTANT, frame, kit, speakInto, type HeardVoice, type Kit } from "./voice-kit.ts";

let sim: OpenAISim;
let bench: Kit;

beforeEach(async () => {
  sim = await startOpenAISim({ timing: { pace: Infinity } });
  bench = kit(sim.baseUrl);
});

afterEach(async () => {
  await bench.done();
  await until("all sockets released", () => sim.counts.open === 0);
  await sim.close();
});

async function ready(): Promise<HeardVoice> {
  const voice = bench.open();
  await voice.next("voice.ready");
  return voice;
}

/** Bytes of speech a voice gave for one speech id. */
function audioOf(voice: HeardVoice, speechId: string): Buffer {
  const payloads = voice.all("voice.audio").filter((event) => event.speechId === speechId);
  return Buffer.concat(payloads.map((event) => Buffer.from(event.payload, "base64")));
}

describe("setting up", () => {
  test("a strict server takes the session, and mu-law is agreed both ways before the voice is ready", async () => {
    const voice = await ready();
    const session = await sim.session(0);
    expect(session.model).toBe("gpt-realtime-2.1");
    expect(session.config.audio.input.format).toEqual({ type: "audio/pcmu" });
    expect(session.config.audio.output?.format).toEqual({ type: "audio/pcmu" });
    expect(session.sent.of("error")).toEqual([]);
    expect(voice.events).toEqual([{ type: "voice.ready" }]);
    expect(bench.meter.total("voice_upstream_connects_total", { result: "ok" })).toBe(1);
  });

  test("audio from before the session was ready arrives, whole and in order", async () => {
    sim.faultNext({ createdDelayMs: 80, updatedDelayMs: 80 });
    const voice = bench.open();
    for (let value = 0; value < 200; value++) voice.hear(frame(value));
    await voice.next("voice.ready");
    voice.hear(frame(200));
    const session = await sim.session(0);
    await until("all audio", () => session.inputMs === 201 * 20);
    const heard = session.inputAudio();
    for (let value = 0; value <= 200; value++) expect(heard[value * 160 + 80]).toBe(value);
  });

  test("the payload goes up untouched", async () => {
    const voice = await ready();
    const payload = Buffer.from(Array.from({ length: 160 }, (_, at) => (at * 37) % 256)).toString("base64");
    voice.hear(payload);
    const session = await sim.session(0);
    await until("the frame", () => session.inputMs === 20);
    expect(Buffer.from(session.inputAudio()).toString("base64")).toBe(payload);
  });

  test("what happened before anyone listened is told first, in order", async () => {
    const voice = bench.engine.open({ callId: "early", history: [] });
    await (await sim.session(0)).sent.waitFor("session.updated");
    const told: string[] = [];
    await until("ready", () => {
      voice.attach((event) => void told.push(event.type));
      return told.length > 0;
    });
    expect(told).toEqual(["voice.ready"]);
  });
});

describe("hearing", () => {
  test("a turn is told from its first sound to its words", async () => {
    sim.script = { transcripts: ["I need an oil change."] };
    const voice = await ready();
    for (let ms = 0; ms < 1000; ms += 20) voice.hear(frame());
    speakInto(voice, 1200, 700);
    const started = await voice.next("voice.speech-started");
    const stopped = await voice.next("voice.speech-stopped");
    const committed = await voice.next("voice.committed");
    const heard = await voice.next("voice.heard");
    expect(Math.abs(started.audioMs - 1000)).toBeLessThanOrEqual(20);
    expect(Math.abs(stopped.audioMs - 2200)).toBeLessThanOrEqual(20);
    expect(Math.abs(stopped.speechMs - 1200)).toBeLessThanOrEqual(40);
    expect(heard).toEqual({ type: "voice.heard", itemId: committed.itemId, text: "I need an oil change." });
    expect(voice.all("voice.usage").length).toBe(1);
  });

  test("audio that was dropped before the session was ready still counts as time", async () => {
    sim.faultNext({ createdDelayMs: 50 });
    const voice = bench.open();
    for (let ms = 0; ms < 32_000; ms += 20) voice.hear(frame());
    speakInto(voice, 1000, 700);
    const dropped = bench.meter.total("voice_frames_dropped_total", { leg: "upstream", cause: "not-ready" });
    expect(dropped).toBe(185);
    const started = await voice.next("voice.speech-started");
    const stopped = await voice.next("voice.speech-stopped");
    expect(Math.abs(started.audioMs - 32_000)).toBeLessThanOrEqual(20);
    expect(Math.abs(stopped.audioMs - 33_000)).toBeLessThanOrEqual(20);
  });

  test("semantic turn detection: times as the server gives them", async () => {
    await bench.done();
    bench = kit(sim.baseUrl, { settings: { ...ASSISTANT, vad: { type: "semantic_vad", eagerness: "high" } } });
    const voice = await ready();
    speakInto(voice, 1000, 2200);
    const stopped = await voice.next("voice.speech-stopped");
    const session = await sim.session(0);
    expect(stopped.audioMs).toBe(session.sent.of("input_audio_buffer.speech_stopped")[0]?.event.audio_end_ms);
  });

  test.each([
    ["empty", "empty"],
    ["failed", "failed"],
  ] as const)("an %s transcription is told as unheard, with the item of the turn", async (fault, cause) => {
    sim.faults = { transcription: fault };
    sim.script = { transcripts: ["lost words"] };
    const voice = await ready();
    speakInto(voice, 400, 600);
    const committed = await voice.next("voice.committed");
    expect(await voice.next("voice.unheard")).toEqual({ type: "voice.unheard", itemId: committed.itemId, cause });
  });

  test("a late transcription is still told, after later turns and for its own", async () => {
    sim.script = {
      transcripts: [
        { text: "first", delayMs: 150 },
        { text: "second", delayMs: 10 },
      ],
    };
    const voice = await ready();
    speakInto(voice, 400, 600);
    speakInto(voice, 400, 600);
    const [one, two] = [await voice.next("voice.committed"), await voice.next("voice.committed")];
    expect(await voice.next("voice.heard")).toMatchObject({ itemId: two.itemId, text: "second" });
    expect(await voice.next("voice.heard")).toMatchObject({ itemId: one.itemId, text: "first" });
  });

  test("no response is ever made by the server itself", async () => {
    sim.script = { transcripts: ["hello?"] };
    const voice = await ready();
    speakInto(voice, 400, 600);
    await voice.next("voice.heard");
    expect((await sim.session(0)).sent.of("response.created")).toEqual([]);
  });
});

describe("speaking", () => {
  test("a sentence is spoken word for word, outside the conversation", async () => {
    const voice = await ready();
    const text = "We are open from nine to five. Come by at any time.";
    voice.say("s1", text);
    const spoken = await voice.next("voice.spoken");
    expect(spoken).toMatchObject({ speechId: "s1", status: "completed" });
    expect(divergence(text, spoken.text)).toBe(0);
    const audio = audioOf(voice, "s1");
    expect(audio.length / 8 / text.length).toBeGreaterThan(40);
    expect(decodeMulaw(audio).some((sample) => Math.abs(sample) > 4000)).toBe(true);
    expect(voice.all("voice.audio").every((event) => event.part === undefined)).toBe(true);
    expect(voice.all("voice.words")).toEqual([]);
    expect((await sim.session(0)).conversation.items).toEqual([]);
    const usage = voice.all("voice.usage")[0]?.usage;
    expect(usage?.voice_output_tokens).toBeGreaterThan(0);
  });

  test("the request is exactly what the protocol asks for", async () => {
    const voice = await ready();
    voice.say("s1", "Is 3 < 4?");
    await voice.next("voice.spoken");
    const [request] = (await sim.session(0)).received.of("response.create");
    expect(request?.event).toEqual({
      type: "response.create",
      event_id: expect.any(String),
      response: {
        conversation: "none",
        metadata: { say: "s1" },
        output_modalities: ["audio"],
        tools: [],
        tool_choice: "none",
        max_output_tokens: expect.any(Number),
        instructions: expect.stringContaining("word for word"),
        input: [{ type: "message", role: "user", content: [{ type: "input_text", text: "<say>Is 3 &lt; 4?</say>" }] }],
        reasoning: { effort: "minimal" },
      },
    });
  });

  test("a model without reasoning is not asked for any, and speaks", async () => {
    await bench.done();
    bench = kit(sim.baseUrl, { settings: { ...ASSISTANT, model: "gpt-realtime-1.5" } });
    const voice = await ready();
    voice.say("s1", "Good morning.");
    expect(await voice.next("voice.spoken")).toMatchObject({ status: "completed" });
    const [request] = (await sim.session(0)).received.of("response.create");
    expect(request?.event.response).not.toHaveProperty("reasoning");
  });

  test("asked before the session is ready, it speaks as soon as it is", async () => {
    const voice = bench.open();
    voice.say("s1", "Good morning.");
    expect(await voice.next("voice.spoken")).toMatchObject({ speechId: "s1", status: "completed" });
    expect(voice.events[0]).toEqual({ type: "voice.ready" });
  });

  test("long and numerous words are not cut by the token limit", async () => {
    const voice = await ready();
    for (const [id, text] of [
      ["s1", "The work takes about forty minutes and you can wait in the lounge. ".repeat(4).trim()],
      ["s2", "Your code is 4, 8, 1, 5, 1, 6, 2, 3, 4, 2."],
      ["s3", "OK."],
    ] as const) {
      voice.say(id, text);
      expect(await voice.next("voice.spoken")).toMatchObject({ speechId: id, status: "completed" });
    }
  });

  test("two speeches at once are never mixed", async () => {
    sim.timing = { ...sim.timing, pace: 2, deltaMs: 60 };
    const voice = await ready();
    const one = "This is the first sentence and it is rather long.";
    const two = "And this is another one, not quite as long.";
    voice.say("s1", one);
    voice.say("s2", two);
    await voice.next("voice.spoken");
    await voice.next("voice.spoken");
    const order = voice.all("voice.audio").map((event) => event.speechId);
    expect(order.lastIndexOf("s1")).toBeGreaterThan(order.indexOf("s2"));
    sim.timing = { ...sim.timing, pace: Infinity };
    const alone = await ready();
    alone.say("s1", one);
    await alone.next("voice.spoken");
    alone.say("s2", two);
    await alone.next("voice.spoken");
    expect(audioOf(voice, "s1").equals(audioOf(alone, "s1"))).toBe(true);
    expect(audioOf(voice, "s2").equals(audioOf(alone, "s2"))).toBe(true);
  });

  test("deltas of odd sizes come through byte for byte", async () => {
    const voice = await ready();
    voice.say("s1", "Sizes that fit no frame.");
    await voice.next("voice.spoken");
    sim.faults = { unevenDeltas: true };
    voice.say("s2", "Sizes that fit no frame.");
    await voice.next("voice.spoken");
    expect(audioOf(voice, "s2").equals(audioOf(voice, "s1"))).toBe(true);
  });

  test("another wording is told as what was spoken", async () => {
    sim.faults = { paraphrase: true };
    const voice = await ready();
    voice.say("s1", "We are closed on Sundays and on holidays.");
    const spoken = await voice.next("voice.spoken");
    expect(divergence("We are closed on Sundays and on holidays.", spoken.text)).toBeGreaterThan(0.2);
  });

  test.each([
    ["rate_limit_exceeded", "failed"],
    ["server_error", "failed"],
    ["max_output_tokens", "incomplete"],
    ["content_filter", "incomplete"],
  ] as const)("a response that ends with %s ends the speech as %s", async (fault, status) => {
    sim.faults = { response: fault };
    const voice = await ready();
    voice.say("s1", "This will not be said.");
    expect(await voice.next("voice.spoken")).toMatchObject({ speechId: "s1", status, code: fault });
    sim.faults = {};
    voice.say("s2", "This will.");
    expect(await voice.next("voice.spoken")).toMatchObject({ speechId: "s2", status: "completed" });
  });

  test("a request the server refuses ends the speech, not the voice", async () => {
    sim.faults = { refuseEvent: { type: "response.create", error: { code: "invalid_value" } } };
    const voice = await ready();
    voice.say("s1", "Refused.");
    expect(await voice.next("voice.spoken")).toEqual({
      type: "voice.spoken",
      speechId: "s1",
      status: "failed",
      text: "",
      code: "invalid_value",
    });
    expect(bench.meter.total("voice_upstream_errors_total", { code: "invalid_value" })).toBe(1);
    sim.faults = {};
    voice.say("s2", "Taken.");
    expect(await voice.next("voice.spoken")).toMatchObject({ status: "completed" });
  });
});

describe("cancelling", () => {
  test("in mid-speech: no audio after it, and the speech ends cancelled", async () => {
    sim.timing = { ...sim.timing, pace: 0.1, deltaMs: 40 };
    sim.faults = { deltasAfterCancel: 5 };
    const voice = await ready();
    voice.say("s1", "A long sentence that nobody will hear to its end, because it is cut.");
    await voice.next("voice.audio");
    const before = voice.all("voice.audio").length;
    voice.cancel("s1");
    expect(await voice.next("voice.spoken")).toMatchObject({ speechId: "s1", status: "cancelled" });
    const session = await sim.session(0);
    await until("late deltas", () => bench.meter.total("voice_frames_dropped_total", { cause: "late" }) > 0);
    expect(voice.all("voice.audio").length).toBe(before);
    const [created] = session.sent.of("response.created");
    const [cancel] = session.received.of("response.cancel");
    expect(created?.event.response).toMatchObject({ id: cancel?.event.response_id });
    sim.faults = {};
    sim.timing = { ...sim.timing, pace: Infinity };
    voice.say("s2", "The next one is whole.");
    expect(await voice.next("voice.spoken")).toMatchObject({ speechId: "s2", status: "completed" });
  });

  test("before the response exists: cancelled as soon as it does, without a sound", async () => {
    const voice = await ready();
    voice.say("s1", "Never mind.");
    voice.cancel("s1");
    expect(await voice.next("voice.spoken")).toMatchObject({ speechId: "s1", status: "cancelled" });
    expect(voice.all("voice.audio")).toEqual([]);
    expect((await sim.session(0)).received.of("response.cancel")).toHaveLength(1);
  });

  test("before the session is ready", async () => {
    const voice = bench.open();
    voice.say("s1", "Never mind.");
    voice.cancel("s1");
    expect(await voice.next("voice.spoken")).toMatchObject({ speechId: "s1", status: "cancelled" });
    expect(voice.all("voice.audio")).toEqual([]);
  });

  test("after the end: nothing happens; twice: one request", async () => {
    sim.timing = { ...sim.timing, pace: 0.1 };
    const voice = await ready();
    voice.say("s1", "Cut twice, which is once too often.");
    await voice.next("voice.audio");
    voice.cancel("s1");
    voice.cancel("s1");
    await voice.next("voice.spoken");
    voice.cancel("s1");
    voice.cancel("nobody");
    sim.timing = { ...sim.timing, pace: Infinity };
    voice.say("s2", "Fine.");
    await voice.next("voice.spoken");
    expect((await sim.session(0)).received.of("response.cancel")).toHaveLength(1);
    expect(voice.all("voice.spoken")).toHaveLength(2);
  });

  test("at random moments of many speeches: every speech ends exactly once", async () => {
    sim.timing = { ...sim.timing, pace: 50, deltaMs: 20, replyMs: 3 };
    const voice = await ready();
    for (let round = 0; round < 40; round++) {
      voice.say(`s${round}`, "Cut somewhere between the first word and the last.");
      const before = voice.all("voice.audio").length;
      const deltas = (round * 7) % 60;
      await until("the moment", () => voice.all("voice.audio").length - before >= deltas);
      voice.cancel(`s${round}`);
      const spoken = await voice.next("voice.spoken");
      expect(spoken.speechId).toBe(`s${round}`);
    }
    expect(voice.all("voice.spoken")).toHaveLength(40);
    expect(voice.all("voice.trouble")).toEqual([]);
    // On a busy machine a cancel may come after the last sound, and then has nothing to cancel.
    const statuses = voice.all("voice.spoken").map((event) => event.status);
    expect(statuses).toContain("cancelled");
    expect(statuses.filter((status) => status !== "cancelled" && status !== "completed")).toEqual([]);
  });
});

test("history is not replayed: what is spoken comes with its own input", async () => {
  const voice = bench.open({ history: [{ role: "caller", text: "Hello" }] });
  await voice.next("voice.ready");
  voice.say("s1", "Hi.");
  await voice.next("voice.spoken");
  expect((await sim.session(0)).received.of("conversation.item.create")).toEqual([]);
});
