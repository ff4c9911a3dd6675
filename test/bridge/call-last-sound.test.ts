// Whole calls in virtual time: the caller begins to speak when everything was played, while the last mark is still on its way
// back. Nothing is unheard then; but what the far end has not played yet must not be taken for heard.
import { fakeCall, type FakeCall, type FakeCallOptions } from "../support/fake-call.ts";

let call: FakeCall;
afterEach(() => call.over());

const QUESTION = "Shall I book the table for you?";
const clears = (): number => call.line.calls.filter(({ what }) => what === "clear").length;
const happened = (): string[] => call.record().timeline.map(({ what }) => what);

/** The first answer has just been heard to its end. */
async function heardOut(options: FakeCallOptions = {}): Promise<void> {
  call = await fakeCall({
    reply: (_input, number) => (number === 1 ? QUESTION : "It is booked."),
    voices: { reply: ({ number }) => ({ items: [number === 1 ? QUESTION : "It is booked."] }) },
    line: { uplinkMs: 100, downlinkMs: 120 },
    ...options,
  });
  await call.greeted();
  call.caller.speaks("Is there a table?");
  await call.untilHeard("Shall I book");
  await call.until("generated", () => call.line.waitingMs() > 800);
  await call.until("over", () => call.line.waitingMs() === 0);
}

describe("a caller who begins when all was played, and the last mark is not back", () => {
  test("has cut nothing: the line is not cleared, the record says heard, the thread is told nothing", async () => {
    await heardOut();
    call.caller.speaks("Yes", { ms: 300 });
    await call.until("noticed", () => happened().filter((what) => what === "caller speaks").length === 2, 140);
    expect(call.replies("reply")).toHaveLength(1);
    await call.untilHeard("It is booked", 10_000);
    expect(call.thread.asked[1]).toMatchObject({ text: "Yes" });
    expect(call.thread.asked[1]?.correction).toBeUndefined();
    expect(call.replies("reply")[0]).toMatchObject({ heard: QUESTION, cut: "", interrupted: false });
    expect(call.record().turns[0]?.cause).toBeUndefined();
    expect(clears()).toBe(0);
    expect(happened()).not.toContain("barge-in");
  });

  test("has truncated nothing of a voice that answers itself", async () => {
    await heardOut({ speechToSpeech: true });
    call.caller.speaks("Yes", { ms: 300 });
    await call.untilHeard("It is booked", 10_000);
    expect(call.voices.current.truncated).toEqual([]);
    expect(call.replies("reply")[0]).toMatchObject({ heard: QUESTION, interrupted: false });
    expect(call.record().turns[0]?.cause).toBeUndefined();
    expect(clears()).toBe(0);
  });

  test("may press a key just so", async () => {
    await heardOut();
    await call.run(100);
    call.line.deliver({ type: "line.digit", digit: "1" });
    call.line.deliver({ type: "line.digit", digit: "#" });
    await call.untilHeard("It is booked", 10_000);
    expect(call.thread.asked[1]?.correction).toBeUndefined();
    expect(call.replies("reply")[0]).toMatchObject({ heard: QUESTION, interrupted: false });
    expect(call.record().turns[0]?.cause).toBeUndefined();
    expect(clears()).toBe(0);
  });

  test("does not end the call by it: after a goodbye they are listened to", async () => {
    await heardOut({ reply: () => [{ text: QUESTION }, { tool: "end_call" }] });
    call.caller.speaks("Wait, I have another question for you", { ms: 1200 });
    await call.until("asked", () => call.thread.asked.length === 2, 10_000);
    expect(call.line.isClosed).toBe(false);
    call.line.hangUp();
  });

  test("a filler that was played is over, too: the answer to come is what they speak over", async () => {
    call = await fakeCall({
      reply: () => [{ wait: 6000 }, { text: "It is booked." }],
      line: { uplinkMs: 100, downlinkMs: 120 },
    });
    await call.greeted();
    call.caller.speaks("Is there a table?");
    await call.untilHeard("Let me check", 10_000);
    await call.until("over", () => call.line.waitingMs() === 0);
    call.caller.speaks("Mhm", { ms: 300 });
    await call.until("noticed", () => happened().filter((what) => what === "caller speaks").length === 2, 140);
    expect(call.replies("filler")).toMatchObject([{ interrupted: false, cut: "" }]);
    await call.untilHeard("It is booked", 20_000);
    expect(clears()).toBe(0);
  });
});

describe("what was not played is not taken for heard", () => {
  test("when the network is slow all at once: the line is cleared, and the record keeps to what was heard", async () => {
    for (const slowMs of [700, 1500, 5000]) {
      let way = 100;
      call = await fakeCall({
        reply: (_input, number) => (number === 1 ? QUESTION : "It is booked."),
        line: { uplinkMs: () => way, downlinkMs: 120 },
      });
      await call.greeted();
      call.caller.speaks("Is there a table?");
      await call.until("asked", () => call.thread.asked.length === 1);
      way += slowMs;
      await call.until("generated", () => call.voices.spoken[0]?.status === "completed", 10_000);
      const { name = "", sent = 0 } = call.voices.spoken[0] ?? {};
      // By the clock of sending it is over now.
      const first = call.line.calls.find(({ what, at }) => what === "play" && at >= (call.voices.spoken[0]?.at ?? 0));
      await call.run(Math.max(0, (first?.at ?? 0) + sent / 8 + 100 - call.time.now()));
      call.caller.speaks("Wait, I only want to know the price", { ms: 2000 });
      await call.until("cleared", () => clears() === 1, 200);
      await call.until("cut", () => call.replies("reply").length === 1, 3000);
      const truth = call.line.heardBytes((one) => one === name) / 8;
      expect(call.replies("reply")[0]).toMatchObject({ interrupted: true });
      // Before the first mark of a stretch is back its beginning is believed, about 300 ms of it at most.
      expect(call.replies("reply")[0]?.heardMs).toBeLessThanOrEqual(truth + 320);
      await call.over();
    }
  });

  test("when marks never come back", async () => {
    await heardOut({ line: { uplinkMs: 100, downlinkMs: 120, marks: false } });
    await call.run(100);
    call.caller.speaks("Wait, I only want to know the price", { ms: 2000 });
    await call.until("cleared", () => clears() > 0, 200);
    await call.untilHeard("It is booked", 15_000);
  });
});
