// Whole calls in virtual time with a voice that thinks for itself: it is asked to answer as soon as the turn is complete, its
// items are truncated where they were cut, its tools are run, and another voice goes on where it broke off.
import { fakeCall, HUMAN, type FakeCall, type FakeCallOptions } from "../support/fake-call.ts";
import type { ReplyContext, ReplyPlan } from "../support/fake-voice.ts";

let call: FakeCall;
afterEach(() => call.over());

const LONG =
  "Your car will be ready on Thursday morning. The brakes were worn on the left side and had to be replaced.";

async function started(reply: (context: ReplyContext) => ReplyPlan, options: FakeCallOptions = {}): Promise<void> {
  call = await fakeCall({ speechToSpeech: true, ...options, voices: { reply, ...options.voices } });
  await call.greeted();
}
const names = (): string[] =>
  call
    .heardNames()
    .map(({ what }) => what)
    .filter((what) => !what.startsWith("clip:filler"));
const isSpeech = (name: string): boolean => name.startsWith("resp");
const responds = (): number => call.voices.current.responds.length;

describe("a turn", () => {
  test("is answered as the caller falls silent, without waiting for its words, which are filled in", async () => {
    await started(() => ({ items: [LONG] }));
    call.caller.speaks("What about my car?", { ms: 1000, transcriptMs: 3000 });
    await call.untilHeard("Your car", 5000);
    expect(call.record().turns).toMatchObject([{ turn: 1, by: "speech", text: "" }]);
    expect(call.record().turns[0]?.latencyMs).toBeLessThan(500);
    await call.run(3000);
    expect(call.record().turns).toMatchObject([{ turn: 1, text: "What about my car?" }]);
    expect(responds()).toBe(1);
    await call.until("over", () => call.replies("reply").length === 1, 20_000);
    expect(call.replies("reply")).toMatchObject([{ generated: LONG, heard: LONG, cut: "", interrupted: false }]);
    expect(call.voices.current.truncated).toEqual([]);
  });

  test("may be answered in several items", async () => {
    await started(() => ({ items: ["Let me see.", "It is ready for you."] }));
    call.caller.speaks("What about my car?");
    await call.until("over", () => call.replies("reply").length === 1, 20_000);
    expect(call.replies("reply")).toMatchObject([{ heard: "Let me see. It is ready for you." }]);
    expect(names().slice(1)).toEqual(["Let me see.", "It is ready for you."]);
  });

  test("whose words never come or fail is answered all the same, and nobody asks to say it again", async () => {
    for (const as of ["failed", "empty", undefined] as const) {
      await started(() => ({ items: ["It is ready."] }));
      call.caller.speaks("What about my car?", { transcriptMs: as ? 3000 : -1, ...(as && { as }) });
      await call.untilHeard("It is ready", 5000);
      await call.run(6000);
      expect(call.heardNames().map(({ what }) => what)).toEqual(["clip:greeting", "It is ready."]);
      expect(responds()).toBe(1);
      expect(await call.leftovers()).toEqual([]);
    }
  });

  test("an early hello is no turn", async () => {
    call = await fakeCall({ speechToSpeech: true });
    await call.run(300);
    call.caller.speaks("Hello?", { ms: 400 });
    await call.run(6000);
    expect(responds()).toBe(0);
  });

  test("without an answer is apologised for", async () => {
    await started(() => ({ items: [] }));
    call.caller.speaks("What about my car?");
    await call.untilHeard("Sorry, something went wrong", 5000);
    expect(call.record().turns[0]?.cause).toBe("empty-reply");
  });

  test("whose answer fails is apologised for, and the call goes on", async () => {
    await started(({ number }) =>
      number === 1
        ? { items: [LONG], endAtMs: 0, status: "failed", code: "server_error" }
        : { items: ["It is ready."] },
    );
    call.caller.speaks("What about my car?");
    await call.untilHeard("Sorry, something went wrong", 5000);
    expect(call.record().turns[0]?.cause).toContain("voice-server_error");
    await call.until("quiet", () => call.call.phase() === "listening", 10_000);
    call.caller.speaks("And now?");
    await call.untilHeard("It is ready", 5000);
  });

  test("whose answer never begins: fillers, and after 10 s an apology", async () => {
    await started(({ number }) => (number === 1 ? { never: true } : { items: ["It is ready."] }));
    call.caller.speaks("What about my car?");
    await call.untilHeard("Sorry, something went wrong", 20_000);
    expect(call.heardNames().map(({ what }) => what)).toContain("clip:filler-1");
    expect(call.record().turns[0]?.cause).toBe("voice-timeout");
    await call.until("quiet", () => call.call.phase() === "listening", 10_000);
    call.caller.speaks("And now?");
    await call.untilHeard("It is ready", 8000);
  });
});

describe("an interruption", () => {
  test("truncates the item that was cut at what was heard of it, and the ones behind at nothing", async () => {
    await started(({ number }) => ({
      items: number === 1 ? [LONG, "That will be two hundred dollars."] : ["All right."],
    }));
    call.caller.speaks("What about my car?");
    await call.untilHeard("Your car");
    await call.until("generated", () => call.voices.spoken.length === 2 && call.voices.spoken[1]?.status !== undefined);
    call.caller.speaks("Wait, I only want to know the price", { ms: 2000 });
    await call.untilHeard("All right", 10_000);
    const [first, second] = call.voices.current.truncated;
    expect(call.voices.current.truncated).toHaveLength(2);
    expect(first?.part.itemId).toBe(call.voices.spoken[0]?.part?.itemId);
    expect(second).toMatchObject({ part: { itemId: call.voices.spoken[1]?.part?.itemId }, heardMs: 0 });
    const truth = call.line.heardBytes((name) => name === call.voices.spoken[0]?.name) / 8;
    expect(Math.abs((first?.heardMs ?? 0) - truth)).toBeLessThan(60);
    expect(call.record().turns.map(({ text }) => text)).toEqual([
      "What about my car?",
      "Wait, I only want to know the price",
    ]);
  });

  test("never truncates beyond the audio there is", async () => {
    // The engine is slower than speech: the ear is always at the end of what there is.
    await started(({ number }) => (number === 1 ? { items: [LONG], speed: 0.8 } : { items: ["All right."] }));
    for (let round = 0; round < 3; round++) {
      call.caller.speaks("What about my car?");
      await call.untilHeard(round === 0 ? "Your car" : "All right", 10_000);
      await call.run(1500);
    }
    for (const { part, heardMs } of call.voices.current.truncated) {
      const item = call.voices.spoken.find((one) => one.part?.itemId === part.itemId);
      expect(heardMs).toBeLessThanOrEqual((item?.sent ?? 0) / 8);
    }
    expect(call.voices.breaches).toEqual([]);
  });

  test("that was a nod goes on from the start of the sentence, and truncates nothing", async () => {
    await started(() => ({ items: [LONG] }));
    call.caller.speaks("What about my car?");
    await call.untilHeard("Your car");
    await call.run(1500);
    call.caller.speaks("Mhm", { ms: 300 });
    await call.until("over", () => call.replies("reply").length === 1, 20_000);
    expect(call.replies("reply")).toMatchObject([{ heard: LONG, interrupted: false }]);
    expect(call.voices.current.truncated).toEqual([]);
    expect(responds()).toBe(1);
  });

  test("short, but meant, cuts when its words say so", async () => {
    await started(({ number }) => ({ items: number === 1 ? [LONG] : ["All right."] }));
    call.caller.speaks("What about my car?");
    await call.untilHeard("Your car");
    await call.run(1000);
    call.caller.speaks("Stop!", { ms: 300 });
    await call.untilHeard("All right", 10_000);
    expect(call.record().turns.map(({ text }) => text)).toEqual(["What about my car?", "Stop!"]);
  });

  test("of middling length is answered at the latest when its words are given up on for a nod", async () => {
    await started(({ number }) => ({ items: number === 1 ? [LONG] : ["All right."] }));
    call.caller.speaks("What about my car?");
    await call.untilHeard("Your car");
    await call.run(1000);
    call.caller.speaks("Not so fast", { ms: 740, transcriptMs: -1 });
    await call.untilHeard("All right", 5000);
    expect(call.record().turns).toHaveLength(2);
  });

  test("with BACKCHANNEL_MS 0 at every sound", async () => {
    await started(({ number }) => ({ items: number === 1 ? [LONG] : ["All right."] }), {
      settings: { backchannelMs: 0 },
    });
    call.caller.speaks("What about my car?");
    await call.untilHeard("Your car");
    await call.run(1000);
    call.caller.speaks("Mhm", { ms: 300 });
    await call.untilHeard("All right", 5000);
  });

  test("before the answer has begun makes one turn of both utterances, in their order, whichever words come first", async () => {
    await started(({ number }) => ({ items: [number === 1 ? LONG : "All right."], firstMs: 2500 }));
    call.caller.speaks("What about my car", { ms: 1000, transcriptMs: 3500 });
    await call.until("asked", () => responds() === 1);
    await call.run(200);
    call.caller.speaks("the blue one I mean", { ms: 1500, transcriptMs: 100 });
    await call.untilHeard("All right", 20_000);
    await call.run(1000);
    expect(names()).toEqual(["clip:greeting", "All right."]);
    expect(call.record().turns).toMatchObject([{ turn: 1, text: "What about my car the blue one I mean" }]);
    expect(responds()).toBe(2);
  });

  test("faster than the answer can begin: the answer to the first words is not taken for the answer to both", async () => {
    await started(({ number }) => ({ items: [number === 1 ? "An old answer." : "The new answer."] }), {
      settings: { backchannelMs: 0 },
      voices: { netMs: 600 },
    });
    call.caller.speaks("What about my car", { ms: 1000 });
    await call.until("asked", () => responds() === 1);
    call.line.deliver({ type: "line.digit", digit: "7" });
    call.line.deliver({ type: "line.digit", digit: "#" });
    await call.untilHeard("The new answer", 20_000);
    await call.run(3000);
    expect(names()).toEqual(["clip:greeting", "The new answer."]);
    expect(call.record().turns).toMatchObject([{ turn: 1, text: "What about my car [keypad] 7" }]);
  });
});

describe("tools", () => {
  const lookUp = (ms: number, value: unknown = { ready: true }) => ({
    name: "look_up",
    description: "",
    parameters: {},
    timeoutMs: 5000,
    run: () => new Promise((resolve) => void call.time.after(ms, () => resolve(value))),
  });

  test("are run, their results told, and the voice goes on when all of them are in", async () => {
    await started(
      ({ number }) =>
        number === 1
          ? { items: ["Let me look."], tools: [{ name: "look_up" }, { name: "look_up" }] }
          : { items: ["It is ready."] },
      { tools: [lookUp(700)] },
    );
    call.caller.speaks("What about my car?");
    await call.untilHeard("It is ready", 10_000);
    expect(call.voices.current.outputs.map(({ output }) => output)).toEqual(['{"ready":true}', '{"ready":true}']);
    expect(responds()).toBe(2);
    await call.until("over", () => call.replies("reply").length === 2, 10_000);
    expect(call.record().tools).toMatchObject([{ result: "ok" }, { result: "ok" }]);
    expect(call.record().turns).toHaveLength(1);
  });

  test("do not make their turn be answered a second time: the first sound of it counts", async () => {
    await started(
      ({ number }) =>
        number === 1 ? { items: ["Let me look."], tools: [{ name: "look_up" }] } : { items: ["It is ready."] },
      { tools: [lookUp(4000)] },
    );
    call.caller.speaks("What about my car?");
    await call.untilHeard("Let me look");
    const first = call.record().turns[0]?.latencyMs;
    await call.until("over", () => call.replies("reply").length === 2, 20_000);
    expect(first).toBeLessThan(1000);
    expect(call.record().turns).toMatchObject([{ turn: 1, latencyMs: first }]);
    expect(call.record().turns[0]?.cause).toBeUndefined();
    expect(call.log.lines.filter(({ message }) => message === "turn answered")).toHaveLength(1);
    expect(call.record().timeline.filter(({ what }) => what === "answer")).toHaveLength(1);
    expect(call.meter.observed("voice_turn_latency_seconds")).toEqual([(first ?? 0) / 1000]);
    expect(call.meter.observed("voice_silence_gap_seconds")).toEqual([]);
  });

  test("without words before them leave no empty reply in the record", async () => {
    await started(({ number }) => (number === 1 ? { tools: [{ name: "look_up" }] } : { items: ["It is ready."] }), {
      tools: [lookUp(300)],
    });
    call.caller.speaks("What about my car?");
    await call.untilHeard("It is ready", 10_000);
    await call.until("over", () => call.call.phase() === "listening", 10_000);
    expect(call.replies("reply")).toMatchObject([{ generated: "It is ready." }]);
  });

  test("that fail are answered, too", async () => {
    await started(
      ({ number }) =>
        number === 1
          ? { tools: [{ name: "look_up", arguments: "{nonsense" }, { name: "unknown" }] }
          : { items: ["No luck."] },
      { tools: [lookUp(300)] },
    );
    call.caller.speaks("What about my car?");
    await call.untilHeard("No luck", 10_000);
    expect(call.voices.current.outputs.map(({ output }) => JSON.parse(output) as unknown)).toMatchObject([
      { error: { code: "invalid-arguments" } },
      { error: { code: "unknown-tool" } },
    ]);
  });

  test("without end are stopped", async () => {
    await started(() => ({ tools: [{ name: "look_up" }] }), { tools: [lookUp(10)] });
    call.caller.speaks("What about my car?");
    await call.untilHeard("Sorry, something went wrong", 20_000);
    expect(call.record().turns[0]?.cause).toBe("tool-loop");
    expect(responds()).toBe(8);
  });

  test("that acted are not undone by new words: their results are told, and one answer is given to all of it", async () => {
    await started(
      ({ number }) =>
        number === 1
          ? { items: ["I am booking it now for you, please wait."], tools: [{ name: "look_up" }] }
          : { items: ["Done."] },
      { tools: [lookUp(4000, "booked")] },
    );
    call.caller.speaks("Book it please");
    await call.untilHeard("I am booking");
    await call.until(
      "the tool runs",
      () => call.record().timeline.length > 0 && call.voices.spoken[0]?.status !== undefined,
    );
    call.caller.speaks("And tell me the price of it", { ms: 1500 });
    await call.untilHeard("Done.", 15_000);
    await call.run(4000);
    expect(call.voices.current.outputs).toMatchObject([{ output: "booked" }]);
    expect(names().filter((what) => what === "Done.")).toHaveLength(1);
    expect(responds()).toBe(2);
  });

  test("end the call after the goodbye", async () => {
    await started(() => ({ items: ["Goodbye, and have a nice day!"], tools: [{ name: "end_call" }] }));
    call.caller.speaks("That is all");
    await call.until("closed", () => call.line.isClosed, 20_000);
    expect(call.reasons).toEqual(["agent-hangup"]);
    expect(names().slice(0, 2)).toEqual(["clip:greeting", "Goodbye, and have a nice day!"]);
    expect(call.replies("reply")[0]).toMatchObject({ interrupted: false });
  });

  test("are taken back by a caller who goes on, not by bye", async () => {
    for (const [words, stays] of [
      ["bye bye and thank you", false],
      ["Wait, I have another question for you", true],
    ] as const) {
      await started(({ number }) =>
        number === 1
          ? { items: ["Goodbye, it was nice to talk to you, have a nice day!"], tools: [{ name: "end_call" }] }
          : { items: [], tools: [] },
      );
      call.caller.speaks("That is all");
      await call.untilHeard("Goodbye");
      await call.run(800);
      call.caller.speaks(words, { ms: 1500 });
      await call.run(6000);
      expect([words, !call.line.isClosed]).toEqual([words, stays]);
      expect(await call.leftovers()).toEqual([]);
    }
  });

  test("transfer the call", async () => {
    await started(() => ({
      items: ["I am connecting you."],
      tools: [{ name: "transfer_call", arguments: JSON.stringify({ reason: "wants a person" }) }],
    }));
    call.caller.speaks("Give me a person");
    await call.until("closed", () => call.line.isClosed, 20_000);
    expect(call.endings.map(({ ending }) => ending)).toMatchObject([
      { kind: "transfer", to: HUMAN, note: "wants a person" },
    ]);
  });

  test("asked for by an answer that was called off get a result, but are not run", async () => {
    let runs = 0;
    await started(() => ({ items: [LONG] }), {
      tools: [{ ...lookUp(1), run: () => Promise.resolve(++runs) }],
    });
    call.caller.speaks("What about my car?");
    await call.until("over", () => call.replies("reply").length === 1, 20_000);
    call.voices.current.emit({
      type: "voice.tool-call",
      speechId: "resp-9",
      callId: "c9",
      name: "look_up",
      arguments: "{}",
    });
    await call.run(100);
    expect(runs).toBe(0);
    expect(call.voices.current.outputs).toMatchObject([{ callId: "c9" }]);
    expect(JSON.parse(call.voices.current.outputs[0]?.output ?? "")).toMatchObject({ error: { code: "cancelled" } });
    // The fake had not asked for it, and says so.
    expect(call.voices.breaches).toHaveLength(1);
    (call.voices.breaches as string[]).length = 0;
  });
});

test("keys are told to the voice, which answers them", async () => {
  await started(() => ({ items: ["Thank you for the number."] }));
  for (const digit of ["4", "2", "#"]) call.line.deliver({ type: "line.digit", digit });
  await call.untilHeard("Thank you for the number", 5000);
  expect(call.voices.current.told).toEqual([{ role: "user", text: "[keypad] 42" }]);
  expect(call.record().turns).toMatchObject([{ by: "keypad", text: "[keypad] 42" }]);
});

test("a reply nobody asked for is not spoken", async () => {
  await started(() => ({ items: ["It is ready."] }));
  call.voices.current.emit({ type: "voice.reply-started", speechId: "resp-stray" });
  call.voices.current.emit({
    type: "voice.audio",
    speechId: "resp-stray",
    payload: "AAAA",
    part: { itemId: "x", contentIndex: 0 },
  });
  call.voices.current.emit({
    type: "voice.spoken",
    speechId: "resp-stray",
    status: "completed",
    text: "I talk to myself",
  });
  await call.run(500);
  expect(names()).toEqual(["clip:greeting"]);
  expect(call.replies("reply")).toEqual([]);
  call.caller.speaks("What about my car?");
  await call.untilHeard("It is ready", 5000);
});

describe("a voice that is lost", () => {
  test("in mid-answer: the next one is told what was said, and goes on from there", async () => {
    await started(({ number, voice }) => (number === 1 ? { items: [LONG] } : { items: [`Going on ${voice.number}.`] }));
    call.caller.speaks("What about my car?");
    await call.untilHeard("Your car");
    await call.until("words known", () => call.record().turns[0]?.text !== "");
    call.voices.current.lose();
    await call.untilHeard("Going on 2", 10_000);
    const { history, told } = call.voices.current;
    expect(history.slice(0, 2)).toEqual([
      { role: "agent", text: "Hello, this is the assistant. How can I help?" },
      { role: "caller", text: "What about my car?" },
    ]);
    expect(LONG.startsWith(history[2]?.text ?? "-")).toBe(true);
    expect(told).toMatchObject([{ role: "system" }]);
    expect(responds()).toBe(1);
    // All there was sound for was heard before the new voice spoke.
    expect(call.line.heardBytes((name) => name === "resp-1:0")).toBe(call.voices.spoken[0]?.sent);
  });

  test("and the caller cuts what it had said: nothing is truncated at the next one, which never said it", async () => {
    await started(({ number }) => ({ items: [number === 1 ? LONG : "All right."], speed: 30 }));
    call.caller.speaks("What about my car?");
    await call.untilHeard("Your car");
    await call.until("generated", () => call.voices.spoken[0]?.status === "completed");
    call.voices.current.lose();
    await call.run(800);
    call.caller.speaks("Stop, I have heard enough of it", { ms: 2000 });
    await call.untilHeard("All right", 10_000);
    expect(call.replies("reply")[0]).toMatchObject({ interrupted: true });
    expect(call.voices.current.truncated).toEqual([]);
  });

  test("before its answer began, with the words known: it is asked again", async () => {
    await started(({ number }) => (number === 1 ? { never: true } : { items: ["It is ready."] }));
    call.caller.speaks("What about my car?", { transcriptMs: 100 });
    await call.until("words known", () => call.record().turns[0]?.text === "What about my car?");
    call.voices.current.lose();
    await call.untilHeard("It is ready", 5000);
    expect(call.voices.current.history.at(-1)).toEqual({ role: "caller", text: "What about my car?" });
    expect(call.record().turns).toHaveLength(1);
    expect(responds()).toBe(1);
  });

  test("before its answer began, with the words unknown: they are heard again and make the same turn", async () => {
    await started(({ number }) => (number === 1 ? { never: true } : { items: ["It is ready."] }));
    call.caller.speaks("What about my car?", { transcriptMs: 2500 });
    await call.until("asked", () => responds() === 1);
    await call.run(300);
    call.voices.current.lose();
    await call.untilHeard("It is ready", 10_000);
    await call.run(3000);
    expect(call.record().turns).toMatchObject([{ turn: 1, text: "What about my car?" }]);
    expect(responds()).toBe(1);
    expect(names()).toEqual(["clip:greeting", "It is ready."]);
  });

  test("while a tool runs: the next one is told its result in words", async () => {
    await started(({ number }) => (number === 1 ? { tools: [{ name: "slow" }] } : { items: ["It is ready."] }), {
      tools: [
        {
          name: "slow",
          description: "",
          parameters: {},
          timeoutMs: 5000,
          run: () => new Promise((resolve) => void call.time.after(2000, () => resolve("ready at nine"))),
        },
      ],
    });
    call.caller.speaks("What about my car?", { transcriptMs: 50 });
    await call.until(
      "running",
      () => call.voices.voices[0]?.responds.length === 1 && call.record().turns[0]?.text !== "",
    );
    await call.run(500);
    call.voices.current.lose();
    await call.untilHeard("It is ready", 10_000);
    expect(call.voices.current.told.map(({ text }) => text).join()).toContain("ready at nine");
    expect(call.voices.current.outputs).toEqual([]);
    expect(responds()).toBe(1);
  });

  test("while nothing is owed: nobody is told anything", async () => {
    await started(() => ({ items: ["It is ready."] }));
    call.voices.current.lose();
    await call.run(1000);
    expect([responds(), call.voices.current.told]).toEqual([0, []]);
    call.caller.speaks("What about my car?");
    await call.untilHeard("It is ready", 5000);
  });

  test("and a key pressed before the next one is ready: one answer", async () => {
    await started(() => ({ items: ["Thank you."] }), { voices: { voice: (n) => ({ readyMs: n === 1 ? 100 : 1200 }) } });
    call.voices.current.lose();
    await call.run(100);
    for (const digit of ["1", "#"]) call.line.deliver({ type: "line.digit", digit });
    await call.untilHeard("Thank you", 5000);
    await call.run(4000);
    expect(names().filter((what) => what === "Thank you.")).toHaveLength(1);
  });
});

test("a greeting without a clip is spoken live, and is not taken for an answer", async () => {
  call = await fakeCall({
    speechToSpeech: true,
    clips: (id) => id !== "greeting",
    voices: { reply: () => ({ items: ["It is ready."] }) },
  });
  await call.greeted();
  call.caller.speaks("What about my car?");
  await call.untilHeard("It is ready", 5000);
  expect(call.replies().map(({ kind }) => kind)).toEqual(["greeting"]);
  expect(call.line.heardBytes(isSpeech)).toBeGreaterThan(0);
});
