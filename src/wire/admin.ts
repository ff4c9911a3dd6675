// Where the socket of a running server is, so that both of its ends look in the same place.
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Paths of Unix sockets end at 103 bytes on some systems, and are cut there without a word. */
const LONGEST = 100;

export function adminSocketPath(dataDir: string): string {
  const path = join(resolve(dataDir), "admin.sock");
  if (Buffer.byteLength(path) <= LONGEST) return path;
  const name = createHash("sha256").update(path).digest("hex").slice(0, 24);
  return join(tmpdir(), `voicebridge-${name}.sock`);
}
