// The page: built files from one folder, kept in memory with their compressed twins. What its views show comes over the API; here
// are only the files, and the policy that lets the page use nothing but them.
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import express, { type Response, type Router } from "express";
import { Problem } from "../core/problem.ts";

export interface Page {
  /** Sends the page itself; its script looks at the address and shows the view. */
  send(response: Response): void;
  readonly router: Router;
}

/** The addresses of its views, beside /. The last is that of an older page, kept for whoever has it. */
export const PAGE_VIEWS = [
  "/live/:id",
  "/calls",
  "/calls/:id",
  "/talk",
  "/organization",
  "/organization/:id",
  "/system",
  "/realtime_client.html",
];

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Where the built page has its place for the word of the day that its style sheets are to show. */
const NONCE_PLACE = "{{nonce}}";

interface Asset {
  readonly type: string;
  readonly plain: Buffer;
  readonly br?: Buffer;
  readonly gzip?: Buffer;
}

/** From what is compiled and from the sources alike. */
const BUILT = fileURLToPath(new URL("../../dist/web", import.meta.url));

/** Undefined where no page was built. */
export function openPage(folder: string = BUILT): Page | undefined {
  const index = join(folder, "index.html");
  if (!existsSync(index)) return undefined;
  const html = readFileSync(index, "utf8");
  const assets = readAssets(join(folder, "assets"));

  function send(response: Response): void {
    const nonce = randomBytes(16).toString("base64");
    response
      .set("Content-Security-Policy", policy(nonce))
      // Its own forms and sockets show where they come from; to others nothing is told.
      .set("Referrer-Policy", "same-origin")
      .set("Permissions-Policy", "microphone=(self), camera=(), geolocation=()")
      .type("html")
      .send(html.replaceAll(NONCE_PLACE, nonce));
  }

  const router = express.Router();
  // Its other methods belong to the API.
  router.get("/login", (_request, response) => send(response));
  for (const path of PAGE_VIEWS) {
    router
      .route(path)
      .get((_request, response) => send(response))
      .all((request) => {
        throw new Problem(405, `${request.method} is not served here`, { Allow: "GET, HEAD" });
      });
  }
  router.get("/assets/:name", (request, response, next) => {
    const asset = assets.get(request.params.name);
    if (!asset) return next();
    response.vary("Accept-Encoding");
    const encoding = request.acceptsEncodings(["br", "gzip", "identity"]);
    const packed = encoding === "br" ? asset.br : encoding === "gzip" ? asset.gzip : undefined;
    if (packed) response.set("Content-Encoding", encoding as string);
    // The name has a digest of the content in it: under this name it never changes.
    response.set({ "Cache-Control": "public, max-age=31536000, immutable", "Content-Type": asset.type });
    response.send(packed ?? asset.plain);
  });
  return { send, router };
}

/** The nonce is for the one library that has to put a style sheet into the page by itself (the waveform's). */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "media-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function readAssets(folder: string): Map<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(folder)) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const twin = (ending: string): Buffer | undefined => {
      const path = join(folder, name + ending);
      return existsSync(path) ? readFileSync(path) : undefined;
    };
    const [br, gzip] = [twin(".br"), twin(".gz")];
    assets.set(name, { type, plain: readFileSync(join(folder, name)), ...(br && { br }), ...(gzip && { gzip }) });
  }
  return assets;
}
