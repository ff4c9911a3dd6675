import { MOST_TOOL_ROUNDS } from "../../src/assistants/converse.ts";
import { failure, ThreadFailure } from "../../src/assistants/failure.ts";
import { createThread } from "../../src/assistants/turns.ts";
import type { BrokenTurn, Link, Round, Wire, WireEvent } from "../../src/assistants/wire.ts";
import type { ThreadErrorCode, ToolRequest } from "../../src/core/thread.ts";
import { manualClock } from "../support/clock.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { until } from "../support/until.ts";
import { noTools, readReply } from "./fixtures.ts";

type Step = WireEvent | "hang" | Error | (() => Promise<unknown>);

const say = (delta: string, part = "m"): Step => ({ type: "text", delta, part });
const call = (name: string, callId = name): Step => ({ type: "call", call: { callId, name, arguments: "{}" } });
const refusal = (status: number, code: ThreadErrorCode) => new ThreadFailure(code, "no", { status, reached: false });

/** A wire that plays steps; each entry of `script` is one round. */
function fakeWire(script: (readonly Step[])[], own: Partial<Wire> = {}) {
  const rounds: Round[] = [];
  const repairs: (BrokenTurn | undefined)[] = [];
  const seen: { forgotten: number; seeds: string[][] } = { forgotten: 0, seeds: [] };
  let id: string | undefined;
  async function* play(steps: readonly Step[], onEnd: () => void): AsyncGenerator<WireEvent> {
    for (const step of steps) {
      if (step === "hang") await new Promise(() => undefined);
      else if (step instanceof Error) throw step;
      else if (typeof step === "function") await step();
      else yield step;
    }
    onEnd();
  }
  const wire: Wire = {
    id: () => id,
    async *round(round: Round, link: Link) {
      rounds.push(round);
      const steps = script.shift();
      if (!steps) throw new Error("the script is over");
      if (id === undefined) seen.seeds.push(link.said().map((line) => `${line.by}: ${line.text}`));
      const first = steps[0];
      if (first instanceof ThreadFailure) await link.send(() => Promise.reject(first));
      id ??= `thread ${seen.forgotten + 1}`;
      let played = false;
      const events = play(steps, () => (played = true));
      yield* link.read(
        events,
        () => false,
        () => played,
      );
    },
    repair(turn) {
      repairs.push(turn && { ...turn, spoken: turn.spoken, acted: turn.acted });
      return Promise.resolve({ held: turn === undefined || turn.spoken !== "" || turn.acted });
    },
    forget() {
      id = undefined;
      seen.forgotten++;
    },
    ...own,
  };
  return { wire, rounds, repairs, seen };
}

function setUp(script: (readonly Step[])[], own: Partial<Wire> = {}) {
  const fake = fakeWire(script, own);
  const clock = manualClock();
  const log = keptLog();
  const observed: unknown[] = [];
  const meter = { ...keptMeter(), observe: (...what: unknown[]) => void observed.push(what) };
  const thread = createThread({ client: "responses", wire: fake.wire, timeoutMs: 10_000, clock, log, meter });
  const words = (at: number): string[] => {
    const round = fake.rounds[at];
    return round?.kind === "messages" ? round.messages.map(({ from, text }) => `${from}: ${text}`) : [];
  };
  return { ...fake, clock, log, meter, observed, thread, words };
}

const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "no error",
    (error: unknown) => (error instanceof ThreadFailure ? error.code : (error as Error).message),
  );
const macrotask = () => new Promise((resolve) => setImmediate(resolve));

describe("text", () => {
  test("comes in order, with a break between pieces that have none", async () => {
    const { thread } = setUp([
      [say("One.", "a"), say(" Two.", "a"), say("Three.", "b"), say(" Four.", "c"), say("", "d")],
    ]);
    expect((await readReply(thread, "hi")).deltas).toEqual(["One.", " Two.", "\nThree.", " Four."]);
  });

  test("no answer at all is a failure, and its words go with the next turn", async () => {
    const { thread, words, log } = setUp([[], [say("yes")]]);
    expect(await reasonOf(readReply(thread, "one"))).toBe("failed");
    await readReply(thread, "two");
    expect(words(1)).toEqual(["caller: one", "caller: two"]);
    expect(log.lines.map(({ fields }) => fields.code)).toEqual(["failed"]);
  });
});

describe("one reply at a time", () => {
  test("a second reply waits for the first one's end", async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { thread, rounds } = setUp([[say("a"), () => gate, say("b")], [say("c")]]);
    const first = readReply(thread, "one");
    const second = readReply(thread, "two");
    await until("the first round", () => rounds.length === 1);
    await macrotask();
    expect(rounds).toHaveLength(1);
    release();
    expect([(await first).text, (await second).text]).toEqual(["ab", "c"]);
  });

  test("a second reply waits for the first one's repair", async () => {
    let repaired: () => void = () => undefined;
    const repair = new Promise<void>((resolve) => (repaired = resolve));
    const { thread, rounds } = setUp([[say("a"), "hang"], [say("c")]], {
      repair: async () => {
        await repair;
        return { held: true };
      },
    });
    const scope = new AbortController();
    const first = reasonOf(readReply(thread, "one", { signal: scope.signal }));
    await until("the first round", () => rounds.length === 1);
    scope.abort(new Error("barge-in"));
    expect(await first).toBe("barge-in");
    const second = readReply(thread, "two");
    await macrotask();
    expect(rounds).toHaveLength(1);
    repaired();
    expect((await second).text).toBe("c");
  });

  test("one that is cancelled while it waits throws at once, sends nothing, and its words are not lost", async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { thread, rounds, words } = setUp([[say("a"), () => gate], [say("c")]]);
    const first = readReply(thread, "one");
    await until("the first round", () => rounds.length === 1);
    const scope = new AbortController();
    const second = reasonOf(readReply(thread, "two", { signal: scope.signal }));
    scope.abort(new Error("changed my mind"));
    expect(await second).toBe("changed my mind");
    release();
    await first;
    await readReply(thread, "three");
    expect(words(1)).toEqual(["caller: two", "caller: three"]);
  });
});

describe("cancelling", () => {
  test("throws the signal's reason at once, though the far side never answers", async () => {
    const { thread, rounds, meter } = setUp([["hang"]]);
    const scope = new AbortController();
    const reading = reasonOf(readReply(thread, "one", { signal: scope.signal }));
    await until("the round", () => rounds.length === 1);
    scope.abort(new Error("barge-in"));
    expect(await reading).toBe("barge-in");
    await macrotask();
    expect(meter.total("voice_thread_replies_total", { client: "responses", result: "cancelled" })).toBe(1);
  });

  test("a signal that is aborted already sends nothing", async () => {
    const { thread, rounds } = setUp([]);
    expect(await reasonOf(readReply(thread, "one", { signal: AbortSignal.abort(new Error("before")) }))).toBe("before");
    expect(rounds).toEqual([]);
  });

  test("goes on in the background when the reader has stopped reading", async () => {
    const { thread, repairs } = setUp([[say("a"), say("b"), "hang"], [say("c")]]);
    const scope = new AbortController();
    const events = thread.reply({ text: "one" }, { signal: scope.signal, runTool: noTools })[Symbol.asyncIterator]();
    await events.next();
    scope.abort(new Error("barge-in"));
    await until("the repair", () => repairs.length === 1);
    expect((await readReply(thread, "two")).text).toBe("c");
    await expect(events.next()).rejects.toThrow("barge-in");
  });

  test("a reader that leaves has cancelled", async () => {
    const { thread, repairs } = setUp([[say("a"), "hang"], [say("c")]]);
    for await (const _ of thread.reply({ text: "one" }, { signal: new AbortController().signal, runTool: noTools }))
      break;
    await until("the repair", () => repairs.length === 1);
    expect((await readReply(thread, "two")).text).toBe("c");
  });

  test("after the end of a reply an abort does nothing", async () => {
    const { thread, repairs } = setUp([[say("a")], [say("b")]]);
    const scope = new AbortController();
    await readReply(thread, "one", { signal: scope.signal });
    scope.abort();
    await readReply(thread, "two");
    expect(repairs).toEqual([]);
  });

  test("while tools run: it does not wait for them, and the repair knows what they gave", async () => {
    const { thread, repairs } = setUp([[say("Wait."), call("quick"), call("slow")], [say("c")]]);
    const scope = new AbortController();
    const started: string[] = [];
    const runTool = ({ name }: ToolRequest) => {
      started.push(name);
      return name === "quick" ? Promise.resolve("42") : new Promise<never>(() => undefined);
    };
    const reading = reasonOf(readReply(thread, "one", { signal: scope.signal, runTool }));
    await until("the tools", () => started.length === 2);
    await macrotask();
    scope.abort(new Error("barge-in"));
    expect(await reading).toBe("barge-in");
    await until("the repair", () => repairs.length === 1);
    const [turn] = repairs;
    expect(turn).toMatchObject({ spoken: "Wait.", acted: true });
    expect(turn?.outputFor("quick")).toBe("42");
    expect(turn?.outputFor("slow")).toMatch(/not known/);
    expect(turn?.outputFor("other")).toMatch(/did not take effect/);
  });
});

describe("words of a turn that was taken back", () => {
  const cancelled = async (thread: ReturnType<typeof setUp>["thread"], rounds: Round[], text: string) => {
    const scope = new AbortController();
    const before = rounds.length;
    const reading = reasonOf(readReply(thread, text, { signal: scope.signal }));
    await until("the round", () => rounds.length === before + 1);
    scope.abort(new Error("goes on talking"));
    await reading;
  };

  test("are not sent twice when the next turn begins with them", async () => {
    const { thread, rounds, words } = setUp([["hang"], ["hang"], [say("ok")]]);
    await cancelled(thread, rounds, "I want");
    await cancelled(thread, rounds, "I want a table");
    await readReply(thread, "I want  a table\nfor two");
    expect(words(1)).toEqual(["caller: I want a table"]);
    expect(words(2)).toEqual(["caller: I want  a table\nfor two"]);
  });

  test("a word is not the beginning of a longer one", async () => {
    const { thread, rounds, words } = setUp([["hang"], [say("ok")]]);
    await cancelled(thread, rounds, "no");
    await readReply(thread, "November");
    expect(words(1)).toEqual(["caller: no", "caller: November"]);
  });

  test("do not pile up for ever", async () => {
    const { thread, words } = setUp([...Array.from({ length: 30 }, () => [new Error("down")]), [say("ok")]]);
    for (let n = 0; n < 30; n++) await reasonOf(readReply(thread, `turn ${n}`));
    await readReply(thread, "last");
    expect(words(30)).toHaveLength(11);
    expect(words(30).slice(-2)).toEqual(["caller: turn 29", "caller: last"]);
  });

  test("are sent before the next turn's otherwise, all of them", async () => {
    const { thread, rounds, words } = setUp([["hang"], ["hang"], [say("ok")]]);
    await cancelled(thread, rounds, "first");
    await cancelled(thread, rounds, "second");
    await readReply(thread, "second and third");
    expect(words(1)).toEqual(["caller: first", "caller: second"]);
    expect(words(2)).toEqual(["caller: first", "caller: second and third"]);
  });

  test("asked again after text was given out: nobody heard that text, and the thread is told so", async () => {
    const { thread, rounds, words } = setUp([[say("I can"), "hang"], [say("ok")], [say("ok")]]);
    await cancelled(thread, rounds, "a table");
    await readReply(thread, "a table for two");
    await readReply(thread, "thanks");
    expect(words(1)).toEqual([expect.stringMatching(/^note: .*heard nothing of it/), "caller: a table for two"]);
    expect(words(2)).toEqual(["caller: thanks"]);
  });

  test("a note that was not delivered is delivered with the next turn, once", async () => {
    const { thread, rounds, words } = setUp([[say("long reply")], ["hang"], [say("ok")], [say("ok")]]);
    await readReply(thread, "one");
    const scope = new AbortController();
    const input = { text: "two", correction: { generated: "long reply", heard: "long" } };
    const reading = reasonOf(readReply(thread, input, { signal: scope.signal }));
    await until("the round", () => rounds.length === 2);
    scope.abort(new Error("x"));
    await reading;
    await readReply(thread, "two three");
    await readReply(thread, "four");
    expect(words(2)).toEqual([expect.stringMatching(/^note: .*heard only: "long"/), "caller: two three"]);
    expect(words(3)).toEqual(["caller: four"]);
  });
});

describe("time", () => {
  test("no first event in time", async () => {
    const { thread, clock, rounds, log } = setUp([["hang"]]);
    const reading = reasonOf(readReply(thread, "one"));
    await until("the round", () => rounds.length === 1);
    clock.advance(9_999);
    await macrotask();
    expect(log.lines).toEqual([]);
    clock.advance(1);
    expect(await reading).toBe("timeout");
    await macrotask();
    expect(log.lines.map(({ fields }) => fields.code)).toEqual(["timeout"]);
  });

  test("a gap is a timeout, a slow answer is none", async () => {
    const steps: Step[] = [];
    for (let n = 0; n < 5; n++) {
      steps.push(say(`${n}`), async () => {
        clock.advance(9_000);
        return macrotask();
      });
    }
    const { thread, clock, rounds } = setUp([[...steps, "hang"]]);
    const reading = reasonOf(readReply(thread, "one"));
    await until("the slow text", () => rounds.length === 1 && clock.now() === 45_000);
    clock.advance(999);
    await macrotask();
    clock.advance(1);
    expect(await reading).toBe("timeout");
  });

  test("the watch rests while tools run, and starts anew after them", async () => {
    const { thread, clock, rounds } = setUp([[call("slow")], ["hang"]]);
    const runTool = async () => {
      clock.advance(60_000);
      await macrotask();
      return "done";
    };
    const reading = reasonOf(readReply(thread, "one", { runTool }));
    await until("the second round", () => rounds.length === 2);
    clock.advance(9_999);
    await macrotask();
    expect(rounds[1]).toEqual({ kind: "results", results: [{ callId: "slow", output: "done" }] });
    clock.advance(1);
    expect(await reading).toBe("timeout");
  });

  test("no timer is left behind", async () => {
    const { thread, clock } = setUp([[say("a"), call("t")], [say("b")], [new Error("lost")], [say("c")]]);
    await readReply(thread, "one", { runTool: () => Promise.resolve("x") });
    await reasonOf(readReply(thread, "two"));
    await readReply(thread, "three");
    expect(clock.pending).toBe(0);
  });
});

describe("tools", () => {
  test("run in parallel; results go back in the order of the calls", async () => {
    const { thread, rounds } = setUp([[call("a"), call("b")], [say("done")]]);
    const running = new Set<string>();
    let most = 0;
    const runTool = async ({ name }: ToolRequest) => {
      running.add(name);
      await macrotask();
      most = Math.max(most, running.size);
      if (name === "a") await macrotask();
      running.delete(name);
      return `${name}!`;
    };
    expect((await readReply(thread, "one", { runTool })).text).toBe("done");
    expect(most).toBe(2);
    expect(rounds[1]).toEqual({
      kind: "results",
      results: [
        { callId: "a", output: "a!" },
        { callId: "b", output: "b!" },
      ],
    });
  });

  test("that throw or reject become a result", async () => {
    const { thread, rounds } = setUp([[call("a"), call("b")], [say("sorry")]]);
    const runTool = ({ name }: ToolRequest): Promise<string> => {
      if (name === "a") throw new Error("thrown");
      return Promise.reject(new Error("rejected"));
    };
    expect((await readReply(thread, "one", { runTool })).text).toBe("sorry");
    expect(JSON.stringify(rounds[1])).toMatch(/failed.*failed/);
  });

  test("a huge result is shortened", async () => {
    const { thread, rounds } = setUp([[call("a")], [say("ok")]]);
    await readReply(thread, "one", { runTool: () => Promise.resolve("x".repeat(5_000_000)) });
    expect(JSON.stringify(rounds[1]).length).toBeLessThan(20_000);
  });

  test("silence after a tool is an answer", async () => {
    const { thread } = setUp([[call("end_call")], []]);
    expect((await readReply(thread, "bye", { runTool: () => Promise.resolve("ok") })).text).toBe("");
  });

  test("a model that never stops asking is stopped", async () => {
    const { thread, rounds } = setUp(Array.from({ length: 20 }, () => [call("again")]));
    let ran = 0;
    const runTool = () => Promise.resolve(String(ran++));
    expect(await reasonOf(readReply(thread, "one", { runTool }))).toBe("failed");
    expect(ran).toBe(MOST_TOOL_ROUNDS);
    expect(rounds).toHaveLength(MOST_TOOL_ROUNDS + 1);
  });
});

describe("a thread that is no longer taken", () => {
  test("a lost one is made anew once, from what was said", async () => {
    const { thread, seen, words, log } = setUp([[say("hello")], [refusal(404, "not-found")], [say("again")]]);
    await readReply(thread, "one");
    expect((await readReply(thread, "two")).text).toBe("again");
    expect(seen.forgotten).toBe(1);
    expect(seen.seeds).toEqual([[], ["caller: one", "agent: hello"]]);
    expect(words(2)).toEqual(["caller: two"]);
    expect(thread.threadId()).toBe("thread 2");
    expect(log.lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      expect.stringMatching(/^warn: .*no longer takes this thread/),
    ]);
  });

  test("but not twice", async () => {
    const lost = refusal(404, "not-found");
    const { thread, seen, rounds } = setUp([[say("hello")], [lost], [lost], [say("never")]]);
    await readReply(thread, "one");
    expect(await reasonOf(readReply(thread, "two"))).toBe("not-found");
    expect(rounds).toHaveLength(3);
    expect(seen.forgotten).toBe(1);
  });

  test("a model that does not exist is no lost thread, nor is the first one ever made", async () => {
    const model = new ThreadFailure("not-found", "no", {
      status: 404,
      reached: false,
      upstreamCode: "model_not_found",
    });
    const { thread, rounds, seen } = setUp([[refusal(404, "not-found")], [say("hello")], [model]]);
    expect(await reasonOf(readReply(thread, "one"))).toBe("not-found");
    await readReply(thread, "two");
    expect(await reasonOf(readReply(thread, "three"))).toBe("not-found");
    expect(rounds).toHaveLength(3);
    expect(seen.forgotten).toBe(0);
  });

  test("one that is refused is mended first, and only then given up", async () => {
    const refused = refusal(400, "failed");
    const { thread, seen, repairs } = setUp([
      [say("hi")],
      [refused],
      [say("mended")],
      [refused],
      [refused],
      [say("new")],
    ]);
    await readReply(thread, "one");
    expect((await readReply(thread, "two")).text).toBe("mended");
    expect(repairs).toEqual([undefined]);
    expect(seen.forgotten).toBe(0);
    expect((await readReply(thread, "three")).text).toBe("new");
    expect(repairs).toEqual([undefined, undefined]);
    expect(seen.forgotten).toBe(1);
    expect(seen.seeds.at(-1)).toEqual(["caller: one", "agent: hi", "caller: two", "agent: mended"]);
  });

  test("after text was given out nothing is tried again", async () => {
    const { thread, rounds } = setUp([[say("hi")], [say("half"), refusal(404, "not-found")]]);
    await readReply(thread, "one");
    expect(await reasonOf(readReply(thread, "two"))).toBe("not-found");
    expect(rounds).toHaveLength(2);
  });
});

describe("a repair that fails", () => {
  const broken = { repair: () => Promise.reject(failure("unavailable", "down")) };

  test("makes the next reply start a fresh thread that knows what was said", async () => {
    const { thread, seen, words, log, meter } = setUp(
      [[say("Half a")], [say("Half b"), new Error("cut")], [say("new")]],
      broken,
    );
    await readReply(thread, "one");
    expect(await reasonOf(readReply(thread, "two"))).toBe("unavailable");
    await readReply(thread, { text: "three", correction: { generated: "Half b", heard: "Half" } });
    expect(seen.seeds.at(-1)).toEqual([
      "caller: one",
      "agent: Half a",
      "caller: two",
      "agent: Half [interrupted by the caller]",
    ]);
    expect(words(2)).toEqual([expect.stringMatching(/^note: /), "caller: three"]);
    expect(log.lines.some(({ message }) => /starts a fresh thread/.test(message))).toBe(true);
    expect(meter.total("voice_thread_repairs_total", { client: "responses", result: "failed" })).toBe(1);
  });

  test("words nobody answered are asked again there", async () => {
    const { thread, words, seen } = setUp([[new Error("cut")], [say("new")]], broken);
    expect(await reasonOf(readReply(thread, "one"))).toBe("unavailable");
    await readReply(thread, "two");
    expect(words(1)).toEqual(["caller: one", "caller: two"]);
    expect(seen.seeds.at(-1)).toEqual([]);
  });

  test("or takes too long, which is bounded", async () => {
    let mending = false;
    const { thread, clock, seen } = setUp([[say("a"), new Error("cut")], [say("new")]], {
      repair: async (_turn, link) => {
        mending = true;
        await link.pause(1_000_000);
        return { held: true };
      },
    });
    expect(await reasonOf(readReply(thread, "one"))).toBe("unavailable");
    const second = readReply(thread, "two");
    await until("the repair", () => mending);
    clock.advance(3000);
    expect((await second).text).toBe("new");
    expect(seen.forgotten).toBe(1);
  });
});

describe("closing", () => {
  test("ends a reply, gives a repair up, and refuses what comes after; twice is once", async () => {
    let given = false;
    const { thread, rounds, log } = setUp([[say("a"), "hang"]], {
      repair: async (_turn, link) => {
        await link.pause(1_000_000).catch(() => (given = true));
        link.signal.throwIfAborted();
        return { held: true };
      },
    });
    const reading = reasonOf(readReply(thread, "one"));
    await until("the round", () => rounds.length === 1);
    await Promise.all([thread.close(), thread.close()]);
    expect(await reading).toBe("failed");
    expect(given).toBe(true);
    expect(await reasonOf(readReply(thread, "two"))).toBe("failed");
    expect(rounds).toHaveLength(1);
    expect(log.lines).toEqual([]);
  });

  test("of a thread that was never used", async () => {
    const { thread } = setUp([]);
    await thread.close();
    expect(thread.threadId()).toBeUndefined();
  });
});

test("usage is given out and counted; the first text is timed", async () => {
  const usage = { model: "m", inputTokens: 10, cachedInputTokens: 4, outputTokens: 3 };
  const { thread, meter, observed, clock } = setUp([
    [
      () => {
        clock.advance(250);
        return Promise.resolve();
      },
      say("a"),
      say("b"),
      { type: "usage", usage },
    ],
  ]);
  expect((await readReply(thread, "one")).usage).toEqual([usage]);
  const tokens = (kind: string) => meter.total("voice_thread_tokens_total", { client: "responses", kind });
  expect([tokens("input"), tokens("cached"), tokens("output")]).toEqual([10, 4, 3]);
  expect(meter.total("voice_thread_replies_total", { client: "responses", result: "ok" })).toBe(1);
  expect(observed).toEqual([["voice_thread_first_text_seconds", 0.25, { client: "responses" }]]);
});
