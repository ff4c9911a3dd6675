// The REST client against a local double of Twilio's API: what it asks, how often, and what it does with each answer.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createCarrierApi } from "../../../src/channels/phone/rest.ts";
import { DEFAULT_TIMING } from "../../../src/channels/phone/settings.ts";
import { keptLog } from "../../http/support.ts";
import { ACCOUNT, keptMeter, manualClock, realClock, TOKEN, WEBHOOK_URL, type ManualClock } from "./support.ts";

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly form: Record<string, string>;
}
type Answerer = (response: ServerResponse, time: ManualClock) => void;
const json =
  (status: number, body: object): Answerer =>
  (response) =>
    void response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
const ok = json(200, { sid: "CA1", status: "completed" });

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** ms a request may take: they pass when an answerer lets them, so that no machine is too slow for an answer. */
const PATIENCE_MS = 20_000;

/** An API that gives these answers in turn, the last one for ever. */
async function setup(answers: readonly Answerer[], path = "") {
  const seen: Seen[] = [];
  const time = manualClock();
  const server = createServer((request: IncomingMessage, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    request.on("end", () => {
      seen.push({
        method: request.method,
        url: request.url,
        authorization: request.headers.authorization,
        form: Object.fromEntries(new URLSearchParams(text)),
      });
      (answers[Math.min(seen.length, answers.length) - 1] as Answerer)(response, time);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const meter = keptMeter();
  const log = keptLog();
  const api = createCarrierApi({
    account: { accountSid: ACCOUNT, authTokens: [TOKEN, "secondary"], webhookUrl: WEBHOOK_URL, validate: true },
    apiBaseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    timing: { ...DEFAULT_TIMING, restTimeoutMs: PATIENCE_MS, restRetryMs: 5 },
    clock: { ...realClock, after: (ms, fn) => (ms === PATIENCE_MS ? time : realClock).after(ms, fn) },
    log,
    meter,
  });
  return { api, seen, meter, log };
}

test("a hang-up is one update of the call, signed in with the primary token", async () => {
  const { api, seen, meter } = await setup([ok]);
  await api.hangUp("CA1");
  expect(seen).toEqual([
    {
      method: "POST",
      url: `/2010-04-01/Accounts/${ACCOUNT}/Calls/CA1.json`,
      authorization: `Basic ${Buffer.from(`${ACCOUNT}:${TOKEN}`).toString("base64")}`,
      form: { Status: "completed" },
    },
  ]);
  expect(meter.total("voice_twilio_api_errors_total")).toBe(0);
});

test("a redirection carries the TwiML, to an API under a path as well", async () => {
  const { api, seen } = await setup([ok], "/twilio/");
  await api.redirect("CA1", "<Response><Dial>+1 & 2</Dial></Response>");
  expect(seen[0]?.url).toBe(`/twilio/2010-04-01/Accounts/${ACCOUNT}/Calls/CA1.json`);
  expect(seen[0]?.form).toEqual({ Twiml: "<Response><Dial>+1 & 2</Dial></Response>" });
});

test.each<readonly [string, Answerer]>([
  ["404", json(404, { code: 20404, message: "not found", status: 404 })],
  ["21220", json(400, { code: 21220, message: "Invalid call state", status: 400 })],
])("a call that is over already (%s) is no failure", async (_, answer) => {
  const { api, seen, meter, log } = await setup([answer]);
  await api.hangUp("CA1");
  await api.redirect("CA1", "<Response/>");
  expect(seen).toHaveLength(2);
  expect(meter.total("voice_twilio_api_errors_total")).toBe(0);
  expect(log.lines).toEqual([]);
});

const html: Answerer = (response) =>
  void response.writeHead(502, { "Content-Type": "text/html" }).end("<p>bad gateway");
const cut: Answerer = (response) => void response.destroy();
const never: Answerer = (_response, time) => time.advance(PATIENCE_MS);

test.each<readonly [string, Answerer]>([
  ["429", json(429, { code: 20429, message: "slow down", status: 429 })],
  ["500", json(500, { message: "oops" })],
  ["502", html],
  ["network", cut],
  ["timeout", never],
])("%s once is tried again", async (code, answer) => {
  const { api, seen, meter } = await setup([answer, ok]);
  await api.redirect("CA1", "<Response/>");
  expect(seen).toHaveLength(2);
  expect(meter.total("voice_twilio_api_errors_total", { code })).toBe(1);
});

test.each<readonly [string, Answerer, number]>([
  ["429", json(429, { code: 20429 }), 2],
  ["503", json(503, {}), 2],
  ["network", cut, 2],
  ["timeout", never, 2],
  ["401", json(401, { code: 20003, message: "Authenticate" }), 1],
  ["400", json(400, { code: 21218, message: "Invalid TwiML" }), 1],
])("%s for good: a redirection says so, a hang-up does not", async (code, answer, tries) => {
  const { api, seen, meter, log } = await setup([answer]);
  await expect(api.redirect("CA1", "<Response/>")).rejects.toMatchObject({ name: "CarrierError", code });
  expect(seen).toHaveLength(tries);
  await api.hangUp("CA1");
  expect(seen).toHaveLength(tries * 2);
  expect(meter.total("voice_twilio_api_errors_total", { code })).toBe(tries * 2);
  expect(log.lines).toMatchObject([{ level: "warn", fields: { call: "CA1" } }]);
});

test("an answer that trickles in does not hold a request beyond its time", async () => {
  const trickle: Answerer = (response, time) => {
    response.writeHead(200, { "Content-Type": "application/json" });
    let pieces = 0;
    const timer = setInterval(() => {
      response.write(" ");
      if (++pieces === 5) time.advance(PATIENCE_MS);
    }, 20);
    response.on("close", () => clearInterval(timer));
  };
  const { api } = await setup([trickle]);
  await expect(api.redirect("CA1", "<Response/>")).rejects.toMatchObject({ code: "timeout" });
});

test("neither token nor number is in what is logged", async () => {
  const { api, log } = await setup([json(503, {})]);
  await api.hangUp("CA1");
  expect(JSON.stringify(log.lines)).not.toContain(TOKEN);
});
