// Signatures against the vectors of the protocol page, and everything that must not pass.
import twilio from "twilio";
import { createSignatures } from "../../../src/channels/phone/signature.ts";
import { cpuMs } from "../../support/cpu-time.ts";
import { sign, TOKEN } from "./support.ts";

const account = (more: object = {}) => ({
  accountSid: "AC1",
  authTokens: [TOKEN],
  webhookUrl: "https://voice.example.com",
  validate: true,
  ...more,
});
const signatures = createSignatures(account());

const FORM = {
  CallSid: "CA00000000000000000000000000000001",
  AccountSid: "AC00000000000000000000000000000001",
  From: "+15550001111",
  To: "+15550002222",
  CallStatus: "ringing",
  Direction: "inbound",
  ApiVersion: "2010-04-01",
};
const POST = ["/voice/incoming?tenant=a1", FORM, "22uO5oOrBjE+BEmrY+wF4K+vUVU="] as const;
const GET = ["/voice/incoming?CallSid=CA1&From=%2B15550001111", {}, "mLAJtqSUgoWHNVZATjIDz0oF1cU="] as const;

describe("the vectors", () => {
  test("of a POST", () => expect(signatures.webhook(...POST)).toBe(true));
  test("of a GET", () => expect(signatures.webhook(...GET)).toBe(true));
  test("of an upgrade", () => expect(signatures.upgrade("/media", "OXGAWoXBARgYOQdO2iHke4KK+yQ=")).toBe(true));
  test("of an upgrade with a slash", () =>
    expect(signatures.upgrade("/media", "+QioAScYZ9+iHFf/noofAxtunho=")).toBe(true));
});

describe("refused is", () => {
  const [url, form, signature] = POST;

  test("a signature with any one character changed", () => {
    for (let at = 0; at < signature.length; at++) {
      const other = signature[at] === "A" ? "B" : "A";
      expect(signatures.webhook(url, form, signature.slice(0, at) + other + signature.slice(at + 1))).toBe(false);
    }
  });

  test("a form with a field changed, added or left out", () => {
    for (const name of Object.keys(form)) {
      expect(signatures.webhook(url, { ...form, [name]: "x" }, signature)).toBe(false);
      expect(signatures.webhook(url, { ...form, [name]: undefined }, signature)).toBe(false);
    }
    expect(signatures.webhook(url, { ...form, More: "1" }, signature)).toBe(false);
  });

  test("another address, and another kind of request to the same one", () => {
    for (const other of ["/voice/incoming", "/voice/incoming?tenant=a2", "/voice/incoming/?tenant=a1", "/", ""]) {
      expect(signatures.webhook(other, form, signature)).toBe(false);
    }
    expect(signatures.upgrade("/voice/incoming?tenant=a1", signature)).toBe(false);
    expect(signatures.webhook(url, {}, signature)).toBe(false);
    expect(signatures.upgrade("/media", sign("https://voice.example.com/media"))).toBe(false);
  });

  test.each([undefined, "", "a", "=".repeat(28), "ü".repeat(28), "x".repeat(10_000)])("the signature %s", (value) => {
    expect(signatures.webhook(url, form, value)).toBe(false);
    expect(signatures.upgrade("/media", value)).toBe(false);
  });

  test.each(["http://[", "//[::1/x", "/%", "/\u0000", "http://a b/voice", "*"])(
    "an address that cannot be parsed, without throwing: %s",
    (odd) => {
      expect(signatures.webhook(odd, {}, signature)).toBe(false);
      expect(signatures.upgrade(odd, signature)).toBe(false);
    },
  );

  test("a signature by another account's token", () => {
    const stranger = sign("https://voice.example.com/voice", FORM, "another-token-of-another-account");
    expect(signatures.webhook("/voice", FORM, stranger)).toBe(false);
  });
});

describe("accepted is", () => {
  test("the secondary token during a rotation, and the primary still", () => {
    const rotating = createSignatures(account({ authTokens: ["new-token-0000", TOKEN] }));
    for (const token of ["new-token-0000", TOKEN]) {
      expect(rotating.webhook("/voice", FORM, sign("https://voice.example.com/voice", FORM, token))).toBe(true);
      expect(rotating.upgrade("/media-stream", sign("wss://voice.example.com/media-stream", {}, token))).toBe(true);
    }
    expect(rotating.webhook("/voice", FORM, sign("https://voice.example.com/voice", FORM, "third-token"))).toBe(false);
  });

  test("a repeated field, an empty one, and names that look like structure", () => {
    const form = { ...FORM, Tag: ["b", "a", "b"], "a[b]": "1", "c[]": "2", Empty: "", "ü&=+": "ü&=+" };
    expect(signatures.webhook("/voice", form, sign("https://voice.example.com/voice", form))).toBe(true);
  });

  test("the address with its standard port written out, for the webhook and the stream", () => {
    expect(signatures.webhook("/voice", FORM, sign("https://voice.example.com:443/voice", FORM))).toBe(true);
    expect(signatures.upgrade("/media-stream", sign("wss://voice.example.com:443/media-stream"))).toBe(true);
  });

  test("a public address with a port of its own, with and without it", () => {
    const odd = createSignatures(account({ webhookUrl: "https://voice.example.com:8443" }));
    for (const host of ["voice.example.com:8443", "voice.example.com"]) {
      expect(odd.webhook("/voice", FORM, sign(`https://${host}/voice`, FORM))).toBe(true);
      expect(odd.upgrade("/media-stream", sign(`wss://${host}/media-stream`))).toBe(true);
    }
  });

  test("on this machine ws and wss, both with a slash or without; elsewhere wss alone", () => {
    const local = createSignatures(account({ webhookUrl: "http://127.0.0.1:5000" }));
    for (const form of ["ws://127.0.0.1:5000/media-stream", "wss://127.0.0.1:5000/media-stream"]) {
      expect(local.upgrade("/media-stream", sign(form))).toBe(true);
      expect(local.upgrade("/media-stream", sign(`${form}/`))).toBe(true);
    }
    expect(signatures.upgrade("/media-stream", sign("ws://voice.example.com/media-stream"))).toBe(false);
  });

  test("everything, when validation is switched off", () => {
    const open = createSignatures(account({ validate: false }));
    expect(open.webhook("/voice", {}, undefined)).toBe(true);
    expect(open.upgrade("/media-stream", "x")).toBe(true);
  });
});

test("judging a forged request costs well under a millisecond", () => {
  const forged = twilio.getExpectedTwilioSignature("no", "https://voice.example.com/voice", FORM);
  const cost = cpuMs(() => {
    for (let n = 0; n < 1000; n++) signatures.webhook("/voice", FORM, forged);
  });
  expect(cost / 1000).toBeLessThan(1);
});
