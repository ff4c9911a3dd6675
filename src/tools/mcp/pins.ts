// What each server's tools said of themselves when they were approved, by hash, in a file in DATA_DIR: what a server is first seen
// with is approved, and whatever is different or new afterwards is not offered until somebody has looked at it.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";

const pin = z.strictObject({
  /** What may be offered; absent: nothing yet. */
  approved: z.string().optional(),
  approvedAt: z.string().optional(),
  /** What it says now, where that is something else. */
  changed: z
    .strictObject({ hash: z.string(), description: z.string(), schema: z.string(), seenAt: z.string() })
    .optional(),
});
const pinsFile = z.record(z.string(), z.record(z.string(), pin));

export type Pins = z.infer<typeof pinsFile>;

/** What a tool says of itself. */
export interface Described {
  readonly name: string;
  readonly description?: string | undefined;
  readonly inputSchema: unknown;
}

export interface PinStore {
  readonly path: string;
  /** @throws Error when the file is there and cannot be read. */
  read(): Pins;
  /** Notes what a server lists now. Returns the names that differ from what was approved. */
  see(server: string, tools: readonly Described[], at: Date): readonly string[];
  /** False while somebody has to look at it first, or the file cannot be read. */
  isApproved(server: string, tool: Described): boolean;
  /** Approves what was seen last. Returns the names; without `tool` all of the server's. */
  approve(server: string, tool: string | undefined, at: Date): readonly string[];
}

const LONGEST_SHOWN = 4000;

export function hashOf({ name, description = "", inputSchema }: Described): string {
  return createHash("sha256")
    .update(JSON.stringify([name, description, sorted(inputSchema)]))
    .digest("hex");
}

/** The order of keys is no difference. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  );
}

export function createPins(dataDir: string): PinStore {
  const path = join(dataDir, "mcp-pins.json");
  let known: { readonly stamp: string; readonly pins: Pins } | undefined;

  /** Somebody may have approved something since: `npm run mcp` writes the same file. */
  function read(): Pins {
    let stamp: string;
    try {
      const { mtimeMs, size, ino } = statSync(path);
      stamp = `${mtimeMs} ${size} ${ino}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
      throw error;
    }
    if (known?.stamp !== stamp) {
      try {
        known = { stamp, pins: pinsFile.parse(JSON.parse(readFileSync(path, "utf8"))) };
      } catch (error) {
        throw new Error(`${path} is damaged: look at what the servers offer, then delete it`, { cause: error });
      }
    }
    return known.pins;
  }

  function write(pins: Pins): void {
    const draft = `${path}.${process.pid}.tmp`;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(draft, `${JSON.stringify(pins, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(draft, path);
    known = undefined;
  }

  return {
    path,
    read,
    see(server, tools, at) {
      const pins = read();
      const before = pins[server];
      const seenAt = at.toISOString();
      const after: Pins[string] = { ...before };
      for (const tool of tools) {
        const hash = hashOf(tool);
        const old = before?.[tool.name];
        // Nothing was ever seen of this server: it is what the operator wanted when they named it.
        if (!before) after[tool.name] = { approved: hash, approvedAt: seenAt };
        else if (old?.approved === hash) {
          const { changed: _changed, ...rest } = old;
          after[tool.name] = rest;
        } else if (old?.changed?.hash !== hash) {
          const description = (tool.description ?? "").slice(0, LONGEST_SHOWN);
          const schema = JSON.stringify(tool.inputSchema).slice(0, LONGEST_SHOWN);
          after[tool.name] = { ...old, changed: { hash, description, schema, seenAt } };
        }
      }
      if (JSON.stringify(after) !== JSON.stringify(before)) write({ ...pins, [server]: after });
      return tools.map(({ name }) => name).filter((name) => after[name]?.changed);
    },
    isApproved(server, tool) {
      try {
        return read()[server]?.[tool.name]?.approved === hashOf(tool);
      } catch {
        return false;
      }
    },
    approve(server, tool, at) {
      const pins = read();
      const of = pins[server] ?? {};
      const names = Object.keys(of).filter((name) => of[name]?.changed && (tool === undefined || tool === name));
      const approved = names.map((name) => [name, { approved: of[name]?.changed?.hash, approvedAt: at.toISOString() }]);
      if (names.length > 0) write({ ...pins, [server]: { ...of, ...Object.fromEntries(approved) } });
      return names;
    },
  };
}
