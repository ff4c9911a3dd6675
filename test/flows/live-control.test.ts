// A hand on a phone call that is going on, over the API, and what becomes of the call: by our id and by the carrier's.
import type { CallerScript } from "../../src/sim/twilio/index.ts";
import { emptyFolder } from "../support/child.ts";
import { until } from "../support/until.ts";
import { complaints, HUMAN, listen, sideBySide, type Flow, type Start } from "./kit.ts";

const KEY = "desk-key-0123456789abcdef";
const OTHERS_KEY = "other-key-0123456789abcdef";
const SETTINGS = { API_KEYS: `desk:admin:${KEY},other:organization@other:${OTHERS_KEY}`, TRANSFER_NUMBER: HUMAN };
const stays: CallerScript = [listen(), { do: "wait-for-hang-up", timeoutMs: 60_000 }];

async function ask(flow: Flow, path: string, body: object = {}, key = KEY) {
  const answer = await fetch(`${flow.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", connection: "close" },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** A call whose caller is being greeted. */
async function greeted(start: Start) {
  const flow = await start({ settings: SETTINGS, dialOutcome: { status: "completed", ringMs: 500, talkMs: 500 } });
  const call = flow.dial(stays);
  await until("the caller hears the agent", () => call.playedMs() > 500, 20_000);
  return { flow, call };
}

test(
  "end hangs up; a second time the call has ended",
  sideBySide(async (start) => {
    const { flow, call } = await greeted(start);
    const path = `/api/calls/${call.callSid}/end`;
    expect((await ask(flow, path, {}, OTHERS_KEY)).status).toBe(404);
    expect(await ask(flow, path)).toMatchObject({ status: 202, body: { command: "end", status: "accepted" } });
    const result = await call.done;
    expect(complaints(result)).toEqual([]);
    expect(result.endedBy).toBe("hangup-verb");
    expect(await flow.record(call.callSid)).toMatchObject({ endReason: "agent-hangup", status: "completed" });
    expect((await ask(flow, path)).status).toBe(409);
  }),
);

test(
  "/api/call/end waits for the record, and says the same a second time",
  sideBySide(async (start) => {
    const { flow, call } = await greeted(start);
    const first = await ask(flow, "/api/call/end", { call_id: call.callSid });
    expect(first).toMatchObject({ status: 200, body: { status: "completed" } });
    expect(await ask(flow, "/api/call/end", { call_id: call.callSid })).toEqual(first);
    await call.done;
    const record = await flow.record(call.callSid);
    expect(first.body).toEqual({
      call_id: record.callId,
      status: "completed",
      ended_at: record.endedAt,
      duration_seconds: record.durationSeconds,
    });
  }),
);

test(
  "transfer says so, and dials the person",
  sideBySide(async (start) => {
    const { flow, call } = await greeted(start);
    const { callId } = (await flow.app.store.findByCarrierId(call.callSid)) ?? {};
    expect((await ask(flow, `/api/calls/${callId}/transfer`, { contact: "nobody" })).status).toBe(400);
    expect((await ask(flow, `/api/calls/${callId}/transfer`, { note: "asked for by hand" })).status).toBe(202);
    const result = await call.done;
    expect(result.dials).toEqual([expect.objectContaining({ number: HUMAN, status: "completed" })]);
    const record = await flow.record(call.callSid);
    expect(record.endReason).toBe("transferred");
    expect(record.replies.map(({ heard }) => heard).join(" ")).toMatch(/hold while I connect you/);
  }),
);

test(
  "say is heard, and the call goes on",
  sideBySide(async (start) => {
    const { flow, call } = await greeted(start);
    await call.waitFor((entry) => entry.kind === "agent-silent", { timeoutMs: 30_000 });
    const path = `/api/calls/${call.callSid}/say`;
    expect((await ask(flow, path, { text: "" })).status).toBe(400);
    expect((await ask(flow, path, { text: "Your taxi is waiting." }, OTHERS_KEY)).status).toBe(404);
    const saidAt = call.nowMs();
    expect((await ask(flow, path, { text: "Your taxi is waiting." })).status).toBe(202);
    await call.waitFor((entry) => entry.kind === "agent-silent" && entry.atMs > saidAt, { timeoutMs: 30_000 });
    call.hangUp();
    await call.done;
    const record = await flow.record(call.callSid);
    expect(record.endReason).toBe("caller-hangup");
    expect(record.replies.map(({ heard }) => heard)).toContain("Your taxi is waiting.");
  }),
);

interface Watched {
  readonly events: { readonly type: string; readonly [field: string]: unknown }[];
  /** What the agent was seen to say with this utterance, the picture's part of it included. */
  said(utterance: unknown): string;
  close(): void;
}

async function watch(flow: Flow, path: string): Promise<Watched> {
  const gone = new AbortController();
  const { body } = await fetch(`${flow.url}${path}`, {
    headers: { authorization: `Bearer ${KEY}` },
    signal: gone.signal,
  });
  const events: Watched["events"] = [];
  void (async () => {
    let text = "";
    for await (const part of (body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
      const whole = (text + part).split("\n\n");
      text = whole.pop() ?? "";
      for (const one of whole) {
        const [, type = "", data = "null"] = /^event: (.*)\ndata: (.*)$/m.exec(one) ?? [];
        if (type) events.push({ type, ...(JSON.parse(data) as object) });
      }
    }
  })().catch(() => undefined);
  const said = (utterance: unknown): string => {
    const pieces = events.flatMap((event) => {
      if (event.type === "words") return event["utterance"] === utterance ? [String(event["text"])] : [];
      const { saying, calls } = event as { saying?: Saying[]; calls?: { saying: Saying[] }[] };
      const all = [...(saying ?? []), ...(calls ?? []).flatMap((one) => one.saying)];
      return all.filter((one) => one.utterance === utterance).map((one) => one.text);
    });
    return pieces.join(" ").replaceAll(/\s+/g, " ");
  };
  return { events, said, close: () => gone.abort() };
}
type Saying = { readonly utterance: number; readonly text: string };

test(
  "who begins to watch in the middle of a reply is told its words so far, and then the rest of them, once",
  sideBySide(async (start) => {
    const { flow, call } = await greeted(start);
    await call.waitFor((entry) => entry.kind === "agent-silent", { timeoutMs: 30_000 });
    const early = await watch(flow, `/api/calls/${call.callSid}/events`);
    await until("it watches", () => early.events.length > 0, 20_000);
    const days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    const text = days
      .map((day) => `On ${day} we are open from eight in the morning until late in the evening.`)
      .join(" ");
    const path = `/api/calls/${call.callSid}`;
    const over = ({ events }: Watched, utterance: unknown) =>
      events.some((event) => event.type === "reply" && event["utterance"] === utterance);
    let utterance: unknown;
    let late: Watched[] = [];
    /** Of its begin a picture alone can tell, and one that was taken before the reply was over. */
    const isTold = (one: Watched) => one.said(utterance) !== "" && text.startsWith(one.said(utterance));
    // Where the machine was so busy that the reply was over before they watched, or that nobody told them in time, it is said once more.
    for (let tries = 3; tries > 0; tries--) {
      const from = early.events.length;
      await ask(flow, `${path}/say`, { text });
      const first = () => early.events.slice(from).find(({ type }) => type === "words");
      await until("its first words", () => first() !== undefined, 20_000);
      utterance = first()?.["utterance"];
      late = [await watch(flow, `${path}/events`), await watch(flow, "/api/live")];
      await until("they have their pictures", () => late.every(({ events }) => events.length > 0), 20_000);
      if (tries === 1 || late.every(isTold)) break;
      for (const one of late) one.close();
      await until("it is over", () => over(early, utterance), 60_000);
    }
    expect(late.map(isTold)).toEqual([true, true]);
    await until("it is over", () => [early, ...late].every((one) => over(one, utterance)), 60_000);
    expect(early.said(utterance)).toBe(text);
    for (const one of late) expect(one.said(utterance)).toBe(text);
    for (const one of [early, ...late]) one.close();
    call.hangUp();
    await call.done;
  }),
);

test(
  "escalate by hand: the organization's words, its human, and the outcome in the record",
  sideBySide(async (start) => {
    const flow = await start({
      settings: SETTINGS,
      dialOutcome: { status: "completed", ringMs: 500, talkMs: 500 },
      organizations: {
        default: {
          escalation: {
            mode: "cold",
            contacts: [{ name: "duty", number: "+15550009999", for: ["emergency", "high"] }],
            emergency_words: "Help is on its way.",
          },
        },
      },
    });
    const call = flow.dial(stays);
    await until("the caller hears the agent", () => call.playedMs() > 500, 20_000);
    const path = `/api/calls/${call.callSid}/escalate`;
    expect((await ask(flow, path, { urgency: "at once" })).status).toBe(400);
    expect((await ask(flow, path, { urgency: "emergency" }, OTHERS_KEY)).status).toBe(404);
    const asked = await ask(flow, path, { reason: "seen on the camera", urgency: "emergency" });
    expect(asked).toMatchObject({ status: 202, body: { command: "escalate", status: "accepted" } });
    const result = await call.done;
    expect(complaints(result)).toEqual([]);
    expect(result.dials.map(({ number }) => number)).toEqual(["+15550009999"]);
    await until("its outcome is known", () => flow.log.lines.some(({ message }) => message === "call ended"), 20_000);
    const record = await flow.record(call.callSid);
    expect(record.endReason).toBe("transferred");
    expect(record.replies.map(({ heard }) => heard).join(" ")).toContain("Help is on its way.");
    expect(record.escalations).toEqual([
      expect.objectContaining({
        trigger: "manual",
        urgency: "emergency",
        reason: "seen on the camera",
        contact: "duty",
        mode: "cold",
        outcome: "answered",
      }),
    ]);
    expect(await flow.metric("voice_escalations_total", { trigger: "manual", urgency: "emergency" })).toBe(1);
    expect((await ask(flow, path)).status).toBe(409);
  }),
);

test(
  "a recording is paused and gone on with; where nothing is recorded that is refused",
  sideBySide(async (start) => {
    const folder = await emptyFolder();
    try {
      const flow = await start({
        settings: { ...SETTINGS, DATA_DIR: folder.path },
        organizations: {
          default: { recording: { enabled: true, consent: "announce", notice: "This call is recorded." } },
        },
      });
      const call = flow.dial(stays);
      const path = `/api/calls/${call.callSid}/recording`;
      const steer = async (action: string): Promise<number> => (await ask(flow, path, { action })).status;
      let isPaused = false;
      await until(
        "it is being recorded",
        () => {
          void steer("pause").then((status) => (isPaused ||= status === 202));
          return isPaused;
        },
        20_000,
      );
      expect(await steer("pause")).toBe(409);
      expect(await steer("resume")).toBe(202);
      expect(await steer("resume")).toBe(409);
      expect(await steer("stop")).toBe(400);
      expect((await ask(flow, path, { action: "pause" }, OTHERS_KEY)).status).toBe(404);
      await ask(flow, `/api/calls/${call.callSid}/end`);
      await call.done;
      const { timeline, recording } = await flow.record(call.callSid);
      const told = timeline.map(({ what }) => what).filter((what) => what.startsWith("recording "));
      expect(told).toEqual(expect.arrayContaining(["recording begins", "recording paused", "recording goes on"]));
      expect(recording?.durationMs).toBeGreaterThan(0);
    } finally {
      await folder.remove();
    }
    const { flow, call } = await greeted(start);
    expect((await ask(flow, `/api/calls/${call.callSid}/recording`, { action: "pause" })).status).toBe(409);
    call.hangUp();
    await call.done;
  }),
);
