// `npm run demo -- --keep`: the page it promises answers, callers call by themselves, and Ctrl-C ends all of it.
import { emptyFolder, startChild, type Child } from "../support/child.ts";
import { until } from "../support/until.ts";

let folder: Awaited<ReturnType<typeof emptyFolder>>;
/** Until it has ended. */
let demo: Child | undefined;

beforeAll(async () => (folder = await emptyFolder()));
afterAll(async () => {
  demo?.signalGroup("SIGKILL");
  await demo?.exited;
  await folder.remove();
});

test("the page stays, with calls on it that nobody has to place, until it is told to end", async () => {
  demo = startChild("scripts/demo.ts", { args: ["--keep"], cwd: folder.path });
  const [, url, key] = await demo.says(/The page: +(\S+)\/login#(\S+)/, 200_000);
  expect((await fetch(`${url}/`, { headers: { accept: "text/html" } })).headers.get("content-type")).toMatch(/html/);
  const headers = { authorization: `Bearer ${key}` };
  const status = (await (await fetch(`${url}/status`, { headers })).json()) as { facts: Record<string, string> };
  expect(status.facts["simulated ear"]).toContain("What are your opening hours?");

  const stream = new AbortController();
  const live = await fetch(`${url}/api/live`, { headers, signal: stream.signal });
  let told = "";
  const reading = (async () => {
    for await (const piece of live.body as ReadableStream<Uint8Array>) told += Buffer.from(piece).toString();
  })().catch(() => undefined);
  // Somebody calls, and says something that is understood.
  await until(
    () => `a caller is heard; there was: ${told}`,
    () => /^event: turn\ndata: .*"text":"[^"]/m.test(told),
    60_000,
  );
  stream.abort();
  await reading;

  demo.signal("SIGINT");
  await expect(demo.exited).resolves.toEqual({ code: 0, signal: null });
  demo = undefined;
  await expect(fetch(`${url}/livez`)).rejects.toThrow("fetch failed");
});
