// The Line of a phone call: what the bridge plays goes out as Twilio messages, what the caller does comes in as line events.
// It does not read the socket: stream.ts does, and tells it what to deliver and why it ended.
import type { Line, LineCloseCause, LineEvent } from "../../core/line.ts";
import type { Meter } from "../../core/observe.ts";
import type { Socket } from "../../core/socket.ts";
import { TwilioWriter } from "../../wire/twilio-stream.ts";

/** Base64 characters of 30 s of audio: what is kept until the line is attached. */
const KEPT_CHARS = (30 * 8000 * 4) / 3;
/** Other events than audio that are kept. */
const KEPT_EVENTS = 200;
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
  let listener: ((event: LineEvent) => void) | undefined;
  let ended = false;
  // Before attaching, and while what was kept is being handed over, new events queue behind the old ones.
  let queueing = true;
  const kept: LineEvent[] = [];
  let keptChars = 0;
  let keptOthers = 0;

  function keep(event: LineEvent): void {
    if (event.type === "line.audio") {
      keptChars += event.payload.length;
      kept.push(event);
      while (keptChars > KEPT_CHARS) dropOldestAudio();
    } else if (event.type === "line.closed" || keptOthers < KEPT_EVENTS) {
      keptOthers++;
      kept.push(event);
    } else {
      meter.count("voice_frames_dropped_total", { leg: "phone", cause: "events-before-answer" });
    }
  }

  function dropOldestAudio(): void {
    const at = kept.findIndex(({ type }) => type === "line.audio");
    const [oldest] = kept.splice(at, 1);
    if (oldest?.type === "line.audio") keptChars -= oldest.payload.length;
    meter.count("voice_frames_dropped_total", { leg: "phone", cause: "before-answer" });
  }

  function emit(event: LineEvent): void {
    if (queueing) keep(event);
    else listener?.(event);
  }

  const line: Line = {
    id: streamSid,
    attach(given) {
      if (listener) throw new Error("a line has one listener");
      listener = given;
      // The listener may play, close or be told more meanwhile: all of it lands behind what is still to be handed over.
      for (let next = kept.shift(); next; next = kept.shift()) {
        if (next.type === "line.audio") keptChars -= next.payload.length;
        given(next);
      }
      queueing = false;
    },
    play(payload, mark) {
      if (ended || payload.length === 0) return;
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
      if (!ended) socket.sendAscii(writer.mark(name));
    },
    clear() {
      if (!ended) socket.sendAscii(writer.clear);
    },
    bufferedBytes: () => socket.bufferedBytes,
    close() {
      if (!ended) onDone("closed-by-us");
    },
  };

  return {
    line,
    deliver(event) {
      if (!ended) emit(event);
    },
    end(cause) {
      if (ended) return;
      ended = true;
      emit({ type: "line.closed", cause });
    },
  };
}
