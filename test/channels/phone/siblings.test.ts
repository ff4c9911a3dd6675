// Two phone channels on one shared state: the webhook lands on one, the stream on the other, and what follows on either.
import { createMemoryState } from "../../../src/state/memory.ts";
import { createMemoryCallStore } from "../../../src/storage/memory.ts";
import { until } from "../../support/until.ts";
import { incoming, newCallSid, phone, realClock, twilioSide, type Phone } from "./support.ts";

const HUMAN = "+15550009999";
let one: Phone;
let two: Phone;
beforeEach(async () => {
  const shared = {
    state: createMemoryState({ clock: realClock }),
    store: createMemoryCallStore(),
    humanFor: () => ({ to: HUMAN }),
  };
  [one, two] = await Promise.all([phone(shared), phone(shared)]);
});
afterEach(() => Promise.all([one.close(), two.close()]));

const after = (callSid: string) => incoming(callSid, { CallStatus: "in-progress" });
const tokenIn = (text: string): string | undefined => /name="token" value="([^"]+)"/.exec(text)?.[1];

/** A stream with this token, on this channel. */
async function stream(on: Phone, callSid: string, token: string) {
  const client = await on.connect();
  const side = twilioSide({ callSid, token });
  client.send(side.connected(), side.start());
  const before = on.calls.entered.length;
  await until("the bridge has it", () => on.calls.entered.length > before);
  return client;
}

test("a stream elsewhere frees the slot and the voice that wait for it here", async () => {
  const callSid = newCallSid();
  const token = await one.ring(callSid);
  expect(one.calls.slots()).toBe(1);
  await stream(two, callSid, token);
  await until("the slot is free", () => one.calls.slots() === 0);
  expect(one.calls.abandoned).toEqual([one.calls.admitted[0]?.callId]);
  expect(two.calls.entered[0]?.party).toEqual(one.calls.admitted[0]);
  // It is nobody's first request any more, and nothing is recorded of it here.
  expect((await one.post("/voice", incoming(callSid))).text).toContain("<Hangup");
  expect((await two.post("/voice", incoming(callSid))).text).toContain("<Hangup");
  expect(one.calls.admitted).toHaveLength(1);
  expect(await one.store.findByCarrierId(callSid)).toBeUndefined();
});

test("the same first request at two instances at once is answered by one, and both tell of its stream", async () => {
  const callSid = newCallSid();
  const [here, there] = await Promise.all([one, two].map((on) => on.post("/voice", incoming(callSid))));
  expect(tokenIn(here?.text ?? "")).toBeDefined();
  expect(tokenIn(there?.text ?? "")).toBe(tokenIn(here?.text ?? ""));
  expect(one.calls.admitted.length + two.calls.admitted.length).toBe(1);
});

test("a call whose instance died goes on here, with another token, twice at the most", async () => {
  const callSid = newCallSid();
  let token = await one.ring(callSid);
  await stream(one, callSid, token);
  for (const again of [1, 2]) {
    // No word of an ending: the holder is gone. Nobody answers in its place.
    one.calls.abandon(one.calls.admitted[0]?.callId ?? "");
    two.calls.abandon(one.calls.admitted[0]?.callId ?? "");
    const offered = tokenIn((await two.post("/voice/after-stream", after(callSid))).text);
    expect(offered).toBeDefined();
    expect(offered).not.toBe(token);
    token = offered ?? "";
    await stream(two, callSid, token);
    expect(two.calls.recalled).toHaveLength(again);
    expect(two.calls.recalled.at(-1)).toEqual([one.calls.admitted[0]?.callId, "instance"]);
  }
  two.calls.abandon(one.calls.admitted[0]?.callId ?? "");
  // It takes its servers down with it.
  expect((await two.post("/voice/after-stream", after(callSid))).text).toMatch(/<Say>I am sorry.*<Dial/);
});

test("a holder that lives is told that its line is over, and says what is to be done", async () => {
  const callSid = newCallSid();
  await stream(one, callSid, await one.ring(callSid));
  const told: string[] = [];
  two.calls.holder = (carrierId) => {
    told.push(carrierId);
    void one.state.putEnding(carrierId, { kind: "hangup", reason: "agent-hangup" });
    return true;
  };
  expect((await two.post("/voice/after-stream", after(callSid))).text).toContain("<Hangup");
  expect(told).toEqual([callSid]);
});

test("what was to be done after the first stream holds no more once there is a second", async () => {
  const callSid = newCallSid();
  const token = await one.ring(callSid);
  await one.state.putEnding(callSid, { kind: "apologise", reason: "line-lost" });
  await stream(two, callSid, token);
  expect(await one.state.getEnding(callSid)).toBeUndefined();
});
