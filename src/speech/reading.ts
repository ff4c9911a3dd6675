// Frames of the server as events, and a line in the log for those that are none: unreadable, unknown, or of the removed beta.
import type { Log, Meter } from "../core/observe.ts";
import { parseServerEvent, type ServerEvent } from "../wire/openai-realtime.ts";

export interface ReadingPorts {
  readonly log: Log;
  readonly meter: Meter;
  readonly countError: (code: string) => void;
}

/** @returns the event of a frame, when it is one we act on. */
export function createReading({ log, meter, countError }: ReadingPorts): (data: Buffer) => ServerEvent | undefined {
  const told = new Set<string>();

  /** Once per session: what would repeat with every message would drown everything else. */
  function warnOnce(message: string, fields: Record<string, string>): void {
    if (told.has(message)) return;
    told.add(message);
    log.warn(message, fields);
  }

  return (data) => {
    const parsed = parseServerEvent(data);
    switch (parsed.outcome) {
      case "event":
        return parsed.event;
      case "ignored":
        return undefined;
      case "bad":
        countError("bad-message");
        warnOnce("the voice API sent a message that cannot be read", { reason: parsed.reason });
        return undefined;
      case "unknown": {
        const name = parsed.name.slice(0, 80);
        meter.count("voice_unknown_events_total", { leg: "upstream" });
        if (parsed.beta) warnOnce("the server speaks the removed beta Realtime API and cannot be heard", { name });
        else log.debug("unknown event of the voice API", { name });
        return undefined;
      }
    }
  };
}
