// Files of sound, and streams with a header, into telephone sound: a few kilobytes at a time, for whoever asks again and again.
import { createDecoder, DecodeError, type AudioDecoder, type DecodableKind } from "../../audio/decode.ts";
import { encodeMulaw } from "../../audio/mulaw.ts";
import { LONGEST_UTTERANCE_MS } from "./settings.ts";

const LINE_RATE = 8000;
const BYTES_PER_MS = 8;
/** Decoded in one step: some ms of work at most. */
const AT_ONCE = 8192;

export interface UnpackerParts {
  readonly refuse: (code: string, message: string) => void;
  /** There is something to do again. */
  readonly onReady: () => void;
}

export interface Unpacker {
  /** Begins with these bytes; `whole`: there are no others. What was open before is given up. */
  begin(type: DecodableKind, bytes: Uint8Array, whole: boolean): void;
  /** The next bytes of a stream. */
  more(bytes: Uint8Array): void;
  /** Mu-law of a few kilobytes of what there is; undefined when there is nothing to be done now. */
  step(): Uint8Array | undefined;
  /** Its bytes are not all decoded. */
  isBusy(): boolean;
  /** Idempotent. */
  close(): void;
}

export function createUnpacker({ refuse, onReady }: UnpackerParts): Unpacker {
  let file: { readonly decoder: AudioDecoder; readonly whole: boolean; soundMs: number } | undefined;
  let waiting: { readonly bytes: Uint8Array; at: number } | undefined;
  /** Counts what is opened: a decoder that comes too late is not wanted any more. */
  let opened = 0;
  let opening = false;

  function close(): void {
    opened++;
    opening = false;
    file?.decoder.close();
    file = waiting = undefined;
  }

  function broken(error?: unknown): void {
    close();
    const why = error instanceof DecodeError ? `: ${error.message}` : "";
    refuse("bad_audio", `The sound cannot be read${why}`);
  }

  /** The samples as telephone sound, unless they are too many. */
  function took(samples: Int16Array): Uint8Array | undefined {
    if (!file) return undefined;
    file.soundMs += samples.length / BYTES_PER_MS;
    if (!file.whole || file.soundMs <= LONGEST_UTTERANCE_MS) return encodeMulaw(samples);
    close();
    refuse("audio_too_long", "An utterance may have 120 seconds: what is too much is dropped");
    return undefined;
  }

  return {
    begin(type, bytes, whole) {
      close();
      opening = true;
      const mine = opened;
      createDecoder(type, LINE_RATE).then(
        (decoder) => {
          if (mine !== opened) return decoder.close();
          opening = false;
          file = { decoder, whole, soundMs: 0 };
          waiting = { bytes, at: 0 };
          onReady();
        },
        () => {
          if (mine !== opened) return;
          broken();
          onReady();
        },
      );
    },
    more(bytes) {
      if (file) waiting = { bytes, at: 0 };
    },
    step() {
      if (!file || !waiting) return undefined;
      try {
        const { bytes } = waiting;
        const samples = file.decoder.push(bytes.subarray(waiting.at, waiting.at + AT_ONCE));
        waiting.at += AT_ONCE;
        if (waiting.at < bytes.length) return took(samples);
        waiting = undefined;
        if (!file.whole) return took(samples);
        const rest = file.decoder.end();
        const parts = [took(samples), took(rest)].filter((part) => part !== undefined);
        close();
        return Buffer.concat(parts);
      } catch (error) {
        broken(error);
        return undefined;
      }
    },
    isBusy: () => opening || waiting !== undefined,
    close,
  };
}
