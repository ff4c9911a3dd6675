// The old Assistants wire (threads and runs), retired by OpenAI and Azure on 2026-08-26: only for compatible servers that still
// speak it, and tested against the simulator alone. It leaves by deleting this file and its line (and import) in index.ts.
import type OpenAI from "openai";
import type { AssistantStreamEvent, AssistantTool } from "openai/resources/beta/assistants";
import type { Message as HeldMessage } from "openai/resources/beta/threads/messages";
import type { Run } from "openai/resources/beta/threads/runs/runs";
import { createAnchor } from "./anchor.ts";
import { fromErrorEvent, ThreadFailure } from "./failure.ts";
import { nestedTools } from "./function-tools.ts";
import { seedOf } from "./ledger.ts";
import { planRepair, type HeldItem } from "./repair-plan.ts";
import type { Link, Message, OpenWire, Round, WireEvent } from "./wire.ts";

export interface AssistantsOptions {
  readonly openai: OpenAI;
  readonly assistantId: string;
  readonly maxOutputTokens?: number;
}

const PAGE = 100;
/** The API takes no lower limit for the tokens of a run. */
const LEAST_TOKENS = 256;
/** ms between two looks at a run that is being cancelled. */
const POLL_MS = 100;

export function assistantsWire({ openai, assistantId, maxOutputTokens }: AssistantsOptions): OpenWire {
  const { threads, assistants } = openai.beta;

  return ({ instructions, tools, threadId }) => {
    let thread = threadId;
    const anchor = createAnchor();
    /** The far side may hold something of the current turn. */
    let touched = false;
    let runId = "";
    /** The assistant's own tools, and ours: a run's tools replace the assistant's. */
    let offered: Promise<AssistantTool[]> | undefined;
    /** Messages of the current turn that were posted, with their ids; a round may be tried again. */
    const posted = new Map<Message, string>();
    /** Text given out in the current turn, by message id. */
    const spoken = new Map<string, string>();

    async function ready(link: Link): Promise<string> {
      if (thread === undefined) {
        const messages = link.said().map(seedOf);
        const made = await link
          .send((signal) => threads.create(messages.length > 0 ? { messages } : {}, { signal }))
          .catch(gone);
        thread = made.id;
        if (messages.length === 0) anchor.set(undefined);
      }
      if (!anchor.isKnown()) anchor.set((await newest(thread, 1, link)).data[0]);
      return thread;
    }

    async function toolsOf(link: Link): Promise<AssistantTool[]> {
      const assistant = await link.send((signal) => assistants.retrieve(assistantId, { signal })).catch(gone);
      const names = new Set(tools.map((tool) => tool.name));
      const own = assistant.tools.filter((tool) => tool.type !== "function" || !names.has(tool.function.name));
      return [...own, ...nestedTools(tools)];
    }

    function newest(id: string, limit: number, link: Link) {
      return link.send((signal) => threads.messages.list(id, { order: "desc", limit }, { signal }));
    }

    function post(id: string, role: "user" | "assistant", content: string, link: Link, undo?: () => Promise<void>) {
      return link.send((signal) => threads.messages.create(id, { role, content }, { signal }), undo);
    }

    async function remove(id: string, messages: readonly string[], link: Link): Promise<void> {
      const params = { thread_id: id };
      await Promise.all(
        messages.map((message) => link.send((signal) => threads.messages.delete(message, params, { signal }))),
      );
    }

    /** A message that was posted though its answer was a failure would be read twice. */
    async function takeBack(id: string, link: Link): Promise<void> {
      const page = await newest(id, PAGE, link);
      const known = new Set(posted.values());
      const ids = anchor.since(page.data, !page.has_more).map((message) => message.id);
      const left = ids.filter((message) => !known.has(message));
      await remove(id, left, link);
    }

    function begin(): void {
      // Still touched: the turn before ended well, without a repair.
      const last = [...spoken.keys()].at(-1) ?? [...posted.values()].at(-1);
      if (touched && last !== undefined) anchor.set({ id: last });
      touched = false;
      posted.clear();
      spoken.clear();
    }

    async function open(round: Round, link: Link): Promise<AsyncIterable<AssistantStreamEvent>> {
      if (round.kind === "results") {
        const outputs = round.results.map(({ callId, output }) => ({ tool_call_id: callId, output }));
        const thread_id = await ready(link);
        return link
          .send((signal) =>
            threads.runs.submitToolOutputs(runId, { thread_id, tool_outputs: outputs, stream: true }, { signal }),
          )
          .catch(gone);
      }
      offered ??= toolsOf(link);
      const offer = offered;
      // A failure is reported where it is awaited, below.
      offer.catch(() => (offered = undefined));
      const id = await ready(link);
      touched = true;
      for (const message of round.messages) {
        if (posted.has(message)) continue;
        const { id: made } = await post(id, "user", contentOf(message), link, () => takeBack(id, link));
        posted.set(message, made);
      }
      const body = {
        assistant_id: assistantId,
        // Added to the assistant's own instructions, which stay in force; so does its own model.
        additional_instructions: instructions,
        tools: await offer,
        stream: true as const,
        ...(maxOutputTokens !== undefined && { max_completion_tokens: Math.max(maxOutputTokens, LEAST_TOKENS) }),
      };
      return link.send((signal) => threads.runs.create(id, body, { signal })).catch(gone);
    }

    async function* round(round: Round, link: Link): AsyncGenerator<WireEvent, void> {
      if (round.kind === "messages" && !round.messages.some((message) => posted.has(message))) begin();
      for await (const event of link.read(await open(round, link), isLast)) {
        switch (event.event) {
          case "thread.run.created":
            runId = event.data.id;
            break;
          case "thread.message.delta":
            for (const part of event.data.delta.content ?? []) {
              const delta = part.type === "text" ? part.text?.value : part.type === "refusal" ? part.refusal : "";
              if (!delta) continue;
              spoken.set(event.data.id, (spoken.get(event.data.id) ?? "") + delta);
              yield { type: "text", delta, part: event.data.id };
            }
            break;
          case "thread.run.requires_action":
            runId = event.data.id;
            for (const call of event.data.required_action?.submit_tool_outputs.tool_calls ?? []) {
              yield {
                type: "call",
                call: { callId: call.id, name: call.function.name, arguments: call.function.arguments },
              };
            }
            break;
          case "thread.run.completed":
          case "thread.run.incomplete":
          case "thread.run.failed":
          case "thread.run.cancelled":
          case "thread.run.expired":
            yield* ending(event.data);
            break;
          default:
            break;
        }
      }
    }

    function* ending(run: Run): Generator<WireEvent, void> {
      if (run.usage) {
        yield {
          type: "usage",
          usage: {
            model: run.model,
            inputTokens: run.usage.prompt_tokens,
            cachedInputTokens: 0,
            outputTokens: run.usage.completion_tokens,
          },
        };
      }
      if (run.status === "failed") throw fromErrorEvent(run.last_error ?? {});
      const cut = run.status === "incomplete" && spoken.size > 0;
      if (run.status !== "completed" && !cut) {
        const upstreamCode = run.incomplete_details?.reason ?? run.status;
        throw new ThreadFailure("failed", `The run ended ${run.status}`, { reached: true, upstreamCode });
      }
    }

    /** A thread with an active run takes neither messages nor runs: cancels it and waits until it is over. */
    async function stopRuns(id: string, link: Link): Promise<void> {
      const page = await link.send((signal) => threads.runs.list(id, { order: "desc", limit: 5 }, { signal }));
      for (const { id: run } of page.data.filter(isActive)) {
        const params = { thread_id: id };
        await link
          .send((signal) => threads.runs.cancel(run, params, { signal }))
          .catch((error: unknown) => {
            // 400: it ended by itself in the meantime.
            if (!(error instanceof ThreadFailure) || error.facts.status !== 400) throw error;
          });
        while (isActive(await link.send((signal) => threads.runs.retrieve(run, params, { signal })))) {
          await link.pause(POLL_MS);
        }
      }
    }

    return {
      id: () => thread,
      prepare: (link) => ready(link).then(() => undefined),
      round,
      async repair(turn, link) {
        const id = thread;
        if (id === undefined || (turn && !touched)) return { held: false };
        await stopRuns(id, link);
        if (!turn) return { held: true };
        const page = await newest(id, PAGE, link);
        const messages = anchor.since(page.data, !page.has_more);
        const plan = planRepair(messages.map(heldItem), turn, spoken);
        await remove(id, plan.remove, link);
        let last: { readonly id: string } | undefined = messages.findLast(({ id }) => !plan.remove.includes(id));
        for (const addition of plan.add) {
          if (addition.kind === "message") last = await post(id, "user", contentOf(addition.message), link);
          if (addition.kind === "text") last = await post(id, "assistant", addition.text, link);
        }
        if (last) anchor.set(last);
        touched = false;
        posted.clear();
        return { held: plan.held };
      },
      forget() {
        thread = undefined;
        touched = false;
        posted.clear();
        anchor.lose();
      },
    };
  };
}

/** 404 or 410 where a thread is made or a run is started: the API is gone, or the assistant is; both need the operator. */
function gone(error: unknown): never {
  if (error instanceof ThreadFailure && (error.facts.status === 404 || error.facts.status === 410)) {
    throw new ThreadFailure("assistants-removed", "The Assistants API does not exist at this host", error.facts);
  }
  throw error;
}

function isLast({ event }: AssistantStreamEvent): boolean {
  return /^thread\.run\.(completed|incomplete|failed|cancelled|expired|requires_action)$/.test(event);
}

function isActive({ status }: Run): boolean {
  return status === "queued" || status === "in_progress" || status === "requires_action" || status === "cancelling";
}

/** Threads know no developer messages; a note has to say itself that the caller did not say it. */
function contentOf({ from, text }: Message): string {
  return from === "note" ? `[note of the phone system, not said by the caller] ${text}` : text;
}

function heldItem(message: HeldMessage): HeldItem {
  if (message.role === "user") return { kind: "message", id: message.id };
  const text = message.content
    .map((part) => (part.type === "text" ? part.text.value : part.type === "refusal" ? part.refusal : ""))
    .join("");
  return { kind: "text", id: message.id, text };
}
