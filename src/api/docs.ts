// The API's documentation for people and programs: the description itself, and two kept readers of it (Swagger UI and Redoc) under
// a policy that lets nothing in from outside. The readers' files are copied into dist by the build.
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { Problem } from "../core/problem.ts";
import { json, route, type Answer, type Route, type RouteSpec } from "./define-route.ts";
import { createOpenApi, type JsonObject } from "./openapi.ts";

export interface DocsParts {
  /** Everything to be described; the routes of this file are added. */
  readonly routes: readonly RouteSpec[];
  /** The WebSockets, at this origin. */
  readonly asyncApi?: (origin: string) => JsonObject;
  readonly version: string;
  readonly origin?: string;
  /** Where the readers' files are; as the build leaves them. */
  readonly folder?: string;
}

/** Beside the built program; the same place seen from src and from dist. */
const BUILT = fileURLToPath(new URL("../../dist/docs", import.meta.url));

const TYPES = { js: "text/javascript", css: "text/css" } as const;
/** What the build copies, and the two lines that start Swagger UI. */
export const READER_FILES = ["swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js"] as const;
const START = "start.js";

const SWAGGER_PAGE = page(
  "Voicebridge API",
  `<link rel="stylesheet" href="/docs/swagger-ui.css">`,
  `<div id="swagger-ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/${START}"></script>`,
);
const START_SWAGGER =
  `window.ui = SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true,` +
  ` withCredentials: true, validatorUrl: null });\n`;
const REDOC_PAGE = page(
  "Voicebridge API reference",
  "",
  `<redoc spec-url="/openapi.json" lazy-rendering></redoc><script src="/docs/redoc.standalone.js"></script>`,
);

const COMMON = "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; ";
/** Both readers write style attributes, and Redoc style elements of its own making; Redoc searches in a worker. */
const SWAGGER_CSP = `${COMMON}style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'none'`;
const REDOC_CSP = `${COMMON}style-src 'unsafe-inline'; img-src 'self' data:; worker-src blob:; form-action 'none'`;

export function docsRoutes(parts: DocsParts): Route[] {
  const { version, origin, asyncApi, folder = BUILT } = parts;
  let openApi: JsonObject | undefined;

  const read = async (file: string): Promise<Buffer> => {
    try {
      return await readFile(join(folder, file));
    } catch (error) {
      throw new Problem(503, "The documentation's reader is not built here: npm run build", {}, { cause: error });
    }
  };

  const routes: Route[] = [
    route({ ...look("/openapi.json", "This description"), answers: described("OpenAPI 3.1.") }, async () =>
      json((openApi ??= createOpenApi({ routes: [...parts.routes, ...routes], version, ...(origin && { origin }) }))),
    ),
    ...(asyncApi
      ? [
          route(
            { ...look("/asyncapi.json", "The description of the WebSockets"), answers: described("AsyncAPI 3.") },
            async ({ request }) => json(asyncApi(origin ?? hereOf(request.socket))),
          ),
        ]
      : []),
    route({ ...look("/docs", "The API to read and to try (Swagger UI)"), answers: html }, async () =>
      sent("html", SWAGGER_PAGE, { "Content-Security-Policy": SWAGGER_CSP }),
    ),
    route({ ...look("/redoc", "The API to read (Redoc)"), answers: html }, async () =>
      sent("html", REDOC_PAGE, { "Content-Security-Policy": REDOC_CSP }),
    ),
    route(
      {
        ...look("/docs/{file}", "A part of the two readers"),
        params: z.strictObject({ file: z.enum([...READER_FILES, START]) }),
        answers: { 200: { description: "A script or a style sheet.", type: "text/javascript" } },
      },
      async ({ params: { file } }) =>
        sent(TYPES[file.endsWith(".css") ? "css" : "js"], file === START ? START_SWAGGER : await read(file), {
          "Cache-Control": "public, max-age=3600",
        }),
    ),
  ];
  return routes;
}

/** Where whoever asks has found us, as far as we know it: `Host` can say anything. */
function hereOf({ localAddress = "", localPort }: Socket): string {
  const address = localAddress.replace(/^::ffff:/, "");
  if (address === "" || address === "::1" || address.startsWith("127.")) return `http://localhost:${localPort}`;
  return `http://${address.includes(":") ? `[${address}]` : address}:${localPort}`;
}

const look = (path: string, summary: string) =>
  ({ method: "get", path, summary, tag: "documentation", access: "public" }) as const;

const described = (description: string): RouteSpec["answers"] => ({
  200: { description, schema: z.looseObject({}) },
});

const html: RouteSpec["answers"] = { 200: { description: "A page.", type: "text/html" } };

const sent = (type: string, bytes: Buffer | string, headers: Readonly<Record<string, string>>): Answer => ({
  kind: "bytes",
  type,
  bytes,
  headers,
});

function page(title: string, head: string, body: string): string {
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>` +
    `<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">${head}</head>` +
    `<body>${body}</body></html>`
  );
}
