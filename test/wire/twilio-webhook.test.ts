// The forms of Twilio's webhook and callbacks: what is needed, what is let through, what is refused.
import querystring from "node:querystring";
import {
  isTerminalStatus,
  parseWebhook,
  statusRank,
  TWILIO_WEBHOOKS,
  type Fields,
  type WebhookName,
} from "../../src/wire/twilio-webhook.ts";

const CALL = "CA00000000000000000000000000000001";
const parse = (fields: Fields, query: Fields = {}, name: WebhookName = "incoming") => parseWebhook(name, fields, query);
const decode = (text: string): Fields => querystring.parse(text);

describe("a form", () => {
  test("of an incoming call, with fields this version does not know", () => {
    const parsed = parse(
      decode(
        `CallSid=${CALL}&AccountSid=AC1&From=%2B15550001111&To=%2B15550002222&CallStatus=ringing&SipHeader_X-A=1&New=2`,
      ),
    );
    expect(parsed).toMatchObject({ ok: true, form: { CallSid: CALL, From: "+15550001111", CallStatus: "ringing" } });
  });

  test("without caller and called number has empty ones", () => {
    expect(parse({ CallSid: CALL })).toMatchObject({ ok: true, form: { From: "", To: "" } });
  });

  test.each<readonly [string, Fields]>([
    ["no CallSid", {}],
    ["an empty CallSid", { CallSid: "" }],
    ["a CallSid with a path in it", { CallSid: "../x" }],
    ["a CallSid of 65 characters", { CallSid: "C".repeat(65) }],
    ["two CallSids", { CallSid: [CALL, CALL] }],
    ["two callers", { CallSid: CALL, From: ["+1", "+2"] }],
    ["a caller of 513 characters", { CallSid: CALL, From: "1".repeat(513) }],
  ])("is refused with %s", (_, fields) => {
    expect(parse(fields).ok).toBe(false);
  });

  test("that is refused says which field", () => {
    expect(parse({})).toMatchObject({ why: expect.stringMatching(/^CallSid: /) });
  });

  test("named like parts of an object's prototype is harmless", () => {
    expect(parse(decode(`CallSid=${CALL}&__proto__=1&constructor=2&toString=3`))).toMatchObject({ ok: true });
  });
});

describe.each(Object.keys(TWILIO_WEBHOOKS) as WebhookName[])("%s", (name) => {
  const { form, query } = TWILIO_WEBHOOKS[name];
  test("reads the fields it describes, each as one word of bounded length, and lets others through", () => {
    expect(parse({ CallSid: CALL, Unknown: "x".repeat(9000) }, { odd: "1" }, name)).toMatchObject({ ok: true });
    for (const field of Object.keys(form.shape)) {
      expect(parse({ CallSid: CALL, [field]: "9".repeat(5000) }, {}, name)).toMatchObject({ ok: false });
      expect(parse({ CallSid: CALL, [field]: ["1", "2"] }, {}, name)).toMatchObject({ ok: false });
    }
    // The address is ours: what is not as we gave it says nothing.
    for (const field of Object.keys(query.shape)) {
      expect(parse({ CallSid: CALL }, { [field]: "one" }, name)).toMatchObject({ query: { [field]: "one" } });
      for (const bad of ["x".repeat(5000), ["1", "2"]])
        expect(parse({ CallSid: CALL }, { [field]: bad }, name)).toMatchObject({
          ok: true,
          query: { [field]: undefined },
        });
    }
  });
});

test("statuses only rise, and the terminal ones end a call", () => {
  const life = ["queued", "initiated", "ringing", "in-progress", "completed"];
  const ranks = life.map(statusRank);
  expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
  expect(new Set(ranks).size).toBe(life.length);
  expect(statusRank("answered")).toBe(statusRank("in-progress"));
  for (const odd of ["who-knows", "", "toString", "__proto__"]) expect(statusRank(odd)).toBe(-1);
  for (const status of ["completed", "busy", "failed", "no-answer", "canceled"]) {
    expect(isTerminalStatus(status)).toBe(true);
    expect(statusRank(status)).toBe(4);
  }
  for (const status of [...life.slice(0, 4), undefined, "", "toString"]) expect(isTerminalStatus(status)).toBe(false);
});
