// A page as the build leaves it, small enough to see through: the tests of the server need no real one.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

export const SCRIPT = `"use strict";${"void 0;".repeat(500)}`;
export const INDEX = '<!doctype html><title>Page</title><meta name="style-nonce" content="{{nonce}}">';

export const builtPage = mkdtempSync(join(tmpdir(), "voicebridge-page-"));
mkdirSync(join(builtPage, "assets"));
writeFileSync(join(builtPage, "index.html"), INDEX);
writeFileSync(join(builtPage, "assets", "index-1a2b3c.js"), SCRIPT);
writeFileSync(join(builtPage, "assets", "index-1a2b3c.js.br"), brotliCompressSync(SCRIPT));
writeFileSync(join(builtPage, "assets", "index-1a2b3c.js.gz"), gzipSync(SCRIPT));
writeFileSync(join(builtPage, "assets", "index-1a2b3c.css"), "body{color:#222}");
writeFileSync(join(builtPage, "assets", "notes.txt"), "not for anybody");
afterAll(() => rmSync(builtPage, { recursive: true, force: true }));
