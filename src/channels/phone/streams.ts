// All the media sockets of the phone channel: who may open one, and the one timer and the list of those that are open.
import type { LineCloseCause } from "../../core/line.ts";
import type { Socket, SocketRoute, UpgradeRequest } from "../../core/socket.ts";
import type { Tally } from "./line.ts";
import { VOICE_PATHS } from "./paths.ts";
import type { Signatures } from "./signature.ts";
import { openStream, type Stream, type StreamOptions } from "./stream.ts";

export interface MediaStreams {
  readonly route: SocketRoute;
  /** The carrier says that this call, or this stream, is over: its line ends as a hang-up if it has not ended yet. */
  readonly endCall: (carrierId: string) => void;
  readonly endStream: (streamSid: string) => void;
  /** The stream of this call is broken, and the carrier knows it: its line ends as lost. */
  readonly loseCall: (carrierId: string) => void;
  /** Streams open now. */
  readonly count: () => number;
  /** Ends every line; later sockets are refused with 503. Idempotent. */
  readonly close: () => void;
}

export interface MediaStreamsOptions extends Omit<StreamOptions, "onEnded" | "tally"> {
  readonly signatures: Signatures;
  /** We ended the line of this call: Twilio is to ask what comes next. */
  readonly onClosedByUs: (carrierId: string) => void;
}

/** 64 KiB: Twilio's frames have 400 bytes. */
const MAX_PAYLOAD = 65_536;

export function createMediaStreams(options: MediaStreamsOptions): MediaStreams {
  const { signatures, meter, clock, timing } = options;
  const streams = new Set<Stream>();
  const tally: Tally = { received: 0, sent: 0 };
  let cancelTick: (() => void) | undefined;
  let closed = false;

  function refuse({ url = "", headers }: UpgradeRequest): number | undefined {
    if (closed) return 503;
    const signature = headers["x-twilio-signature"];
    // A query would be signed by whoever wrote the address, not by us: Twilio never sends one.
    const good = !url.includes("?") && typeof signature !== "object" && signatures.upgrade(url, signature);
    if (good) return undefined;
    meter.count("voice_auth_failures_total", { surface: "upgrade" });
    return 403;
  }

  function accept(socket: Socket): void {
    streams.add(openStream(socket, { ...options, tally, onEnded }));
    cancelTick ??= clock.after(timing.tickMs, tick);
  }

  function onEnded(stream: Stream, cause: LineCloseCause): void {
    streams.delete(stream);
    if (cause === "closed-by-us" && stream.callSid !== undefined && !closed) options.onClosedByUs(stream.callSid);
  }

  /** The one timer of all streams; it rests while there are none. */
  function tick(): void {
    report();
    for (const stream of streams) stream.tick();
    cancelTick = streams.size > 0 ? clock.after(timing.tickMs, tick) : undefined;
  }

  function report(): void {
    if (tally.received > 0) meter.count("voice_frames_total", { leg: "phone", direction: "in" }, tally.received);
    if (tally.sent > 0) meter.count("voice_frames_total", { leg: "phone", direction: "out" }, tally.sent);
    tally.received = 0;
    tally.sent = 0;
    let buffered = 0;
    for (const stream of streams) buffered += stream.bufferedBytes;
    meter.gauge("voice_ws_buffered_bytes", buffered, { leg: "phone" });
  }

  function endWhere(isMeant: (stream: Stream) => boolean, cause: LineCloseCause = "hangup"): void {
    for (const stream of streams) if (isMeant(stream)) stream.end(cause, 1000, "the call is over");
  }

  return {
    route: { path: VOICE_PATHS.stream, maxPayload: MAX_PAYLOAD, refuse, accept },
    endCall: (carrierId) => endWhere(({ callSid }) => callSid === carrierId),
    endStream: (id) => endWhere(({ streamSid }) => streamSid === id),
    loseCall: (carrierId) => endWhere(({ callSid }) => callSid === carrierId, "network"),
    count: () => streams.size,
    close() {
      closed = true;
      cancelTick?.();
      for (const stream of streams) stream.end("closed-by-us", 1001, "going away");
      report();
    },
  };
}
