// The Line of a browser's call: what the bridge plays goes to the outlet, what comes in goes to the bridge. It does not read the
// socket: stream.ts does, and tells it what to deliver and why it ended.
import type { Line, LineCloseCause, LineEvent } from "../../core/line.ts";
import { LineEvents } from "../../core/line-events.ts";
import type { Meter } from "../../core/observe.ts";
import type { Outlet } from "./outlet.ts";

export interface BrowserLine {
  readonly line: Line;
  /** Anything but `line.closed`. Ignored once ended. */
  deliver(event: LineEvent): void;
  /** The line's last event. Nothing is delivered or played after it. Idempotent. */
  end(cause: LineCloseCause): void;
}

export interface BrowserLineOptions {
  readonly id: string;
  readonly takesTurns: boolean;
  readonly outlet: Pick<Outlet, "play" | "mark" | "clear">;
  readonly bufferedBytes: () => number;
  readonly meter: Meter;
  /** Something happened in the call; its last is "call.ended", which comes after the line's end. */
  readonly told: (type: string, data: Readonly<Record<string, unknown>>) => void;
  /** The bridge closed the line: `end` is to follow. */
  readonly onClosed: () => void;
}

export function createBrowserLine(options: BrowserLineOptions): BrowserLine {
  const { id, takesTurns, outlet, bufferedBytes, meter, told, onClosed } = options;
  const events = new LineEvents((cause) => meter.count("voice_frames_dropped_total", { leg: "browser", cause }));

  return {
    line: {
      id,
      takesTurns,
      attach: (listener) => events.attach(listener),
      play(payload, mark, utterance = 0) {
        if (events.ended) return;
        if (payload.length > 0) outlet.play(payload, utterance);
        if (mark !== undefined) outlet.mark(mark);
      },
      mark(name) {
        if (!events.ended) outlet.mark(name);
      },
      clear() {
        if (!events.ended) outlet.clear();
      },
      bufferedBytes,
      close() {
        if (!events.ended) onClosed();
      },
      watch: told,
    },
    deliver: (event) => void events.deliver(event),
    end: (cause) => events.end(cause),
  };
}
