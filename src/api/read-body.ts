// Bodies of requests: JSON of at most 100 KB, or forms of 32 KB where a route takes them. What no store could keep, and what is nested
// beyond all use, is refused before anybody looks at it.
import express, { type Request, type RequestHandler, type Response } from "express";
import { InvalidRequest, Problem } from "../core/problem.ts";

const JSON_BYTES = 100 * 1024;
const FORM_BYTES = 32 * 1024;
const MOST_FIELDS = 100;
/** Objects and lists within each other. Nobody means more, and what copies or prints a value would have to go as deep. */
const DEEPEST = 16;

const JSON_TYPES = ["application/json", "application/*+json"];
const readJson = express.json({ limit: JSON_BYTES, type: JSON_TYPES });
const readForm = express.urlencoded({ limit: FORM_BYTES, parameterLimit: MOST_FIELDS, extended: false });

/** The body as it came, {} without one. @throws Problem 400, 413, 415 */
export async function readBody(request: Request, response: Response, forms: boolean): Promise<unknown> {
  const isForm = forms && request.is("application/x-www-form-urlencoded");
  if (!isForm && hasBody(request) && !request.is(JSON_TYPES)) {
    throw new Problem(415, "Send JSON: Content-Type: application/json");
  }
  await run(isForm ? readForm : readJson, request, response);
  const body: unknown = request.body ?? {};
  // A form is read into an object without a prototype, which no schema takes for a plain one.
  const plain: unknown = isForm ? { ...(body as object) } : body;
  examine(plain);
  return plain;
}

const hasBody = (request: Request): boolean =>
  request.get("transfer-encoding") !== undefined || Number(request.get("content-length") ?? 0) > 0;

function run(parser: RequestHandler, request: Request, response: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    void parser(request, response, (error?: unknown) => {
      if (error === undefined) resolve();
      // The parsers' errors have a type and a status that the problem handler knows.
      else reject(error instanceof Error ? error : new Error("the body could not be read"));
    });
  });
}

/** NUL and half characters are legal in JSON, and in no database. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** @throws InvalidRequest */
export function examine(body: unknown): void {
  let level: { readonly value: unknown; readonly pointer: string }[] = [{ value: body, pointer: "" }];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) {
      throw new InvalidRequest([{ in: "body", pointer: "", detail: `is nested more than ${DEEPEST} deep` }]);
    }
    const next: typeof level = [];
    for (const { value, pointer } of level) {
      if (typeof value === "string" && UNSTORABLE.test(value)) throw unstorable(pointer);
      if (typeof value !== "object" || value === null) continue;
      for (const [name, part] of Object.entries(value)) {
        if (UNSTORABLE.test(name)) throw unstorable(pointer);
        next.push({ value: part, pointer: `${pointer}/${escapePointer(name)}` });
      }
    }
    level = next;
  }
}

const unstorable = (pointer: string): InvalidRequest =>
  new InvalidRequest([{ in: "body", pointer, detail: "holds a NUL or half a character" }]);

/** RFC 6901. */
export const escapePointer = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");
