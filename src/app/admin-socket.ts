// The door for commands on the same machine: a Unix socket in DATA_DIR that only the server's own user can open. One request is one
// line of JSON, answered by one line; ops/ask-server.ts is the other end.
import { chmod, mkdir, unlink } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { z } from "zod";
import type { AdminHandlers } from "../core/admin.ts";
import type { Log } from "../core/observe.ts";
import { adminSocketPath } from "../wire/admin.ts";

const request = z.strictObject({ name: z.string().max(64), input: z.unknown().optional() });
/** An organization's configuration is the longest thing that is sent. */
const LONGEST_LINE = 2_000_000;
const SLOWEST_MS = 60_000;

export interface AdminSocket {
  /** A socket that cannot be made is told of, and keeps nothing else from working. */
  listen(): Promise<void>;
  close(): Promise<void>;
}

export function createAdminSocket({
  dataDir,
  handlers,
  log,
}: {
  readonly dataDir: string;
  readonly handlers: AdminHandlers;
  readonly log: Log;
}): AdminSocket {
  const path = adminSocketPath(dataDir);
  const sockets = new Set<Socket>();
  let server: Server | undefined;

  async function answer(line: string): Promise<object> {
    let name = "?";
    try {
      const asked = request.parse(JSON.parse(line));
      name = asked.name;
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (!handler) return { error: `this server does not know ${name}: it may be of another version` };
      const output = await handler(asked.input);
      log.info("an administrator's request", { name });
      return { output };
    } catch (error) {
      log.warn("an administrator's request failed", { name, error: error instanceof Error ? error.name : "unknown" });
      return { error: error instanceof Error ? error.message : "it failed" };
    }
  }

  function serve(socket: Socket): void {
    let text = "";
    let answered = false;
    sockets.add(socket);
    socket.setEncoding("utf8");
    socket.setTimeout(SLOWEST_MS, () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.on("data", (part: string) => {
      text += part;
      const end = text.indexOf("\n");
      if (text.length > LONGEST_LINE) socket.destroy();
      if (answered || end < 0) return;
      answered = true;
      void answer(text.slice(0, end)).then((given) => {
        if (!socket.destroyed) socket.end(`${JSON.stringify(given)}\n`);
      });
    });
  }

  return {
    async listen() {
      try {
        server = await listening(createServer(serve), path);
      } catch (error) {
        log.warn("commands on this machine cannot reach the server", { error: String(error) });
      }
    },
    async close() {
      const closing = server;
      server = undefined;
      if (!closing) return;
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => closing.close(() => resolve()));
    },
  };
}

async function listening(server: Server, path: string): Promise<Server> {
  await mkdir(dirname(path), { recursive: true });
  // What a server that was killed left. One that lives would have kept us from opening the embedded database; with a PostgreSQL
  // server two may share a folder by mistake, and then the later one is asked.
  await unlink(path).catch(() => undefined);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    // Nobody else can connect even in the moment before chmod: the socket is made while this is in force.
    const before = process.umask(0o177);
    server.listen(path, resolve);
    process.umask(before);
  });
  await chmod(path, 0o600);
  return server;
}
