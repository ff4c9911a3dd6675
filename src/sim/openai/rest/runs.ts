/** Runs of the Assistants API: created, listened to, cancelled, given tool outputs. One thread has at most one that is active. */
import { Refusal, type Json } from "../check.ts";
import { brainFor, think } from "../script.ts";
import type { Call, Route, Sse } from "./http.ts";
import type { Env } from "./index.ts";
import { checkOutputs, checkRun, newRun, type StoredRun } from "./run-store.ts";
import { carryOut, settle, takeOutputs, type Tell } from "./run-work.ts";
import { brainInput, page, textOf, type Said } from "./thinking.ts";
import { activeRun, guarded, newMessage, requireThread, type StoredThread } from "./thread-store.ts";

/** Milliseconds a run stays "cancelling". */
const CANCEL_MS = 150;

export function runRoutes(env: Env): Route[] {
  const nowS = () => Math.floor(env.shared.now() / 1000);

  function said(thread: StoredThread, run: StoredRun): Said[] {
    const lines: Said[] = thread.messages.map((message) => ({ role: message.role, text: textOf(message.content) }));
    const outputs = run.answered.map((call) => ({
      role: "tool" as const,
      text: call.function.output ?? "",
      callId: call.id,
      tool: call.function.name,
    }));
    return [...lines, ...outputs];
  }

  async function work(thread: StoredThread, run: StoredRun, tell: Tell): Promise<void> {
    const job = { env, thread, run, tell };
    const question = {
      api: "assistants",
      model: run.data.model,
      said: said(thread, run),
      tools: run.toolNames,
    } as const;
    const input = brainInput({ ...question, instructions: run.data.instructions, thread: thread.id });
    const reply = await think(brainFor(env.shared.script, undefined, env.shared.brain), input);
    if (run.ended || run.abort.signal.aborted) return;
    if (reply.status) {
      const code = reply.status === 429 ? "rate_limit_exceeded" : "server_error";
      return settle(job, "failed", { code, message: `The run failed with ${reply.status}.` });
    }
    await carryOut(job, reply);
  }

  /** Starts or goes on with a run; the answer is its event stream, or the run at once. */
  function go(call: Call, thread: StoredThread, run: StoredRun, start: (tell: Tell) => void, streamed: boolean): void {
    let sse: Sse | undefined = streamed ? call.sse() : undefined;
    run.dropListener = () => call.drop();
    const tell: Tell = (event, data) => {
      sse?.send(data, event);
      const over = ["requires_action", "completed", "cancelled", "failed", "incomplete", "expired"];
      if (!sse || !over.some((end) => event === `thread.run.${end}`)) return;
      sse.send("[DONE]", "done");
      sse.end();
      sse = undefined;
    };
    run.tell = tell;
    if (!streamed) call.json(run.data);
    start(tell);
    work(thread, run, tell).catch((error: unknown) =>
      settle({ env, thread, run, tell }, "failed", { code: "server_error", message: String(error) }),
    );
  }

  function runOf(call: Call, thread: StoredThread): StoredRun {
    const run = thread.runs.find((one) => one.id === call.params["run_id"]);
    if (!run) throw new Refusal(null, `No run found with id '${call.params["run_id"]}'.`, { status: 404 });
    const { tell } = run;
    if (!run.ended && run.data.expires_at !== null && nowS() >= run.data.expires_at)
      settle({ env, thread, run, tell }, "expired");
    return run;
  }

  return guarded(env, [
    {
      method: "POST",
      pattern: "/v1/threads/:thread_id/runs",
      handle(call) {
        const thread = requireThread(env, call);
        checkRun(call.body, "");
        const active = activeRun(thread);
        if (active) throw new Refusal(null, `Thread ${thread.id} already has an active run ${active.id}.`);
        const run = newRun(env, thread, call.body);
        const more = (call.body["additional_messages"] ?? []) as Json[];
        thread.messages.push(...more.map((message) => newMessage(env, thread.id, message)));
        thread.runs.push(run);
        const start = (tell: Tell) => {
          tell("thread.run.created", run.data);
          tell("thread.run.queued", run.data);
          run.data.status = "in_progress";
          run.data["started_at"] = nowS();
          tell("thread.run.in_progress", run.data);
        };
        go(call, thread, run, start, call.body["stream"] === true);
      },
    },
    {
      method: "GET",
      pattern: "/v1/threads/:thread_id/runs",
      handle(call) {
        const runs = requireThread(env, call).runs.map((run) => run.data);
        call.json(page(runs, call.request.query));
      },
    },
    {
      method: "GET",
      pattern: "/v1/threads/:thread_id/runs/:run_id",
      handle: (call) => call.json(runOf(call, requireThread(env, call)).data),
    },
    {
      method: "POST",
      pattern: "/v1/threads/:thread_id/runs/:run_id/cancel",
      handle(call) {
        const thread = requireThread(env, call);
        const run = runOf(call, thread);
        if (run.ended || run.data.status === "cancelling") {
          throw new Refusal(null, `Cannot cancel run with status '${run.data.status}'.`);
        }
        const { tell } = run;
        run.data.status = "cancelling";
        tell("thread.run.cancelling", run.data);
        run.abort.abort();
        void env.wait(CANCEL_MS, env.closing).then(() => settle({ env, thread, run, tell }, "cancelled"));
        call.json(run.data);
      },
    },
    {
      method: "POST",
      pattern: "/v1/threads/:thread_id/runs/:run_id/submit_tool_outputs",
      handle(call) {
        const thread = requireThread(env, call);
        const run = runOf(call, thread);
        checkOutputs(call.body, "");
        if (run.data.status !== "requires_action") {
          throw new Refusal(null, `Runs in status "${run.data.status}" do not accept tool outputs.`);
        }
        const outputs = call.body["tool_outputs"] as { tool_call_id: string; output: string }[];
        const wanted = run.waitingFor.map((one) => one.id);
        const given = outputs.map((one) => one.tool_call_id);
        if (wanted.some((id) => !given.includes(id)) || given.some((id) => !wanted.includes(id))) {
          throw new Refusal(
            null,
            `Expected tool outputs for call_ids ${JSON.stringify(wanted)}, got ${JSON.stringify(given)}`,
          );
        }
        const start = (tell: Tell) => {
          takeOutputs({ env, thread, run, tell }, outputs);
          tell("thread.run.queued", run.data);
          tell("thread.run.in_progress", run.data);
        };
        go(call, thread, run, start, call.body["stream"] === true);
      },
    },
  ]);
}
