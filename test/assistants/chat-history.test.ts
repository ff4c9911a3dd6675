import * as fc from "fast-check";
import type { ChatCompletionMessageParam } from "openai/resources/chat/completions";
import { createChatHistory } from "../../src/assistants/chat-history.ts";
import { CANCELLED_OUTPUT, NOT_STARTED_OUTPUT } from "../../src/assistants/notes.ts";
import { createTurn } from "../../src/assistants/turn.ts";
import type { Message } from "../../src/assistants/wire.ts";

const says = (text: string): Message[] => [{ from: "caller", text }];
const call = (id: string, name = "look") => ({ id, type: "function" as const, function: { name, arguments: "{}" } });

function brief(entries: readonly ChatCompletionMessageParam[]): string[] {
  return entries.map((entry) => {
    const calls = entry.role === "assistant" ? (entry.tool_calls ?? []).map(({ id }) => ` +${id}`).join("") : "";
    const of = entry.role === "tool" ? `(${entry.tool_call_id})` : "";
    return `${entry.role}${of}: ${JSON.stringify(entry.content)}${calls}`;
  });
}

test("a turn with a tool", () => {
  const history = createChatHistory();
  history.begin(says("what time is it"));
  history.answer("Let me look.", [call("c1")]);
  history.results([{ callId: "c1", output: "noon" }]);
  history.answer("It is noon.", []);
  expect(brief(history.entries())).toEqual([
    'user: "what time is it"',
    'assistant: "Let me look." +c1',
    'tool(c1): "noon"',
    'assistant: "It is noon."',
  ]);
});

describe("breaking off", () => {
  test("a turn in which nothing happened is taken out", () => {
    const history = createChatHistory();
    history.begin(says("one"));
    history.answer("first", []);
    history.begin(says("two"));
    expect(history.breakOff(createTurn(says("two")), "")).toBe(false);
    expect(brief(history.entries())).toEqual(['user: "one"', 'assistant: "first"']);
  });

  test("a half reply stays as far as it came", () => {
    const history = createChatHistory();
    history.begin(says("one"));
    const turn = createTurn(says("one"));
    turn.speak("Half a");
    expect(history.breakOff(turn, "Half a")).toBe(true);
    expect(brief(history.entries())).toEqual(['user: "one"', 'assistant: "Half a"']);
  });

  test("every call is answered: by its result, as cancelled, or as never started", () => {
    const history = createChatHistory();
    history.begin(says("one"));
    const turn = createTurn(says("one"));
    history.answer("", [call("done"), call("running"), call("waiting")]);
    turn.start("done");
    turn.start("running");
    turn.finish("done", "42");
    expect(history.breakOff(turn, "")).toBe(true);
    expect(history.entries().slice(2)).toEqual([
      { role: "tool", tool_call_id: "done", content: "42" },
      { role: "tool", tool_call_id: "running", content: CANCELLED_OUTPUT },
      { role: "tool", tool_call_id: "waiting", content: NOT_STARTED_OUTPUT },
    ]);
  });
});

describe("correcting to what was heard", () => {
  const table: [name: string, heard: string, expected: string[]][] = [
    ["nothing", "", ["[interrupted: the caller heard nothing of this reply]", "null"]],
    ["a part of the first piece", "Let me", ["Let me [interrupted by the caller]", "null"]],
    ["the first piece", "Let me look.", ["Let me look. [interrupted by the caller]", "null"]],
    ["a part of the second", "Let me look. It is", ["Let me look.", "It is [interrupted by the caller]"]],
    ["all of it", "Let me look.\nIt is noon.", ["Let me look.", "It is noon. [interrupted by the caller]"]],
    ["other words", "Well", ["Well [interrupted by the caller]", "null"]],
  ];
  test.each(table)("%s", (_, heard, [first, second]) => {
    const history = createChatHistory();
    history.begin(says("what time is it"));
    history.answer("Let me look.", [call("c1")]);
    history.results([{ callId: "c1", output: "noon" }]);
    history.answer("It is noon.", []);
    history.correct(heard);
    expect(brief(history.entries())).toEqual([
      'user: "what time is it"',
      `assistant: ${JSON.stringify(first)} +c1`,
      'tool(c1): "noon"',
      ...(second === "null" ? [] : [`assistant: ${JSON.stringify(second)}`]),
    ]);
  });

  test("a piece with a call that was not heard keeps the call", () => {
    const history = createChatHistory();
    history.begin(says("go"));
    history.answer("First.", [call("c1")]);
    history.results([{ callId: "c1", output: "1" }]);
    history.answer("Second.", [call("c2")]);
    history.results([{ callId: "c2", output: "2" }]);
    history.answer("Third.", []);
    history.correct("First.");
    expect(brief(history.entries())).toEqual([
      'user: "go"',
      'assistant: "First. [interrupted by the caller]" +c1',
      'tool(c1): "1"',
      "assistant: null +c2",
      'tool(c2): "2"',
    ]);
  });

  test("only the last reply changes", () => {
    const history = createChatHistory();
    history.begin(says("one"));
    history.answer("Same words.", []);
    history.begin(says("two"));
    history.answer("Same words.", []);
    history.correct("Same");
    expect(brief(history.entries())[1]).toBe('assistant: "Same words."');
    expect(brief(history.entries())[3]).toBe('assistant: "Same [interrupted by the caller]"');
  });

  test("without any reply it changes nothing", () => {
    const history = createChatHistory();
    history.correct("x");
    history.begin(says("one"));
    history.correct("x");
    expect(brief(history.entries())).toEqual(['user: "one"']);
  });
});

test("whatever happens, the history is bounded and every call stands before its only result", () => {
  const step = fc.record({
    words: fc.string({ maxLength: 60 }),
    calls: fc.integer({ min: 0, max: 3 }),
    text: fc.string({ maxLength: 60 }),
    cut: fc.boolean(),
    heard: fc.option(fc.string({ maxLength: 20 })),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const history = createChatHistory({ entries: 12, characters: 1500 });
      let id = 0;
      for (const { words, calls, text, cut, heard } of steps) {
        if (heard !== null) history.correct(heard);
        history.begin(says(words));
        const turn = createTurn(says(words));
        const asked = Array.from({ length: calls }, () => call(`c${id++}`));
        history.answer(text, asked);
        turn.speak(text);
        if (cut) {
          for (const { id } of asked.slice(1)) turn.start(id);
          history.breakOff(turn, text === "" ? "" : "half");
        } else {
          history.results(asked.map(({ id }) => ({ callId: id, output: "ok" })));
        }
        const entries = history.entries();
        // One turn alone may exceed the bounds; it has at most 6 entries here, so only the number of turns can.
        expect(entries.length).toBeLessThanOrEqual(12);
        expect(entries[0]?.role ?? "user").toBe("user");
        const open = new Set<string>();
        for (const entry of entries) {
          if (entry.role === "user") expect(open.size).toBe(0);
          if (entry.role === "assistant") for (const { id } of entry.tool_calls ?? []) open.add(id);
          if (entry.role === "tool") expect(open.delete(entry.tool_call_id)).toBe(true);
        }
        expect(open.size).toBe(0);
      }
    }),
  );
});
