// What every State promises, whatever is behind it. Run over memory in state.contract.test.ts, over a Redis server in
// test/services.
import type { CallEnding } from "../../src/core/call.ts";
import type { CallDraft, LiveCall, State, StreamGrant } from "../../src/core/state.ts";
import { until } from "../support/until.ts";

export interface StateUnderTest {
  /** The state as two instances have it: for memory twice the same. */
  readonly one: State;
  readonly other: State;
  /** Lets so much time pass for everything that is kept, without waiting for it. */
  readonly later: (ms: number) => Promise<void>;
}

let count = 0;
/** New for every test: the tests of a file share one store. */
const fresh = (name: string): string => `${name}-${++count}`;

const grantFor = (carrierId: string): StreamGrant => ({
  party: {
    callId: `call-${carrierId}`,
    carrierId,
    from: "+15550001111",
    to: "+15550002222",
    attested: true,
    channel: "phone",
    direction: "inbound",
    orgId: "default",
  },
  accountId: "AC1",
  resumes: "instance",
});
const hangup: CallEnding = { kind: "hangup", reason: "agent-hangup" };
const callOf = (instance: string, name = fresh("call")): LiveCall => ({
  callId: name,
  carrierId: `CA-${name}`,
  orgId: "default",
  channel: "phone",
  direction: "inbound",
  from: "+15550001111",
  to: "+15550002222",
  instance,
  startedAt: "2026-11-25T10:00:00.000Z",
});
/** ms; longer than any test lasts, so that nothing is over before its test says so. */
const SHORT = 20_000;

export function stateContract(name: string, get: () => StateUnderTest): void {
  describe(`${name}: a token`, () => {
    test("is taken once, with all it stands for, by whichever instance asks first", async () => {
      const { one, other } = get();
      const id = fresh("CA");
      await one.putToken(`t-${id}`, grantFor(id), 60_000);
      expect(await other.unspentToken(id)).toBe(`t-${id}`);
      expect(await other.takeToken(`t-${id}`)).toEqual(grantFor(id));
      expect(await one.takeToken(`t-${id}`)).toBeUndefined();
      expect(await one.unspentToken(id)).toBeUndefined();
    });

    test("goes to exactly one of many takers at the same time", async () => {
      const { one, other } = get();
      const id = fresh("CA");
      await one.putToken(`t-${id}`, grantFor(id), 60_000);
      const taken = await Promise.all(
        Array.from({ length: 100 }, (_, n) => (n % 2 ? one : other).takeToken(`t-${id}`)),
      );
      expect(taken.filter(Boolean)).toHaveLength(1);
    });

    test("is void when its time is over", async () => {
      const { one, other, later } = get();
      const id = fresh("CA");
      await one.putToken(`t-${id}`, grantFor(id), SHORT);
      expect(await other.unspentToken(id)).toBe(`t-${id}`);
      await later(SHORT + 50);
      expect(await other.unspentToken(id)).toBeUndefined();
      expect(await other.takeToken(`t-${id}`)).toBeUndefined();
    });

    test("is void when another one was given out for the same call, and taking a void one leaves the good one", async () => {
      const { one, other } = get();
      const id = fresh("CA");
      await one.putToken(`old-${id}`, grantFor(id), 60_000);
      await other.putToken(`new-${id}`, grantFor(id), 60_000);
      expect(await one.takeToken(`old-${id}`)).toBeUndefined();
      expect(await one.unspentToken(id)).toBe(`new-${id}`);
      expect(await one.takeToken(`new-${id}`)).toBeDefined();
    });

    test("of one call is not touched by another call's, and what nobody gave out is none", async () => {
      const { one } = get();
      const [a, b] = [fresh("CA"), fresh("CA")];
      await one.putToken(`t-${a}`, grantFor(a), 60_000);
      await one.putToken(`t-${b}`, grantFor(b), 60_000);
      await one.takeToken(`t-${a}`);
      expect(await one.unspentToken(b)).toBe(`t-${b}`);
      for (const odd of ["", "x", "__proto__", "constructor", "*"]) expect(await one.takeToken(odd)).toBeUndefined();
    });
  });

  describe(`${name}: an ending`, () => {
    test("is read by any instance, and the newest counts", async () => {
      const { one, other } = get();
      const id = fresh("CA");
      expect(await other.getEnding(id)).toBeUndefined();
      await one.putEnding(id, { kind: "reconnect", reason: "line-lost" });
      await other.putEnding(id, hangup);
      expect(await one.getEnding(id)).toEqual(hangup);
      await other.dropEnding(id);
      expect(await one.getEnding(id)).toBeUndefined();
    });
  });

  describe(`${name}: live calls`, () => {
    test("are seen by all while their instance is alive, by our id and the carrier's", async () => {
      const { one, other } = get();
      const call = callOf(fresh("i"));
      await one.heartbeat(call.instance, 60_000);
      await one.enlist(call);
      expect(await other.findLive(call.callId)).toEqual(call);
      expect(await other.findLive(call.carrierId)).toEqual(call);
      expect(await other.live()).toContainEqual(call);
      await one.delist(call.callId, call.instance);
      expect(await other.findLive(call.carrierId)).toBeUndefined();
      expect(await other.live()).not.toContainEqual(call);
    });

    test("enlisted again are one call", async () => {
      const { one, other } = get();
      const call = callOf(fresh("i"));
      await one.heartbeat(call.instance, 60_000);
      for (let i = 0; i < 3; i++) await one.enlist(call);
      expect((await other.live()).filter(({ callId }) => callId === call.callId)).toHaveLength(1);
    });

    test("move: who held it before cannot let go of it, nor leave it behind", async () => {
      const { one, other, later } = get();
      const mine = callOf(fresh("i"));
      const theirs = { ...mine, instance: fresh("i") };
      await one.heartbeat(mine.instance, SHORT);
      await other.heartbeat(theirs.instance, 60_000);
      await one.enlist(mine);
      await other.enlist(theirs);
      await one.delist(mine.callId, mine.instance);
      expect(await one.findLive(mine.callId)).toEqual(theirs);
      await later(SHORT + 50);
      const dead = await one.takeDead();
      expect(dead.flatMap(({ calls }) => calls.map(({ callId }) => callId))).not.toContain(mine.callId);
      expect(await one.live()).toContainEqual(theirs);
    });

    test("of an instance whose heartbeat stopped go to exactly one asker, and are not live any more", async () => {
      const { one, other, later } = get();
      const instance = fresh("i");
      const calls = [callOf(instance), callOf(instance)];
      const alive = callOf(fresh("i"));
      await one.heartbeat(instance, SHORT);
      await other.heartbeat(alive.instance, 60_000);
      for (const call of [...calls, alive]) await one.enlist(call);
      const before = await other.takeDead();
      expect(before.find((one) => one.instance === instance)).toBeUndefined();
      await later(SHORT + 50);
      expect(await other.findLive(calls[0]?.callId ?? "")).toBeUndefined();
      expect(await other.live()).toContainEqual(alive);
      const asked = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? one : other).takeDead()));
      const found = asked.flat().filter((one) => one.instance === instance);
      expect(found).toHaveLength(1);
      expect([...(found[0]?.calls ?? [])].sort((a, b) => a.callId.localeCompare(b.callId))).toEqual(calls);
      await one.heartbeat(instance, 60_000);
      expect(await other.findLive(calls[0]?.callId ?? "")).toBeUndefined();
    });

    test("are not lost by a heartbeat that comes late, as long as nobody has asked", async () => {
      const { one, other, later } = get();
      const call = callOf(fresh("i"));
      await one.heartbeat(call.instance, SHORT);
      await one.enlist(call);
      await later(SHORT + 50);
      expect(await other.findLive(call.callId)).toBeUndefined();
      await one.heartbeat(call.instance, 60_000);
      expect(await other.findLive(call.callId)).toEqual(call);
    });
  });

  test(`${name}: a draft is read by any instance, replaced and dropped`, async () => {
    const { one, other } = get();
    const callId = fresh("call");
    const draft: CallDraft = {
      phase: "intake",
      transcript: [{ role: "caller", text: 'Zoë said "hi"\n' }],
      intake: { fields: { name: "Zoë", age: 4, known: true }, status: "draft", updatedAtMs: 5 },
      threadId: "conv_1",
    };
    expect(await other.getDraft(callId)).toBeUndefined();
    await one.putDraft(callId, { ...draft, phase: "greeting" });
    await one.putDraft(callId, draft);
    expect(await other.getDraft(callId)).toEqual(draft);
    await other.dropDraft(callId);
    expect(await one.getDraft(callId)).toBeUndefined();
  });

  describe(`${name}: small things`, () => {
    test("counts are shared, each key for itself, and begin anew when the window of the first is over", async () => {
      const { one, other, later } = get();
      const [a, b] = [fresh("key"), fresh("key")];
      expect([await one.hit(a, SHORT), await other.hit(a, SHORT), await one.hit(b, 60_000)]).toEqual([1, 2, 1]);
      await later(SHORT * 0.7);
      await one.hit(a, SHORT); // Does not make the window longer.
      await later(SHORT * 0.5);
      expect([await one.hit(a, SHORT), await one.hit(b, 60_000)]).toEqual([1, 2]);
    });

    test("a count of very many at once misses none", async () => {
      const { one, other } = get();
      const key = fresh("key");
      const counts = await Promise.all(Array.from({ length: 100 }, (_, n) => (n % 2 ? one : other).hit(key, 60_000)));
      expect(counts.toSorted((x, y) => x - y)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
    });

    test("sums are shared and miss nothing, and live on from each addition", async () => {
      const { one, other, later } = get();
      const [a, b] = [fresh("key"), fresh("key")];
      await Promise.all(Array.from({ length: 100 }, (_, n) => (n % 2 ? one : other).add(a, n, 60_000)));
      expect(await one.add(a, 0, 60_000)).toBe(4950);
      expect(await one.add(b, 1, SHORT)).toBe(1);
      await later(SHORT * 0.7);
      expect(await other.add(b, -3, SHORT)).toBe(-2);
      await later(SHORT * 0.7);
      expect(await one.add(b, 5, SHORT)).toBe(3);
      await later(SHORT + 50);
      expect(await one.add(b, 5, SHORT)).toBe(5);
    });

    test("there is one first asker within the time, and another one after it", async () => {
      const { one, other, later } = get();
      const key = fresh("key");
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? one : other).first(key, SHORT)));
      expect(answers.filter(Boolean)).toHaveLength(1);
      await later(SHORT + 50);
      expect(await other.first(key, SHORT)).toBe(true);
    });

    test("values are kept, replaced, dropped and forgotten", async () => {
      const { one, other, later } = get();
      const [a, b] = [fresh("key"), fresh("key")];
      const value = { list: [1, "two", null], deep: { yes: true } };
      await one.put(a, "old", 60_000);
      await one.put(a, value, 60_000);
      await one.put(b, 1, SHORT);
      expect([await other.get(a), await other.get(b)]).toEqual([value, 1]);
      await other.drop(a);
      await later(SHORT + 50);
      expect([await one.get(a), await one.get(b), await one.get(fresh("key"))]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    });

    test("a line is one over all instances, in the order of coming, and who leaves lets the next one on", async () => {
      const { one, other } = get();
      const line = fresh("line");
      expect(await one.stand(line, "a", 60_000)).toBe(0);
      expect(await other.stand(line, "b", 60_000)).toBe(1);
      expect(await one.stand(line, "c", 60_000)).toBe(2);
      expect(await one.stand(fresh("line"), "b", 60_000)).toBe(0);
      // To stand again keeps the place.
      expect([await one.stand(line, "a", 60_000), await other.stand(line, "b", 60_000)]).toEqual([0, 1]);
      await other.leave(line, "b");
      await one.leave(line, "nobody");
      expect(await other.stand(line, "c", 60_000)).toBe(1);
      expect(await other.stand(line, "b", 60_000)).toBe(2);
      await one.leave(line, "a");
      expect([await one.stand(line, "c", 60_000), await one.stand(line, "b", 60_000)]).toEqual([0, 1]);
    });

    test("a place that is not kept is lost", async () => {
      const { one, other, later } = get();
      const line = fresh("line");
      await one.stand(line, "dead", SHORT);
      await other.stand(line, "alive", SHORT);
      await later(SHORT * 0.7);
      expect(await other.stand(line, "alive", SHORT)).toBe(1);
      await later(SHORT * 0.7);
      expect(await other.stand(line, "alive", SHORT)).toBe(0);
      expect(await one.stand(line, "dead", SHORT)).toBe(1);
    });

    test("a dropped key can be the first again", async () => {
      const { one, other } = get();
      const key = fresh("key");
      expect([await one.first(key, 60_000), await other.first(key, 60_000)]).toEqual([true, false]);
      await one.drop(key);
      expect(await other.first(key, 60_000)).toBe(true);
    });
  });

  describe(`${name}: messages`, () => {
    test("reach every listener of the topic on every instance once, in order, and nobody else", async () => {
      const { one, other } = get();
      const topic = fresh("topic");
      const heard: [string, unknown][] = [];
      const ends = [
        one.subscribe(topic, (message) => heard.push(["one", message])),
        one.subscribe(topic, () => {
          throw new Error("a listener that must not throw");
        }),
        other.subscribe(topic, (message) => heard.push(["other", message])),
        other.subscribe(fresh("topic"), (message) => heard.push(["stranger", message])),
      ];
      // A subscription is under way for a moment.
      await heardBy(other, topic, heard);
      heard.length = 0;
      for (const n of [1, 2, 3]) one.publish(topic, { n, text: "Zoë" });
      await until("both have heard all", () => heard.length >= 6);
      for (const who of ["one", "other"]) {
        expect(heard.filter(([by]) => by === who).map(([, message]) => message)).toEqual(
          [1, 2, 3].map((n) => ({ n, text: "Zoë" })),
        );
      }
      for (const end of ends) end();
      for (const end of ends) end();
    });

    test("do not reach who has unsubscribed, and whoever is left still hears", async () => {
      const { one, other } = get();
      const topic = fresh("topic");
      const heard: [string, unknown][] = [];
      const endOne = one.subscribe(topic, (message) => heard.push(["one", message]));
      const endOther = other.subscribe(topic, (message) => heard.push(["other", message]));
      await heardBy(other, topic, heard);
      endOne();
      heard.length = 0;
      one.publish(topic, "again");
      await until("the other has heard it", () => heard.length > 0);
      expect(heard).toEqual([["other", "again"]]);
      endOther();
    });

    test("are known to be heard, by whichever instance, until nobody listens any more", async () => {
      const { one, other } = get();
      const topic = fresh("topic");
      expect([await one.isHeard(topic), await other.isHeard(topic)]).toEqual([false, false]);
      const end = other.subscribe(topic, () => undefined);
      expect([one.mayBeHeard(topic), other.mayBeHeard(topic)]).toEqual([true, true]);
      // A subscription is under way for a moment, and so is its end.
      const become = async (isHeard: boolean): Promise<void> => {
        for (;;) {
          const both = [await one.isHeard(topic), await other.isHeard(topic)];
          if (both.every((is) => is === isHeard)) return;
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      };
      await become(true);
      end();
      await become(false);
    });

    test("are published without waiting for anybody to listen", () => {
      const { one } = get();
      const before = one.publish(fresh("topic"), { nobody: "hears it" }) as unknown;
      expect(before).toBeUndefined();
    });
  });

  describe(`${name}: places of a room`, () => {
    test("are taken in one step, by whichever instance, and given back", async () => {
      const { one, other } = get();
      const room = fresh("room");
      const asked = Array.from({ length: 12 }, (_, n) => (n % 2 ? one : other).takePlace(room, `w${n}`, 5, 60_000));
      const taken = await Promise.all(asked);
      expect(taken.filter(Boolean)).toHaveLength(5);
      const holder = `w${taken.indexOf(true)}`;
      expect(await other.takePlace(room, "late", 5, 60_000)).toBe(false);
      // Who has one keeps it, whatever the limit is by now.
      expect(await one.takePlace(room, holder, 1, 60_000)).toBe(true);
      await other.leavePlace(room, "nobody");
      await other.leavePlace(room, holder);
      expect(await one.takePlace(room, "late", 5, 60_000)).toBe(true);
      expect(await one.takePlace(room, "later", 5, 60_000)).toBe(false);
      expect(await one.takePlace(room, "without a limit", Infinity, 60_000)).toBe(true);
    });

    test("are lost when they are not kept, each by itself", async () => {
      const { one, other, later } = get();
      const room = fresh("room");
      expect(await one.takePlace(room, "long", 2, 60_000)).toBe(true);
      expect(await one.takePlace(room, "short", 2, SHORT)).toBe(true);
      expect(await other.takePlace(room, "next", 2, 60_000)).toBe(false);
      await later(SHORT + 50);
      expect(await other.takePlace(room, "next", 2, 60_000)).toBe(true);
      expect(await other.takePlace(room, "another", 2, 60_000)).toBe(false);
    });
  });

  test(`${name}: says that it is up`, () => {
    expect([get().one.isUp(), get().other.isUp()]).toEqual([true, true]);
  });
}

/** Publishes until both have heard something: at most once is all that is promised while a subscription is under way. */
async function heardBy(other: State, topic: string, heard: readonly [string, unknown][]): Promise<void> {
  const has = (who: string, message: unknown): boolean => heard.some(([by, what]) => by === who && what === message);
  await until("both hear", () => {
    other.publish(topic, "probe");
    return has("one", "probe") && has("other", "probe");
  });
  // Messages of one sender come in order: after this one none of the probes is on its way any more.
  other.publish(topic, "last probe");
  await until("both have heard the last", () => has("one", "last probe") && has("other", "last probe"));
}
