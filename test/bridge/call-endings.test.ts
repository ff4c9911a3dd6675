// Whole calls in virtual time: every way a call ends, in every phase; one reason, the ending stored before the line closes,
// and nothing left behind.
import type { LineCloseCause } from "../../src/core/line.ts";
import type { Phase } from "../../src/bridge/phase.ts";
import { fakeCall, HUMAN, type FakeCall, type FakeCallOptions } from "../support/fake-call.ts";
import { streamed, type Step } from "../support/fake-thread.ts";

let call: FakeCall;
afterEach(() => call.over());

const goodbye = (text: string): Step[] => [...streamed(text), { tool: "end_call" }];

async function asked(question: string, options: FakeCallOptions): Promise<void> {
  call = await fakeCall(options);
  await call.greeted();
  call.caller.speaks(question, { ms: 1000 });
}
const closedAt = (): number => call.line.calls.find(({ what }) => what === "close")?.at ?? NaN;
const heardUntil = (): number => Math.max(...call.line.heard().map(({ until }) => until));

describe("an agent that ends the call", () => {
  test("is heard to the end of its goodbye, and the ending is stored before the line closes", async () => {
    await asked("That is all, thank you", { reply: () => goodbye("You are welcome. Goodbye, and have a nice day!") });
    await call.until("closed", () => call.line.isClosed, 30_000);
    expect(call.replies("reply")).toMatchObject([{ interrupted: false, cut: "" }]);
    expect(call.endings).toMatchObject([{ ending: { kind: "hangup", reason: "agent-hangup" } }]);
    expect(call.endings[0]?.at).toBeLessThanOrEqual(closedAt());
    expect(closedAt()).toBeGreaterThanOrEqual(heardUntil());
    expect(closedAt() - heardUntil()).toBeLessThan(300);
    expect(call.reasons).toEqual(["agent-hangup"]);
    expect(call.record().tools).toMatchObject([{ name: "end_call", result: "ok" }]);
  });

  test("in speech that comes after the tool, too", async () => {
    await asked("That is all, thank you", {
      reply: () => [{ wait: 200 }, { tool: "end_call" }, ...streamed("Goodbye, and have a nice day!")],
    });
    await call.until("closed", () => call.line.isClosed, 30_000);
    expect(call.heardNames().at(-1)?.what).toContain("Goodbye");
    expect(call.replies("reply")).toMatchObject([{ interrupted: false }]);
  });

  test("without a word, at once", async () => {
    await asked("That is all, thank you", { reply: () => [{ wait: 200 }, { tool: "end_call" }] });
    await call.until("closed", () => call.line.isClosed, 5000);
    expect(call.heardNames().map(({ what }) => what)).toEqual(["clip:greeting"]);
    expect(call.record().turns[0]?.cause).toBeUndefined();
  });

  test.each([
    ["bye", 300],
    ["Okay, thank you so much, bye bye", 2000],
    ["yes okay", 400],
  ])("is not taken back by %p", async (words, ms) => {
    await asked("That is all, thank you", { reply: () => goodbye("You are welcome. Goodbye, and have a nice day!") });
    await call.untilHeard("You are welcome");
    await call.run(500);
    call.caller.speaks(words, { ms });
    await call.until("closed", () => call.line.isClosed, 20_000);
    expect(call.reasons).toEqual(["agent-hangup"]);
    expect(call.thread.asked).toHaveLength(1);
  });

  test("is taken back by a caller who goes on", async () => {
    await asked("That is all, thank you", {
      reply: (_input, number) =>
        number === 1 ? goodbye("You are welcome. Goodbye, and have a nice day!") : "We open at nine.",
    });
    await call.untilHeard("You are welcome");
    await call.run(500);
    call.caller.speaks("Wait, one more thing, when do you open?", { ms: 2000 });
    await call.untilHeard("We open at nine", 20_000);
    await call.run(20_000);
    expect(call.line.isClosed).toBe(false);
    expect(call.endings).toEqual([]);
    expect(call.thread.asked[1]).toMatchObject({ text: "Wait, one more thing, when do you open?" });
  });

  test("is taken back by short words that mean something, even when the goodbye is nearly over", async () => {
    await asked("That is all, thank you", {
      reply: (_input, number) => (number === 1 ? goodbye("Goodbye, have a nice day!") : "Yes?"),
    });
    await call.untilHeard("Goodbye");
    await call.until("nearly over", () => call.line.waitingMs() < 500 && call.line.waitingMs() > 200);
    call.caller.speaks("Wait!", { ms: 400, transcriptMs: 900 });
    await call.untilHeard("Yes?", 10_000);
    expect(call.line.isClosed).toBe(false);
  });

  test("is taken back by a key", async () => {
    await asked("That is all, thank you", {
      reply: (_input, number) => (number === 1 ? goodbye("Goodbye, and have a nice day!") : "Thank you."),
    });
    await call.untilHeard("Goodbye");
    call.line.deliver({ type: "line.digit", digit: "5" });
    await call.untilHeard("Thank you.", 10_000);
    expect(call.line.isClosed).toBe(false);
  });

  test("goes although the goodbye is never acknowledged", async () => {
    await asked("That is all, thank you", {
      reply: () => goodbye("Goodbye, have a nice day!"),
      line: { marks: false },
    });
    await call.until("closed", () => call.line.isClosed, 15_000);
    expect(call.reasons).toEqual(["agent-hangup"]);
  });

  test("goes in half a minute although the voice stops in the middle of the goodbye and says nothing of it", async () => {
    await asked("That is all, thank you", {
      reply: () => goodbye("Goodbye, and have a nice day!"),
      voices: { speech: () => ({ stallAtMs: 500 }) },
    });
    await call.untilHeard("Goodbye");
    await call.until("closed", () => call.line.isClosed, 12_000 + 10_000);
    expect(call.reasons).toEqual(["agent-hangup"]);
  });

  test("goes although its goodbye never comes", async () => {
    await asked("That is all, thank you", { reply: () => [{ wait: 100 }, { tool: "end_call" }, { hang: true }] });
    await call.until("closed", () => call.line.isClosed, 30_000);
    expect(call.reasons).toEqual(["agent-hangup"]);
  });
});

describe("a transfer", () => {
  const transfer: Step = { tool: "transfer_call", arguments: JSON.stringify({ reason: "Wants the manager." }) };

  test("is stored with the number and the note before the line closes, after the words were heard", async () => {
    await asked("Give me a person", { reply: () => [...streamed("I am connecting you now."), transfer] });
    await call.until("closed", () => call.line.isClosed, 20_000);
    expect(call.endings.map(({ ending }) => ending)).toEqual([
      { kind: "transfer", reason: "transferred", to: HUMAN, note: "Wants the manager." },
    ]);
    expect(call.endings[0]?.at).toBeLessThanOrEqual(closedAt());
    expect(closedAt()).toBeGreaterThanOrEqual(heardUntil());
    expect(call.reasons).toEqual(["transferred"]);
  });

  test("without a word of the agent is announced from a clip", async () => {
    await asked("Give me a person", { reply: () => [{ wait: 100 }, transfer] });
    await call.until("closed", () => call.line.isClosed, 20_000);
    expect(call.heardNames().at(-1)?.what).toBe("clip:transfer");
    expect(call.reasons).toEqual(["transferred"]);
  });

  test("is not recorded for a caller who hung up before it", async () => {
    await asked("Give me a person", {
      reply: () => [...streamed("I am connecting you now."), transfer],
      state: { putEnding: () => new Promise((resolve) => void call.time.after(800, resolve)) },
    });
    await call.untilHeard("I am connecting");
    await call.until("closing", () => call.call.phase() === "ending" && call.line.waitingMs() === 0);
    await call.run(200);
    call.line.hangUp("hangup");
    await call.run(1000);
    expect(call.reasons).toEqual(["caller-hangup"]);
  });
});

describe("the store of endings", () => {
  test("may be slow: the line closes after a second at the latest", async () => {
    await asked("That is all", {
      reply: () => goodbye("Goodbye!"),
      state: { putEnding: () => new Promise(() => {}) },
    });
    await call.until("closed", () => call.line.isClosed, 20_000);
    expect(closedAt() - heardUntil()).toBeGreaterThan(900);
    expect(closedAt() - heardUntil()).toBeLessThan(1300);
  });

  test.each<[string, () => Promise<void>]>([
    ["reject", () => Promise.reject(new Error("no store"))],
    [
      "throw",
      () => {
        throw new Error("no store");
      },
    ],
  ])("may %s: the line closes, and the log tells", async (_what, putEnding) => {
    await asked("That is all", { reply: () => goodbye("Goodbye!"), state: { putEnding } });
    await call.until("closed", () => call.line.isClosed, 20_000);
    expect(call.reasons).toEqual(["agent-hangup"]);
    expect(call.log.lines.some(({ message }) => message.includes("could not be stored"))).toBe(true);
  });
});

describe("the end from outside", () => {
  test("the time limit is announced, and nobody takes it back", async () => {
    call = await fakeCall({ settings: { maxCallMs: 60_000, silencePromptMs: 100_000 }, reply: () => "All right." });
    await call.run(58_000);
    call.caller.speaks("I want to tell you a very long story about my car and my house", { ms: 6000 });
    await call.until("closed", () => call.line.isClosed, 30_000);
    expect(call.heardNames().at(-1)?.what).toBe("clip:time-up");
    expect(call.replies("notice").at(-1)).toMatchObject({ interrupted: false });
    expect(call.reasons).toEqual(["time-limit"]);
    expect(call.sinceStart()).toBeLessThan(66_000);
  });

  test("the time limit without a clip closes at once", async () => {
    call = await fakeCall({ settings: { maxCallMs: 20_000 }, clips: (id) => id === "greeting" });
    await call.until("closed", () => call.line.isClosed, 21_000);
    expect(call.reasons).toEqual(["time-limit"]);
  });

  test("the shutdown cuts the answer, says goodbye and closes", async () => {
    await asked("Tell me everything", { reply: () => "This is a very long answer. ".repeat(10) });
    await call.untilHeard("This is a very");
    await call.run(500);
    call.call.end({ kind: "hangup", reason: "shutdown" }, "shutdown");
    await call.until("closed", () => call.line.isClosed, 10_000);
    expect(call.heardNames().at(-1)?.what).toBe("clip:shutdown");
    expect(call.reasons).toEqual(["shutdown"]);
    expect(call.replies("reply")).toMatchObject([{ interrupted: true }]);
    expect(call.thread.asked).toMatchObject([{ aborted: true }]);
  });

  test("the shutdown during a goodbye lets it be heard", async () => {
    await asked("That is all", { reply: () => goodbye("You are welcome. Goodbye, and have a nice day!") });
    await call.untilHeard("You are welcome");
    call.call.end({ kind: "hangup", reason: "shutdown" }, "shutdown");
    call.call.end({ kind: "hangup", reason: "shutdown" }, "shutdown");
    call.caller.speaks("Wait, wait, I have another question for you", { ms: 2000 });
    await call.until("closed", () => call.line.isClosed, 20_000);
    expect(call.reasons).toEqual(["agent-hangup"]);
    expect(call.endings).toHaveLength(1);
  });

  describe.each<[string, FakeCallOptions, () => Promise<void>]>([
    ["an answer", { reply: () => "This is a very long answer. ".repeat(10) }, () => call.untilHeard("This is a very")],
    [
      "a goodbye of its own",
      { reply: () => goodbye("Goodbye now. ".repeat(20)) },
      () => call.untilHeard("Goodbye now"),
    ],
    ["a goodbye that is final", { settings: { maxCallMs: 12_000 } }, () => call.untilHeard("We are out of time")],
    ["silence", {}, () => call.run(4000)],
  ])("the shutdown during %s, with a limit of its own", (_what, options, moment) => {
    test.each<[string, FakeCallOptions]>([
      ["which is reached by a phone whose marks never come", { line: { marks: false, uplinkMs: 100 } }],
      ["which leaves a store that hangs a second", { state: { putEnding: () => new Promise(() => {}) } }],
    ])("%s", async (_how, more) => {
      await asked("Tell me everything", { ...options, ...more });
      await moment();
      const since = call.time.now();
      call.call.end({ kind: "hangup", reason: "shutdown" }, "shutdown", 1000);
      await call.until("closed", () => call.line.isClosed, 20_000);
      expect(closedAt() - since).toBeLessThanOrEqual(more.state ? 2000 : 1000);
      expect(call.reasons).toHaveLength(1);
    });
  });

  test("the carrier's word that the call is over ends it without a goodbye", async () => {
    await asked("Tell me everything", { reply: () => "This is a very long answer. ".repeat(10) });
    await call.untilHeard("This is a very");
    call.call.gone();
    await call.run(100);
    expect(call.reasons).toEqual(["caller-hangup"]);
    expect(call.line.isClosed).toBe(true);
    call.call.gone();
    call.call.end({ kind: "hangup", reason: "shutdown" }, "shutdown");
    await call.run(5000);
    expect(call.reasons).toHaveLength(1);
  });

  test("a line that never says it is closed is taken for gone", async () => {
    await asked("That is all", { reply: () => goodbye("Goodbye!"), line: { closeMs: -1 } });
    await call.until("ended", () => call.reasons.length > 0, 40_000);
    expect(call.reasons).toEqual(["agent-hangup"]);
  });
});

describe("a line that closes", () => {
  const CAUSES: readonly (readonly [LineCloseCause, string])[] = [
    ["hangup", "caller-hangup"],
    ["network", "line-lost"],
    ["no-media", "no-media"],
    ["slow-consumer", "slow-consumer"],
    ["bad-frames", "bad-frames"],
    ["protocol", "protocol"],
  ];
  const PHASES: readonly (readonly [Phase, () => Promise<void>])[] = [
    ["greeting", async () => void (call = await fakeCall()).run(0)],
    [
      "listening",
      async () => {
        call = await fakeCall();
        await call.greeted();
      },
    ],
    [
      "thinking",
      async () => {
        await asked("Well?", { reply: () => [{ hang: true }] });
        await call.until("thinking", () => call.call.phase() === "thinking");
      },
    ],
    [
      "speaking",
      async () => {
        await asked("Well?", { reply: () => "This is a very long answer. ".repeat(10) });
        await call.untilHeard("This is a very");
      },
    ],
    [
      "interrupted",
      async () => {
        await asked("Well?", { reply: () => "This is a very long answer. ".repeat(10) });
        await call.untilHeard("This is a very");
        call.caller.speaks("But what about me?", { ms: 2000 });
        await call.until("interrupted", () => call.call.phase() === "interrupted");
      },
    ],
    [
      "ending",
      async () => {
        await asked("Bye", { reply: () => goodbye("This is a long goodbye to you and to all of yours.") });
        await call.untilHeard("This is a long goodbye");
      },
    ],
  ];
  test("for a store that is slow: the caller may come back, so the call is not over, and is ended by whoever has it last", async () => {
    call = await fakeCall({ state: { putEnding: () => new Promise((stored) => void call.time.after(1100, stored)) } });
    await call.greeted();
    call.line.hangUp("network");
    await call.run(1000);
    expect(call.reasons).toEqual(["line-lost"]);
    expect(call.call.returns()).toBe(true);
    await call.run(1000);
    expect(call.endings).toMatchObject([{ ending: { kind: "reconnect" } }]);
    expect(call.record()).toMatchObject({ status: "in-progress" });
    expect(call.record().timeline.filter(({ what }) => what === "end")).toEqual([]);
  });

  test("for a store that fails: the carrier cannot be told to come back, and the call is over", async () => {
    call = await fakeCall({ state: { putEnding: () => Promise.reject(new Error("no store")) } });
    await call.greeted();
    call.line.hangUp("network");
    await call.run(0);
    expect(call.call.returns()).toBe(false);
    expect(call.record()).toMatchObject({ status: "completed", endReason: "line-lost" });
  });

  test.each(
    PHASES.flatMap(([phase, reach]) => CAUSES.map(([cause, reason]) => [phase, cause, reason, reach] as const)),
  )("while %s, for %s: %s", async (phase, cause, reason, reach) => {
    await reach();
    expect(call.call.phase()).toBe(phase);
    call.line.hangUp(cause);
    await call.run(0);
    expect(call.reasons).toEqual([reason]);
    expect(call.time.pending()).toBe(0);
    expect(call.voices.voices.every(({ isClosed }) => isClosed)).toBe(true);
    expect(call.thread.isClosed).toBe(true);
    // Of a line that was lost without a reason the caller comes back with another one, unless they were leaving.
    const returns = phase !== "ending" && (cause === "network" || cause === "no-media");
    expect(call.call.returns()).toBe(returns);
    const closed = { status: "completed", endReason: reason };
    expect(call.record()).toMatchObject(returns ? { status: "in-progress" } : closed);
    if (cause !== "hangup") {
      const leaving = { kind: "hangup", reason: "agent-hangup" };
      const next = { kind: returns ? "reconnect" : "apologise", reason };
      expect(call.endings.map(({ ending }) => ending)).toEqual([phase === "ending" ? leaving : next]);
    }
    // Whatever comes afterwards changes nothing.
    const before = JSON.stringify(call.record());
    call.line.deliver({ type: "line.digit", digit: "1" });
    call.line.deliver({ type: "line.closed", cause: "network" });
    call.voices.current.emit({ type: "voice.speech-started", audioMs: 1 });
    await call.run(5000);
    expect(JSON.stringify(call.record())).toBe(before);
  });

  test("before it was attached ends the call before it says anything", async () => {
    call = await fakeCall({ beforeCall: (line) => line.hangUp() });
    await call.run(0);
    expect(call.reasons).toEqual(["caller-hangup"]);
    expect(call.line.calls).toEqual([]);
    expect(call.replies()).toEqual([]);
  });

  test("after 30 s of kept frames, all of them handed over at once, ends the call, too", async () => {
    call = await fakeCall({
      beforeCall(line) {
        for (let frame = 0; frame < 1500; frame++) line.deliver({ type: "line.audio", payload: "//8=" });
        line.hangUp();
      },
    });
    await call.run(0);
    expect(call.reasons).toEqual(["caller-hangup"]);
  });
});

describe("defects", () => {
  test("a store of records that throws costs the record, not the call", async () => {
    const broken = (): never => {
      throw new Error("disk full");
    };
    await asked("Well?", { reply: () => "All right.", store: { open: broken, update: broken } });
    await call.untilHeard("All right.");
    call.line.hangUp();
    await call.run(10);
    expect(call.reasons).toEqual(["caller-hangup"]);
    expect(call.log.lines.filter(({ message }) => message.includes("record could not be kept")).length).toBeGreaterThan(
      2,
    );
  });

  test("a handler that throws is counted, and the call goes on and ends cleanly", async () => {
    let broken = 2;
    call = await fakeCall({
      parts: {
        divergence: () => {
          if (broken-- > 0) throw new Error("a defect");
          return 0;
        },
      },
      reply: () => "All right. I will do that for you.",
    });
    await call.greeted();
    call.caller.speaks("Do it please");
    await call.run(6000);
    call.caller.speaks("Do it again please");
    await call.run(9000);
    expect(call.meter.total("voice_internal_errors_total")).toBeGreaterThanOrEqual(1);
    call.line.hangUp();
    await call.run(0);
    expect(call.reasons).toEqual(["caller-hangup"]);
    expect(call.time.pending()).toBe(0);
    call.log.lines.length = 0;
  });

  test("a voice that throws when it is closed leaves nothing open", async () => {
    call = await fakeCall();
    await call.greeted();
    const voice = call.voices.current;
    voice.close = () => {
      voice.lose("closed-by-us");
      throw new Error("a defect of the voice");
    };
    call.line.hangUp();
    await call.run(0);
    expect(call.reasons).toEqual(["caller-hangup"]);
    expect(call.time.pending()).toBe(0);
    expect(call.thread.isClosed).toBe(true);
    call.log.lines.length = 0;
  });
});
