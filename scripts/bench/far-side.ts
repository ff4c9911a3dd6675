// How the bench talks to its far sides: each is a process of its own that is asked by name and answers, and tells how busy it
// was. The load itself never goes through here.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { sharedNow } from "./stamp.ts";

interface Question {
  readonly id: number;
  readonly name: string;
  readonly value: unknown;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** What a far side can be asked: a name, what is given, what comes back. */
export type Questions = Record<string, (value: never) => unknown>;

export interface FarSide<Asked extends Questions> {
  ask<Name extends keyof Asked & string>(
    name: Name,
    value: Parameters<Asked[Name]>[0],
  ): Promise<Awaited<ReturnType<Asked[Name]>>>;
  readonly pid: number;
  /** Ends the process. Idempotent. */
  close(): Promise<void>;
}

/** Called once in a far side's process: answers until the parent goes away. */
export function serve(questions: Questions): void {
  process.on("message", (question: Question) => {
    void (async () => {
      const answer: { id: number; value?: unknown; error?: string } = { id: question.id };
      try {
        const act = questions[question.name];
        if (!act) throw new Error(`nobody answers "${question.name}" here`);
        answer.value = await act(question.value as never);
      } catch (error) {
        answer.error = error instanceof Error ? (error.stack ?? error.message) : String(error);
      }
      process.send?.(answer);
    })();
  });
  process.on("disconnect", () => process.exit(0));
}

/** Starts the file beside this one as a far side. */
export function startFarSide<Asked extends Questions>(file: string): FarSide<Asked> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [], {
    execArgv: ["--import", "tsx"],
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  void gone.then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended before it answered`));
    waiting.clear();
  });
  child.on("message", ({ id, value, error }: Answer) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(value as never);
    else asked?.reject(new Error(`${file}: ${error}`));
  });
  return {
    pid: child.pid as number,
    ask(name, value) {
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        child.send({ id, name, value } satisfies Question);
      });
    },
    async close() {
      if (child.connected) child.disconnect();
      await gone;
    },
  };
}

export interface Effort {
  /** Share of one core this process used, 0..1 (more with its helper threads). */
  readonly core: number;
  /** How late its timer ran, ms, 99th percentile. */
  readonly lateP99Ms: number;
}

/** The one timer of a far side, and the account of what it costs. `tick` gets the shared time in ms. */
export function createTicker(tick: (nowMs: number) => void, everyMs = 1) {
  const late: number[] = [];
  let due = sharedNow() + everyMs;
  let cpu = process.cpuUsage();
  let since = sharedNow();
  const timer = setInterval(() => {
    const now = sharedNow();
    late.push(Math.max(0, now - due));
    due = now + everyMs;
    tick(now);
  }, everyMs);
  return {
    reset(): void {
      late.length = 0;
      cpu = process.cpuUsage();
      since = sharedNow();
    },
    effort(): Effort {
      const used = process.cpuUsage(cpu);
      const sorted = Float64Array.from(late).sort();
      return {
        core: (used.user + used.system) / 1000 / Math.max(1, sharedNow() - since),
        lateP99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
      };
    },
    stop: () => clearInterval(timer),
  };
}
