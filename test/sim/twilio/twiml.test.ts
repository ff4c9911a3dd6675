// Reading TwiML: what is XML and what is not, what the schema lets through, warns about, and how the text comes out.
import VoiceResponse from "twilio/lib/twiml/VoiceResponse.js";
import { parseTwiml, TwimlError, UNSUPPORTED } from "../../../src/sim/twilio/twiml.ts";
import { xml } from "./double.ts";

test("what the twilio library builds is read without a warning", () => {
  const response = new VoiceResponse();
  const connect = response.connect({ action: "https://x.example/after?a=1&b=2", method: "POST" });
  const stream = connect.stream({ url: "wss://x.example/media-stream", statusCallback: "https://x.example/s" });
  stream.parameter({ name: "token", value: "<&\"'>" });
  response.say({ voice: "Polly.Joanna", language: "en-US" }, "One & two");
  response.dial({ callerId: "+15550002222", answerOnBridge: true, timeLimit: 60 }, "+15550003333");
  response.gather({ numDigits: 1, action: "/keys" }).say("press");
  response.play({ digits: "1w2" });
  response.pause({ length: 2 });
  response.redirect({ method: "GET" }, "https://x.example/next?a=1&b=2");
  response.reject({ reason: "busy" });
  response.hangup();
  const { verbs, warnings } = parseTwiml(response.toString());
  expect(warnings).toEqual([]);
  expect(verbs.map(({ name }) => name)).toEqual("Connect Say Dial Gather Play Pause Redirect Reject Hangup".split(" "));
  expect(verbs[0]).toMatchObject({
    attributes: { action: "https://x.example/after?a=1&b=2" },
    children: [{ name: "Stream", children: [{ attributes: { name: "token", value: "<&\"'>" } }] }],
  });
  expect(verbs[1]!.text).toBe("One & two");
  expect(verbs[6]!.text).toBe("https://x.example/next?a=1&b=2");
});

test("text: entities, character references, CDATA, comments and speech markup", () => {
  const { verbs, warnings } = parseTwiml(
    xml("<Say>a &amp; b &#39;c&#39; &#x41;<!-- no --> <![CDATA[5 < 6 & 7]]> <emphasis>very</emphasis> good </Say>"),
  );
  expect(warnings).toEqual([]);
  expect(verbs[0]!.text).toBe("a & b 'c' A 5 < 6 & 7 very good");
});

test.each([
  ["nothing", ""],
  ["blanks", " \n"],
  ["text", "hello"],
  ["JSON", '{"a":1}'],
  ["a page", "<html><body>Not found</body></html>"],
  ["a wrong root", "<response><Say>x</Say></response>"],
  ["two roots", "<Response/><Response/>"],
  ["text before the declaration", ' <?xml version="1.0"?><Response/>'],
  ["text behind the root", "<Response/>x"],
  ["a bare ampersand in text", "<Response><Say>a & b</Say></Response>"],
  ["a bare ampersand in an attribute", '<Response><Redirect method="a&b">/x</Redirect></Response>'],
  ["an ampersand in a URL", "<Response><Redirect>/x?a=1&b=2</Redirect></Response>"],
  ["an entity of HTML", "<Response><Say>a&nbsp;b</Say></Response>"],
  ["a tag left open", "<Response><Say>x</Say>"],
  ["tags that cross", "<Response><Say>x</Response></Say>"],
  ["case that differs", "<Response><Say>x</say></Response>"],
  ["an attribute twice", '<Response><Say voice="a" voice="b">x</Say></Response>'],
  ["an attribute without quotes", "<Response><Say voice=alice>x</Say></Response>"],
  ["a document type", '<!DOCTYPE x [<!ENTITY y "z">]><Response><Say>&y;</Say></Response>'],
])("is not TwiML: %s", (_name, text) => {
  expect(() => parseTwiml(text)).toThrow(TwimlError);
});

test.each([
  ["a misspelt verb", "<Sey>x</Sey><Hangup/>", /<Sey> is not allowed in <Response>/, ["Hangup"]],
  ["a verb in the wrong case", "<say>x</say><Hangup/>", /<say> is not allowed/, ["Hangup"]],
  ["a noun as a verb", '<Stream url="wss://x"/><Hangup/>', /<Stream> is not allowed in <Response>/, ["Hangup"]],
  ["a foreign noun", "<Connect><Number>1</Number></Connect>", /<Number> is not allowed in <Connect>/, ["Connect"]],
  ["a misspelt attribute", '<Say vioce="x">a</Say>', /"vioce" is not allowed in <Say>/, ["Say"]],
  [
    "an attribute of the noun on the verb",
    '<Dial statusCallback="/x">1</Dial>',
    /"statusCallback" is not allowed in <Dial>/,
    ["Dial"],
  ],
  [
    "the undocumented codec attributes",
    '<Connect><Stream url="wss://x" audioFormat="pcm"/></Connect>',
    /"audioFormat"/,
    ["Connect"],
  ],
])("is warned about and skipped: %s", (_name, body, warning, left) => {
  const { verbs, warnings } = parseTwiml(xml(body));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(warning);
  expect(verbs.map(({ name }) => name)).toEqual(left);
});

test("a skipped attribute is really gone, so that nothing depends on it", () => {
  const { verbs } = parseTwiml(xml('<Say vioce="x" voice="y">a</Say>'));
  expect(verbs[0]!.attributes).toEqual({ voice: "y" });
});

test("verbs Twilio knows and the simulation does not are kept, to be refused aloud", () => {
  const { verbs, warnings } = parseTwiml(xml("<Enqueue>q</Enqueue><Connect><ConversationRelay/></Connect>"));
  expect(warnings).toEqual([]);
  expect(verbs.map(({ name }) => name)).toEqual(["Enqueue", "Connect"]);
  expect(UNSUPPORTED.has(verbs[1]!.children[0]!.name)).toBe(true);
});
