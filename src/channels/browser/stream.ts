// One socket of a browser, from the handshake to its one end: reads what comes, keeps it within its limits, and tells a dead peer from
// a silent one. Who may have it, and which call it belongs to, was decided before (reception.ts).
import type { Clock } from "../../core/clock.ts";
import type { Line, LineCloseCause } from "../../core/line.ts";
import type { Log, Meter } from "../../core/observe.ts";
import type { Socket } from "../../core/socket.ts";
import {
  formatServerMessage,
  LIVE_FORMATS,
  MOST_TEXT,
  parseClientMessage,
  type ClientMessage,
  type SocketQuery,
} from "../../wire/browser.ts";
import { createAllowance } from "./allowance.ts";
import { isWhole } from "./format.ts";
import { createInlet } from "./inlet.ts";
import { createBrowserLine } from "./line.ts";
import { createLiveOutlet } from "./live-outlet.ts";
import type { Outlet } from "./outlet.ts";
import { CAUSES, CLOSE, SLOW_BYTES, type BrowserTiming } from "./settings.ts";
import { createTurnOutlet } from "./turn-outlet.ts";
import { createTurns } from "./turns.ts";

export interface BrowserStreamOptions {
  readonly sessionId: string;
  readonly callId: string;
  readonly carrierId: string;
  readonly orgId: string;
  readonly query: SocketQuery;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly timing: BrowserTiming;
  /** Told what happens in the call, before the far side is. */
  readonly watch?: (type: string, data: Readonly<Record<string, unknown>>) => void;
  /** Told once, when the line has ended. */
  readonly onEnded: (stream: BrowserStream) => void;
}

export interface BrowserStream {
  readonly carrierId: string;
  readonly line: Line;
  readonly bufferedBytes: number;
  /** One look at whether the peer is still there, every `pingMs`. */
  tick(): void;
  /** Ends the line, if it has not ended, and closes the socket. */
  end(cause: LineCloseCause, code: number, reason: string): void;
}

export function openBrowserStream(socket: Socket, options: BrowserStreamOptions): BrowserStream {
  const { query, clock, meter, timing, sessionId, callId, orgId, carrierId } = options;
  const log = options.log.with({ call: carrierId, callId });
  let ended = false;
  let socketClosed = false;
  let heardAt = clock.now();
  const allowed = createAllowance(clock, timing);
  const badAt: number[] = [];
  const refusedAt = new Map<string, number>();
  let cancelFarewell = (): void => {};

  function send(text: string): void {
    if (socketClosed) return;
    socket.send(text);
    sent();
  }

  function sendAscii(text: string): void {
    if (socketClosed) return;
    socket.sendAscii(text);
    sent();
  }

  function sent(): void {
    if (socket.bufferedBytes > SLOW_BYTES) end("slow-consumer", CLOSE.slow, "reads too slowly");
  }

  function refuse(code: string, message: string): void {
    meter.count("voice_bad_frames_total", { kind: code });
    const now = clock.now();
    // What comes fifty times a second is wrong fifty times a second, and said once.
    if (now - (refusedAt.get(code) ?? -Infinity) < 1000 && /^(audio_|too_many)/.test(code)) return;
    refusedAt.set(code, now);
    send(formatServerMessage({ type: "error", code, message }));
  }

  const deliver = (event: Parameters<typeof bound.deliver>[0]): void => bound.deliver(event);
  const outlet: Outlet = query.isLive
    ? createLiveOutlet({ send, sendAscii, format: query.format })
    : createTurnOutlet({
        send,
        deliver,
        clock,
        format: query.audio,
        onFailed(error) {
          log.error("a reply could not be encoded", { error: String(error) });
          refuse("internal_error", "The sound of a reply could not be made");
        },
      });
  const bound = createBrowserLine({
    id: carrierId,
    takesTurns: !query.isLive,
    outlet,
    bufferedBytes: () => socket.bufferedBytes,
    meter,
    told(type, data) {
      options.watch?.(type, data);
      if (type === "speech.started" || type === "speech.stopped")
        inlet.speech(type === "speech.started" ? "started" : "stopped");
      if (type === "reply" && data["kind"] !== "greeting") turns.answered();
      if (type === "call.ended") void farewell(String(data["reason"]));
      else if (!ended || type === "reply") outlet.told(type, data);
    },
    onClosed: () => end("closed-by-us", 1000, ""),
  });
  const inlet = createInlet({
    clock,
    timing,
    deliver: (payload) => deliver({ type: "line.audio", payload }),
    refuse(code, message) {
      refuse(code, message);
      if (code === "bad_audio" || code === "audio_too_long") turns.answered();
    },
    onNoSpeech() {
      if (query.isLive) return;
      refuse("no_speech", "Nobody was heard to speak");
      turns.answered();
    },
  });
  const turns = createTurns({ clock });

  /** In its turn, where whole replies are waited for. */
  function inTurn(bytes: number, begin: () => void): void {
    if (query.isLive) return begin();
    if (!turns.add(bytes, begin)) refuse("too_many_messages", "Too much waits to be answered: it is dropped");
  }

  function end(cause: LineCloseCause, code: number, reason: string): void {
    if (!finish(cause, code)) return;
    // The call tells why it ended, which is the last that is sent. A socket that is taken over, or misbehaves, is not told.
    if (code === 1000) cancelFarewell = clock.after(timing.farewellMs, () => close(code, reason));
    else close(code, reason);
  }

  async function farewell(reason: string): Promise<void> {
    await outlet.end(reason);
    close(1000, "");
  }

  function close(code: number, reason: string): void {
    cancelFarewell();
    if (socketClosed) return;
    socketClosed = true;
    outlet.close();
    socket.close(code, reason);
  }

  /** The one end of a line, whoever brings it about. */
  function finish(cause: LineCloseCause, code: number): boolean {
    if (ended) return false;
    ended = true;
    inlet.close();
    turns.close();
    options.onEnded(stream);
    meter.count("voice_ws_close_total", { code: String(code) });
    log.debug("socket ended", { cause, code });
    bound.end(cause);
    return true;
  }

  function bad(code: string, why: string): void {
    refuse(code, why);
    const now = clock.now();
    badAt.push(now);
    if (badAt.length < timing.badMessages) return;
    if (now - (badAt.shift() as number) <= timing.badMessagesMs) end("bad-frames", CLOSE.bad, "too many bad messages");
  }

  function onMessage(data: Buffer, isBinary: boolean): void {
    heardAt = clock.now();
    if (ended) return;
    const verdict = allowed();
    if (verdict === "flood") return end("protocol", CLOSE.flood, "too many messages");
    if (verdict === "over") return refuse("too_many_messages", "Too many messages: some are dropped");
    const parsed = parseClientMessage(data, isBinary);
    if (parsed.outcome === "bad") bad(parsed.code, parsed.why);
    else take(parsed.message);
  }

  function take(message: ClientMessage): void {
    switch (message.type) {
      case "audio_chunk":
        if (isWhole(message.audio_data, message.format))
          return inTurn(message.audio_data.length, () => inlet.chunk(message.audio_data, message.format));
        return inlet.chunk(message.audio_data, message.format);
      case "audio_end":
        return inlet.end();
      case "text_input":
        if (message.text.length > MOST_TEXT)
          return refuse("text_too_long", `A text has ${MOST_TEXT} characters at most`);
        return inTurn(message.text.length, () => deliver({ type: "line.text", text: message.text }));
      case "mark":
        if (query.isLive) deliver({ type: "line.mark", name: message.name });
        return;
      case "digit":
        return deliver({ type: "line.digit", digit: message.digit });
      case "end":
        return end("hangup", 1000, "");
    }
  }

  const stream: BrowserStream = {
    carrierId,
    line: bound.line,
    get bufferedBytes() {
      return socket.bufferedBytes;
    },
    tick() {
      if (ended) return;
      if (clock.now() - heardAt < timing.goneMs) return socket.ping();
      meter.count("voice_half_open_total");
      if (!finish("network", 1006)) return;
      socketClosed = true;
      socket.terminate();
    },
    end,
  };

  socket.listen({
    message: onMessage,
    pong: () => void (heardAt = clock.now()),
    closed(code) {
      socketClosed = true;
      cancelFarewell();
      outlet.close();
      finish(CAUSES.get(code) ?? "hangup", code);
    },
  });
  if (query.isLive) {
    send(
      formatServerMessage({
        type: "session",
        session_id: sessionId,
        call_id: callId,
        organization: orgId,
        format: query.format,
        sample_rate: LIVE_FORMATS[query.format],
      }),
    );
  }
  return stream;
}
