import * as fc from "fast-check";
import {
  parseServerEvent,
  parseWhole,
  readAudioDelta,
  readDelta,
  readWordsDelta,
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

const ids = { event_id: "event_1", response_id: "resp_1", item_id: "item_1" };
const audio = {
  type: "response.output_audio.delta",
  ...ids,
  output_index: 0,
  content_index: 1,
  delta: Buffer.alloc(400, 0x7e).toString("base64"),
};
const words = {
  type: "response.output_audio_transcript.delta",
  ...ids,
  output_index: 0,
  content_index: 1,
  delta: " Good morning, it's Tuesday!",
};

const inOrder = (fields: Record<string, unknown>, names: string): Record<string, unknown> =>
  Object.fromEntries(names.split(" ").map((name) => [name, fields[name]]));

describe.each([
  { what: "audio", read: readAudioDelta, other: readWordsDelta, delta: audio, piece: fc.base64String() },
  {
    what: "words",
    read: readWordsDelta,
    other: readAudioDelta,
    delta: words,
    piece: fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.constant("")),
  },
])("deltas of $what", ({ read, other, delta, piece }) => {
  test.each([
    ["as OpenAI writes it", delta],
    [
      "with its item behind the first index",
      inOrder(delta, "type event_id response_id output_index item_id content_index delta"),
    ],
    ["without the event's id", { ...delta, event_id: undefined }],
    ["without its places", { ...delta, output_index: undefined, content_index: undefined }],
  ])("%s it takes the fast way", (_, fields) => {
    const frame = JSON.stringify(fields);
    const event = read(Buffer.from(frame));
    expect(event).toMatchObject({ response_id: delta.response_id, delta: delta.delta });
    expect(parseWhole(frame)).toEqual({ outcome: "event", event });
    expect(readDelta(Buffer.from(frame))).toEqual(event);
    expect(other(Buffer.from(frame))).toBeUndefined();
    expect(parse(frame)).toEqual({ outcome: "event", event });
  });

  test.each([
    ["spaces", JSON.stringify(delta, undefined, 1)],
    ["another order", JSON.stringify(Object.fromEntries(Object.entries(delta).toReversed()))],
    ["a new field", JSON.stringify({ ...delta, brand_new: "x" })],
    ["a nested field", JSON.stringify({ ...delta, extra: { delta: "AAAA" } })],
    ["escaped slashes", JSON.stringify({ ...delta, delta: "ab/+" }).replace("ab/+", "ab\\/+")],
    ["an escaped id", JSON.stringify({ ...delta, item_id: 'a"b\\' })],
    ["an id in other letters", JSON.stringify({ ...delta, item_id: "idée" })],
    ["text after it", `${JSON.stringify(delta)} `],
    ["a second delta", JSON.stringify(delta).replace(/\}$/, ',"delta":"AAAA"}')],
    ["a long id", JSON.stringify({ ...delta, item_id: "i".repeat(1000) })],
  ])("with %s it takes the sure way and is understood all the same", (_, frame) => {
    expect(read(Buffer.from(frame))).toBeUndefined();
    expect(parse(frame)).toEqual(parseWhole(frame));
    expect(parse(frame).outcome).toBe("event");
  });

  test.each([
    ["no piece", { delta: undefined }],
    ["no response id", { response_id: undefined }],
    ["no item id", { item_id: undefined }],
    ["a number as id", { item_id: 5 }],
    ["a negative index", { content_index: -1 }],
    ["a fractional index", { content_index: 0.5 }],
  ])("with %s it is bad", (_, change) => {
    expect(parse(JSON.stringify({ ...delta, ...change })).outcome).toBe("bad");
  });

  test.each([
    ["an index twice", '"item_id":', '"output_index":5,"item_id":'],
    ["an index no number can hold", '"output_index":0', '"output_index":12345678901234567890'],
    ["a leading zero", '"content_index":1', '"content_index":01'],
    ["an id twice", '"item_id":', '"response_id":"other","item_id":'],
    ["another type behind", '"item_id":', '"type":"response.done","item_id":'],
  ])("both ways agree on %s", (_, before, instead) => {
    const frame = JSON.stringify(delta).replace(before, instead);
    expect(frame).toContain(instead);
    expect(parse(frame)).toEqual(parseWhole(frame));
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
          ),
          fc.constantFrom("é", "=", "\u007f", '","obfuscation":"ab"', '","output_index":7,"x":"', "\\u0041", "\\n"),
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
        const taken = read(Buffer.from(text));
        if (taken) fast += 1;
        expect(parse(text)).toEqual(parseWhole(text));
        // It may lie anywhere in what the network brought.
        const around = Buffer.from(`"}${text}"}`);
        expect(read(around, 2, around.length - 2)).toEqual(taken);
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
        delta: fc.oneof({ arbitrary: piece, weight: 3 }, value),
        obfuscation: fc.oneof({ arbitrary: fc.constant("LBqdwE"), weight: 3 }, value),
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

test("half a base64 group is bad", () => {
  expect(parse(JSON.stringify({ ...audio, delta: "AAAAA" })).outcome).toBe("bad");
});

describe("words", () => {
  test("with a filling behind them take the fast way, too", () => {
    const frame = JSON.stringify({ ...words, obfuscation: "LBqdwEYsSEHbF" });
    const { event_id: _, ...event } = words;
    expect(readWordsDelta(Buffer.from(frame))).toEqual(event);
    expect(parse(frame)).toEqual(parseWhole(frame));
  });

  test.each(["", " ", "a".repeat(200), "C:\\", 'say "no"', "line\n", "Müller", "日本", "a".repeat(5000)])(
    "%j is understood as it is",
    (delta) => {
      const frame = JSON.stringify({ ...words, delta });
      expect(parse(frame)).toEqual(parseWhole(frame));
      expect(parse(frame)).toMatchObject({ outcome: "event", event: { delta } });
    },
  );

  test("stay when the bytes they came in are others", () => {
    const bytes = Buffer.from(JSON.stringify(words));
    const taken = readWordsDelta(bytes);
    bytes.fill(0x20);
    expect(taken).toMatchObject({ delta: words.delta, item_id: words.item_id });
  });

  test("of the end of a part are not theirs", () => {
    const frame = JSON.stringify({ ...words, type: "response.output_audio_transcript.done" });
    expect(readWordsDelta(Buffer.from(frame))).toBeUndefined();
  });
});
