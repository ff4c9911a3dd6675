// POST and GET /voice and what all the phone routes have in common: who may ask, in what form, and what a repeated question gets.
import request from "supertest";
import type { CarrierState } from "../../../src/core/state.ts";
import { createMemoryState } from "../../../src/state/memory.ts";
import { createMemoryCallStore } from "../../../src/storage/memory.ts";
import { sendRaw, statusOf } from "../../http/support.ts";
import {
  ACCOUNT,
  encode,
  incoming,
  manualClock,
  newCallSid,
  phone,
  sign,
  TOKEN,
  WEBHOOK_URL,
  type Form,
  type Phone,
} from "./support.ts";

const open: Phone[] = [];
async function start(options: Parameters<typeof phone>[0] = {}): Promise<Phone> {
  const one = await phone(options);
  open.push(one);
  return one;
}
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
const account = { accountSid: ACCOUNT, authTokens: [TOKEN], webhookUrl: WEBHOOK_URL, validate: true };

describe("a new call", () => {
  test("gets its stream, its voice is opened, and its slot is reserved", async () => {
    const t = await start();
    const callSid = newCallSid();
    const answer = await t.post("/voice", incoming(callSid));
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe("text/xml; charset=utf-8");
    expect(answer.text).toContain(`<Connect action="${WEBHOOK_URL}/voice/after-stream">`);
    expect(answer.text).toContain(`<Stream url="wss://voice.example.com/media-stream"`);
    expect(answer.text).toContain(`<Parameter name="token" value="${t.tokens[0]}"/>`);
    expect(t.calls.prewarmed).toEqual(["call-1"]);
    expect(await t.state.unspentToken(callSid)).toBe(t.tokens[0]);
    expect(t.calls.admitted).toEqual([
      {
        callId: "call-1",
        carrierId: callSid,
        from: "+15550001111",
        to: "+15550002222",
        attested: false,
        channel: "phone",
        direction: "inbound",
        orgId: "default",
      },
    ]);
  });

  test("by GET, signed over its query", async () => {
    const t = await start();
    const path = `/voice?${encode(incoming(newCallSid()))}`;
    const answer = await request(t.server.app)
      .get(path)
      .set("X-Twilio-Signature", sign(WEBHOOK_URL + path));
    expect(answer.status).toBe(200);
    expect(answer.text).toContain("<Stream");
    const other = await request(t.server.app)
      .get(`${path}&x=1`)
      .set("X-Twilio-Signature", sign(WEBHOOK_URL + path));
    expect(other.status).toBe(403);
  });

  test("with a query on a POST, a trailing slash, and fields nobody has seen before", async () => {
    const t = await start();
    for (const path of ["/voice?tenant=a%201", "/voice/"]) {
      const form = { ...incoming(newCallSid()), "SipHeader_X-A": "ü & +", "a[b]": "1", Tag: ["2", "1"], Empty: "" };
      expect((await t.post(path, form)).status).toBe(200);
    }
  });

  test("from a withheld number, a SIP address, or to nobody", async () => {
    const t = await start();
    for (const From of ["anonymous", "+266696687", "sip:a@b.example;x=1", ""]) {
      expect((await t.post("/voice", incoming(newCallSid(), { From, To: "" }))).status).toBe(200);
    }
    expect(t.calls.admitted.map(({ from }) => from)).toEqual(["anonymous", "+266696687", "sip:a@b.example;x=1", ""]);
  });

  test("that we placed is an outbound one", async () => {
    const t = await start();
    await t.post("/voice", incoming(newCallSid(), { Direction: "outbound-api" }));
    expect(t.calls.admitted[0]?.direction).toBe("outbound");
  });

  test.each([
    ["TN-Validation-Passed-A", true],
    ["TN-Validation-Passed-A-Diverted", true],
    ["TN-Validation-Passed-B", false],
    ["TN-Validation-Failed-A", false],
    ["No-TN-Validation", false],
    ["", false],
  ])("with the number's verdict %j is attested: %s", async (StirVerstat, attested) => {
    const t = await start();
    await t.post("/voice", incoming(newCallSid(), { StirVerstat }));
    expect(t.calls.admitted[0]?.attested).toBe(attested);
  });

  test("that is over already gets nothing and costs nothing", async () => {
    const t = await start();
    const answer = await t.post("/voice", incoming(newCallSid(), { CallStatus: "completed" }));
    expect(answer.text).toMatch(/<Response\/>$/);
    expect(t.calls.admitted).toEqual([]);
  });

  test.each(["busy", "draining"] as const)(
    "is told so when there is no room (%s), spoken, and kept as a record",
    async (verdict) => {
      const t = await start();
      t.calls.verdict = verdict;
      const callSid = newCallSid();
      const answer = await t.post("/voice", incoming(callSid));
      expect(answer.status).toBe(200);
      expect(answer.text).toMatch(/<Say>All of our lines are busy.*<\/Say><Hangup\/>/);
      expect(t.calls.prewarmed).toEqual([]);
      expect(await t.state.unspentToken(callSid)).toBeUndefined();
      expect(await t.store.findByCarrierId(callSid)).toMatchObject({ status: "completed", endReason: "rejected" });
      // Asked again, even when there is room by then, the caller hears the same.
      t.calls.verdict = "ok";
      expect((await t.post("/voice", incoming(callSid))).text).toBe(answer.text);
      expect(t.calls.admitted).toEqual([]);
    },
  );

  test("is turned away without waiting for records, the shared state's writes or a voice, all of which hang", async () => {
    const never = new Promise<never>(() => undefined);
    const hangs = () => never;
    const state = createMemoryState({ clock: manualClock() });
    const store = createMemoryCallStore();
    const t = await start({
      state: { ...state, putEnding: hangs, putToken: hangs },
      store: { ...store, get: hangs, findByCarrierId: hangs, list: hangs, flush: hangs },
    });
    t.calls.verdict = "busy";
    const answer = await t.post("/voice", incoming(newCallSid()));
    expect(answer.text).toMatch(/<Say>All of our lines are busy.*<\/Say><Hangup\/>/);
    expect(t.calls.prewarmed).toEqual([]);
  });
});

describe("the same call again", () => {
  test("gets the same TwiML while its token is unspent, and one voice", async () => {
    const t = await start();
    const callSid = newCallSid();
    const first = await t.post("/voice", incoming(callSid));
    for (let n = 0; n < 3; n++) expect((await t.post("/voice", incoming(callSid))).text).toBe(first.text);
    expect(t.calls.prewarmed).toHaveLength(1);
    expect(t.calls.admitted).toHaveLength(1);
    expect(t.meter.total("voice_webhook_duplicates_total")).toBe(3);
  });

  test("many times at once is one call", async () => {
    const clock = manualClock();
    const memory = createMemoryState({ clock });
    // A state that takes its time, as one behind a network does.
    const state: CarrierState = {
      ...memory,
      unspentToken: async (id) => {
        await new Promise(setImmediate);
        return memory.unspentToken(id);
      },
    };
    const t = await start({ state });
    const callSid = newCallSid();
    const answers = await Promise.all(Array.from({ length: 20 }, () => t.post("/voice", incoming(callSid))));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(t.calls.admitted).toHaveLength(1);
    expect(t.meter.total("voice_webhook_duplicates_total")).toBe(19);
  });

  test("hangs up once the token is spent, and still after the call is over", async () => {
    const t = await start();
    const callSid = newCallSid();
    const token = await t.ring(callSid);
    await t.state.takeToken(token);
    const live = await t.post("/voice", incoming(callSid));
    expect(live.text).toMatch(/<Response><Hangup\/><\/Response>$/);
    t.calls.abandon("call-1");
    expect((await t.post("/voice", incoming(callSid))).text).toBe(live.text);
    expect(t.calls.admitted).toHaveLength(1);
    expect(t.meter.total("voice_webhook_duplicates_total")).toBe(2);
  });

  test("hangs up where another process has served the call", async () => {
    const t = await start();
    const callSid = newCallSid();
    await t.state.putEnding(callSid, { kind: "hangup", reason: "caller-hangup" });
    expect((await t.post("/voice", incoming(callSid))).text).toContain("<Hangup/>");
    expect(t.calls.admitted).toEqual([]);
  });

  test("1 000 webhooks three times over, in random order, are 1 000 calls", async () => {
    const t = await start({ clock: manualClock() });
    const sids = Array.from({ length: 1000 }, newCallSid);
    const order = [...sids, ...sids, ...sids].map((sid) => ({ sid, key: Math.random() })).sort((a, b) => a.key - b.key);
    for (let at = 0; at < order.length; at += 50) {
      await Promise.all(
        order.slice(at, at + 50).map(async ({ sid }) => {
          expect((await t.post("/voice", incoming(sid))).status).toBe(200);
        }),
      );
    }
    expect(t.calls.admitted).toHaveLength(1000);
    expect(t.calls.prewarmed).toHaveLength(1000);
    expect(t.meter.total("voice_webhook_duplicates_total")).toBe(2000);
  });
});

describe("no stream comes", () => {
  test("after 15 s the voice is let go and the slot is free; the token is good for 60 s", async () => {
    const clock = manualClock();
    const t = await start({ clock });
    const callSid = newCallSid();
    const token = await t.ring(callSid);
    clock.advance(14_999);
    expect(t.calls.slots()).toBe(1);
    clock.advance(1);
    expect(t.calls.abandoned).toEqual(["call-1"]);
    expect(t.calls.slots()).toBe(0);
    expect(await t.state.unspentToken(callSid)).toBe(token);
    expect(await t.store.findByCarrierId(callSid)).toBeUndefined();
    clock.advance(45_000);
    await new Promise(setImmediate);
    expect(await t.state.unspentToken(callSid)).toBeUndefined();
    expect(await t.store.findByCarrierId(callSid)).toMatchObject({
      status: "completed",
      endReason: "abandoned",
      durationSeconds: 60,
    });
    expect(t.calls.abandoned).toHaveLength(1);
    expect(clock.waiting()).toBe(0);
  });

  test("closing the channel clears its timers", async () => {
    const clock = manualClock();
    const t = await start({ clock });
    for (let n = 0; n < 10; n++) await t.ring(newCallSid());
    expect(clock.waiting()).toBe(10);
    t.channel.close();
    t.channel.close();
    expect(clock.waiting()).toBe(0);
  });
});

describe("refused is", () => {
  const paths = [
    "/voice",
    "/voice/after-stream",
    "/voice/after-dial",
    "/voice/briefing",
    "/voice/briefing-answer",
    "/voice/status",
    "/voice/stream-status",
    "/voice/amd",
  ];

  test.each(paths)("%s without, with a wrong and with another path's signature", async (path) => {
    const t = await start();
    const form = incoming(newCallSid());
    const ask = () => request(t.server.app).post(path).type("form");
    const answers = [
      await ask().send(encode(form)),
      await ask().set("X-Twilio-Signature", "").send(encode(form)),
      await ask().set("X-Twilio-Signature", "AAAA").send(encode(form)),
      await ask()
        .set("X-Twilio-Signature", sign(`${WEBHOOK_URL}/other`, form))
        .send(encode(form)),
      await ask()
        .set("X-Twilio-Signature", sign(WEBHOOK_URL + path, form))
        .send(encode({ ...form, From: "+1999" })),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(403);
      expect(answer.type).toBe("application/problem+json");
    }
    expect(t.meter.total("voice_auth_failures_total", { surface: "webhook" })).toBe(5);
    expect(t.calls.admitted).toEqual([]);
    expect(t.calls.ended).toEqual([]);
  });

  test("an unsigned body is not read: the answer comes before it, and the connection goes", async () => {
    const t = await start();
    const answer = await sendRaw(
      t.port,
      "POST /voice HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000000\r\n\r\n",
    );
    expect(statusOf(answer)).toBe(403);
    expect(answer).toContain("Connection: close");
  });

  test("another account", async () => {
    const t = await start();
    for (const AccountSid of [`AC${"1".repeat(32)}`, ""]) {
      expect((await t.post("/voice", incoming(newCallSid(), { AccountSid }))).status).toBe(403);
    }
    const { AccountSid: _, ...without } = incoming(newCallSid());
    expect((await t.post("/voice", without as Form)).status).toBe(403);
    expect(t.calls.admitted).toEqual([]);
  });

  test("a signed form without or with a malformed CallSid", async () => {
    const t = await start();
    for (const CallSid of ["", "../../etc", "x".repeat(65), ["CA1", "CA2"]]) {
      const answer = await t.post("/voice", { ...incoming(""), CallSid });
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toMatchObject({ status: 400, detail: expect.stringContaining("CallSid") });
    }
  });

  test("a form that is too large, has too many fields, is compressed or is no form at all", async () => {
    const t = await start();
    const large = incoming(newCallSid(), { Note: "x".repeat(32_768) });
    expect((await t.post("/voice", large)).status).toBe(413);
    const many = Object.fromEntries(Array.from({ length: 251 }, (_, n) => [`f${n}`, "1"]));
    expect((await t.post("/voice", { ...incoming(newCallSid()), ...many })).status).toBe(413);
    const ask = () => request(t.server.app).post("/voice").set("X-Twilio-Signature", "x");
    expect((await ask().type("form").set("Content-Encoding", "gzip").send("CallSid=1")).status).toBe(415);
    expect((await ask().type("json").send({ CallSid: "CA1" })).status).toBe(403);
    expect((await ask()).status).toBe(403);
  });

  test("not a form of nearly 32 KB", async () => {
    const t = await start();
    expect((await t.post("/voice", incoming(newCallSid(), { Note: "x".repeat(32_000) }))).status).toBe(200);
  });

  test("a form without a length that turns out too large", async () => {
    const t = await start();
    const chunk = `2000\r\n${"x".repeat(0x2000)}\r\n`;
    const answer = await sendRaw(
      t.port,
      "POST /voice HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Twilio-Signature: x\r\nTransfer-Encoding: chunked\r\n" +
        `Content-Type: application/x-www-form-urlencoded\r\n\r\n${chunk.repeat(5)}0\r\n\r\n`,
    );
    expect(statusOf(answer)).toBe(413);
  });

  test.each(paths)("%s by another method", async (path) => {
    const t = await start();
    for (const method of ["put", "delete", "patch", "head", "options"] as const) {
      const ask = request(t.server.app);
      const answer = await ask[method](path).set("X-Twilio-Signature", sign(WEBHOOK_URL + path));
      expect(answer.status).toBe(405);
      expect(answer.headers.allow).toBe(path === "/voice" ? "POST, GET" : "POST");
    }
    if (path !== "/voice") expect((await request(t.server.app).get(path)).status).toBe(405);
  });

  test("an address under /voice that is none of ours", async () => {
    const t = await start();
    const answer = await t.post("/voice/nothing", incoming(newCallSid()));
    expect(answer.status).toBe(404);
    expect(answer.type).toBe("application/problem+json");
  });
});

describe("Host and forwarded headers", () => {
  const hosts = [
    "voice.example.com",
    "evil.example",
    "a b",
    "[::1",
    "",
    "xn--",
    "127.0.0.1:99999",
    "%00",
    "a/../b",
    "ü",
  ];
  const raw = (form: Form, signature: string, extra: string) => {
    const body = encode(form);
    return (
      `POST /voice HTTP/1.1\r\nConnection: close\r\n${extra}X-Twilio-Signature: ${signature}\r\n` +
      `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    );
  };

  test.each(hosts)("Host %j: a good signature passes, a bad one does not", async (host) => {
    const t = await start();
    const form = incoming(newCallSid());
    const header = `Host: ${host}\r\n`;
    expect(statusOf(await sendRaw(t.port, raw(form, sign(`${WEBHOOK_URL}/voice`, form), header)))).toBe(200);
    expect(statusOf(await sendRaw(t.port, raw(form, sign(`https://${host}/voice`, form, "no"), header)))).toBe(403);
    // Signed by the right token, but for the address in the Host header.
    if (host === "evil.example") {
      expect(statusOf(await sendRaw(t.port, raw(form, sign(`https://${host}/voice`, form), header)))).toBe(403);
    }
  });

  test("forwarded headers change nothing", async () => {
    const t = await start();
    const form = incoming(newCallSid());
    const headers =
      "Host: a\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: http\r\nForwarded: host=evil.example\r\n";
    expect(statusOf(await sendRaw(t.port, raw(form, sign(`${WEBHOOK_URL}/voice`, form), headers)))).toBe(200);
    expect(statusOf(await sendRaw(t.port, raw(form, sign("http://evil.example/voice", form), headers)))).toBe(403);
  });

  test("an absolute request target is not taken for our address", async () => {
    const t = await start();
    const form = incoming(newCallSid());
    const forged = raw(form, sign("http://evil.example/voice", form), "Host: a\r\n").replace(
      "/voice HTTP",
      "http://evil.example/voice HTTP",
    );
    expect(statusOf(await sendRaw(t.port, forged))).toBe(403);
  });
});

describe("tokens and switches", () => {
  test("the secondary token is good during a rotation", async () => {
    const t = await start({ phone: { ...account, authTokens: ["the-new-token", TOKEN] } });
    expect((await t.post("/voice", incoming(newCallSid()))).status).toBe(200);
  });

  test("without validation anybody may ask, for any account", async () => {
    const t = await start({ phone: { ...account, validate: false } });
    const answer = await request(t.server.app).post("/voice").type("form").send(`CallSid=${newCallSid()}`);
    expect(answer.status).toBe(200);
    expect(answer.text).toContain("<Stream");
  });

  test("on this machine the stream is ws", async () => {
    const webhookUrl = "http://127.0.0.1:5000";
    const t = await start({ phone: { ...account, webhookUrl } });
    expect((await t.post("/voice", incoming(newCallSid()))).text).toContain(`url="ws://127.0.0.1:5000/media-stream"`);
  });
});

test("a state that fails: the caller hears an apology and the human is dialled; nothing is kept", async () => {
  const clock = manualClock();
  const broken = { ...createMemoryState({ clock }), putToken: () => Promise.reject(new Error("no state")) };
  const t = await start({ clock, state: broken, humanFor: () => ({ to: "+15550003333" }) });
  const answer = await t.post("/voice", incoming(newCallSid()));
  expect(answer.status).toBe(200);
  expect(answer.text).toMatch(/<Say>I am sorry.*<Number>\+15550003333<\/Number>/);
  expect(t.calls.slots()).toBe(0);
  expect(t.calls.prewarmed).toEqual([]);
  expect(clock.waiting()).toBe(0);
  expect(await t.store.list({ limit: 9 })).toMatchObject([{ status: "completed", endReason: "internal-error" }]);
  expect(t.log.lines.some(({ level }) => level === "error")).toBe(true);
});

test("no number of a caller and no token is in the log", async () => {
  const t = await start({ humanFor: () => ({ to: "+15550003333" }) });
  await t.ring(newCallSid());
  t.calls.verdict = "busy";
  await t.post("/voice", incoming(newCallSid()));
  await t.post("/voice/status", incoming(newCallSid(), { CallStatus: "completed" }));
  const text = JSON.stringify(t.log.lines);
  expect(text).not.toContain("1555000");
  for (const token of t.tokens) expect(text).not.toContain(token);
});
