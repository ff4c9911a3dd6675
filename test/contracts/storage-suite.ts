// What every storage promises, whatever is behind it. Run over memory and the embedded database in storage.contract.test.ts, over a
// PostgreSQL server and a pooler in test/services.
import type { CallParty, EscalationRecord, ReplyRecord, TurnRecord } from "../../src/core/call.ts";
import { NumberTaken, type Storage } from "../../src/core/stores.ts";

let count = 0;
/** Ids that sort by time, new for every test: the tests of a file share one database. */
function party(more: Partial<CallParty> = {}): CallParty {
  const n = String(++count).padStart(6, "0");
  return {
    callId: `call_${n}`,
    carrierId: `CA${n}`,
    from: `+1555${n}1`,
    to: `+1555${n}2`,
    attested: true,
    channel: "phone",
    direction: "inbound",
    orgId: "default",
    ...more,
  };
}
const day = new Date("2026-11-21T10:00:00.123Z");

const turn = (n: number, more: Partial<TurnRecord> = {}): TurnRecord => ({
  turn: n,
  by: "speech",
  text: `words ${n}`,
  endedAtMs: n * 1000.5,
  ...more,
});
const reply = (n: number, more: Partial<ReplyRecord> = {}): ReplyRecord => ({
  kind: "reply",
  generated: "One two three.",
  sent: "One two",
  heard: "One",
  cut: " two three.",
  generatedMs: 900.25,
  sentMs: 600,
  heardMs: 300,
  interrupted: true,
  startedAtMs: n * 1e3 + 300,
  divergence: 0.25,
  ...more,
});
const escalation = (id: string, more: Partial<EscalationRecord> = {}): EscalationRecord => ({
  id,
  trigger: "request",
  urgency: "high",
  reason: "asked for a person",
  mode: "warm",
  contact: "Desk",
  atMs: 4e3,
  outcome: "pending",
  ...more,
});

export function storageContract(name: string, given: () => Storage): void {
  const id = (what: string): string => `${what}_${name}_${++count}`.toLowerCase().replaceAll(/[^a-z0-9_]/g, "_");

  describe(`${name}: calls`, () => {
    test("a record begins, changes by merge, and is found by both ids", async () => {
      const { calls } = given();
      const one = party();
      calls.open(one, day);
      const opened = await calls.get(one.callId);
      expect(opened).toEqual({
        ...one,
        status: "in-progress",
        phase: "greeting",
        startedAt: day.toISOString(),
        escalations: [],
        flags: [],
        turns: [],
        replies: [],
        tools: [],
        timeline: [],
        usage: {},
      });
      calls.update(one.callId, { phase: "intake", instance: "i-1" });
      calls.update(one.callId, { carrierStatus: "completed" });
      await calls.flush();
      expect(await calls.findByCarrierId(one.carrierId)).toEqual({
        ...opened,
        phase: "intake",
        instance: "i-1",
        carrierStatus: "completed",
      });
      expect(opened?.phase).toBe("greeting");
    });

    test("every field of a finished call is kept", async () => {
      const { calls } = given();
      const one = party();
      calls.open(one, day);
      const change = {
        status: "completed",
        phase: "completed",
        endReason: "agent-hangup",
        instance: "i-1",
        endedAt: "2026-11-21T10:05:00.500Z",
        durationSeconds: 300.4,
        carrierStatus: "completed",
        threadId: "conv_1",
        cost: 0.1234,
        usage: {
          input: 12,
          output: 3.5,
        },
        metadata: {
          from: "a test",
          nested: { list: [1, "two", null, true] },
        },
        recording: {
          file: "call.wav",
          consent: "given",
          durationMs: 299e3,
        },
        intake: {
          fields: {
            name: "Ada",
            age: 36,
            new: true,
          },
          urgency: "high",
          status: "complete",
          updatedAtMs: 7000.5,
        },
        flags: [
          {
            rule: "forbidden",
            by: "agent",
            atMs: 10,
          },
        ],
        tools: [
          {
            name: "end_call",
            result: "ok",
            atMs: 100,
            tookMs: 5,
          },
        ],
        turns: [
          turn(1, {
            latencyMs: 812.5,
            cause: "slow",
          }),
          turn(2, { by: "keypad" }),
        ],
        replies: [reply(0, { kind: "greeting" }), reply(1)],
        escalations: [
          escalation(id("esc"), {
            outcome: "accepted",
            decidedAtMs: 9e3,
          }),
        ],
      } as const;
      calls.update(one.callId, change);
      calls.note(one.callId, { atMs: 1, what: "one", detail: { turn: 1, good: true, why: "x" } });
      calls.note(one.callId, { atMs: 2, what: "two" });
      await calls.flush();
      expect(await calls.get(one.callId)).toEqual({
        ...one,
        startedAt: day.toISOString(),
        ...change,
        timeline: [
          { atMs: 1, what: "one", detail: { turn: 1, good: true, why: "x" } },
          { atMs: 2, what: "two" },
        ],
      });
    });

    test("a call that goes on has no end any more, until its next one", async () => {
      const { calls } = given();
      const one = party();
      const end = (seconds: number, endReason: "transferred" | "caller-hangup") =>
        ({
          status: "completed",
          phase: "completed",
          endedAt: new Date(+day + seconds * 1000).toISOString(),
          durationSeconds: seconds,
          endReason,
        }) as const;
      for (const isWritten of [true, false]) {
        calls.open(one, day);
        calls.update(one.callId, end(20, "transferred"));
        if (isWritten) await calls.flush();
        calls.update(one.callId, { status: "in-progress", phase: "intake" });
        await calls.flush();
        const between = await calls.get(one.callId);
        expect(between).toMatchObject({ status: "in-progress", phase: "intake" });
        expect([between?.endedAt, between?.endReason, between?.durationSeconds]).toEqual([
          undefined,
          undefined,
          undefined,
        ]);
        const [listed] = (await calls.ofNumber(one.from)).filter(({ callId }) => callId === one.callId);
        expect([listed?.endedAt, listed?.endReason, listed?.durationSeconds]).toEqual([
          undefined,
          undefined,
          undefined,
        ]);
      }
      calls.update(one.callId, end(50, "caller-hangup"));
      await calls.flush();
      expect(await calls.get(one.callId)).toMatchObject(end(50, "caller-hangup"));
    });

    test("lists are what they were last given, entries replaced, moved and taken away", async () => {
      const { calls } = given();
      const one = party();
      calls.open(one, day);
      const first = turn(1);
      calls.update(one.callId, { turns: [first, turn(2)], replies: [reply(1), reply(2), reply(3)] });
      await calls.flush();
      calls.update(one.callId, { turns: [first, turn(3), turn(2, { text: "longer words" })], replies: [reply(2)] });
      await calls.flush();
      calls.update(one.callId, { status: "completed" });
      const record = await calls.get(one.callId);
      expect(record?.turns).toEqual([first, turn(3), turn(2, { text: "longer words" })]);
      expect(record?.replies).toEqual([reply(2)]);
      const [summary] = await calls.list({ limit: 1 });
      expect(summary).toMatchObject({ callId: one.callId, turnCount: 3 });
      expect(summary).not.toHaveProperty("turns");
    });

    test("beginning twice keeps the first; unknown ids are ignored", async () => {
      const { calls } = given();
      const one = party();
      calls.open(one, day);
      calls.update(one.callId, { endReason: "silence" });
      await calls.flush();
      calls.open({ ...one, from: "+15550000000" }, new Date(0));
      expect(await calls.get(one.callId)).toMatchObject({ ...one, endReason: "silence", startedAt: day.toISOString() });
      calls.update("call_nobody", { endReason: "silence", turns: [turn(1)] });
      calls.note("call_nobody", { atMs: 1, what: "x" });
      await calls.flush();
      expect(await calls.get("call_nobody")).toBeUndefined();
      expect(await calls.findByCarrierId("CAnobody")).toBeUndefined();
      expect(await calls.remove("call_nobody")).toBe(false);
    });

    test("a carrier's id that comes later is found", async () => {
      const { calls } = given();
      const one = party({ carrierId: "", direction: "outbound" });
      calls.open(one, day);
      const carrierId = id("CA");
      calls.update(one.callId, { carrierId });
      expect(await calls.findByCarrierId(carrierId)).toMatchObject({ callId: one.callId });
      await calls.flush();
      calls.update(one.callId, { status: "completed" });
      expect(await calls.findByCarrierId(carrierId)).toMatchObject({ callId: one.callId });
    });

    test("text that a database would choke on does no harm", async () => {
      const { calls } = given();
      const bad = `nul \0 half \uD800 '); drop table calls; -- {{prompt}} "\\u0000"`;
      const one = party({ from: bad });
      calls.open(one, day);
      calls.update(one.callId, {
        turns: [turn(1, { text: bad })],
        metadata: { [bad]: [bad] },
        intake: { fields: { name: bad }, status: "draft", updatedAtMs: 1 },
        status: "completed",
      });
      calls.note(one.callId, { atMs: 1, what: bad, detail: { bad } });
      await calls.flush();
      const record = await calls.get(one.callId);
      expect(record?.turns[0]?.text).toMatch(/^nul . half . '\); drop table calls; -- \{\{prompt\}\} "\\u0000"$/u);
      expect(record?.timeline).toHaveLength(1);
      expect((await calls.list({ limit: 5 })).length).toBeGreaterThan(0);
    });

    test("lists are newest first, by every filter, and go on behind a call", async () => {
      const storage = given();
      const { calls, organizations } = storage;
      const orgId = id("org");
      await organizations.put(orgId, {}, 0, "test");
      const parties = [1, 2, 3, 4].map(() => party({ orgId }));
      const [a, b, c, d] = parties as [CallParty, CallParty, CallParty, CallParty];
      for (const [i, one] of parties.entries()) calls.open(one, new Date(+day + i * 60_000));
      calls.update(b.callId, { status: "completed", phase: "completed" });
      calls.update(c.callId, { phase: "escalation", escalations: [escalation(id("esc"))] });
      const ids = async (filter: object) =>
        (await calls.list({ limit: 10, orgId, ...filter })).map(({ callId }) => callId);
      expect(await ids({})).toEqual([d, c, b, a].map(({ callId }) => callId));
      expect(await ids({ limit: 2 })).toEqual([d.callId, c.callId]);
      expect(await ids({ limit: 0 })).toEqual([]);
      expect(await ids({ before: c.callId })).toEqual([b.callId, a.callId]);
      expect(await ids({ status: "completed" })).toEqual([b.callId]);
      expect(await ids({ phase: "escalation" })).toEqual([c.callId]);
      expect(await ids({ escalated: true })).toEqual([c.callId]);
      expect(await ids({ escalated: false })).toEqual([d.callId, b.callId, a.callId]);
      expect(await ids({ from: new Date(+day + 60_000) })).toEqual([d.callId, c.callId, b.callId]);
      expect(await ids({ to: new Date(+day + 60_000) })).toEqual([a.callId]);
      expect((await calls.list({ limit: 1, phase: "escalation", orgId }))[0]?.escalations).toHaveLength(1);
    });

    test("lists hold what a text is found in: numbers, ids, what was said and what was heard", async () => {
      const { calls } = given();
      const n = ++count;
      const word = `gearbox${n}`;
      const [a, b, c] = [party(), party(), party({ from: `+1557${n}9999` })] as [CallParty, CallParty, CallParty];
      for (const one of [a, b, c]) calls.open(one, day);
      calls.update(a.callId, {
        turns: [turn(1, { text: `My ${word.toUpperCase()} isn't 100% well, 胸口痛${n}` }), turn(2)],
      });
      calls.update(b.callId, {
        replies: [reply(1, { heard: `A ${word} is Straße1_00`, generated: `unheard${word}` })],
      });
      const ids = async (text: string) => (await calls.list({ limit: 10, text })).map(({ callId }) => callId);
      expect(await ids(word)).toEqual([b.callId, a.callId]);
      // Every word by its beginning, in any order, in one and the same turn.
      expect(await ids(`100 ${word.slice(0, -1)}`)).toContain(a.callId);
      expect(await ids(`well isnt ${word}`)).toEqual([a.callId]);
      expect(await ids(`isn’t, ${word}!`)).toEqual([a.callId]);
      expect(await ids(`straß ${word}`)).toEqual([b.callId]);
      expect(await ids(`${word} words`)).toEqual([]);
      expect(await ids(`earbox${n}`)).toEqual([]);
      expect(await ids(`unheard${word}`)).toEqual([]);
      // Where no spaces are written, any piece.
      expect(await ids(`口痛${n}`)).toEqual([a.callId]);
      expect(await ids(`${word} 痛`)).toEqual([a.callId]);
      expect(await ids(`${word} 痛口`)).toEqual([]);
      // Any part of a number, as people write numbers.
      expect(await ids(`1557${n}`)).toEqual([c.callId]);
      expect(await ids(`(557) ${n}-99 99`)).toEqual([c.callId]);
      expect(await ids(`1557${n}0`)).toEqual([]);
      // Ids whole.
      expect(await ids(c.carrierId)).toEqual([c.callId]);
      expect(await ids(b.callId)).toEqual([b.callId]);
      // What is no word asks for nothing, and is no syntax.
      for (const none of ["!?", "'", "' | '", "\\", "%", "':* & !'"]) expect(await ids(none)).toEqual([]);
      expect(await ids(`'${word}':* & \\ | (`)).toEqual([b.callId, a.callId]);
      // A turn that changes is found by what it says now.
      calls.update(a.callId, { turns: [turn(1, { text: `other${word}` })] });
      expect(await ids(word)).toEqual([b.callId]);
      expect(await ids(`other${word}`)).toEqual([a.callId]);
    });

    test("the search goes with the other filters, and takes long words and many", async () => {
      const { calls } = given();
      const word = `piston${++count}`;
      const [a, b] = [party(), party()] as [CallParty, CallParty];
      for (const one of [a, b]) calls.open(one, day);
      const many = Array.from({ length: 3000 }, (_, n) => `w${n}`).join(" ");
      calls.update(a.callId, { turns: [turn(1, { text: `${word} ${"x".repeat(5000)} ${many}` })] });
      calls.update(b.callId, { status: "completed", turns: [turn(1, { text: word })] });
      const ids = async (filter: object) =>
        (await calls.list({ limit: 10, text: word, ...filter })).map(({ callId }) => callId);
      expect(await ids({})).toEqual([b.callId, a.callId]);
      expect(await ids({ limit: 1 })).toEqual([b.callId]);
      expect(await ids({ before: b.callId, orgId: "default" })).toEqual([a.callId]);
      expect(await ids({ status: "completed" })).toEqual([b.callId]);
      expect(await ids({ orgId: "nobody" })).toEqual([]);
      expect(await ids({ text: `${word} ${"x".repeat(200)} w10 w11` })).toEqual([a.callId]);
    });

    test("by number, by age and by instance", async () => {
      const { calls } = given();
      const number = `+1556${++count}`;
      const instance = id("i");
      const old = new Date("2020-01-01T00:00:00Z");
      const parties = [party({ from: number }), party({ to: number }), party()];
      for (const [i, one] of parties.entries()) calls.open(one, new Date(+old + i));
      calls.update((parties[0] as CallParty).callId, { instance });
      calls.update((parties[1] as CallParty).callId, { instance, status: "completed" });
      const [first, second, third] = parties.map(({ callId }) => callId);
      expect((await calls.ofNumber(number)).map(({ callId }) => callId)).toEqual([second, first]);
      const before = await calls.startedBefore(new Date(+old + 2), 10);
      expect(before.map(({ callId }) => callId)).toEqual([first, second]);
      expect(await calls.startedBefore(new Date(+old + 9), 1)).toHaveLength(1);
      expect((await calls.inProgressOf(instance)).map(({ callId }) => callId)).toEqual([first]);
      for (const callId of [first, second, third]) expect(await calls.remove(callId as string)).toBe(true);
      expect(await calls.ofNumber(number)).toEqual([]);
    });

    test("a call that is removed leaves nothing, and what it still says is ignored", async () => {
      const { calls } = given();
      const one = party();
      calls.open(one, day);
      calls.update(one.callId, { turns: [turn(1)], escalations: [escalation(id("esc"))] });
      calls.note(one.callId, { atMs: 1, what: "x" });
      expect(await calls.remove(one.callId)).toBe(true);
      expect(await calls.remove(one.callId)).toBe(false);
      calls.update(one.callId, { turns: [turn(1), turn(2)] });
      calls.note(one.callId, { atMs: 2, what: "y" });
      await calls.flush();
      expect(await calls.get(one.callId)).toBeUndefined();
      expect(await calls.findByCarrierId(one.carrierId)).toBeUndefined();
    });

    test("a time line has an end", async () => {
      const { calls } = given();
      const one = party();
      calls.open(one, day);
      for (let n = 0; n < 5100; n++) calls.note(one.callId, { atMs: n, what: "again" });
      calls.update(one.callId, { status: "completed" });
      expect((await calls.get(one.callId))?.timeline).toHaveLength(5000);
    });
  });

  describe(`${name}: organizations`, () => {
    test("default is always there", async () => {
      const { organizations } = given();
      expect(await organizations.get("default")).toMatchObject({ orgId: "default" });
      expect((await organizations.versions("default")).length).toBeGreaterThan(0);
    });

    test("each change is a version, and of two at the same time one is told", async () => {
      const { organizations } = given();
      const orgId = id("org");
      expect(await organizations.get(orgId)).toBeUndefined();
      expect(await organizations.put(orgId, { name: "One" }, 0, "ada")).toMatchObject({ version: 1, updatedBy: "ada" });
      expect(await organizations.put(orgId, { name: "Other" }, 0, "bob")).toBeUndefined();
      const both = await Promise.all(
        ["two", "three"].map((word) => organizations.put(orgId, { name: word, deep: { list: ["ü", 1] } }, 1, "ada")),
      );
      expect(both.filter((row) => row)).toHaveLength(1);
      const now = await organizations.get(orgId);
      expect(now).toEqual(both.find((row) => row));
      expect(now).toMatchObject({ version: 2, config: { deep: { list: ["ü", 1] } } });
      expect(now?.updatedAt.toISOString()).toMatch(/^20\d\d-/);
      expect(await organizations.put(orgId, {}, 7, "ada")).toBeUndefined();
      expect((await organizations.versions(orgId)).map(({ version }) => version)).toEqual([2, 1]);
      expect((await organizations.all()).map((one) => one.orgId)).toEqual(expect.arrayContaining(["default", orgId]));
    });

    test("a configuration and its numbers are stored together or not at all", async () => {
      const { organizations } = given();
      const [a, b] = [id("org"), id("org")];
      const [one, two] = [1, 2].map((n) => `+1558${count}${n}`) as [string, string];
      await organizations.put(a, { name: "A" }, 0, "ada", [one, one]);
      expect(await organizations.numbersOf(a)).toEqual([one]);
      const refused = await organizations.put(b, { name: "B" }, 0, "ada", [two, one]).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(NumberTaken);
      expect((refused as NumberTaken).number).toBe(one);
      expect(await organizations.get(b)).toBeUndefined();
      expect(await organizations.ownerOf(two)).toBeUndefined();
      await organizations.put(a, { name: "A" }, 1, "ada");
      expect(await organizations.numbersOf(a)).toEqual([one]);
      await organizations.put(a, { name: "A" }, 2, "ada", []);
      await organizations.put(b, { name: "B" }, 0, "ada", [two, one]);
      expect(await organizations.numbersOf(b)).toEqual([one, two]);
      const revisions = await organizations.revisions();
      expect([revisions.get(a), revisions.get(b), revisions.get("nobody")]).toEqual([3, 1, undefined]);
    });

    test("a number belongs to one organization", async () => {
      const { organizations } = given();
      const [a, b] = [id("org"), id("org")];
      for (const orgId of [a, b]) await organizations.put(orgId, {}, 0, "ada");
      const [one, two, three] = [1, 2, 3].map((n) => `+1557${count}${n}`) as [string, string, string];
      await organizations.setNumbers(a, [two, one, two]);
      expect(await organizations.numbersOf(a)).toEqual([one, two]);
      expect(await organizations.ownerOf(two)).toBe(a);
      const refused = await organizations.setNumbers(b, [three, two]).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(NumberTaken);
      expect((refused as NumberTaken).number).toBe(two);
      expect(await organizations.numbersOf(b)).toEqual([]);
      await organizations.setNumbers(a, [one]);
      await organizations.setNumbers(b, [two]);
      expect(Object.fromEntries(await organizations.numbers())).toMatchObject({ [one]: a, [two]: b });
      expect(await organizations.ownerOf(three)).toBeUndefined();
      await expect(organizations.setNumbers("nobody", [three])).rejects.toThrow();
    });
  });

  describe(`${name}: keys`, () => {
    test("found by hash until revoked, by name or id", async () => {
      const { keys } = given();
      const name = id("key");
      const hash = id("hash");
      const made = await keys.create({ name, role: "read", orgId: "default", hash });
      expect(made).toMatchObject({ name, role: "read", orgId: "default", hash });
      expect(made.createdAt.toISOString()).toMatch(/^20\d\d-/);
      expect(await keys.byHash(hash)).toEqual(made);
      await expect(keys.create({ name, role: "read", hash: id("hash") })).rejects.toThrow();
      expect(await keys.revoke(name)).toBe(true);
      expect(await keys.revoke(name)).toBe(false);
      expect(await keys.byHash(hash)).toBeUndefined();
      const again = await keys.create({ name, role: "admin", hash: id("hash") });
      expect(again).not.toHaveProperty("orgId");
      expect(await keys.revoke(again.id)).toBe(true);
      const listed = (await keys.list()).filter((one) => one.name === name);
      expect(listed.map(({ id, revokedAt }) => [id, revokedAt !== undefined])).toEqual([
        [made.id, true],
        [again.id, true],
      ]);
    });
  });

  describe(`${name}: customers and sessions`, () => {
    test("a customer is made once, for each organization", async () => {
      const { customers, organizations } = given();
      const orgId = id("org");
      await organizations.put(orgId, {}, 0, "ada");
      const outside = id("ext");
      const [a, b] = await Promise.all([customers.customer(orgId, outside), customers.customer(orgId, outside)]);
      expect(a.id).toBe(b.id);
      expect(a.isNew).toBe(!b.isNew);
      expect((await customers.customer("default", outside)).id).not.toBe(a.id);
    });

    test("a session is kept, changed and found", async () => {
      const { customers } = given();
      const { id: customerId } = await customers.customer("default", id("ext"));
      const session = {
        sessionId: id("s"),
        orgId: "default",
        customerId,
        data: { history: ["a", { b: 1 }] },
        state: "greeting",
        createdAt: day,
        updatedAt: day,
      } as const;
      await customers.putSession(session);
      const later = { ...session, state: "intake", data: {}, updatedAt: new Date(+day + 5) } as const;
      await customers.putSession({ ...later, createdAt: new Date(0) });
      expect(await customers.session(session.sessionId)).toEqual(later);
      expect(await customers.session("nobody")).toBeUndefined();
    });

    test("a session that nobody touches any more is forgotten, unless it has a record to go with", async () => {
      const { calls, customers } = given();
      // Long before anything else here, so that nobody else's is old.
      const at = (day_: number): Date => new Date(Date.UTC(1990, 0, day_));
      const talk = party({ channel: "text" });
      calls.open(talk, at(1));
      await calls.flush();
      const names = { old: id("s"), fresh: id("s"), talk: talk.callId };
      for (const [name, sessionId] of Object.entries(names)) {
        const row = { sessionId, orgId: "default", state: "intake", data: {}, createdAt: at(1) } as const;
        await customers.putSession({ ...row, updatedAt: name === "fresh" ? at(9) : at(1) });
      }
      expect(await customers.forgetSessions(at(5))).toBe(1);
      expect(await customers.session(names.old)).toBeUndefined();
      expect(await customers.session(names.fresh)).toBeDefined();
      expect(await customers.session(names.talk)).toBeDefined();
      expect(await calls.remove(names.talk)).toBe(true);
    });

    test("a session goes with the record of its conversation", async () => {
      const { calls, customers } = given();
      const talk = party({ channel: "text" });
      calls.open(talk, day);
      const session = { sessionId: talk.callId, orgId: "default", state: "intake", data: { said: "words" } } as const;
      await customers.putSession({ ...session, createdAt: day, updatedAt: day });
      expect(await calls.remove(talk.callId)).toBe(true);
      expect(await customers.session(talk.callId)).toBeUndefined();
    });
  });
}
