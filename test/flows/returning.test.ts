// Calls that lose their stream and get another one: the caller hears why, and goes on from what was said.
import type { SimCall } from "../../src/sim/twilio/index.ts";
import { until } from "../support/until.ts";
import { answer, heardReplies, HUMAN, listen, say, sideBySide, type Flow } from "./kit.ts";

/** When the caller begins with this step of the script. */
const atStep = (call: SimCall, index: number) =>
  call.waitFor((entry) => entry.kind === "step" && entry.index === index);

async function expectOver(flow: Flow): Promise<void> {
  expect(await flow.callsActive()).toBe(0);
  expect(await flow.metric("voice_calls_active")).toBe(0);
}

const BOOKS = [...answer("book-oil-change"), listen(), { do: "pause", ms: 10_000 } as const];

for (const mode of ["assistant", "speech-to-speech"])
  test(
    `a stream that breaks is replaced, and the conversation goes on (${mode})`,
    sideBySide(async (start) => {
      const flow = await start({ settings: { VOICE_MODE: mode } });
      const call = flow.dial([...BOOKS, say("tuesday-at-nine"), ...answer("goodbye"), { do: "wait-for-hang-up" }]);
      await atStep(call, BOOKS.length - 1);
      call.abort();
      const result = await call.done;
      const record = await flow.record(call.callSid);
      expect(result.streams).toHaveLength(2);
      expect(record.endReason).toBe("agent-hangup");
      expect(record.turns.map(({ turn }) => turn)).toEqual([1, 2, 3]);
      expect(heardReplies(record, "greeting")).toHaveLength(1);
      expect(heardReplies(record, "notice")).toEqual([expect.stringContaining("cut off")]);
      // A day means nothing to somebody who does not know what it is for.
      expect(heardReplies(record)[1]).toMatch(/Tuesday at nine/);
      expect(record.timeline.map(({ what }) => what)).toEqual(
        expect.arrayContaining(["interrupted", "resumed", "end"]),
      );
      expect(record.timeline.filter(({ what }) => what === "end")).toHaveLength(1);
      // What was used before counts on, and is billed once.
      const heard = flow.openai.sessions.flatMap(({ sent }) =>
        sent.of("conversation.item.input_audio_transcription.completed"),
      );
      expect(heard).toHaveLength(3);
      const used = heard.map(({ event }) => event.usage as { readonly total_tokens: number });
      const tokens = used.reduce((sum, { total_tokens }) => sum + total_tokens, 0);
      expect(record.usage.transcription_tokens).toBe(tokens);
      // Times are those of the one call.
      const times = record.timeline.map(({ atMs }) => atMs);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(await flow.metric("voice_calls_resumed_total", { cause: "line" })).toBe(1);
      expect(await flow.metric("voice_calls_started_total")).toBe(1);
      expect(await flow.metric("voice_calls_ended_total")).toBe(1);
      await expectOver(flow);
    }),
  );

test(
  "a human who does not answer gives the caller back to the agent, in the same record",
  sideBySide(async (start) => {
    const flow = await start({
      settings: { TRANSFER_NUMBER: HUMAN },
      dialOutcome: { status: "no-answer", ringMs: 1000, talkMs: 0 },
    });
    const call = flow.dial([...answer("person"), { do: "wait-for-hang-up", timeoutMs: 60_000 }]);
    const saysOften = (text: string): number => flow.log.lines.filter(({ message }) => message === text).length;
    await until("the call goes on", () => saysOften("the call goes on") === 1, 20_000);
    const backAt = call.nowMs();
    const between = await flow.app.store.findByCarrierId(call.callSid);
    expect(between).toMatchObject({ status: "in-progress", phase: "intake" });
    expect([between?.endedAt, between?.endReason]).toEqual([undefined, undefined]);
    expect(between?.escalations.map(({ outcome }) => outcome)).toEqual(["no-answer"]);
    await call.waitFor((entry) => entry.kind === "agent-silent" && entry.atMs > backAt, { timeoutMs: 30_000 });
    call.hangUp();
    await call.done;
    await until("the call is over", () => saysOften("call ended") === 2);
    const record = await flow.record(call.callSid);
    expect(record.endReason).toBe("caller-hangup");
    expect(heardReplies(record, "greeting")).toHaveLength(1);
    expect(heardReplies(record, "notice").join(" ")).toMatch(/nobody could take your call/);
    expect(await flow.metric("voice_calls_resumed_total", { cause: "human" })).toBe(1);
    await expectOver(flow);
  }),
);

test(
  "a stream that breaks as soon as it is there, twice: an apology, and the human",
  sideBySide(async (start) => {
    const flow = await start({
      settings: { TRANSFER_NUMBER: HUMAN },
      dialOutcome: { status: "completed", ringMs: 500, talkMs: 500 },
    });
    const { result, record } = await flow.run([{ do: "wait-for-hang-up", timeoutMs: 60_000 }], {
      faults: { abruptCloseAtMs: 2500 },
    });
    expect(result.streams).toHaveLength(2);
    expect(record.endReason).toBe("line-lost");
    expect(result.says).toEqual([expect.stringContaining("technical trouble")]);
    expect(result.dials.map(({ number }) => number)).toEqual([HUMAN]);
    await expectOver(flow);
  }),
);
