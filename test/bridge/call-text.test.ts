// Typed turns beside spoken ones, and what a line that shows the call is told of it.
import { createGuard } from "../../src/safety/guard.ts";
import { fakeCall } from "../support/fake-call.ts";

test("a typed turn cuts what is being said, is answered, and stands in the record as typed", async () => {
  const told: [string, Readonly<Record<string, unknown>>][] = [];
  const it = await fakeCall({
    reply: ({ text }) => (text.includes("pizza") ? "One pizza is on its way to you." : "Something else."),
    parts: { watch: (type, data) => void told.push([type, data]) },
  });
  await it.greeted();
  // The words of a stored clip are told before it was heard, like any others.
  const [first, second] = told.filter(([type]) => type === "words" || type === "reply");
  expect(first).toMatchObject(["words", { text: expect.stringMatching(/\w/), utterance: second?.[1].utterance }]);
  expect(second).toMatchObject(["reply", { kind: "greeting" }]);
  it.line.deliver({ type: "line.text", text: "Tell me something." });
  await it.untilHeard("Something");
  it.line.deliver({ type: "line.text", text: "I want to order a pizza" });
  await it.untilHeard("on its way");
  await it.run(3000);
  const { turns } = it.record();
  expect(turns.map(({ by, text }) => [by, text])).toEqual([
    ["text", "Tell me something."],
    ["text", "I want to order a pizza"],
  ]);
  expect(told.filter(([type]) => type === "speech.started")).toEqual([]);
  const replies = told.filter(([type]) => type === "reply").map(([, data]) => [data.kind, data.interrupted]);
  expect(replies).toEqual([
    ["greeting", false],
    ["reply", true],
    ["reply", false],
  ]);
  // Words and sound of one utterance carry one number.
  const said = told.find(([type, data]) => type === "words" && String(data.text).includes("pizza"))?.[1];
  const heard = told.findLast(([type]) => type === "reply")?.[1];
  expect(said?.utterance).toBe(heard?.utterance);
  await it.over();
});

test("without a greeting the caller has the first word, and is asked after nothing", async () => {
  const it = await fakeCall({ settings: { greeting: "", silencePromptMs: 2 ** 31 - 1 } });
  await it.run(60_000);
  expect(it.heardNames()).toEqual([]);
  expect(it.call.phase()).toBe("listening");
  it.line.deliver({ type: "line.text", text: "Hello" });
  await it.until("an answer", () => it.replies("reply").length === 1);
  await it.over();
});

test("a typed emergency is escalated like a spoken one, and the assistant is not asked", async () => {
  const it = await fakeCall({ parts: { guard: createGuard().forCall() } });
  await it.greeted();
  it.line.deliver({ type: "line.text", text: "My father has chest pain and can not breathe." });
  await it.until("an escalation", () => it.record().escalations.length === 1);
  expect(it.record().escalations).toMatchObject([{ trigger: "emergency-keyword" }]);
  expect(it.record().turns).toMatchObject([{ by: "text", cause: "guard-escalated" }]);
  await it.over();
});
