// Whole calls in virtual time: the voice fails, stalls, is lost or never comes; the thread fails, hangs or sends too much. The
// caller hears something, and no word twice.
import { ThreadError } from "../../src/core/thread.ts";
import { fakeCall, type FakeCall, type FakeCallOptions } from "../support/fake-call.ts";
import { streamed } from "../support/fake-thread.ts";
import { createRandom } from "../support/random.ts";

const SENTENCES = [
  "Your car will be ready on Thursday morning.",
  "The brakes were worn on the left side.",
  "We changed the oil and the filter as you asked.",
  "The bill comes to two hundred and ten dollars.",
];
const LONG = SENTENCES.join(" ");

let call: FakeCall;
afterEach(() => call.over());

async function asked(question: string, options: FakeCallOptions): Promise<void> {
  call = await fakeCall(options);
  await call.greeted();
  call.caller.speaks(question, { ms: 1000 });
}
const names = (): string[] => call.heardNames().map(({ what }) => what);
const isSpeech = (name: string): boolean => name.startsWith("v");
/** Words in the order the caller heard them, as the voices were asked for them, clips left out. */
function wordsHeard(): string {
  const seen = new Set<string>();
  return call.line
    .heard()
    .filter(({ name }) => isSpeech(name) && !seen.has(name) && seen.add(name))
    .map(({ name }) => {
      const one = call.voices.spoken.find((spoken) => spoken.name === name);
      if (!one) throw new Error(name);
      // What it got to speak of its text, whether or not it was lost before the end.
      const whole = Math.round(one.text.length * 65) * 8;
      return one.text.slice(0, Math.round((one.sent / whole) * one.text.length));
    })
    .join(" ");
}

describe("no voice", () => {
  test("never ready: the greeting is heard, then a clip, and at 4 s the line closes with an apology stored", async () => {
    call = await fakeCall({ voices: { voice: () => ({ readyMs: -1 }) } });
    await call.until("closed", () => call.line.isClosed, 10_000);
    expect(names()).toEqual(["clip:greeting", "clip:hold"]);
    expect(call.sinceStart()).toBeGreaterThanOrEqual(4000);
    expect(call.sinceStart()).toBeLessThan(4200);
    expect(call.endings.map(({ ending }) => ending)).toEqual([{ kind: "apologise", reason: "voice-unavailable" }]);
    expect(call.reasons).toEqual(["voice-unavailable"]);
  });

  test("never ready and no greeting to play: a clip is heard by 1.5 s", async () => {
    call = await fakeCall({ voices: { voice: () => ({ readyMs: -1 }) }, clips: (id) => id !== "greeting" });
    await call.run(1600);
    expect(call.heardNames()).toMatchObject([{ what: "clip:hold" }]);
    await call.until("closed", () => call.line.isClosed, 3000);
  });

  test("late: the call goes on as if nothing had been", async () => {
    call = await fakeCall({ voices: { voice: () => ({ readyMs: 3900 }) }, reply: () => LONG });
    await call.run(4500);
    call.caller.speaks("What about my car?");
    await call.untilHeard("Your car", 10_000);
    expect(call.record().status).toBe("in-progress");
  });

  test("refused at once and for good: the greeting is heard to its end first, within the 4 s", async () => {
    call = await fakeCall({ voices: { voice: () => ({ readyMs: -1, lostMs: 60, code: "401", fatal: true }) } });
    await call.until("closed", () => call.line.isClosed, 10_000);
    expect(call.replies("greeting")).toMatchObject([{ interrupted: false, heardMs: 2700 }]);
    expect(call.voices.voices).toHaveLength(1);
    expect(call.sinceStart()).toBeLessThan(3000);
    expect(call.reasons).toEqual(["voice-unavailable"]);
  });

  test("refused for good before the stream came: the apology alone, and not a greeting that breaks off", async () => {
    call = await fakeCall({
      voices: { voice: () => ({ readyMs: -1, lostMs: 60, code: "401", fatal: true }) },
      prewarmMs: 200,
    });
    await call.until("closed", () => call.line.isClosed, 10_000);
    expect(call.line.calls.map(({ what }) => what)).toEqual(["close"]);
    expect(call.replies()).toEqual([]);
    expect(call.reasons).toEqual(["voice-unavailable"]);
  });

  test("refused for good, and a key is pressed: the call cannot be taken back", async () => {
    call = await fakeCall({ voices: { voice: () => ({ readyMs: -1, lostMs: 60, code: "401", fatal: true }) } });
    await call.run(500);
    call.line.deliver({ type: "line.digit", digit: "1" });
    await call.until("closed", () => call.line.isClosed, 5000);
    expect(call.reasons).toEqual(["voice-unavailable"]);
  });

  test("refused twice: two tries, not three", async () => {
    call = await fakeCall({ voices: { voice: () => ({ readyMs: -1, lostMs: 300, code: "503" }) } });
    await call.until("closed", () => call.line.isClosed, 10_000);
    expect(call.voices.voices).toHaveLength(2);
    expect(call.sinceStart()).toBeLessThan(4100);
  });

  test("the second try counts from the first one's start", async () => {
    call = await fakeCall({
      voices: { voice: (n) => ({ readyMs: -1, ...(n === 1 && { lostMs: 3000, code: "503" }) }) },
    });
    await call.until("closed", () => call.line.isClosed, 10_000);
    expect(call.sinceStart()).toBeLessThan(4200);
  });

  test("the first try lost before it was ready: the second hears everything from the first frame on", async () => {
    call = await fakeCall({
      voices: { voice: (n) => (n === 1 ? { readyMs: -1, lostMs: 2500, code: "1006" } : { readyMs: 600 }) },
      reply: () => LONG,
    });
    await call.run(60);
    call.caller.speaks("Hello I want to know about my car please", { ms: 2200 });
    await call.untilHeard("Your car", 15_000);
    expect(call.thread.asked.map(({ text }) => text)).toEqual(["Hello I want to know about my car please"]);
  });
});

describe("a voice that is lost", () => {
  test("in the middle of a sentence: one other is opened, and no word is said twice or left out but one", async () => {
    const random = createRandom(11);
    for (let round = 0; round < 12; round++) {
      await asked("What about my car?", {
        reply: () => LONG,
        voices: { seed: round, voice: () => ({ readyMs: 400 }) },
      });
      await call.untilHeard("Your car");
      await call.run(random.between(0, 1500));
      call.voices.current.lose("1006");
      await call.until("quiet", () => call.replies("reply").length === 1, 40_000);
      expect(call.voices.voices).toHaveLength(2);
      const heard = wordsHeard().split(/\s+/).filter(Boolean);
      const wanted = LONG.split(" ");
      // In order, none twice; a word the break fell into may be missing in part.
      let at = 0;
      for (const word of heard) {
        const found = wanted.findIndex((one, index) => index >= at && (one === word || one.startsWith(word)));
        expect([word, found >= at]).toEqual([word, true]);
        at = found + 1;
      }
      expect(heard.length).toBeGreaterThanOrEqual(wanted.length - 3);
      expect(call.replies("reply")).toMatchObject([{ interrupted: false }]);
      expect(await call.leftovers()).toEqual([]);
    }
  });

  test("the line is not cleared: what was generated is heard on", async () => {
    await asked("What about my car?", { reply: () => LONG, voices: { speech: () => ({ speed: 20 }) } });
    await call.untilHeard("The brakes", 20_000);
    call.voices.current.lose();
    await call.until("quiet", () => call.replies("reply").length === 1, 40_000);
    expect(call.line.calls.filter(({ what }) => what === "clear")).toEqual([]);
    expect(call.replies("reply")).toMatchObject([{ heard: LONG }]);
  });

  test("marks of before still prove what was heard", async () => {
    await asked("What about my car?", { reply: () => LONG, voices: { speech: () => ({ speed: 20 }) } });
    await call.untilHeard("The brakes", 20_000);
    call.voices.current.lose();
    await call.run(2000);
    call.caller.speaks("Stop please, I have heard enough of this", { ms: 2500 });
    await call.until("cut", () => call.replies("reply").length === 1, 5000);
    await call.run(200);
    expect(Math.abs((call.replies("reply")[0]?.heardMs ?? 0) - call.line.heardBytes(isSpeech) / 8)).toBeLessThan(60);
  });

  test("while the caller speaks: the other one hears the words from their start", async () => {
    call = await fakeCall({ reply: () => LONG });
    await call.greeted();
    call.caller.speaks("I would like to know when my car will be ready", { ms: 3000 });
    await call.run(1700);
    call.voices.current.lose();
    await call.untilHeard("Your car", 15_000);
    expect(call.thread.asked.map(({ text }) => text)).toEqual(["I would like to know when my car will be ready"]);
  });

  test("while a transcript is on its way: the words are heard again, once", async () => {
    call = await fakeCall({ reply: () => LONG });
    await call.greeted();
    call.caller.speaks("When will my car be ready?", { ms: 1500, transcriptMs: 1000 });
    await call.run(2400);
    call.voices.current.lose();
    await call.untilHeard("Your car", 15_000);
    expect(call.thread.asked.map(({ text }) => text)).toEqual(["When will my car be ready?"]);
  });

  test("while the caller speaks, with the words before already understood: those are not heard twice", async () => {
    call = await fakeCall({ reply: () => streamed("All right.", { firstMs: 5000 }) });
    await call.greeted();
    call.caller.speaks("My name is Miller", { ms: 1200, transcriptMs: 600 });
    await call.run(2100);
    call.caller.speaks("and I would like to have my car back", { ms: 2500 });
    await call.until("first words understood", () => call.thread.asked.length === 1);
    await call.run(900);
    call.voices.current.lose();
    await call.untilHeard("All right", 20_000);
    expect(call.thread.asked.at(-1)?.text).toBe("My name is Miller and I would like to have my car back");
  });

  test("before it told of the speech that had just begun: no word is lost", async () => {
    call = await fakeCall({ reply: () => LONG });
    await call.greeted();
    await call.run(1000);
    call.caller.speaks("When will my car be ready?", { ms: 1500 });
    await call.run(70);
    call.voices.current.lose();
    await call.untilHeard("Your car", 15_000);
    expect(call.thread.asked.map(({ text }) => text)).toEqual(["When will my car be ready?"]);
  });

  test("while the assistant thinks: the answer is spoken by the next one", async () => {
    await asked("What about my car?", { reply: () => streamed(LONG, { firstMs: 1200 }) });
    await call.until("asked", () => call.thread.asked.length === 1);
    call.voices.current.lose();
    await call.untilHeard("Your car", 15_000);
    expect(call.thread.asked).toHaveLength(1);
  });

  test("and slow to be replaced: the caller is told to hold on", async () => {
    await asked("What about my car?", {
      reply: () => LONG,
      voices: { voice: (n) => ({ readyMs: n === 1 ? 100 : 3000 }) },
    });
    await call.untilHeard("Your car");
    call.voices.current.lose();
    await call.untilHeard("hundred and ten", 40_000);
    expect(names()).toContain("clip:hold");
    expect(names().filter((what) => what === "clip:hold")).toHaveLength(1);
  });

  test("a second time within 20 s: the caller gets an apology and the human", async () => {
    await asked("What about my car?", { reply: () => LONG });
    await call.untilHeard("Your car");
    call.voices.current.lose();
    await call.run(1500);
    call.voices.current.lose();
    await call.until("closed", () => call.line.isClosed, 10_000);
    expect(call.reasons).toEqual(["voice-unavailable"]);
    expect(call.endings.map(({ ending }) => ending.kind)).toEqual(["apologise"]);
  });

  test("a second time after a long while: it has earned another", async () => {
    await asked("What about my car?", { reply: () => "All right.", settings: { silencePromptMs: 100_000 } });
    await call.untilHeard("All right");
    call.voices.current.lose();
    await call.run(25_000);
    call.voices.current.lose();
    await call.run(1000);
    call.caller.speaks("Are you there?");
    await call.until("answered", () => call.thread.asked.length === 2);
    expect(call.voices.voices).toHaveLength(3);
  });

  test("for good: no other is opened", async () => {
    await asked("What about my car?", { reply: () => LONG });
    await call.untilHeard("Your car");
    call.voices.current.lose("insufficient_quota", true);
    await call.until("closed", () => call.line.isClosed, 10_000);
    expect(call.voices.voices).toHaveLength(1);
    expect(call.reasons).toEqual(["voice-unavailable"]);
    expect(call.endings[0]?.at).toBeLessThanOrEqual(call.time.now());
  });

  test("after which the caller stays silent: they are asked after", async () => {
    call = await fakeCall();
    await call.greeted();
    call.caller.speaks("Well", { ms: 400, as: "empty" });
    await call.run(200);
    call.voices.current.lose();
    await call.untilHeard("Are you still there", 30_000);
  });

  test("is counted, and the log tells why", async () => {
    await asked("What about my car?", { reply: () => LONG });
    await call.untilHeard("Your car");
    call.voices.current.lose("1011");
    await call.run(1000);
    expect(call.meter.total("voice_upstream_reconnects_total", { reason: "1011" })).toBe(1);
    expect(call.log.lines.some(({ level, fields }) => level === "warn" && fields.code === "1011")).toBe(true);
  });

  test("the history it hands on holds what was said and heard", async () => {
    await asked("What about my car?", { reply: () => "It is ready." });
    await call.untilHeard("It is ready");
    await call.until("quiet", () => call.call.phase() === "listening");
    call.voices.current.lose();
    await call.run(200);
    expect(call.voices.current.history.map(({ role, text }) => `${role}: ${text}`)).toEqual([
      "agent: Hello, this is the assistant. How can I help?",
      "caller: What about my car?",
      "agent: It is ready.",
    ]);
  });
});

describe("a voice that fails to speak", () => {
  const failing = (
    which: (text: string, number: number) => boolean,
    endAtMs: number,
    status: "failed" | "incomplete",
  ) => ({
    speech: (text: string, number: number) => (which(text, number) ? { endAtMs, status, code: "server_error" } : {}),
  });

  test("a sentence once: it is asked for again and nobody notices", async () => {
    await asked("What about my car?", {
      reply: () => LONG,
      voices: failing((_text, number) => number === 1, 0, "failed"),
    });
    await call.until("quiet", () => call.replies("reply").length === 1, 40_000);
    expect(call.replies("reply")).toMatchObject([{ heard: LONG, cut: "" }]);
    expect(names()).not.toContain("clip:sorry");
    expect(call.record().turns[0]?.cause).toBeUndefined();
  });

  test("a sentence in its middle: the rest of it is asked for, and no word is said twice", async () => {
    for (const status of ["failed", "incomplete"] as const) {
      await asked("What about my car?", {
        reply: () => LONG,
        voices: failing((text, number) => number === 2 && text.length > 30, 1500, status),
      });
      await call.until("quiet", () => call.replies("reply").length === 1, 40_000);
      const [first, broken, rest] = call.voices.spoken.map(({ text }) => text);
      expect(first).toBe(SENTENCES[0]);
      expect(broken?.endsWith(rest ?? "-")).toBe(true);
      expect(rest?.length).toBeLessThan((broken?.length ?? 0) - 15);
      expect(wordsHeard().replace(/\s+/g, " ").length).toBeLessThanOrEqual(LONG.length + 3);
      expect(names()).not.toContain("clip:sorry");
      expect(await call.leftovers()).toEqual([]);
    }
  });

  test("a sentence twice: it is left out, and the turn says so", async () => {
    await asked("What about my car?", {
      reply: () => LONG,
      voices: failing((text) => text.includes("brakes"), 0, "failed"),
    });
    await call.until("quiet", () => call.call.phase() === "listening" && call.replies("reply").length === 1, 40_000);
    expect(call.record().turns[0]?.cause).toBe("speech-server_error");
    expect(call.replies("reply")[0]?.cut).toContain("brakes");
    expect(call.meter.total("voice_speech_failures_total", { code: "server_error" })).toBe(1);
  });

  test("everything: one apology, and the call goes on", async () => {
    let broken = true;
    await asked("What about my car?", {
      reply: () => LONG,
      voices: { speech: () => (broken ? { endAtMs: 0, status: "failed", code: "server_error" } : {}) },
    });
    await call.untilHeard("Sorry, something went wrong", 20_000);
    await call.until("quiet", () => call.call.phase() === "listening", 20_000);
    expect(names().filter((what) => what === "clip:sorry")).toHaveLength(1);
    broken = false;
    call.caller.speaks("What did you say?");
    await call.untilHeard("Your car", 10_000);
    expect(call.thread.asked[1]?.correction).toEqual({ generated: LONG, heard: "" });
  });

  test("a speech the engine cancels by itself is gone on with", async () => {
    await asked("What about my car?", {
      reply: () => LONG,
      voices: { speech: (_text, number) => (number === 1 ? { endAtMs: 700, status: "cancelled" } : {}) },
    });
    await call.until("quiet", () => call.replies("reply").length === 1, 40_000);
    expect(call.replies("reply")[0]?.heard.split(" ").length).toBeGreaterThanOrEqual(LONG.split(" ").length - 1);
  });

  test("one that says something else is told of", async () => {
    await asked("What about my car?", {
      reply: () => "It is ready for you now.",
      voices: { speech: () => ({ spoken: "I like trains and planes." }) },
    });
    await call.until("quiet", () => call.replies("reply").length === 1, 20_000);
    expect(call.replies("reply")[0]?.divergence).toBe(1);
    expect(call.log.lines.some(({ message }) => message.includes("said something else"))).toBe(true);
  });

  test("one that stalls: a clip, and when it is given up the next one goes on", async () => {
    await asked("What about my car?", {
      reply: () => LONG,
      voices: { speech: (_text, number) => (number === 1 ? { stallAtMs: 900 } : {}) },
    });
    await call.untilHeard("Your car");
    await call.run(4300);
    call.voices.current.emit({ type: "voice.trouble", code: "stall" });
    await call.run(3000);
    call.voices.current.lose("stall");
    await call.untilHeard("The bill comes", 40_000);
    expect(names()).toContain("clip:hold");
    await call.until("quiet", () => call.replies("reply").length === 1, 20_000);
    expect(call.replies("reply")[0]).toMatchObject({ interrupted: false });
  });
});

describe("a thread that fails", () => {
  test.each<[string, Error, string]>([
    ["rate limit", new ThreadError("rate-limited", "429"), "thread-rate-limited"],
    ["a wrong key", new ThreadError("auth", "401"), "thread-auth"],
    ["a defect", new TypeError("x is not a function"), "thread-failed"],
  ])("%s: a spoken apology, the cause with the turn, and the call goes on", async (_what, fail, cause) => {
    await asked("What about my car?", { reply: (_input, number) => (number === 1 ? [{ wait: 200 }, { fail }] : LONG) });
    await call.untilHeard("Sorry, something went wrong", 5000);
    await call.until("quiet", () => call.call.phase() === "listening");
    expect(call.record().turns[0]?.cause).toBe(cause);
    call.caller.speaks("What about my car?");
    await call.untilHeard("Your car", 10_000);
  });

  test("in the middle of an answer: what was complete is said, then the apology", async () => {
    await asked("What about my car?", {
      reply: () => [...streamed(`${SENTENCES[0]} And then we`), { fail: new ThreadError("unavailable", "503") }],
    });
    await call.untilHeard("Sorry, something went wrong", 10_000);
    expect(names().slice(1)).toEqual([SENTENCES[0], "clip:sorry"]);
  });

  test("that hangs: fillers, and after 10 s an apology; the run is aborted", async () => {
    await asked("What about my car?", {
      reply: (_input, number) => (number === 1 ? [{ hang: true }] : "It is ready."),
    });
    await call.until("asked", () => call.thread.asked.length === 1);
    const from = call.sinceStart();
    await call.untilHeard("Sorry, something went wrong", 20_000);
    expect(call.sinceStart() - from).toBeGreaterThan(9900);
    expect(call.sinceStart() - from).toBeLessThan(11_500);
    expect(call.thread.asked[0]?.aborted).toBe(true);
    expect(call.record().turns[0]?.cause).toBe("thread-timeout");
    expect(names().filter((what) => what.startsWith("clip:filler")).length).toBeGreaterThanOrEqual(2);
    call.caller.speaks("Are you there?");
    await call.untilHeard("It is ready", 10_000);
  });

  test("that hangs after its first words, too", async () => {
    await asked("What about my car?", { reply: () => [...streamed(`${SENTENCES[0]} And`), { hang: true }] });
    await call.untilHeard("Sorry, something went wrong", 30_000);
    expect(call.record().turns[0]?.cause).toBe("thread-timeout");
  });

  test("that does not listen to its abort is left behind", async () => {
    let started = 0;
    const deaf = {
      threadId: () => undefined,
      prepare: () => {},
      async *reply() {
        started++;
        yield { type: "text" as const, delta: "One. " };
        await new Promise((resolve) => void call.time.after(20_000, () => resolve(undefined)));
        yield { type: "text" as const, delta: "Late words nobody wants. " };
      },
      close: () => Promise.reject(new Error("will not close")),
    };
    call = await fakeCall({ parts: { thread: deaf } });
    await call.greeted();
    call.caller.speaks("Hello there");
    await call.untilHeard("Sorry, something", 30_000);
    await call.run(25_000);
    expect(started).toBe(1);
    expect(names().some((what) => what.includes("Late words"))).toBe(false);
    call.line.hangUp();
    await call.run(10);
    expect(call.reasons).toEqual(["caller-hangup"]);
    call.log.lines.length = 0;
  });
});

describe("tools", () => {
  const tool = (run: () => Promise<unknown>, timeoutMs = 3000) => ({
    name: "look_up",
    description: "",
    parameters: {},
    timeoutMs,
    run,
  });

  test("one that never ends is answered in time, fillers are heard, and its late result is dropped", async () => {
    let finish = (_value: unknown): void => {};
    await asked("What about my car?", {
      tools: [tool(() => new Promise((resolve) => (finish = resolve)), 6000)],
      reply: () => [{ wait: 200 }, { tool: "look_up" }, ...streamed("I could not look it up.")],
    });
    await call.untilHeard("I could not", 20_000);
    finish("late");
    await call.run(3000);
    expect(call.thread.asked[0]?.outputs.map((output) => JSON.parse(output) as unknown)).toMatchObject([
      { error: { code: "timeout" } },
    ]);
    expect(names().filter((what) => what.startsWith("clip:filler")).length).toBeGreaterThanOrEqual(1);
    expect(call.record().turns[0]?.cause).toContain("tool-timeout");
    expect(call.record().tools).toMatchObject([{ name: "look_up", result: "timeout", tookMs: 6000 }]);
  });

  test("one that throws is told to the assistant, and the record", async () => {
    await asked("What about my car?", {
      tools: [
        tool(() => {
          throw new Error("secret");
        }),
      ],
      reply: () => [{ wait: 200 }, { tool: "look_up" }, ...streamed("I could not look it up.")],
    });
    await call.untilHeard("I could not", 10_000);
    expect(call.thread.asked[0]?.outputs[0]).not.toContain("secret");
    expect(call.record().tools).toMatchObject([{ result: "failed" }]);
    expect(call.meter.total("voice_tool_calls_total", { tool: "look_up", result: "failed" })).toBe(1);
  });

  test("a name the model made up is no label", async () => {
    await asked("What about my car?", {
      reply: () => [{ wait: 200 }, { tool: "made_up_name" }, ...streamed("I can not do that.")],
    });
    await call.untilHeard("I can not", 10_000);
    expect(call.meter.series("voice_tool_calls_total")).toEqual([{ tool: "unknown", result: "unknown-tool" }]);
  });

  test("of a call that ends are aborted", async () => {
    let signal: AbortSignal | undefined;
    await asked("What about my car?", {
      tools: [
        {
          ...tool(() => Promise.resolve(1)),
          run(_args, context) {
            signal = context.signal;
            return new Promise(() => {});
          },
        },
      ],
      reply: () => [{ wait: 100 }, { tool: "look_up" }],
    });
    await call.until("running", () => signal !== undefined);
    call.line.hangUp();
    await call.run(0);
    expect(signal?.aborted).toBe(true);
  });
});
