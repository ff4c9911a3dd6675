// Whole calls in virtual time: the greeting, turns and their answers, sentence by sentence; words that are added, keys, silence.
import { fakeCall, GREETING, type FakeCall } from "../support/fake-call.ts";
import { streamed } from "../support/fake-thread.ts";

const ANSWER = "We are open until six. On Saturdays we close at two. Is there anything else I can do for you?";

let call: FakeCall;
afterEach(() => call.over());

function names(): string[] {
  return call.heardNames().map(({ what }) => what);
}

describe("the greeting", () => {
  test("is heard at once, although no voice is ready", async () => {
    call = await fakeCall({ voices: { voice: () => ({ readyMs: 900 }) } });
    await call.run(100);
    expect(call.line.calls[0]).toMatchObject({ at: call.time.now() - 100, what: "play" });
    expect(names()).toEqual(["clip:greeting"]);
    expect(call.call.phase()).toBe("greeting");
    await call.greeted();
    expect(call.replies()).toMatchObject([{ kind: "greeting", heard: GREETING, interrupted: false, startedAtMs: 0 }]);
  });

  test("is not cut by an early hello, which needs no answer", async () => {
    call = await fakeCall();
    await call.run(400);
    call.caller.speaks("Hello?", { ms: 400 });
    await call.run(9000);
    expect(names()).toEqual(["clip:greeting"]);
    expect(call.line.calls.filter(({ what }) => what === "clear")).toEqual([]);
    expect(call.thread.asked).toEqual([]);
    expect(call.replies("greeting")[0]).toMatchObject({ interrupted: false, heardMs: 2700 });
  });

  test("is heard to its end before the answer to a question that was put into it", async () => {
    call = await fakeCall({ reply: () => ANSWER });
    await call.run(300);
    call.caller.speaks("When do you close today?", { ms: 900 });
    await call.untilHeard("Is there anything");
    expect(names().slice(0, 2)).toEqual(["clip:greeting", "We are open until six."]);
    expect(call.thread.asked).toMatchObject([{ text: "When do you close today?" }]);
    expect(call.replies("greeting")[0]).toMatchObject({ interrupted: false });
  });

  test("is spoken live when there is no clip of it", async () => {
    call = await fakeCall({ clips: (id) => id !== "greeting" });
    await call.untilHeard(GREETING);
    expect(call.sinceStart()).toBeLessThan(600);
    await call.greeted();
    expect(call.replies("greeting")[0]).toMatchObject({ heard: GREETING, interrupted: false });
  });

  test("what the caller said before the voice was ready is answered", async () => {
    call = await fakeCall({ voices: { voice: () => ({ readyMs: 2500 }) }, reply: () => ANSWER });
    await call.run(100);
    call.caller.speaks("Hi, I want to book a table for two people", { ms: 2000 });
    await call.untilHeard("We are open", 20_000);
    expect(call.thread.asked[0]?.text).toBe("Hi, I want to book a table for two people");
  });

  test("with a prewarmed voice the caller waits for nothing", async () => {
    call = await fakeCall({ prewarmMs: 400, reply: () => ANSWER });
    await call.greeted();
    call.caller.speaks("When do you close?");
    await call.untilHeard("We are open");
    expect(call.voices.voices).toHaveLength(1);
  });
});

describe("a turn", () => {
  test("is answered sentence by sentence, one say at a time, in growing pieces", async () => {
    const long = `${ANSWER} It is easy to find. You can park behind the house. The bus stops at the door.`;
    call = await fakeCall({ reply: () => long });
    await call.greeted();
    call.caller.speaks("When do you close?");
    await call.untilHeard("The bus stops", 40_000);
    await call.run(8000);
    const said = call.voices.spoken.map(({ text }) => text);
    expect(said[0]).toBe("We are open until six.");
    expect(said.join(" ")).toBe(long);
    expect(said.length).toBeLessThan(6);
    expect(call.replies("reply")).toMatchObject([
      { generated: long, sent: long, heard: long, cut: "", interrupted: false },
    ]);
    expect(call.call.phase()).toBe("listening");
  });

  test("has a mark behind every 200 ms of audio, each with a name of its own", async () => {
    call = await fakeCall({ reply: () => ANSWER });
    await call.greeted();
    call.caller.speaks("When do you close?");
    await call.untilHeard("Is there anything else", 40_000);
    await call.run(4000);
    const names = new Set<string>();
    const between: number[] = [];
    let unmarked = 0;
    for (const { what, bytes, name } of call.line.calls) {
      if (what === "play") unmarked += bytes;
      if (what !== "mark") continue;
      names.add(name as string);
      between.push(unmarked);
      unmarked = 0;
    }
    // A clip goes out in one piece; what the voice speaks comes in pieces of up to 270 ms here, which are marked whole.
    const ofReply = between.slice(1);
    expect(ofReply.length).toBeGreaterThan(20);
    expect(Math.max(...ofReply)).toBeLessThanOrEqual((200 + 270) * 8);
    expect(names.size).toBe(between.length);
    expect(unmarked).toBe(0);
  });

  test("is recorded with its words, its end and the time to the first audio", async () => {
    call = await fakeCall({ reply: () => ANSWER });
    await call.greeted();
    call.caller.speaks("When do you close?", { ms: 1000, transcriptMs: 200 });
    await call.untilHeard("We are open");
    const { turns } = call.record();
    expect(turns).toMatchObject([{ turn: 1, by: "speech", text: "When do you close?" }]);
    expect(turns[0]?.cause).toBeUndefined();
    // Transcript 200, assistant 300 and a sentence's words at 20, voice 30 and 200, all in ms.
    expect(turns[0]?.latencyMs).toBeGreaterThanOrEqual(700);
    expect(turns[0]?.latencyMs).toBeLessThanOrEqual(900);
  });

  test("its first sentence does not wait for the second", async () => {
    call = await fakeCall({
      reply: () => [{ wait: 200 }, { text: "We are open until six. " }, { wait: 5000 }, { text: "Anything else?" }],
    });
    await call.greeted();
    call.caller.speaks("When do you close?");
    await call.untilHeard("We are open", 3000);
  });

  test("a short second sentence is said when the first is nearly over, not when a third completes the piece", async () => {
    call = await fakeCall({
      reply: () => [
        ...streamed("We are open until six. On Saturdays we close at two. "),
        { wait: 9000 },
        { text: "Anything else?" },
      ],
    });
    await call.greeted();
    call.caller.speaks("When do you close?");
    await call.untilHeard("On Saturdays", 5000);
    const [first, second] = call.heardNames().filter(({ what }) => !what.startsWith("clip:"));
    expect((second?.at ?? 0) - (first?.at ?? 0) - (first?.ms ?? 0)).toBeLessThan(300);
  });

  test("what was written before a tool is said while the tool runs", async () => {
    const slow = {
      name: "look_up",
      description: "",
      parameters: {},
      timeoutMs: 20_000,
      run: () => new Promise(() => {}),
    };
    call = await fakeCall({ tools: [slow], reply: () => [...streamed("Let me look that up."), { tool: "look_up" }] });
    await call.greeted();
    call.caller.speaks("When do you close?");
    await call.untilHeard("Let me look that up", 3000);
  });

  test("the next one is the next turn, and no correction is made up", async () => {
    call = await fakeCall({ reply: (_input, number) => `Answer number ${number}.` });
    await call.greeted();
    for (const number of [1, 2, 3]) {
      call.caller.speaks(`Question number ${number}?`);
      await call.untilHeard(`Answer number ${number}`);
      await call.until("quiet", () => call.call.phase() === "listening");
    }
    expect(call.thread.asked.map(({ text, correction }) => [text, correction])).toEqual([
      ["Question number 1?", undefined],
      ["Question number 2?", undefined],
      ["Question number 3?", undefined],
    ]);
    expect(call.record().turns.map(({ turn }) => turn)).toEqual([1, 2, 3]);
  });

  test("an answer without a word is apologised for", async () => {
    call = await fakeCall({ reply: () => [{ wait: 300 }] });
    await call.greeted();
    call.caller.speaks("When do you close?");
    await call.untilHeard("Sorry, something went wrong");
    await call.until("quiet", () => call.call.phase() === "listening");
    expect(call.record().turns[0]?.cause).toBe("empty-reply");
  });

  test("an answer that came late says why", async () => {
    call = await fakeCall({
      reply: (_input, number) => streamed("All right.", { firstMs: number === 1 ? 4000 : 100 }),
      voices: { speech: (_text, number) => ({ firstMs: number === 2 ? 3500 : 100 }) },
    });
    await call.greeted();
    call.caller.speaks("First question?");
    await call.untilHeard("All right", 20_000);
    await call.until("quiet", () => call.call.phase() === "listening");
    call.caller.speaks("Second question?");
    await call.until("spoken twice", () => call.replies("reply").length === 2);
    call.caller.speaks("Third question?", { transcriptMs: 2500 });
    await call.until("spoken thrice", () => call.replies("reply").length === 3);
    expect(call.record().turns.map(({ cause }) => cause)).toEqual(["late-answer", "late-voice", "late-transcript"]);
  });
});

describe("words the caller adds while the assistant thinks", () => {
  const slowly = (): ReturnType<typeof streamed> => streamed(ANSWER, { firstMs: 4000 });

  test("call the answer off, and both utterances become one turn", async () => {
    call = await fakeCall({ reply: slowly });
    await call.greeted();
    call.caller.speaks("When do you close", { ms: 1000 });
    await call.until("asked", () => call.thread.asked.length === 1);
    await call.run(200);
    call.caller.speaks("on the day before Christmas?", { ms: 1600 });
    await call.untilHeard("We are open", 20_000);
    expect(call.thread.asked).toMatchObject([
      { text: "When do you close", aborted: true },
      { text: "When do you close on the day before Christmas?", aborted: false },
    ]);
    expect(call.thread.asked[1]?.correction).toBeUndefined();
    expect(call.record().turns).toMatchObject([{ turn: 1, text: "When do you close on the day before Christmas?" }]);
  });

  test("before the first transcript has come, too", async () => {
    call = await fakeCall({ reply: slowly });
    await call.greeted();
    call.caller.speaks("When do you close", { ms: 1000, transcriptMs: 2500 });
    await call.run(1700);
    call.caller.speaks("on Christmas Eve this year?", { ms: 1500, transcriptMs: 2500 });
    await call.untilHeard("We are open", 20_000);
    const last = call.thread.asked.at(-1);
    expect(last?.text).toBe("When do you close on Christmas Eve this year?");
    expect(call.record().turns).toHaveLength(1);
  });

  test("are the next turn when a tool has acted already", async () => {
    const tool = {
      name: "book",
      description: "",
      parameters: {},
      timeoutMs: 5000,
      run: () => Promise.resolve({ booked: true }),
    };
    call = await fakeCall({
      tools: [tool],
      reply: (_input, number) =>
        number === 1 ? [{ wait: 200 }, { tool: "book" }, ...streamed("Booked.", { firstMs: 3000 })] : ANSWER,
    });
    await call.greeted();
    call.caller.speaks("Book a table", { ms: 900 });
    await call.until("the tool ran", () => call.thread.asked[0]?.outputs.length === 1);
    call.caller.speaks("and when do you close today?", { ms: 1500 });
    await call.untilHeard("We are open", 20_000);
    expect(call.thread.asked).toMatchObject([
      { text: "Book a table", aborted: false, ended: true },
      { text: "and when do you close today?" },
    ]);
    expect(call.record().turns.map(({ text }) => text)).toEqual(["Book a table", "and when do you close today?"]);
    expect(names()).toContain("Booked.");
  });

  test("a murmur into the silence changes nothing", async () => {
    call = await fakeCall({ reply: slowly });
    await call.greeted();
    call.caller.speaks("When do you close?", { ms: 1000 });
    await call.until("asked", () => call.thread.asked.length === 1);
    await call.run(300);
    call.caller.speaks("Mhm", { ms: 300 });
    await call.untilHeard("We are open", 20_000);
    expect(call.thread.asked).toMatchObject([{ aborted: false }]);
  });

  test("a cough is no word: the question is asked again", async () => {
    call = await fakeCall({ reply: slowly });
    await call.greeted();
    call.caller.speaks("When do you close?", { ms: 1000 });
    await call.until("asked", () => call.thread.asked.length === 1);
    await call.run(300);
    call.caller.speaks("Hrrrm", { ms: 2000, as: "empty" });
    await call.untilHeard("We are open", 20_000);
    expect(call.thread.asked).toMatchObject([
      { text: "When do you close?", aborted: true },
      { text: "When do you close?", aborted: false },
    ]);
  });
});

describe("fillers", () => {
  test("come after 1.5 s of silence, never the same twice running, and the answer follows", async () => {
    call = await fakeCall({ reply: () => streamed(ANSWER, { firstMs: 9000 }) });
    await call.greeted();
    call.caller.speaks("When do you close?", { transcriptMs: 100 });
    await call.untilHeard("We are open", 20_000);
    const fillers = call.heardNames().filter(({ what }) => what.startsWith("clip:filler"));
    expect(fillers.length).toBeGreaterThanOrEqual(2);
    for (const [index, { what }] of fillers.entries()) expect(what).not.toBe(fillers[index - 1]?.what);
    const [turn] = call.record().turns;
    expect((fillers[0]?.at ?? 0) - (turn?.endedAtMs ?? 0)).toBeGreaterThanOrEqual(1500);
    expect((fillers[0]?.at ?? 0) - (turn?.endedAtMs ?? 0)).toBeLessThan(1600);
    // A filler is no answer: the turn was late.
    expect(turn).toMatchObject({ cause: "late-answer" });
    expect(turn?.latencyMs).toBeGreaterThan(9000);
  });

  test("are dropped when the answer is ready", async () => {
    call = await fakeCall({ reply: () => streamed(ANSWER, { firstMs: 800 }) });
    await call.greeted();
    call.caller.speaks("When do you close?", { transcriptMs: 100 });
    await call.run(15_000);
    expect(names().filter((what) => what.startsWith("clip:filler"))).toEqual([]);
  });

  test("come while the transcript is awaited, too", async () => {
    call = await fakeCall({ reply: () => ANSWER });
    await call.greeted();
    call.caller.speaks("When do you close?", { transcriptMs: 3000 });
    await call.untilHeard("We are open", 20_000);
    expect(names()[1]).toBe("clip:filler-1");
  });

  test("come again when a tool makes the caller wait in the middle of an answer", async () => {
    const slow = {
      name: "look_up",
      description: "",
      parameters: {},
      timeoutMs: 20_000,
      run: () => new Promise((resolve) => void call.time.after(8000, () => resolve("found"))),
    };
    call = await fakeCall({
      tools: [slow],
      reply: () => [...streamed("Let me look that up."), { tool: "look_up" }, ...streamed("Here it is.")],
    });
    await call.greeted();
    call.caller.speaks("When do you close?");
    await call.untilHeard("Here it is", 20_000);
    await call.until("quiet", () => call.call.phase() === "listening");
    const heard = call.heardNames().slice(1);
    expect(heard.map(({ what }) => what)).toEqual([
      "Let me look that up.",
      "clip:filler-1",
      "clip:filler-2",
      "Here it is.",
    ]);
    for (const [index, { at, ms }] of heard.entries())
      if (heard[index + 1]) expect((heard[index + 1]?.at ?? 0) - at - ms).toBeLessThan(4300);
    expect(call.record().replies.find(({ kind }) => kind === "reply")).toMatchObject({
      heard: "Let me look that up. Here it is.",
      interrupted: false,
    });
  });

  test("end with what was owed: after a failed answer the line stays quiet", async () => {
    call = await fakeCall({
      reply: () => "Nobody will hear this.",
      voices: { speech: () => ({ endAtMs: 0, status: "failed", code: "server_error" }) },
    });
    await call.greeted();
    call.caller.speaks("When do you close?");
    await call.untilHeard("Sorry, something", 10_000);
    await call.run(9000);
    expect(names().filter((what) => what.startsWith("clip:filler"))).toEqual([]);
  });
});

test("the phases of a call are told on its time line, a filler being no answer", async () => {
  call = await fakeCall({ reply: () => streamed(ANSWER, { firstMs: 3000 }) });
  await call.greeted();
  call.caller.speaks("When do you close?", { transcriptMs: 100 });
  await call.untilHeard("We are open", 10_000);
  await call.until("quiet", () => call.call.phase() === "listening", 20_000);
  call.line.hangUp();
  const moves = call.record().timeline.filter(({ what }) => what === "phase");
  expect(moves.map(({ detail }) => detail?.to)).toEqual([
    "listening",
    "thinking",
    "speaking",
    "thinking",
    "speaking",
    "listening",
    "ended",
  ]);
});

describe("transcripts", () => {
  test("that fail are told to the caller, once", async () => {
    call = await fakeCall();
    await call.greeted();
    call.caller.speaks("When do you close?", { as: "failed" });
    await call.untilHeard("Sorry, I did not catch that");
    await call.run(3000);
    expect(call.thread.asked).toEqual([]);
    expect(call.log.lines.filter(({ message }) => message === "the caller's words were lost")).toHaveLength(1);
  });

  test("that never come are given up after their time, and the call goes on", async () => {
    call = await fakeCall({ reply: () => ANSWER });
    await call.greeted();
    call.caller.speaks("When do you close?", { transcriptMs: -1 });
    await call.untilHeard("Sorry, I did not catch that", 10_000);
    await call.until("quiet", () => call.call.phase() === "listening");
    call.caller.speaks("When do you close?");
    await call.untilHeard("We are open", 10_000);
  });

  test("that come after that are answered all the same", async () => {
    call = await fakeCall({ reply: () => ANSWER });
    await call.greeted();
    call.caller.speaks("When do you close?", { transcriptMs: 5000 });
    await call.untilHeard("We are open", 20_000);
    expect(call.thread.asked).toMatchObject([{ text: "When do you close?" }]);
  });

  test("that are empty after silence need no answer", async () => {
    call = await fakeCall();
    await call.greeted();
    call.caller.speaks("Pfff", { as: "empty" });
    await call.run(5000);
    expect(names()).toEqual(["clip:greeting"]);
    expect(call.call.phase()).toBe("listening");
  });
});

describe("silence", () => {
  test("is asked about twice, counted from the last sound, and then ends the call", async () => {
    call = await fakeCall();
    await call.until("the line is closed", () => call.line.isClosed, 120_000);
    const heard = call.heardNames();
    expect(heard.map(({ what }) => what)).toEqual([
      "clip:greeting",
      "clip:still-there",
      "clip:still-there",
      "clip:silence-goodbye",
    ]);
    for (const [index, { at }] of heard.entries()) {
      const before = heard[index - 1];
      if (before) expect(Math.abs(at - before.at - before.ms - 10_000)).toBeLessThan(120);
    }
    expect(call.reasons).toEqual(["silence"]);
    expect(call.endings).toMatchObject([{ ending: { kind: "hangup", reason: "silence" } }]);
  });

  test("counts anew when the caller takes part", async () => {
    call = await fakeCall({ reply: () => ANSWER });
    await call.greeted();
    await call.untilHeard("Are you still there", 20_000);
    await call.run(5000);
    call.caller.speaks("Yes, I am thinking about it.");
    await call.untilHeard("We are open", 20_000);
    await call.until("quiet", () => call.call.phase() === "listening");
    await call.run(25_000);
    expect(names().filter((what) => what === "clip:still-there")).toHaveLength(3);
    expect(call.line.isClosed).toBe(false);
  });

  test("a yes into the question answers it: it is a turn, and the question is not repeated", async () => {
    call = await fakeCall({ reply: () => ANSWER });
    await call.untilHeard("Are you still there", 20_000);
    call.caller.speaks("Yes", { ms: 300 });
    await call.untilHeard("We are open", 20_000);
    expect(call.thread.asked).toMatchObject([{ text: "Yes" }]);
    expect(names().filter((what) => what === "clip:still-there")).toHaveLength(1);
  });

  test("speech into the goodbye takes the call back, even a yes", async () => {
    call = await fakeCall({ reply: () => ANSWER });
    await call.untilHeard("I can not hear you", 60_000);
    await call.run(300);
    call.caller.speaks("Yes", { ms: 300 });
    await call.untilHeard("We are open", 20_000);
    await call.run(2000);
    expect(call.line.isClosed).toBe(false);
    expect(call.reasons).toEqual([]);
  });

  test("ends the call without its clips, too", async () => {
    call = await fakeCall({ clips: (id) => id === "greeting" });
    await call.until("the line is closed", () => call.line.isClosed, 120_000);
    expect(call.reasons).toEqual(["silence"]);
    expect(call.sinceStart()).toBeGreaterThan(30_000);
    expect(call.sinceStart()).toBeLessThan(40_000);
  });

  test("is not asked about while the caller speaks or the assistant thinks", async () => {
    call = await fakeCall({ reply: () => streamed(ANSWER, { firstMs: 9000 }), settings: { silencePromptMs: 3000 } });
    await call.greeted();
    call.caller.speaks("When do you close? I have been wondering about it for a long time", { ms: 8000 });
    await call.untilHeard("We are open", 30_000);
    expect(names()).not.toContain("clip:still-there");
  });
});

describe("keys", () => {
  const press = async (...digits: string[]): Promise<void> => {
    for (const digit of digits) {
      call.line.deliver({ type: "line.digit", digit });
      await call.run(300);
    }
  };

  test("become a turn at the hash", async () => {
    call = await fakeCall({ reply: () => ANSWER });
    await call.greeted();
    await press("4", "2", "#");
    expect(call.thread.asked).toMatchObject([{ text: "[keypad] 42" }]);
    await call.untilHeard("We are open");
    expect(call.record().turns).toMatchObject([{ turn: 1, by: "keypad", text: "[keypad] 42" }]);
  });

  test("become a turn 3 s after the last one", async () => {
    call = await fakeCall({ reply: () => ANSWER });
    await call.greeted();
    await press("4", "2");
    await call.run(2600);
    expect(call.thread.asked).toEqual([]);
    await call.run(200);
    expect(call.thread.asked).toMatchObject([{ text: "[keypad] 42" }]);
  });

  test("cut what is being said at once, the greeting too", async () => {
    call = await fakeCall({ reply: () => ANSWER });
    await call.run(1000);
    await press("1");
    await call.run(100);
    expect(call.line.isSounding()).toBe(false);
    await press("#");
    await call.untilHeard("We are open", 10_000);
    expect(call.replies("greeting")[0]).toMatchObject({ interrupted: true });
    await call.run(500);
    await press("0");
    await call.run(100);
    expect(call.line.isSounding()).toBe(false);
    expect(call.replies("reply")[0]).toMatchObject({ interrupted: true });
    await call.run(3500);
    expect(call.thread.asked[1]?.correction).toMatchObject({
      generated: expect.stringContaining("We are open") as string,
    });
  });

  test("end the weighing of what was being said into the reply", async () => {
    call = await fakeCall({ reply: (_input, number) => (number === 1 ? ANSWER : "Your number is 7.") });
    await call.greeted();
    call.caller.speaks("When do you close?");
    await call.untilHeard("We are open");
    await call.run(300);
    call.caller.speaks("ehm", { ms: 300, as: "empty" });
    await call.run(250);
    await press("7", "#");
    await call.untilHeard("Your number is 7", 10_000);
    await call.until("quiet", () => call.call.phase() === "listening");
    expect(call.replies("reply").at(-1)).toMatchObject({ heard: "Your number is 7.", interrupted: false });
  });
});

test("usage of thread and voice is kept with the call", async () => {
  const speech = (tokens: number) =>
    ({ purpose: "voice", model: "speaker", counts: { audio_output: tokens } }) as const;
  call = await fakeCall();
  await call.greeted();
  call.voices.current.emit({ type: "voice.usage", usage: { voice_output_tokens: 7 }, billed: speech(7) });
  call.voices.current.emit({ type: "voice.usage", usage: { voice_output_tokens: 5 }, billed: speech(5) });
  call.caller.speaks("When do you close?");
  await call.untilHeard("All right");
  call.line.hangUp();
  await call.run(10);
  expect(call.record().usage).toEqual({
    voice_output_tokens: 12,
    thread_input_tokens: 10,
    thread_cached_input_tokens: 4,
    thread_output_tokens: 5,
    "speaker:audio_output": 12,
    "thinker:input": 6,
    "thinker:cached_input": 4,
    "thinker:output": 5,
    carrier_minutes: 1,
  });
});
