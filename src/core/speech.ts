// Speech that is no call: a file of sound becomes words, a text becomes sound. The ports of the engines that do it, and the names of
// the formats; the formats themselves are in audio/.

/** What a spoken text can be had as. */
export const SPEECH_FORMATS = ["mp3", "wav", "pcm", "mulaw"] as const;
export type SpeechFormat = (typeof SPEECH_FORMATS)[number];

/** pcm: 24 kHz, 16 bits, little-endian, one channel, no header. mulaw: 8 kHz, one channel, no header (RFC 2046 names it basic). */
export const SPEECH_TYPES: Readonly<Record<SpeechFormat, string>> = {
  mp3: "audio/mpeg",
  wav: "audio/wav",
  pcm: "audio/pcm;rate=24000;channels=1",
  mulaw: "audio/basic",
};

/** Files of sound, told apart by their bytes. */
export const SOUND_KINDS = ["wav", "mp3", "m4a", "ogg", "webm", "flac"] as const;
export type SoundKind = (typeof SOUND_KINDS)[number];

/** Sound to be understood. A Blob may stand for a file on disk: its bytes are read piece by piece, as often as needed. */
export interface Sound {
  readonly kind: SoundKind;
  readonly data: Blob;
  /** Its length, where the file tells it. */
  readonly seconds?: number;
}

export interface Transcript {
  /** Empty where nobody says anything. */
  readonly text: string;
  /** ISO 639-1, where the engine tells it or was told. */
  readonly language?: string;
}

export interface Transcriber {
  /** What it can read; anything else is `unsupported`. */
  readonly reads: readonly SoundKind[];
  /** @throws SpeechError when there are no words to be had; the signal's reason when it aborts. */
  transcribe(sound: Sound, signal: AbortSignal): Promise<Transcript>;
}

export interface SpeechRequest {
  readonly text: string;
  /** One of the engine's; its own default without one. */
  readonly voice?: string;
  readonly format: SpeechFormat;
}

export interface Synthesizer {
  /** Names that may be asked for. */
  readonly voices: readonly string[];
  /**
   * The sound in its format, piece by piece as it is made; together they are one whole file. Leaving the loop stops the engine.
   * @throws SpeechError before or in mid-speech; the signal's reason when it aborts.
   */
  speak(request: SpeechRequest, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export type SpeechErrorCode =
  /** The engine does not read this kind of file. */
  | "unsupported"
  /** The file is not what it seems to be, or is damaged. */
  | "unreadable"
  /** The key was refused. */
  | "auth"
  /** The engine does not know the model, or has it no more. */
  | "not-found"
  | "rate-limited"
  /** No connection, or the far side failed. */
  | "unavailable"
  | "timeout"
  /** It answered, and not with what was asked for. */
  | "failed";

/** The engine cannot do it. See docs/errors.md. */
export class SpeechError extends Error {
  readonly code: SpeechErrorCode;
  constructor(code: SpeechErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SpeechError";
    this.code = code;
  }
}
