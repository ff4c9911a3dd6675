// The TwiML documents, read back as XML.
import { XMLParser, XMLValidator } from "fast-xml-parser";
import * as twiml from "../../../src/channels/phone/twiml.ts";

const URL_ = "https://voice.example.com";
const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "@", parseTagValue: false });

function read(document: string): Record<string, unknown> {
  expect(document).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?><Response/);
  expect(XMLValidator.validate(document)).toBe(true);
  return (parser.parse(document) as { Response: Record<string, unknown> }).Response;
}

test("a stream with its token, its action and nothing behind it", () => {
  expect(read(twiml.connectStream(URL_, "tok"))).toEqual({
    Connect: {
      "@action": `${URL_}/voice/after-stream`,
      Stream: {
        "@url": "wss://voice.example.com/media-stream",
        "@statusCallback": `${URL_}/voice/stream-status`,
        Parameter: { "@name": "token", "@value": "tok" },
      },
    },
  });
});

test("on this machine the stream is ws", () => {
  expect(twiml.connectStream("http://127.0.0.1:5000", "t")).toContain(`url="ws://127.0.0.1:5000/media-stream"`);
});

test("busy is spoken, never a Reject", () => {
  expect(read(twiml.busy())).toEqual({ Say: twiml.WORDS.busy, Hangup: "" });
});

test.each([
  ["de", "de-DE"],
  ["de-AT", "de-AT"],
  ["de-CH", "de-DE"],
  ["no", "nb-NO"],
  ["sw", undefined],
  [undefined, undefined],
])("a message in %s is spoken as %s", (language, spoken) => {
  const { Say } = read(twiml.leaveMessage({ words: "Bitte rufen Sie zurück.", language }));
  expect(Say).toEqual(
    spoken === undefined ? "Bitte rufen Sie zurück." : { "#text": "Bitte rufen Sie zurück.", "@language": spoken },
  );
});

test("hanging up, and nothing", () => {
  expect(read(twiml.hangUp())).toEqual({ Hangup: "" });
  expect(read(twiml.nothing())).toBe("");
});

test("a transfer dials, and comes back with its result", () => {
  expect(read(twiml.transfer({ webhookUrl: URL_, to: "+15550003333" }))).toEqual({
    Dial: { "@action": `${URL_}/voice/after-dial`, "@timeout": "25", Number: "+15550003333" },
  });
});

test("a transfer with a briefing and a number to show", () => {
  const target = { webhookUrl: URL_, to: "+15550003333", callerId: "+15550002222", briefingFor: "CA1" };
  expect(read(twiml.transfer(target))).toEqual({
    Dial: {
      "@action": `${URL_}/voice/after-dial`,
      "@timeout": "25",
      "@callerId": "+15550002222",
      Number: { "#text": "+15550003333", "@url": `${URL_}/voice/briefing?call=CA1` },
    },
  });
});

test("an apology dials the human there is, or ends the call", () => {
  const dialling = read(twiml.apologise({ webhookUrl: URL_, to: "+15550003333" }));
  expect(dialling).toMatchObject({ Say: expect.stringContaining("sorry"), Dial: { Number: "+15550003333" } });
  expect(dialling).not.toHaveProperty("Hangup");
  expect(read(twiml.apologise())).toEqual({ Say: expect.stringContaining("sorry"), Hangup: "" });
});

test("nobody reached", () => {
  expect(read(twiml.nobodyReached())).toEqual({ Say: twiml.WORDS.nobody, Hangup: "" });
});

describe("the briefing", () => {
  const said = (note: string) => {
    const { Gather, Hangup } = read(twiml.briefing(URL_, note)) as { Gather: Record<string, unknown>; Hangup: string };
    expect(Gather).toMatchObject({
      "@numDigits": "1",
      "@timeout": "10",
      "@action": `${URL_}/voice/briefing-answer`,
    });
    expect(Hangup).toBe("");
    return Gather.Say;
  };

  test("holds the note as text, whatever is in it", () => {
    expect(said("Wants <Hangup/> & a \"refund\" for 'x'")).toContain(`Wants <Hangup/> & a "refund" for 'x'`);
    expect(said("]]><Dial>+1900</Dial>")).toContain("]]><Dial>+1900</Dial>");
  });

  test("leaves out what XML cannot hold", () => {
    expect(said("a\u0000b\u0008c\ud800d\uffffe\nf 😀 g")).toContain("a b c d e f g");
  });

  test("is short, and there without a note too", () => {
    expect(String(said("x".repeat(5000))).length).toBeLessThan(1200);
    expect(said("")).toBe(`${twiml.WORDS.briefing} ${twiml.WORDS.accept}`);
  });
});
