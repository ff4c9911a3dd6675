// The caller's audio on its way up: kept while the session is not ready, sent in order from then on, and shed (oldest first)
// when the far side does not take it. Payloads are never decoded.
import { payloadBytes } from "../wire/base64.ts";
import { appendFrame } from "../wire/openai-realtime-client.ts";

const BYTES_PER_MS = 8;
/** What a session that is still being set up may owe, ms. */
const KEPT_MS = 30_000;
/** Once caught up: audio later than about a second is worth less than none (this and what the socket may hold). */
const LATE_MS = 400;
/** Bytes the socket may hold unsent, some 0.6 s of 20 ms frames. */
const WIRE_LIMIT = 8192;

export interface CallerAudioPorts {
  /** A frame is ASCII. `sent` is called when the network took it. */
  readonly send: (frame: string, sent?: () => void) => void;
  readonly bufferedBytes: () => number;
  readonly dropped: (cause: "not-ready" | "backpressure") => void;
}

export interface CallerAudio {
  readonly hear: (payload: string) => void;
  /** The session understands audio from now on; what was kept goes out, in order. */
  open(): void;
  close(): void;
  /** ms given to `hear` that will never reach the session: its clock is behind by this much. */
  readonly droppedMs: () => number;
  readonly framesSent: () => number;
}

export function createCallerAudio({ send, bufferedBytes, dropped }: CallerAudioPorts): CallerAudio {
  const kept: string[] = [];
  let keptBytes = 0;
  let droppedBytes = 0;
  let frames = 0;
  let ready = false;
  let closed = false;
  // The backlog of the set-up is still wanted after it; the tight limit holds from the first moment we have caught up.
  let limitBytes = KEPT_MS * BYTES_PER_MS;

  function shed(): void {
    while (keptBytes > limitBytes && kept.length > 0) {
      const bytes = payloadBytes(kept.shift() as string);
      keptBytes -= bytes;
      droppedBytes += bytes;
      dropped(ready ? "backpressure" : "not-ready");
    }
  }

  function pump(): void {
    if (closed || !ready) return;
    while (kept.length > 0 && bufferedBytes() <= WIRE_LIMIT) {
      const payload = kept.shift() as string;
      keptBytes -= payloadBytes(payload);
      frames += 1;
      // The callback goes on from here when the network takes it, even if the caller's end has gone quiet.
      send(appendFrame(payload), kept.length > 0 ? pump : undefined);
    }
    if (kept.length === 0) limitBytes = LATE_MS * BYTES_PER_MS;
  }

  return {
    hear(payload) {
      if (closed) return;
      if (ready && kept.length === 0 && bufferedBytes() <= WIRE_LIMIT) {
        frames += 1;
        send(appendFrame(payload));
        return;
      }
      kept.push(payload);
      keptBytes += payloadBytes(payload);
      pump();
      shed();
    },
    open() {
      ready = true;
      pump();
    },
    close() {
      closed = true;
      kept.length = 0;
      keptBytes = 0;
    },
    droppedMs: () => droppedBytes / BYTES_PER_MS,
    framesSent: () => frames,
  };
}
