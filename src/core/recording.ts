// The recording of a live call, as whoever holds the call may steer it. How it is made is an edge's business.

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
