// Runs the tools that a browser's engine asked for: under the tool's own time limit, once for each of the engine's tool calls, with a
// row in the record. What a tool does to its call is done when it has come back.
import type { ToolAnswer, ToolRun } from "../api/ports.ts";
import { runTool } from "../bridge/run-tool.ts";
import type { EndReason, IntakeRecord } from "../core/call.ts";
import type { EscalationRequest } from "../core/escalation.ts";
import { InvalidRequest, Problem } from "../core/problem.ts";
import { atMs, goodbye, hasEnded, withAnswer, withTool, type BrowserCall } from "./browser-call.ts";
import type { BrowserCallParts } from "./browser-call-parts.ts";
import type { BrowserEscalations, PlannedEscalation, Publish } from "./browser-escalations.ts";
import type { SharedValues } from "./shared-value.ts";

type Change = <Result>(
  callId: string,
  make: (call: BrowserCall, now: Date) => { readonly call: BrowserCall; readonly result: Result },
) => Promise<{ readonly call: BrowserCall; readonly result: Result }>;

export interface BrowserToolParts extends Pick<BrowserCallParts, "clock" | "ids" | "kitOf" | "meter" | "log"> {
  readonly calls: Pick<SharedValues<BrowserCall>, "get">;
  readonly change: Change;
  readonly escalations: BrowserEscalations;
  readonly publish: Publish;
}

/** What a tool did, to be made true at once when it has come back. */
interface Deeds {
  intake?: IntakeRecord;
  ending?: EndReason;
  readonly planned: PlannedEscalation[];
}

export function createBrowserTools(parts: BrowserToolParts) {
  const { calls, clock, ids, kitOf, meter, log, change, escalations, publish } = parts;
  /** Tool calls at work, so that one that is sent again meanwhile waits for the first. */
  const atWork = new Map<string, Promise<ToolAnswer>>();

  async function run(callId: string, { name, arguments: args, toolCallId }: ToolRun, signal: AbortSignal) {
    const call = await calls.get(callId);
    if (!call) throw new Problem(404, "There is no such call");
    if (hasEnded(call)) throw new Problem(409, "The call has ended");
    const done = call.answers.find((one) => one.toolCallId === toolCallId);
    if (done) return done.answer as ToolAnswer;

    const { tools, planEscalation } = await kitOf(call.party.orgId);
    const began = clock.now();
    const startedMs = atMs(call, clock.date());
    const deeds: Deeds = { planned: [] };
    function escalate(request: EscalationRequest): PlannedEscalation {
      const id = ids.id("esc");
      const planned = { ...planEscalation(request, id), id, request };
      deeds.planned.push(planned);
      return planned;
    }
    const { output, result } = await runTool(
      new Map(tools.map((tool) => [tool.name, tool])),
      { callId: toolCallId ?? ids.id("tool"), name, arguments: args },
      {
        callId,
        signal,
        endAfterReply(ending) {
          // Nobody can be dialled into this call: the person is called for instead.
          if (ending.kind === "transfer") escalate({ trigger: "tool", urgency: "normal", reason: ending.note });
          else deeds.ending = ending.reason;
        },
        escalate,
        intake: () => deeds.intake ?? call.intake,
        keepIntake: (kept) => void (deeds.intake = { ...kept, updatedAtMs: atMs(call, clock.date()) }),
      },
      clock,
    );
    if (result === "unknown-tool") throw new Problem(404, "This call has no such tool");

    const tookMs = Math.round(clock.now() - began);
    meter.count("voice_tool_calls_total", { tool: name, result });
    meter.observe("voice_tool_duration_seconds", tookMs / 1000, { tool: name });
    log.info("tool of a browser call", { callId, tool: name, result, tookMs });
    const say = deeds.planned.map((planned) => planned.say).filter((text) => text !== "");
    const after = await change(callId, (one, now) => {
      let next = withTool(one, { name, result, atMs: startedMs, tookMs });
      if (deeds.intake) next = { ...next, intake: deeds.intake };
      const records = deeds.planned.map((planned) => {
        const { call: escalated, result: record } = escalations.record(next, planned, now);
        next = escalated;
        return record;
      });
      if (deeds.ending) next = { ...next, ending: goodbye(deeds.ending, now) };
      const answer: ToolAnswer = {
        result,
        output,
        phase: next.phase,
        ends: deeds.ending !== undefined,
        ...(say.length > 0 && { say: say.join(" ") }),
      };
      if (toolCallId !== undefined && result !== "invalid-arguments") next = withAnswer(next, toolCallId, answer);
      return { call: next, result: { answer, records } };
    });
    publish(after.call, "tool", { tool: name, result });
    if (deeds.intake) publish(after.call, "intake", { status: deeds.intake.status });
    for (const record of after.result.records) escalations.told(after.call, record);
    if (result === "invalid-arguments") {
      throw new InvalidRequest([{ in: "body", pointer: "/arguments", detail: messageIn(output) }]);
    }
    return after.result.answer;
  }

  return {
    /** @throws Problem 400 for arguments that do not fit, 404, 409 */
    run(callId: string, what: ToolRun, signal: AbortSignal): Promise<ToolAnswer> {
      const key = what.toolCallId === undefined ? undefined : `${callId} ${what.toolCallId}`;
      const before = key === undefined ? undefined : atWork.get(key);
      if (before) return before;
      const mine = run(callId, what, signal);
      if (key !== undefined) {
        atWork.set(key, mine);
        const forget = (): void => void atWork.delete(key);
        mine.then(
          () => forget(),
          () => forget(),
        );
      }
      return mine;
    },
  };
}

/** The sentence that the model would be told. */
function messageIn(output: string): string {
  return (JSON.parse(output) as { readonly error: { readonly message: string } }).error.message;
}
