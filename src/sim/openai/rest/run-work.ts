/**
 * What a run of the Assistants API does while it is active: the reply as a message, or tool calls that wait for outputs, told
 * as named events to whoever listens. A run goes on when its listener leaves; only a cancel or its own end stops it.
 */
import type { Json } from "../check.ts";
import { callsOf, type BrainReply } from "../script.ts";
import type { Env } from "./index.ts";
import type { StoredRun } from "./run-store.ts";
import { deliver, lastBreak } from "./thinking.ts";
import { newMessage, type StoredThread } from "./thread-store.ts";

export type Tell = (event: string, data: Json) => void;

interface Work {
  env: Env;
  thread: StoredThread;
  run: StoredRun;
  tell: Tell;
}

const now = (env: Env) => Math.floor(env.shared.now() / 1000);

function newStep(work: Work, type: "message_creation" | "tool_calls", step_details: Json): Json {
  const { env, thread, run } = work;
  return {
    id: env.chance.id("step_", 24),
    object: "thread.run.step",
    created_at: now(env),
    run_id: run.id,
    assistant_id: run.data.assistant_id,
    thread_id: thread.id,
    type,
    status: "in_progress",
    cancelled_at: null,
    completed_at: null,
    expired_at: null,
    failed_at: null,
    last_error: null,
    step_details,
    usage: null,
    metadata: {},
  };
}

function begin(work: Work, step: Json): void {
  work.run.step = step;
  work.tell("thread.run.step.created", step);
  work.tell("thread.run.step.in_progress", step);
}

function closeStep(work: Work, status: "completed" | "cancelled" | "failed"): void {
  const { step } = work.run;
  if (!step) return;
  step["status"] = status;
  step[`${status}_at`] = now(work.env);
  work.tell(`thread.run.step.${status}`, step);
  work.run.step = undefined;
}

/** Brings a run to its end and tells so; once ended it stays as it is. */
export function settle(
  work: Work,
  status: "completed" | "cancelled" | "failed" | "incomplete" | "expired",
  error?: Json,
): void {
  const { env, run } = work;
  if (run.ended) return;
  run.ended = true;
  closeStep(
    work,
    status === "completed" || status === "incomplete" ? "completed" : status === "failed" ? "failed" : "cancelled",
  );
  run.data.status = status;
  if (status !== "expired" && status !== "incomplete") run.data[`${status}_at`] = now(env);
  if (status === "incomplete") run.data["incomplete_details"] = { reason: "max_completion_tokens" };
  if (error) run.data["last_error"] = error;
  run.data["required_action"] = null;
  run.data.expires_at = null;
  run.data["usage"] = { prompt_tokens: 40, completion_tokens: 12, total_tokens: 52 };
  work.tell(`thread.run.${status}`, run.data);
}

/** Carries out a reply; resolves when the run has ended or waits for tool outputs. */
export async function carryOut(work: Work, reply: BrainReply): Promise<void> {
  const { env, run } = work;
  const text = reply.chunks?.join("") ?? reply.text ?? "";
  const call = {
    signal: run.abort.signal,
    wait: (ms: number) => env.wait(ms, run.abort.signal),
    drop: () => run.dropListener(),
  };
  if (text !== "" || reply.hang) {
    const delivered = await say(work, reply, call);
    if (delivered === "gone") return;
    if (delivered === "failed")
      return settle(work, "failed", { code: "server_error", message: "Sorry, something went wrong." });
  }
  const last = await lastBreak(call, reply);
  if (last === "gone") return;
  if (last === "failed")
    return settle(work, "failed", { code: "server_error", message: "Sorry, something went wrong." });

  const calls = callsOf(reply).filter((wanted) => run.toolNames.includes(wanted.name));
  if (calls.length === 0) return settle(work, reply.incomplete ? "incomplete" : "completed");
  const toolCalls = calls.map((wanted) => ({
    id: env.chance.id("call_", 24),
    type: "function",
    function: { name: wanted.name, arguments: wanted.args, output: null as string | null },
  }));
  const step = newStep(work, "tool_calls", { type: "tool_calls", tool_calls: [] });
  begin(work, step);
  toolCalls.forEach((one, index) => {
    const tellDelta = (part: Json) =>
      work.tell("thread.run.step.delta", {
        id: step["id"],
        object: "thread.run.step.delta",
        delta: { step_details: { type: "tool_calls", tool_calls: [{ index, type: "function", ...part }] } },
      });
    tellDelta({ id: one.id, function: { name: one.function.name, arguments: "", output: null } });
    for (const piece of one.function.arguments.match(/[\s\S]{1,12}/g) ?? [])
      tellDelta({ function: { arguments: piece } });
  });
  step["step_details"] = { type: "tool_calls", tool_calls: toolCalls };
  run.waitingFor = toolCalls;
  run.data.status = "requires_action";
  const shownCalls = toolCalls.map(({ id, type, function: { name, arguments: args } }) => ({
    id,
    type,
    function: { name, arguments: args },
  }));
  run.data["required_action"] = { type: "submit_tool_outputs", submit_tool_outputs: { tool_calls: shownCalls } };
  work.tell("thread.run.requires_action", run.data);
}

/** Closes a waiting tool step with the outputs that came. */
export function takeOutputs(work: Work, outputs: readonly { tool_call_id: string; output: string }[]): void {
  const { run } = work;
  for (const call of run.waitingFor) {
    call.function.output = outputs.find((one) => one.tool_call_id === call.id)?.output ?? null;
  }
  run.answered.push(...run.waitingFor);
  run.waitingFor = [];
  run.data["required_action"] = null;
  closeStep(work, "completed");
  run.data.status = "in_progress";
}

async function say(work: Work, reply: BrainReply, call: Parameters<typeof deliver>[1]) {
  const { env, thread, run, tell } = work;
  const message = newMessage(env, thread.id, { role: "assistant", content: [] });
  Object.assign(message, {
    status: "in_progress",
    completed_at: null,
    assistant_id: run.data.assistant_id,
    run_id: run.id,
  });
  begin(
    work,
    newStep(work, "message_creation", { type: "message_creation", message_creation: { message_id: message.id } }),
  );
  thread.messages.push(message);
  tell("thread.message.created", message);
  tell("thread.message.in_progress", message);
  const text = { value: "", annotations: [] };
  const delivered = await deliver(env, call, reply, (piece) => {
    if (message.content.length === 0) message.content.push({ type: "text", text });
    text.value += piece;
    tell("thread.message.delta", {
      id: message.id,
      object: "thread.message.delta",
      delta: { content: [{ index: 0, type: "text", text: { value: piece } }] },
    });
  });
  const whole = delivered === "whole" && !reply.incomplete;
  message.status = whole ? "completed" : "incomplete";
  message[whole ? "completed_at" : "incomplete_at"] = now(env);
  if (!whole) {
    const reason = reply.incomplete ? "max_tokens" : delivered === "gone" ? "run_cancelled" : "run_failed";
    message["incomplete_details"] = { reason };
  }
  tell(whole ? "thread.message.completed" : "thread.message.incomplete", message);
  if (delivered === "whole") closeStep(work, "completed");
  return delivered;
}
