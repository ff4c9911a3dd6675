// A hand on live calls and an eye on them: commands to whichever instance holds a call, and server-sent events.
import { get, type IncomingMessage } from "node:http";
import { WATCHERS } from "../../src/core/live-words.ts";
import type { State } from "../../src/core/state.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { manualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";
import {
  keyRow,
  KEYS,
  memoryKeys,
  phoneCall,
  testApi,
  type KeyName,
  type TestApi,
  type TestApiOptions,
} from "./support.ts";

const open: (() => Promise<void> | void)[] = [];
async function start(options: TestApiOptions = {}): Promise<TestApi> {
  const made = await testApi(options);
  open.push(() => made.close());
  return made;
}
afterEach(async () => {
  for (const end of open.splice(0).toReversed()) await end();
});

interface Watched {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** Everything that came so far. */
  text(): string;
  /** Names and data of the events so far. */
  events(): { readonly event: string; readonly data: Record<string, unknown> }[];
  ended(): boolean;
  readonly raw: IncomingMessage;
}

/** Opens an event stream; `read: false` never reads it. */
function watch(t: TestApi, key: string, path: string, { read = true } = {}): Promise<Watched> {
  return new Promise((resolve, reject) => {
    const request = get(`${t.url}${path}`, { agent: false, headers: { authorization: `Bearer ${key}` } }, (raw) => {
      let text = "";
      let over = false;
      raw.on("error", () => undefined).on("close", () => (over = true));
      if (read) raw.setEncoding("utf8").on("data", (part: string) => (text += part));
      resolve({
        status: raw.statusCode ?? 0,
        headers: raw.headers,
        raw,
        text: () => text,
        ended: () => over,
        events: () =>
          [...text.matchAll(/^event: (.*)\ndata: (.*)\n\n/gm)].map(([, event = "", data = ""]) => ({
            event,
            data: JSON.parse(data) as Record<string, unknown>,
          })),
      });
    });
    request.on("error", reject);
    open.push(() => void request.destroy());
  });
}

const begin = async (t: TestApi, key: KeyName, orgId: string): Promise<string> =>
  (await t.ask(key, "POST", "/api/call/start", { org_id: orgId })).body.call_id;

describe("commands", () => {
  test("go to the instance that holds the call", async () => {
    const t = await start({ contacts: { Desk: "+15550003333", Night: "+15550004444" } });
    phoneCall(t.store, "call_1", "acme");
    const post = (what: string, body: object, key: KeyName = "acme") =>
      t.ask(key, "POST", `/api/calls/CAcall_1/${what}`, body);
    const said = await post("say", { text: "One moment." });
    expect([said.status, said.body]).toEqual([202, { call_id: "call_1", command: "say", status: "accepted" }]);
    await post("transfer", {});
    await post("transfer", { contact: "Night", note: "wants a person" });
    await post("transfer", { to: "+15550004444" });
    await post("transfer", { to: "+19005551234" }, "root");
    await post("escalate", { reason: "sounds bad", urgency: "emergency" });
    await post("end", {});
    expect(t.commands).toEqual(
      [
        { kind: "say", text: "One moment." },
        { kind: "transfer", to: "+15550003333", note: "Transferred by hand" },
        { kind: "transfer", to: "+15550004444", note: "wants a person" },
        { kind: "transfer", to: "+15550004444", note: "Transferred by hand" },
        { kind: "transfer", to: "+19005551234", note: "Transferred by hand" },
        { kind: "escalate", reason: "sounds bad", urgency: "emergency" },
        { kind: "end" },
      ].map((command) => ({ callId: "call_1", command })),
    );
  });

  test("a number of one's own choice is for the operator alone; a contact has to be one", async () => {
    const t = await start({ contacts: { Desk: "+15550003333" } });
    phoneCall(t.store, "call_1", "acme");
    phoneCall(t.store, "call_2", "beta");
    const transfer = (body: object) => t.ask("acme", "POST", "/api/calls/call_1/transfer", body);
    expect((await transfer({ to: "+19005551234" })).body.errors[0].pointer).toBe("/to");
    expect((await transfer({ contact: "Nobody" })).body.errors[0].pointer).toBe("/contact");
    expect((await transfer({ to: "911" })).status).toBe(400);
    expect((await transfer({ to: "+15550003333", contact: "Desk" })).status).toBe(400);
    expect((await t.ask("betaAdmin", "POST", "/api/calls/call_2/transfer", { to: "+19005551234" })).status).toBe(400);
    const nobody = await start();
    phoneCall(nobody.store, "call_1", "acme");
    expect((await nobody.ask("acme", "POST", "/api/calls/call_1/transfer", {})).status).toBe(409);
    expect(t.commands).toEqual([]);
  });

  test("a call that nobody holds is 409, one whose instance is silent 503, one that has ended 409", async () => {
    let result: "not-live" | "unreachable" = "not-live";
    const t = await start({ control: async () => result });
    phoneCall(t.store, "call_1", "acme");
    const end = () => t.ask("acme", "POST", "/api/calls/call_1/end", {});
    expect((await end()).status).toBe(409);
    result = "unreachable";
    const silent = await end();
    expect([silent.status, silent.headers.get("retry-after")]).toEqual([503, "2"]);
    t.store.update("call_1", { status: "completed" });
    expect((await end()).status).toBe(409);
  });

  test("a browser's call is ended and escalated here; nothing can be said into it", async () => {
    const t = await start();
    const callId = await begin(t, "acme", "acme");
    expect((await t.ask("acme", "POST", `/api/calls/${callId}/say`, { text: "x" })).status).toBe(409);
    expect((await t.ask("acme", "POST", `/api/calls/${callId}/transfer`, {})).status).toBe(409);
    const escalated = await t.ask("acme", "POST", `/api/calls/${callId}/escalate`, { reason: "by hand" });
    expect(escalated.body.escalation).toMatchObject({
      trigger: "manual",
      urgency: "high",
      reason: "by hand",
      contact: "Desk",
    });
    expect((await t.ask("acme", "POST", `/api/calls/${callId}/end`, {})).status).toBe(202);
    expect((await t.ask("acme", "GET", `/api/calls/${callId}`)).body).toMatchObject({
      status: "completed",
      escalation: { trigger: "manual" },
    });
    expect(t.commands).toEqual([]);
  });
});

describe("GET /api/live", () => {
  test("shows the calls that are live and what happens in them, one's own alone, wherever it happens", async () => {
    const state = createMemoryState({ clock: manualClock() });
    const one = await start({ state, instance: "one" });
    const other = await start({ state, instance: "other" });
    const callId = await begin(one, "acme", "acme");
    const mine = await watch(other, KEYS.acmeReader, "/api/live");
    expect([mine.status, mine.headers["content-type"], mine.headers["cache-control"]]).toEqual([
      200,
      "text/event-stream; charset=utf-8",
      "no-store",
    ]);
    const foreign = await watch(other, KEYS.beta, "/api/live");
    const all = await watch(other, KEYS.root, "/api/live?org_id=acme");
    await until("all have their picture", () => [mine, foreign, all].every((one) => one.events().length === 1));
    expect(mine.events()[0]).toEqual({
      event: "snapshot",
      data: {
        calls: [
          expect.objectContaining({
            call_id: callId,
            org_id: "acme",
            channel: "browser",
            from: null,
            escalated: false,
            heard_here: false,
          }),
        ],
      },
    });
    expect(foreign.events()[0]?.data).toEqual({ calls: [] });

    await one.ask("acme", "POST", `/api/calls/${callId}/transcript`, {
      role: "user",
      text: "line\none\n\nevent: forged",
    });
    await begin(one, "beta", "beta");
    await one.ask("acme", "POST", "/api/call/end", { call_id: callId });
    const names = (watched: Watched): string[] => watched.events().map(({ event }) => event);
    await until("the end is seen", () => names(mine).includes("call.ended") && names(all).includes("call.ended"));
    await until("the other's call is seen", () => names(foreign).includes("call.started"));
    expect(names(mine)).toEqual(["snapshot", "phase", "turn", "call.ended"]);
    expect(names(all)).toEqual(names(mine));
    expect(names(foreign)).toEqual(["snapshot", "call.started"]);
    expect(mine.events()[2]?.data).toMatchObject({ call_id: callId, text: "line\none\n\nevent: forged" });
  });

  test("a heartbeat comes while nothing happens; who may not look any more is sent away", async () => {
    const clock = manualClock();
    const keys = memoryKeys([keyRow({ name: "made", role: "read" }, "stored-key-0123456789abcdef")]);
    const t = await start({ clock, keys });
    const watched = await watch(t, "stored-key-0123456789abcdef", "/api/live");
    await until("the picture", () => watched.events().length === 1);
    clock.advance(15_000);
    await until("a heartbeat", () => watched.text().includes(": still here\n\n"));
    await until("the next is set", () => clock.pending > 0);
    expect(watched.ended()).toBe(false);
    expect(t.state.mayBeHeard(WATCHERS)).toBe(true);
    keys.rows[0] = { ...(keys.rows[0] as (typeof keys.rows)[0]), revokedAt: new Date() };
    clock.advance(15_000);
    await until("it is over", () => watched.ended());
    expect(clock.pending).toBe(0);
    expect(t.state.mayBeHeard(WATCHERS)).toBe(false);
  });

  test("who does not read is dropped at a bound, and nobody else notices", async () => {
    const t = await start({ eventStreams: { mostWaiting: 262_144 } });
    const slow = await watch(t, KEYS.acme, "/api/live", { read: false });
    const good = await watch(t, KEYS.acme, "/api/live");
    await until("its picture", () => good.events().length === 1);
    const text = "x".repeat(60_000);
    const flood = { callId: "call_1", orgId: "acme", type: "turn", at: "2026-12-01T00:00:00Z", data: { text } };
    slow.raw.pause();
    // What the kernel holds for a reader who does not read is some megabytes; the rest would be ours.
    for (let sent = 1; sent <= 300; sent++) {
      t.state.publish("events", flood);
      await until("the good one has it", () => good.text().length > sent * text.length);
    }
    // A response that is destroyed is seen by its reader once it has read what came before.
    slow.raw.resume();
    await until("it is dropped", () => slow.ended());
    expect(good.ended()).toBe(false);
    t.state.publish("events", { ...flood, type: "last" });
    await until("the good one goes on", () => good.events().at(-1)?.event === "last");
  });

  test("leaves nothing behind when its reader goes, and ends when the server does", async () => {
    const base = createMemoryState({ clock: manualClock() });
    let listeners = 0;
    const state: State = {
      ...base,
      subscribe(topic, listener) {
        listeners++;
        const end = base.subscribe(topic, listener);
        return () => {
          listeners--;
          end();
        };
      },
    };
    const clock = manualClock();
    const t = await start({ state, clock });
    // Some listen as long as the server lives.
    const before = listeners;
    const gone = await watch(t, KEYS.acme, "/api/live");
    const stays = await watch(t, KEYS.acme, "/api/live");
    await until("both have their picture", () => [gone, stays].every((one) => one.events().length === 1));
    const ofOne = (listeners - before) / 2;
    expect([ofOne > 0, clock.pending]).toEqual([true, 2]);
    gone.raw.destroy();
    await until("one is left", () => listeners - before === ofOne && clock.pending === 1);
    t.api.close();
    await until("the other is sent away", () => stays.ended());
    expect([listeners - before, clock.pending]).toEqual([0, 0]);
    expect((await t.ask("acme", "GET", "/api/live")).status).toBe(503);
  });

  test("has room for so many", async () => {
    const t = await start({ eventStreams: { most: 1 } });
    await watch(t, KEYS.acme, "/api/live");
    expect((await t.ask("acme", "GET", "/api/live")).status).toBe(503);
  });

  test("nobody takes all the room", async () => {
    const t = await start({ eventStreams: { most: 3, mostEach: 1 } });
    const first = await watch(t, KEYS.acme, "/api/live");
    expect((await t.ask("acme", "GET", "/api/live")).status).toBe(429);
    await watch(t, KEYS.beta, "/api/live");
    first.raw.destroy();
    // Its place is free once the server has noticed.
    const again = async (): Promise<number> => {
      const answer = await fetch(`${t.url}/api/live`, { headers: { authorization: `Bearer ${KEYS.acme}` } });
      await answer.body?.cancel();
      return answer.status;
    };
    let status = await again();
    for (let tries = 0; status === 429 && tries < 100; tries++) status = await again();
    expect(status).toBe(200);
  });

  test("without the shared state the stream ends, so that its reader comes again", async () => {
    const base = createMemoryState({ clock: manualClock() });
    const t = await start({ state: { ...base, live: () => Promise.reject(new Error("away")) } });
    const watched = await watch(t, KEYS.acme, "/api/live");
    await until("it is over", () => watched.ended());
    expect(watched.events()).toEqual([]);
  });
});

describe("GET /api/calls/{call_id}/events", () => {
  test("has what the call has so far, then what happens, and ends with it", async () => {
    const t = await start();
    const callId = await begin(t, "acme", "acme");
    await t.ask("acme", "POST", `/api/calls/${callId}/transcript`, { role: "assistant", text: "Hello." });
    const watched = await watch(t, KEYS.acme, `/api/calls/${callId}/events`);
    await until("the picture", () => watched.events().length === 1);
    expect(watched.events()[0]?.data).toEqual({
      call_id: callId,
      org_id: "acme",
      phase: "greeting",
      transcript: [{ role: "agent", text: "Hello." }],
      saying: [],
      intake: null,
      escalation: null,
    });
    await begin(t, "acme", "acme"); // Another call's events are not for here.
    await t.ask("acme", "POST", `/api/calls/${callId}/tools/complete_intake`, { arguments: { name: "Ada" } });
    await t.ask("acme", "POST", `/api/calls/${callId}/escalate`, {});
    await t.ask("acme", "POST", "/api/call/end", { call_id: callId });
    await until("it is over", () => watched.ended());
    expect(watched.events().map(({ event }) => event)).toEqual([
      "snapshot",
      "tool",
      "intake",
      "escalation",
      "call.ended",
    ]);
    expect(watched.events().at(-1)?.data).toMatchObject({ call_id: callId, reason: "caller-hangup" });
    const late = await t.ask("acme", "GET", `/api/calls/${callId}/events`);
    expect([late.status, late.text]).toEqual([204, ""]);
  });
});
