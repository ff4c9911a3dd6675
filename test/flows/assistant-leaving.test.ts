// The server leaves while people talk with their assistants: no new conversations, those that go on have their time and all that they need,
// and whoever is left is told to come back; only then is what they are kept in closed.
import type { State } from "../../src/core/state.ts";
import type { Storage } from "../../src/core/stores.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { createWorld, text } from "./assistant-kit.ts";

const world = createWorld();

/** Stores that tell what is done last, and are there for another instance afterwards. */
function told() {
  const order: string[] = [];
  const memory = createMemoryState({ clock: world.clock });
  const kept = createMemoryStorage({ clock: world.clock });
  const state: State = { ...memory, close: async () => void order.push("state is closed") };
  const storage: Storage = {
    ...kept,
    calls: {
      ...kept.calls,
      update(callId, change) {
        if (change.status === "completed") order.push(`ended: ${change.endReason}`);
        kept.calls.update(callId, change);
      },
    },
    close: async () => void order.push("storage is closed"),
  };
  return { order, given: { state, storage } };
}

test("who talks goes on, with tools and memory, and nobody new comes in; it is over when they are done", async () => {
  const { order, given } = told();
  const server = await world.start({ DRAIN_TIMEOUT_S: "600" }, given);
  const { client } = await server.talk();
  const late = (await server.post("/api/voice-agent")).body["client_secret"] as { readonly value: string };
  await client.next("session.created");
  const drained = server.app.drain();
  expect(await server.post("/api/voice-agent")).toMatchObject({ status: 503 });
  const refused = world.connect(late.value);
  expect(
    await new Promise((resolve) =>
      refused.socket.on("unexpected-response", (_request, { statusCode }) => resolve(statusCode)),
    ),
  ).toBe(503);
  world.openai.script = {
    brain: ({ toolOutputs: [kept] }) =>
      kept ? `So it is: ${kept.output}` : { tool: { name: "memory_list", args: {} } },
  };
  client.send(text("What do you know of me?"));
  const answer = await client.next("response.audio_transcript.done");
  expect(answer["transcript"]).toContain('"memories":[]');
  expect(order).toEqual([]);
  client.close();
  await drained;
  expect(order[0]).toBe("ended: caller-hangup");
  expect(order.slice(1).toSorted()).toEqual(["state is closed", "storage is closed"]);
});

test.each([
  ["their time is over", "0", false],
  ["somebody is in a hurry", "600", true],
])(
  "when %s they are told to come back, and what they said is kept before the stores are closed",
  async (_why, seconds, hurries) => {
    const { order, given } = told();
    const server = await world.start({ DRAIN_TIMEOUT_S: seconds }, given);
    const { session, client } = await server.talk();
    client.send(text("My name is Ada."));
    await client.next("response.done");
    const now = new AbortController();
    const drained = server.app.drain(now.signal);
    if (hurries) now.abort();
    expect(await client.closed).toBe(1001);
    await drained;
    expect(order[0]).toBe("ended: shutdown");
    expect(order.slice(1).toSorted()).toEqual(["state is closed", "storage is closed"]);

    // Another instance, on the same stores.
    const other = await world.start({}, given);
    const histories: string[] = [];
    world.openai.script = {
      brain({ history }) {
        histories.push(...history.map(({ text: words }) => words));
        return "Ada.";
      },
    };
    const back = await other.talk({ session_id: session.id });
    back.client.send(text("What is my name?"));
    await back.client.next("response.done");
    expect(histories).toContain("My name is Ada.");
  },
);
