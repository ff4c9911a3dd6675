// The Line of a phone call: what the bridge plays goes out as Twilio messages, what the caller does comes in as line events.
// It does not read the socket: stream.ts does, and tells it what to deliver and why it ended.
import { LineEvents } from "../../core/line-events.ts";
import type { Line, LineCloseCause, LineEvent } from "../../core/line.ts";
import type { Meter } from "../../core/observe.ts";
import type { Socket } from "../../core/socket.ts";
import type { AudioWay } from "../../core/voice.ts";
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
  /** Anything but `line.closed`. Ignored once ended. The answer to audio may be a way for what follows, until the end. */
  deliver(event: LineEvent): AudioWay | void;
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
  const events = new LineEvents((cause) => meter.count("voice_frames_dropped_total", { leg: "phone", cause }));

  const line: Line = {
    id: streamSid,
    attach: (listener) => events.attach(listener),
    play(payload, mark) {
      if (events.ended || payload.length === 0) return;
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
      if (!events.ended) socket.sendAscii(writer.mark(name));
    },
    clear() {
      if (!events.ended) socket.sendAscii(writer.clear);
    },
    bufferedBytes: () => socket.bufferedBytes,
    close() {
      if (!events.ended) onDone("closed-by-us");
    },
  };

  return { line, deliver: (event) => events.deliver(event), end: (cause) => events.end(cause) };
}
