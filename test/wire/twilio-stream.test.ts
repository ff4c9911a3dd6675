// The Twilio stream messages: tables of good, unknown and bad ones, and the proof that the fast path and the full parse are
// one meaning.
import * as fc from "fast-check";
import {
  TwilioWriter,
  parseFully,
  parseTwilioMessage,
  payloadBytes,
  readMark,
  readMedia,
  readMediaOf,
  type TwilioMessage,
} from "../../src/wire/twilio-stream.ts";

const SID = "MZ0123456789abcdef0123456789abcdef";
const PAYLOAD = Buffer.alloc(160, 0xff).toString("base64");

const media = (fields: Record<string, unknown> = {}, message: Record<string, unknown> = {}) => ({
  event: "media",
  sequenceNumber: "4",
  streamSid: SID,
  media: { track: "inbound", chunk: "2", timestamp: "25", payload: PAYLOAD, ...fields },
  ...message,
});
const start = (fields: Record<string, unknown> = {}) => ({
  event: "start",
  sequenceNumber: "1",
  streamSid: SID,
  start: {
    streamSid: SID,
    accountSid: "AC0",
    callSid: "CA0",
    tracks: ["inbound"],
    customParameters: { token: "one-time" },
    mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
    ...fields,
  },
});
const bytes = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const parse = (value: unknown, isBinary = false) => parseTwilioMessage(bytes(value), isBinary);
function message(value: unknown): TwilioMessage {
  const parsed = parse(value);
  if (parsed.outcome !== "ok") throw new Error(`not understood: ${JSON.stringify(parsed)}`);
  return parsed.message;
}

describe("what Twilio sends", () => {
  test("every message of the protocol page is understood", () => {
    expect(message({ event: "connected", protocol: "Call", version: "1.0.0" })).toEqual({ event: "connected" });
    expect(message(start())).toEqual({
      event: "start",
      sequenceNumber: 1,
      streamSid: SID,
      accountSid: "AC0",
      callSid: "CA0",
      customParameters: { token: "one-time" },
      isMulaw8k: true,
    });
    expect(message(media())).toEqual({
      event: "media",
      sequenceNumber: 4,
      streamSid: SID,
      track: "inbound",
      chunk: 2,
      timestamp: 25,
      payload: PAYLOAD,
    });
    const rest = { sequenceNumber: "9", streamSid: SID };
    expect(message({ event: "dtmf", ...rest, dtmf: { track: "inbound_track", digit: "#" } })).toEqual({
      event: "dtmf",
      sequenceNumber: 9,
      streamSid: SID,
      digit: "#",
    });
    expect(message({ event: "mark", ...rest, mark: { name: "g3:m12" } })).toMatchObject({ name: "g3:m12" });
    expect(message({ event: "stop", ...rest, stop: { accountSid: "AC0", callSid: "CA0" } })).toMatchObject({
      event: "stop",
    });
  });

  test("new fields are no reason to refuse a message", () => {
    expect(parse({ ...media({ codec: "x", deep: { a: [1] } }), region: "us1" }).outcome).toBe("ok");
    expect(parse({ ...start({ region: "us1" }), more: null }).outcome).toBe("ok");
  });

  test("a start without parameters or media format is understood; another audio format is told", () => {
    expect(message(start({ customParameters: undefined }))).toMatchObject({ customParameters: {} });
    expect(message(start({ mediaFormat: undefined }))).toMatchObject({ isMulaw8k: true });
    for (const change of [{ encoding: "audio/l16" }, { sampleRate: 16_000 }, { channels: 2 }]) {
      const mediaFormat = { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1, ...change };
      expect(message(start({ mediaFormat }))).toMatchObject({ isMulaw8k: false });
    }
  });

  test("an event of another version is unknown, not bad", () => {
    expect(parse({ event: "voice-intelligence", sequenceNumber: 7 }).outcome).toBe("unknown");
    expect(parse({ event: "Media" }).outcome).toBe("unknown");
  });

  const misshapen: readonly (readonly [string, unknown])[] = [
    ["no object", "7"],
    ["null", "null"],
    ["a list", "[]"],
    ["no event", {}],
    ["an event that is no string", { event: 5 }],
    ["an empty event", { event: "" }],
    ["half a surrogate pair as event", '{"event":"\\ud800"}'],
    ["media without media", { event: "media", sequenceNumber: "4", streamSid: SID }],
    ["media without streamSid", media({}, { streamSid: undefined })],
    ["a sequence number that is a number", media({}, { sequenceNumber: 4 })],
    ["a chunk that is a number", media({ chunk: 2 })],
    ["a timestamp that is a number", media({ timestamp: 25 })],
    ["a negative timestamp", media({ timestamp: "-25" })],
    ["a timestamp with a fraction", media({ timestamp: "25.5" })],
    ["a timestamp in hexadecimal", media({ timestamp: "0x19" })],
    ["a timestamp beyond what a double holds", media({ timestamp: "9".repeat(16) })],
    ["an empty timestamp", media({ timestamp: "" })],
    ["an empty payload", media({ payload: "" })],
    ["a payload that is no string", media({ payload: 5 })],
    ["a payload of a length that base64 has not", media({ payload: "AAAAA" })],
    ["a payload with a foreign character", media({ payload: "AA-A" })],
    ["a payload with a line break", media({ payload: "AAAA\nAAA" })],
    ["padding in the middle", media({ payload: "AA==AAAA" })],
    ["three padding characters", media({ payload: "A===" })],
    ["padding alone", media({ payload: "====" })],
    ["stray bits before ==", media({ payload: "AB==" })],
    ["stray bits before =", media({ payload: "AAB=" })],
    ["a payload with half a surrogate pair", media({ payload: "AAA\ud800" })],
    ["half a surrogate pair in the stream's id", media({}, { streamSid: "MZ\udc00" })],
    ["start without callSid", start({ callSid: undefined })],
    ["start with two ids", start({ streamSid: "MZ1" })],
    ["parameters that are a list", start({ customParameters: [] })],
    ["a parameter that is a number", start({ customParameters: { token: 5 } })],
    ["a sample rate that is a string", start({ mediaFormat: { encoding: "x", sampleRate: "8000", channels: 1 } })],
    ["two digits at once", { event: "dtmf", sequenceNumber: "1", streamSid: SID, dtmf: { digit: "12" } }],
    ["no digit at all", { event: "dtmf", sequenceNumber: "1", streamSid: SID, dtmf: { digit: "x" } }],
    ["a mark without name", { event: "mark", sequenceNumber: "1", streamSid: SID, mark: {} }],
    [
      "a mark of half a surrogate pair",
      { event: "mark", sequenceNumber: "1", streamSid: SID, mark: { name: "\ud83d" } },
    ],
    ["stop without streamSid", { event: "stop", sequenceNumber: "1" }],
  ];
  test.each(misshapen)("misshapen: %s", (_, value) => {
    expect(parse(value)).toEqual({ outcome: "bad", why: "shape" });
  });

  test.each(["", "{", '{"event":"media"', "hello", '{"event":"media",}', "\u0000"])("no JSON: %j", (value) => {
    expect(parse(value)).toEqual({ outcome: "bad", why: "json" });
  });

  test("a binary message is bad whatever it holds", () => {
    expect(parse(media(), true)).toEqual({ outcome: "bad", why: "binary" });
  });

  test("64 KiB of open brackets end neither the stack nor the process", () => {
    expect(parse("[".repeat(65_536)).outcome).toBe("bad");
    expect(parse(`{"event":"x","a":${"[".repeat(30_000)}${"]".repeat(30_000)}}`).outcome).toBe("unknown");
  });

  test("a property called __proto__ changes nothing", () => {
    const value = message(`{"event":"start","sequenceNumber":"1","streamSid":"MZ0","__proto__":{"polluted":1},
      "start":{"accountSid":"AC0","callSid":"CA0","customParameters":{"__proto__":"x","token":"t"}}}`);
    expect(value).toMatchObject({ callSid: "CA0" });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("the fast path", () => {
  const before = `{"event":"media","sequenceNumber":"4","streamSid":"${SID}","media":{"track":"inbound","chunk":"2","timestamp":"25","payload":"${PAYLOAD}"}}`;
  const after = `{"event":"media","sequenceNumber":"4","media":{"track":"inbound","chunk":"2","timestamp":"25","payload":"${PAYLOAD}"},"streamSid":"${SID}"}`;

  /** Whatever the fast path says, the full parse says the same. */
  function agree(data: Buffer): boolean {
    const fast = readMedia(data) ?? readMark(data);
    if (fast) expect({ outcome: "ok", message: fast }).toEqual(parseFully(data));
    const sid = fast?.event === "media" ? fast.streamSid : SID;
    const { event: _event, sequenceNumber: _number, streamSid: _sid, ...said } = { ...readMedia(data) };
    // It may lie anywhere in what the network brought.
    const around = Buffer.concat([Buffer.from('{"'), data, Buffer.from('"}')]);
    expect({ ...readMediaOf(Buffer.from(sid), around, 2, 2 + data.length) }).toEqual(said);
    return fast !== undefined;
  }

  const markBefore = `{"event":"mark","sequenceNumber":"9","streamSid":"${SID}","mark":{"name":"g3:m12"}}`;
  const markAfter = `{"event":"mark","sequenceNumber":"9","mark":{"name":"g3:m12"},"streamSid":"${SID}"}`;

  test("takes marks in both key orders", () => {
    expect(agree(bytes(markBefore))).toBe(true);
    expect(agree(bytes(markAfter))).toBe(true);
    expect(readMark(bytes(markBefore))).toEqual(readMark(bytes(markAfter)));
  });

  test.each([
    ["an empty name", markBefore.replace("g3:m12", "")],
    ["an escape in the name", markBefore.replace("g3", "\\u0067")],
    ["a name of another alphabet", markBefore.replace("g3", "ġ3")],
    ["a long name", markBefore.replace("g3", "g".repeat(200))],
    ["streamSid twice", markBefore.replace(/\}$/, `,"streamSid":"MZother"}`)],
    ["no streamSid", markBefore.replace(`"streamSid":"${SID}",`, "")],
    ["a long id", markBefore.replace(SID, "M".repeat(65))],
    ["name twice", markBefore.replace(`"}}`, `","name":"x"}}`)],
    ["a number for the name", markBefore.replace(`"g3:m12"`, "7")],
    ["something behind", `${markAfter}x`],
    ["cut short", markBefore.slice(0, -1)],
  ])("near miss of a mark, left to the full parse: %s", (_, text) => {
    expect(agree(bytes(text))).toBe(false);
  });

  test("takes both usual key orders", () => {
    expect(agree(bytes(before))).toBe(true);
    expect(agree(bytes(after))).toBe(true);
    expect(readMedia(bytes(before))).toEqual(readMedia(bytes(after)));
  });

  test.each([SID.slice(0, -1), `${SID}0`, SID.replace(/.$/, "!"), ""])(
    "a frame of another stream than %p is nothing to it",
    (sid) => {
      expect(readMediaOf(Buffer.from(sid), bytes(before), 0, before.length)).toBeUndefined();
      expect(readMediaOf(Buffer.from(sid), bytes(after), 0, after.length)).toBeUndefined();
      expect(readMediaOf(Buffer.from(SID), bytes(after), 0, after.length)).toMatchObject({
        chunk: 2,
        timestamp: 25,
        payload: PAYLOAD,
      });
    },
  );

  test.each([1, 2, 3, 159, 160, 161, 400, 8000, 36_000])("takes %i bytes of audio and counts them", (length) => {
    const payload = Buffer.alloc(length, 0x7e).toString("base64");
    expect(agree(bytes(before.replace(PAYLOAD, payload)))).toBe(true);
    expect(payloadBytes(payload)).toBe(length);
  });

  const nearMisses: readonly (readonly [string, string])[] = [
    ["streamSid twice", before.replace(/\}$/, `,"streamSid":"MZother"}`)],
    ["no streamSid", before.replace(`"streamSid":"${SID}",`, "")],
    ["event twice", before.replace(/\}$/, `,"event":"stop"}`)],
    ["payload twice", before.replace(`"}}`, `","payload":"AAAA"}}`)],
    ["a space", before.replace(":", ": ")],
    ["a leading space", ` ${before}`],
    ["a trailing line break", `${before}\n`],
    ["something behind", `${before}x`],
    ["two messages", before + before],
    ["an escape in the id", before.replace("MZ0", "\\u004dZ0")],
    ["an escaped quote in the id", before.replace("MZ0", 'M\\"Z0')],
    ["an escaped slash in the payload", before.replace("////", "\\/\\/\\/\\/")],
    ["another track", before.replace("inbound", "outbound")],
    ["numbers for strings", before.replace(`"25"`, "25")],
    ["sixteen digits", before.replace(`"25"`, `"1234567890123456"`)],
    ["a sign", before.replace(`"25"`, `"+25"`)],
    ["a url-safe payload", before.replace("////", "____")],
    ["stray bits", before.replace("/w==", "/x==")],
    ["no padding", before.replace("==", "")],
    ["too much padding", before.replace("==", "===")],
    ["a byte order mark", `\ufeff${before}`],
    ["a NUL at the end", `${before}\u0000`],
    ["a Latin letter beyond ASCII", before.replace("MZ0", "MÄ0")],
    ["a full-width digit", before.replace(`"25"`, `"２５"`)],
    ["a field more", before.replace(`"chunk"`, `"extra":"1","chunk"`)],
    ["another order inside", before.replace(`"track":"inbound","chunk":"2"`, `"chunk":"2","track":"inbound"`)],
    ["another event", before.replace("media", "medio")],
    ["cut short", before.slice(0, -1)],
  ];
  test.each(nearMisses)("near miss, left to the full parse: %s", (_, text) => {
    expect(agree(bytes(text))).toBe(false);
  });

  test("bytes that are no UTF-8 are never taken for text", () => {
    const data = bytes(before);
    for (let at = 0; at < data.length; at++) {
      const broken = Buffer.from(data);
      broken[at] = 0xc3;
      expect(agree(broken)).toBe(false);
    }
  });

  test("agrees with the full parse on 10 000 mutated messages", () => {
    const seeds = [before, after, markBefore, markAfter];
    let taken = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(
          fc.record({
            at: fc.nat(1000),
            // Half of the changes write a character that matters in JSON or base64; the rest any byte.
            byte: fc.oneof(fc.constantFrom(...Buffer.from(`"\\{}:,=+/09AZaz_- `)), fc.nat(255)),
            how: fc.constantFrom("replace", "insert", "delete"),
          }),
          { maxLength: 3 },
        ),
        (seed, changes) => {
          const data = [...Buffer.from(seed)];
          for (const { at, byte, how } of changes) {
            const place = at % data.length;
            if (how === "replace") data[place] = byte;
            else if (how === "insert") data.splice(place, 0, byte);
            else data.splice(place, 1);
          }
          if (agree(Buffer.from(data))) taken++;
        },
      ),
      { numRuns: 10_000, seed: 1 },
    );
    expect(taken).toBeGreaterThan(1000); // Else the mutations would prove nothing about what is taken.
  });
});

describe("what we send", () => {
  const writer = new TwilioWriter(SID);

  test("exactly the fields Twilio knows", () => {
    expect(JSON.parse(writer.media(PAYLOAD))).toStrictEqual({
      event: "media",
      streamSid: SID,
      media: { payload: PAYLOAD },
    });
    expect(JSON.parse(writer.mark("g1:m2"))).toStrictEqual({ event: "mark", streamSid: SID, mark: { name: "g1:m2" } });
    expect(JSON.parse(writer.clear)).toStrictEqual({ event: "clear", streamSid: SID });
  });

  test("ids and names are escaped, whatever they hold", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (sid, name) => {
        const odd = new TwilioWriter(sid);
        expect(JSON.parse(odd.mark(name))).toEqual({ event: "mark", streamSid: sid, mark: { name } });
        expect(JSON.parse(odd.media("AAAA"))).toEqual({ event: "media", streamSid: sid, media: { payload: "AAAA" } });
        expect(JSON.parse(odd.clear)).toEqual({ event: "clear", streamSid: sid });
        const all = odd.mark(name) + odd.clear + odd.media("AAAA");
        expect(Buffer.byteLength(all)).toBe(all.length); // That is, ASCII.
      }),
    );
  });
});
