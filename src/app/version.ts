// The program's version, as its package says it; package.json is found from src and from dist alike.
import { readFileSync } from "node:fs";

const PACKAGE = new URL("../../package.json", import.meta.url);

export const VERSION: string = (JSON.parse(readFileSync(PACKAGE, "utf8")) as { readonly version: string }).version;
