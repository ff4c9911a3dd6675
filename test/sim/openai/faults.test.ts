import { encodeMulaw, mulawSilence } from "../../../src/audio/mulaw.ts";
import { hum, humMs } from "../../../src/sim/openai/hum.ts";
import { closeSims, connect, open, phone, phoneSession, refusal, sim, type Client } from "./client.ts";

afterEach(closeSims);

const speech = encodeMulaw(await hum("humming for a while", { voice: "x", rate: 8000, speed: 1 }));
const turn = Buffer.concat([mulawSilence(500), speech, mulawSilence(500)]);
const TEXT = "These are some words to be said.";
const say = {
  type: "response.create",
  response: {
    conversation: "none",
    input: [{ type: "message", role: "user", content: [{ type: "input_text", text: `<say>${TEXT}</say>` }] }],
  },
};

const bytes = (client: Client) =>
  client.events
    .filter((event) => event.type === "response.output_audio.delta")
    .map((event) => Buffer.from(event["delta"] as string, "base64").length);
const total = (sizes: number[]) => sizes.reduce((a, b) => a + b, 0);

describe("at the door", () => {
  test.each([401, 403, 429, 500, 503] as const)("refuses with %d, for the next one only", async (status) => {
    const on = await sim();
    on.faultNext({ refuse: status });
    expect((await refusal(open(on))).status).toBe(status);
    await connect(on);
    on.faults.refuse = status;
    expect((await refusal(open(on))).status).toBe(status);
  });

  test("cuts the connection", async () => {
    const on = await sim({ faults: { refuse: "reset" } });
    expect((await open(on).closed).code).toBe(1006);
    expect(on.counts.opened).toBe(0);
  });

  test("never answers, and lets go at the end", async () => {
    const on = await sim();
    on.faultNext({ refuse: "hang" });
    const client = open(on);
    const asked = new Promise((resolve) => client.socket.once("open", resolve));
    await connect(on);
    expect(await Promise.race([asked.then(() => "answered"), connect(on).then(() => "waiting")])).toBe("waiting");
    await on.close();
    expect((await client.closed).code).toBe(1006);
    expect(on.counts.opened).toBe(2);
  });
});

describe("silence", () => {
  test("mute: accepted, then not a byte", async () => {
    const on = await sim({ faults: { mute: true } });
    const client = open(on);
    const session = await on.session(0);
    await new Promise((resolve) => client.socket.once("open", resolve));
    client.send({ type: "nonsense" });
    client.send(say);
    await session.received.waitFor("response.create");
    expect(session.sent.entries).toEqual([]);
    session.faults.mute = false;
    session.send("session.created");
    await client.next("session.created");
    // What the response still has to say may follow; nothing came before.
    expect(client.events[0]).toMatchObject({ type: "session.created" });
  });

  test("a slow session.created and a slow session.updated", async () => {
    const on = await sim({ faults: { createdDelayMs: 60, updatedDelayMs: 60 } });
    // Taken before the delay can have begun: what a busy machine adds only makes it longer.
    const opened = performance.now();
    const client = open(on);
    await client.next("session.created");
    expect(performance.now() - opened).toBeGreaterThan(45);
    const asked = performance.now();
    client.send({ type: "session.update", session: phoneSession() });
    await on.sessions[0]?.received.waitFor("session.update");
    // Until it is applied, the old format holds.
    expect(on.sessions[0]?.config.audio.input.format.type).toBe("audio/pcm");
    await client.next("session.updated");
    expect(performance.now() - asked).toBeGreaterThan(45);
    expect(on.sessions[0]?.config.audio.input.format.type).toBe("audio/pcmu");
  });

  test("ignored updates", async () => {
    const on = await sim({ faults: { ignoreUpdates: true } });
    const client = await connect(on);
    client.send({ type: "session.update", session: phoneSession() });
    client.send({ type: "input_audio_buffer.clear" });
    await client.next("input_audio_buffer.cleared");
    expect(client.types()).toEqual(["session.created", "input_audio_buffer.cleared"]);
    expect(on.sessions[0]?.config.audio.input.format.type).toBe("audio/pcm");
  });

  test("stalls after response.create until switched off", async () => {
    const on = await sim();
    const client = await phone(on);
    on.faults.stallOnResponse = true;
    client.send({ type: "input_audio_buffer.clear" });
    await client.next("input_audio_buffer.cleared");
    client.send(say);
    client.send({ type: "nonsense" });
    client.send({ type: "input_audio_buffer.clear" });
    await on.sessions[0]?.received.waitFor("nonsense");
    on.faults.stallOnResponse = false;
    client.send({ type: "response.cancel" });
    await client.next("error");
    expect(client.types().filter((type) => type === "response.created" || type === "error")).toEqual(["error"]);
  });
});

describe("dropping", () => {
  test.each([
    ["terminate", 1006],
    [1011, 1011],
  ] as const)("%s in the middle of the audio", async (how, code) => {
    const on = await sim({ timing: { pace: 20 } });
    const client = await phone(on);
    on.faults.drop = { after: "response.output_audio.delta", count: 3, how };
    client.send(say);
    expect((await client.closed).code).toBe(code);
    expect(bytes(client).length).toBeGreaterThanOrEqual(3);
    expect(client.types()).not.toContain("response.done");
    expect((await on.sessions[0]?.closed)?.code).toBe(code);
    expect(on.counts.open).toBe(0);
  });

  test("by hand, with a reason, and later than the event", async () => {
    const on = await sim();
    const client = await phone(on);
    on.sessions[0]?.end(1013, "try later");
    expect(await client.closed).toEqual({ code: 1013, reason: "try later" });
    on.faultNext({ drop: { after: "session.created", delayMs: 30, how: "terminate" } });
    const opened = performance.now();
    const second = await connect(on);
    await second.closed;
    expect(performance.now() - opened).toBeGreaterThan(20);
    // The next one is not affected.
    await phone(on);
  });

  test("the session's time is up", async () => {
    const on = await sim({ sessionSeconds: 1, now: () => 1_790_000_000_000 });
    const client = await connect(on);
    expect(on.sessions[0]?.config.expires_at).toBe(1_790_000_001);
    const error = await client.next("error", 3000);
    expect(error["error"]).toMatchObject({
      code: "session_expired",
      message: "Your session hit the maximum duration of 60 minutes.",
    });
    expect((await client.closed).code).toBe(1001);
  });

  test("the session's time is up at once", async () => {
    const on = await sim();
    const client = await phone(on);
    on.sessions[0]?.expire();
    await client.next("error");
    expect((await client.closed).code).toBe(1001);
  });
});

describe("errors", () => {
  test("out of the blue, after an event, and instead of an act", async () => {
    const on = await sim();
    const client = await phone(on);
    on.sessions[0]?.fail({
      code: "insufficient_quota",
      type: "insufficient_quota",
      message: "You exceeded your quota.",
    });
    expect((await client.next("error"))["error"]).toEqual({
      type: "insufficient_quota",
      code: "insufficient_quota",
      message: "You exceeded your quota.",
      param: null,
      event_id: null,
    });
    on.faults.errorAfter = { after: "response.created", error: { code: "rate_limit_exceeded" } };
    client.send(say);
    expect((await client.next("error"))["error"]).toMatchObject({
      type: "rate_limit_error",
      code: "rate_limit_exceeded",
    });
    await client.next("response.done");
    on.faults.refuseEvent = { type: "response.create", error: { code: "server_error" } };
    client.send({ ...say, event_id: "r7" });
    expect((await client.next("error"))["error"]).toMatchObject({ type: "server_error", event_id: "r7" });
    expect(on.sessions[0]?.activeResponses).toEqual([]);
  });

  test.each([
    ["rate_limit_exceeded", "failed"],
    ["server_error", "failed"],
    ["max_output_tokens", "incomplete"],
    ["content_filter", "incomplete"],
  ] as const)("a response ends with %s", async (fault, status) => {
    const on = await sim({ faults: { response: fault } });
    const client = await phone(on);
    client.send(say);
    const response = (await client.next("response.done"))["response"] as Record<string, unknown>;
    expect(response["status"]).toBe(status);
    if (status === "failed") {
      expect(response["status_details"]).toMatchObject({ type: "failed", error: { code: fault } });
      expect(response["output"]).toEqual([]);
    } else {
      expect(response["status_details"]).toEqual({ type: "incomplete", reason: fault });
      expect(total(bytes(client)) / 8).toBeLessThan(humMs(TEXT) * 0.7);
    }
    // A failed response is not an error event.
    expect(client.types()).not.toContain("error");
  });
});

describe("transcription", () => {
  async function speakTo(faults: Record<string, unknown>, script = {}): Promise<Client> {
    const on = await sim({ faults, script: { transcripts: ["my words"], ...script } });
    const client = await phone(on);
    client.append(turn);
    await client.next("input_audio_buffer.committed");
    return client;
  }

  test("late", async () => {
    const began = performance.now();
    const client = await speakTo({ transcription: "late", transcriptLateMs: 80 });
    expect(await client.next("conversation.item.input_audio_transcription.completed")).toMatchObject({
      transcript: "my words",
    });
    expect(performance.now() - began).toBeGreaterThan(65);
  });

  test.each([
    ["by switch", { transcription: "failed" }, {}],
    ["by script", {}, { transcripts: [{ text: "my words", failed: true }] }],
  ])("failed, %s", async (_, faults, script) => {
    const client = await speakTo(faults, script);
    expect(await client.next("conversation.item.input_audio_transcription.failed")).toMatchObject({
      content_index: 0,
      error: { code: "audio_unintelligible" },
    });
  });

  test.each([
    ["by switch", { transcription: "empty" }, {}],
    ["by script", {}, { transcripts: [{ text: "my words", empty: true }] }],
  ])("empty, %s", async (_, faults, script) => {
    const client = await speakTo(faults, script);
    expect(await client.next("conversation.item.input_audio_transcription.completed")).toMatchObject({
      transcript: "",
    });
  });

  test("never", async () => {
    const client = await speakTo({ transcription: "never" });
    client.send(say);
    await client.next("response.done");
    expect(client.types().some((type) => type.includes("transcription"))).toBe(false);
  });

  test("after the response", async () => {
    const client = await speakTo({ transcription: "after-response" });
    client.send(say);
    await client.next("response.done");
    await client.next("conversation.item.input_audio_transcription.completed");
    expect(client.types().findIndex((type) => type.includes("transcription"))).toBeGreaterThan(
      client.types().indexOf("response.done"),
    );
  });
});

describe("odd speech", () => {
  test("paraphrased", async () => {
    const on = await sim({ faults: { paraphrase: true } });
    const client = await phone(on);
    client.send(say);
    const { transcript } = await client.next("response.output_audio_transcript.done");
    expect(transcript).not.toBe(TEXT);
    expect(transcript).toContain("These are some words");
  });

  test("audio of a cancelled response still comes", async () => {
    const on = await sim({ faults: { deltasAfterCancel: 3 }, timing: { pace: 0.05 } });
    const client = await phone(on);
    client.send(say);
    const first = await client.next("response.output_audio.delta");
    client.send({ type: "response.cancel", response_id: first["response_id"] });
    await client.next("response.done");
    for (let i = 0; i < 3; i++) {
      const late = await client.next("response.output_audio.delta");
      expect(late).toMatchObject({ response_id: first["response_id"], item_id: first["item_id"] });
    }
  });

  test("in one burst", async () => {
    // At its pace it would take minutes.
    const on = await sim({ faults: { burst: true }, timing: { pace: 0.01 } });
    const client = await phone(on);
    client.send(say);
    await client.next("response.done");
    expect(total(bytes(client)) / 8).toBeGreaterThan(1500);
  });

  test("in uneven deltas: no multiple of a frame or of three bytes but the last", async () => {
    const on = await sim({ faults: { unevenDeltas: true } });
    const client = await phone(on);
    client.send(say);
    await client.next("response.done");
    const sizes = bytes(client);
    for (const size of sizes.slice(0, -1)) {
      expect(size % 160).not.toBe(0);
      expect(size % 3).not.toBe(0);
    }
    expect(Math.abs(total(sizes) / 8 - humMs(TEXT))).toBeLessThan(2);
  });

  test("at the wrong byte rate", async () => {
    const on = await sim({ faults: { outputAs: "audio/pcm" } });
    const client = await phone(on);
    client.send(say);
    const { response } = (await client.next("response.done")) as unknown as { response: { audio: unknown } };
    expect(Math.abs(total(bytes(client)) / 48 - humMs(TEXT))).toBeLessThan(2);
    // It still claims what was agreed.
    expect(response.audio).toMatchObject({ output: { format: { type: "audio/pcmu" } } });
  });

  test("after a delay", async () => {
    const on = await sim({ faults: { responseDelayMs: 80 } });
    const client = await phone(on);
    const began = performance.now();
    client.send(say);
    await client.next("response.output_audio.delta");
    expect(performance.now() - began).toBeGreaterThan(65);
  });
});

describe("odd events", () => {
  test.each(["early", "late", "none"] as const)("rate limits %s", async (when) => {
    const on = await sim({ faults: { rateLimits: when } });
    const client = await phone(on);
    client.send(say);
    await client.next("response.done");
    client.send({ type: "input_audio_buffer.clear" });
    await client.next("input_audio_buffer.cleared");
    const at = client.types().indexOf("rate_limits.updated");
    if (when === "none") expect(at).toBe(-1);
    if (when === "early") expect(client.types()[at - 1]).toBe("response.created");
    if (when === "late") expect(client.types()[at - 1]).toBe("response.done");
  });

  test("types of the future, and of the past", async () => {
    const on = await sim({ faults: { unknownEvents: true, legacyExtras: true } });
    const client = await phone(on);
    client.send({ type: "response.create" });
    await client.next("response.done");
    expect(client.types()).toContain("response.output_shimmer.delta");
    expect(client.types()).toContain("conversation.created");
    expect(client.types()).toContain("conversation.item.created");
  });

  test("the beta's transcription update, taken behind its switch", async () => {
    const on = await sim({ faults: { takeBetaTranscriptionUpdate: true } });
    const client = await phone(on);
    client.send({ type: "transcription_session.update", session: {} });
    await client.next("session.updated");
    expect(client.types()).not.toContain("error");
  });

  test("a session's own switches win over the simulator's", async () => {
    const on = await sim({ faults: { paraphrase: true } });
    const client = await phone(on);
    (await on.session(0)).faults.paraphrase = false;
    client.send(say);
    expect((await client.next("response.output_audio_transcript.done"))["transcript"]).toBe(TEXT);
  });
});
