import { encodeMulaw, mulawSilence } from "../../../src/audio/mulaw.ts";
import { hum, humMs } from "../../../src/sim/openai/hum.ts";
import { closeSims, connect, phone, sim, type Client, type Event } from "./client.ts";

afterEach(closeSims);

const speech = encodeMulaw(await hum("humming for a while", { voice: "x", rate: 8000, speed: 1 }));
const turn = Buffer.concat([mulawSilence(500), speech, mulawSilence(500)]);

/** The out-of-band "speak exactly" request of a bridge. */
function sayExactly(text: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    type: "response.create",
    event_id: "say1",
    response: {
      conversation: "none",
      metadata: { say: "1" },
      output_modalities: ["audio"],
      tools: [],
      tool_choice: "none",
      max_output_tokens: 1200,
      instructions: "Speak the text between <say> tags exactly.",
      input: [{ type: "message", role: "user", content: [{ type: "input_text", text: `<say>${text}</say>` }] }],
      ...more,
    },
  };
}

function userText(text: string): Record<string, unknown> {
  return {
    type: "conversation.item.create",
    item: { type: "message", role: "user", content: [{ type: "input_text", text }] },
  };
}

function audioOf(client: Client, responseId?: unknown): Buffer {
  const deltas = client.events.filter(
    (event) => event.type === "response.output_audio.delta" && (!responseId || event["response_id"] === responseId),
  );
  return Buffer.concat(deltas.map((event) => Buffer.from(event["delta"] as string, "base64")));
}

function collapsed(events: Event[]): string[] {
  const names = events.map((event) => (/output_audio(_transcript)?\.delta$/.test(event.type) ? "deltas" : event.type));
  return names.filter((name, index) => name !== "deltas" || names[index - 1] !== "deltas");
}

const done = (client: Client) =>
  client.next("response.done").then((event) => event["response"] as Record<string, unknown>);

describe("speaking exact text out of band", () => {
  const text = "Your order ships Friday. Is that all right?";

  test("says it word for word, in the agreed format, outside the conversation", async () => {
    const on = await sim();
    const client = await phone(on);
    client.send(sayExactly(text));
    const response = await done(client);
    await client.next("rate_limits.updated");
    expect(collapsed(client.events.slice(2))).toEqual([
      "response.created",
      "response.output_item.added",
      "response.content_part.added",
      "deltas",
      "response.output_audio.done",
      "response.output_audio_transcript.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.done",
      "rate_limits.updated",
    ]);
    const transcript = client.events.filter((event) => event.type === "response.output_audio_transcript.delta");
    expect(transcript.map((event) => event["delta"]).join("")).toBe(text);
    expect(client.events.find((event) => event.type === "response.output_audio_transcript.done")).toMatchObject({
      transcript: text,
      response_id: response["id"],
      output_index: 0,
      content_index: 0,
    });
    const heard = [text.slice(0, 24), text.slice(25)].map((sentence) => humMs(sentence)).reduce((a, b) => a + b);
    expect(Math.abs(audioOf(client).length / 8 - heard)).toBeLessThan(2);
    expect(response).toMatchObject({
      object: "realtime.response",
      status: "completed",
      status_details: null,
      conversation_id: null,
      metadata: { say: "1" },
      output_modalities: ["audio"],
      max_output_tokens: 1200,
      audio: { output: { format: { type: "audio/pcmu" }, voice: "marin" } },
      output: [
        {
          type: "message",
          role: "assistant",
          status: "completed",
          content: [{ type: "output_audio", transcript: text }],
        },
      ],
    });
    expect(JSON.stringify(response)).not.toContain('"audio":"');
    expect(on.sessions[0]?.conversation.items).toEqual([]);
  });

  test.each([
    "It costs 3.5 dollars, at example.com.",
    'Dr. Who?  Yes!\nHe said "no." Bye',
    "...",
    "Ja, natürlich: 10:30 Uhr.",
  ])("the transcript of %j is exactly that", async (exact) => {
    const client = await phone(await sim());
    client.send(sayExactly(exact));
    await done(client);
    const deltas = client.events.filter((event) => event.type === "response.output_audio_transcript.delta");
    expect(deltas.map((event) => event["delta"]).join("")).toBe(exact);
  });

  test("a sentence that makes no sound has its words told", async () => {
    const client = await phone(await sim({ synthesize: () => Promise.resolve(new Int16Array(0)) }));
    client.send(sayExactly("Hm ..."));
    await done(client);
    expect(audioOf(client).length).toBe(0);
    expect(client.events.find((event) => event.type.endsWith("transcript.done"))?.["transcript"]).toBe("Hm ...");
  });

  test("a voice that fails fails the response", async () => {
    const client = await phone(await sim({ synthesize: () => Promise.reject(new Error("no voice")) }));
    client.send(sayExactly("Hello."));
    expect(await done(client)).toMatchObject({ status: "failed" });
  });

  test("without tags the last user text is spoken; on request in another format", async () => {
    const client = await phone(await sim());
    const input = [{ type: "message", role: "user", content: [{ type: "input_text", text: "Just this." }] }];
    client.send(sayExactly("", { input, audio: { output: { format: { type: "audio/pcm" } } } }));
    expect(await done(client)).toMatchObject({ output: [{ content: [{ transcript: "Just this." }] }] });
    expect(Math.abs(audioOf(client).length / 48 - humMs("Just this."))).toBeLessThan(2);
  });

  test("its items cannot be truncated, a bare cancel and speech do not stop it, its id does", async () => {
    const on = await sim({ timing: { pace: 0.05 } });
    const client = await phone(on);
    client.send(sayExactly("A long text that takes a good while to be said aloud."));
    const delta = await client.next("response.output_audio.delta");
    expect(await client.refused({ type: "response.cancel" })).toMatchObject({ code: "response_cancel_not_active" });
    const truncate = {
      type: "conversation.item.truncate",
      item_id: delta["item_id"],
      content_index: 0,
      audio_end_ms: 1,
    };
    expect(await client.refused(truncate)).toMatchObject({ code: "item_truncate_invalid_item_id" });
    client.append(turn);
    await client.next("input_audio_buffer.committed");
    expect(on.sessions[0]?.activeResponses).toEqual([delta["response_id"]]);
    client.send({ type: "response.cancel", response_id: delta["response_id"] });
    expect(await done(client)).toMatchObject({
      id: delta["response_id"],
      status: "cancelled",
      status_details: { type: "cancelled", reason: "client_cancelled" },
      output: [{ status: "incomplete" }],
    });
    expect(on.sessions[0]?.activeResponses).toEqual([]);
  });

  test("two at once interleave; the default conversation takes only one", async () => {
    const on = await sim({ timing: { pace: 1 } });
    const client = await phone(on);
    client.send(sayExactly("First one speaking at some length here."));
    client.send(sayExactly("Second one speaking at some length here."));
    client.send({ type: "response.create" });
    expect(await client.refused({ type: "response.create" })).toMatchObject({
      code: "conversation_already_has_active_response",
      message: expect.stringMatching(/active response in progress: resp_/),
    });
    for (let i = 0; i < 3; i++) await client.next("response.done");
    const order = client.events
      .filter((event) => event.type === "response.output_audio.delta")
      .map((event) => event["response_id"]);
    expect(new Set(order).size).toBe(3);
    const changes = order.filter((id, index) => index > 0 && id !== order[index - 1]).length;
    expect(changes).toBeGreaterThan(3);
  });

  test("more tokens than allowed end it incomplete", async () => {
    const client = await phone(await sim());
    client.send(sayExactly("This is far too long to be said in ten tokens, so it is cut.", { max_output_tokens: 10 }));
    expect(await done(client)).toMatchObject({
      status: "incomplete",
      status_details: { type: "incomplete", reason: "max_output_tokens" },
      output: [{ status: "incomplete" }],
    });
    expect(audioOf(client).length / 8).toBeLessThan(1000);
  });
});

describe("answering by itself", () => {
  const answers = { create_response: true };

  test("a spoken turn is answered in the order of the real thing", async () => {
    const on = await sim({
      script: { transcripts: [{ text: "Hello", delayMs: 0 }], brain: (input) => `You said ${input.text}.` },
    });
    const client = await phone(on, answers);
    client.append(turn);
    const response = await done(client);
    await client.next("rate_limits.updated");
    expect(
      collapsed(client.events.slice(2).filter((event) => !event.type.includes("input_audio_transcription"))),
    ).toEqual([
      "input_audio_buffer.speech_started",
      "input_audio_buffer.speech_stopped",
      "input_audio_buffer.committed",
      "conversation.item.added",
      "conversation.item.done",
      "response.created",
      "response.output_item.added",
      "conversation.item.added",
      "response.content_part.added",
      "deltas",
      "response.output_audio.done",
      "response.output_audio_transcript.done",
      "response.content_part.done",
      "conversation.item.done",
      "response.output_item.done",
      "response.done",
      "rate_limits.updated",
    ]);
    expect(response).toMatchObject({ conversation_id: expect.stringMatching(/^conv_/), status: "completed" });
    const [user, assistant] = on.sessions[0]?.conversation.items ?? [];
    expect(assistant).toMatchObject({
      role: "assistant",
      content: [{ type: "output_audio", transcript: "You said Hello." }],
    });
    const added = client.events.filter((event) => event.type === "conversation.item.added")[1];
    expect(added).toMatchObject({ previous_item_id: user?.id, item: { status: "in_progress", content: [] } });
    expect(client.events.find((event) => event.type === "response.content_part.added")).toMatchObject({
      part: { type: "audio" },
    });
  });

  test("speech interrupts it when asked to: closing events first, then cancelled by turn_detected", async () => {
    const on = await sim({ timing: { pace: 0.05 } });
    const client = await phone(on, answers);
    client.send(userText("hello"));
    client.send({ type: "response.create" });
    await client.next("response.output_audio.delta");
    client.append(turn);
    const response = await done(client);
    expect(response).toMatchObject({
      status: "cancelled",
      status_details: { type: "cancelled", reason: "turn_detected" },
      output: [{ status: "incomplete" }],
    });
    const tail = client
      .types()
      .slice(client.types().indexOf("input_audio_buffer.speech_started"), client.types().indexOf("response.done"));
    const closing = [
      "response.output_audio.done",
      "response.output_audio_transcript.done",
      "response.content_part.done",
    ];
    expect(tail.filter((type) => closing.includes(type))).toEqual(closing);
    expect(tail.filter((type) => type.endsWith("audio.delta"))).toEqual([]);
    // The turn that interrupted is answered in its own right.
    await client.next("response.created");
  });

  test("speech does not interrupt it when told not to, and the next answer must wait", async () => {
    const on = await sim({ timing: { pace: 0.05 } });
    const client = await phone(on, { ...answers, interrupt_response: false });
    client.send(userText("hello"));
    client.send({ type: "response.create" });
    await client.next("response.output_audio.delta");
    client.append(turn);
    expect((await client.next("error"))["error"]).toMatchObject({
      code: "conversation_already_has_active_response",
      event_id: null,
    });
    expect(on.sessions[0]?.activeResponses).toHaveLength(1);
    client.send({ type: "response.cancel" });
    expect(await done(client)).toMatchObject({ status_details: { reason: "client_cancelled" } });
  });

  test("a cut answer is truncated to what was heard: bounds, kinds and effect", async () => {
    const on = await sim();
    const client = await phone(on, null);
    client.send(userText("hello"));
    client.send({ type: "response.create" });
    const [item] = (await done(client))["output"] as { id: string; content: { transcript: string }[] }[];
    const saidMs = Math.floor(audioOf(client).length / 8);
    const truncate = (ms: number, more: Record<string, unknown> = {}) => ({
      type: "conversation.item.truncate",
      item_id: item?.id,
      content_index: 0,
      audio_end_ms: ms,
      ...more,
    });
    expect(await client.refused(truncate(saidMs + 1))).toMatchObject({
      code: "invalid_value",
      param: "audio_end_ms",
      message: `Audio content of ${saidMs}ms is already shorter than ${saidMs + 1}ms`,
    });
    expect(await client.refused(truncate(10, { content_index: 1 }))).toMatchObject({ param: "content_index" });
    const user = on.sessions[0]?.conversation.items[0]?.id;
    expect(await client.refused(truncate(10, { item_id: user }))).toMatchObject({
      code: "invalid_value",
      param: "item_id",
    });
    client.send(truncate(300));
    expect(await client.next("conversation.item.truncated")).toMatchObject({
      item_id: item?.id,
      content_index: 0,
      audio_end_ms: 300,
    });
    expect(on.sessions[0]?.conversation.items[1]?.content?.[0]).toEqual({ type: "output_audio" });
    expect(await client.refused(truncate(301))).toMatchObject({ param: "audio_end_ms" });
  });

  test("function calls come as events, wait for their output and go on from it", async () => {
    const on = await sim();
    const client = await phone(on, null);
    const tools = [{ type: "function", name: "transfer_call", parameters: { type: "object" } }];
    client.send(userText("I want to talk to a person"));
    client.send({ type: "response.create", response: { tools } });
    const response = await done(client);
    const output = response["output"] as Record<string, string>[];
    expect(output.map((item) => item["type"])).toEqual(["message", "function_call"]);
    const call = output[1] as Record<string, string>;
    expect(call).toMatchObject({
      name: "transfer_call",
      status: "completed",
      call_id: expect.stringMatching(/^call_/),
    });
    const own = client.events.filter(
      (event) => event["item_id"] === call["id"] || (event["item"] as Event)?.["id"] === call["id"],
    );
    expect(own.map((event) => event.type).filter((type, i, all) => type !== all[i - 1])).toEqual([
      "response.output_item.added",
      "conversation.item.added",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.done",
      "conversation.item.done",
      "response.output_item.done",
    ]);
    expect(own[0]).toMatchObject({ output_index: 1, item: { arguments: "", status: "in_progress" } });
    const args = own.filter((event) => event.type.endsWith("arguments.delta")).map((event) => event["delta"]);
    expect(JSON.parse(args.join(""))).toEqual({ reason: "the caller asked for a person" });
    expect(own.find((event) => event.type.endsWith("arguments.done"))).toMatchObject({
      name: "transfer_call",
      call_id: call["call_id"],
      arguments: args.join(""),
    });
    client.send({
      type: "conversation.item.create",
      item: { type: "function_call_output", call_id: call["call_id"], output: '{"ok":false}' },
    });
    client.send({ type: "response.create" });
    expect(await done(client)).toMatchObject({
      output: [{ content: [{ transcript: expect.stringContaining("could not reach") }] }],
    });
  });

  test("a tool that was not offered, or with tool_choice none, is never called", async () => {
    const on = await sim({ script: { brain: () => ({ text: "Fine.", tool: { name: "end_call", args: {} } }) } });
    const client = await phone(on, null);
    const tools = [{ type: "function", name: "end_call" }];
    for (const response of [{}, { tools, tool_choice: "none" }]) {
      client.send({ type: "response.create", response });
      expect((await done(client))["output"]).toHaveLength(1);
    }
    client.send({ type: "response.create", response: { tools } });
    expect((await done(client))["output"]).toHaveLength(2);
  });

  test("a call cut short has broken arguments and says so", async () => {
    const args = JSON.stringify({ note: "x".repeat(20_000) });
    const on = await sim({ script: { brain: () => ({ tool: { name: "note", args } }) } });
    const client = await phone(on, null);
    client.send({ type: "response.create", response: { tools: [{ type: "function", name: "note" }] } });
    await client.next("response.function_call_arguments.delta");
    client.send({ type: "response.cancel" });
    const [item] = (await done(client))["output"] as Record<string, string>[];
    expect(item?.["status"]).toBe("incomplete");
    expect(() => JSON.parse(item?.["arguments"] ?? "") as unknown).toThrow(/JSON/);
  });

  test("text sessions write", async () => {
    const client = await phone(await sim(), null);
    client.send(userText("hello"));
    client.send({ type: "response.create", response: { output_modalities: ["text"] } });
    const response = await done(client);
    const deltas = client.events
      .filter((event) => event.type === "response.output_text.delta")
      .map((event) => event["delta"]);
    expect(response["output"]).toMatchObject([{ content: [{ type: "output_text", text: deltas.join("") }] }]);
    expect(client.events.find((event) => event.type === "response.content_part.done")).toMatchObject({
      part: { type: "text", text: deltas.join("") },
    });
    expect(audioOf(client).length).toBe(0);
  });

  test("an item reference in the input is resolved", async () => {
    const asked: string[] = [];
    const on = await sim({ script: { brain: ({ text }) => (asked.push(text), "ok") } });
    const client = await phone(on, null);
    client.send({
      type: "conversation.item.create",
      item: { type: "message", role: "user", id: "q", content: [{ type: "input_text", text: "referred" }] },
    });
    client.send({
      type: "response.create",
      response: { conversation: "none", output_modalities: ["text"], input: [{ type: "item_reference", id: "q" }] },
    });
    await done(client);
    expect(asked).toEqual(["referred"]);
  });
});

describe("usage", () => {
  test("adds up, and the second answer reads its prefix from the cache", async () => {
    const client = await phone(await sim({ script: { transcripts: ["hello", "open?"] } }), { create_response: true });
    const usages: Record<string, Record<string, number> & number>[] = [];
    for (let i = 0; i < 2; i++) {
      client.append(turn);
      usages.push((await done(client))["usage"] as (typeof usages)[number]);
    }
    for (const usage of usages) {
      const input = usage["input_token_details"] as Record<string, number>;
      const output = usage["output_token_details"] as Record<string, number>;
      expect(usage["total_tokens"]).toBe((usage["input_tokens"] ?? 0) + (usage["output_tokens"] ?? 0));
      expect(usage["input_tokens"]).toBe((input["text_tokens"] ?? 0) + (input["audio_tokens"] ?? 0));
      expect(usage["output_tokens"]).toBe((output["text_tokens"] ?? 0) + (output["audio_tokens"] ?? 0));
      expect(output["audio_tokens"]).toBeGreaterThan(10);
      expect(input["cached_tokens"]).toBeLessThanOrEqual(usage["input_tokens"] ?? 0);
    }
    expect(usages[0]?.["input_token_details"]?.["cached_tokens"]).toBe(0);
    expect(usages[1]?.["input_tokens"]).toBeGreaterThan(usages[0]?.["input_tokens"] ?? Infinity);
    const limits = await client.next("rate_limits.updated");
    expect(limits["rate_limits"]).toMatchObject([
      { name: "requests", limit: expect.any(Number), remaining: expect.any(Number), reset_seconds: expect.any(Number) },
      { name: "tokens" },
    ]);
  });
});

describe("pace", () => {
  test("audio comes faster than it plays, by the factor asked for", async () => {
    const on = await sim({ timing: { pace: 60 } });
    const client = await phone(on);
    const began = performance.now();
    // More than may be waited for at the pace of speech.
    client.send(sayExactly("Some words of a story that takes longer than half a minute to tell. ".repeat(12)));
    await done(client);
    const playMs = audioOf(client).length / 8;
    expect(playMs).toBeGreaterThan(30_000);
    expect(performance.now() - began).toBeGreaterThan((playMs - 500) / 60 - 20);
  });

  test("the same seed gives the same deltas", async () => {
    const runs: number[][] = [];
    for (const seed of [7, 7, 8]) {
      const on = await sim({ seed });
      const client = await phone(on);
      client.send(sayExactly("Some words, enough of them for several deltas of audio."));
      await done(client);
      runs.push(
        client.events
          .filter((event) => event.type === "response.output_audio.delta")
          .map((event) => (event["delta"] as string).length),
      );
    }
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]).not.toEqual(runs[2]);
  });

  test("a client that forgets its formats is sent 24 kHz PCM", async () => {
    const client = await connect(await sim());
    client.send(sayExactly("Wrong format."));
    await done(client);
    expect(Math.abs(audioOf(client).length / 48 - humMs("Wrong format."))).toBeLessThan(2);
  });
});
