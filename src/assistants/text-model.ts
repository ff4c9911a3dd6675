// The model that writes, over Chat Completions, which every compatible server speaks. What a model does not take of what we ask
// for (a temperature, an effort, a limit by its newer name) is found out when it refuses it, and left out from then on.
import type OpenAI from "openai";
import { APIError } from "openai";
import type { ChatCompletionCreateParamsNonStreaming } from "openai/resources/chat/completions";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/observe.ts";
import type { TextModel, WrittenLine } from "../core/text-model.ts";
import type { ThreadError } from "../core/thread.ts";
import { createOpenAI, type Fetch } from "./connection.ts";
import { failure, logFailure, toFailure } from "./failure.ts";

export interface TextModelOptions {
  /** May be empty. */
  readonly apiKey: string;
  /** REST base such as https://api.openai.com/v1. */
  readonly baseUrl: string;
  readonly model: string;
  readonly temperature: number;
  readonly maxOutputTokens: number;
  /** The answer is to be JSON of this schema, where the server can hold the model to it. */
  readonly format?: { readonly name: string; readonly schema: Record<string, unknown> };
  /** ms for an answer, a second attempt included. */
  readonly timeoutMs: number;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly log: Log;
}

/** What may be asked for and may be refused. */
const OPTIONAL = ["temperature", "reasoning_effort", "max_completion_tokens", "response_format"] as const;
type Optional = (typeof OPTIONAL)[number];

export function createTextModel(options: TextModelOptions): TextModel {
  const { model, temperature, maxOutputTokens, timeoutMs, format, clock, log } = options;
  const openai = createOpenAI(options);
  const refused = new Set<Optional>();

  function bodyOf(lines: readonly WrittenLine[]): ChatCompletionCreateParamsNonStreaming {
    return {
      model,
      messages: [...lines],
      ...(refused.has("max_completion_tokens")
        ? { max_tokens: maxOutputTokens }
        : { max_completion_tokens: maxOutputTokens }),
      ...(!refused.has("temperature") && { temperature }),
      // A model that thinks first would spend the whole limit on it, and say nothing.
      ...(!refused.has("reasoning_effort") && { reasoning_effort: "none" }),
      ...(format &&
        !refused.has("response_format") && {
          response_format: { type: "json_schema", json_schema: { ...format, strict: true } },
        }),
    };
  }

  async function ask(lines: readonly WrittenLine[], signal: AbortSignal): Promise<OpenAI.ChatCompletion> {
    for (;;) {
      const before = refused.size;
      try {
        // Nothing happens at the far side but the answer, so that asking twice is safe.
        return await openai.chat.completions.create(bodyOf(lines), { signal, maxRetries: 1 });
      } catch (error) {
        const name = refusedBy(error);
        if (name !== undefined) refused.add(name);
        // Another answer may have found out the same meanwhile: then this was asked before it was known.
        if (name === undefined || refused.size === before) throw error;
        log.info("the model does not take a parameter: it is left out from now on", { model, param: name });
      }
    }
  }

  return {
    async answer(lines, signal) {
      signal.throwIfAborted();
      const limit = new AbortController();
      const cancel = clock.after(timeoutMs, () => limit.abort(failure("timeout", "The model did not answer in time")));
      // By hand: AbortSignal.any costs more than the rest of what is done here.
      const give = (): void => limit.abort(signal.reason);
      signal.addEventListener("abort", give, { once: true });
      try {
        return textOf(await ask(lines, limit.signal));
      } catch (error) {
        signal.throwIfAborted();
        const known = limit.signal.aborted ? (limit.signal.reason as ThreadError) : toFailure(error);
        logFailure(log, known, { model });
        throw known;
      } finally {
        cancel();
        signal.removeEventListener("abort", give);
      }
    },
  };
}

function refusedBy(error: unknown): Optional | undefined {
  if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422)) return undefined;
  // Compatible servers often name it in the words alone.
  const said = error.param ?? error.message;
  return OPTIONAL.find((name) => new RegExp(`\\b${name}\\b`).test(said));
}

/** @throws ThreadFailure when there are no words in it. */
function textOf({ choices }: OpenAI.ChatCompletion): string {
  const [choice] = choices ?? [];
  const text = (choice?.message?.content ?? choice?.message?.refusal ?? "").trim();
  if (text === "") throw failure("failed", `The answer is empty (${choice?.finish_reason ?? "no reason given"})`);
  return text;
}
