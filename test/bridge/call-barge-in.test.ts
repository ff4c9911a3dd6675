// Whole calls in virtual time: the caller speaks into our words, and what they heard is known to the word.
import { fakeCall, type FakeCall, type FakeCallOptions } from "../support/fake-call.ts";
import { streamed } from "../support/fake-thread.ts";
import { createRandom } from "../support/random.ts";
import { heardText } from "../../src/bridge/heard-text.ts";

const SENTENCES = [
  "Your car will be ready on Thursday morning.",
  "The brakes were worn on the left side.",
  "We changed the oil and the filter as you asked.",
  "The bill comes to two hundred and ten dollars.",
];
const LONG = SENTENCES.join(" ");

let call: FakeCall;
afterEach(() => call.over());

/** A call in which the long answer is being heard. */
async function answering(options: FakeCallOptions = {}): Promise<void> {
  call = await fakeCall({ reply: (_input, number) => (number === 1 ? LONG : "As you like."), ...options });
  await call.greeted();
  call.caller.speaks("What about my car?");
  await call.untilHeard("Your car will be ready");
}

const isReply = (name: string): boolean => name.startsWith("v");
const clears = (): number[] => call.line.calls.filter(({ what }) => what === "clear").map(({ at }) => at);
const starts = (): number[] =>
  call
    .record()
    .timeline.filter(({ what }) => what === "caller speaks")
    .map(({ atMs }) => atMs);

/** What really came out of the caller's phone of the first answer, in words. */
function wordsHeard(): string {
  const byName = new Map<string, number>();
  for (const { name, to } of call.line.heard())
    if (isReply(name)) byName.set(name, Math.max(byName.get(name) ?? 0, to));
  return call.voices.spoken
    .filter(({ name }) => byName.has(name))
    .map(({ name, text }) =>
      heardText({ text, generated: call.audio.bytesOf(name), complete: true }, byName.get(name) as number),
    )
    .filter(Boolean)
    .join(" ");
}

describe("an interruption", () => {
  test("clears the line in the same moment, while the voice is still generating", async () => {
    await answering({ voices: { speech: () => ({ speed: 1.2 }) } });
    await call.run(700);
    const generating = call.voices.spoken.at(-1);
    expect(generating?.status).toBeUndefined();
    call.caller.speaks("Wait, I only want to know the price", { ms: 2000 });
    await call.until("cleared", () => clears().length === 1, 300);
    const cleared = clears()[0] as number;
    await call.run(1000);
    expect(call.line.calls.filter(({ what, at }) => what === "play" && at > cleared)).toEqual([]);
    await call.untilHeard("As you like", 10_000);
    expect(call.voices.voices[0]?.cancelled).toEqual([generating?.speechId]);
  });

  test("clears the line just so when generation had ended long ago", async () => {
    await answering({ voices: { speech: () => ({ speed: 50 }) } });
    await call.until("all of it is generated", () => call.voices.spoken.every(({ status }) => status === "completed"));
    expect(call.line.waitingMs()).toBeGreaterThan(1000);
    call.caller.speaks("Wait, I only want to know the price", { ms: 2000 });
    await call.until("cleared", () => clears().length === 1, 300);
    await call.run(25);
    expect(call.line.isSounding()).toBe(false);
    await call.untilHeard("As you like", 10_000);
  });

  test("is told to the thread once, with what was heard", async () => {
    await answering();
    await call.run(1300);
    call.caller.speaks("Wait, I only want to know the price", { ms: 2000 });
    await call.untilHeard("As you like", 10_000);
    await call.until("quiet", () => call.call.phase() === "listening");
    call.caller.speaks("Thanks, that is all I wanted");
    await call.until("asked again", () => call.thread.asked.length === 3);
    const [first, second, third] = call.thread.asked;
    expect(first).toMatchObject({ text: "What about my car?" });
    expect(second?.text).toBe("Wait, I only want to know the price");
    expect(second?.correction?.heard).toBe("Your car will be");
    expect(LONG.startsWith(second?.correction?.generated ?? "-")).toBe(true);
    expect(third?.correction).toBeUndefined();
    const [reply] = call.replies("reply");
    expect(reply).toMatchObject({ interrupted: true, heard: second?.correction?.heard });
    expect(`${reply?.heard} ${reply?.cut}`).toBe(reply?.generated);
    expect(reply?.sent.length).toBeGreaterThan(reply?.heard.length ?? 0);
    expect(reply?.sentMs).toBeGreaterThan(reply?.heardMs ?? 0);
    expect(call.record().turns[0]?.cause).toBe("cut-by-caller");
  });

  test("of an answer that nobody has heard a word of repeats the question with the new words", async () => {
    call = await fakeCall({ reply: () => LONG, voices: { speech: () => ({ firstMs: 2500 }) } });
    await call.greeted();
    call.caller.speaks("What about my car?");
    await call.until("being spoken", () => call.thread.asked[0]?.ended === true);
    await call.run(300);
    call.caller.speaks("the blue one, I mean, not the red one", { ms: 1800 });
    await call.untilHeard("Your car", 20_000);
    const last = call.thread.asked.at(-1);
    // The thread had finished its answer: it is told that nothing of it was heard.
    expect(last?.text).toBe("the blue one, I mean, not the red one");
    expect(last?.correction).toMatchObject({ heard: "", generated: LONG });
  });

  test("late audio and marks of what was cut do nothing", async () => {
    await answering({ voices: { netMs: 200 }, line: { uplinkMs: 80, downlinkMs: 80 } });
    await call.run(900);
    call.caller.speaks("Stop, stop, I will call you back later", { ms: 2000 });
    await call.untilHeard("As you like", 20_000);
    await call.run(6000);
    expect(call.heardNames().at(-1)?.what).toBe("As you like.");
    expect(call.replies("reply").at(-1)).toMatchObject({ generated: "As you like.", interrupted: false });
  });

  test("at every sound when BACKCHANNEL_MS is 0", async () => {
    await answering({ settings: { backchannelMs: 0 } });
    await call.run(900);
    call.caller.speaks("Mhm", { ms: 300 });
    await call.until("cancelled", () => call.voices.voices[0]?.cancelled.length === 1 || clears().length === 1, 300);
    await call.untilHeard("As you like", 10_000);
    expect(call.thread.asked[1]?.text).toBe("Mhm");
    expect(call.replies("reply")[0]).toMatchObject({ interrupted: true });
  });

  test("a second one while the first is being weighed is meant", async () => {
    await answering();
    await call.run(900);
    call.caller.speaks("Wait", { ms: 750, transcriptMs: 2000 });
    await call.run(1500);
    call.caller.speaks("I have a question", { ms: 900 });
    await call.untilHeard("As you like", 10_000);
    expect(call.replies("reply")[0]).toMatchObject({ interrupted: true });
  });
});

describe("speech that is no interruption", () => {
  test.each([
    ["short speech", "Mhm", 300],
    ["a murmur of two words", "uh huh", 500],
    ["noise without words", "Krrk", 400],
  ])("%s: the reply goes on from the start of the sentence", async (_what, text, ms) => {
    await answering();
    await call.untilHeard("The brakes were worn");
    await call.run(900);
    call.caller.speaks(text, { ms, ...(text === "Krrk" && { as: "empty" as const }) });
    await call.untilHeard("two hundred and ten", 30_000);
    await call.until("quiet", () => call.call.phase() === "listening");
    const heard = call.heardNames().filter(({ what }) => !what.startsWith("clip:"));
    // The first two sentences came as they were; the second was taken up again from its start, and nothing was left out.
    expect(heard.filter(({ what }) => what.startsWith("Your car"))).toHaveLength(1);
    const again = heard.filter(({ what }) => what.includes("The brakes were worn"));
    expect(again).toHaveLength(2);
    expect(call.line.heardBytes(isReply)).toBe(
      call.voices.spoken.reduce((sum, { name }) => sum + call.audio.bytesOf(name), 0),
    );
    expect(call.replies("reply")).toMatchObject([{ heard: LONG, cut: "", interrupted: false }]);
    expect(call.thread.asked).toHaveLength(1);
    expect(call.voices.voices[0]?.cancelled).toEqual([]);
    expect(call.record().turns[0]?.cause).toBeUndefined();
  });

  test("the line is quiet while it is weighed, and generation goes on", async () => {
    await answering({ voices: { speech: () => ({ speed: 1.1 }) } });
    await call.run(500);
    call.caller.speaks("Yes yes", { ms: 740, transcriptMs: 900 });
    await call.until("cleared", () => clears().length === 1, 300);
    const sent = call.voices.spoken.at(-1)?.sent ?? 0;
    await call.run(900);
    expect(call.line.isSounding()).toBe(false);
    expect(call.call.phase()).toBe("interrupted");
    expect(call.voices.spoken.at(-1)?.sent).toBeGreaterThan(sent);
    await call.until("resumed", () => call.call.phase() === "speaking", 1500);
    await call.until("quiet", () => call.call.phase() === "listening", 30_000);
    expect(call.replies("reply")).toMatchObject([{ heard: LONG, interrupted: false }]);
    expect(call.thread.asked).toHaveLength(1);
  });

  test("when the transcript that could show a nod does not come, the caller is taken to mean it", async () => {
    await answering();
    await call.run(900);
    call.caller.speaks("Not so fast", { ms: 740, transcriptMs: 3000 });
    await call.until("cut", () => call.replies("reply").length === 1, 3500);
    await call.untilHeard("As you like", 10_000);
    expect(call.thread.asked[1]?.text).toBe("Not so fast");
  });

  test("a short word that means something cuts when its transcript says so", async () => {
    await answering();
    await call.run(900);
    call.caller.speaks("Stop!", { ms: 300, transcriptMs: 600 });
    await call.untilHeard("As you like", 10_000);
    expect(call.thread.asked[1]).toMatchObject({ text: "Stop!" });
    expect(call.replies("reply")[0]).toMatchObject({ interrupted: true });
  });

  test("many nods in a row lose no word and repeat no sentence that was heard", async () => {
    await answering();
    for (let nods = 0; nods < 4; nods++) {
      await call.run(2500);
      call.caller.speaks("Mhm", { ms: 250 });
    }
    await call.until("quiet", () => call.call.phase() === "listening", 60_000);
    expect(call.replies("reply")).toMatchObject([{ heard: LONG, interrupted: false }]);
    expect(call.line.heardBytes(isReply)).toBe(
      call.voices.spoken.reduce((sum, { name }) => sum + call.audio.bytesOf(name), 0),
    );
  });

  test("an answer in the last syllables of a question is an answer, not a nod", async () => {
    call = await fakeCall({
      reply: (_input, number) => (number === 1 ? "Shall I book the table for you?" : "It is booked."),
    });
    await call.greeted();
    call.caller.speaks("Is there a table?");
    await call.untilHeard("Shall I book");
    await call.until("generated", () => call.line.waitingMs() > 800);
    await call.until("nearly over", () => call.line.waitingMs() < 380);
    call.caller.speaks("Yes", { ms: 300 });
    await call.untilHeard("It is booked", 10_000);
    expect(call.thread.asked[1]?.text).toBe("Yes");
    expect(call.heardNames().filter(({ what }) => what.startsWith("Shall"))).toHaveLength(1);
  });

  test("a murmur into the last syllables is nothing", async () => {
    call = await fakeCall({ reply: () => "Shall I book the table for you?" });
    await call.greeted();
    call.caller.speaks("Is there a table?");
    await call.untilHeard("Shall I book");
    await call.until("generated", () => call.line.waitingMs() > 800);
    await call.until("nearly over", () => call.line.waitingMs() < 380);
    call.caller.speaks("Hm", { ms: 300 });
    await call.run(4000);
    expect(call.thread.asked).toHaveLength(1);
    expect(call.call.phase()).toBe("listening");
  });
});

describe("what was heard", () => {
  /** Interrupts at random moments; returns the error of each record against the line. */
  async function errors(rounds: number, options: (round: number) => FakeCallOptions): Promise<number[]> {
    const out: number[] = [];
    const random = createRandom(20_261_121);
    for (let round = 0; round < rounds; round++) {
      await answering(options(round));
      await call.run(random.between(0, 9000));
      call.caller.speaks("Hold on, hold on, I have something to say here", { ms: 2500 });
      await call.until("cut or over", () => call.replies("reply").length > 0, 20_000);
      await call.run(200);
      const [reply] = call.replies("reply");
      if (!reply) throw new Error("there is no reply");
      out.push(reply.heardMs - call.line.heardBytes(isReply) / 8);
      // The words are those of the milliseconds, a word more or less.
      const truth = wordsHeard().split(" ").filter(Boolean).length;
      const known = reply.heard.split(" ").filter(Boolean).length;
      expect(Math.abs(truth - known)).toBeLessThanOrEqual(1);
      expect(reply.heardMs).toBeLessThanOrEqual(reply.sentMs);
      expect(reply.sentMs).toBeLessThanOrEqual(reply.generatedMs);
      expect(await call.leftovers()).toEqual([]);
    }
    return out.map(Math.abs).sort((one, other) => one - other);
  }

  test("is right to 60 ms in 95 of 100 interruptions, over a line with a delay of its own", async () => {
    const random = createRandom(5);
    const sorted = await errors(30, (round) => ({
      msPerFrame: 100,
      line: { uplinkMs: random.between(1, 25), downlinkMs: random.between(1, 25) },
      voices: {
        seed: round,
        speech: () => ({ speed: 0.9 + random.next() * 8, msPerCharacter: random.between(45, 90) }),
      },
    }));
    expect(sorted[Math.floor(sorted.length * 0.95)]).toBeLessThanOrEqual(60);
    expect(sorted.at(-1)).toBeLessThanOrEqual(110);
  });

  test("is right to the millisecond or two when the line has none", async () => {
    const sorted = await errors(10, (round) => ({
      msPerFrame: 100,
      line: { uplinkMs: 0, downlinkMs: 0 },
      voices: { seed: round, speech: () => ({ speed: 1 + (round % 7) }) },
    }));
    expect(sorted.at(-1)).toBeLessThanOrEqual(3);
  });

  test("does not count a phrase that was put into the middle of a reply", async () => {
    call = await fakeCall({
      reply: () => "Your car will be ready on Thursday morning, at about a quarter past nine.",
      voices: { speech: () => ({ pauseAtMs: 1000, pauseMs: 5000 }) },
    });
    await call.greeted();
    call.caller.speaks("What about my car?");
    await call.untilHeard("Your car");
    await call.run(4000);
    call.voices.current.emit({ type: "voice.trouble", code: "stall" });
    await call.until("it goes on", () => call.line.heardBytes(isReply) > 1500 * 8);
    expect(call.heardNames().map(({ what }) => what)).toEqual([
      "clip:greeting",
      expect.stringMatching(/^Your car/),
      "clip:filler-1",
      "clip:hold",
      expect.stringMatching(/^Your car/),
    ]);
    call.caller.speaks("Excuse me, may I ask you something", { ms: 2000 });
    await call.until("cut", () => call.replies("reply").length > 0);
    await call.run(200);
    const [reply] = call.replies("reply");
    expect(Math.abs((reply?.heardMs ?? 0) - call.line.heardBytes(isReply) / 8)).toBeLessThan(60);
    expect(reply?.heard).toBe(wordsHeard());
  });

  test("is the thread's to know also when the voice could not speak a part of it", async () => {
    call = await fakeCall({
      reply: (_input, number) => (number === 1 ? LONG : "As you like."),
      voices: {
        speech: (text) => (text.includes("brakes") ? { endAtMs: 0, status: "failed", code: "server_error" } : {}),
      },
    });
    await call.greeted();
    call.caller.speaks("What about my car?");
    await call.untilHeard("The bill comes", 40_000).catch(() => undefined);
    await call.until("quiet", () => call.call.phase() === "listening", 40_000);
    const [reply] = call.replies("reply");
    expect(reply?.heard).not.toContain("brakes");
    expect(reply?.cut).toContain("brakes");
    call.caller.speaks("And what else is there?");
    await call.until("asked again", () => call.thread.asked.length === 2);
    expect(call.thread.asked[1]?.correction).toEqual({ generated: reply?.generated, heard: reply?.heard });
    expect(call.record().turns[0]?.cause).toBe("speech-server_error");
  });
});

test("the time from speech to a quiet line is measured", async () => {
  await answering();
  await call.run(900);
  call.caller.speaks("Hold on, I have something to say", { ms: 2000 });
  await call.run(3000);
  call.line.hangUp();
  await call.run(10);
  expect(starts().length).toBe(2);
  expect(call.record().timeline.filter(({ what }) => what === "barge-in")).toHaveLength(1);
});

test("an interruption while nothing is audible yet is weighed without a barge-in", async () => {
  call = await fakeCall({ reply: () => streamed(LONG, { firstMs: 3000 }) });
  await call.greeted();
  call.caller.speaks("What about my car?");
  await call.until("asked", () => call.thread.asked.length === 1);
  call.caller.speaks("Hm", { ms: 300 });
  await call.untilHeard("Your car", 20_000);
  call.line.hangUp();
  await call.run(10);
  expect(call.record().timeline.filter(({ what }) => what === "barge-in")).toEqual([]);
});
