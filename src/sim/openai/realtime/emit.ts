/**
 * Sends the output items of a response in the order OpenAI sends them: a spoken message, a written one, a function call.
 * Each runs until its text is out or the response is cut, and always closes what it opened.
 */
import type { Json } from "../check.ts";
import { CODECS, durationMs } from "./codec.ts";
import type { Context } from "./context.ts";
import type { Item, Part } from "./conversation.ts";
import { tokensLeft, type Response } from "./response.ts";
import { announce } from "./transcribe.ts";
import { textTokens } from "./usage.ts";

/** Opens an item of the response: response.output_item.added and, in the conversation, conversation.item.added. */
function open(ctx: Context, response: Response, item: Item): Json {
  const place = { response_id: response.id, output_index: response.output.length };
  response.output.push(item);
  ctx.send("response.output_item.added", { ...place, item: structuredClone(item) });
  if (response.inConversation) announce(ctx, structuredClone(item), ctx.conversation.add(item));
  return place;
}

function close(ctx: Context, response: Response, item: Item, place: Json): void {
  item.status = response.cancelled || response.incomplete ? "incomplete" : "completed";
  const done = structuredClone(item);
  if (response.inConversation) {
    const index = ctx.conversation.items.indexOf(item);
    ctx.send("conversation.item.done", { previous_item_id: ctx.conversation.items[index - 1]?.id ?? null, item: done });
  }
  ctx.send("response.output_item.done", { ...place, item: done });
}

function newMessage(ctx: Context): Item {
  return {
    id: ctx.chance.id("item_"),
    object: "realtime.item",
    type: "message",
    status: "in_progress",
    role: "assistant",
    content: [],
  };
}

/** Words with the space before them, so that the pieces joined are the text. */
function words(text: string): string[] {
  return text.match(/\s*\S+/g) ?? [];
}

/** The words of a text by sentence. A point inside a word, as in 3.5, ends none. */
function sentences(text: string): string[][] {
  const groups: string[][] = [[]];
  for (const word of words(text)) {
    groups.at(-1)?.push(word);
    if (/[.!?]["')\]]*$/.test(word)) groups.push([]);
  }
  return groups.filter((group) => group.length > 0);
}

/** Resolves to undefined when the response is cut before the promise settles. */
export async function unlessCut<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  let stop = () => {};
  const cut = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, cut]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Cuts encoded audio into deltas: about `timing.deltaMs` long, sizes varying by a quarter, or odd ones behind the fault. */
function* deltas(ctx: Context, bytes: Uint8Array, format: keyof typeof CODECS): Generator<Uint8Array> {
  const { rate, bytesPerSample } = CODECS[format];
  const usual = (ctx.shared.timing.deltaMs * rate * bytesPerSample) / 1000;
  for (let at = 0; at < bytes.length;) {
    let size = Math.round(usual * (0.75 + ctx.chance.next() / 2));
    if (ctx.fault("unevenDeltas")) {
      size = ctx.chance.between(1, Math.ceil(usual * 1.5));
      if (size % 160 === 0 || size % 3 === 0) size += 1;
      if (size % 3 === 0) size += 1;
    }
    size = Math.max(bytesPerSample, Math.floor(size / bytesPerSample) * bytesPerSample);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** A message spoken: transcript and audio deltas interleaved, faster than real time. */
export async function speak(ctx: Context, response: Response, text: string): Promise<void> {
  const { signal } = response.abort;
  const item = newMessage(ctx);
  const place = open(ctx, response, item);
  const at = { ...place, item_id: item.id, content_index: 0 };
  const part: Part = { type: "output_audio", transcript: "" };
  item.content?.push(part);
  ctx.send("response.content_part.added", { ...at, part: { type: "audio", transcript: "" } });

  const format = ctx.fault("outputAs") ?? response.format.type;
  const codec = CODECS[format];
  const began = performance.now();
  let sentMs = 0;
  const say = (piece: string) => {
    part.transcript = `${part.transcript ?? ""}${piece}`;
    response.textTokens += textTokens(piece);
    ctx.send("response.output_audio_transcript.delta", { ...at, delta: piece });
  };

  speaking: for (const pieces of sentences(text.trim())) {
    const speed = ctx.config.audio.output?.speed ?? 1;
    const made = ctx.shared.synthesize(pieces.join("").trim(), { voice: response.voice, rate: codec.rate, speed });
    const samples = await unlessCut(made, signal);
    if (!samples) break;
    const bytes = codec.encode(samples);
    let said = 0;
    let sent = 0;
    for (const delta of deltas(ctx, bytes, format)) {
      const dueMs = sentMs / ctx.shared.timing.pace;
      const waitMs = ctx.fault("burst") ? 0 : began + dueMs - performance.now();
      const went = signal.aborted ? false : waitMs > 0 ? await ctx.wait(waitMs, signal) : true;
      if (went && tokensLeft(response) <= 0) response.incomplete = "max_output_tokens";
      if (!went || response.incomplete === "max_output_tokens") {
        response.unsent.push(bytes.subarray(sent));
        break speaking;
      }
      sent += delta.length;
      // Words run a little ahead of the audio they belong to, as the model writes before it speaks.
      while (said < Math.ceil((sent / bytes.length) * pieces.length)) say(pieces[said++] as string);
      sentMs += durationMs(format, delta.length);
      response.audioMs += durationMs(format, delta.length);
      ctx.conversation.spokenMs.set(item.id, sentMs);
      ctx.send("response.output_audio.delta", { ...at, delta: Buffer.from(delta).toString("base64") });
    }
    // A sentence without sound, such as "...", has words all the same.
    while (said < pieces.length) say(pieces[said++] as string);
  }

  ctx.send("response.output_audio.done", at);
  ctx.send("response.output_audio_transcript.done", { ...at, transcript: part.transcript });
  ctx.send("response.content_part.done", { ...at, part: { type: "audio", transcript: part.transcript } });
  close(ctx, response, item, place);
}

/** Sends audio of a cancelled response after its end, as a late network does; the bytes are what it had not yet said. */
export function sendLate(ctx: Context, response: Response, count: number): void {
  const item = response.output.at(-1);
  if (!item || response.modality !== "audio") return;
  const at = { response_id: response.id, output_index: response.output.length - 1, item_id: item.id, content_index: 0 };
  const format = response.format.type;
  const left = response.unsent[0] ?? CODECS[format].encode(new Int16Array(CODECS[format].rate));
  let sent = 0;
  for (const delta of deltas(ctx, left, format)) {
    if (sent++ >= count) return;
    ctx.send("response.output_audio.delta", { ...at, delta: Buffer.from(delta).toString("base64") });
  }
}

/** A message written. */
export async function write(ctx: Context, response: Response, text: string): Promise<void> {
  const item = newMessage(ctx);
  const place = open(ctx, response, item);
  const at = { ...place, item_id: item.id, content_index: 0 };
  const part: Part = { type: "output_text", text: "" };
  item.content?.push(part);
  ctx.send("response.content_part.added", { ...at, part: { type: "text", text: "" } });
  for (const piece of words(text.trim())) {
    if (tokensLeft(response) <= 0) response.incomplete = "max_output_tokens";
    if (response.incomplete === "max_output_tokens" || response.abort.signal.aborted) break;
    part.text += piece;
    response.textTokens += textTokens(piece);
    ctx.send("response.output_text.delta", { ...at, delta: piece });
    if (!(await ctx.wait(ctx.shared.timing.textDeltaMs, response.abort.signal))) break;
  }
  ctx.send("response.output_text.done", { ...at, text: part.text });
  ctx.send("response.content_part.done", { ...at, part: { type: "text", text: part.text } });
  close(ctx, response, item, place);
}

/** A function call, its arguments in pieces; cut short they are no longer JSON. */
export async function call(ctx: Context, response: Response, name: string, args: string): Promise<void> {
  const item: Item = {
    id: ctx.chance.id("item_"),
    object: "realtime.item",
    type: "function_call",
    status: "in_progress",
    name,
    call_id: ctx.chance.id("call_", 16),
    arguments: "",
  };
  const place = open(ctx, response, item);
  const at = { ...place, item_id: item.id, call_id: item.call_id };
  for (const piece of args.match(/[\s\S]{1,8}/g) ?? []) {
    if (response.abort.signal.aborted) break;
    item.arguments += piece;
    response.textTokens += textTokens(piece);
    ctx.send("response.function_call_arguments.delta", { ...at, delta: piece });
    if (!(await ctx.wait(0, response.abort.signal))) break;
  }
  ctx.send("response.function_call_arguments.done", { ...at, name, arguments: item.arguments });
  close(ctx, response, item, place);
}
