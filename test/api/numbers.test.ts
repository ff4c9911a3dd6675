// What is kept of a phone number, given out whole: page by page, and with the way to each recording.
import { KEYS, phoneCall, testApi, type TestApi, type Told } from "./support.ts";

const PATH = "/api/numbers/+15551110000/export";

let t: TestApi;
beforeEach(async () => {
  t = await testApi();
  for (const n of [1, 2, 3, 4, 5]) phoneCall(t.store, `call_${n}`, n === 4 ? "beta" : "acme");
  t.store.update("call_2", { recording: { file: "call_2.wav", consent: "given", durationMs: 5 } });
});
afterEach(() => t.close());

const idsOf = (told: Told): string[] => told.body.calls.map((call: { call_id: string }) => call.call_id);

test("every call is reached, page by page, also when the last one of a page is deleted meanwhile", async () => {
  const first = await t.ask("acme", "GET", `${PATH}?limit=2`);
  expect([idsOf(first), first.body.next_cursor]).toEqual([["call_5", "call_3"], "call_3"]);
  await t.store.remove("call_3");
  const second = await t.ask("acme", "GET", `${PATH}?limit=1&cursor=${first.body.next_cursor}`);
  expect([idsOf(second), second.body.next_cursor]).toEqual([["call_2"], "call_2"]);
  const third = await t.ask("acme", "GET", `${PATH}?limit=1&cursor=${second.body.next_cursor}`);
  expect([idsOf(third), third.body.next_cursor]).toEqual([["call_1"], null]);
  const whole = await t.ask("root", "GET", PATH);
  expect([idsOf(whole), whole.body.next_cursor]).toEqual([["call_5", "call_4", "call_2", "call_1"], null]);
});

test("a call that was recorded has the path of its sound, and the key opens it", async () => {
  const { body } = await t.ask("acme", "GET", PATH);
  const urls = body.calls.map((call: { recording_url: string | null }) => call.recording_url);
  expect(urls).toEqual([null, null, "/api/calls/call_2/recording", null]);
  const sound = await fetch(`${t.url}${urls[2]}`, { headers: { authorization: `Bearer ${KEYS.acme}` } });
  expect([sound.status, await sound.text()]).toEqual([200, "RIFF"]);
});

test.each(["limit=0", "limit=1001", "cursor=nothing", "from=1"])("%s is not understood", async (query) => {
  expect((await t.ask("acme", "GET", `${PATH}?${query}`)).status).toBe(400);
});
