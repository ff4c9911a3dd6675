// Calls of browsers over the API: minted, started, told of, escalated, ended; by one instance and by two.
import { createMemoryState } from "../../src/state/memory.ts";
import { createMemoryCallStore } from "../../src/storage/memory.ts";
import { systemClock } from "../../src/observe/system.ts";
import { manualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";
import { CLIENT_SECRET, phoneCall, testApi, testKit, type TestApi, type TestApiOptions } from "./support.ts";

const open: TestApi[] = [];
async function start(options: TestApiOptions = {}): Promise<TestApi> {
  const made = await testApi(options);
  open.push(made);
  return made;
}
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const startCall = async (t: TestApi, more: object = {}): Promise<string> => {
  const told = await t.ask("acme", "POST", "/api/call/start", { org_id: "acme", ...more });
  expect(told.status).toBe(201);
  return told.body.call_id as string;
};

test("the way of a browser call from its session to its record", async () => {
  const t = await start();
  const session = await t.ask("acme", "POST", "/api/realtime/session", { org_id: "acme" });
  expect(session.status).toBe(200);
  expect(session.body).toEqual({
    session_id: "sess_1",
    call_id: expect.stringMatching(/^call_/),
    client_secret: { value: CLIENT_SECRET, expires_at: 2_000_000_000 },
    model: "gpt-realtime-2.1",
    expires_at: 2_000_000_000,
  });
  const callId = session.body.call_id as string;

  const begun = await t.ask("acme", "POST", "/api/call/start", {
    org_id: "acme",
    session_id: "sess_1",
    metadata: { page: "contact" },
  });
  expect(begun.status).toBe(201);
  expect(begun.body).toEqual({
    call_id: callId,
    status: "in-progress",
    phase: "greeting",
    started_at: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  // The same session again is the same call.
  const again = await t.ask("acme", "POST", "/api/call/start", { org_id: "acme", session_id: "sess_1" });
  expect([again.status, again.body]).toEqual([201, begun.body]);

  const lines = await t.ask("acme", "POST", `/api/calls/${callId}/transcript`, {
    lines: [
      { role: "assistant", text: "Hello, how can I help?", item_id: "item_1" },
      { role: "user", text: "My name is Robert'); DROP TABLE calls;--", item_id: "item_2" },
    ],
  });
  expect([lines.status, lines.body]).toEqual([200, { call_id: callId, phase: "intake", lines: 2, judged: [] }]);
  // A line that is sent twice is kept once.
  const twice = await t.ask("acme", "POST", `/api/calls/${callId}/transcript`, {
    role: "user",
    text: "My name is Robert",
    item_id: "item_2",
  });
  expect(twice.body.lines).toBe(2);

  const moved = await t.ask("acme", "PATCH", `/api/calls/${callId}`, { phase: "clarification" });
  expect([moved.status, moved.body.phase]).toEqual([200, "clarification"]);
  const intake = await t.ask("acme", "POST", `/api/calls/${callId}/tools/complete_intake`, {
    arguments: '{"name":"Robert","urgency":"high"}',
    tool_call_id: "call_abc",
  });
  expect(intake.body).toEqual({
    call_id: callId,
    tool: "complete_intake",
    result: "ok",
    output: '{"ok":true}',
    phase: "clarification",
    ends: false,
    say: null,
  });

  const ended = await t.ask("acme", "POST", "/api/call/end", { call_id: callId, reason: "user closed the page" });
  expect(ended.status).toBe(200);
  expect(ended.body).toEqual({
    call_id: callId,
    status: "completed",
    ended_at: expect.any(String),
    duration_seconds: expect.any(Number),
  });
  const second = await t.ask("acme", "POST", "/api/call/end", { call_id: callId, reason: "again" });
  expect([second.status, second.text]).toEqual([200, ended.text]);

  const detail = await t.ask("acme", "GET", `/api/calls/${callId}`);
  expect(detail.body).toMatchObject({
    org_id: "acme",
    channel: "browser",
    call_sid: null,
    from: null,
    status: "completed",
    phase: "completed",
    end_reason: "caller-hangup",
    metadata: { page: "contact" },
    intake: { status: "complete", urgency: "high", fields: { name: "Robert" } },
    tools: [{ name: "complete_intake", result: "ok" }],
    transcript: [
      { role: "agent", text: "Hello, how can I help?" },
      { role: "caller", text: "My name is Robert'); DROP TABLE calls;--", turn: 1 },
    ],
  });
  expect(detail.body.timeline.at(-1)).toMatchObject({ what: "end", detail: { said: "user closed the page" } });
  expect(await t.state.live()).toEqual([]);
});

test("what comes after the end is refused, and changes nothing", async () => {
  const t = await start();
  const callId = await startCall(t);
  await t.ask("acme", "POST", "/api/call/end", { call_id: callId });
  const before = (await t.ask("acme", "GET", `/api/calls/${callId}`)).text;
  for (const [method, path, body] of [
    ["POST", `/api/calls/${callId}/transcript`, { role: "user", text: "late" }],
    ["PATCH", `/api/calls/${callId}`, { phase: "intake" }],
    ["POST", `/api/calls/${callId}/tools/end_call`, {}],
    ["POST", `/api/calls/${callId}/escalate`, {}],
    ["POST", `/api/calls/${callId}/end`, {}],
  ] as const) {
    const told = await t.ask("acme", method, path, body);
    expect([path, told.status, told.headers.get("content-type")]).toEqual([
      path,
      409,
      "application/problem+json; charset=utf-8",
    ]);
  }
  expect((await t.ask("acme", "GET", `/api/calls/${callId}`)).text).toBe(before);
});

test("illegal phases are refused with the reason; completed ends the call", async () => {
  const t = await start();
  const callId = await startCall(t);
  await t.ask("acme", "PATCH", `/api/calls/${callId}`, { phase: "intake" });
  const back = await t.ask("acme", "PATCH", `/api/calls/${callId}`, { phase: "greeting" });
  expect([back.status, back.body.detail]).toEqual([409, "A call in intake cannot go to greeting"]);
  const over = await t.ask("acme", "PATCH", `/api/calls/${callId}`, { phase: "completed" });
  expect(over.body).toMatchObject({ status: "completed", phase: "completed", end_reason: "caller-hangup" });
});

test("the guard reads posted lines after the fact, each once", async () => {
  const read: string[] = [];
  const t = await start({
    judge(orgId, { role, text }) {
      read.push(`${orgId} ${role} ${text}`);
      if (text.includes("chest"))
        return { kind: "escalate", rule: "chest pain", trigger: "emergency-keyword", urgency: "emergency" };
      if (text.includes("diagnose")) return { kind: "say", rule: "forbidden", text: "I cannot say that." };
      if (text.includes("bye")) return { kind: "end", rule: "goodbye", text: "Goodbye." };
      return text.includes("hm") ? { kind: "flag", rule: "unsure" } : { kind: "pass" };
    },
  });
  const callId = await startCall(t);
  const told = await t.ask("acme", "POST", `/api/calls/${callId}/transcript`, {
    lines: [
      { role: "user", text: "hm", item_id: "a" },
      { role: "user", text: "fine", item_id: "b" },
      { role: "user", text: "my chest hurts", item_id: "c" },
      { role: "assistant", text: "I diagnose a cold", item_id: "d" },
    ],
  });
  expect(told.body.judged).toEqual([
    { line: 0, kind: "flag", rule: "unsure", say: null },
    { line: 2, kind: "escalate", rule: "chest pain", say: "Somebody calls you back." },
    { line: 3, kind: "say", rule: "forbidden", say: "I cannot say that." },
  ]);
  expect(told.body.phase).toBe("escalation");
  await t.ask("acme", "POST", `/api/calls/${callId}/transcript`, {
    role: "user",
    text: "my chest hurts",
    item_id: "c",
  });
  expect(read).toEqual([
    "acme caller hm",
    "acme caller fine",
    "acme caller my chest hurts",
    "acme agent I diagnose a cold",
  ]);
  const { body } = await t.ask("acme", "GET", `/api/calls/${callId}`);
  expect(body.escalations).toEqual([
    expect.objectContaining({
      trigger: "emergency-keyword",
      urgency: "emergency",
      mode: "message",
      outcome: "message-taken",
    }),
  ]);
  expect(body.flags.map(({ rule, by }: { rule: string; by: string }) => [rule, by])).toEqual([
    ["unsure", "caller"],
    ["forbidden", "agent"],
  ]);
  const list = await t.ask("acme", "GET", "/api/calls?escalated=true");
  expect(list.body.calls).toHaveLength(1);
});

test("tools: wrong arguments, none such, too slow, broken, and one call of the engine's once", async () => {
  const t = await start();
  const callId = await startCall(t);
  const run = (name: string, body: object) => t.ask("acme", "POST", `/api/calls/${callId}/tools/${name}`, body);
  const wrong = await run("complete_intake", { arguments: { nam: "x" } });
  expect(wrong.status).toBe(400);
  expect(wrong.body.errors).toEqual([{ in: "body", pointer: "/arguments", detail: expect.stringContaining("name") }]);
  expect((await run("complete_intake", { arguments: "{no json" })).status).toBe(400);
  expect((await run("rm_rf", {})).status).toBe(404);
  expect((await run("slow", {})).body).toMatchObject({
    result: "timeout",
    output: expect.stringContaining("too long"),
  });
  const broken = await run("broken", {});
  expect(broken.body.result).toBe("failed");
  expect(broken.text).not.toContain("secret inside");
  const escalated = await run("escalate", { arguments: { reason: "wants a person" }, tool_call_id: "one" });
  expect(escalated.body).toMatchObject({ result: "ok", phase: "escalation", say: "Somebody calls you back." });
  const twice = await run("escalate", { arguments: { reason: "wants a person" }, tool_call_id: "one" });
  expect(twice.text).toBe(escalated.text);
  const { body } = await t.ask("acme", "GET", `/api/calls/${callId}`);
  expect(body.escalations).toHaveLength(1);
  // Every run that was one has its row.
  expect(body.tools.map(({ name, result }: { name: string; result: string }) => `${name} ${result}`)).toEqual([
    "complete_intake invalid-arguments",
    "complete_intake invalid-arguments",
    "slow timeout",
    "broken failed",
    "escalate ok",
  ]);
});

test("the same tool call sent twice at once is run once", async () => {
  let runs = 0;
  const t = await start({
    kitOf: async () => {
      const kit = testKit();
      return {
        ...kit,
        planEscalation: (request, id) => {
          runs++;
          return kit.planEscalation(request, id);
        },
      };
    },
  });
  const callId = await startCall(t);
  const body = { arguments: { reason: "x" }, tool_call_id: "same" };
  const told = await Promise.all(
    [1, 2, 3].map(() => t.ask("acme", "POST", `/api/calls/${callId}/tools/escalate`, body)),
  );
  expect(new Set(told.map(({ text }) => text)).size).toBe(1);
  expect(runs).toBe(1);
});

test("end_call ends the call when its page does not", async () => {
  const clock = manualClock();
  const t = await start({ clock });
  const callId = await startCall(t);
  const told = await t.ask("acme", "POST", `/api/calls/${callId}/tools/end_call`, { arguments: {} });
  expect(told.body.ends).toBe(true);
  clock.advance(30_000);
  await until("it is over", () => t.browserCalls.active() === 0);
  expect((await t.ask("acme", "GET", `/api/calls/${callId}`)).body).toMatchObject({
    status: "completed",
    end_reason: "agent-hangup",
  });
});

test("nobody reports any more: an unbegun session, a silent call and an endless one are ended by a timer", async () => {
  const clock = manualClock();
  const t = await start({ clock });
  const minted = (await t.ask("acme", "POST", "/api/realtime/session", { org_id: "acme" })).body.call_id as string;
  const silent = await startCall(t);
  const endless = await startCall(t);
  const report = async (): Promise<void> => {
    const told = await t.ask("acme", "POST", `/api/calls/${endless}/transcript`, { role: "user", text: "still here" });
    expect(told.status).toBe(200);
  };
  const reasonOf = async (callId: string): Promise<unknown> =>
    (await t.ask("acme", "GET", `/api/calls/${callId}`)).body.end_reason;
  clock.advance(120_000);
  await until("the session is given up", () => t.browserCalls.active() === 2);
  expect(await reasonOf(minted)).toBe("abandoned");
  await report();
  clock.advance(480_000);
  await until("the silent one is given up", () => t.browserCalls.active() === 1);
  expect(await reasonOf(silent)).toBe("abandoned");
  for (let minutes = 10; minutes < 30; minutes += 5) {
    await report();
    clock.advance(300_000);
  }
  await until("time is up", () => t.browserCalls.active() === 0);
  expect(await reasonOf(endless)).toBe("time-limit");
  expect(clock.pending).toBe(0);
});

test("another instance goes on with a call, and one that is gone is taken over", async () => {
  const clock = manualClock();
  const state = createMemoryState({ clock });
  const store = createMemoryCallStore();
  const one = await start({ clock, state, store, instance: "one" });
  const other = await start({ clock, state, store, instance: "other" });
  const callId = await startCall(one);
  const line = (t: TestApi, n: number) =>
    t.ask("acme", "POST", `/api/calls/${callId}/transcript`, { role: "user", text: `line ${n}`, item_id: `item_${n}` });
  // Both at once, and no line is lost. The clock stands still, so each waits for the other by its turn alone.
  const advancing = setInterval(() => clock.advance(20), 1);
  const told = await Promise.all(Array.from({ length: 12 }, (_, n) => line(n % 2 ? one : other, n)));
  clearInterval(advancing);
  expect(told.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 200));
  const { body } = await other.ask("acme", "GET", `/api/calls/${callId}`);
  expect(body.transcript.map(({ text }: { text: string }) => text).sort()).toEqual(
    Array.from({ length: 12 }, (_, n) => `line ${n}`).sort(),
  );

  const second = await startCall(one);
  await one.browserCalls.close();
  expect((await other.ask("acme", "GET", `/api/calls/${second}`)).body.status).toBe("in-progress");
  const [live] = (await state.live()).filter((call) => call.callId === second);
  await other.browserCalls.adopt(live as NonNullable<typeof live>);
  expect((await state.findLive(second))?.instance).toBe("other");
  clock.advance(600_000);
  await until("it is given up there", () => other.browserCalls.active() === 0);
  expect((await other.ask("acme", "GET", `/api/calls/${second}`)).body.end_reason).toBe("abandoned");
});

test("what the shared state has lost is taken up from the record", async () => {
  const store = createMemoryCallStore();
  const before = await start({ store, state: createMemoryState({ clock: systemClock }) });
  const callId = await startCall(before);
  await before.ask("acme", "POST", `/api/calls/${callId}/transcript`, { role: "user", text: "before" });
  const after = await start({ store });
  await after.ask("acme", "POST", `/api/calls/${callId}/transcript`, { role: "user", text: "after" });
  const { body } = await after.ask("acme", "GET", `/api/calls/${callId}`);
  expect(body.transcript.map(({ text }: { text: string }) => text)).toEqual(["before", "after"]);
});

test("records that everybody has forgotten are closed by a look now and again", async () => {
  const clock = manualClock();
  const store = createMemoryCallStore();
  const state = createMemoryState({ clock });
  const before = await start({ store, clock, state });
  const callId = await startCall(before);
  await before.browserCalls.close();
  phoneCall(store, "call_phone1", "acme");
  // All instances and the shared state are gone.
  clock.advance(3_600_000);
  const after = await start({ store, clock });
  after.browserCalls.sweep();
  let record = await store.get(callId);
  await until("it is closed", () => {
    void store.get(callId).then((found) => (record = found));
    return record?.status === "completed";
  });
  expect(record?.endReason).toBe("abandoned");
  expect((await store.get("call_phone1"))?.status).toBe("in-progress");
  await after.browserCalls.close();
  expect(clock.pending).toBe(0);
});

test("one session started twice at once, on two instances, is one call", async () => {
  const state = createMemoryState({ clock: systemClock });
  const store = createMemoryCallStore();
  const one = await start({ state, store, instance: "one" });
  const other = await start({ state, store, instance: "other" });
  const ids = await Promise.all(
    Array.from({ length: 6 }, (_, n) => startCall(n % 2 ? one : other, { session_id: "sess_same" })),
  );
  expect(new Set(ids).size).toBe(1);
});

test("limits: of this server, of the organization, of one call's transcript", async () => {
  const small = await start({ limits: { maxCalls: 1 } });
  await startCall(small);
  expect((await small.ask("acme", "POST", "/api/call/start", { org_id: "acme" })).status).toBe(503);

  const t = await start({ kitOf: async (orgId) => testKit(orgId === "acme" ? 1 : undefined) });
  const callId = await startCall(t);
  const full = await t.ask("acme", "POST", "/api/realtime/session", { org_id: "acme" });
  expect([full.status, full.headers.get("retry-after")]).toEqual([429, "30"]);
  expect((await t.ask("beta", "POST", "/api/call/start", { org_id: "beta" })).status).toBe(201);

  const lines = Array.from({ length: 24 }, () => ({ role: "user", text: "x".repeat(4000) }));
  const statuses = [];
  for (let n = 0; n < 5; n++)
    statuses.push((await t.ask("acme", "POST", `/api/calls/${callId}/transcript`, { lines })).status);
  expect(statuses).toEqual([200, 200, 200, 200, 413]);
  expect((await t.ask("acme", "POST", "/api/call/end", { call_id: callId })).status).toBe(200);
});

test("once the organization's day is used up nothing is minted, and nothing begins", async () => {
  let minted = 0;
  const t = await start({
    kitOf: async () => testKit(0),
    mint: async () => {
      minted++;
      throw new Error("a paid secret");
    },
  });
  const refused = await t.ask("acme", "POST", "/api/realtime/session", { org_id: "acme" });
  expect([refused.status, refused.body.detail]).toEqual([429, "The organization's limits of the day are reached"]);
  expect((await t.ask("acme", "POST", "/api/call/start", { org_id: "acme" })).status).toBe(429);
  expect([minted, t.browserCalls.active()]).toEqual([0, 0]);
});

test("a call lasts as long as its organization allows, and all of it is in the day, once", async () => {
  const clock = manualClock();
  const state = createMemoryState({ clock });
  const store = createMemoryCallStore();
  const day: number[] = [];
  const options: TestApiOptions = {
    clock,
    state,
    store,
    kitOf: async () => ({ ...testKit(), maxCallMs: 300_000 }),
    took: (orgId, ms) => {
      if (orgId === "acme") day.push(ms);
      return undefined;
    },
  };
  const [one, other] = [await start({ ...options, instance: "one" }), await start({ ...options, instance: "other" })];
  const callId = await startCall(one);
  for (const t of [one, other, one]) {
    clock.advance(90_000);
    await t.ask("acme", "POST", `/api/calls/${callId}/transcript`, { role: "user", text: "still here" });
  }
  expect(day).toEqual([90_000, 90_000, 90_000]);
  clock.advance(30_000);
  // Both look at once, and one waits for the other.
  const advancing = setInterval(() => clock.advance(20), 1);
  await until("its time is up, on both", () => one.browserCalls.active() + other.browserCalls.active() === 0);
  clearInterval(advancing);
  expect((await one.ask("acme", "GET", `/api/calls/${callId}`)).body).toMatchObject({
    end_reason: "time-limit",
    duration_seconds: 300,
  });
  expect(day).toEqual([90_000, 90_000, 90_000, 30_000]);
});

test("a call that uses up the day is over after the time of a goodbye", async () => {
  const clock = manualClock();
  const t = await start({ clock, took: (_orgId, ms) => (ms >= 60_000 ? "time-limit" : undefined) });
  const callId = await startCall(t);
  const report = async (): Promise<number> =>
    (await t.ask("acme", "POST", `/api/calls/${callId}/transcript`, { role: "user", text: "still here" })).status;
  clock.advance(60_000);
  expect(await report()).toBe(200);
  clock.advance(20_000);
  expect(await report()).toBe(200);
  clock.advance(10_000);
  await until("it is over", () => t.browserCalls.active() === 0);
  expect((await t.ask("acme", "GET", `/api/calls/${callId}`)).body.end_reason).toBe("time-limit");
  expect(await report()).toBe(409);
});

test("while draining no call begins, and those there are go on", async () => {
  const t = await start();
  const callId = await startCall(t);
  t.browserCalls.drain();
  expect((await t.ask("acme", "POST", "/api/call/start", { org_id: "acme" })).status).toBe(503);
  expect((await t.ask("acme", "POST", `/api/calls/${callId}/transcript`, { role: "user", text: "x" })).status).toBe(
    200,
  );
  await t.browserCalls.close();
  expect((await t.ask("acme", "GET", `/api/calls/${callId}`)).body.end_reason).toBe("shutdown");
});

test("an Idempotency-Key: done once, answered alike; another body is refused", async () => {
  const t = await start();
  const ask = (body: object, key = "order-1") =>
    t.ask("acme", "POST", "/api/call/start", { org_id: "acme", ...body }, { "idempotency-key": key });
  const first = await ask({});
  const again = await ask({});
  expect([again.status, again.text]).toEqual([201, first.text]);
  expect((await ask({ metadata: { a: 1 } })).status).toBe(409);
  expect((await ask({}, "order-2")).body.call_id).not.toBe(first.body.call_id);
  expect((await ask({}, "x".repeat(200))).status).toBe(400);
  const both = await Promise.all([ask({}, "order-3"), ask({}, "order-3")]);
  expect(both.map(({ status }) => status)).toContain(201);
  expect((await t.ask("acme", "GET", "/api/calls")).body.calls).toHaveLength(3);
  // What failed may be tried again.
  expect(
    (await t.ask("acme", "POST", "/api/call/start", { org_id: "nobody" }, { "idempotency-key": "k" })).status,
  ).toBe(404);
  expect((await t.ask("acme", "POST", "/api/call/start", { org_id: "acme" }, { "idempotency-key": "l" })).status).toBe(
    201,
  );
});

test("a phone call keeps its own record: browsers' reports are refused, its end is asked of whoever holds it", async () => {
  const store = createMemoryCallStore();
  const t = await start({
    store,
    control: async (callId) => {
      store.update(callId, { status: "completed", endedAt: "2026-12-01T08:00:05.000Z", durationSeconds: 5 });
      return "done";
    },
  });
  phoneCall(store, "call_phone1", "acme");
  const report = await t.ask("acme", "POST", "/api/calls/call_phone1/transcript", { role: "user", text: "x" });
  expect(report.status).toBe(409);
  const ended = await t.ask("acme", "POST", "/api/call/end", { call_id: "call_phone1" });
  expect([ended.status, ended.body]).toEqual([
    200,
    { call_id: "call_phone1", status: "completed", ended_at: "2026-12-01T08:00:05.000Z", duration_seconds: 5 },
  ]);
});
