// The machine of conversations: every move from every state, and none that a call could not make.
import { CALL_PHASES, mayFollow } from "../../src/core/call-phase.ts";
import { CONVERSATION_EVENTS, isOver, nextPhase } from "../../src/core/conversation.ts";

test.each([
  ["greeting", "answered", "intake"],
  ["greeting", "misunderstood", "clarification"],
  ["greeting", "escalated", "escalation"],
  ["greeting", "ended", "completed"],
  ["intake", "answered", "intake"],
  ["intake", "misunderstood", "clarification"],
  ["intake", "escalated", "escalation"],
  ["intake", "ended", "completed"],
  ["clarification", "answered", "intake"],
  ["clarification", "misunderstood", "clarification"],
  ["clarification", "escalated", "escalation"],
  ["clarification", "ended", "completed"],
  ["escalation", "answered", "escalation"],
  ["escalation", "misunderstood", "escalation"],
  ["escalation", "escalated", "escalation"],
  ["escalation", "ended", "completed"],
  ...CONVERSATION_EVENTS.map((event) => ["completed", event, "completed"] as const),
] as const)("%s, %s: %s", (from, event, to) => {
  expect(nextPhase(from, event)).toBe(to);
});

test("no move that a call could not make, and an end that is one", () => {
  for (const from of CALL_PHASES) {
    for (const event of CONVERSATION_EVENTS)
      expect([from, event, mayFollow(from, nextPhase(from, event))]).toEqual([from, event, true]);
  }
  expect(CALL_PHASES.filter(isOver)).toEqual(["completed"]);
});
