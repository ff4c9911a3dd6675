// The whole program, and whatever is sent to whichever of its routes: an answer within its time and never a fault of ours. The routes are
// those of the server's own table, so that none is forgotten; what each takes is read from the program's own description.
import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { XMLValidator } from "fast-xml-parser";
import { buildApp, type App } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { startOpenAISim, type OpenAISim } from "../../src/sim/openai/index.ts";
import { startTwilioSim, type TwilioSim } from "../../src/sim/twilio/index.ts";
import { emptyFolder, freePort } from "../support/child.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { keptLog } from "../support/observe.ts";
import { oddText, oddValue, valuesBy } from "../support/odd-values.ts";

/** Requests for each route; test/api/any-input.test.ts sends more to those of the API alone. */
const RUNS = 8;
/** For each webhook: so often so many at once. */
const SIGNED_RUNS = 4;
const AT_ONCE = 10;
const IN_TIME_MS = 20_000;
const ACCOUNT_SID = `AC${"7".repeat(32)}`;
const AUTH_TOKEN = "any-request-auth-token-0123456789";
const KEYS = {
  root: "root-key-0123456789abcdef0123",
  acme: "acme-key-0123456789abcdef0123",
  reader: "read-key-0123456789abcdef0123",
};
const SECRETS = [AUTH_TOKEN, ...Object.values(KEYS), "node_modules", "/src/"];

let folder: Awaited<ReturnType<typeof emptyFolder>>;
let openai: OpenAISim;
let twilio: TwilioSim;
let app: App;
let url: string;
const log = keptLog();

interface Operation {
  readonly tags: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}
interface Schema {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;
let paths: Paths;
let sockets: readonly string[];

beforeAll(async () => {
  folder = await emptyFolder();
  openai = await startOpenAISim({ timing: { pace: Infinity, replyMs: 0, transcriptMs: 0, textDeltaMs: 0 } });
  twilio = await startTwilioSim({ accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN });
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const config = readConfig({
    HOST: "127.0.0.1",
    PORT: String(port),
    WEBHOOK_URL: url,
    TWILIO_ACCOUNT_SID: ACCOUNT_SID,
    TWILIO_AUTH_TOKEN: AUTH_TOKEN,
    TWILIO_API_BASE_URL: twilio.baseUrl,
    TRANSFER_NUMBER: "+15550003333",
    OPENAI_API_KEY: openai.apiKey,
    OPENAI_BASE_URL: openai.baseUrl,
    API_KEYS: `root:admin:${KEYS.root},acme:organization@default:${KEYS.acme},reader:read:${KEYS.reader}`,
    RATE_LIMIT_PER_MINUTE: "1000000",
    MAX_CALLS: "1000",
    DATA_DIR: folder.path,
  });
  app = buildApp({ config, log, storage: createMemoryStorage() });
  await app.listen();
  const described = async (path: string) => (await (await fetch(url + path)).json()) as Record<string, never>;
  paths = (await described("/openapi.json"))["paths"] as unknown as Paths;
  sockets = Object.values(
    (await described("/asyncapi.json"))["channels"] as unknown as Record<string, { address: string }>,
  ).map(({ address }) => address);
}, 60_000);
afterAll(async () => {
  await app.close();
  await twilio.close();
  await openai.close();
  await folder.remove();
});

test("what is described is what the server's table has, and nothing else", () => {
  // express-ws has addresses of its own for what has been upgraded; the built page's files have names nobody has to know.
  const places = app.served.filter(({ path }) => !path.endsWith("/.websocket") && path !== "/assets/{name}");
  const named = places.flatMap(({ methods, path }) =>
    methods.filter((one) => one !== "all").map((one) => `${one} ${path}`),
  );
  // These look at the method themselves: the webhooks, and the sockets' addresses without an upgrade.
  const every = new Set(places.filter(({ methods }) => methods.includes("all")).map(({ path }) => path));
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { tags }]) => ({ name: `${method} ${path}`, path, tags })),
  );
  const webhooks = described.filter(({ tags }) => tags.includes("phone"));
  // Where the page is not built its views are described all the same.
  const isServed = ({ name, path, tags }: (typeof described)[number]): boolean =>
    named.includes(name) || tags.includes("page") || (tags.includes("phone") && every.has(path));
  expect(described.filter((one) => !isServed(one))).toEqual([]);
  expect(named.filter((one) => !described.some(({ name }) => name === one))).toEqual([]);
  expect(every).toEqual(new Set([...webhooks.map(({ path }) => path), ...sockets]));
});

const { goodValue, someOf } = valuesBy({
  CallSid: () => fc.constantFrom(...Array.from({ length: 6 }, (_, n) => `CA${String(n).padStart(32, "0")}`)),
  AccountSid: () => fc.constant(ACCOUNT_SID),
  From: () => fc.constantFrom("+15551110000", "anonymous", "sip:ada@example.com", ""),
  To: () => fc.constantFrom("+15550002222", "+15550009999"),
  CallStatus: () => fc.constantFrom("ringing", "in-progress", "completed", "busy", "odd"),
  Direction: () => fc.constantFrom("inbound", "outbound-api"),
  DialCallStatus: () => fc.constantFrom("completed", "busy", "no-answer", "failed", "canceled"),
  DialBridged: () => fc.constantFrom("true", "false"),
  Digits: () => fc.constantFrom("1", "2", ""),
  AnsweredBy: () => fc.constantFrom("human", "machine_start", "fax", "unknown"),
  StreamEvent: () => fc.constantFrom("stream-started", "stream-stopped", "stream-error"),
  StreamSid: () => fc.constantFrom("MZ1", "MZ2"),
  SequenceNumber: () => fc.constantFrom("0", "1", "2"),
  call: () => fc.constantFrom(...Array.from({ length: 6 }, (_, n) => `CA${String(n).padStart(32, "0")}`)),
  outbound: () => fc.constantFrom("call_none", "call_1"),
  org_id: () => fc.constantFrom("default", "nobody"),
  session_id: () => fc.constantFrom("sess_1", "sess_2"),
  text: () => fc.constantFrom("hello", "is anybody there"),
  prompt: () => fc.constant("hello"),
  user_input: () => fc.constant("hello"),
  customer_id: () => fc.constantFrom("ada", "bob"),
  format: () => fc.constantFrom("wav", "mp3", "pcm"),
  key: () => fc.constantFrom(...Object.values(KEYS), "none"),
  model: () => fc.constantFrom("gpt-realtime-mini", "none"),
});

function propertiesOf(schema: Schema | undefined): string[] {
  if (!schema) return [];
  return [
    ...Object.keys(schema.properties ?? {}),
    ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(propertiesOf),
  ];
}

const asText = (value: unknown): string =>
  (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).replaceAll(/\p{Surrogate}/gu, "?");
const asTexts = (fields: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, asText(value)]));
const sound = fc
  .oneof(fc.constant(new Uint8Array([82, 73, 70, 70, 0])), fc.uint8Array({ maxLength: 500 }))
  .map((bytes) => new Blob([bytes]));

interface Sent {
  readonly address: string;
  readonly init: RequestInit;
}

function requests(method: string, path: string, { parameters = [], requestBody }: Operation): fc.Arbitrary<Sent> {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  const params = fc.record(
    Object.fromEntries(inPath.map((name) => [name, fc.oneof(goodValue(name).map(asText), oddText.map(asText))])),
  );
  const query = someOf([...parameters.filter((one) => one.in === "query").map(({ name }) => name), "odd"], oddText);
  const content = Object.entries(requestBody?.content ?? {});
  const bodies = content.map(([type, { schema }]): fc.Arbitrary<RequestInit> => {
    const fields = someOf([...propertiesOf(schema), "odd"], oddValue);
    if (type === "application/json") {
      const json = fc
        .oneof({ arbitrary: fields, weight: 4 }, fc.jsonValue())
        .map((value) => JSON.stringify(value) ?? "");
      return fc
        .oneof({ arbitrary: json, weight: 6 }, oddText)
        .map((body) => ({ body, headers: { "content-type": type } }));
    }
    if (type === "multipart/form-data")
      return fc
        .record({ fields, file: fc.option(sound), odd: fc.option(sound, { freq: 4 }) })
        .map(({ fields, file, odd }) => {
          const body = new FormData();
          for (const [name, value] of Object.entries(asTexts(fields))) body.append(name, value);
          if (file) body.set("audio_file", file, "one.wav");
          if (odd) body.append("odd", odd, "odd");
          return { body };
        });
    return fields.map((some) => ({ body: new URLSearchParams(asTexts(some)) }));
  });
  const body = bodies.length > 0 ? fc.oneof(...bodies) : fc.constant<RequestInit>({});
  const key = fc.constantFrom(KEYS.root, KEYS.acme, KEYS.reader, undefined);
  return fc.record({ params, query, body, key }).map(({ params, query, body, key }) => {
    const place = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(asText(params[name])) || "x");
    const search = new URLSearchParams(asTexts(query)).toString();
    const headers = {
      ...(body.headers as Record<string, string>),
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    };
    return { address: place + (search && `?${search}`), init: { method: method.toUpperCase(), ...body, headers } };
  });
}

async function ask({ address, init }: Sent): Promise<{ status: number; kind: string; text: string }> {
  const answer = await fetch(url + address, { redirect: "manual", signal: AbortSignal.timeout(IN_TIME_MS), ...init });
  const kind = answer.headers.get("content-type") ?? "";
  if (kind.startsWith("text/event-stream")) {
    await answer.body?.cancel();
    return { status: answer.status, kind, text: "" };
  }
  return { status: answer.status, kind, text: await answer.text() };
}

function expectWell({ status, kind, text }: { status: number; kind: string; text: string }, path: string): void {
  // The readers of the documentation come with the build, and say so.
  if (status === 503 && path.startsWith("/docs")) return;
  expect(status).toBeLessThan(500);
  for (const secret of SECRETS) if (!path.startsWith("/docs")) expect(text).not.toContain(secret);
  if (status >= 400) expect(kind).toMatch(/^application\/(problem\+)?json/);
}

test("anything to any route", async () => {
  const seen = new Map<string, Set<number>>();
  for (const [path, methods] of Object.entries(paths))
    for (const [method, operation] of Object.entries(methods)) {
      const statuses = new Set<number>();
      seen.set(`${method} ${path}`, statuses);
      await fc.assert(
        fc.asyncProperty(requests(method, path, operation), async (sent) => {
          const answer = await ask(sent);
          statuses.add(answer.status);
          expectWell(answer, path);
        }),
        { numRuns: RUNS, endOnFailure: true },
      );
    }
  for (const path of sockets) {
    const place = path.replaceAll(/\{(\w+)\}/g, "x");
    expect((await ask({ address: place, init: {} })).status).toBe(426);
  }
  expect([...seen].filter(([, statuses]) => statuses.size === 0)).toEqual([]);
}, 200_000);

/** As Twilio signs: the address, and the fields of a POST in order. */
function signed(address: string, fields: Readonly<Record<string, string>>): string {
  const names = Object.keys(fields).toSorted();
  const text = url + address + names.map((name) => name + fields[name]).join("");
  return createHmac("sha1", AUTH_TOKEN).update(text).digest("base64");
}

test("anything to any webhook, correctly signed", async () => {
  const webhooks = Object.entries(paths).filter(([, { post }]) => post?.tags.includes("phone"));
  expect(webhooks.length).toBeGreaterThanOrEqual(8);
  const statuses = new Map<string, Set<number>>();
  const each = async ([path, { get, post }]: (typeof webhooks)[number]): Promise<void> => {
    for (const [method, operation] of Object.entries({ ...(get && { GET: get }), POST: post as Operation })) {
      const answered = new Set<number>();
      statuses.set(`${method} ${path}`, answered);
      const form = propertiesOf(post?.requestBody?.content["application/x-www-form-urlencoded"]?.schema);
      const asked = (operation.parameters ?? [])
        .map(({ name }) => name)
        .filter((name) => method === "POST" || !form.includes(name));
      // Mostly whole: without a call's id and the account nothing else would be looked at.
      const whole = fc.record({ CallSid: goodValue("CallSid"), AccountSid: goodValue("AccountSid") });
      const fields = fc
        .record({
          whole: fc.oneof({ arbitrary: whole, weight: 5 }, fc.constant({})),
          more: someOf([...form, "Unknown", "constructor", "a[b]"], oddText),
        })
        .map(({ whole, more }) => asTexts({ ...more, ...whole }));
      const one = async ([some, query]: readonly [Record<string, string>, Record<string, unknown>]): Promise<void> => {
        const search = new URLSearchParams({ ...asTexts(query), ...(method === "GET" && some) }).toString();
        const address = path + (search && `?${search}`);
        const answer = await ask({
          address,
          init: {
            method,
            headers: { "x-twilio-signature": signed(address, method === "GET" ? {} : some) },
            ...(method === "POST" && { body: new URLSearchParams(some) }),
          },
        });
        answered.add(answer.status);
        expectWell(answer, path);
        if (answer.status === 200) {
          expect(answer.kind).toMatch(/^text\/xml/);
          expect(XMLValidator.validate(answer.text)).toBe(true);
        }
        // Of the account's own requests only what is malformed is refused, and never as unsigned.
        if (some["AccountSid"] === ACCOUNT_SID) expect([200, 204, 400, 413]).toContain(answer.status);
      };
      const together = fc.array(fc.tuple(fields, someOf(asked, oddText)), { minLength: AT_ONCE, maxLength: AT_ONCE });
      await fc.assert(
        fc.asyncProperty(together, async (all) => void (await Promise.all(all.map(one)))),
        { numRuns: SIGNED_RUNS, endOnFailure: true },
      );
    }
  };
  await Promise.all(webhooks.map(each));
  // Every one was got through to, and none by its refusals alone.
  for (const [, answered] of statuses) expect([...answered].some((status) => status < 300)).toBe(true);
}, 200_000);

test("after all that the server is well, and its log has neither a fault nor a secret", async () => {
  expect((await ask({ address: "/health", init: {} })).status).toBe(200);
  expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
  const text = JSON.stringify(log.lines);
  for (const secret of [AUTH_TOKEN, ...Object.values(KEYS)]) expect(text).not.toContain(secret);
});
