// Runs the tools that a response asked for, on the server, and gives their results back to the conversation; then one answer is wanted for
// all of them. A result that comes when the connection is another one is put into that, with the call it belongs to; one that comes when
// there is none waits.
import { runTool } from "../../bridge/run-tool.ts";
import type { Journal } from "../../bridge/journal.ts";
import type { Clock } from "../../core/clock.ts";
import type { Tool, ToolContext } from "../../core/tool.ts";
import type { RelayEvent } from "../../speech/relayed-session.ts";

export interface ToolCall {
  readonly callId: string;
  readonly name: string;
  readonly arguments: string;
}

export interface ToolCallsParts {
  readonly tools: readonly Tool[];
  readonly context: Omit<ToolContext, "signal">;
  readonly journal: Pick<Journal, "tool">;
  readonly clock: Clock;
  /** To the connection of the moment. */
  readonly send: (event: RelayEvent) => void;
  /** The number of that connection; the calls of an earlier one are unknown to it. */
  readonly connection: () => number;
  readonly isConnected: () => boolean;
  readonly want: () => void;
}

export type ToolCalls = ReturnType<typeof createToolCalls>;

/** Of one conversation at a time; a model that asks for more is told so. */
const MOST_RUNNING = 8;
/** Calls of which it is remembered what came of them. */
const MOST_KEPT = 50;

export function createToolCalls(parts: ToolCallsParts) {
  const { tools, context, journal, clock, send, connection, isConnected, want } = parts;
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const closed = new AbortController();
  let running = 0;
  /** By call; undefined while it runs. `isTold`: to the connection of the moment. */
  const results = new Map<string, { readonly output: string; isTold: boolean } | undefined>();
  const waiting: (() => void)[] = [];

  const item = (fields: Readonly<Record<string, unknown>>): RelayEvent => ({
    type: "conversation.item.create",
    item: fields,
  });

  async function run({ callId, name, arguments: args }: ToolCall): Promise<void> {
    const began = clock.now();
    const asked = connection();
    const { output, result } =
      running > MOST_RUNNING
        ? { output: TOO_MANY, result: "failed" as const }
        : await runTool(byName, { callId, name, arguments: args }, { ...context, signal: closed.signal }, clock);
    if (closed.signal.aborted) return;
    journal.tool(name, result, began);
    const kept = { output, isTold: false };
    results.set(callId, kept);
    while (!isConnected()) await new Promise<void>((resolve) => waiting.push(resolve));
    if (asked !== connection()) send(item({ type: "function_call", call_id: callId, name, arguments: args }));
    kept.isTold = true;
    send(item({ type: "function_call_output", call_id: callId, output }));
  }

  /** Never rejects. What was run before is not run again. */
  async function runAll(asked: readonly ToolCall[]): Promise<void> {
    const calls = asked.filter(({ callId }) => !results.has(callId));
    if (calls.length === 0) return;
    for (const { callId } of calls) {
      results.set(callId, undefined);
      if (results.size > MOST_KEPT) results.delete(results.keys().next().value as string);
    }
    running += calls.length;
    await Promise.all(calls.map((call) => run(call)));
    running -= calls.length;
    if (!closed.signal.aborted) want();
  }

  return {
    run: runAll,
    /** A call that stands unanswered: it was not seen, or what came of it was told to a connection that was no more. */
    unanswered(call: ToolCall): void {
      const result = results.get(call.callId);
      if (!result) return void runAll([call]);
      // It had waited for this connection, and went after the question that found the call.
      if (result.isTold) return;
      result.isTold = true;
      send(item({ type: "function_call_output", call_id: call.callId, output: result.output }));
      want();
    },
    /** There is a connection, the first or another. */
    connected(): void {
      for (const result of results.values()) if (result) result.isTold = false;
      for (const resolve of waiting.splice(0)) resolve();
    },
    isRunning: () => running > 0,
    close: () => closed.abort(),
  };
}

const TOO_MANY = JSON.stringify({
  error: { code: "failed", message: "Too many tools at once: ask for them one by one." },
});

/** The finished calls of a response. */
export function callsIn(response: unknown): ToolCall[] {
  const { output } = (response ?? {}) as { readonly output?: unknown };
  if (!Array.isArray(output)) return [];
  return output.flatMap((one: unknown) => {
    const { type, status, call_id: callId, name, arguments: args } = (one ?? {}) as Record<string, unknown>;
    // What was cut short has arguments that end in the middle.
    const isWhole = type === "function_call" && status === "completed";
    return isWhole && typeof callId === "string" && typeof name === "string" && typeof args === "string"
      ? [{ callId, name, arguments: args }]
      : [];
  });
}
