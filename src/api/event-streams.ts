// Server-sent events: one open response per watcher, heartbeats against proxies that cut what is silent, and an end for whoever
// reads too slowly, may not read any more, or is still there when the server leaves.
import type { Response } from "express";
import type { Clock } from "../core/clock.ts";
import { Problem } from "../core/problem.ts";

export interface EventStreamsParts {
  readonly clock: Clock;
  /** Watchers at once. */
  readonly most?: number;
  /** Of one key or person among them, so that nobody takes all the room. */
  readonly mostEach?: number;
  /** ms between heartbeats; less than the 30 s after which common proxies give up. */
  readonly heartbeatMs?: number;
  /** Bytes that may wait for a watcher who does not read. */
  readonly mostWaiting?: number;
}

export interface Watcher {
  /** Who watches. */
  readonly name: string;
  /** Asked at every heartbeat; false ends the stream. */
  readonly stillGood: () => Promise<boolean>;
  /** The stream is over, whoever ended it. Called once. */
  readonly onEnd: () => void;
}

export interface EventStream {
  send(event: string, data: unknown): void;
  /** Ends it after what was sent. Idempotent. */
  end(): void;
}

export type EventStreams = ReturnType<typeof createEventStreams>;

export function createEventStreams({
  clock,
  most = 200,
  mostEach = 50,
  heartbeatMs = 15_000,
  mostWaiting = 262_144,
}: EventStreamsParts) {
  const open = new Map<EventStream, string>();
  let over = false;

  return {
    /** @throws Problem 429, or 503 when there is no room, or no time any more. */
    requireRoom(name: string): void {
      if (over || open.size >= most) {
        throw new Problem(503, over ? "The server is going away" : "Too many are watching", { "Retry-After": "5" });
      }
      const mine = [...open.values()].filter((one) => one === name).length;
      if (mine >= mostEach) throw new Problem(429, "This key watches often enough already", { "Retry-After": "30" });
    },
    begin(response: Response, { name, stillGood, onEnd }: Watcher): EventStream {
      let ended = false;
      let cancelBeat = (): void => {};

      function finish(): void {
        if (ended) return;
        ended = true;
        cancelBeat();
        open.delete(stream);
        onEnd();
      }

      function write(text: string): void {
        if (ended) return;
        if (response.writableLength + text.length > mostWaiting) {
          // Buffered without end it would be our memory; with gaps it would be a wrong story.
          finish();
          response.destroy();
          return;
        }
        response.write(text);
      }

      function beat(): void {
        cancelBeat = clock.after(heartbeatMs, () => {
          write(": still here\n\n");
          void stillGood().then(
            (good) => (good ? beat() : stream.end()),
            () => beat(), // Whoever could not be asked now is asked again.
          );
        });
      }

      const stream: EventStream = {
        send: (event, data) => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
        end() {
          if (ended) return;
          finish();
          response.end();
        },
      };
      response.once("close", finish);
      response.set({ "X-Accel-Buffering": "no", Connection: "keep-alive" });
      response.flushHeaders();
      open.set(stream, name);
      if (over || response.destroyed) {
        stream.end();
        return stream;
      }
      // A browser waits this long before it comes back.
      write("retry: 3000\n\n");
      beat();
      return stream;
    },
    count: () => open.size,
    /** Ends all of them; no new one begins. */
    close(): void {
      over = true;
      for (const stream of open.keys()) stream.end();
    },
  };
}
