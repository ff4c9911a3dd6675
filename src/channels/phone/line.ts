// The Line of a phone call: what the bridge plays goes out as Twilio messages, what the caller does comes in as line events.
// It does not read the socket: stream.ts does, and tells it what to deliver and why it ended.
import { createLineEvents } from "../../core/line-events.ts";
import type { Line, LineCloseCause, LineEvent } from "../../core/line.ts";
import type { Meter } from "../../core/observe.ts";
import type { Socket } from "../../core/socket.ts";
import { TwilioWriter } from "../../wire/twilio-stream.ts";

/** Base64 characters in one message: 4.5 s of audio, well below 64 KiB, and cut between whole groups of four. */
const MESSAGE_CHARS = 48_000;
/** Bytes that the network may owe us before the far side counts as gone: a minute and a half of audio. */
const SLOW_BYTES = 1 << 20;

/** Frames counted without labels or calls, to be told to the meter now and then. */
export interface Tally {
  received: number;
  sent: number;
}

export interface PhoneLine {
  readonly line: Line;
  /** Anything but `line.closed`. Ignored once ended. */
  deliver(event: LineEvent): void;
  /** The line's last event. Nothing is delivered or sent after it. Idempotent. */
  end(cause: LineCloseCause): void;
}

export interface PhoneLineOptions {
  readonly streamSid: string;
  readonly socket: Socket;
  readonly meter: Meter;
  readonly tally: Tally;
  /** The bridge closed the line, or the far side takes no more audio: `end` is to follow. */
  readonly onDone: (cause: "closed-by-us" | "slow-consumer") => void;
}

export function createPhoneLine({ streamSid, socket, meter, tally, onDone }: PhoneLineOptions): PhoneLine {
  const writer = new TwilioWriter(streamSid);
  const events = createLineEvents((cause) => meter.count("voice_frames_dropped_total", { leg: "phone", cause }));

  const line: Line = {
    id: streamSid,
    attach: events.attach,
    play(payload, mark) {
      if (events.isEnded() || payload.length === 0) return;
      let rest = payload;
      for (; rest.length > MESSAGE_CHARS; rest = rest.slice(MESSAGE_CHARS)) {
        tally.sent++;
        socket.sendAscii(writer.media(rest.slice(0, MESSAGE_CHARS)));
      }
      tally.sent++;
      socket.sendAscii(writer.media(rest), mark === undefined ? undefined : writer.mark(mark));
      if (socket.bufferedBytes > SLOW_BYTES) onDone("slow-consumer");
    },
    mark(name) {
      if (!events.isEnded()) socket.sendAscii(writer.mark(name));
    },
    clear() {
      if (!events.isEnded()) socket.sendAscii(writer.clear);
    },
    bufferedBytes: () => socket.bufferedBytes,
    close() {
      if (!events.isEnded()) onDone("closed-by-us");
    },
  };

  return { line, deliver: events.deliver, end: events.end };
}
