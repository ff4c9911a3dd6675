// One route of the API: the schemas that validate a request, type its handler and document it are the same. What is defined here is
// mounted by mount.ts; a list of these is all that the API's documentation is made of.
import type { Request, Response } from "express";
import type { z } from "zod";
import type { Admission, Principal, Role } from "../core/access.ts";

export type Method = "get" | "post" | "patch" | "delete";

/** public: nobody is asked who they are. */
export type RouteAccess = Admission | "public";

/** Any key. */
export const READERS: Admission = { roles: ["admin", "organization", "read"] };
/** Keys that change things. */
export const WRITERS: Admission = { roles: ["admin", "organization"] };
export const allows = (...roles: Role[]): Admission => ({ roles });

export interface DocumentedAnswer {
  readonly description: string;
  /** Of a JSON body. */
  readonly schema?: z.ZodType;
  /** Of another body; application/json where there is a schema. */
  readonly type?: string;
}

export interface RouteSpec<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
> {
  readonly method: Method;
  /** As OpenAPI writes it: /api/calls/{call_id}. */
  readonly path: string;
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  /** Group of the documentation. */
  readonly tag: string;
  readonly access: RouteAccess;
  /** One entry for each name in the path. A value that does not fit names nothing: 404. */
  readonly params?: Params;
  /** Strict, so that a misspelt filter is an error and not everything. */
  readonly query?: Query;
  /** JSON; strict, so that a misspelt field is an error and not ignored. */
  readonly body?: Body;
  /** Takes forms as well, as pages without a script send them. */
  readonly forms?: boolean;
  /** A form and nothing else; of routes that are only described here. */
  readonly form?: z.ZodObject;
  /** Takes multipart/form-data and nothing else; a file in it is a File (z.file()) for as long as the request lasts. */
  readonly multipart?: boolean;
  /** ms within which an answer begins, where that is more than usual. */
  readonly answersWithinMs?: number;
  /** Repeated with the same Idempotency-Key it is done once and answered alike. */
  readonly idempotent?: boolean;
  /** What it answers when all is well, by status. */
  readonly answers: Readonly<Record<number, DocumentedAnswer>>;
}

export interface Asked<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly principal: Principal;
  /** Aborted when the client is gone or the time for an answer is over. */
  readonly signal: AbortSignal;
  /** For an answer that takes long: whether whoever asked may still have it. */
  readonly stillGood: () => Promise<boolean>;
  /** For what concerns HTTP itself: cookies, negotiation. */
  readonly request: Request;
  readonly response: Response;
}

export type Answer =
  | { readonly kind: "json"; readonly status: number; readonly body: unknown; readonly headers?: Headers }
  | { readonly kind: "empty"; readonly status: number; readonly headers?: Headers }
  | { readonly kind: "bytes"; readonly type: string; readonly bytes: Buffer | string; readonly headers?: Headers }
  /** Goes on by itself: the handler owns the response from here on, and its end. */
  | { readonly kind: "stream"; readonly type: string; readonly begin: (response: Response) => void };

type Headers = Readonly<Record<string, string>>;

export const json = (body: unknown, status = 200): Answer => ({ kind: "json", status, body });
export const empty = (status = 204, headers: Headers = {}): Answer => ({ kind: "empty", status, headers });

export interface Route extends RouteSpec {
  readonly handle: (asked: Asked<never, never, never>) => Promise<Answer>;
}

/** Ties a handler to the types of its schemas. */
export function route<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType>(
  spec: RouteSpec<Params, Query, Body>,
  handle: (asked: Asked<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<Answer>,
): Route {
  return { ...spec, handle };
}
