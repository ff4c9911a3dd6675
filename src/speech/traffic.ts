// What one session carried, counted without a call to the meter for every piece of audio, and the time a piece takes through us.
import type { Clock } from "../core/clock.ts";
import type { Meter } from "../core/observe.ts";

/** One piece of speech in so many is timed: a look at the clock for each would cost more than it tells. */
const TIMED_ONE_IN = 50;

export interface TrafficPorts {
  readonly clock: Clock;
  readonly meter: Meter;
  readonly framesSent: () => number;
}

// A class, because every piece of the agent's audio comes by here.
export class Traffic {
  readonly #ports: TrafficPorts;
  #received = 0;
  #toldReceived = 0;
  #toldSent = 0;

  constructor(ports: TrafficPorts) {
    this.#ports = ports;
  }

  /** Hands on a piece of the agent's speech; it is at the line when `audio` returns. */
  pass<Piece>(piece: Piece, to: { audio(piece: Piece): void }): void {
    if (this.#received++ % TIMED_ONE_IN > 0) return to.audio(piece);
    const { clock, meter } = this.#ports;
    const readAt = clock.now();
    to.audio(piece);
    meter.observe("voice_relay_delay_seconds", (clock.now() - readAt) / 1000, { direction: "out" });
  }

  /** Tells the meter what was carried since the last time. */
  tell(): void {
    const sent = this.#ports.framesSent();
    this.#count("out", sent - this.#toldSent);
    this.#count("in", this.#received - this.#toldReceived);
    this.#toldSent = sent;
    this.#toldReceived = this.#received;
  }

  #count(direction: string, by: number): void {
    if (by > 0) this.#ports.meter.count("voice_frames_total", { leg: "upstream", direction }, by);
  }
}
