/** One response while it is generated: what it was asked to be, what it has said, and how it must end. State and its small readers only. */
import type { Json } from "../check.ts";
import type { Format } from "./config.ts";
import type { Context } from "./context.ts";
import type { Item } from "./conversation.ts";

export type Cancelled = "turn_detected" | "client_cancelled";

export interface Response {
  readonly id: string;
  /** false for `conversation: "none"`: its items never enter the conversation. */
  readonly inConversation: boolean;
  readonly params: Json;
  readonly modality: "audio" | "text";
  readonly format: Format;
  readonly voice: string;
  readonly maxOutputTokens: number | "inf";
  readonly instructions: string;
  readonly tools: Json[];
  readonly abort: AbortController;
  /** Why it was cancelled, once it was. */
  cancelled: Cancelled | undefined;
  /** Set when it must end early for this reason. */
  incomplete: "max_output_tokens" | "content_filter" | undefined;
  output: Item[];
  textTokens: number;
  audioMs: number;
  /** Audio made but not sent when it was cut, for the fault that sends it anyway. */
  unsent: Uint8Array[];
}

function voiceName(voice: unknown): string {
  return typeof voice === "string" ? voice : ((voice as { id?: string } | undefined)?.id ?? "marin");
}

export function newResponse(ctx: Context, params: Json): Response {
  const config = ctx.config;
  const output = (params["audio"] as { output?: { format?: Format; voice?: unknown } } | undefined)?.output ?? {};
  const modalities = (params["output_modalities"] ?? config.output_modalities ?? ["audio"]) as ("audio" | "text")[];
  const noTools = (params["tool_choice"] ?? config.tool_choice) === "none";
  return {
    id: ctx.chance.id("resp_"),
    inConversation: params["conversation"] !== "none",
    params,
    modality: modalities[0] ?? "audio",
    format: output.format ?? config.audio.output?.format ?? { type: "audio/pcm" },
    voice: voiceName(output.voice ?? config.audio.output?.voice),
    maxOutputTokens: (params["max_output_tokens"] ?? config.max_output_tokens ?? "inf") as number | "inf",
    instructions: (params["instructions"] ?? config.instructions ?? "") as string,
    tools: noTools ? [] : ((params["tools"] ?? config.tools ?? []) as Json[]),
    abort: new AbortController(),
    cancelled: undefined,
    incomplete: undefined,
    output: [],
    textTokens: 0,
    audioMs: 0,
    unsent: [],
  };
}

/** Tokens the response may still produce. */
export function tokensLeft(response: Response): number {
  return response.maxOutputTokens === "inf"
    ? Infinity
    : response.maxOutputTokens - response.textTokens - Math.ceil(response.audioMs / 50);
}

/** The `response` object of response.created and response.done. */
export function describe(ctx: Context, response: Response, status: string, more: Json = {}): Json {
  return {
    object: "realtime.response",
    id: response.id,
    status,
    status_details: null,
    output: response.output.map((item) => structuredClone(item)),
    conversation_id: response.inConversation ? ctx.conversationId : null,
    output_modalities: [response.modality],
    max_output_tokens: response.maxOutputTokens,
    audio: { output: { format: response.format, voice: response.voice } },
    usage: null,
    metadata: response.params["metadata"] ?? null,
    ...more,
  };
}
