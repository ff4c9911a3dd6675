// The description of the API: valid by somebody else's validator, and of every route there is.
import { Validator } from "@seriousme/openapi-schema-validator";
import type { Router } from "express";
import { createOpenApi, type JsonObject } from "../../src/api/openapi.ts";
import { PAGE_VIEWS } from "../../src/http/page.ts";
import { HEALTH_ROUTES, PAGE_ROUTES, PHONE_ROUTES } from "../../src/api/other-routes.ts";
import { VOICE_PATHS } from "../../src/channels/phone/paths.ts";
import { createHealthRouter } from "../../src/http/health.ts";
import { nameOf, testApi, type TestApi } from "./support.ts";

type Operation = Readonly<Record<string, unknown>>;

let t: TestApi;
let description: JsonObject;
let operations: Map<string, Operation>;
beforeAll(async () => {
  t = await testApi();
  description = createOpenApi({
    routes: [...PHONE_ROUTES, ...HEALTH_ROUTES, ...PAGE_ROUTES, ...t.api.routes],
    version: "1.2.3",
  });
  operations = new Map(
    Object.entries(description["paths"] as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [`${method} ${path}`, operation] as const),
    ),
  );
});
afterAll(() => t.close());

test("is valid OpenAPI 3.1", async () => {
  const result = await new Validator().validate(structuredClone(description));
  expect(result).toEqual({ valid: true });
  expect(description["openapi"]).toBe("3.1.1");
});

test("has every route of the API", () => {
  for (const one of t.api.routes) expect([...operations.keys()]).toContain(nameOf(one));
});

test("has every route of the phone channel and of the server itself", () => {
  const described = new Set([...operations.keys()].map((name) => name.split(" ")[1]));
  const { stream: _, ...webhooks } = VOICE_PATHS;
  for (const path of Object.values(webhooks)) expect(described).toContain(path);
  const health: Router = createHealthRouter({
    isDraining: () => false,
    isReady: () => true,
    status: () => ({ upSeconds: 0, callsActive: 0, callsEnded: {} }),
    metrics: { mayRead: () => true, render: async () => "", contentType: "text/plain" },
  });
  const served = health.stack.map(({ route }) => route?.path);
  expect(new Set(HEALTH_ROUTES.map(({ path }) => path))).toEqual(new Set(served));
});

test("has every view of the page", () => {
  const served = ["/login", ...PAGE_VIEWS].map((path) => path.replace(/:(\w+)/, "{$1}"));
  expect(PAGE_ROUTES.map(({ path }) => path).sort()).toEqual(served.sort());
});

test("names every operation once, and every one has a summary, a tag and an answer that is no problem", () => {
  const ids = [...operations.values()].map((operation) => operation["operationId"]);
  expect(new Set(ids).size).toBe(ids.length);
  for (const operation of operations.values()) {
    expect(operation).toMatchObject({ summary: expect.stringMatching(/\S/), tags: [expect.stringMatching(/\S/)] });
    expect(Object.keys(operation["responses"] as object).some((status) => /^[23]\d\d$/.test(status))).toBe(true);
  }
});

test("says what a body must hold, what it may be filtered by, and who may ask", () => {
  expect(operations.get("post /api/call/start")).toMatchObject({
    requestBody: {
      required: true,
      content: {
        "application/json": { schema: { type: "object", required: ["org_id"], additionalProperties: false } },
      },
    },
    security: [{ key: [] }, { session: [] }],
    description: expect.stringContaining("Keys: admin, organization."),
  });
  const filters = operations.get("get /api/calls")?.["parameters"] as readonly JsonObject[];
  expect(filters.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["org_id", "status", "phase", "escalated", "from", "to"]),
  );
  expect(operations.get("post /api/voice/ask")?.["security"]).toContainEqual({});
  expect(operations.get("post /voice")).toMatchObject({
    security: [],
    requestBody: {
      content: { "application/x-www-form-urlencoded": { schema: { required: ["CallSid"] } } },
    },
  });
});

test("tells problems in one shape", () => {
  for (const [name, { responses }] of operations) {
    expect({ name, default: (responses as JsonObject)["default"] }).toEqual({
      name,
      default: { $ref: "#/components/responses/Problem" },
    });
  }
});
