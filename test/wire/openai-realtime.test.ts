import * as fc from "fast-check";
import { HANDLED_EVENTS, IGNORED_EVENTS, parseServerEvent } from "../../src/wire/openai-realtime.ts";

const parse = (text: string) => parseServerEvent(Buffer.from(text));

describe("events of the server", () => {
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
