import { createLedger } from "../../src/assistants/ledger.ts";

test("keeps what was said, in order, and leaves out what is empty", () => {
  const ledger = createLedger();
  ledger.add("caller", "hello");
  ledger.add("agent", "");
  ledger.add("agent", "hi there");
  expect(ledger.lines()).toEqual([
    { by: "caller", text: "hello" },
    { by: "agent", text: "hi there" },
  ]);
});

test("a correction changes the agent's last line only", () => {
  const ledger = createLedger();
  ledger.add("agent", "first");
  ledger.add("agent", "second and more");
  ledger.add("caller", "stop");
  ledger.correct("second");
  expect(ledger.lines().map((line) => line.text)).toEqual(["first", "second [interrupted by the caller]", "stop"]);
});

test("a correction of nothing does nothing", () => {
  const ledger = createLedger();
  ledger.correct("whatever");
  expect(ledger.lines()).toEqual([]);
});

test("holds at most 20 lines and 8000 characters, the latest", () => {
  const ledger = createLedger();
  for (let n = 0; n < 50; n++) ledger.add("caller", `line ${n}`);
  expect(ledger.lines().map((line) => line.text)).toEqual(Array.from({ length: 20 }, (_, n) => `line ${n + 30}`));
  ledger.add("agent", "x".repeat(7995));
  expect(ledger.lines().map((line) => line.text.length)).toEqual([7995]);
  ledger.add("agent", `start ${"y".repeat(9000)} end`);
  expect(ledger.lines()).toHaveLength(1);
  expect(ledger.lines()[0]?.text).toHaveLength(8000);
  expect(ledger.lines()[0]?.text.endsWith("y end")).toBe(true);
});
