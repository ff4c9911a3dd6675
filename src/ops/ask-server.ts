// How a command reaches the store: it asks the server that runs on this DATA_DIR, and opens the store itself only when none does.
import { createConnection } from "node:net";
import type { AdminHandlers } from "../core/admin.ts";
import { adminSocketPath } from "../wire/admin.ts";
import { CommandError, EXIT } from "./command.ts";

const ANSWER_MS = 30_000;
/** Nobody listens: no server, or one that was killed. */
const NOBODY = new Set(["ENOENT", "ECONNREFUSED"]);

export interface Store {
  readonly handlers: AdminHandlers;
  close(): Promise<void>;
}

export interface Asked {
  readonly dataDir: string;
  readonly name: string;
  readonly input: unknown;
  /** Opens the store of this DATA_DIR. @throws DataDirInUse when a server has it that does not answer. */
  readonly openStore: () => Promise<Store>;
}

/** @throws CommandError with what the server said, or the store's own error. */
export async function askServerOrStore({ dataDir, name, input, openStore }: Asked): Promise<unknown> {
  const answer = await askServer(dataDir, name, input);
  if (answer) {
    if (answer.error !== undefined) throw new CommandError(EXIT.refused, answer.error);
    return answer.output;
  }
  const store = await openStore();
  try {
    const handler = store.handlers[name];
    if (!handler) throw new Error(`nobody answers ${name}`);
    return await handler(input);
  } finally {
    await store.close();
  }
}

interface Answer {
  readonly output?: unknown;
  readonly error?: string;
}

/** Undefined when no server runs. @throws CommandError when one runs and does not answer. */
export function askServer(dataDir: string, name: string, input: unknown): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = createConnection(adminSocketPath(dataDir));
    const fail = (why: string): void => {
      socket.destroy();
      reject(new CommandError(EXIT.unreachable, `the running server did not answer: ${why}`));
    };
    socket.setEncoding("utf8");
    socket.setTimeout(ANSWER_MS, () => fail("it took too long"));
    socket.on("connect", () => socket.write(`${JSON.stringify({ name, input })}\n`));
    socket.on("data", (part: string) => (text += part));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (NOBODY.has(error.code ?? "")) resolve(undefined);
      else if (error.code === "EACCES")
        reject(new CommandError(EXIT.refused, "the running server belongs to another user"));
      else fail(error.message);
    });
    socket.on("close", () => {
      try {
        resolve(JSON.parse(text) as Answer);
      } catch {
        fail("it hung up");
      }
    });
  });
}
