// The near end of the embedded database: questions go to the worker and answers come back by number. It is what Kysely's PGlite
// dialect needs of a PGlite, and no more.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { PGliteDialectConfig } from "kysely";
import type { WorkerAnswer, WorkerQuestion } from "./pglite-worker.ts";

type Client = Exclude<PGliteDialectConfig["pglite"], (...given: never[]) => unknown>;
type Results<Row> = Awaited<ReturnType<Client["query"]>> & { rows: Row[] };

/** Beside this file, and as TypeScript when this file is: a thread of Node's reads that only once it was taught to. */
function startThread(dir: string): Worker {
  const options = { workerData: { dir }, execArgv: [], env: {}, name: "database" };
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL("./pglite-worker.js", import.meta.url), options);
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx/package.json"));
  const teacher = new URL("./dist/esm/api/index.mjs", tsx).href;
  const file = new URL("./pglite-worker.ts", import.meta.url).href;
  const code = `import(${JSON.stringify(teacher)}).then(({ register }) => (register(), import(${JSON.stringify(file)})))`;
  return new Worker(code, { ...options, eval: true });
}

/** A query the embedded database refused, with its SQLSTATE as `code`; without one, the database itself broke. */
export class EmbeddedError extends Error {
  readonly code: string | undefined;
  constructor({ message, code }: NonNullable<WorkerAnswer["error"]>) {
    super(message);
    this.name = "EmbeddedError";
    this.code = code;
  }
}

export interface EmbeddedClient extends Client {
  /** Ends the thread without closing the database: what was committed is kept. For when it does not answer. */
  kill(): Promise<void>;
}

/** Opens the database in `dir`, making it when there is none. @throws what PGlite says, or the worker. */
export async function openWorker(dir: string): Promise<EmbeddedClient> {
  const worker = startThread(dir);
  const waiting = new Map<number, { resolve: (answer: WorkerAnswer) => void; reject: (error: Error) => void }>();
  let last = 0;
  let dead: Error | undefined;
  let closing: Promise<void> | undefined;

  function die(error: Error): void {
    dead ??= error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }
  worker.on("error", die);
  worker.on("exit", (code) => die(new EmbeddedError({ message: `the embedded database was terminated (${code})` })));
  worker.on("message", (answer: WorkerAnswer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.error) asked?.reject(new EmbeddedError(answer.error));
    else asked?.resolve(answer);
  });

  const answered = (id: number): Promise<WorkerAnswer> =>
    new Promise((resolve, reject) => {
      if (dead) reject(dead);
      else waiting.set(id, { resolve, reject });
    });
  function ask(question: Omit<WorkerQuestion, "id">): Promise<WorkerAnswer> {
    const id = ++last;
    const answer = answered(id);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window and has no origin.
    if (!dead) worker.postMessage({ id, ...question } satisfies WorkerQuestion);
    return answer;
  }
  async function query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Results<Row>> {
    const { rows = [], affectedRows } = await ask({ sql, parameters });
    return { rows: rows as Row[], fields: [], ...(affectedRows !== undefined && { affectedRows }) };
  }

  try {
    await answered(0);
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    query,
    get closed() {
      return dead !== undefined || closing !== undefined;
    },
    ready: true,
    waitReady: Promise.resolve(),
    // Kysely gives one transaction at a time to a database with one connection, and no query beside it.
    async transaction(body) {
      await query("begin");
      try {
        const result = await body({ query, rollback: async () => void (await query("rollback")) });
        await query("commit");
        return result;
      } catch (error) {
        await query("rollback").catch(() => undefined);
        throw error;
      }
    },
    close: () =>
      (closing ??= ask({})
        .then(() => worker.terminate())
        .then(() => undefined)),
    async kill() {
      await worker.terminate();
    },
  };
}
