// The API's description (OpenAPI 3.1), made of the same schemas that validate the requests. It knows routes and no handler.
import { z } from "zod";
import type { DocumentedAnswer, RouteSpec } from "./define-route.ts";

export interface OpenApiParts {
  readonly routes: readonly RouteSpec[];
  readonly version: string;
  /** Where the server is reached; absent: where the document was fetched from. */
  readonly origin?: string;
}

export type JsonObject = Readonly<Record<string, unknown>>;

const TITLE = "Voicebridge";
const ABOUT =
  "A phone voice-agent server: calls, organizations, conversations in speech and writing. Send a key as `Authorization: Bearer <key>`, " +
  "or log in for a session cookie. Errors are `application/problem+json` (RFC 9457). The WebSockets are described in `/asyncapi.json`.";

const TAGS: Readonly<Record<string, string>> = {
  phone: "What the carrier asks: every request is signed, answers are TwiML or empty.",
  health: "Is it well, is it ready, what is it doing.",
};

const PROBLEM = {
  type: "object",
  required: ["type", "title", "status"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    errors: {
      type: "array",
      description: "Everything that is wrong with the request at once.",
      items: {
        type: "object",
        required: ["in", "pointer", "detail"],
        properties: {
          in: { enum: ["body", "query", "path", "header"] },
          pointer: { type: "string", description: "JSON pointer (RFC 6901); empty for the whole." },
          detail: { type: "string" },
        },
      },
    },
  },
} as const;

export function createOpenApi({ routes, version, origin }: OpenApiParts): JsonObject {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const one of routes) (paths[one.path] ??= {})[one.method] = operation(one);
  return {
    openapi: "3.1.1",
    info: { title: TITLE, version, description: ABOUT, license: { name: "MIT", identifier: "MIT" } },
    servers: [{ url: origin ?? "/" }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({
      name,
      ...(TAGS[name] && { description: TAGS[name] }),
    })),
    paths,
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "A key of `npm run keys -- create` or of API_KEYS." },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "voicebridge",
          description: "Of `POST /login`; over https its name begins with `__Host-`.",
        },
      },
      schemas: { Problem: PROBLEM },
      responses: {
        Problem: {
          description: "It cannot be served; the body says why.",
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
    },
  };
}

function operation(one: RouteSpec): JsonObject {
  const { access } = one;
  const parameters = [
    ...parametersOf(one.params, "path"),
    ...parametersOf(one.query, "query"),
    ...(one.idempotent
      ? [
          {
            name: "Idempotency-Key",
            in: "header",
            required: false,
            schema: { type: "string" },
            description: "Repeated with the same key within a day it is done once and answered alike.",
          },
        ]
      : []),
  ];
  return {
    operationId: operationId(one),
    summary: one.summary,
    ...descriptionOf(one),
    tags: [one.tag],
    ...(parameters.length > 0 && { parameters }),
    ...requestBody(one),
    responses: {
      ...Object.fromEntries(Object.entries(one.answers).map(([status, answer]) => [status, response(answer)])),
      default: { $ref: "#/components/responses/Problem" },
    },
    security: access === "public" ? [] : [{ key: [] }, { session: [] }, ...(access.group ? [{}] : [])],
  };
}

/** get /api/calls/{call_id}/events -> getApiCallsCallIdEvents. */
function operationId({ method, path }: RouteSpec): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function descriptionOf({ access, description }: RouteSpec): JsonObject {
  const who =
    access === "public"
      ? []
      : [
          `Keys: ${access.roles.join(", ")}.` +
            (access.group ? ` Open to everybody, within limits, when OPEN_API names \`${access.group}\`.` : ""),
        ];
  const text = [...(description === undefined ? [] : [description]), ...who].join("\n\n");
  return text === "" ? {} : { description: text };
}

function parametersOf(schema: z.ZodObject | undefined, place: "path" | "query"): JsonObject[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, "input") as {
    readonly properties?: Readonly<Record<string, JsonObject>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: property,
    ...(description !== undefined && { description }),
  }));
}

const FORM = "application/x-www-form-urlencoded";

const MULTIPART = "multipart/form-data";

function requestBody({ body, forms, form, multipart }: RouteSpec): JsonObject {
  if (form) return { requestBody: { required: true, content: { [FORM]: { schema: schemaOf(form, "input") } } } };
  if (!body) return {};
  const schema = schemaOf(body, "input");
  if (multipart) return { requestBody: { required: true, content: { [MULTIPART]: { schema } } } };
  const content = { "application/json": { schema }, ...(forms && { [FORM]: { schema } }) };
  return { requestBody: { required: true, content } };
}

function response({ description, schema, type }: DocumentedAnswer): JsonObject {
  if (!schema && type === undefined) return { description };
  return {
    description,
    content: { [type ?? "application/json"]: schema ? { schema: schemaOf(schema, "output") } : {} },
  };
}

/** What JSON Schema cannot say, such as a refinement, is left out rather than said wrong. */
export function schemaOf(schema: z.ZodType, io: "input" | "output"): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any", target: "draft-2020-12" });
  return rest;
}
