// `npm run call`, from its arguments over the socket of a running server to the call that is placed, or the reason why not.
import { createAdminSocket } from "../../src/app/admin-socket.ts";
import { outboundRequests } from "../../src/app/outbound-requests.ts";
import type { PlaceCall } from "../../src/core/outbound.ts";
import { Problem } from "../../src/core/problem.ts";
import { placeCall } from "../../src/ops/place-call.ts";
import { emptyFolder } from "../support/child.ts";
import { keptLog } from "../support/observe.ts";

async function run(argv: readonly string[], place?: PlaceCall) {
  const folder = await emptyFolder();
  const log = keptLog();
  const directory = { of: (orgId: string) => ({ orgId, version: orgId === "clinic" ? 3 : 0, config: {} }) };
  const socket = createAdminSocket({ dataDir: folder.path, handlers: outboundRequests(place, directory), log });
  const said: string[] = [];
  const complaints: string[] = [];
  try {
    if (place) await socket.listen();
    const code = await placeCall(argv, {
      environment: { DATA_DIR: folder.path },
      write: (text) => void said.push(text),
      complain: (text) => void complaints.push(text),
    });
    return { code, said: said.join("\n"), complaints: complaints.join("\n"), log };
  } finally {
    await socket.close();
    await folder.remove();
  }
}

test("a call is placed by the running server, and its id told", async () => {
  const asked: unknown[] = [];
  const place: PlaceCall = async (request) => {
    asked.push(request);
    return { callId: "call_1", carrierId: "CA1" };
  };
  const { code, said, log } = await run(["+12025550123", "--org", "clinic", "--purpose", "Remind them."], place);
  expect([code, said]).toEqual([0, "call_1 is placed; GET /api/calls/call_1 tells what becomes of it"]);
  expect(asked).toEqual([{ to: "+12025550123", orgId: "clinic", purpose: "Remind them." }]);
  expect(JSON.stringify(log.lines)).not.toContain("2025550123");
  await run(["+12025550123"], place);
  expect(asked[1]).toEqual({ to: "+12025550123", orgId: "default" });
});

test("what the server refuses is told with its reason", async () => {
  const refusing: PlaceCall = () => Promise.reject(new Problem(403, "The number is on the do-not-call list"));
  expect(await run(["+12025550123"], refusing)).toMatchObject({
    code: 3,
    complaints: "The number is on the do-not-call list",
  });
  expect(await run(["+12025550123", "--org", "nobody"], refusing)).toMatchObject({
    code: 3,
    complaints: "there is no organization nobody",
  });
});

test("without a server, without a number, with too many, with options that there are not", async () => {
  expect(await run(["+12025550123"])).toMatchObject({ code: 4, complaints: expect.stringContaining("npm start") });
  for (const argv of [[], ["+12025550123", "+12025550124"], ["+12025550123", "--now"]])
    expect(await run(argv)).toMatchObject({ code: 2, said: "" });
  expect(await run(["--help"])).toMatchObject({ code: 0, said: expect.stringContaining("npm run call") });
});
