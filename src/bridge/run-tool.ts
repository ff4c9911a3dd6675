// Runs one tool call of the model: looks it up, parses its arguments, bounds its time and the size of its result, and always
// comes back with a text for the model. A tool can fail in any way it likes; a call never dies of it.
import type { ToolRecord } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { ToolRequest } from "../core/thread.ts";
import { InvalidArguments, ToolRefusal, type Tool, type ToolContext } from "../core/tool.ts";

/** Characters; a longer result is cut and says so, because the model would be paid for reading it. */
const LONGEST_RESULT = 16_000;

export interface ToolOutcome {
  /** For the model. Errors are `{"error":{"code":...,"message":...}}`. */
  readonly output: string;
  readonly result: ToolRecord["result"];
}

export interface ToolRunnerParts {
  readonly tools: readonly Tool[];
  readonly callId: string;
  readonly clock: Clock;
  /** What a tool may do to its call. */
  readonly acts: Pick<ToolContext, "endAfterReply" | "escalate" | "intake" | "keepIntake" | "announce">;
  readonly onBegin: (name: string) => void;
  readonly onDone: (turn: number, name: string, result: ToolRecord["result"], began: number) => void;
}

/** The tools of one call, ready to be run for its answers. */
export function createToolRunner({ tools, callId, clock, acts, onBegin, onDone }: ToolRunnerParts) {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  return async (request: ToolRequest, signal: AbortSignal, turn: number): Promise<string> => {
    const began = clock.now();
    // A model can invent any number of names.
    if (byName.has(request.name)) onBegin(request.name);
    const { output, result } = await runTool(byName, request, { callId, signal, turn, ...acts }, clock);
    onDone(turn, request.name, result, began);
    return output;
  };
}

/** Never rejects. `context.signal` aborts the run, which then answers "cancelled". */
export async function runTool(
  tools: ReadonlyMap<string, Tool>,
  request: ToolRequest,
  context: ToolContext,
  clock: Clock,
): Promise<ToolOutcome> {
  const tool = tools.get(request.name);
  if (!tool) return failure("unknown-tool", `There is no tool named ${request.name.slice(0, 64)}.`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(request.arguments || "{}");
  } catch {
    return failure("invalid-arguments", "The arguments are not valid JSON.");
  }
  const own = new AbortController();
  const signal = AbortSignal.any([context.signal, own.signal]);
  const limit = raceWith(signal);
  const cancelTimer = clock.after(tool.timeoutMs, () => own.abort());
  try {
    const value = await Promise.race([tool.run(parsed, { ...context, signal }), limit.aborted]);
    return { output: serialise(value), result: "ok" };
  } catch (error) {
    if (context.signal.aborted) return failure("cancelled", "The call went on without this result.");
    if (own.signal.aborted) return failure("timeout", "The tool took too long. Tell the caller, and go on without it.");
    if (error instanceof InvalidArguments) return failure("invalid-arguments", error.message);
    if (error instanceof ToolRefusal) return failure(error.result, error.message, error.code);
    // What a tool throws may hold anything; the model is told only that it failed.
    return failure("failed", "The tool failed. Tell the caller, and go on without it.");
  } finally {
    cancelTimer();
    limit.release();
  }
}

function failure(result: Exclude<ToolRecord["result"], "ok">, message: string, code: string = result): ToolOutcome {
  return { output: JSON.stringify({ error: { code, message } }), result };
}

/**
 * BigInt, dates and the like are written somehow. @throws where there is nothing to write: a model that is told of a success would tell the
 * caller of one, though the tool said nothing of it.
 */
function serialise(value: unknown): string {
  let text: string | undefined;
  try {
    text =
      typeof value === "string"
        ? value
        : JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? String(part) : part));
  } catch {
    throw new Error("the result cannot be written as JSON");
  }
  if (text === undefined)
    throw new ToolRefusal(
      "no-result",
      "The tool gave no result. Do not say that it worked; tell the caller, and go on without it.",
      "failed",
    );
  if (text.length <= LONGEST_RESULT) return text;
  // Not between the halves of a surrogate pair.
  const whole = text.slice(0, LONGEST_RESULT).replace(/[\ud800-\udbff]$/, "");
  return `${whole}... (cut, the result was too long)`;
}

function raceWith(signal: AbortSignal): { aborted: Promise<never>; release: () => void } {
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  aborted.catch(() => {}); // The race may be over before the signal fires.
  return { aborted, release: () => signal.removeEventListener("abort", onAbort) };
}
