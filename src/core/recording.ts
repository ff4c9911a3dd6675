// The recording of a call: of a live one, as whoever holds the call may steer it, and as it is read. How it is made is an edge's business.

/**
 * waiting: the notice was not heard, or the question not answered yet; on: sound is being kept; paused: the time goes on in silence;
 * off: it will not be recorded, or not any more.
 */
export type RecordingState = "waiting" | "on" | "paused" | "off";

export interface CallRecording {
  state(): RecordingState;
  /** From this moment on nothing is kept. False where nothing was being recorded. */
  pause(): boolean;
  /** False where it was not paused. */
  resume(): boolean;
}

/** A recording as it is served, while it is being written too: its header always says how long it is. */
export interface StoredRecording {
  /** A WAV of so many bytes. */
  readonly bytes: number;
  /** Bytes `from` to `to`, both included. */
  read(from: number, to: number): AsyncIterable<Uint8Array>;
}
