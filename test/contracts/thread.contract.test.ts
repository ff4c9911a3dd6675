// The contract of an assistant thread, one suite over all three clients, against the simulated OpenAI. What the far side holds
// afterwards is read through its public API (or, where we send the whole history, from the last request).
import OpenAI from "openai";
import { createThreadClient } from "../../src/assistants/index.ts";
import { REPAIR_MS } from "../../src/assistants/turns.ts";
import { MOST_TOOL_ROUNDS } from "../../src/assistants/converse.ts";
import { ThreadError, type AssistantThread, type ThreadClient, type ToolRequest } from "../../src/core/thread.ts";
import { startOpenAISim, type Brain, type BrainInput, type OpenAISim } from "../../src/sim/openai/index.ts";
import { countedClock } from "../support/clock.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { until } from "../support/until.ts";
import { noTools, readReply } from "../assistants/fixtures.ts";

type Name = ThreadClient["name"];

const TOOL = {
  name: "look_up",
  description: "Looks something up.",
  parameters: { type: "object", properties: { what: { type: "string" } }, required: ["what"] },
};

/** The clients' waits are this many times shorter than they say. */
const SPEED = 4;

/** The request that streams an answer to the caller's words. */
const RUN: Readonly<Record<Name, RegExp>> = {
  responses: /^\/v1\/responses$/,
  assistants: /^\/v1\/threads\/[^/]+\/runs$/,
  chat: /^\/v1\/chat\/completions$/,
};

/** Where the history is ours, the next request shows what the last one left; these words ask for it. */
const PROBE = "(probe)";

/** A clock whose long waits a test ends when it wants, so that no timeout depends on how busy the machine is. */
function impatientClock() {
  const clock = countedClock(SPEED);
  const waits = new Set<{ readonly ms: number; readonly fire: () => void }>();
  return {
    ...clock,
    after(ms: number, fn: () => void) {
      const cancel = clock.after(ms, () => wait.fire());
      const stop = () => {
        waits.delete(wait);
        cancel();
      };
      const wait = {
        ms,
        fire() {
          stop();
          fn();
        },
      };
      waits.add(wait);
      return stop;
    },
    /** Ends every wait of exactly this length, now. */
    expire(ms: number) {
      for (const wait of [...waits].filter((one) => one.ms === ms)) wait.fire();
    },
  };
}

/** One line of what the far side holds: "user: ...", "note: ...", "assistant: ...", "call: id", "output: id ...". */
type Held = readonly string[];

let sim: OpenAISim;
let brain: Brain;
let asked: BrainInput[];
let threads: AssistantThread[];
let meters: ReturnType<typeof keptMeter>[];
/** A repair that fails is made up for by a fresh thread; only where the server is out of reach may it come to that. */
let outOfReach: boolean;

beforeEach(async () => {
  asked = [];
  threads = [];
  meters = [];
  outOfReach = false;
  brain = ({ text }) => `You said ${text}.`;
  sim = await startOpenAISim({
    timing: { textDeltaMs: 1, replyMs: 0, restMs: 0 },
    script: {
      brain(input) {
        if (input.text === PROBE) return "probed";
        asked.push(input);
        return brain(input);
      },
    },
  });
});

afterEach(async () => {
  await Promise.all(threads.map((thread) => thread.close()));
  await sim.close();
  const failed = meters.some((meter) => meter.total("voice_thread_repairs_total", { result: "failed" }) > 0);
  if (failed && !outOfReach) throw new Error("a repair failed, and only a fresh thread covered it up");
});

describe.each(["responses", "assistants", "chat"] as const)("%s", (client) => {
  const runs = () => sim.requests.filter(({ method, path }) => method === "POST" && RUN[client].test(path));

  const TIMEOUT_MS = 60_000;

  function setUp({ apiKey = sim.apiKey, threadId = undefined as string | undefined } = {}) {
    const log = keptLog();
    const clock = impatientClock();
    const meter = keptMeter();
    meters.push(meter);
    const threadClient = createThreadClient({
      client,
      apiKey,
      baseUrl: sim.baseUrl,
      model: "gpt-6-luna",
      assistantId: "asst_sim",
      timeoutMs: TIMEOUT_MS,
      maxOutputTokens: 500,
      threadPer: "caller",
      log,
      meter,
      clock,
    });
    const open = (id = threadId) => {
      const thread = threadClient.open({
        instructions: "You are the voice of a test.",
        callId: `call_${threads.length}`,
        tools: [TOOL],
        ...(id !== undefined && { threadId: id }),
      });
      threads.push(thread);
      return thread;
    };
    return { open, thread: open(), log, meter, clock };
  }

  async function held(thread: AssistantThread): Promise<Held> {
    if (client === "chat") {
      await readReply(thread, PROBE);
      return sentLast().filter((line) => line !== `user: ${PROBE}`);
    }
    const id = thread.threadId();
    if (id === undefined) return [];
    const openai = new OpenAI({ apiKey: sim.apiKey, baseURL: sim.baseUrl, maxRetries: 0 });
    return client === "responses" ? heldByConversation(openai, id) : heldByThread(openai, id);
  }

  /** Cancels a reply once `when` holds, and gives what was read before. */
  async function cancelled(
    thread: AssistantThread,
    text: string,
    when: (read: string) => boolean,
    runTool: (request: ToolRequest) => Promise<string> = noTools,
  ): Promise<string> {
    const scope = new AbortController();
    const reason = new Error("barge-in");
    let read = "";
    const reading = (async () => {
      for await (const event of thread.reply({ text }, { signal: scope.signal, runTool })) {
        if (event.type === "text") read += event.delta;
      }
    })();
    let outcome: unknown;
    const settled = reading.then(
      () => (outcome = "ended"),
      (error: unknown) => (outcome = error),
    );
    await until("the moment to cancel", () => when(read));
    scope.abort(reason);
    // At once: nothing but promises that are settled already stands between the abort and the reader.
    await new Promise((resolve) => setImmediate(resolve));
    expect(outcome).toBe(reason);
    await settled;
    return read;
  }

  const failureOf = (reading: Promise<unknown>) =>
    reading.then(
      () => "ok",
      (error: unknown) => (error instanceof ThreadError ? error.code : String(error)),
    );

  describe("a conversation", () => {
    test("streams text in order", async () => {
      brain = () => ({ chunks: ["One", " two", " three."] });
      const { thread } = setUp();
      const { deltas, text } = await readReply(thread, "count");
      expect(text).toBe("One two three.");
      expect(deltas.length).toBeGreaterThan(1);
    });

    test("made ready ahead, the first reply waits for nothing but its answer", async () => {
      const { thread } = setUp();
      thread.prepare();
      thread.prepare();
      await until("the thread", () => client === "chat" || thread.threadId() !== undefined);
      const before = sim.requests.length;
      expect((await readReply(thread, "one")).text).toBe("You said one.");
      const made = sim.requests.slice(before).filter(({ method }) => method === "POST");
      expect(made.filter(({ path }) => /^\/v1\/(conversations|threads)$/.test(path))).toEqual([]);
    });

    test("what fails ahead is tried again by the first reply", async () => {
      sim.faults = { restStatus: 500 };
      const { thread } = setUp();
      outOfReach = true;
      thread.prepare();
      await until("the failure", () => client === "chat" || sim.requests.length >= 2);
      sim.faults = {};
      expect((await readReply(thread, "one")).text).toBe("You said one.");
    });

    test("remembers the turns before", async () => {
      const { thread } = setUp();
      await readReply(thread, "my name is Ada");
      await readReply(thread, "and now");
      const last = asked.at(-1);
      expect(
        last?.history.filter(({ role }) => role === "user" || role === "assistant").map(({ text }) => text),
      ).toEqual(expect.arrayContaining(["my name is Ada", "You said my name is Ada."]));
      expect(last?.text).toBe("and now");
      expect(last?.turn).toBe(2);
    });

    test("gives the instructions and the tools with every request", async () => {
      const { thread } = setUp();
      await readReply(thread, "one");
      await readReply(thread, "two");
      for (const input of asked) {
        expect(input.instructions).toContain("You are the voice of a test.");
        expect(input.tools).toEqual(["look_up"]);
      }
    });

    test("keeps every character", async () => {
      const words = 'naïve 🙂 "quoted" \\ <tag> 你好 \u202e и далее';
      brain = ({ text }) => ({ chunks: [text.slice(0, 8), text.slice(8)] });
      const { thread } = setUp();
      expect((await readReply(thread, words)).text).toBe(words);
    });

    test("reports usage", async () => {
      const { thread, meter } = setUp();
      const { usage } = await readReply(thread, "hello");
      expect(usage).toHaveLength(1);
      expect(usage[0]?.inputTokens).toBeGreaterThan(0);
      expect(usage[0]?.outputTokens).toBeGreaterThan(0);
      expect(meter.total("voice_thread_tokens_total", { client, kind: "output" })).toBe(usage[0]?.outputTokens);
    });

    test("goes on under its id after the call", async () => {
      const { open, thread } = setUp();
      expect(thread.threadId()).toBeUndefined();
      await readReply(thread, "my name is Ada");
      await thread.close();
      const id = thread.threadId();
      const later = open(id);
      await readReply(later, "who am I");
      expect(later.threadId()).toBe(id);
      expect(asked.at(-1)?.history.map(({ text }) => text)).toContain("my name is Ada");
    });

    test("a second reply waits for the first", async () => {
      brain = ({ text }) => ({ text: `You said ${text}.`, firstDelayMs: 40 });
      const { thread } = setUp();
      const [first, second] = await Promise.all([readReply(thread, "one"), readReply(thread, "two")]);
      expect([first.text, second.text]).toEqual(["You said one.", "You said two."]);
      expect(asked[1]?.history.map(({ text }) => text)).toContain("You said one.");
    });
  });

  describe("tools", () => {
    test("a call and its result", async () => {
      brain = ({ toolOutputs }) =>
        toolOutputs[0]
          ? `It is ${toolOutputs[0].output}.`
          : { text: "Let me look.", tool: { name: "look_up", args: { what: "time" } } };
      const { thread } = setUp();
      const requests: ToolRequest[] = [];
      const { text, usage } = await readReply(thread, "what time is it", {
        runTool(request) {
          requests.push(request);
          return Promise.resolve("noon");
        },
      });
      expect(requests).toEqual([{ callId: expect.any(String), name: "look_up", arguments: '{"what":"time"}' }]);
      expect(text.replace(/\s+/g, " ")).toBe("Let me look. It is noon.");
      expect(usage.length).toBeGreaterThan(0);
    });

    test("two calls at once run side by side", async () => {
      brain = ({ toolOutputs }) =>
        toolOutputs.length > 0
          ? toolOutputs.map(({ output }) => output).join(" and ")
          : { tools: ["a", "b"].map((what) => ({ name: "look_up", args: { what } })) };
      const { thread } = setUp();
      let running = 0;
      let most = 0;
      const { text } = await readReply(thread, "both", {
        async runTool(request) {
          most = Math.max(most, ++running);
          await until("the other tool", () => most === 2);
          running--;
          return (JSON.parse(request.arguments) as { what: string }).what;
        },
      });
      expect(text).toBe("a and b");
    });

    test("malformed arguments reach the tool as they are", async () => {
      brain = ({ toolOutputs }) => (toolOutputs[0] ? "ok" : { tool: { name: "look_up", args: '{"what": ' } });
      const { thread } = setUp();
      let seen = "";
      await readReply(thread, "go", {
        runTool(request) {
          seen = request.arguments;
          return Promise.resolve('{"error":"invalid-arguments"}');
        },
      });
      expect(seen).toBe('{"what": ');
    });

    test("a model that never stops asking is stopped, and the thread lives on", async () => {
      let going = true;
      brain = ({ text }) => (going ? { tool: { name: "look_up", args: { what: "x" } } } : `You said ${text}.`);
      const { thread } = setUp();
      let ran = 0;
      const runTool = () => Promise.resolve(`${++ran}`);
      expect(await failureOf(readReply(thread, "go", { runTool }))).toBe("failed");
      expect(ran).toBe(MOST_TOOL_ROUNDS);
      going = false;
      expect((await readReply(thread, "stop")).text).toBe("You said stop.");
      expectAnswered(await held(thread));
    });
  });

  describe("cancelling", () => {
    test("before the first byte: the next reply works, and nothing of the turn is left but its words", async () => {
      brain = ({ text }) => ({ text: `You said ${text}.`, firstDelayMs: text === "I want" ? 10_000 : 0 });
      const { thread } = setUp();
      await readReply(thread, "hello");
      await cancelled(thread, "I want", () => asked.length === 2);
      expect((await readReply(thread, "I want a table")).text).toBe("You said I want a table.");
      expect(await held(thread)).toEqual([
        "user: hello",
        "assistant: You said hello.",
        "user: I want a table",
        "assistant: You said I want a table.",
      ]);
    });

    test("before anything was sent at all", async () => {
      const { thread } = setUp();
      const scope = new AbortController();
      const events = thread.reply({ text: "one" }, { signal: scope.signal, runTool: noTools });
      const reading = failureOf(
        (async () => {
          for await (const _ of events);
        })(),
      );
      scope.abort(new Error("at once"));
      expect(await reading).toBe("Error: at once");
      await readReply(thread, "two");
      expect(await held(thread)).toEqual(["user: one", "user: two", "assistant: You said two."]);
    });

    test("in the middle of the text: the thread holds what was given out, and no more", async () => {
      brain = ({ text }) => (text === "talk" ? { chunks: ["One ", "two ", "three ", "four."], delayMs: 30 } : "Fine.");
      const { thread } = setUp();
      const read = await cancelled(thread, "talk", (text) => text.includes("two"));
      await readReply(thread, "stop");
      expect(await held(thread)).toEqual(["user: talk", `assistant: ${read}`, "user: stop", "assistant: Fine."]);
    });

    test("while a tool runs: its call is answered, and the next reply works", async () => {
      brain = ({ text, toolOutputs }) =>
        text === "go" && toolOutputs.length === 0
          ? { text: "Wait.", tool: { name: "look_up", args: { what: "x" } } }
          : `You said ${text}.`;
      const { thread } = setUp();
      let started = false;
      await cancelled(
        thread,
        "go",
        () => started,
        () => {
          started = true;
          return new Promise<never>(() => undefined);
        },
      );
      expect((await readReply(thread, "never mind")).text).toBe("You said never mind.");
      const after = await held(thread);
      expectAnswered(after);
      expect(after).toEqual(expect.arrayContaining(["user: go", "user: never mind"]));
    });

    test("between a tool and the answer: the tool's result is in the thread", async () => {
      brain = ({ text, toolOutputs }) => {
        if (text !== "go") return `You said ${text}.`;
        return toolOutputs.length === 0
          ? { tool: { name: "look_up", args: { what: "x" } } }
          : { text: "Late.", firstDelayMs: 10_000 };
      };
      const { thread } = setUp();
      await cancelled(
        thread,
        "go",
        () => asked.length === 2,
        () => Promise.resolve("forty-two"),
      );
      await readReply(thread, "and");
      const after = await held(thread);
      expectAnswered(after);
      if (client !== "assistants") expect(after).toContainEqual(expect.stringMatching(/^output: \S+ forty-two$/));
    });

    test("again and again", async () => {
      brain = ({ text }) => ({ chunks: ["Well, ", text, " it ", "is."], delayMs: text === "end" ? 0 : 20 });
      const { thread } = setUp();
      for (let n = 0; n < 5; n++) await cancelled(thread, `turn ${n}`, (read) => n % 2 === 0 || read.length > 6);
      expect((await readReply(thread, "end")).text).toBe("Well, end it is.");
      expectAnswered(await held(thread));
      expect(asked.at(-1)?.history.map(({ text }) => text)).toEqual(expect.arrayContaining(["turn 1", "turn 3"]));
    });
  });

  describe("what was heard of a cut reply", () => {
    test.each([
      ["a part", "Half of", /heard only: "Half of"|^assistant: Half of \[interrupted/],
      ["nothing", "", /heard nothing of it|^assistant: \[interrupted: the caller heard nothing/],
    ])("%s is told once", async (_, heardText, told) => {
      brain = ({ text }) => (text === "talk" ? "Half of this is unheard." : `You said ${text}.`);
      const { thread } = setUp();
      await readReply(thread, "talk");
      await readReply(thread, {
        text: "stop",
        correction: { generated: "Half of this is unheard.", heard: heardText },
      });
      await readReply(thread, "go on");
      const after = await held(thread);
      expect(after.filter((line) => told.test(line))).toHaveLength(1);
      expect(after.indexOf("user: go on")).toBeGreaterThan(after.findIndex((line) => told.test(line)));
      if (client === "chat") expect(after).not.toContain("assistant: Half of this is unheard.");
    });
  });

  test("what happened meanwhile is told once, ahead of the words", async () => {
    brain = ({ text }) => `You said ${text}.`;
    const { thread } = setUp();
    await readReply(thread, { text: "hello", note: "Nobody could be reached." });
    await readReply(thread, "go on");
    const after = await held(thread);
    const told = after.filter((line) => line.includes("Nobody could be reached."));
    expect(told).toHaveLength(1);
    expect(after.indexOf(told[0] as string)).toBeLessThan(after.indexOf("user: hello"));
  });

  describe("when things fail", () => {
    test("an empty answer", async () => {
      brain = ({ text }) => (text === "say nothing" ? { text: "" } : `You said ${text}.`);
      const { thread } = setUp();
      expect(await failureOf(readReply(thread, "say nothing"))).toBe("failed");
      expect((await readReply(thread, "hello")).text).toBe("You said hello.");
    });

    test("an answer cut at its limit is an answer", async () => {
      brain = () => ({ text: "A long answer", incomplete: "max_output_tokens" });
      const { thread } = setUp();
      expect((await readReply(thread, "talk")).text).toBe("A long answer");
    });

    test("a refusal is spoken", async () => {
      // The simulated threads know no refusals: there it is text like any other.
      brain = () => ({ [client === "assistants" ? "text" : "refusal"]: "I can't help with that." });
      const { thread } = setUp();
      expect((await readReply(thread, "talk")).text).toBe("I can't help with that.");
    });

    test("a wrong key", async () => {
      const { thread, log } = setUp({ apiKey: "sk-wrong-key" });
      expect(await failureOf(readReply(thread, "hello"))).toBe("auth");
      expect(runs().length).toBeLessThanOrEqual(1);
      expect(log.lines).toContainEqual(
        expect.objectContaining({ level: "error", message: expect.stringContaining("OPENAI_API_KEY") as string }),
      );
      expect(JSON.stringify(log.lines)).not.toContain("sk-wrong-key");
    });

    /** Answers the next runs with this status. */
    function refuseRuns(status: number, times: number): void {
      let left = times;
      sim.on("request", ({ method, path }) => {
        const hit = method === "POST" && RUN[client].test(path) && left-- > 0;
        sim.faults = hit ? { restStatus: status } : {};
      });
    }

    test.each([
      [401, "auth", 1],
      [403, "auth", 1],
      [429, "rate-limited", 1],
      [500, "unavailable", 2],
      [503, "unavailable", 2],
    ])("a %d", async (status, code, requests) => {
      const { thread, log } = setUp();
      await readReply(thread, "hello");
      const before = runs().length;
      refuseRuns(status, 9);
      expect(await failureOf(readReply(thread, "now"))).toBe(code);
      expect(runs().length - before).toBe(requests);
      expect(log.lines.map(({ fields }) => `${fields.code} ${fields.status}`)).toEqual([`${code} ${status}`]);
      refuseRuns(status, 0);
      expect((await readReply(thread, "later")).text).toBe("You said later.");
      expect(await held(thread)).toEqual([
        "user: hello",
        "assistant: You said hello.",
        "user: now",
        "user: later",
        "assistant: You said later.",
      ]);
    });

    test("a 500 that passes is not noticed", async () => {
      const { thread, log } = setUp();
      refuseRuns(500, 1);
      expect((await readReply(thread, "hello")).text).toBe("You said hello.");
      expect(runs()).toHaveLength(2);
      expect(log.lines).toEqual([]);
      expect(await held(thread)).toEqual(["user: hello", "assistant: You said hello."]);
    });

    test("nothing but 404", async () => {
      sim.faults = { restStatus: 404 };
      const { thread } = setUp();
      expect(await failureOf(readReply(thread, "hello"))).toBe(
        client === "assistants" ? "assistants-removed" : "not-found",
      );
      expect(sim.requests.filter(({ path }) => path === sim.requests[0]?.path)).toHaveLength(1);
    });

    test("no answer", async () => {
      brain = ({ text }) => (text === "now" ? { hang: true } : `You said ${text}.`);
      const { thread, clock } = setUp();
      const reading = failureOf(readReply(thread, "now"));
      await until("the question", () => asked.length === 1);
      clock.expire(TIMEOUT_MS);
      expect(await reading).toBe("timeout");
      expect(runs()).toHaveLength(1);
      expect((await readReply(thread, "later")).text).toBe("You said later.");
    });

    test("a server that hangs whatever is asked", async () => {
      outOfReach = true;
      const { thread, clock } = setUp();
      await readReply(thread, "hello");
      sim.faults = { restHang: true };
      const before = sim.requests.length;
      const reading = failureOf(readReply(thread, "now"));
      await until("a request", () => sim.requests.length > before);
      clock.expire(TIMEOUT_MS);
      expect(await reading).toBe("timeout");
      sim.faults = {};
      // The repair, which may have met the same silence, is bounded too.
      clock.expire(REPAIR_MS);
      expect((await readReply(thread, "later")).text).toBe("You said later.");
    });

    test.each([
      ["drop", "unavailable"],
      ["fail", "unavailable"],
      ["hang", "timeout"],
    ] as const)("a stream that ends by %s after some text", async (how, code) => {
      brain = ({ text }) =>
        text === "now" ? { text: "One two three four.", breakAfter: { pieces: 2, how } } : `You said ${text}.`;
      const { thread, clock } = setUp();
      await readReply(thread, "hello");
      let read = "";
      const reading = failureOf(
        (async () => {
          const options = { signal: new AbortController().signal, runTool: noTools };
          for await (const event of thread.reply({ text: "now" }, options)) {
            if (event.type === "text") read += event.delta;
          }
        })(),
      );
      if (how === "hang") {
        await until("the text", () => read === "One two ");
        clock.expire(TIMEOUT_MS);
      }
      expect(await reading).toBe(code);
      // A connection that is cut may take what was under way with it.
      expect(["One ", "One two "]).toContain(read);
      expect(runs()).toHaveLength(2);
      expect((await readReply(thread, "later")).text).toBe("You said later.");
      expect(await held(thread)).toEqual([
        "user: hello",
        "assistant: You said hello.",
        "user: now",
        `assistant: ${read}`,
        "user: later",
        "assistant: You said later.",
      ]);
    });

    test("no server at all", async () => {
      outOfReach = true;
      const { thread } = setUp();
      await sim.close();
      expect(await failureOf(readReply(thread, "hello"))).toBe("unavailable");
      expect(sim.requests).toHaveLength(0);
    });

    test("close() in the middle of a reply ends it", async () => {
      brain = () => ({ chunks: ["One ", "two ", "three."], delayMs: 50 });
      const { thread } = setUp();
      let read = "";
      const reading = failureOf(
        (async () => {
          const options = { signal: new AbortController().signal, runTool: noTools };
          for await (const event of thread.reply({ text: "talk" }, options)) {
            if (event.type === "text") read += event.delta;
          }
        })(),
      );
      await until("the first text", () => read !== "");
      await thread.close();
      expect(await reading).toBe("failed");
      await until("the request's end", () => runs().every(({ status, aborted }) => status !== undefined && aborted));
      expect(await failureOf(readReply(thread, "more"))).toBe("failed");
      expect(runs()).toHaveLength(1);
    });
  });
});

/** Every call stands there with exactly one output. */
function expectAnswered(lines: Held): void {
  const calls = lines.filter((line) => line.startsWith("call: ")).map((line) => line.split(" ")[1]);
  const outputs = lines.filter((line) => line.startsWith("output: ")).map((line) => line.split(" ")[1]);
  expect(new Set(outputs)).toEqual(new Set(calls));
  expect(outputs).toHaveLength(calls.length);
}

async function heldByConversation(openai: OpenAI, id: string): Promise<Held> {
  const lines: string[] = [];
  for await (const item of openai.conversations.items.list(id, { order: "asc", limit: 100 })) {
    if (item.type === "message") {
      const text = item.content.map((part) => ("text" in part ? part.text : "")).join("");
      lines.push(`${item.role === "developer" ? "note" : item.role}: ${text}`);
    }
    if (item.type === "function_call") lines.push(`call: ${item.call_id}`);
    if (item.type === "function_call_output")
      lines.push(`output: ${item.call_id} ${JSON.stringify(item.output).slice(1, -1)}`);
  }
  return lines;
}

async function heldByThread(openai: OpenAI, id: string): Promise<Held> {
  const lines: string[] = [];
  for await (const message of openai.beta.threads.messages.list(id, { order: "asc", limit: 100 })) {
    const text = message.content.map((part) => (part.type === "text" ? part.text.value : "")).join("");
    lines.push(`${text.startsWith("[note of") ? "note" : message.role}: ${text}`);
  }
  // A run that is still active is an open call, however many messages there are.
  for await (const run of openai.beta.threads.runs.list(id, { limit: 100 })) {
    if (["queued", "in_progress", "requires_action", "cancelling"].includes(run.status)) lines.push(`call: ${run.id}`);
  }
  return lines;
}

/** The history that was sent with the last request of Chat Completions. */
function sentLast(): Held {
  type Entry = { role: string; content: string | null; tool_call_id?: string; tool_calls?: { id: string }[] };
  const body = sim.requests.findLast(({ path }) => RUN.chat.test(path))?.body as { messages: Entry[] } | undefined;
  return (body?.messages ?? []).slice(1).flatMap(({ role, content, tool_call_id: of, tool_calls: calls = [] }) => {
    if (role === "tool") return [`output: ${of} ${content}`];
    return [...(content ? [`${role}: ${content}`] : []), ...calls.map((call) => `call: ${call.id}`)];
  });
}
