// Whole calls of organizations: a number leads to its organization's words, voice and assistant; a change is for the next call;
// closed hours; an organization's own limits.
import type { Flow, OrganizationInput } from "./kit.ts";
import { answer, complaints, heardReplies, listen, sideBySide, words } from "./kit.ts";
import type { SimCall } from "../../src/sim/twilio/index.ts";
import { until } from "../support/until.ts";

const CLINIC_NUMBER = "+15550004444";
const GARAGE_NUMBER = "+15550005555";
const CLINIC_HUMAN = "+15550006666";

const CLINIC: OrganizationInput = {
  name: "Lakeside Clinic",
  numbers: [CLINIC_NUMBER],
  greeting: "Lakeside Clinic, this is the assistant, an AI. What can I do for you?",
  persona: "You are Nora of Lakeside Clinic.",
  facts: ["The clinic is at 12 Lake Road."],
  voice: { name: "cedar", speed: 1.1 },
  turn_detection: { type: "server_vad", silence_duration_ms: 400 },
  thread: { model: "gpt-5.6-sol" },
  escalation: { contacts: [{ name: "Front desk", number: CLINIC_HUMAN }] },
};
const GARAGE: OrganizationInput = {
  name: "Ada's Garage",
  numbers: [GARAGE_NUMBER],
  greeting: "Ada's Garage, you are speaking with an AI. How can I help?",
};

const GOODBYE = [...answer("goodbye"), { do: "wait-for-hang-up", timeoutMs: 20_000 } as const];
const ASK = [...answer("opening-hours"), ...GOODBYE];

/** The instructions the assistant was given, request by request. */
function instructions(flow: Flow): string[] {
  return flow.openai.requests
    .filter(({ path }) => path.endsWith("/responses"))
    .map(({ body }) => (body as { instructions: string }).instructions);
}
const models = (flow: Flow): string[] =>
  flow.openai.requests
    .filter(({ path }) => path.endsWith("/responses"))
    .map(({ body }) => (body as { model: string }).model);

/** The session that a call spoke with: the one that heard it. */
const sessionOf = (flow: Flow) => flow.openai.sessions.findLast((session) => session.inputMs > 1000);

const rendered = (flow: Flow): number =>
  flow.log.lines.filter(({ message, fields }) => message === "clip rendered" && fields.clip === "greeting").length;

/** The call is under way, its greeting said. */
async function whenListening(flow: Flow, { callSid }: SimCall): Promise<void> {
  let said = 0;
  await until("the greeting was heard", () => {
    void flow.app.store.findByCarrierId(callSid).then((record) => (said = record?.replies.length ?? 0));
    return said > 0;
  });
}

test(
  "a number is answered with its organization's words, voice and assistant, others as they were",
  sideBySide(async (start) => {
    const flow = await start({ organizations: { clinic: CLINIC, garage: GARAGE } });
    const clinic = await flow.run(ASK, { to: CLINIC_NUMBER });
    expect(complaints(clinic.result)).toEqual([]);
    expect(clinic.record).toMatchObject({ orgId: "clinic", to: CLINIC_NUMBER, endReason: "agent-hangup" });
    expect(heardReplies(clinic.record, "greeting")).toEqual([CLINIC.greeting]);
    expect(sessionOf(flow)?.config).toMatchObject({
      audio: {
        input: { turn_detection: { type: "server_vad", silence_duration_ms: 400 } },
        output: { voice: "cedar", speed: 1.1 },
      },
    });
    expect(new Set(models(flow))).toEqual(new Set(["gpt-5.6-sol"]));
    expect(new Set(instructions(flow)).size).toBe(1);
    expect(instructions(flow)[0]).toMatch(/Lakeside Clinic[\s\S]*You are Nora[\s\S]*12 Lake Road/);

    const garage = await flow.run(ASK, { to: GARAGE_NUMBER });
    expect(garage.record.orgId).toBe("garage");
    expect(heardReplies(garage.record, "greeting")).toEqual([GARAGE.greeting]);
    expect(sessionOf(flow)?.config).toMatchObject({ audio: { output: { voice: "marin", speed: 1 } } });
    expect(instructions(flow).at(-1)).toMatch(/Ada's Garage/);
    expect(instructions(flow).at(-1)).not.toMatch(/Nora|Lake Road/);

    const other = await flow.run(ASK);
    expect(other.record.orgId).toBe("default");
    expect(heardReplies(other.record, "greeting")).toEqual([
      "Hello, thanks for calling. I am an AI assistant. How can I help you?",
    ]);
    expect(instructions(flow).at(-1)).not.toMatch(/Garage|Clinic/);
  }),
);

test(
  "in speech-to-speech the voice gets the same instructions, and knows what it greeted with",
  sideBySide(async (start) => {
    const flow = await start({
      organizations: { clinic: { ...CLINIC, voice: { mode: "speech-to-speech", name: "cedar" } }, garage: GARAGE },
    });
    const { record } = await flow.run(ASK, { to: CLINIC_NUMBER });
    expect(record.endReason).toBe("agent-hangup");
    const session = sessionOf(flow);
    expect(session?.config.instructions).toMatch(/Lakeside Clinic[\s\S]*You are Nora[\s\S]*12 Lake Road[\s\S]*Now\n/);
    expect(session?.config.tools?.map(({ name }) => name)).toEqual([
      "end_call",
      "complete_intake",
      "escalate",
      "transfer_call",
    ]);
    expect(JSON.stringify(session?.received.of("conversation.item.create"))).toContain("Lakeside Clinic, this is");
    expect(instructions(flow)).toEqual([]);
    // The other organization thinks as before.
    await flow.run(ASK, { to: GARAGE_NUMBER });
    expect(instructions(flow).length).toBeGreaterThan(0);
    expect(sessionOf(flow)?.config.instructions).toMatch(/word for word/);
  }),
);

test(
  "a person is dialled at the number of the organization that was called",
  sideBySide(async (start) => {
    const flow = await start({ organizations: { clinic: CLINIC }, settings: { TRANSFER_NUMBER: "+15550003333" } });
    const { result, record } = await flow.run([...answer("person"), { do: "wait-for-hang-up", timeoutMs: 30_000 }], {
      to: CLINIC_NUMBER,
    });
    expect(record.endReason).toBe("transferred");
    expect(result.dials.map(({ number }) => number)).toEqual([CLINIC_HUMAN]);
  }),
);

test(
  "a greeting is rendered ahead: spoken live until then, from the recording afterwards",
  sideBySide(async (start) => {
    const flow = await start({ organizations: { garage: GARAGE } });
    await until("the greeting is rendered", () => rendered(flow) === 1);
    const { record } = await flow.run(GOODBYE, { to: GARAGE_NUMBER });
    expect(heardReplies(record, "greeting")).toEqual([GARAGE.greeting]);
    const asked = JSON.stringify(sessionOf(flow)?.received.of("response.create"));
    expect(asked).not.toContain("Garage");

    const greeting = "Hello from Ada's Garage, an AI is listening. What is it about?";
    await flow.app.organizations.merge("garage", { greeting }, { by: "ada", mayCreate: false });
    await until("the new greeting is rendered", () => rendered(flow) === 2);
    const again = await flow.run(GOODBYE, { to: GARAGE_NUMBER });
    expect(heardReplies(again.record, "greeting")).toEqual([greeting]);
    expect(JSON.stringify(sessionOf(flow)?.received.of("response.create"))).not.toContain("Hello from");
  }),
);

test(
  "a change is for the next call: one that is live keeps what it began with",
  sideBySide(async (start) => {
    const flow = await start({ organizations: { garage: { ...GARAGE, facts: ["We close at six."] } } });
    const call = flow.dial(
      [listen(), { do: "pause", ms: 3000 }, { do: "say", ...words("opening-hours") }, ...GOODBYE],
      {
        to: GARAGE_NUMBER,
      },
    );
    await whenListening(flow, call);
    const changed = await flow.app.organizations.merge(
      "garage",
      { facts: ["We close at eight."], greeting: "New words from an AI.", voice: { name: "cedar" } },
      { by: "ada", mayCreate: false },
    );
    expect(changed).toMatchObject({ kind: "stored", row: { version: 2 } });
    await call.done;
    const live = await flow.record(call.callSid);
    expect(live.turns.length).toBeGreaterThan(0);
    expect(instructions(flow).length).toBeGreaterThan(0);
    for (const text of instructions(flow)) expect(text).toMatch(/close at six/);
    expect(sessionOf(flow)?.config).toMatchObject({ audio: { output: { voice: "marin" } } });

    const { record } = await flow.run(ASK, { to: GARAGE_NUMBER });
    expect(heardReplies(record, "greeting")).toEqual(["New words from an AI."]);
    expect(instructions(flow).at(-1)).toMatch(/close at eight/);
    expect(sessionOf(flow)?.config).toMatchObject({ audio: { output: { voice: "cedar" } } });
  }),
);

describe("outside of opening hours", () => {
  const closed = (after_hours: NonNullable<OrganizationInput["hours"]>["after_hours"]): OrganizationInput => ({
    ...CLINIC,
    hours: { timezone: "Europe/Vienna", open: [], after_hours },
  });

  test(
    "hang_up: the words are heard to their end, then the line is closed",
    sideBySide(async (start) => {
      const goodbye = "Lakeside Clinic is closed. This is an automatic voice. Please call again tomorrow. Goodbye.";
      const flow = await start({ organizations: { clinic: closed({ behaviour: "hang_up", greeting: goodbye }) } });
      // Whoever speaks into it does not keep the line.
      const { result, record } = await flow.run(
        [
          { do: "pause", ms: 1500 },
          { do: "say", ...words("hello-early") },
          { do: "wait-for-hang-up", timeoutMs: 30_000 },
        ],
        { to: CLINIC_NUMBER },
      );
      expect(complaints(result)).toEqual([]);
      expect(record).toMatchObject({ endReason: "after-hours", status: "completed" });
      expect(result.endedBy).toBe("hangup-verb");
      expect(record.replies.map(({ kind, heard, cut }) => [kind, heard, cut])).toEqual([["greeting", goodbye, ""]]);
      expect(flow.openai.requests.filter(({ path }) => /responses|conversations/.test(path))).toEqual([]);
    }),
  );

  test(
    "message: the agent takes messages and connects nobody",
    sideBySide(async (start) => {
      const flow = await start({ organizations: { clinic: closed({ behaviour: "message" }) } });
      const { record } = await flow.run(ASK, { to: CLINIC_NUMBER });
      expect(heardReplies(record, "greeting")).toEqual([CLINIC.greeting]);
      expect(instructions(flow)[0]).toMatch(/The business is closed\.[\s\S]*only messages are taken/);
      expect(instructions(flow)[0]).not.toMatch(/transfer_call/);
    }),
  );

  test(
    "answer: as always, and the agent knows",
    sideBySide(async (start) => {
      const greeting = "We are closed, but I am an AI and always here.";
      const flow = await start({ organizations: { clinic: closed({ behaviour: "answer", greeting }) } });
      const { record } = await flow.run(ASK, { to: CLINIC_NUMBER });
      expect(heardReplies(record, "greeting")).toEqual([greeting]);
      expect(instructions(flow)[0]).toMatch(/The business is closed\./);
      expect(instructions(flow)[0]).toMatch(/call escalate/);
      expect(instructions(flow)[0]).not.toMatch(/only messages/);
    }),
  );
});

test(
  "an organization at its own limit of calls is busy, others are answered",
  sideBySide(async (start) => {
    const flow = await start({
      organizations: { clinic: { ...CLINIC, limits: { concurrent_calls: 1 } }, garage: GARAGE },
    });
    const first = flow.dial([{ do: "wait-for-hang-up", timeoutMs: 60_000 }], { to: CLINIC_NUMBER });
    await whenListening(flow, first);
    const second = await flow.run([{ do: "wait-for-hang-up", timeoutMs: 20_000 }], { to: CLINIC_NUMBER });
    expect(second.record).toMatchObject({ orgId: "clinic", endReason: "rejected" });
    expect(second.result.says.join(" ")).toMatch(/lines are busy/);
    const other = await flow.run(GOODBYE, { to: GARAGE_NUMBER });
    expect(other.record.endReason).toBe("agent-hangup");
    first.hangUp();
    await first.done;
    await flow.record(first.callSid);
    const third = await flow.run(GOODBYE, { to: CLINIC_NUMBER });
    expect(third.record.endReason).toBe("agent-hangup");
    expect(await flow.metric("voice_admission_rejected_total", { cause: "organization" })).toBe(1);
  }),
);

test(
  "an organization's own limit of minutes ends the call with a notice",
  sideBySide(async (start) => {
    const flow = await start({ organizations: { clinic: { ...CLINIC, limits: { call_minutes: 0.5 } } } });
    const { record } = await flow.run([{ do: "wait-for-hang-up", timeoutMs: 60_000 }], { to: CLINIC_NUMBER });
    expect(record.endReason).toBe("time-limit");
    expect(heardReplies(record, "notice").join(" ")).toMatch(/out of time/);
  }),
);
