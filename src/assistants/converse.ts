// The rounds of one turn: the caller's words go out, text comes back, the tools that were asked for run in parallel and
// their results go out, until an answer asks for none. A thread that turns out unusable at the first round is mended or made anew.
import type { Log } from "../core/observe.ts";
import type { ThreadEvent, ThreadOptions, ToolRequest } from "../core/thread.ts";
import { failure, ThreadFailure } from "./failure.ts";
import { orAborted } from "./link.ts";
import type { Turn } from "./turn.ts";
import type { Link, Round, ToolResult, Wire } from "./wire.ts";

export interface ConverseOptions {
  readonly wire: Wire;
  readonly turn: Turn;
  readonly link: Link;
  /** The watch for silence of the far side; it rests while tools run, which have timeouts of their own. */
  readonly watch: { readonly feed: () => void; readonly pause: () => void };
  readonly runTool: ThreadOptions["runTool"];
  readonly emit: (event: ThreadEvent) => void;
  readonly log: Log;
  readonly hasStreamed: () => boolean;
}

/** Rounds of tools one turn may take; a model that wants more is going in circles. */
export const MOST_TOOL_ROUNDS = 8;
/** Characters of one tool result that go to the model. */
const MOST_OUTPUT = 16_000;

/** @throws ThreadError, or the reason of the link's signal. */
export async function converse(options: ConverseOptions): Promise<void> {
  const { turn, watch } = options;
  let calls = await firstRound(options);
  for (let rounds = 1; calls.length > 0; rounds++) {
    if (rounds > MOST_TOOL_ROUNDS) {
      throw failure("failed", `The assistant still asks for tools after ${MOST_TOOL_ROUNDS} rounds of them`);
    }
    watch.pause();
    const results = await runAll(calls, options);
    watch.feed();
    calls = await streamRound({ kind: "results", results }, options);
  }
  // After a tool silence is an answer: ending the call, for one, needs no words.
  if (turn.spoken.trim() === "" && !turn.acted) throw failure("failed", "The assistant ended without an answer");
}

async function firstRound(options: ConverseOptions): Promise<readonly ToolRequest[]> {
  const { wire, turn, link, log } = options;
  const round: Round = { kind: "messages", messages: turn.messages };
  // A thread made in this very turn cannot be stale: what is refused there would be refused again.
  let next: "mend" | "renew" | "fail" = wire.forget && wire.id() !== undefined ? "mend" : "fail";
  for (;;) {
    try {
      return await streamRound(round, options);
    } catch (error) {
      if (next === "fail" || options.hasStreamed() || !(error instanceof ThreadFailure)) throw error;
      const lost = error.code === "not-found" && !isAboutModel(error);
      const refused = error.facts.status === 400 || error.facts.status === 409;
      if (!lost && !refused) throw error;
      if (next === "mend" && refused) {
        // A call that was cut off earlier, by a crash perhaps, may have left the thread with an open run or tool call.
        next = "renew";
        const mended = await wire.repair(undefined, link).then(
          () => true,
          () => false,
        );
        link.signal.throwIfAborted();
        if (mended) continue;
      }
      next = "fail";
      log.warn("The assistant no longer takes this thread: a fresh one goes on from what was said", {
        status: error.facts.status,
        upstream: error.facts.upstreamCode,
      });
      wire.forget?.();
    }
  }
}

function isAboutModel({ facts }: ThreadFailure): boolean {
  return facts.param === "model" || facts.upstreamCode === "model_not_found";
}

async function streamRound(round: Round, { wire, turn, link, emit }: ConverseOptions): Promise<readonly ToolRequest[]> {
  const calls: ToolRequest[] = [];
  let part: string | undefined;
  for await (const event of wire.round(round, link)) {
    switch (event.type) {
      case "text": {
        if (event.delta === "") break;
        // Pieces of an answer are sentences of their own, even where the model wrote no space between them.
        const apart = part !== event.part && turn.spoken !== "" && !/\s$/.test(turn.spoken) && !/^\s/.test(event.delta);
        part = event.part;
        const delta = apart ? `\n${event.delta}` : event.delta;
        turn.speak(delta);
        emit({ type: "text", delta });
        break;
      }
      case "usage":
        emit(event);
        break;
      case "call":
        calls.push(event.call);
        break;
    }
  }
  return calls;
}

async function runAll(
  calls: readonly ToolRequest[],
  { turn, link, runTool }: ConverseOptions,
): Promise<readonly ToolResult[]> {
  const running = calls.map(async (call): Promise<ToolResult> => {
    turn.start(call.callId);
    const output = shortened(await outputOf(call, runTool));
    turn.finish(call.callId, output);
    return { callId: call.callId, output };
  });
  return orAborted(Promise.all(running), link.signal);
}

/** The port promises that tools never reject; a broken promise must not cost the caller the reply. */
async function outputOf(call: ToolRequest, runTool: ThreadOptions["runTool"]): Promise<string> {
  try {
    return await runTool(call);
  } catch {
    return JSON.stringify({ error: "failed", message: "The tool could not be run." });
  }
}

function shortened(output: string): string {
  return output.length <= MOST_OUTPUT ? output : `${output.slice(0, MOST_OUTPUT)} [shortened]`;
}
