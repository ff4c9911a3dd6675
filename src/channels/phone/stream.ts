// One socket of Twilio Media Streams, from the upgrade to its one end. It waits for `start`, spends the token, gives the bridge
// a line and then only passes frames: no timer, promise or log for a frame.
import type { Line, LineCloseCause } from "../../core/line.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log, Meter } from "../../core/observe.ts";
import type { Socket } from "../../core/socket.ts";
import type { StreamGrant, StreamState } from "../../core/state.ts";
import type { AudioWay } from "../../core/voice.ts";
import {
  parseTwilioMessage,
  payloadBytes,
  readMediaOf,
  type MediaFrame,
  type TwilioStart,
} from "../../wire/twilio-stream.ts";
import { CAUSES } from "./closes.ts";
import { createPhoneLine, type PhoneLine, type Tally } from "./line.ts";
import { CLOCK_BACK, DUPLICATE, LATE, MediaOrder } from "./order.ts";
import type { PhoneTiming } from "./settings.ts";
import { silencePieces } from "./silence.ts";

export interface StreamOptions {
  readonly state: StreamState;
  readonly log: Log;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly timing: PhoneTiming;
  /** The token of this stream was good: takes the call, or says why there is no room for it. Not to be called twice for one grant. */
  readonly claim: (grant: StreamGrant) => Promise<"ok" | "busy" | "draining">;
  /** The token was spent by a stream that may not have it: the call it was for cannot start any more. */
  readonly disown: (grant: StreamGrant) => void;
  /** A stream named this call and had no good token: what was opened for it early is closed. */
  readonly distrust: (callSid: string) => void;
  readonly enter: (line: Line, grant: StreamGrant) => void;
  /** Told once, when the stream has ended. */
  readonly onEnded: (stream: Stream, cause: LineCloseCause) => void;
  readonly tally: Tally;
}

export interface Stream {
  /** Undefined until `start`. */
  readonly callSid: string | undefined;
  readonly streamSid: string | undefined;
  /** One look at whether the caller is still there, every `tickMs`. */
  tick(): void;
  /** Bytes written to it and not yet taken by the network. */
  readonly bufferedBytes: number;
  /** Ends the line, if it has not ended, and closes the socket. */
  end(cause: LineCloseCause, code: number, reason: string): void;
}

/** `connected` and `start` are awaited; then the token is being checked, and frames are kept; then the bridge has the line. */
type Stage = "waiting" | "checking" | "live" | "ended";

export function openStream(socket: Socket, options: StreamOptions): Stream {
  const { state, meter, clock, timing, log, tally } = options;
  let stage: Stage = "waiting";
  let started: TwilioStart | undefined;
  let phone: PhoneLine | undefined;
  /** The stream's id, as every frame carries it. */
  let sid: Uint8Array | undefined;
  /** Where the caller's audio goes when somebody listens. */
  let way: AudioWay | void;
  const order = new MediaOrder(timing.gapCapMs);
  /** Set by every frame, taken down by every tick: a flag costs a frame nothing, a look at the clock would. */
  let heard = true;
  let quietMs = 0;
  let lastDigit = -1;
  let lastMark = -1;
  const badAt: number[] = [];
  /** We began the closing handshake; the far side is to end it. */
  let closing = false;
  let cancelDeadline = clock.after(timing.startMs, () => {
    meter.count("voice_start_timeouts_total");
    end("protocol", 1008, "no start");
  });

  const stream: Stream = {
    get callSid() {
      return started?.callSid;
    },
    get bufferedBytes() {
      return socket.bufferedBytes;
    },
    get streamSid() {
      return started?.streamSid;
    },
    tick,
    end,
  };

  function end(cause: LineCloseCause, code: number, reason: string): void {
    if (!finish(cause, code)) return;
    closing = true;
    socket.close(code, reason);
  }

  function cut(cause: LineCloseCause): void {
    if (!finish(cause, 1006)) return;
    socket.terminate();
  }

  /** The one end of a stream, whoever brings it about. */
  function finish(cause: LineCloseCause, code: number): boolean {
    if (stage === "ended") return false;
    stage = "ended";
    cancelDeadline();
    options.onEnded(stream, cause);
    meter.count("voice_ws_close_total", { code: String(code) });
    log.debug("stream ended", { call: started?.callSid, cause, code });
    phone?.end(cause);
    return true;
  }

  function violation(kind: string): void {
    meter.count("voice_protocol_violations_total", { kind });
  }

  function bad(why: string): void {
    meter.count("voice_bad_frames_total", { kind: why });
    const now = clock.now();
    badAt.push(now);
    if (badAt.length < timing.badFrames) return;
    if (now - (badAt.shift() as number) <= timing.badFramesMs) end("bad-frames", 1007, "too many bad frames");
  }

  function onMessage(data: Buffer, isBinary: boolean): void {
    if (stage === "ended") return;
    const parsed = parseTwilioMessage(data, isBinary);
    if (parsed.outcome === "bad") return bad(parsed.why);
    if (parsed.outcome === "unknown") return meter.count("voice_unknown_events_total", { leg: "phone" });
    const { message } = parsed;
    if (message.event === "connected") return;
    if (message.event === "start") return onStart(message);
    if (!phone) {
      violation("before-start");
      if (message.event === "stop") end("hangup", 1000, "");
      return;
    }
    if (message.streamSid !== started?.streamSid) return violation("other-stream");
    switch (message.event) {
      case "media":
        return onMedia(message, phone);
      case "dtmf":
        if (message.sequenceNumber === lastDigit) return violation("duplicate");
        lastDigit = message.sequenceNumber;
        return void phone.deliver({ type: "line.digit", digit: message.digit });
      case "mark":
        if (message.sequenceNumber === lastMark) return violation("duplicate");
        lastMark = message.sequenceNumber;
        return void phone.deliver({ type: "line.mark", name: message.name });
      case "stop":
        return end("hangup", 1000, "");
    }
  }

  /** The short way of nearly all messages. */
  function onText(bytes: Buffer, from: number, to: number): boolean {
    if (!sid || !phone || stage === "ended") return false;
    const frame = readMediaOf(sid, bytes, from, to);
    if (!frame) return false;
    onMedia(frame, phone);
    return true;
  }

  function onMedia({ track, chunk, timestamp, payload }: MediaFrame, to: PhoneLine): void {
    if (track !== "inbound") return violation("other-track");
    const silence = order.place(chunk, timestamp, payloadBytes(payload));
    if (silence === DUPLICATE) return violation("duplicate");
    if (silence === LATE) return violation("late");
    if (silence === CLOCK_BACK) violation("clock-back");
    heard = true;
    // The first frame after each report is timed: a sample a second of all streams together.
    const sampledAt = tally.received === 0 ? clock.now() : undefined;
    tally.received++;
    if (silence > 0) {
      meter.count("voice_media_gap_ms_total", {}, silence / 8);
      for (const piece of silencePieces(silence)) to.deliver({ type: "line.audio", payload: piece });
    }
    if (!way?.take(payload)) way = to.deliver({ type: "line.audio", payload });
    if (sampledAt !== undefined)
      meter.observe("voice_relay_delay_seconds", (clock.now() - sampledAt) / 1000, { direction: "in" });
  }

  function onStart(start: TwilioStart): void {
    if (started) {
      violation("second-start");
      if (start.streamSid !== started.streamSid) end("protocol", 1008, "one stream per socket");
      return;
    }
    started = start;
    stage = "checking";
    cancelDeadline();
    if (!start.isMulaw8k) return end("protocol", 1003, "mu-law at 8000 Hz only");
    cancelDeadline = clock.after(timing.startMs, () => end("protocol", 1011, "the token could not be checked"));
    sid = Buffer.from(start.streamSid);
    phone = createPhoneLine({
      streamSid: start.streamSid,
      socket,
      meter,
      tally,
      onDone: (cause) => (cause === "slow-consumer" ? cut(cause) : end(cause, 1000, "")),
    });
    void spend(start, phone);
  }

  /** Nothing is paid for before this has gone well. */
  async function spend(start: TwilioStart, { line }: PhoneLine): Promise<void> {
    const about = log.with({ call: start.callSid });
    const began = clock.now();
    let grant: StreamGrant | undefined;
    try {
      const { token } = start.customParameters;
      if (token) grant = await state.takeToken(token);
      const isMine = grant?.party.carrierId === start.callSid && grant.accountId === start.accountSid;
      if (!grant || !isMine) {
        meter.count("voice_auth_failures_total", { surface: "stream-token" });
        about.warn("a stream was refused: its token is not good");
        if (grant) options.disown(grant);
        options.distrust(start.callSid);
        return end("protocol", 1008, "token");
      }
      const verdict = await options.claim(grant);
      if (verdict !== "ok") return end("protocol", 1013, verdict);
      cancelDeadline();
      if (stage === "checking") stage = "live";
      meter.observe("voice_call_setup_seconds", (clock.now() - began) / 1000, { stage: "token" });
      // Also when the caller has left meanwhile: the bridge learns it from the line and keeps the record.
      options.enter(line, grant);
    } catch (error) {
      about.error("a stream could not be taken", { error: String(error) });
      if (grant) options.disown(grant);
      end("protocol", 1011, "internal error");
    }
  }

  function tick(): void {
    if (stage === "waiting") return;
    quietMs = heard ? 0 : quietMs + timing.tickMs;
    heard = false;
    if (quietMs >= timing.quietEndMs) {
      meter.count("voice_half_open_total");
      cut("no-media");
    } else if (quietMs >= timing.quietPingMs && quietMs - timing.tickMs < timing.quietPingMs) socket.ping();
  }

  socket.listen({
    message: onMessage,
    text: onText,
    closed(code) {
      finish(CAUSES.get(code) ?? "hangup", code);
      if (closing && code === 1006) meter.count("voice_calls_not_torn_down_total", { leg: "phone" });
    },
  });
  return stream;
}
