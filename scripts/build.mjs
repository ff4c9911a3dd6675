// Compiles src to dist, and the page in src/web to dist/web. With --if-stale it does so only when dist is missing or older than its
// sources, so that `npm start` and `npm run demo` work on a fresh clone and cost nothing on a built one.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = join(root, "dist", "main.js");
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");

function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function isStale() {
  if (!existsSync(built)) return true;
  if (!existsSync(join(root, "src"))) return false;
  return newest(join(root, "src")) > statSync(built).mtimeMs;
}

const onlyIfStale = process.argv.includes("--if-stale");
if (onlyIfStale && !isStale()) process.exit(0);
if (onlyIfStale && existsSync(built) && !existsSync(compiler)) {
  process.stderr.write("dist is older than src, but the compiler is not installed here: starting what was built.\n");
  process.exit(0);
}
rmSync(join(root, "dist"), { recursive: true, force: true });
const result = spawnSync(process.execPath, [compiler, "-p", join(root, "tsconfig.build.json")], { stdio: "inherit" });
if (result.status !== 0) process.exit(result.status ?? 1);
copyReaders();
// Asked for only here: a server that was built elsewhere runs without the builder of pages.
const { buildPage } = await import("./build-page.mjs");
await buildPage({ root: join(root, "src", "web"), outDir: join(root, "dist", "web") });

/** The readers of the API's documentation (src/api/docs.ts), so that the built program needs neither package. */
function copyReaders() {
  const to = join(root, "dist", "docs");
  mkdirSync(to, { recursive: true });
  for (const [name, file] of [
    ["swagger-ui-dist", "swagger-ui-bundle.js"],
    ["swagger-ui-dist", "swagger-ui.css"],
    ["redoc", "bundles/redoc.standalone.js"],
  ]) {
    copyFileSync(join(root, "node_modules", name, file), join(to, basename(file)));
  }
}
