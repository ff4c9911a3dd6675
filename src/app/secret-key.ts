// The key that signs cookies: SECRET_KEY, or one made once and kept in DATA_DIR for this machine alone.
import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../core/observe.ts";

export interface SecretKeyParts {
  /** SECRET_KEY. */
  readonly configured?: string;
  readonly dataDir: string;
  readonly log: Log;
}

const SHORTEST = 32;

/** Reads it when it is first needed. @throws Error when DATA_DIR cannot be used. */
export function createSecretKey({ configured, dataDir, log }: SecretKeyParts): () => string {
  let kept = configured;
  return () => (kept ??= fromFile(dataDir, log));
}

function fromFile(dataDir: string, log: Log): string {
  const path = join(dataDir, "secret-key");
  const found = read(path) ?? make(dataDir, path);
  if (found.length < SHORTEST) throw new Error(`${path} is too short for a key: delete it, and another is made`);
  // Whoever can read it can make a session of any key.
  if ((statSync(path).mode & 0o077) !== 0) log.warn(`${path} can be read by others: chmod 600 ${path}`);
  return found;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Written aside and put in place in one step: of two servers that start at once, both read the one that came first. */
function make(dataDir: string, path: string): string {
  mkdirSync(dataDir, { recursive: true });
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  writeFileSync(aside, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  try {
    linkSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  return readFileSync(path, "utf8").trim();
}
