// Placing a call where what counts them is away: whoever cannot know how often somebody was called calls nobody.
import { StateUnavailable } from "../../../src/core/state.ts";
import { createOutbound, type OutboundOptions } from "../../../src/channels/phone/outbound.ts";
import { createMemoryState } from "../../../src/state/memory.ts";
import { insured } from "../../../src/state/insured.ts";
import { createMemoryCallStore } from "../../../src/storage/memory.ts";
import { keptLog, keptMeter } from "../../support/observe.ts";
import { manualClock } from "./support.ts";

const REQUEST = { to: "+12025550123", orgId: "default" };

function desk(state: OutboundOptions["state"]) {
  const clock = manualClock();
  const dialled: string[] = [];
  const slots = { held: 0 };
  const outbound = createOutbound({
    rules: {
      from: "+12025550100",
      countries: undefined,
      perDay: 10,
      perNumberPerDay: 10,
      doNotCallFile: undefined,
      longestSeconds: 600,
    },
    webhookUrl: "https://voice.example.com",
    state,
    store: createMemoryCallStore(),
    calls: { admit: async () => (slots.held++, "ok"), abandon: () => void slots.held-- },
    api: { dial: async ({ to }) => (dialled.push(to), "CA1") },
    wasOver: () => false,
    clock,
    ids: { callId: () => "call_1", token: () => "t", id: (prefix) => `${prefix}_1` },
    log: keptLog(),
    meter: keptMeter(),
  });
  return { outbound, dialled, slots, clock };
}

test("with the shared state there the call is dialled", async () => {
  const { outbound, dialled } = desk(createMemoryState({ clock: manualClock() }));
  expect(await outbound.place(REQUEST)).toEqual({ callId: "call_1", carrierId: "CA1" });
  expect(dialled).toEqual([REQUEST.to]);
  outbound.close();
});

// Each of these is asked before the carrier; insurance lets calls that come in go on without Redis, and no call go out.
test.each(["hit", "put"] as const)(
  "nobody is dialled while %s cannot be asked of Redis, and no line is held",
  async (what) => {
    const clock = manualClock();
    const local = createMemoryState({ clock });
    const away = () => Promise.reject(new StateUnavailable());
    const shared = { ...createMemoryState({ clock }), [what]: away };
    const { outbound, dialled, slots } = desk(what === "hit" ? insured(shared, local) : shared);
    await expect(outbound.place(REQUEST)).rejects.toThrow(StateUnavailable);
    expect(dialled).toEqual([]);
    expect(slots.held).toBe(0);
  },
);
