// What the page makes of the server's live events.
import {
  after,
  afterOf,
  fromSnapshot,
  lastLine,
  without,
  type Event,
  type LiveCall,
} from "../../src/web/live/live-call.ts";

const START: LiveCall = fromSnapshot({ call_id: "call_1", org_id: "acme", started_at: "2026-11-26T02:00:00Z" });
const run = (...events: Event[]): LiveCall => events.reduce(after, START);
const shown = ({ lines }: LiveCall) => lines.map(({ role, text, cut }) => `${role}: ${text}${cut ? ` [${cut}]` : ""}`);

describe("the transcript as it is spoken", () => {
  test("words grow, and become the reply as it was heard", () => {
    const speaking = run(
      { type: "words", text: "We open at nine." },
      { type: "words", text: "And close" },
      { type: "words", text: " at six." },
    );
    expect(speaking.lines).toEqual([{ role: "agent", text: "We open at nine. And close at six.", open: true }]);
    const over = after(speaking, { type: "reply", kind: "reply", heard: "We open at nine.", cut: "And close at six." });
    expect(over.lines).toEqual([{ role: "agent", text: "We open at nine.", cut: "And close at six.", kind: "reply" }]);
  });

  test("what the caller says over the agent stands below what it cuts", () => {
    const call = run(
      { type: "words", text: "We have Tuesday at nine, or Thursday" },
      { type: "turn", turn: 1, text: "Thursday!" },
      { type: "reply", kind: "reply", heard: "We have Tuesday", cut: "at nine, or Thursday" },
      { type: "words", text: "Thursday it is." },
    );
    expect(shown(call)).toEqual([
      "agent: We have Tuesday [at nine, or Thursday]",
      "caller: Thursday!",
      "agent: Thursday it is.",
    ]);
  });

  test("who comes in the middle of a reply has its words so far, and the next are added to them", () => {
    const saying = [{ utterance: 4, text: " It takes forty" }];
    const transcript = [{ role: "caller", text: "How long?" }];
    const found = fromSnapshot({ call_id: "call_1", org_id: "acme", started_at: "x", transcript, saying });
    const words = { type: "words", utterance: 4, text: " minutes." };
    expect(shown(after(found, words))).toEqual(["caller: How long?", "agent: It takes forty minutes."]);
    const over = after(after(found, words), {
      type: "reply",
      utterance: 4,
      kind: "reply",
      heard: "It takes forty",
      cut: "minutes.",
    });
    expect(shown(over)).toEqual(["caller: How long?", "agent: It takes forty [minutes.]"]);
    // Nothing is doubled when the stream of the list comes back, and what went on meanwhile is there.
    const listed = { type: "snapshot", calls: [{ call_id: "call_1", org_id: "acme", started_at: "x", saying }] };
    const again = afterOf(new Map([["call_1", run({ type: "words", utterance: 4, text: "It" })]]), listed);
    expect(shown(again.get("call_1") as LiveCall)).toEqual(["agent: It takes forty"]);
  });

  test("a turn to which words are added stays one line", () => {
    const call = run(
      { type: "turn", turn: 1, text: "I would like" },
      { type: "turn", turn: 1, text: "I would like an oil change." },
    );
    expect(shown(call)).toEqual(["caller: I would like an oil change."]);
  });

  test("each utterance is a line of its own, and what was heard first stands first", () => {
    const speaking = run(
      { type: "words", utterance: 2, text: "It takes" },
      { type: "words", utterance: 3, text: "One moment." },
      { type: "words", utterance: 2, text: " forty minutes." },
    );
    expect(shown(speaking)).toEqual(["agent: It takes forty minutes.", "agent: One moment."]);
    const heard = [
      { type: "reply", utterance: 3, kind: "filler", heard: "One moment.", cut: "" },
      { type: "reply", utterance: 2, kind: "reply", heard: "It takes forty minutes.", cut: "" },
    ].reduce(after, speaking);
    expect(heard.lines).toEqual([
      { role: "agent", text: "One moment.", kind: "filler" },
      { role: "agent", text: "It takes forty minutes.", kind: "reply" },
    ]);
  });

  test("what is over before any word of it came is a line of its own; one of nothing is none", () => {
    const call = run(
      { type: "reply", kind: "greeting", heard: "Hello!", cut: "" },
      { type: "reply", kind: "reply", heard: "", cut: "" },
    );
    expect(shown(call)).toEqual(["agent: Hello!"]);
  });

  test("what the first picture had already does not come twice", () => {
    const picture = fromSnapshot({
      call_id: "call_1",
      transcript: [
        { role: "agent", text: "Hello!" },
        { role: "caller", text: "Good morning." },
      ],
    });
    const call = after(picture, { type: "turn", turn: 1, text: "Good morning." });
    expect(shown(call)).toEqual(["agent: Hello!", "caller: Good morning."]);
    // The same words in a later turn are said again.
    expect(shown(after(call, { type: "turn", turn: 2, text: "Good morning." }))).toHaveLength(3);
  });

  test("how long the answer took stands with its turn", () => {
    const call = run({ type: "turn", turn: 1, text: "Hello?" }, { type: "answer", turn: 1, latencyMs: 840 });
    expect(call.latencyMs).toBe(840);
    expect(call.lines[0]?.latencyMs).toBe(840);
  });

  test("it has a bound", () => {
    const many = Array.from({ length: 900 }, (_, n) => ({ type: "turn", turn: n, text: `words ${n}` }));
    expect(run(...many).lines).toHaveLength(400);
    expect(lastLine(run(...many))?.text).toBe("words 899");
  });
});

test("phase, escalation, intake and the end are taken over; what is not known changes nothing", () => {
  const call = run(
    { type: "phase", phase: "intake" },
    { type: "intake", intake: { fields: { caller_name: "Ada" } } },
    { type: "escalation", escalation: {} },
    { type: "tool", name: "transfer_call", result: "ok" },
    { type: "call.ended", reason: "transferred" },
  );
  expect(call).toMatchObject({
    escalated: true,
    ended: "transferred",
    phase: "completed",
    intake: { caller_name: "Ada" },
  });
  expect(call.tools).toEqual([{ name: "transfer_call", result: "ok" }]);
  expect(after(call, { type: "something new" })).toBe(call);
});

describe("all calls", () => {
  const snapshot = (...ids: string[]): Event => ({
    type: "snapshot",
    calls: ids.map((call_id) => ({ call_id, org_id: "acme", started_at: "2026-11-26T02:00:00Z", last: null })),
  });

  test("begin with the snapshot, and go on with what begins, happens and ends", () => {
    let calls = afterOf(new Map(), snapshot("call_1"));
    calls = afterOf(calls, {
      type: "call.started",
      call_id: "call_2",
      org_id: "acme",
      at: "2026-11-26T02:01:00Z",
      from: "+15550001111",
    });
    calls = afterOf(calls, { type: "turn", call_id: "call_2", turn: 1, text: "Hello" });
    expect(calls.get("call_2")).toMatchObject({ from: "+15550001111", startedAt: "2026-11-26T02:01:00Z" });
    expect(shown(calls.get("call_2") as LiveCall)).toEqual(["caller: Hello"]);
    calls = afterOf(calls, { type: "call.ended", call_id: "call_2", reason: "caller-hangup" });
    expect([...without(calls, "call_2").keys()]).toEqual(["call_1"]);
  });

  test("of a stream that came back: calls that ended meanwhile are gone, words that were seen are not", () => {
    let calls = afterOf(new Map(), snapshot("call_1", "call_2"));
    calls = afterOf(calls, { type: "turn", call_id: "call_1", turn: 1, text: "Hello" });
    calls = afterOf(calls, snapshot("call_1"));
    expect([...calls.keys()]).toEqual(["call_1"]);
    expect(shown(calls.get("call_1") as LiveCall)).toEqual(["caller: Hello"]);
  });

  test("events of calls that are not known, and those that change nothing, leave it as it is", () => {
    const calls = afterOf(new Map(), snapshot("call_1"));
    expect(afterOf(calls, { type: "turn", call_id: "call_9", text: "?" })).toBe(calls);
    expect(afterOf(calls, { type: "flag", call_id: "call_1" })).toBe(calls);
    expect(afterOf(calls, { type: "call.started", call_id: "call_1" })).toBe(calls);
  });
});
