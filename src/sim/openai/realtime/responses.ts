/**
 * The responses of one session: at most one writes the default conversation, any number run beside it out of band. Starts,
 * fills and ends them; the events of their items are emit.ts's.
 */
import { Refusal, type Json } from "../check.ts";
import { brainFor, callsOf, think, type BrainReply } from "../script.ts";
import { checkPrompt, checkReasoning } from "./config.ts";
import type { Context } from "./context.ts";
import { call, sendLate, speak, unlessCut, write } from "./emit.ts";
import type { Input } from "./input.ts";
import { brainInput, inputItems, textToSay } from "./prompting.ts";
import { describe, newResponse, type Cancelled, type Response } from "./response.ts";
import { audioTokens, countInput, rateLimits, usageOf, type InputCount } from "./usage.ts";

export interface Responses {
  /** @throws Refusal when the default conversation already has an active response, or a parameter is out of place */
  create(params: Json): void;
  /** Answers a turn of the caller: like `create`, but a response that this turn cut is let end first, and a refusal is sent. */
  answer(): void;
  /** @throws Refusal with response_cancel_not_active */
  cancel(responseId?: string): void;
  /** Speech began: the response that writes the default conversation is cancelled, no other. */
  interrupt(): void;
  readonly active: readonly Response[];
}

const ERRORS: Record<string, { type: string; message: string }> = {
  rate_limit_exceeded: {
    type: "tokens",
    message: "Rate limit reached for this organization on tokens per min. Please try again later.",
  },
  server_error: {
    type: "server_error",
    message: "The server had an error while processing your request. Sorry about that!",
  },
};

export function createResponses(ctx: Context, input: Input): Responses {
  const active = new Set<Response>();
  let read: InputCount = { text: 0, audio: 0 };
  let requests = 0;
  let tokens = 0;
  /** A turn waits for the response it cut to end. */
  let owed = false;

  const onDefault = () => [...active].find((response) => response.inConversation);

  function limits(when: "early" | "late"): void {
    if ((ctx.fault("rateLimits") ?? "late") === when) {
      ctx.send("rate_limits.updated", { rate_limits: rateLimits(requests, tokens) });
    }
  }

  function finish(response: Response, status: string, details: Json | null): void {
    if (!active.delete(response)) return;
    const count = countInput(response.instructions, inputItems(ctx, response), ctx.conversation);
    const output = { text: response.textTokens, audio: audioTokens(response.audioMs) };
    const usage = usageOf(count, response.inConversation ? read : { text: 0, audio: 0 }, output);
    if (response.inConversation) read = count;
    tokens += usage["total_tokens"] as number;
    ctx.send("response.done", { response: describe(ctx, response, status, { status_details: details, usage }) });
    limits("late");
    const late = response.cancelled ? ctx.fault("deltasAfterCancel") : undefined;
    if (late) sendLate(ctx, response, late);
    input.responseDone(response.audioMs);
    if (response.inConversation && owed) {
      owed = false;
      answer();
    }
  }

  function fail(response: Response, code: string, message?: string): void {
    const known = ERRORS[code] ?? { type: "server_error", message: code };
    finish(response, "failed", {
      type: "failed",
      error: { type: known.type, code, message: message ?? known.message },
    });
  }

  function endAs(response: Response): void {
    if (response.cancelled) {
      finish(response, "cancelled", { type: "cancelled", reason: response.cancelled });
    } else if (response.incomplete) {
      finish(response, "incomplete", { type: "incomplete", reason: response.incomplete });
    } else finish(response, "completed", null);
  }

  async function reply(response: Response): Promise<BrainReply> {
    const say = textToSay(ctx, response);
    if (say !== undefined) return { text: ctx.fault("paraphrase") ? paraphrased(say) : say };
    const brain = brainFor(ctx.shared.script, ctx.view, ctx.shared.brain);
    return await think(brain, brainInput(ctx, response));
  }

  async function run(response: Response): Promise<void> {
    const { signal } = response.abort;
    const fault = ctx.fault("response");
    if (!(await ctx.wait(ctx.shared.timing.replyMs + (ctx.fault("responseDelayMs") ?? 0), signal)))
      return endAs(response);
    if (fault === "rate_limit_exceeded" || fault === "server_error") return fail(response, fault);
    const answer = await unlessCut(
      input.settled().then(() => reply(response)),
      signal,
    );
    if (!answer) return endAs(response);
    if (answer.hang) await ctx.wait(2 ** 31 - 1, signal);
    if (answer.firstDelayMs) await ctx.wait(answer.firstDelayMs, signal);
    if (signal.aborted) return endAs(response);
    if (answer.status) return fail(response, answer.status === 429 ? "rate_limit_exceeded" : "server_error");

    let text = answer.refusal ?? answer.chunks?.join("") ?? answer.text ?? "";
    if (fault === "max_output_tokens" || fault === "content_filter") {
      text = text.slice(0, Math.ceil(text.length / 2));
      response.incomplete = fault;
    }
    if (answer.incomplete) response.incomplete = answer.incomplete;
    if (text !== "") await (response.modality === "audio" ? speak : write)(ctx, response, text);
    for (const wanted of callsOf(answer)) {
      if (response.incomplete || signal.aborted) break;
      if (response.tools.some((tool) => tool["name"] === wanted.name))
        await call(ctx, response, wanted.name, wanted.args);
      else ctx.shared.log("the script calls a tool that was not offered", { tool: wanted.name });
    }
    endAs(response);
  }

  function stop(response: Response, why: Cancelled): void {
    response.cancelled ??= why;
    response.abort.abort();
  }

  function create(params: Json): void {
    const busy = onDefault();
    if (busy && params["conversation"] !== "none") {
      throw new Refusal(
        "conversation_already_has_active_response",
        `Conversation already has an active response in progress: ${busy.id}. Wait until the response is finished before creating a new one.`,
      );
    }
    if (ctx.config.type === "transcription") {
      throw new Refusal("invalid_value", "Responses cannot be created in a transcription session.", {
        param: "type",
      });
    }
    checkReasoning(params, ctx.config.model, "response");
    checkPrompt(params["prompt"], "response.prompt", ctx.shared.now(), ctx.shared.faults);
    const response = newResponse(ctx, params);
    inputItems(ctx, response);
    active.add(response);
    requests++;
    ctx.send("response.created", { response: describe(ctx, response, "in_progress") });
    limits("early");
    run(response).catch((error: unknown) => {
      ctx.shared.log("a response could not be made", { error: String(error) });
      fail(response, "server_error", String(error));
    });
  }

  function answer(): void {
    if (onDefault()?.cancelled) {
      owed = true;
      return;
    }
    try {
      create({});
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      ctx.sendError(error);
    }
  }

  return {
    get active() {
      return [...active];
    },
    create,
    answer,
    cancel(responseId) {
      const response = responseId === undefined ? onDefault() : [...active].find((one) => one.id === responseId);
      if (!response || response.cancelled) {
        throw new Refusal("response_cancel_not_active", "Cancellation failed: no active response found.");
      }
      stop(response, "client_cancelled");
    },
    interrupt() {
      const response = onDefault();
      if (response) stop(response, "turn_detected");
    },
  };
}

/** Another wording of a text: near enough to be plausible, different enough that a comparison must notice. */
function paraphrased(text: string): string {
  const words = text.split(/\s+/);
  return words.length < 4 ? `Sure, ${text}` : `Sure, ${words.slice(0, -2).join(" ")} and so on.`;
}
