// The embedded database in a thread of its own: a query of some milliseconds would otherwise hold up the audio of every call. It
// answers one question after the other; pglite.ts asks them.
import { parentPort, workerData } from "node:worker_threads";
import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";

export interface WorkerQuestion {
  readonly id: number;
  /** Absent: close the database. */
  readonly sql?: string;
  readonly parameters?: readonly unknown[];
}

export interface WorkerAnswer {
  /** 0: the database is open, or could not be opened. */
  readonly id: number;
  readonly rows?: readonly unknown[];
  readonly affectedRows?: number;
  readonly error?: { readonly message: string; readonly code?: string };
}

const port = parentPort;
if (!port) throw new Error("this file is a worker's");

/** Errors of PGlite lose what makes them useful when they are copied from thread to thread. */
function told(error: unknown): NonNullable<WorkerAnswer["error"]> {
  const { message, code } = error as { readonly message?: unknown; readonly code?: unknown };
  return { message: String(message ?? error), ...(typeof code === "string" && { code }) };
}

const answer = (message: WorkerAnswer): void => port.postMessage(message);

try {
  const { dir } = workerData as { readonly dir: string };
  const db = await PGlite.create(dir, { extensions: { vector } });
  let last = Promise.resolve();
  const answerOne = async ({ id, sql, parameters = [] }: WorkerQuestion): Promise<void> => {
    try {
      if (sql === undefined) {
        await db.close();
        answer({ id });
        return;
      }
      const { rows, affectedRows } = await db.query(sql, [...parameters]);
      answer({ id, rows, ...(affectedRows !== undefined && { affectedRows }) });
    } catch (error) {
      answer({ id, error: told(error) });
    }
  };
  port.on("message", (question: WorkerQuestion) => {
    last = last.then(() => answerOne(question));
  });
  answer({ id: 0 });
} catch (error) {
  answer({ id: 0, error: told(error) });
}
