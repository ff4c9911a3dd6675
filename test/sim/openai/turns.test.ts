import { encodeAlaw } from "../../../src/audio/alaw.ts";
import { encodeMulaw, mulawSilence } from "../../../src/audio/mulaw.ts";
import { pcmBytes } from "../../../src/audio/pcm.ts";
import { hum, humMs } from "../../../src/sim/openai/hum.ts";
import { createVad } from "../../../src/sim/openai/realtime/vad.ts";
import type { Utterance } from "../../../src/sim/openai/index.ts";
import { closeSims, connect, phone, sim } from "./client.ts";

afterEach(closeSims);

const WORDS = "humming for a while";
const talkMs = humMs(WORDS);
const talk = await hum(WORDS, { voice: "x", rate: 8000, speed: 1 });
const speech = encodeMulaw(talk);
/** 500 ms of silence, some speech, 500 ms of silence. */
const turn = Buffer.concat([mulawSilence(500), speech, mulawSilence(500)]);

describe("voice activity", () => {
  const settings = { rate: 8000, threshold: 0.5, prefixMs: 100, silenceMs: 300 };
  const samples = (ms: number) => new Int16Array(ms * 8);

  test("starts 100 ms early, stops after 300 ms of silence, wherever the chunks are cut", () => {
    for (const size of [1, 80, 160, 333, 100_000]) {
      const vad = createVad(settings, 0);
      const all = Int16Array.from([...samples(500), ...talk, ...samples(500)]);
      const events = [];
      for (let at = 0; at < all.length; at += size) events.push(...vad.push(all.subarray(at, at + size)));
      expect(events.map((event) => event.type)).toEqual(["started", "stopped"]);
      expect(events[0]?.atMs).toBeGreaterThanOrEqual(390);
      expect(events[0]?.atMs).toBeLessThanOrEqual(410);
      // The hum's last word is followed by 40 ms of its own silence.
      expect(events[1]?.atMs).toBeGreaterThanOrEqual(500 + talkMs - 60 + 300);
      expect(events[1]?.atMs).toBeLessThanOrEqual(500 + talkMs - 30 + 300);
      expect(vad.speaking).toBe(false);
    }
  });

  test("silence, a click and a hum below the threshold start nothing", () => {
    const vad = createVad(settings, 0);
    const click = samples(200);
    click.fill(20000, 400, 640);
    const soft = talk.map((sample) => sample / 100);
    expect([...vad.push(samples(1000)), ...vad.push(click), ...vad.push(soft)]).toEqual([]);
    expect(createVad({ ...settings, threshold: 0 }, 0).push(soft)).not.toEqual([]);
  });

  test("no turn reaches back into the one before it", () => {
    const vad = createVad({ ...settings, prefixMs: 2000 }, 0);
    const events = [0, 1].flatMap(() => vad.push(Int16Array.from([...samples(50), ...talk, ...samples(350)])));
    expect(events.map((event) => event.type)).toEqual(["started", "stopped", "started", "stopped"]);
    expect(events[0]?.atMs).toBe(0);
    expect(events[2]?.atMs).toBe(events[1]?.atMs);
  });
});

describe("a turn of the caller", () => {
  test("comes as OpenAI tells it, and its transcript after", async () => {
    const on = await sim({ script: { transcripts: ["I need an oil change."] } });
    const client = await phone(on);
    client.append(turn);
    const completed = await client.next("conversation.item.input_audio_transcription.completed");
    const events = client.events.slice(2).filter((event) => !event.type.endsWith("transcription.delta"));
    expect(events.map((event) => event.type)).toEqual([
      "input_audio_buffer.speech_started",
      "input_audio_buffer.speech_stopped",
      "input_audio_buffer.committed",
      "conversation.item.added",
      "conversation.item.done",
      "conversation.item.input_audio_transcription.completed",
    ]);
    const id = events[0]?.["item_id"];
    expect(id).toMatch(/^item_/);
    expect(events[0]?.["audio_start_ms"]).toBeGreaterThanOrEqual(390);
    expect(events[0]?.["audio_start_ms"]).toBeLessThanOrEqual(410);
    expect(Math.abs((events[1]?.["audio_end_ms"] as number) - (500 + talkMs - 40 + 300))).toBeLessThanOrEqual(20);
    for (const event of [events[1], events[2], completed]) expect(event?.["item_id"]).toBe(id);
    expect(events[2]).toMatchObject({ previous_item_id: null });
    expect(events[4]).toMatchObject({
      item: { id, role: "user", status: "completed", content: [{ type: "input_audio", transcript: null }] },
    });
    expect(completed).toMatchObject({
      content_index: 0,
      transcript: "I need an oil change.",
      usage: { type: "tokens", total_tokens: expect.any(Number) },
    });
    const deltas = client.events.filter((event) => event.type.endsWith("transcription.delta"));
    expect(deltas.map((event) => event["delta"]).join("")).toBe("I need an oil change.");
    expect(client.types()).not.toContain("response.created");
  });

  test("the second follows the first, and the script is used in order, then empty", async () => {
    const on = await sim({ script: { transcripts: ["one", { text: "two", delayMs: 1 }] } });
    const client = await phone(on);
    const heard: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      client.append(turn);
      heard.push((await client.next("conversation.item.input_audio_transcription.completed"))["transcript"]);
    }
    expect(heard).toEqual(["one", "two", ""]);
    const committed = client.events.filter((event) => event.type === "input_audio_buffer.committed");
    expect(committed[1]?.["previous_item_id"]).toBe(committed[0]?.["item_id"]);
  });

  test.each([
    ["audio/pcm", 48, (samples: Int16Array) => pcmBytes(samples)],
    ["audio/pcmu", 8, (samples: Int16Array) => encodeMulaw(samples)],
    ["audio/pcma", 8, (samples: Int16Array) => encodeAlaw(samples)],
  ] as const)("is heard in %s", async (type, perMs, encode) => {
    const seen: Utterance[] = [];
    const on = await sim({
      script: {
        transcripts: (_session, utterance) => {
          seen.push(utterance);
          return "heard";
        },
      },
    });
    const client = await connect(on);
    const detection = { type: "server_vad", silence_duration_ms: 300, create_response: false };
    await client.update({
      audio: { input: { format: { type }, transcription: { model: "whisper-1" }, turn_detection: detection } },
    });
    const rate = type === "audio/pcm" ? 24000 : 8000;
    const voiced = await hum(WORDS, { voice: "x", rate, speed: 1 });
    const quiet = encode(new Int16Array(rate / 2));
    expect(quiet.length).toBe(500 * perMs);
    client.append(Buffer.concat([quiet, encode(voiced), quiet]), 20 * perMs);
    const completed = await client.next("conversation.item.input_audio_transcription.completed");
    expect(completed).toMatchObject({ transcript: "heard", usage: { type: "duration", seconds: 2 } });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ index: 0, rate, itemId: completed["item_id"] });
    expect(seen[0]?.audio.length).toBe((((seen[0]?.endMs ?? 0) - (seen[0]?.startMs ?? 0)) * rate) / 1000);
  });

  test("mu-law read as the default 24 kHz PCM is noise a sixth as long: what forgetting session.update costs", async () => {
    const on = await sim();
    const client = await connect(on);
    client.append(turn);
    await on.sessions[0]?.received.waitFor(() => on.sessions[0]?.inputAudio().length === turn.length);
    expect(on.sessions[0]?.inputMs).toBeCloseTo(turn.length / 48, 0);
    // Mu-law silence, 0xffff, is -1 as PCM; the speech is loud garbage.
    expect(client.types()).not.toContain("input_audio_buffer.committed");
  });

  test("semantic turn detection waits as long as its eagerness says", async () => {
    const on = await sim();
    for (const [eagerness, waitMs] of [
      ["high", 2000],
      ["auto", 4000],
      ["low", 8000],
    ] as const) {
      const client = await phone(on, null);
      const detection = { type: "semantic_vad", eagerness, create_response: false };
      await client.update({ audio: { input: { turn_detection: detection } } });
      client.append(Buffer.concat([speech, mulawSilence(waitMs + 200)]), 1600);
      const stopped = await client.next("input_audio_buffer.speech_stopped");
      expect(Math.abs((stopped["audio_end_ms"] as number) - (talkMs - 40 + waitMs))).toBeLessThanOrEqual(20);
    }
  });

  test("without turn detection nothing happens until a commit by hand", async () => {
    const on = await sim({ script: { transcripts: ["by hand"] } });
    const client = await phone(on, null);
    client.append(turn);
    client.send({ type: "input_audio_buffer.commit" });
    const committed = await client.next("input_audio_buffer.committed");
    expect(client.types()).not.toContain("input_audio_buffer.speech_started");
    expect(await client.next("conversation.item.input_audio_transcription.completed")).toMatchObject({
      item_id: committed["item_id"],
      transcript: "by hand",
    });
    expect(await client.refused({ type: "input_audio_buffer.commit" })).toMatchObject({
      code: "input_audio_buffer_commit_empty",
      message: expect.stringContaining("buffer only has 0.00ms of audio"),
    });
    client.append(mulawSilence(200));
    client.send({ type: "input_audio_buffer.clear" });
    await client.next("input_audio_buffer.cleared");
    expect(await client.refused({ type: "input_audio_buffer.commit" })).toMatchObject({
      code: "input_audio_buffer_commit_empty",
    });
  });

  test("a commit by hand in the middle of speech keeps the announced item", async () => {
    const client = await phone(await sim());
    client.append(Buffer.concat([mulawSilence(200), speech]));
    const started = await client.next("input_audio_buffer.speech_started");
    client.send({ type: "input_audio_buffer.commit" });
    expect(await client.next("input_audio_buffer.committed")).toMatchObject({ item_id: started["item_id"] });
  });

  test("no transcription asked for, none told, but the model understood", async () => {
    const on = await sim({ script: { transcripts: ["Are you open on Saturday?"] } });
    const client = await phone(on);
    await client.update({
      audio: { input: { transcription: null, turn_detection: { type: "server_vad", silence_duration_ms: 300 } } },
    });
    client.append(turn);
    const done = await client.next("response.output_audio_transcript.done");
    expect(done["transcript"]).toContain("On Saturday we are open");
    expect(client.types().some((type) => type.includes("transcription"))).toBe(false);
  });

  test("logprobs come when included", async () => {
    const on = await sim({ script: { transcripts: ["yes please"] } });
    const client = await phone(on);
    await client.update({ include: ["item.input_audio_transcription.logprobs"] });
    client.append(turn);
    const completed = await client.next("conversation.item.input_audio_transcription.completed");
    expect((completed["logprobs"] as { token: string }[]).map((one) => one.token)).toEqual(["yes", " please"]);
  });

  test("scripts can be chosen by session, and changed while it runs", async () => {
    const on = await sim({ script: { transcripts: ["common"] } });
    on.script = {
      ...on.script,
      sessions: [{ when: (session) => session.number === 1, transcripts: ["for the second"] }],
    };
    const heard: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      const client = await phone(on);
      client.append(turn);
      heard.push((await client.next("conversation.item.input_audio_transcription.completed"))["transcript"]);
    }
    expect(heard).toEqual(["common", "for the second"]);
  });

  test("the idle timeout fires in audio time after a response, once, and answers by itself", async () => {
    const on = await sim({ script: { brain: () => "Still there?" } });
    const client = await phone(on, { idle_timeout_ms: 5000, create_response: true });
    client.send({ type: "response.create" });
    await client.next("response.done");
    client.append(mulawSilence(4000), 1600);
    client.send({ type: "input_audio_buffer.append", audio: Buffer.from(mulawSilence(3000)).toString("base64") });
    const fired = await client.next("input_audio_buffer.timeout_triggered");
    const said = humMs("Still there?");
    expect(fired["audio_start_ms"]).toBeGreaterThanOrEqual(Math.floor(said) - 1);
    expect(fired["audio_end_ms"]).toBe(7000);
    expect(await client.next("input_audio_buffer.committed")).toMatchObject({ item_id: fired["item_id"] });
    await client.next("response.done");
    expect(client.types().filter((type) => type === "input_audio_buffer.timeout_triggered")).toHaveLength(1);
  });
});
