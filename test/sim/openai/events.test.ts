import { mulawSilence } from "../../../src/audio/mulaw.ts";
import type { OpenAISim } from "../../../src/sim/openai/index.ts";
import { closeSims, connect, phone, sim, type Client } from "./client.ts";

let on: OpenAISim;
let client: Client;

beforeEach(async () => {
  on = await sim();
  client = await phone(on, null);
});
afterEach(closeSims);

const say = (role: string, ...content: Record<string, unknown>[]) => ({ type: "message", role, content });
const create = (item: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  type: "conversation.item.create",
  item,
  ...more,
});
const audio = Buffer.from(mulawSilence(200)).toString("base64");

describe("refused events", () => {
  test.each<[string, unknown, code: string, param?: string | null]>([
    ["not JSON", "{oops", "invalid_event", null],
    ["not an object", "[]", "invalid_event", null],
    ["no type", {}, "invalid_event"],
    ["a type that is no string", { type: 7 }, "invalid_event"],
    ["an unknown type", { type: "session.wave" }, "invalid_value"],
    ["the beta's transcription update", { type: "transcription_session.update", session: {} }, "invalid_value"],
    ["the WebRTC-only clear", { type: "output_audio_buffer.clear" }, "invalid_value"],
    ["an unknown field", { type: "input_audio_buffer.commit", item_id: "x" }, "unknown_parameter", "item_id"],
    ["an event_id that is no string", { type: "input_audio_buffer.clear", event_id: 7 }, "invalid_type", "event_id"],
    ["append without audio", { type: "input_audio_buffer.append" }, "missing_required_parameter", "audio"],
    ["append of bad base64", { type: "input_audio_buffer.append", audio: "a-b_" }, "invalid_value", "audio"],
    ["append of unpadded base64", { type: "input_audio_buffer.append", audio: "abc" }, "invalid_value", "audio"],
    ["append of numbers", { type: "input_audio_buffer.append", audio: [1] }, "invalid_type", "audio"],
    ["commit of nothing", { type: "input_audio_buffer.commit" }, "input_audio_buffer_commit_empty", null],
    ["an item of no kind", create({ role: "user" }), "missing_required_parameter", "item.type"],
    ["an item reference", create({ type: "item_reference", id: "x" }), "invalid_value", "item.type"],
    ["a message without role", create({ type: "message", content: [] }), "missing_required_parameter", "item.role"],
    [
      "a message without content",
      create({ type: "message", role: "user" }),
      "missing_required_parameter",
      "item.content",
    ],
    ["a message of a tool", create(say("tool")), "invalid_value", "item.role"],
    [
      "assistant 'text'",
      create(say("assistant", { type: "text", text: "hi" })),
      "invalid_value",
      "item.content[0].type",
    ],
    ["assistant 'audio'", create(say("assistant", { type: "audio", audio })), "invalid_value", "item.content[0].type"],
    [
      "assistant audio",
      create(say("assistant", { type: "output_audio", audio })),
      "invalid_value",
      "item.content[0].type",
    ],
    [
      "assistant input_text",
      create(say("assistant", { type: "input_text", text: "x" })),
      "invalid_value",
      "item.content[0].type",
    ],
    [
      "user output_text",
      create(say("user", { type: "output_text", text: "x" })),
      "invalid_value",
      "item.content[0].type",
    ],
    ["user 'text'", create(say("user", { type: "text", text: "x" })), "invalid_value", "item.content[0].type"],
    ["system audio", create(say("system", { type: "input_audio", audio })), "invalid_value", "item.content[0].type"],
    [
      "text without text",
      create(say("user", { type: "input_text" })),
      "missing_required_parameter",
      "item.content[0].text",
    ],
    [
      "a foreign field of a part",
      create(say("user", { type: "input_text", text: "x", audio })),
      "unknown_parameter",
      "item.content[0].audio",
    ],
    [
      "a remote image",
      create(say("user", { type: "input_image", image_url: "https://x.example/a.png" })),
      "invalid_value",
      "item.content[0].image_url",
    ],
    [
      "a long item id",
      create({ ...say("user", { type: "input_text", text: "x" }), id: "i".repeat(33) }),
      "string_above_max_length",
      "item.id",
    ],
    [
      "output that is an object",
      create({ type: "function_call_output", call_id: "c", output: {} }),
      "invalid_type",
      "item.output",
    ],
    [
      "output of an unknown call",
      create({ type: "function_call_output", call_id: "call_no", output: "{}" }),
      "invalid_tool_call_id",
      null,
    ],
    [
      "arguments as an object",
      create({ type: "function_call", name: "f", arguments: {} }),
      "invalid_type",
      "item.arguments",
    ],
    [
      "after an unknown item",
      create(say("user", { type: "input_text", text: "x" }), { previous_item_id: "no" }),
      "item_create_invalid_previous_item_id",
      "previous_item_id",
    ],
    [
      "retrieve of an unknown item",
      { type: "conversation.item.retrieve", item_id: "no" },
      "item_retrieve_invalid_item_id",
      "item_id",
    ],
    [
      "delete of an unknown item",
      { type: "conversation.item.delete", item_id: "no" },
      "item_delete_invalid_item_id",
      "item_id",
    ],
    ["delete of nothing", { type: "conversation.item.delete" }, "missing_required_parameter", "item_id"],
    [
      "truncate of an unknown item",
      { type: "conversation.item.truncate", item_id: "no", content_index: 0, audio_end_ms: 0 },
      "item_truncate_invalid_item_id",
      "item_id",
    ],
    [
      "truncate at a fraction",
      { type: "conversation.item.truncate", item_id: "no", content_index: 0, audio_end_ms: 1.5 },
      "invalid_type",
      "audio_end_ms",
    ],
    [
      "truncate before zero",
      { type: "conversation.item.truncate", item_id: "no", content_index: 0, audio_end_ms: -1 },
      "integer_below_min_value",
      "audio_end_ms",
    ],
    [
      "truncate without index",
      { type: "conversation.item.truncate", item_id: "no", audio_end_ms: 1 },
      "missing_required_parameter",
      "content_index",
    ],
    ["cancel of nothing", { type: "response.cancel" }, "response_cancel_not_active", null],
    [
      "cancel of an unknown response",
      { type: "response.cancel", response_id: "resp_no" },
      "response_cancel_not_active",
      null,
    ],
  ])("%s", async (_, event, code, param = "type") => {
    const error = await client.refused(event);
    expect(error).toMatchObject({ type: "invalid_request_error", code, param, message: expect.any(String) });
    // Nothing happened and the session goes on.
    expect(on.sessions[0]?.conversation.items).toEqual([]);
    client.send({ type: "input_audio_buffer.clear" });
    await client.next("input_audio_buffer.cleared");
    expect(client.types().filter((type) => type === "error")).toHaveLength(1);
  });

  test.each<[string, unknown, code: string, param: string]>([
    ["modalities", ["text"], "unknown_parameter", "modalities"],
    ["voice", "ash", "unknown_parameter", "voice"],
    ["output_audio_format", "g711_ulaw", "unknown_parameter", "output_audio_format"],
    ["temperature", 0.8, "unknown_parameter", "temperature"],
    ["max_response_output_tokens", 100, "unknown_parameter", "max_response_output_tokens"],
    ["type", "realtime", "unknown_parameter", "type"],
    ["audio", { output: { speed: 1 } }, "unknown_parameter", "audio.output.speed"],
    ["audio", { input: {} }, "unknown_parameter", "audio.input"],
    ["audio", { output: { format: "pcm16" } }, "invalid_type", "audio.output.format"],
    [
      "audio",
      { output: { format: { type: "audio/pcmu", rate: 8000 } } },
      "unknown_parameter",
      "audio.output.format.rate",
    ],
    ["conversation", "new", "invalid_value", "conversation"],
    ["input", [{ type: "item_reference", id: "item_no" }], "invalid_value", "input[0].id"],
    ["input", [say("user", { type: "text", text: "x" })], "invalid_value", "input[0].content[0].type"],
    ["max_output_tokens", 5000, "integer_above_max_value", "max_output_tokens"],
    ["output_modalities", ["text", "audio"], "invalid_value", "output_modalities"],
    ["metadata", { turn: 3 }, "invalid_type", "metadata.turn"],
    ["metadata", { a: "x".repeat(513) }, "string_above_max_length", "metadata.a"],
    [
      "metadata",
      Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, "v"])),
      "object_above_max_properties",
      "metadata",
    ],
    ["tool_choice", { type: "function" }, "missing_required_parameter", "tool_choice.name"],
    ["tools", [{ type: "function", function: { name: "f" } }], "missing_required_parameter", "tools[0].name"],
    ["reasoning", { effort: "max" }, "invalid_value", "reasoning.effort"],
    ["prompt", {}, "missing_required_parameter", "prompt.id"],
  ])("response.create with %s = %j", async (key, value, code, param) => {
    const error = await client.refused({ type: "response.create", event_id: "r1", response: { [key]: value } });
    expect(error).toMatchObject({ code, param: `response.${param}`, event_id: "r1" });
    expect(client.types()).not.toContain("response.created");
  });

  test("the message for an unknown type lists the supported ones", async () => {
    const error = await client.refused({ type: "nope" });
    expect(error["message"]).toMatch(
      /^Invalid value: 'nope'\. Supported values are: 'session\.update', .* and 'response\.cancel'\.$/,
    );
  });

  test("a binary frame is no event", async () => {
    client.socket.send(Buffer.from(JSON.stringify({ type: "response.cancel" })), { binary: true });
    expect((await client.next("error"))["error"]).toMatchObject({ code: "invalid_event" });
  });

  test("audio above 15 MiB is refused", async () => {
    const big = Buffer.alloc(15 * 1024 * 1024 + 3).toString("base64");
    expect(await client.refused({ type: "input_audio_buffer.append", audio: big })).toMatchObject({ param: "audio" });
  });

  test("an error names the client's event, or null", async () => {
    expect((await client.refused({ type: "response.cancel", event_id: "c9" }))["event_id"]).toBe("c9");
    expect((await client.refused({ type: "response.cancel" }))["event_id"]).toBeNull();
  });

  test("a 2.x-only parameter of a response is refused on an older model", async () => {
    const older = await connect(on, { query: "?model=gpt-realtime-1.5" });
    const error = await older.refused({ type: "response.create", response: { reasoning: { effort: "low" } } });
    expect(error).toMatchObject({ code: "unsupported_parameter", param: "response.reasoning" });
  });
});

describe("items", () => {
  const user = (text: string, id: string) => ({ ...say("user", { type: "input_text", text }), id });

  test("are added, done, retrieved and deleted in the order asked for", async () => {
    client.send(create(user("one", "a")));
    expect(await client.next("conversation.item.added")).toMatchObject({
      previous_item_id: null,
      item: { id: "a", object: "realtime.item", status: "completed", content: [{ type: "input_text", text: "one" }] },
    });
    expect(await client.next("conversation.item.done")).toMatchObject({ item: { id: "a" } });
    client.send(create(user("two", "b")));
    client.send(create(user("first", "c"), { previous_item_id: "root" }));
    client.send(create(user("after a", "d"), { previous_item_id: "a" }));
    await client.next(
      (event) => event.type === "conversation.item.done" && (event["item"] as { id: string }).id === "d",
    );
    expect(on.sessions[0]?.conversation.items.map((item) => item.id)).toEqual(["c", "a", "d", "b"]);

    client.send({ type: "conversation.item.retrieve", item_id: "d" });
    expect(await client.next("conversation.item.retrieved")).toMatchObject({
      item: { content: [{ text: "after a" }] },
    });
    client.send({ type: "conversation.item.delete", item_id: "d" });
    expect(await client.next("conversation.item.deleted")).toMatchObject({ item_id: "d" });
    expect(await client.refused({ type: "conversation.item.retrieve", item_id: "d" })).toMatchObject({
      code: "item_retrieve_invalid_item_id",
    });
    expect(client.types()).not.toContain("conversation.item.created");
  });

  test("a duplicate id is refused", async () => {
    client.send(create(user("one", "a")));
    await client.next("conversation.item.done");
    expect(await client.refused(create(user("again", "a")))).toMatchObject({ code: "item_create_duplicate_item_id" });
    expect(on.sessions[0]?.conversation.items).toHaveLength(1);
  });

  test("every kind a client may send is taken", async () => {
    const items = [
      say("system", { type: "input_text", text: "be brief" }),
      say("assistant", { type: "output_text", text: "hello" }),
      say("user", { type: "input_audio", audio, transcript: "hi" }, { type: "input_text", text: "and text" }),
      say("user", { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "low" }),
      { type: "function_call", name: "f", call_id: "call_1", arguments: "{}", status: "completed" },
      { type: "function_call_output", call_id: "call_1", output: "done" },
      { type: "mcp_approval_response", id: "m1", approval_request_id: "r1", approve: true, reason: null },
    ];
    for (const item of items) {
      client.send(create(item));
      expect(await client.next("conversation.item.done")).toMatchObject({ item: { type: item.type } });
    }
    expect(on.sessions[0]?.conversation.items).toHaveLength(items.length);
    expect(client.types()).not.toContain("error");
  });

  test("a user item of audio gives its audio back when retrieved, and only then", async () => {
    client.send(create({ ...say("user", { type: "input_audio", audio }), id: "a" }));
    expect(JSON.stringify(await client.next("conversation.item.done"))).not.toContain(audio);
    client.send({ type: "conversation.item.retrieve", item_id: "a" });
    expect(await client.next("conversation.item.retrieved")).toMatchObject({ item: { content: [{ audio }] } });
  });
});

test("what came and what went is on record, audio by its length", async () => {
  client.send({ type: "input_audio_buffer.append", audio });
  client.send({ type: "input_audio_buffer.clear", event_id: "last" });
  const session = on.sessions[0];
  await session?.received.waitFor("input_audio_buffer.clear");
  expect(session?.received.entries.map((entry) => entry.type)).toEqual([
    "session.update",
    "input_audio_buffer.append",
    "input_audio_buffer.clear",
  ]);
  expect(session?.received.of("input_audio_buffer.append")[0]?.event["audio"]).toBe(`<${audio.length} base64>`);
  expect(session?.inputAudio().length).toBe(1600);
  expect(session?.inputMs).toBe(200);
  await client.next("input_audio_buffer.cleared");
  expect(session?.sent.entries.map((entry) => entry.type)).toEqual([
    "session.created",
    "session.updated",
    "input_audio_buffer.cleared",
  ]);
});
