import * as fc from "fast-check";
import {
  HANDLED_EVENTS,
  IGNORED_EVENTS,
  parseServerEvent,
  parseWhole,
  readAudioDelta,
} from "../../src/wire/openai-realtime.ts";

const parse = (text: string) => parseServerEvent(Buffer.from(text));

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const PAYLOAD = Buffer.alloc(400, 0x7e).toString("base64");
const delta = {
  type: "response.output_audio.delta",
  event_id: "event_1",
  response_id: "resp_1",
  item_id: "item_1",
  output_index: 0,
  content_index: 1,
  delta: PAYLOAD,
};

describe("audio deltas", () => {
  test("the shape the API sends takes the fast way", () => {
    const frame = JSON.stringify(delta);
    const { event_id: _, ...event } = delta;
    expect(readAudioDelta(Buffer.from(frame))).toEqual(event);
    expect(parse(frame)).toEqual(parseWhole(frame));
  });

  test.each([
    ["spaces", JSON.stringify(delta, undefined, 1)],
    ["another order", JSON.stringify(Object.fromEntries(Object.entries(delta).toReversed()))],
    ["a new field", JSON.stringify({ ...delta, obfuscation: "x" })],
    ["a nested field", JSON.stringify({ ...delta, extra: { delta: "AAAA" } })],
    ["escaped slashes", JSON.stringify({ ...delta, delta: "ab/+" }).replace("ab/+", "ab\\/+")],
    ["an escaped id", JSON.stringify({ ...delta, item_id: 'a"b\\' })],
    ["an index left out", JSON.stringify({ ...delta, output_index: undefined })],
    ["text after it", `${JSON.stringify(delta)} `],
  ])("with %s it takes the sure way and is understood all the same", (_, frame) => {
    expect(parse(frame)).toEqual(parseWhole(frame));
    expect(parse(frame).outcome).toBe("event");
  });

  test.each([
    ["no payload", { delta: undefined }],
    ["half a base64 group", { delta: "AAAAA" }],
    ["no response id", { response_id: undefined }],
    ["a number as id", { item_id: 5 }],
    ["a negative index", { content_index: -1 }],
    ["a fractional index", { content_index: 0.5 }],
  ])("with %s it is bad", (_, change) => {
    expect(parse(JSON.stringify({ ...delta, ...change })).outcome).toBe("bad");
  });

  test("both ways agree on frames mutated in every place", () => {
    const frame = JSON.stringify(delta);
    const edits = fc.array(
      fc.record({
        at: fc.nat(frame.length),
        cut: fc.nat(4),
        put: fc.oneof(
          fc.constantFrom(
            '"',
            "\\",
            ",",
            "}",
            "{",
            ":",
            "0",
            "01",
            "-1",
            '"delta":"AAAA"',
            '"type":"x"',
            "\n",
            "\u0001",
            "é",
            "=",
          ),
          fc.string({ maxLength: 3 }),
        ),
      }),
      { minLength: 0, maxLength: 3 },
    );
    let fast = 0;
    fc.assert(
      fc.property(edits, (changes) => {
        let text = frame;
        for (const { at, cut, put } of changes) text = text.slice(0, at) + put + text.slice(at + cut);
        // What is no JSON may be understood or not; it must only do no harm.
        if (!isJson(text)) return void parse(text);
        const read = readAudioDelta(Buffer.from(text));
        if (read) fast += 1;
        expect(parse(text)).toEqual(parseWhole(text));
        // It may lie anywhere in what the network brought.
        const around = Buffer.from(`"}${text}"}`);
        expect(readAudioDelta(around, 2, around.length - 2)).toEqual(read);
      }),
      { numRuns: 10_000 },
    );
    expect(fast).toBeGreaterThan(20);
  });

  test("both ways agree on values of every kind in every field", () => {
    const value = fc.oneof(fc.string(), fc.integer(), fc.double(), fc.constant(null), fc.boolean(), fc.base64String());
    const fields = fc.record(
      {
        event_id: value,
        response_id: fc.oneof({ arbitrary: fc.constant("resp_1"), weight: 3 }, value),
        item_id: fc.oneof({ arbitrary: fc.constant("item_1"), weight: 3 }, value),
        output_index: fc.oneof({ arbitrary: fc.nat(), weight: 3 }, value),
        content_index: fc.oneof({ arbitrary: fc.nat(), weight: 3 }, value),
        delta: fc.oneof({ arbitrary: fc.base64String(), weight: 3 }, value),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fields, (given) => {
        const text = JSON.stringify({ type: delta.type, ...given });
        expect(parse(text)).toEqual(parseWhole(text));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("the other events", () => {
  test("unknown fields are dropped, not refused", () => {
    const frame = JSON.stringify({
      type: "input_audio_buffer.committed",
      event_id: "e",
      item_id: "item_1",
      previous_item_id: null,
      brand_new: { deep: [1] },
    });
    expect(parse(frame)).toEqual({
      outcome: "event",
      event: { type: "input_audio_buffer.committed", item_id: "item_1" },
    });
  });

  test.each(IGNORED_EVENTS)("%s is ignored in any order of its fields", (name) => {
    expect(parse(JSON.stringify({ type: name, x: 1 }))).toEqual({ outcome: "ignored" });
    expect(parse(JSON.stringify({ x: 1, type: name }))).toEqual({ outcome: "ignored" });
  });

  test.each(HANDLED_EVENTS)("%s without its fields is bad, never an event half read", (name) => {
    const parsed = parse(JSON.stringify({ type: name }));
    expect(parsed.outcome).toBe("bad");
    expect(parsed.outcome === "bad" && parsed.reason).toContain(name);
  });

  test("names of the removed beta API are told apart from names of the future", () => {
    const of = (type: string) => parse(JSON.stringify({ type }));
    expect(of("response.audio.delta")).toEqual({ outcome: "unknown", name: "response.audio.delta", beta: true });
    expect(of("transcription_session.created")).toMatchObject({ beta: true });
    expect(of("response.hologram.delta")).toEqual({ outcome: "unknown", name: "response.hologram.delta", beta: false });
    expect(of("constructor")).toMatchObject({ outcome: "unknown" });
    expect(of("__proto__")).toMatchObject({ outcome: "unknown" });
  });

  test.each(["", "null", "5", "[]", "{", "{}", '{"type":5}', '"session.created"'])("%j is bad", (frame) => {
    expect(parse(frame).outcome).toBe("bad");
  });

  test("a failed response carries its code, a completed one its usage", () => {
    const response = {
      id: "resp_1",
      object: "realtime.response",
      status: "failed",
      status_details: { type: "failed", error: { type: "server_error", code: "server_error", message: "m" } },
      output: [],
      conversation_id: null,
      metadata: { say: "1" },
      usage: { total_tokens: 3, input_tokens: 1, output_tokens: 2, output_token_details: { audio_tokens: 2 } },
    };
    const parsed = parse(JSON.stringify({ type: "response.done", event_id: "e", response }));
    expect(parsed).toMatchObject({
      event: { response: { status_details: { error: { code: "server_error" } }, usage: { output_tokens: 2 } } },
    });
  });

  test("nothing that arrives makes the parser throw", () => {
    const name = fc.constantFrom<string>(...HANDLED_EVENTS, ...IGNORED_EVENTS, "x");
    const anything = fc.dictionary(
      fc.constantFrom("session", "response", "item", "error", "delta", "item_id"),
      fc.anything(),
    );
    fc.assert(
      fc.property(name, anything, fc.string(), (type, fields, noise) => {
        const outcomes = ["event", "ignored", "unknown", "bad"];
        expect(outcomes).toContain(parse(JSON.stringify({ type, ...fields })).outcome);
        expect(outcomes).toContain(parse(noise).outcome);
      }),
      { numRuns: 1000 },
    );
  });
});
