// However many conversations wait in writing, a call whose instance died is found behind them.
import { openCalls } from "../../src/app/open-calls.ts";
import { createMemoryCallStore } from "../../src/storage/memory.ts";

test("every open call comes once, whatever lies before it", async () => {
  const store = createMemoryCallStore();
  const began = new Date("2026-11-26T10:00:00Z");
  const ids = Array.from({ length: 450 }, (_, n) => `call_${String(n).padStart(4, "0")}`);
  for (const callId of ids) {
    store.open(
      { callId, carrierId: callId, from: "", to: "", channel: "text", direction: "inbound", orgId: "default" },
      began,
    );
    if (callId === "call_0007") store.update(callId, { status: "completed" });
  }
  const found: string[] = [];
  for await (const { callId } of openCalls(store, new Date("2026-11-26T11:00:00Z"))) found.push(callId);
  expect(found).toHaveLength(449);
  expect(new Set(found)).toEqual(new Set(ids.filter((id) => id !== "call_0007")));
});
