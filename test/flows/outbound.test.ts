// Calls that the server places: asked for over the API, dialled by the simulated carrier, answered by a person, a machine or nobody;
// and those that must never be dialled.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CallRecord } from "../../src/core/call.ts";
import type { CallResult, FarEnd } from "../../src/sim/twilio/index.ts";
import { emptyFolder } from "../support/child.ts";
import { until } from "../support/until.ts";
import {
  complaints,
  heardReplies,
  listen,
  OUTGOING,
  say,
  sideBySide,
  words,
  type Flow,
  type FlowOptions,
  type Start,
} from "./kit.ts";

const KEY = "outbound-admin-key-0123456789";
const CLINIC_KEY = "outbound-clinic-key-0123456789";
const CALLEE = "+12025550123";
const SETTINGS = {
  TWILIO_PHONE_NUMBER: OUTGOING,
  API_KEYS: `ops:admin:${KEY},clinic:organization@clinic:${CLINIC_KEY}`,
};
const CLINIC = {
  name: "Lakeside Clinic",
  language: "en-GB",
  outbound: {
    greeting: "Hello, this is the AI assistant of Lakeside Clinic.",
    voicemail: "Please call Lakeside Clinic back.",
  },
};

interface Answered {
  readonly status: number;
  readonly body: { readonly call_id?: string; readonly detail?: string };
}

async function place(flow: Flow, body: object, key = KEY): Promise<Answered> {
  const answer = await fetch(`${flow.url}/api/calls`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", connection: "close" },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Answered["body"] };
}

const starting = (start: Start, farEnd: FarEnd, more: FlowOptions = {}): Promise<Flow> =>
  start({ ...more, farEnd, organizations: { clinic: CLINIC }, settings: { ...SETTINGS, ...more.settings } });

/** Places a call and waits until both sides are done with it. */
async function called(flow: Flow, body: object = {}): Promise<{ record: CallRecord; result: CallResult }> {
  const { status, body: placed } = await place(flow, { to: CALLEE, org_id: "clinic", ...body });
  expect([status, placed]).toEqual([202, { call_id: expect.stringMatching(/^call_/), status: "queued" }]);
  const carrierId = (await flow.app.store.get(placed.call_id as string))?.carrierId as string;
  const result = await (flow.twilio.outcome(carrierId) as Promise<CallResult>);
  return { result, record: await flow.record(carrierId) };
}

const PERSON: FarEnd = {
  outcome: "answered",
  answeredBy: "human",
  detectionMs: 2500,
  caller: [
    { do: "wait-for-agent" },
    listen(),
    say("opening-hours"),
    listen(3000),
    say("goodbye"),
    { do: "wait-for-hang-up", timeoutMs: 30_000 },
  ],
};
/** Requests for new calls that reached the carrier. */
const dialled = (flow: Flow): number =>
  flow.twilio.rest.requests.filter(({ method, path }) => method === "POST" && path.endsWith("/Calls.json")).length;

test(
  "a person is greeted once it is known that they are one, told why, and talked with",
  sideBySide(async (start) => {
    const flow = await starting(start, PERSON);
    const { record, result } = await called(flow, { purpose: "Remind them of Tuesday.", metadata: { ticket: 7 } });
    expect(result.scriptError).toBeUndefined();
    expect(complaints(result)).toEqual([]);
    expect(record).toMatchObject({
      direction: "outbound",
      orgId: "clinic",
      from: OUTGOING,
      to: CALLEE,
      endReason: "agent-hangup",
      status: "completed",
      metadata: { ticket: 7 },
    });
    expect(record.replies[0]).toMatchObject({ kind: "greeting", heard: CLINIC.outbound.greeting, cut: "" });
    expect(record.turns[0]?.text).toBe(words("opening-hours").text);
    expect(heardReplies(record)[0]).toMatch(/We are open/);
    expect(record.timeline).toContainEqual(expect.objectContaining({ what: "answered-by", detail: { by: "human" } }));
    // Nothing is said before.
    const at = (kind: string): number => result.timeline.find((one) => one.kind === kind)?.atMs ?? Number.NaN;
    expect(at("agent-speaking") - at("answered")).toBeGreaterThanOrEqual(2500);
    const instructions = JSON.stringify(flow.openai.requests.map(({ body }) => body));
    expect(instructions).toMatch(/You placed this call/);
    expect(instructions).toContain("What it is about: Remind them of Tuesday.");
    // The purpose is for the agent, not for the record.
    expect(JSON.stringify(record)).not.toContain("Remind");
    expect(await flow.metric("voice_outbound_answers_total", { by: "human" })).toBe(1);
  }),
);

test(
  "a machine is told the organization's message after its own, and no agent talks to it",
  sideBySide(async (start) => {
    const caller = [
      say("make-it-thursday"),
      say("opening-hours"),
      { do: "wait-for-hang-up", timeoutMs: 30_000 } as const,
    ];
    const flow = await starting(start, {
      outcome: "answered",
      answeredBy: "machine_end_beep",
      detectionMs: 9000,
      caller,
    });
    const { record, result } = await called(flow);
    expect(record).toMatchObject({ endReason: "voicemail", status: "completed", replies: [], turns: [] });
    expect(result.says).toEqual([CLINIC.outbound.voicemail]);
    expect(result.twiml.at(-1)?.xml).toContain('<Say language="en-GB">');
    expect(result.endedBy).toBe("hangup-verb");
    await until("the voice is let go of", () => flow.openai.counts.open === 0);
  }),
);

test(
  "a machine that was silent for so long that it was taken for a person",
  sideBySide(async (start) => {
    const flow = await starting(start, { outcome: "answered", answeredBy: "machine_end_silence", detectionMs: 9000 });
    const { record, result } = await called(flow);
    expect(record).toMatchObject({ endReason: "caller-hangup", turns: [] });
    expect(result.says).toEqual([CLINIC.outbound.voicemail]);
    expect(record.timeline).toContainEqual(expect.objectContaining({ detail: { by: "machine_end_silence" } }));
  }),
);

test(
  "a machine without a message for it, and a fax, are hung up on",
  sideBySide(async (start) => {
    for (const answeredBy of ["machine_end_silence", "fax"]) {
      const flow = await starting(start, { outcome: "answered", answeredBy, detectionMs: 3000 });
      const { record, result } = await called(flow, answeredBy === "fax" ? {} : { org_id: "default" });
      expect([answeredBy, record.endReason, result.says]).toEqual([answeredBy, "voicemail", []]);
    }
  }),
);

test(
  "a verdict that never comes: who waits on a quiet line is talked to",
  sideBySide(async (start) => {
    const flow = await starting(start, {
      outcome: "answered",
      answeredBy: "human",
      detectionMs: 170_000,
      caller: [{ do: "wait-for-agent" }, listen(), { do: "hang-up" }],
    });
    const { record, result } = await called(flow);
    expect(result.scriptError).toBeUndefined();
    expect(record.replies[0]).toMatchObject({ kind: "greeting", heard: CLINIC.outbound.greeting });
    expect(record.endReason).toBe("caller-hangup");
  }),
);

test(
  "nobody answers, it is busy, it fails, or they hang up at once: the record says so, and the line is free again",
  sideBySide(async (start) => {
    for (const outcome of ["busy", "no-answer", "failed"] as const) {
      const flow = await starting(start, { outcome, ringMs: 500 }, { settings: { MAX_CALLS: "1" } });
      for (let again = 0; again < 2; again++) {
        const { record } = await called(flow);
        expect(record).toMatchObject({ endReason: "unanswered", carrierStatus: outcome, replies: [] });
      }
    }
    const flow = await starting(start, {
      outcome: "answered",
      detectionMs: 5000,
      caller: [{ do: "pause", ms: 1500 }, { do: "hang-up" }],
    });
    const { record } = await called(flow);
    expect(record).toMatchObject({ endReason: "unanswered", replies: [] });
  }),
);

describe("never dialled", () => {
  const NOBODY: FarEnd = { outcome: "no-answer" };

  test(
    "numbers that are none, cost a fortune, are far away, or on the list",
    sideBySide(async (start) => {
      const folder = await emptyFolder();
      const list = join(folder.path, "do-not-call.txt");
      await writeFile(list, "# those who asked\n+1 202-555-0199  # in May\n");
      const flow = await starting(start, NOBODY, { settings: { DO_NOT_CALL_FILE: list } });
      for (const to of [
        "",
        "0",
        "112",
        "12025550123",
        "+1202555",
        "+12025550123;ext=5",
        "sip:a@b",
        "'; DROP TABLE calls; --",
      ])
        expect([to, (await place(flow, { to })).status]).toEqual([to, 400]);
      for (const to of [
        "+19002345678",
        "+18765550123",
        "+881612345678",
        "+442079460958",
        "+12025550199",
        "+1 (202) 555-0199",
      ])
        expect([to, (await place(flow, { to })).status]).toEqual([to, 403]);
      // A list that cannot be used forbids everything.
      await writeFile(list, "+12025550199\nhello\n");
      expect((await place(flow, { to: CALLEE })).status).toBe(503);
      await folder.remove();
      expect((await place(flow, { to: CALLEE })).status).toBe(503);
      expect(dialled(flow)).toBe(0);
      expect(JSON.stringify(flow.log.lines)).not.toContain("2025550199");
    }),
  );

  test(
    "more than the day and the number allow, and more than there are lines",
    sideBySide(async (start) => {
      const often = await starting(start, NOBODY, { settings: { OUTBOUND_PER_NUMBER_PER_DAY: "2" } });
      const many = await starting(start, NOBODY, { settings: { OUTBOUND_PER_DAY: "2" } });
      const full = await starting(start, NOBODY, { settings: { MAX_CALLS: "2" } });
      const statuses = async (flow: Flow, ends: readonly string[]): Promise<number[]> => {
        const found: number[] = [];
        for (const end of ends) found.push((await place(flow, { to: `+120255501${end}` })).status);
        return found;
      };
      expect(await statuses(often, ["23", "23", "23", "24"])).toEqual([202, 202, 429, 202]);
      expect(await statuses(many, ["23", "24", "25"])).toEqual([202, 202, 429]);
      expect(await statuses(full, ["23", "24", "25"])).toEqual([202, 202, 503]);
      expect([dialled(often), dialled(many), dialled(full)]).toEqual([3, 2, 2]);
    }),
  );

  test(
    "without a number of our own, for strangers' organizations, or by readers",
    sideBySide(async (start) => {
      const flow = await starting(start, NOBODY);
      expect((await place(flow, { to: CALLEE, org_id: "other" })).status).toBe(404);
      expect((await place(flow, { to: CALLEE, org_id: "default" }, CLINIC_KEY)).status).toBe(404);
      expect((await place(flow, { to: CALLEE }, "nobody-has-this-key-000")).status).toBe(401);
      expect((await place(flow, { to: CALLEE, from: OUTGOING })).status).toBe(400);
      expect(dialled(flow)).toBe(0);
      const mute = await start({ settings: { API_KEYS: SETTINGS.API_KEYS } });
      expect(await place(mute, { to: CALLEE })).toMatchObject({
        status: 503,
        body: { detail: expect.stringContaining("TWILIO_PHONE_NUMBER") },
      });
    }),
  );

  test(
    "twice for one Idempotency-Key; and what the carrier refuses is told and leaves nothing behind",
    sideBySide(async (start) => {
      const flow = await starting(start, NOBODY, { settings: { MAX_CALLS: "1" } });
      flow.twilio.rest.misbehave("500", 1);
      expect((await place(flow, { to: CALLEE })).status).toBe(502);
      expect((await place(flow, { to: CALLEE })).status).toBe(202);
      expect(await flow.app.store.list({ limit: 10 })).toHaveLength(1);
    }),
  );
});
