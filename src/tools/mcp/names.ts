// How a server's tool is called here: server__tool, in the characters and the length that models take, and each name once.
import { createHash } from "node:crypto";

const LONGEST = 64;

export function offeredName(server: string, tool: string, taken: ReadonlySet<string> = new Set()): string {
  const plain = `${server}__${tool.replaceAll(/[^a-zA-Z0-9_-]/g, "_")}`;
  const isExact = plain === `${server}__${tool}` && plain.length <= LONGEST;
  if (isExact && !taken.has(plain)) return plain;
  // What was cut off or replaced may be all that two of them differ in.
  const mark = createHash("sha256").update(tool).digest("hex").slice(0, 8);
  return `${plain.slice(0, LONGEST - mark.length - 1)}_${mark}`;
}
