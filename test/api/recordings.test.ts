// The sound of a call over HTTP: whole, in ranges, and only to those whose call it is.
import { KEYS, phoneCall, testApi, type KeyName, type TestApi } from "./support.ts";

const SOUND = Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 251));
let t: TestApi;
beforeEach(async () => {
  t = await testApi({
    recordings: {
      elsewhere: () => undefined,
      find: async ({ file }) =>
        file !== "call_1.wav"
          ? undefined
          : {
              bytes: SOUND.length,
              async *read(from, to) {
                for (let at = from; at <= to; at += 300) yield SOUND.subarray(at, Math.min(at + 300, to + 1));
              },
            },
    },
  });
  for (const id of ["call_1", "call_2", "call_3"]) phoneCall(t.store, id, "acme");
  t.store.update("call_1", { recording: { file: "call_1.wav", consent: "given", durationMs: 5 } });
  t.store.update("call_2", { recording: { file: "call_2.wav", consent: "given", durationMs: 5 } });
});
afterEach(() => t.close());

async function get(
  path: string,
  headers: Record<string, string> = {},
  { key = "acme", method = "GET" }: { key?: KeyName; method?: string } = {},
) {
  const answer = await fetch(`${t.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${KEYS[key]}`, ...headers },
  });
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}
const PATH = "/api/calls/call_1/recording";

test("a recording is served whole, by either id of its call", async () => {
  for (const path of [PATH, "/api/calls/CAcall_1/recording"]) {
    const { status, headers, bytes } = await get(path);
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("audio/wav");
    expect(headers.get("content-length")).toBe("1000");
    expect(headers.get("accept-ranges")).toBe("bytes");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(bytes.equals(SOUND)).toBe(true);
  }
  const head = await get(PATH, {}, { method: "HEAD" });
  expect([head.status, head.headers.get("content-length"), head.bytes.length]).toEqual([200, "1000", 0]);
});

test.each([
  ["bytes=0-0", 0, 0],
  ["bytes=10-599", 10, 599],
  ["bytes=900-", 900, 999],
  ["bytes=-100", 900, 999],
  ["bytes=990-5000", 990, 999],
])("the range %s", async (range, from, to) => {
  const { status, headers, bytes } = await get(PATH, { range });
  expect(status).toBe(206);
  expect(headers.get("content-range")).toBe(`bytes ${from}-${to}/1000`);
  expect(bytes.equals(SOUND.subarray(from, to + 1))).toBe(true);
});

test("a range beyond its end is 416; one that is none, or several, brings all of it", async () => {
  const beyond = await get(PATH, { range: "bytes=1000-" });
  expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */1000"]);
  expect(beyond.headers.get("content-type")).toMatch(/problem\+json/);
  for (const range of ["lines=1-2", "bytes=a-b", "bytes=0-1,500-600"]) {
    const { status, bytes } = await get(PATH, { range });
    expect([range, status, bytes.length]).toEqual([range, 200, 1000]);
  }
});

test("no recording, a deleted one, another organization's, and no key", async () => {
  for (const id of ["call_2", "call_3"]) expect((await get(`/api/calls/${id}/recording`)).status).toBe(404);
  const foreign = await get(PATH, {}, { key: "beta" });
  const nothing = await get("/api/calls/call_9/recording", {}, { key: "beta" });
  expect([foreign.status, foreign.bytes.toString()]).toEqual([404, nothing.bytes.toString()]);
  expect((await get(PATH, {}, { key: "acmeReader" })).status).toBe(200);
  expect((await t.ask(undefined, "GET", PATH)).status).toBe(401);
});
