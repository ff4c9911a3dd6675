// The voice in speech-to-speech mode against the simulated OpenAI: the engine answers, and the bridge says when.
import { startOpenAISim, type Brain, type OpenAISim } from "../../src/sim/openai/index.ts";
import { until } from "../support/until.ts";
import { SPEECH_TO_SPEECH, kit, speakInto, type HeardVoice, type Kit } from "./voice-kit.ts";

let sim: OpenAISim;
let bench: Kit;

beforeEach(async () => {
  sim = await startOpenAISim({ timing: { pace: Infinity } });
  bench = kit(sim.baseUrl, { settings: SPEECH_TO_SPEECH });
});

afterEach(async () => {
  await bench.done();
  await until("all sockets released", () => sim.counts.open === 0);
  await sim.close();
});

/** A ready voice that has just heard a turn. */
async function asked(words: string, brain: Brain): Promise<HeardVoice> {
  sim.script = { transcripts: [words, words, words], brain };
  const voice = bench.open();
  await voice.next("voice.ready");
  speakInto(voice, 400, 600);
  await voice.next("voice.committed");
  return voice;
}

test("a reply is told from its start to its end, with its words and its place in the conversation", async () => {
  const voice = await asked("When do you open?", () => "We open at nine. We close at five.");
  voice.respond();
  const { speechId } = await voice.next("voice.reply-started");
  const spoken = await voice.next("voice.spoken");
  expect(spoken).toEqual({
    type: "voice.spoken",
    speechId,
    status: "completed",
    text: "We open at nine. We close at five.",
  });
  const words = voice.all("voice.words");
  expect(words.map((event) => event.delta).join("")).toBe(spoken.text);
  const session = await sim.session(0);
  const item = session.conversation.items.at(-1);
  expect(item).toMatchObject({ role: "assistant" });
  const parts = [...words, ...voice.all("voice.audio")].map((event) => event.part);
  expect(new Set(parts.map((part) => JSON.stringify(part)))).toEqual(
    new Set([JSON.stringify({ itemId: item?.id, contentIndex: 0 })]),
  );
  expect([...words, ...voice.all("voice.audio")].every((event) => event.speechId === speechId)).toBe(true);
});

test("it does not answer before it is told to", async () => {
  const voice = await asked("Hm", () => "Yes?");
  await voice.next("voice.heard");
  expect((await sim.session(0)).sent.of("response.created")).toEqual([]);
});

test("history stands in the conversation before the voice is ready", async () => {
  sim.script = { brain: ({ history }) => history.map((line) => `${line.role}: ${line.text}`).join(" | ") };
  const voice = bench.open({
    history: [
      { role: "agent", text: "Hello." },
      { role: "caller", text: "Hi there." },
    ],
  });
  await voice.next("voice.ready");
  voice.respond();
  expect((await voice.next("voice.spoken")).text).toBe("assistant: Hello. | user: Hi there.");
});

test("a key press or a note is told to the engine, in order", async () => {
  sim.script = { brain: ({ text, notes }) => `${text} ${notes.join(" ")}` };
  const voice = bench.open();
  voice.tell("user", "[keypad] 5");
  voice.tell("system", "The caller is in a hurry.");
  voice.respond();
  expect((await voice.next("voice.spoken")).text).toBe("[keypad] 5 The caller is in a hurry.");
});

describe("tools", () => {
  const TWO_CALLS: Brain = ({ toolOutputs }) =>
    toolOutputs.length > 0
      ? `Done: ${toolOutputs.map((output) => output.output).join(", ")}`
      : { text: "One moment.", tools: [1, 2].map((n) => ({ name: "end_call", args: { reason: `r${n}` } })) };

  test("whole calls are told in order, after the words and before the end of the reply", async () => {
    const voice = await asked("Bye", TWO_CALLS);
    voice.respond();
    const { speechId } = await voice.next("voice.spoken");
    const calls = voice.all("voice.tool-call");
    expect(calls.map((call) => [call.speechId, call.name, call.arguments])).toEqual([
      [speechId, "end_call", '{"reason":"r1"}'],
      [speechId, "end_call", '{"reason":"r2"}'],
    ]);
    const kinds = voice.events.map((event) => event.type);
    expect(kinds.lastIndexOf("voice.audio")).toBeLessThan(kinds.indexOf("voice.tool-call"));
    expect(kinds.lastIndexOf("voice.tool-call")).toBeLessThan(kinds.indexOf("voice.spoken"));

    for (const [index, call] of calls.entries()) voice.answerTool(call.callId, `ok${index}`);
    voice.respond();
    expect((await voice.next("voice.spoken")).text).toBe("Done: ok0, ok1");
    expect((await sim.session(0)).sent.of("error")).toEqual([]);
  });

  test("a call of a reply that was cut is not run, and not left without a result", async () => {
    sim.timing = { ...sim.timing, pace: 0.1 };
    const voice = await asked("Bye", TWO_CALLS);
    const session = await sim.session(0);
    voice.respond();
    await session.sent.waitFor(
      (entry) =>
        JSON.stringify(entry.event).includes("function_call_arguments.done") ||
        entry.type === "response.output_audio.delta",
    );
    const { speechId } = await voice.next("voice.reply-started");
    // The server finished one call before it learned of the cut.
    session.send("response.output_item.done", {
      response_id: speechId,
      output_index: 1,
      item: {
        id: "i",
        type: "function_call",
        status: "completed",
        call_id: "call_x",
        name: "end_call",
        arguments: "{}",
      },
    });
    voice.cancel(speechId);
    await voice.next("voice.spoken");
    expect(voice.all("voice.tool-call")).toEqual([]);
    const output = await session.received.waitFor("conversation.item.create");
    expect(output.event.item).toMatchObject({ type: "function_call_output", call_id: "call_x" });
  });

  test("a call cut in the middle of its arguments is none", async () => {
    const voice = await asked("Bye", () => "Well.");
    const session = await sim.session(0);
    voice.respond();
    const { speechId } = await voice.next("voice.reply-started");
    const item = {
      id: "i",
      type: "function_call",
      status: "incomplete",
      call_id: "c",
      name: "end_call",
      arguments: '{"re',
    };
    session.send("response.output_item.done", { response_id: speechId, output_index: 1, item });
    await voice.next("voice.spoken");
    expect(voice.all("voice.tool-call")).toEqual([]);
  });
});

describe("one answer at a time", () => {
  test("asked during a reply, the next one begins after its end", async () => {
    sim.timing = { ...sim.timing, pace: 0.1 };
    let count = 0;
    const voice = await asked("Hello", () => `Reply number ${++count} is here.`);
    voice.respond();
    await voice.next("voice.audio");
    voice.respond();
    voice.respond();
    sim.timing = { ...sim.timing, pace: Infinity };
    expect((await voice.next("voice.spoken")).text).toContain("1");
    expect((await voice.next("voice.spoken")).text).toContain("2");
    const session = await sim.session(0);
    expect(session.received.of("response.create")).toHaveLength(2);
    expect(session.sent.of("error")).toEqual([]);
    expect(session.activeResponses).toEqual([]);
  });

  test("a server that is busy after all is asked again, a bounded number of times", async () => {
    sim.faults = {
      refuseEvent: { type: "response.create", error: { code: "conversation_already_has_active_response" } },
    };
    await bench.done();
    bench = kit(sim.baseUrl, { settings: SPEECH_TO_SPEECH, speed: 10 });
    const voice = bench.open();
    await voice.next("voice.ready");
    voice.respond();
    expect(await voice.next("voice.trouble")).toMatchObject({ code: "conversation_already_has_active_response" });
    const session = await sim.session(0);
    expect(session.received.of("response.create")).toHaveLength(3);
    sim.faults = {};
    voice.respond();
    expect(await voice.next("voice.spoken")).toMatchObject({ status: "completed" });
  });

  test("an exact sentence can be spoken while the engine answers", async () => {
    sim.timing = { ...sim.timing, pace: 20 };
    const voice = await asked("Hello", () => "This answer takes a good while to say in full.");
    voice.respond();
    const { speechId } = await voice.next("voice.reply-started");
    voice.say("notice", "Two minutes left.");
    const ended = [await voice.next("voice.spoken"), await voice.next("voice.spoken")];
    expect(ended.map((event) => event.speechId).sort()).toEqual(["notice", speechId].sort());
    expect(ended.every((event) => event.status === "completed")).toBe(true);
  });
});

describe("cutting a reply", () => {
  test("cancel and truncate leave the engine believing only what was heard", async () => {
    sim.timing = { ...sim.timing, pace: 10, deltaMs: 100 };
    const voice = await asked("Hello", () => "A reply that goes on and on until somebody cuts it short. ".repeat(40));
    voice.respond();
    const { part, speechId } = await voice.next("voice.audio");
    await until("some audio", () => voice.all("voice.audio").length > 8);
    voice.cancel(speechId);
    expect(await voice.next("voice.spoken")).toMatchObject({ status: "cancelled" });
    if (!part) throw new Error("a reply's audio has no part");
    voice.truncate(part, 432.9);
    const session = await sim.session(0);
    const truncated = await session.sent.waitFor("conversation.item.truncated");
    expect(truncated.event).toMatchObject({ item_id: part.itemId, content_index: 0, audio_end_ms: 432 });
    expect(session.sent.of("error")).toEqual([]);
  });

  test("a truncation never asks for more than there is", async () => {
    const voice = await asked("Hello", () => "Short.");
    voice.respond();
    const { part } = await voice.next("voice.audio");
    await voice.next("voice.spoken");
    if (!part) throw new Error("a reply's audio has no part");
    voice.truncate(part, 3_600_000);
    const session = await sim.session(0);
    const { event } = await session.sent.waitFor("conversation.item.truncated");
    const bytes = Buffer.concat(voice.all("voice.audio").map(({ payload }) => Buffer.from(payload, "base64"))).length;
    expect(event.audio_end_ms).toBe(Math.floor(bytes / 8));
  });

  test("a reply nobody heard any of is taken out of the conversation", async () => {
    const voice = await asked("Hello", () => "Never heard.");
    voice.respond();
    const { part } = await voice.next("voice.audio");
    await voice.next("voice.spoken");
    if (!part) throw new Error("a reply's audio has no part");
    voice.truncate(part, 0.4);
    const session = await sim.session(0);
    expect((await session.sent.waitFor("conversation.item.deleted")).event.item_id).toBe(part.itemId);
  });

  test("an item the engine does not know is trouble, not the end", async () => {
    const voice = await asked("Hello", () => "Fine.");
    voice.truncate({ itemId: "item_nobody", contentIndex: 0 }, 100);
    await voice.next("voice.trouble");
    voice.respond();
    expect(await voice.next("voice.spoken")).toMatchObject({ status: "completed" });
  });
});
