// What one session carried, counted without a call to the meter for every piece of audio, and the time a piece takes through us.
import type { Clock } from "../core/clock.ts";
import type { Meter } from "../core/observe.ts";

/** One piece of speech in so many is timed: a look at the clock for each would cost more than it tells. */
const TIMED_ONE_IN = 50;

export function createTraffic({ clock, meter, framesSent }: { clock: Clock; meter: Meter; framesSent: () => number }) {
  let received = 0;
  let told = { received: 0, sent: 0 };
  const count = (direction: string, by: number): void => {
    if (by > 0) meter.count("voice_frames_total", { leg: "upstream", direction }, by);
  };
  return {
    /** Hands on a piece of the agent's speech; it is at the line when `audio` returns. */
    pass<Piece>(piece: Piece, to: { audio(piece: Piece): void }): void {
      if (received++ % TIMED_ONE_IN > 0) return to.audio(piece);
      const readAt = clock.now();
      to.audio(piece);
      meter.observe("voice_relay_delay_seconds", (clock.now() - readAt) / 1000, { direction: "out" });
    },
    /** Tells the meter what was carried since the last time. */
    tell(): void {
      const sent = framesSent();
      count("out", sent - told.sent);
      count("in", received - told.received);
      told = { received, sent };
    },
  };
}
