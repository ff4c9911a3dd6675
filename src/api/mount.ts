// Routes -> an Express router: who asks, what they sent, is it well-formed, and the answer; in this order, and for every route alike.
import express, { type Request, type Response, type Router } from "express";
import type { z } from "zod";
import type { Admission, Principal } from "../core/access.ts";
import type { Clock } from "../core/clock.ts";
import { InvalidRequest, Problem, type RequestIssue } from "../core/problem.ts";
import type { Answer, Asked, Route } from "./define-route.ts";
import type { Idempotency } from "./idempotency.ts";
import { escapePointer, examine, readBody } from "./read-body.ts";
import type { Uploads } from "./uploads.ts";

/** Who may call; the door is http/access.ts. All of them throw Problems for whoever may not. */
export interface Door {
  admit(request: Request, admission: Admission): Promise<Principal>;
  greet(request: Request): Promise<Principal>;
  stillGood(request: Request, admission: Admission): Promise<boolean>;
}

export interface MountParts {
  readonly door: Door;
  readonly idempotency: Idempotency;
  readonly clock: Clock;
  readonly uploads: Uploads;
}

/** Within this an answer begins; beyond it something of ours hangs. ms. */
const ANSWER_MS = 30_000;

export function mount(routes: readonly Route[], parts: MountParts): Router {
  // With an end of its own for a path's other methods, so that a wrong method is told apart from a wrong path.
  const router = express.Router();
  // A path without a name in it says which route it is: it need not be held against every pattern before its own.
  const plain = new Map(
    routes
      .filter(({ path }) => !path.includes("{"))
      .map((one) => [`${one.method.toUpperCase()} ${one.path}`, one] as const),
  );
  router.use(async (request, response, next) => {
    const one = plain.get(`${request.method} ${request.path}`);
    if (one) await serve(one, request, response, parts);
    else next();
  });
  for (const [path, methods] of byPath(routes)) {
    const place = router.route(path.replaceAll(/\{(\w+)\}/g, ":$1"));
    for (const one of methods) place[one.method](async (request, response) => serve(one, request, response, parts));
    const allowed = methods.flatMap(({ method }) => (method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()]));
    place.all((request) => {
      throw new Problem(405, `${request.method} is not served here`, { Allow: allowed.join(", ") });
    });
  }
  return router;
}

function byPath(routes: readonly Route[]): Map<string, Route[]> {
  const paths = new Map<string, Route[]>();
  for (const one of routes) {
    const methods = paths.get(one.path) ?? [];
    if (methods.some(({ method }) => method === one.method)) throw new Error(`${one.method} ${one.path} stands twice`);
    paths.set(one.path, [...methods, one]);
  }
  return paths;
}

async function serve(one: Route, request: Request, response: Response, parts: MountParts): Promise<void> {
  const { access } = one;
  const principal = access === "public" ? await parts.door.greet(request) : await parts.door.admit(request, access);
  const params = read(one.params, request.params, "path");
  const query = read(one.query, { ...request.query }, "query");
  if (!one.multipart) {
    const raw = one.body && (await readBody(request, response, one.forms === true));
    return answer(one, { request, response, principal, params, query, raw }, parts);
  }
  const form = await parts.uploads.read(request, response);
  try {
    const { body } = form;
    examine(Object.fromEntries(Object.entries(body).filter(([, value]) => typeof value === "string")));
    const done = (): Promise<void> => form.discard();
    await answer(one, { request, response, principal, params, query, raw: body, done }, parts);
  } finally {
    await form.discard();
  }
}

interface Given {
  readonly request: Request;
  readonly response: Response;
  readonly principal: Principal;
  readonly params: unknown;
  readonly query: unknown;
  /** The body as it came. */
  readonly raw: unknown;
  /** The body is needed no more. */
  readonly done?: () => Promise<void>;
}

async function answer(one: Route, given: Given, parts: MountParts): Promise<void> {
  const { access } = one;
  const { request, response, principal, params, query, raw } = given;
  const body = one.body && read(one.body, raw, "body");
  const limit = new AbortController();
  const cancel = parts.clock.after(one.answersWithinMs ?? ANSWER_MS, () => limit.abort());
  const gone = (): void => limit.abort();
  response.once("close", gone);
  // It may have gone while its body was being put away.
  if (response.destroyed) gone();
  try {
    const asked: Asked<unknown, unknown, unknown> = {
      params,
      query,
      body,
      principal,
      signal: limit.signal,
      stillGood: async () => access === "public" || parts.door.stillGood(request, access),
      request,
      response,
    };
    const handle = (): Promise<Answer> => within(limit.signal, one.handle(asked as never));
    const key = one.idempotent ? request.get("idempotency-key") : undefined;
    const answered = await (key === undefined
      ? handle()
      : parts.idempotency.once({ key, principal, route: `${one.method} ${request.path}`, body: raw }, handle));
    // Whoever has the answer can rely on it that nothing of theirs is left.
    await given.done?.();
    send(answered, request, response);
  } finally {
    cancel();
    response.off("close", gone);
  }
}

/** What nobody waits for any more comes to nothing; a handler that hangs is given up. */
function within(signal: AbortSignal, work: Promise<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const give = (): void => reject(new Problem(503, "No answer in time", { "Retry-After": "5" }));
    signal.addEventListener("abort", give, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", give));
  });
}

function read(schema: z.ZodType | undefined, value: unknown, place: RequestIssue["in"]): unknown {
  if (!schema) {
    const unasked = place === "query" ? Object.keys(value as object) : [];
    if (unasked.length > 0) throw new InvalidRequest(unasked.map((name) => unknownName(place, "", name)));
    return {};
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  if (place === "path") throw new Problem(404, "There is no such thing");
  throw new InvalidRequest(issuesOf(parsed.error.issues, place));
}

/** What is no name may be anything: a body sent as a form, a key in the wrong place. It is not repeated. */
const NAME = /^[\w.~/$-]{1,64}$/;

const unknownName = (place: RequestIssue["in"], around: string, name: string): RequestIssue =>
  NAME.test(name)
    ? { in: place, pointer: `${around}/${escapePointer(name)}`, detail: "is not known here" }
    : { in: place, pointer: around, detail: "has something in it that is not known here" };

export function issuesOf(issues: readonly z.core.$ZodIssue[], place: RequestIssue["in"]): RequestIssue[] {
  return issues.flatMap((issue) => {
    const pointer = issue.path.map((part) => `/${escapePointer(String(part))}`).join("");
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((name) => unknownName(place, pointer, name));
    }
    return { in: place, pointer, detail: issue.message };
  });
}

function send(answer: Answer, request: Request, response: Response): void {
  if (response.destroyed) return;
  switch (answer.kind) {
    case "json":
      sendJson(answer, response);
      break;
    case "empty":
      response.status(answer.status).set(answer.headers ?? {});
      response.end();
      break;
    case "bytes":
      response.set(answer.headers ?? {}).type(answer.type);
      response.send(answer.bytes);
      break;
    case "stream":
      response.type(answer.type);
      if (request.method === "HEAD") response.end();
      else answer.begin(response);
      break;
  }
}

/** Past Express, which would look for a charset, a type and a kept copy; as text, so that head and body are one write. */
function sendJson({ status, headers, body }: Extract<Answer, { kind: "json" }>, response: Response): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      ...headers,
      "Content-Type": "application/json; charset=utf-8",
      "Content-Length": Buffer.byteLength(text),
    })
    .end(text);
}
