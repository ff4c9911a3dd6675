// The caller's sound on its way in: whole utterances and pieces of a stream, in whatever they come, as frames of a telephone line.
// What comes all at once goes on a little at a time, so that nobody waits for its decoding; after the last of it comes silence, or the
// voice would wait for the rest.
import type { DecodableKind } from "../../audio/decode.ts";
import { createPageToLine } from "../../audio/line-pcm.ts";
import { MULAW_SILENCE } from "../../audio/mulaw.ts";
import type { Clock } from "../../core/clock.ts";
import { payloadBytes } from "../../wire/base64.ts";
import { formatOf, isRaw } from "./format.ts";
import { MOST_AHEAD_MS, type BrowserTiming } from "./settings.ts";
import { createUnpacker } from "./unpack.ts";

export interface InletParts {
  readonly clock: Clock;
  readonly timing: Pick<BrowserTiming, "gapMs">;
  /** A frame of the line: base64 of mu-law. */
  readonly deliver: (payload: string) => void;
  readonly refuse: (code: string, message: string) => void;
  /** Nobody was heard to speak in what came. */
  readonly onNoSpeech: () => void;
}

export interface Inlet {
  chunk(data: string, format: string): void;
  /** The utterance is complete. */
  end(): void;
  /** The voice has found the beginning, or the end, of speech. */
  speech(what: "started" | "stopped"): void;
  /** Idempotent. */
  close(): void;
}

const FRAME_BYTES = 160;
const BYTES_PER_MS = 8;
/** What is waiting goes on at twenty times the speed of life: faster, and a slow network would make the voice pass some of it over. */
const TICK_MS = 10;
const TICK_BYTES = 200 * BYTES_PER_MS;
/** Longer pieces than this are spread. */
const AT_ONCE_BYTES = 200 * BYTES_PER_MS;
/** Silence after an utterance, a second at a time, until the voice has found its end. */
const SILENCE_MS = 1000;
const MOST_SILENCES = 8;
/** Nobody has spoken if the voice did not find it in this many of them. */
const SILENCES_WITHOUT_SPEECH = 3;
/** What may wait to be decoded. */
const MOST_WAITING = 200;
const MOST_WAITING_BYTES = 16 << 20;

/** Something in order: sound that is ready, a file to be decoded, the next piece of one, or the end of an utterance. */
type Work =
  | { readonly kind: "sound"; readonly bytes: Uint8Array }
  | { readonly kind: "file"; readonly type: DecodableKind; readonly bytes: Uint8Array; readonly whole: boolean }
  | { readonly kind: "piece"; readonly bytes: Uint8Array }
  | { readonly kind: "end" };

export function createInlet({ clock, timing, deliver, refuse, onNoSpeech }: InletParts): Inlet {
  let work: Work[] = [];
  let sound = Buffer.alloc(0);
  /** A stream with a header has begun. */
  let isOpen = false;
  let closed = false;
  let cancelTick: (() => void) | undefined;
  let cancelGap = (): void => {};
  let cancelSilence = (): void => {};
  let aheadMs = 0;
  let countedAt = clock.now();
  /** An utterance is under way, and speech was found in it. */
  let spoken = false;
  let under = false;
  let toLine = createPageToLine();
  let odd: Uint8Array = new Uint8Array(0);
  const unpacker = createUnpacker({ refuse, onReady: () => schedule() });
  const isIdle = (): boolean => sound.length === 0 && work.length === 0 && !unpacker.isBusy();

  /** False where too much came before its time. */
  function count(ms: number): boolean {
    const now = clock.now();
    aheadMs = Math.max(0, aheadMs - (now - countedAt));
    countedAt = now;
    if (aheadMs + ms > MOST_AHEAD_MS) {
      refuse("audio_too_fast", "More sound came than can have been spoken: what is too much is dropped");
      return false;
    }
    aheadMs += ms;
    return true;
  }

  function hasRoom(more: Uint8Array): boolean {
    const waiting = work.reduce((sum, one) => sum + ("bytes" in one ? one.bytes.length : 0), more.length);
    if (work.length < MOST_WAITING && waiting <= MOST_WAITING_BYTES) return true;
    refuse("audio_too_fast", "More sound waits than can be taken: what is too much is dropped");
    return false;
  }

  function begins(): void {
    cancelSilence();
    if (!under) spoken = false;
    under = true;
  }

  function pass(mulaw: Uint8Array): void {
    for (let at = 0; at < mulaw.length; at += FRAME_BYTES)
      deliver(
        Buffer.from(mulaw.buffer, mulaw.byteOffset + at, Math.min(FRAME_BYTES, mulaw.length - at)).toString("base64"),
      );
  }

  function add(next: Work): void {
    work.push(next);
    schedule();
  }

  function schedule(): void {
    if (!closed) cancelTick ??= clock.after(TICK_MS, tick);
  }

  function tick(): void {
    cancelTick = undefined;
    step();
    if (sound.length > 0) {
      const now = sound.subarray(0, TICK_BYTES);
      sound = sound.subarray(now.length);
      pass(now);
    }
    if (!isIdle()) schedule();
  }

  /** One thing of what waits, once there is not much sound left of the last. */
  function step(): void {
    if (sound.length >= TICK_BYTES) return;
    if (unpacker.isBusy()) {
      const more = unpacker.step();
      if (more && more.length > 0) sound = Buffer.concat([sound, more]);
      return;
    }
    const next = work[0];
    // The end is when everything before it has been passed on.
    if (!next || (next.kind === "end" && sound.length > 0)) return;
    work.shift();
    if (next.kind === "sound") sound = Buffer.concat([sound, next.bytes]);
    else if (next.kind === "file") unpacker.begin(next.type, next.bytes, next.whole);
    else if (next.kind === "piece") unpacker.more(next.bytes);
    else quiet(0);
  }

  /** A second of silence now, and another in a second. */
  function quiet(count: number): void {
    if (closed || !under) return;
    if (!spoken && count >= SILENCES_WITHOUT_SPEECH) {
      under = false;
      return onNoSpeech();
    }
    if (count >= MOST_SILENCES) return void (under = false);
    pass(new Uint8Array(SILENCE_MS * BYTES_PER_MS).fill(MULAW_SILENCE));
    cancelSilence();
    cancelSilence = clock.after(SILENCE_MS, () => quiet(count + 1));
  }

  function end(): void {
    cancelGap();
    toLine = createPageToLine();
    odd = new Uint8Array(0);
    if (!under) return;
    if (isIdle()) quiet(0);
    else add({ kind: "end" });
  }

  function stream(mulaw: Uint8Array): void {
    begins();
    if (isIdle() && mulaw.length <= AT_ONCE_BYTES) pass(mulaw);
    else add({ kind: "sound", bytes: mulaw });
  }

  function awaitMore(): void {
    cancelGap();
    cancelGap = clock.after(timing.gapMs, end);
  }

  function chunk(data: string, said: string): void {
    if (closed) return;
    const raw = isRaw(data, said) ? said : undefined;
    // The hot path: what is telephone sound already is passed on as it came.
    if (raw === "mulaw" && isIdle() && payloadBytes(data) <= AT_ONCE_BYTES) {
      if (!count(payloadBytes(data) / BYTES_PER_MS)) return;
      begins();
      deliver(data);
      return awaitMore();
    }
    const all = Buffer.from(data, "base64");
    const format = raw ? { kind: raw } : formatOf(all, said, isOpen);
    switch (format.kind) {
      case "unsupported":
        return refuse("unsupported_format", format.why);
      case "whole":
        if (!hasRoom(all)) return;
        begins();
        isOpen = false;
        add({ kind: "file", type: format.type, bytes: all, whole: true });
        return add({ kind: "end" });
      case "begin":
      case "more":
        // Of packed sound the length is not known.
        if (!hasRoom(all)) return;
        begins();
        isOpen = true;
        if (format.kind === "begin") add({ kind: "file", type: format.type, bytes: all, whole: false });
        else add({ kind: "piece", bytes: all });
        return awaitMore();
      case "mulaw":
        if (count(all.length / BYTES_PER_MS)) stream(all);
        return awaitMore();
      case "pcm": {
        if (!count(all.length / 48)) return awaitMore();
        const joined = odd.length > 0 ? Buffer.concat([odd, all]) : all;
        odd = joined.subarray(joined.length & ~1);
        stream(toLine.push(joined));
        return awaitMore();
      }
    }
  }

  return {
    chunk,
    end,
    speech(what) {
      spoken = true;
      if (what !== "stopped") return;
      cancelSilence();
      under = false;
    },
    close() {
      closed = true;
      cancelTick?.();
      cancelGap();
      cancelSilence();
      work = [];
      sound = Buffer.alloc(0);
      unpacker.close();
    },
  };
}
