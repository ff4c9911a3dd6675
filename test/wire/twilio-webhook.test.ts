// The forms of Twilio's webhook and callbacks: what is needed, what is let through, what is refused.
import querystring from "node:querystring";
import { isTerminalStatus, parseTwilioForm, statusRank, type Fields } from "../../src/wire/twilio-webhook.ts";

const CALL = "CA00000000000000000000000000000001";
const decode = (text: string): Fields => querystring.parse(text);

describe("a form", () => {
  test("of an incoming call, with fields this version does not know", () => {
    const parsed = parseTwilioForm(
      decode(
        `CallSid=${CALL}&AccountSid=AC1&From=%2B15550001111&To=%2B15550002222&CallStatus=ringing&SipHeader_X-A=1&New=2`,
      ),
    );
    expect(parsed).toMatchObject({ ok: true, form: { CallSid: CALL, From: "+15550001111", CallStatus: "ringing" } });
  });

  test("without caller and called number has empty ones", () => {
    expect(parseTwilioForm({ CallSid: CALL })).toMatchObject({ ok: true, form: { From: "", To: "" } });
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
    expect(parseTwilioForm(fields).ok).toBe(false);
  });

  test("that is refused says which field", () => {
    expect(parseTwilioForm({})).toMatchObject({ why: expect.stringMatching(/^CallSid: /) });
  });

  test("named like parts of an object's prototype is harmless", () => {
    expect(parseTwilioForm(decode(`CallSid=${CALL}&__proto__=1&constructor=2&toString=3`))).toMatchObject({ ok: true });
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
