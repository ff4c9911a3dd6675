// When the assistant fails: wrong key, no model, too many requests, a broken server, a hang. The caller hears an apology, and the
// call goes on with the next turn.
import type { Brain, Faults } from "../../src/sim/openai/index.ts";
import { answer, heardReplies, listen, sideBySide, words, type Start } from "./kit.ts";

type Client = "responses" | "chat" | "assistants";
const CLIENTS = {
  responses: { THREAD_CLIENT: "responses" },
  chat: { THREAD_CLIENT: "chat" },
  assistants: { THREAD_CLIENT: "assistants", AGENT_WORKFLOW_ID: "asst_sim" },
} as const;

const PATHS = { responses: "/v1/responses", chat: "/v1/chat", assistants: "/v1/threads" } as const;

/** The first question fails for good, the second one is answered. */
async function fails(start: Start, client: Client, faults: Faults, code: RegExp): Promise<void> {
  const flow = await start({
    settings: { ...CLIENTS[client], THREAD_TIMEOUT_MS: "6000" },
    openai: { script: { brain: () => "It takes an hour." }, faults: { ...faults, restOnly: PATHS[client] } },
  });
  const { result, record } = await flow.run([
    ...answer("opening-hours"),
    { do: "wait-for-agent" },
    { do: "run", action: () => void (flow.openai.faults = {}) },
    ...answer("how-long"),
    listen(),
    { do: "hang-up" },
  ]);
  expect(result.scriptError).toBeUndefined();
  expect(record.endReason).toBe("caller-hangup");
  expect(record.turns.map(({ text }) => text)).toEqual([words("opening-hours").text, words("how-long").text]);
  expect(record.turns[0]?.cause).toMatch(code);
  expect(record.turns[1]?.cause ?? "").not.toMatch(/thread/);
  const apology = record.replies[1];
  expect(apology).toMatchObject({ kind: "notice", cut: "" });
  expect(apology?.heard).toMatch(/something went wrong on my side/);
  // Within the thread's limit and the bridge's second for it.
  expect((apology?.startedAtMs ?? Infinity) - (record.turns[0]?.endedAtMs ?? 0)).toBeLessThan(flow.within(8000));
  expect(heardReplies(record)).toEqual(["It takes an hour."]);
  expect(await flow.metric("voice_thread_replies_total", { client, result: "ok" })).toBe(1);
  expect(await flow.callsActive()).toBe(0);
}

describe.each(["responses", "chat", "assistants"] as const)("F8: the assistant fails; the thread of %s", (client) => {
  test(
    "401",
    sideBySide((start) => fails(start, client, { restStatus: 401 }, /^thread-auth$/)),
  );
  test(
    "429",
    sideBySide((start) => fails(start, client, { restStatus: 429 }, /^thread-rate-limited$/)),
  );
  test(
    "500",
    sideBySide((start) => fails(start, client, { restStatus: 500 }, /^thread-(unavailable|failed)$/)),
  );
  test(
    "a hang",
    sideBySide((start) => fails(start, client, { restHang: true }, /^thread-timeout$/)),
  );
});

test(
  "404: the model does not exist, said in the log by name of the setting, not to the caller",
  sideBySide(async (start) => {
    const flow = await start({ settings: { ASSISTANT_MODEL: "no-such-model" } });
    const { record } = await flow.run([...answer("opening-hours"), listen(), { do: "hang-up" }]);
    expect(record.turns[0]?.cause).toBe("thread-not-found");
    expect(record.replies.at(-1)?.heard).toMatch(/something went wrong on my side/);
  }),
);

test(
  "a reply that breaks off: what there was is heard, then the apology, and the call goes on",
  sideBySide(async (start) => {
    const brain: Brain = ({ text }) =>
      text.includes("opening hours")
        ? { chunks: ["We are open every day. ", "And on Sun"], breakAfter: { pieces: 2, how: "drop" } }
        : "It takes an hour.";
    const flow = await start({ openai: { script: { brain } } });
    const { record } = await flow.run([...answer("opening-hours"), ...answer("how-long"), listen(), { do: "hang-up" }]);
    expect(record.replies.map(({ heard }) => heard)).toEqual([
      expect.any(String),
      expect.stringContaining("We are open every day."),
      expect.stringContaining("something went wrong on my side"),
      "It takes an hour.",
    ]);
    expect(record.turns).toHaveLength(2);
  }),
);

test(
  "F7: a slow assistant: a filler within two seconds, no two alike in a row, then the answer",
  sideBySide(async (start) => {
    const flow = await start({
      settings: { FILLER_AFTER_MS: "1500", THREAD_TIMEOUT_MS: "30000" },
      // Nine seconds of the call.
      openai: { script: { brain: () => ({ text: "It takes an hour.", firstDelayMs: 1500 }) } },
    });
    const { result, record } = await flow.run([...answer("how-long"), listen(6000), { do: "hang-up" }]);
    expect(result.scriptError).toBeUndefined();
    const fillers = record.replies.filter(({ kind }) => kind === "filler");
    expect(fillers.length).toBeGreaterThanOrEqual(1);
    expect((fillers[0]?.startedAtMs ?? Infinity) - (record.turns[0]?.endedAtMs ?? 0)).toBeLessThan(flow.within(2000));
    for (const [index, { heard }] of fillers.entries()) expect(heard).not.toBe(fillers[index + 1]?.heard);
    expect(heardReplies(record)).toEqual(["It takes an hour."]);
    expect(record.turns[0]?.cause).toMatch(/late|slow|thread/);
  }),
);

test(
  "F7: an answer in time needs no filler",
  sideBySide(async (start) => {
    const flow = await start({ settings: { FILLER_AFTER_MS: "4000" } });
    const { record } = await flow.run([...answer("how-long"), listen(), { do: "hang-up" }]);
    expect(record.replies.map(({ kind }) => kind)).toEqual(["greeting", "reply"]);
  }),
);
