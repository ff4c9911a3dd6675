// The routes of the program that are not of this API, for its description only: the carrier's webhooks (channels/phone serves them)
// and what tells of the server's health (http serves it).
import { z } from "zod";
import { TWILIO_WEBHOOKS } from "../wire/twilio-webhook.ts";
import type { RouteSpec } from "./define-route.ts";

const SIGNED =
  "Signed by the carrier in `X-Twilio-Signature` over the public address; 403 without, before the body is read. Repeated requests do nothing twice.";

/** What the phone channel serves, by the schemas with which it reads the requests. */
export const PHONE_ROUTES: readonly RouteSpec[] = Object.values(TWILIO_WEBHOOKS).flatMap(
  ({ path, methods, summary, form, query, answer, isTwiml }) =>
    methods.map((method): RouteSpec => {
      const common = { path, description: SIGNED, tag: "phone", access: "public" } as const;
      const answers = isTwiml ? { 200: { description: answer, type: "text/xml" } } : { 204: { description: answer } };
      return method === "POST"
        ? { ...common, method: "post", summary, form, query, answers }
        : {
            ...common,
            method: "get",
            summary: `${summary}, for numbers that are set to GET`,
            query: form.extend(query.shape),
            answers,
          };
    }),
);

function look(path: string, summary: string, answers: RouteSpec["answers"], description?: string): RouteSpec {
  return {
    method: "get",
    path,
    summary,
    ...(description && { description }),
    tag: "health",
    access: "public",
    answers,
  };
}

const view = (path: string, summary: string, params: Readonly<Record<string, z.ZodString>> = {}): RouteSpec => ({
  ...look(path, summary, { 200: { description: "A page.", type: "text/html" } }),
  tag: "page",
  params: z.strictObject(params),
});

/** The views of the page, which a browser is given under these addresses. */
export const PAGE_ROUTES: readonly RouteSpec[] = [
  view("/login", "The page that asks for a key"),
  view("/live/{id}", "The page: a live call", { id: z.string() }),
  view("/calls", "The page: calls"),
  view("/calls/{id}", "The page: one call", { id: z.string() }),
  view("/talk", "The page: talk to the agent"),
  view("/realtime_client.html", "The page: talk to the agent, under an older address"),
  view("/organization", "The page: organizations"),
  view("/organization/{id}", "The page: one organization", { id: z.string() }),
  view("/system", "The page: what the doctor sees"),
];

const status = (...values: readonly [string, ...string[]]) => z.strictObject({ status: z.enum(values) });

/** What the HTTP server serves itself. */
export const HEALTH_ROUTES: readonly RouteSpec[] = [
  look("/", "What this is", {
    200: { description: "By Accept: a line of text, an index, or the page.", type: "text/plain", schema: z.string() },
  }),
  look("/health", "Is it well", {
    200: { description: "It is.", schema: status("healthy") },
    503: { description: "It goes away.", schema: status("draining") },
  }),
  look("/livez", "Does the process answer", { 200: { description: "It does.", schema: status("alive") } }),
  look("/readyz", "Would it take a call", {
    200: { description: "It would.", schema: status("ready") },
    503: { description: "It would not.", schema: status("draining", "not-ready") },
  }),
  look("/status", "Counts since the start", {
    200: {
      description: "Nothing of any call.",
      schema: z.looseObject({
        upSeconds: z.number(),
        callsActive: z.number(),
        callsEnded: z.record(z.string(), z.number()),
        draining: z.boolean(),
      }),
    },
  }),
  look(
    "/metrics",
    "Figures for Prometheus",
    { 200: { description: "In the text format.", type: "text/plain", schema: z.string() } },
    "Needs METRICS_TOKEN or any key, as a bearer token.",
  ),
];
