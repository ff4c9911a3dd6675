// The socket's messages: what is understood, what is refused and with which words, and that what we say is what we promise.
import * as fc from "fast-check";
import {
  formatAudioDelta,
  parseClientMessage,
  parseFully,
  readSocketQuery,
  serverMessage,
  type ClientParsed,
} from "../../src/wire/browser.ts";
import { readPageAudio } from "../../src/wire/browser-fast.ts";

const parse = (value: unknown): ClientParsed =>
  parseClientMessage(Buffer.from(typeof value === "string" ? value : JSON.stringify(value)), false);

test.each([
  [
    { type: "audio_chunk", audio_data: "AAAA", format: "WAV" },
    { type: "audio_chunk", audio_data: "AAAA", format: "wav" },
  ],
  [
    { type: "audio_chunk", audio_data: "AAAA" },
    { type: "audio_chunk", audio_data: "AAAA", format: "" },
  ],
  [
    { type: "text_input", text: "  I want to order a pizza " },
    { type: "text_input", text: "I want to order a pizza" },
  ],
  [{ type: "audio_end" }, { type: "audio_end" }],
  [
    { type: "mark", name: "g1:m0" },
    { type: "mark", name: "g1:m0" },
  ],
  [
    { type: "digit", digit: "#" },
    { type: "digit", digit: "#" },
  ],
  [
    { type: "end", because: "of a field of its own" },
    { type: "end", because: "of a field of its own" },
  ],
])("%j is understood", (sent, message) => {
  expect(parse(sent)).toEqual({ outcome: "ok", message });
});

test.each([
  ["no JSON", "{", "bad_message", /not JSON/],
  ["a list", "[]", "bad_message", /not an object/],
  ["null", "null", "bad_message", /not an object/],
  ["no type", "{}", "bad_message", /no type/],
  ["an unknown type", { type: "audio_chunks" }, "unknown_type", /no message/],
  ["a name of every object", { type: "constructor" }, "unknown_type", /no message/],
  ["sound that is no base64", { type: "audio_chunk", audio_data: "&&&", format: "pcm" }, "bad_audio", /audio_data/],
  ["no sound", { type: "audio_chunk", audio_data: "", format: "pcm" }, "bad_audio", /audio_data/],
  ["sound missing", { type: "audio_chunk", format: "pcm" }, "bad_audio", /audio_data/],
  ["a text of nothing", { type: "text_input", text: "   " }, "bad_message", /text is empty/],
  ["a number for a text", { type: "text_input", text: 7 }, "bad_message", /text/],
  ["half a character", { type: "text_input", text: "\ud800" }, "bad_message", /is not text/],
  ["two keys", { type: "digit", digit: "12" }, "bad_message", /digit/],
  ["a mark without a name", { type: "mark" }, "bad_message", /name/],
])("%s is refused", (_what, sent, code, why) => {
  expect(parse(sent)).toEqual({ outcome: "bad", code, why: expect.stringMatching(why) });
});

test("a binary message is refused", () => {
  expect(parseClientMessage(Buffer.from('{"type":"end"}'), true)).toMatchObject({
    outcome: "bad",
    code: "bad_message",
  });
});

test("nothing that is sent throws, or comes back in the words of a refusal", () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), fc.stringMatching(/^[a-z]{12,20}$/), (text, secret) => {
      const parsed = [parse(text), parse({ type: "text_input", text: 5, secret }), parse({ type: secret })];
      for (const one of parsed) if (one.outcome === "bad") expect(one.why).not.toContain(secret);
    }),
  );
});

test("sound is framed as promised", () => {
  const frame = JSON.parse(formatAudioDelta("AAAA", "mulaw", 'r"1')) as unknown;
  expect(serverMessage.parse(frame)).toEqual({
    type: "audio_delta",
    audio_base64: "AAAA",
    audio_format: "mulaw",
    sample_rate: 8000,
    reply_id: 'r"1',
  });
});

test.each([
  ["/ws/voice-agent/a", { isLive: false, format: "pcm", audio: "mp3" }],
  ["/ws/voice-agent/a?stream=1&format=mulaw&ticket=t", { isLive: true, format: "mulaw", audio: "mp3", ticket: "t" }],
  ["/ws/voice-agent/a?audio=wav&org_id=clinic", { isLive: false, format: "pcm", audio: "wav", orgId: "clinic" }],
  ["/ws/voice-agent/a?format=flac", undefined],
  ["/ws/voice-agent/a?stream=yes", undefined],
])("%s", (url, query) => {
  expect(readSocketQuery(url)).toEqual(query);
});

describe("the fast way for the microphone's sound", () => {
  const sent = '{"type":"audio_chunk","audio_data":"AAEC/w==","format":"pcm"}';

  /** Whatever the fast way says, the full parse says the same. */
  function agree(text: string): boolean {
    const fast = readPageAudio(Buffer.from(text));
    if (fast) expect({ outcome: "ok", message: fast }).toEqual(parseFully(Buffer.from(text)));
    return fast !== undefined;
  }

  test("takes what the page sends, in either format and any length", () => {
    expect(agree(JSON.stringify({ type: "audio_chunk", audio_data: "AAEC/w==", format: "mulaw" }))).toBe(true);
    for (const bytes of [1, 2, 3, 160, 960, 50_000])
      expect(agree(sent.replace("AAEC/w==", Buffer.alloc(bytes, 0xab).toString("base64")))).toBe(true);
  });

  test.each([
    ["another order", '{"type":"audio_chunk","format":"pcm","audio_data":"AAEC/w=="}'],
    ["another format", sent.replace("pcm", "wav")],
    ["a format in capitals", sent.replace("pcm", "PCM")],
    ["no format", sent.replace(',"format":"pcm"', "")],
    ["a field more", sent.replace("}", ',"seq":1}')],
    ["a format twice", sent.replace("}", ',"format":"wav"}')],
    ["a space", sent.replace(":", ": ")],
    ["something behind", `${sent}x`],
    ["a line break behind", `${sent}\n`],
    ["a byte order mark", `\ufeff${sent}`],
    ["an escape in the sound", sent.replace("/w", "\\/w")],
    ["no sound", sent.replace("AAEC/w==", "")],
    ["no padding", sent.replace("==", "")],
    ["too much padding", sent.replace("==", "===")],
    ["stray bits", sent.replace("/w==", "/x==")],
    ["url-safe sound", sent.replace("/w", "_w")],
    ["a letter beyond ASCII", sent.replace("AAEC", "ÄAEC")],
    ["cut short", sent.slice(0, -1)],
    ["another message", '{"type":"audio_end"}'],
    ["nothing", ""],
  ])("near miss, left to the full parse: %s", (_what, text) => {
    expect(agree(text)).toBe(false);
  });

  test("agrees with the full parse on anything that is nearly it", () => {
    fc.assert(
      fc.property(fc.nat(sent.length), fc.nat(3), fc.string({ maxLength: 3 }), (at, gone, put) => {
        agree(sent.slice(0, at) + put + sent.slice(at + gone));
      }),
      { numRuns: 500 },
    );
  });
});
