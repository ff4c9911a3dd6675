// What a call that goes on knows of itself: the record, and where the draft is fresher, the draft.
import type { CallRecord, EscalationRecord, ReplyRecord, TurnRecord } from "../../src/core/call.ts";
import { recall, spokenLines, unheardAtTheEnd } from "../../src/core/resumption.ts";
import type { CallDraft } from "../../src/core/state.ts";

const turn = (number: number, text: string, endedAtMs: number): TurnRecord => ({
  turn: number,
  by: "speech",
  text,
  endedAtMs,
});
const reply = (heard: string, startedAtMs: number, change: Partial<ReplyRecord> = {}): ReplyRecord => ({
  kind: "reply",
  generated: heard,
  sent: heard,
  heard,
  cut: "",
  generatedMs: 1000,
  sentMs: 1000,
  heardMs: 1000,
  interrupted: false,
  startedAtMs,
  ...change,
});
const record = (change: Partial<CallRecord> = {}): CallRecord => ({
  callId: "call-1",
  carrierId: "CA1",
  from: "+15550001111",
  to: "+15550002222",
  channel: "phone",
  direction: "inbound",
  orgId: "default",
  status: "in-progress",
  phase: "intake",
  escalations: [],
  flags: [],
  startedAt: "2026-11-25T10:00:00.000Z",
  turns: [turn(1, "Hello?", 3000)],
  replies: [reply("Welcome.", 0, { kind: "greeting" }), reply("What can I do?", 4000)],
  tools: [],
  timeline: [],
  usage: { input: 3 },
  ...change,
});
const draft = (transcript: CallDraft["transcript"], change: Partial<CallDraft> = {}): CallDraft => ({
  phase: "intake",
  transcript,
  ...change,
});
const NOW = "2026-11-25T11:00:00.000Z";
const KNOWN: CallDraft["transcript"] = [
  { role: "agent", text: "Welcome." },
  { role: "caller", text: "Hello?" },
  { role: "agent", text: "What can I do?" },
];

test("what only the draft knows comes after what the record has", () => {
  const fresher = draft([...KNOWN, { role: "caller", text: "My tap leaks." }, { role: "agent", text: "Oh dear." }]);
  const { turns, replies, usage, startedAt } = recall("instance", record(), fresher, NOW);
  expect(spokenLines(turns, replies).map(({ text }) => text)).toEqual([
    "Welcome.",
    "Hello?",
    "What can I do?",
    "My tap leaks.",
    "Oh dear.",
  ]);
  expect(turns.map((one) => one.turn)).toEqual([1, 2]);
  expect(usage).toEqual({ input: 3 });
  expect(startedAt).toBe("2026-11-25T10:00:00.000Z");
});

test("what was used goes on from the fuller account, and the first part ends where the record or its last entry says", () => {
  const draftOf = (usage: Readonly<Record<string, number>>) => draft(KNOWN, { usage });
  expect(recall("instance", record(), draftOf({ input: 5, "m:output": 2 }), NOW).usage).toEqual({
    input: 5,
    "m:output": 2,
  });
  expect(recall("human", record({ usage: { input: 9 } }), draftOf({ input: 5 }), NOW).usage).toEqual({ input: 9 });
  const timeline = [{ atMs: 8000, what: "reply" }];
  expect(recall("instance", record({ timeline }), undefined, NOW).untilMs).toBe(8000);
  expect(recall("human", record({ timeline, durationSeconds: 9.5 }), undefined, NOW).untilMs).toBe(9500);
});

test("a draft that is older than the record adds nothing", () => {
  const { turns, replies } = recall("line", record(), draft(KNOWN.slice(0, 2)), NOW);
  expect(spokenLines(turns, replies)).toHaveLength(3);
});

test("either alone is enough, and none is a call of which nothing is known", () => {
  expect(recall("line", record(), undefined, NOW).turns).toHaveLength(1);
  const only = recall("instance", undefined, draft(KNOWN), NOW);
  expect(only).toMatchObject({ startedAt: NOW, phase: "intake" });
  expect(spokenLines(only.turns, only.replies)).toEqual(KNOWN);
  expect(recall("instance", undefined, undefined, NOW)).toMatchObject({ phase: "greeting", turns: [], replies: [] });
});

test("the newer intake counts, an escalation is known once, and the thread is the one that was in use", () => {
  const escalation: EscalationRecord = {
    id: "esc-1",
    trigger: "keyword",
    urgency: "high",
    reason: "water",
    mode: "warm",
    atMs: 5000,
    outcome: "pending",
  };
  const kept = record({
    intake: { fields: { name: "Ann" }, status: "draft", updatedAtMs: 1 },
    escalations: [escalation],
    threadId: "thread-old",
  });
  const fresher = draft(KNOWN, {
    intake: { fields: { name: "Anna" }, status: "draft", updatedAtMs: 2 },
    escalation,
    threadId: "thread-new",
  });
  expect(recall("line", kept, fresher, NOW)).toMatchObject({
    intake: { fields: { name: "Anna" } },
    escalations: [escalation],
    threadId: "thread-new",
  });
  expect(recall("line", kept, draft(KNOWN), NOW)).toMatchObject({
    intake: { fields: { name: "Ann" } },
    threadId: "thread-old",
  });
});

test("a caller whom no human took is in the conversation again", () => {
  expect(recall("human", record({ phase: "completed", status: "completed" }), undefined, NOW).phase).toBe("intake");
});

test("the assistant is told of the reply that the break cut off, and of no older one", () => {
  const cut = reply("What can", 4000, { generated: "What can I do for you?", interrupted: true });
  const broken = (turns: TurnRecord[]) =>
    unheardAtTheEnd(recall("line", record({ turns, replies: [cut] }), undefined, NOW));
  expect(broken([turn(1, "Hello?", 3000)])).toEqual({ generated: "What can I do for you?", heard: "What can" });
  expect(broken([turn(1, "Hello?", 3000), turn(2, "No, wait.", 6000)])).toBeUndefined();
});
