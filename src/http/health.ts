// What the outside may know of the server: is it well, is it ready, what is it doing. Counts and reasons only, nothing of a call.
import express, { type Request, type Response, type Router } from "express";
import { Problem } from "../core/problem.ts";
import type { Page } from "./page.ts";

/** What /status tells everybody. No personal data goes in here. */
export interface ServerStatus {
  /** Seconds since the start. */
  readonly upSeconds: number;
  readonly callsActive: number;
  /** Number of calls ended since the start, by reason. */
  readonly callsEnded: Readonly<Record<string, number>>;
  /** What it is made of, such as thread client and model. */
  readonly facts?: Readonly<Record<string, string>>;
}

export interface MetricsSource {
  /** Who may read them; others get 401. */
  readonly mayRead: (request: Request) => boolean | Promise<boolean>;
  render(): Promise<string>;
  readonly contentType: string;
}

export interface HealthOptions {
  readonly isDraining: () => boolean;
  readonly isReady: () => boolean;
  readonly status: () => ServerStatus;
  readonly metrics?: MetricsSource;
  /** For browsers; without one they get the text that everybody gets. */
  readonly page?: Page | undefined;
  /** The API's documentation is served. */
  readonly hasDocs?: boolean;
}

const RUNNING = "Voice Agent API is running.";

export function createHealthRouter({ isDraining, isReady, status, metrics, page, hasDocs }: HealthOptions): Router {
  const router = express.Router();
  get(router, "/health", (_request, response) => {
    const draining = isDraining();
    response.status(draining ? 503 : 200).json({ status: draining ? "draining" : "healthy" });
  });
  get(router, "/livez", (_request, response) => {
    response.json({ status: "alive" });
  });
  get(router, "/readyz", (_request, response) => {
    const state = isDraining() ? "draining" : isReady() ? "ready" : "not-ready";
    response.status(state === "ready" ? 200 : 503).json({ status: state });
  });
  get(router, "/", (request, response) => {
    response.vary("Accept");
    const kind = request.accepts(["text", "json", "html"]);
    if (kind === "json") response.json(index(isDraining(), hasDocs === true));
    else if (kind === "html" && page) page.send(response);
    else response.type("text/plain").send(RUNNING);
  });
  get(router, "/status", (_request, response) => {
    response.json({ ...status(), draining: isDraining() });
  });
  if (metrics) {
    get(router, "/metrics", async (request, response) => {
      if (!(await metrics.mayRead(request))) {
        throw new Problem(401, "Send METRICS_TOKEN or a key of this server: Authorization: Bearer <token>", {
          "WWW-Authenticate": 'Bearer realm="metrics"',
        });
      }
      const text = await metrics.render();
      response.set("Content-Type", metrics.contentType).send(text);
    });
  }
  return router;
}

function get(router: Router, path: string, handler: (request: Request, response: Response) => void | Promise<void>) {
  router
    .route(path)
    .get(handler) // Answers HEAD as well.
    .all((request) => {
      throw new Problem(405, `${request.method} is not served here`, { Allow: "GET, HEAD" });
    });
}

const DOCS = { docs: "/docs", redoc: "/redoc", openapi: "/openapi.json", asyncapi: "/asyncapi.json" };

function index(draining: boolean, hasDocs: boolean) {
  return {
    name: "voicebridge",
    message: RUNNING,
    status: draining ? "draining" : "healthy",
    links: {
      health: "/health",
      live: "/livez",
      ready: "/readyz",
      status: "/status",
      metrics: "/metrics",
      ...(hasDocs && DOCS),
    },
  };
}
