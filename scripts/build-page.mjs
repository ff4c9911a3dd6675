// Builds the page (src/web) into a folder with Vite: hashed files below assets/, each with a brotli and a gzip twin, so that the server
// compresses nothing while it has calls to serve.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "vite";

const WORTH = new Set([".js", ".css", ".svg", ".html"]);

/** @param {{ root: string, outDir: string }} where */
export async function buildPage({ root, outDir }) {
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    build: {
      outDir,
      emptyOutDir: true,
      target: "es2022",
      // Our policy allows nothing from data: addresses.
      assetsInlineLimit: 0,
      // Every browser the page is for knows modulepreload, and the polyfill would be more to load.
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
    worker: { format: "es" },
  });
  const assets = join(outDir, "assets");
  for (const name of readdirSync(assets)) {
    if (!WORTH.has(extname(name))) continue;
    const bytes = readFileSync(join(assets, name));
    writeFileSync(join(assets, `${name}.gz`), gzipSync(bytes, { level: 9 }));
    writeFileSync(
      join(assets, `${name}.br`),
      brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
    );
  }
}
