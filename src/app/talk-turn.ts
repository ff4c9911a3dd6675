// One turn of a conversation over requests: the guard reads it, the organization's assistant thread answers it with its tools, the guard
// reads the answer. Gives back the conversation as it is afterwards, or throws and has changed nothing.
import { runTool } from "../bridge/run-tool.ts";
import type { EndReason, IntakeRecord, TurnRecord } from "../core/call.ts";
import type { Clock, Ids } from "../core/clock.ts";
import type { EscalationRequest } from "../core/escalation.ts";
import type { CallGuard, Verdict } from "../core/guard.ts";
import type { Log, Meter } from "../core/observe.ts";
import { ThreadError, type ThreadClient, type ThreadUsage, type ToolRequest } from "../core/thread.ts";
import type { ModelUsage } from "../core/usage.ts";
import { judgeLine } from "../safety/guard.ts";
import { atMs, withEscalation, withFlag, withTool } from "./browser-call.ts";
import type { PlannedEscalation } from "./browser-escalations.ts";
import type { Kit } from "./kit.ts";
import { moved, spoken, withLine, withThread, type Talk } from "./talk.ts";

export interface TurnParts {
  readonly kit: Kit;
  readonly threads: ThreadClient;
  readonly used: (usage: ModelUsage) => void;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly meter: Meter;
}

export interface TurnInput {
  /** Empty: something was said that nobody understood. */
  readonly text: string;
  readonly by: TurnRecord["by"];
}

export interface TurnResult {
  readonly talk: Talk;
  readonly answer: string;
}

/** The guard remembers what repeats; more lines back nothing does. */
const GUARDED_LINES = 40;
const SAY_AGAIN = "Sorry, I did not catch that. Could you say it again?";
const GOODBYE = "Goodbye.";
const CALLED_FOR =
  "Somebody was called for. Nobody can be connected to this conversation: say that they get back to the caller, and ask how.";

/** @throws ThreadError when there is no answer; the signal's reason when it aborts. */
export async function takeTurn(
  before: Talk,
  { text, by }: TurnInput,
  signal: AbortSignal,
  parts: TurnParts,
): Promise<TurnResult> {
  const { kit, clock, ids, log, meter } = parts;
  const { party } = before;
  // Whom a key has named; whoever came without one may have named anybody.
  const userId = party.attested === true && party.from !== "" ? party.from : undefined;
  const who = { orgId: party.orgId, ...(userId !== undefined && { userId }) };
  const moment = kit.at(clock.date(), party, who);
  const guard = guardOf(kit, before);
  let talk = withLine(before, "caller", text, clock.date(), by);
  let isEscalated = false;
  let ending: EndReason | undefined;
  const notes: string[] = [];

  function escalate(request: EscalationRequest): PlannedEscalation {
    const id = ids.id("esc");
    const plan = moment.planEscalation(request, id, talk.escalations);
    const { trigger, urgency } = request;
    talk = {
      ...talk,
      ...withEscalation(talk, {
        ...request,
        id,
        mode: plan.mode,
        ...(plan.contact !== undefined && { contact: plan.contact }),
        atMs: atMs(talk, clock.date()),
        outcome: plan.mode === "message" ? "message-taken" : "none",
      }),
    };
    isEscalated = true;
    meter.count("voice_escalations_total", { trigger, urgency });
    log.warn("a human is called for in a conversation", { callId: party.callId, trigger, urgency });
    const note = plan.ending ? CALLED_FOR : plan.note;
    if (note !== undefined) notes.push(note);
    return { ...plan, id, request };
  }

  /** What the guard wants said at once, and whether nothing else is to be. */
  function heed(verdict: Verdict, whose: "caller" | "agent"): { readonly say: string; readonly isAll: boolean } {
    if (verdict.kind === "pass") return { say: "", isAll: false };
    meter.count("voice_guard_verdicts_total", { verdict: verdict.kind, by: whose });
    switch (verdict.kind) {
      case "flag":
        talk = { ...talk, ...withFlag(talk, { rule: verdict.rule, by: whose, atMs: atMs(talk, clock.date()) }) };
        return { say: "", isAll: false };
      case "say":
        return { say: verdict.text, isAll: true };
      case "end":
        ending = "agent-hangup";
        return { say: verdict.text, isAll: true };
      case "escalate": {
        const { trigger, urgency, rule } = verdict;
        const { say } = escalate({ trigger, urgency, reason: rule });
        return { say, isAll: urgency === "emergency" && say !== "" };
      }
    }
  }

  async function useTool(request: ToolRequest, turnSignal: AbortSignal): Promise<string> {
    const began = clock.now();
    const startedMs = atMs(talk, clock.date());
    const intake = { kept: undefined as IntakeRecord | undefined };
    const { output, result } = await runTool(
      new Map(moment.tools.map((tool) => [tool.name, tool])),
      request,
      {
        callId: party.callId,
        ...who,
        turn: talk.lines.filter(({ role }) => role === "caller").length,
        signal: turnSignal,
        endAfterReply(how) {
          // Nobody can be dialled into this: the person is called for instead.
          if (how.kind === "transfer") escalate({ trigger: "tool", urgency: "normal", reason: how.note });
          else ending = how.reason;
        },
        escalate,
        intake: () => intake.kept ?? talk.intake,
        keepIntake: (kept) => void (intake.kept = { ...kept, updatedAtMs: atMs(talk, clock.date()) }),
      },
      clock,
    );
    const tookMs = Math.round(clock.now() - began);
    talk = { ...talk, ...withTool(talk, { name: request.name, result, atMs: startedMs, tookMs }) };
    if (intake.kept) talk = { ...talk, intake: intake.kept };
    meter.count("voice_tool_calls_total", { tool: result === "unknown-tool" ? "unknown" : request.name, result });
    return output;
  }

  async function think(): Promise<string> {
    const thread = parts.threads.open({
      callId: party.callId,
      instructions: moment.instructions,
      tools: moment.tools,
      history: spoken(before),
      ...(before.threadId !== undefined && { threadId: before.threadId }),
    });
    try {
      const note = notes.splice(0).join(" ");
      const stream = thread.reply(
        { text, ...(note !== "" && { note }) },
        { signal, runTool: (request) => useTool(request, signal) },
      );
      let reply = "";
      for await (const event of stream) {
        if (event.type === "text") reply += event.delta;
        else parts.used(billed(event.usage));
      }
      talk = withThread(talk, thread.threadId());
      return reply.trim();
    } finally {
      await thread.close();
    }
  }

  const first = heed(text === "" ? guard.unheard() : guard.caller(text), "caller");
  let answer = first.say;
  if (text === "") answer = `${answer} ${kit.organization.phrases?.["say-again"] ?? SAY_AGAIN}`.trim();
  else if (!first.isAll) {
    const reply = await think();
    const second = heed(reply === "" ? { kind: "pass" } : guard.agent(reply), "agent");
    const words = second.isAll ? second.say : `${reply} ${second.say}`.trim();
    answer = `${answer} ${words}`.trim();
    if (answer === "" && ending === undefined) throw new ThreadError("failed", "The answer has no words in it");
  }
  signal.throwIfAborted();
  talk = withLine(talk, "agent", answer || GOODBYE, clock.date());
  const event = ending ? "ended" : isEscalated ? "escalated" : text === "" ? "misunderstood" : "answered";
  return { talk: moved(talk, event, clock.date()), answer: answer || GOODBYE };
}

/** As it would be had it read everything itself: it may have been another instance that did. */
function guardOf(kit: Kit, { lines }: Talk): CallGuard {
  const guard = kit.guard.forCall();
  for (const line of lines.slice(-GUARDED_LINES)) {
    if (line.role === "caller" && line.text === "") guard.unheard();
    else judgeLine(guard, line);
  }
  return guard;
}

function billed({ model, inputTokens, cachedInputTokens, outputTokens }: ThreadUsage): ModelUsage {
  const counts = { input: inputTokens - cachedInputTokens, cached_input: cachedInputTokens, output: outputTokens };
  return { purpose: "thread", model, counts };
}
