/**
 * The input audio buffer of a session: bytes appended, turns found by voice activity or committed by hand, user items made
 * of them, and their transcriptions told when the script says so. It decides nothing about answering; it reports turns.
 */
import { Refusal } from "../check.ts";
import { transcriptFor, type Transcript } from "../script.ts";
import { CODECS } from "./codec.ts";
import type { TurnDetection } from "./config.ts";
import type { Context } from "./context.ts";
import type { Item } from "./conversation.ts";
import { announce, tellTranscript } from "./transcribe.ts";
import { createVad, type Vad } from "./vad.ts";

export interface Input {
  append(base64: string): void;
  commit(): void;
  clear(): void;
  /** The session's input format or turn detection may have changed. */
  configure(): void;
  /** Resolves when the script has said what every committed turn means. */
  settled(): Promise<void>;
  /** A response ended: transcriptions held back until then go out, and the idle clock starts `audioMs` from now. */
  responseDone(audioMs: number): void;
  /** Milliseconds of audio appended since the session began. */
  readonly positionMs: number;
  readonly speaking: boolean;
}

export interface InputHooks {
  speechStarted(interrupt: boolean): void;
  /** A turn was committed by voice activity (or by the idle timeout) and wants an answer. */
  turn(): void;
}

/** How long semantic turn detection waits at most; it has no meaning to go by here, so it always waits that long. */
const EAGERNESS_MS = { low: 8000, medium: 4000, auto: 4000, high: 2000 } as const;
/** Audio kept while nobody speaks, beyond the prefix padding: a start is only known 50 ms after it. */
const KEEP_MS = 200;
const MIN_COMMIT_MS = 100;

export function createInput(ctx: Context, hooks: InputHooks): Input {
  let held: Int16Array[] = [];
  /** Position of the first held sample. */
  let heldFromMs = 0;
  let positionMs = 0;
  let turns = 0;
  let itemId: string | undefined;
  let startedMs = 0;
  let idleFromMs: number | undefined;
  let afterResponse: (() => void)[] = [];
  let pending: Promise<unknown> = Promise.resolve();
  let settings = "";
  let vad: Vad | undefined;

  const codec = () => CODECS[ctx.config.audio.input.format.type];
  const detection = () => ctx.config.audio.input.turn_detection;
  const toSamples = (ms: number) => Math.round((ms * codec().rate) / 1000);

  function configure(): void {
    const turnDetection = detection();
    const wanted = JSON.stringify([ctx.config.audio.input.format.type, turnDetection]);
    if (wanted === settings) return;
    const formatChanged = settings !== "" && JSON.parse(settings)[0] !== ctx.config.audio.input.format.type;
    settings = wanted;
    if (formatChanged) dropHeld(positionMs);
    itemId = undefined;
    vad = turnDetection ? createVad(vadSettings(turnDetection), positionMs) : undefined;
  }

  function vadSettings(from: TurnDetection) {
    const semantic = from.type === "semantic_vad";
    return {
      rate: codec().rate,
      threshold: semantic ? 0.5 : from.threshold,
      prefixMs: semantic ? 300 : from.prefix_padding_ms,
      silenceMs: semantic ? EAGERNESS_MS[from.eagerness] : from.silence_duration_ms,
    };
  }

  /** Forgets held audio before `beforeMs`. */
  function dropHeld(beforeMs: number): void {
    const all = whole();
    const drop = Math.max(0, Math.min(all.length, toSamples(beforeMs - heldFromMs)));
    if (drop === 0) return;
    held = drop === all.length ? [] : [all.slice(drop)];
    heldFromMs = beforeMs;
  }

  function whole(): Int16Array {
    if (held.length === 1) return held[0] as Int16Array;
    const all = new Int16Array(held.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of held) {
      all.set(part, at);
      at += part.length;
    }
    held = [all];
    return all;
  }

  function commitRange(fromMs: number, toMs: number, id: string): void {
    const all = whole();
    const audio = all.slice(toSamples(fromMs - heldFromMs), toSamples(toMs - heldFromMs));
    const rate = codec().rate;
    const item: Item = {
      id,
      object: "realtime.item",
      type: "message",
      status: "completed",
      role: "user",
      content: [{ type: "input_audio", transcript: null }],
    };
    const previous = ctx.conversation.lastId();
    ctx.send("input_audio_buffer.committed", { previous_item_id: previous, item_id: id });
    ctx.conversation.add(item);
    ctx.conversation.audio.set(id, { samples: audio, rate });
    announce(ctx, item, previous);
    dropHeld(toMs);

    const utterance = { index: turns++, itemId: id, startMs: fromMs, endMs: toMs, audio, rate };
    const heard = transcriptFor(ctx.shared.script, ctx.view, utterance).catch((error: unknown): Transcript => {
      ctx.shared.log("the script's transcript failed", { error: String(error) });
      return {};
    });
    pending = Promise.all([
      pending,
      heard.then((transcript) => {
        ctx.conversation.heard.set(id, transcript.text ?? "");
        tellTranscript(ctx, item, transcript, (audio.length / rate) * 1000, (act) => afterResponse.push(act));
      }),
    ]);
  }

  function checkIdle(): void {
    const turnDetection = detection();
    if (turnDetection?.type !== "server_vad" || turnDetection.idle_timeout_ms === null) return;
    if (idleFromMs === undefined || vad?.speaking || positionMs < idleFromMs + turnDetection.idle_timeout_ms) return;
    const from = Math.max(heldFromMs, idleFromMs);
    idleFromMs = undefined;
    const id = ctx.chance.id("item_");
    ctx.send("input_audio_buffer.timeout_triggered", {
      audio_start_ms: Math.round(from),
      audio_end_ms: Math.round(positionMs),
      item_id: id,
    });
    commitRange(from, positionMs, id);
    if (turnDetection.create_response) hooks.turn();
  }

  return {
    get positionMs() {
      return positionMs;
    },
    get speaking() {
      return vad?.speaking ?? false;
    },
    configure,
    append(base64) {
      const samples = codec().decode(Buffer.from(base64, "base64"));
      held.push(samples);
      positionMs += (samples.length / codec().rate) * 1000;
      const turnDetection = detection();
      if (!vad || !turnDetection) return;
      for (const event of vad.push(samples)) {
        if (event.type === "started") {
          itemId = ctx.chance.id("item_");
          startedMs = Math.max(event.atMs, heldFromMs);
          idleFromMs = undefined;
          ctx.send("input_audio_buffer.speech_started", { audio_start_ms: Math.round(startedMs), item_id: itemId });
          hooks.speechStarted(turnDetection.interrupt_response);
        } else {
          const id = itemId ?? ctx.chance.id("item_");
          itemId = undefined;
          ctx.send("input_audio_buffer.speech_stopped", { audio_end_ms: Math.round(event.atMs), item_id: id });
          commitRange(startedMs, event.atMs, id);
          if (turnDetection.create_response && ctx.config.type === "realtime") hooks.turn();
        }
      }
      if (!vad.speaking) {
        const prefix = turnDetection.type === "server_vad" ? turnDetection.prefix_padding_ms : 300;
        const from = positionMs - prefix - KEEP_MS;
        // Dropping copies what stays, so it is done about once a second.
        if (from - heldFromMs > 1000) dropHeld(from);
      }
      checkIdle();
    },
    commit() {
      const hasMs = positionMs - heldFromMs;
      if (hasMs < MIN_COMMIT_MS) {
        throw new Refusal(
          "input_audio_buffer_commit_empty",
          `Error committing input audio buffer: buffer too small. Expected at least ${MIN_COMMIT_MS}ms of audio, but buffer only has ${hasMs.toFixed(2)}ms of audio.`,
        );
      }
      const id = itemId ?? ctx.chance.id("item_");
      itemId = undefined;
      vad?.reset(positionMs);
      commitRange(heldFromMs, positionMs, id);
    },
    clear() {
      itemId = undefined;
      vad?.reset(positionMs);
      dropHeld(positionMs);
      ctx.send("input_audio_buffer.cleared");
    },
    async settled() {
      await pending;
    },
    responseDone(audioMs) {
      idleFromMs = positionMs + audioMs;
      const held = afterResponse;
      afterResponse = [];
      for (const act of held) act();
    },
  };
}
