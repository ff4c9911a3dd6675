// One suite over every line: a phone's, and a browser's live talk in both of its formats.
import { createPhoneLine } from "../../src/channels/phone/line.ts";
import { openBrowserStream } from "../../src/channels/browser/stream.ts";
import { BROWSER_TIMING } from "../../src/channels/browser/settings.ts";
import type { Socket, SocketListener } from "../../src/core/socket.ts";
import { createVirtualTime } from "../support/virtual-time.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { lineSuite, type LineUnderTest } from "./line-suite.ts";

interface FarEnd {
  readonly socket: Socket;
  readonly texts: string[];
  listener: SocketListener | undefined;
}

function farEnd(): FarEnd {
  const texts: string[] = [];
  const it: FarEnd = {
    texts,
    listener: undefined,
    socket: {
      bufferedBytes: 0,
      listen: (listener) => void (it.listener = listener),
      send: (data) => void texts.push(data.toString()),
      sendAscii: (text, next) => void texts.push(text, ...(next === undefined ? [] : [next])),
      ping: () => undefined,
      close: () => undefined,
      terminate: () => undefined,
    },
  };
  return it;
}

function phone(): LineUnderTest {
  const { socket, texts } = farEnd();
  const made = createPhoneLine({
    streamSid: "MZ1",
    socket,
    meter: keptMeter(),
    tally: { received: 0, sent: 0 },
    onDone: (cause) => made.end(cause),
  });
  return {
    line: made.line,
    hear: (payload) => made.deliver({ type: "line.audio", payload }),
    key: (digit) => made.deliver({ type: "line.digit", digit }),
    played: (name) => made.deliver({ type: "line.mark", name }),
    leave: (cause) => made.end(cause),
    sent: () =>
      texts.map((text) => {
        const { event, mark } = JSON.parse(text) as { event: string; mark?: { name: string } };
        return event === "media" ? "audio" : event === "clear" ? "clear" : `mark ${mark?.name}`;
      }),
  };
}

const browser = (format: "pcm" | "mulaw") => (): LineUnderTest => {
  const end = farEnd();
  const { texts } = end;
  const stream = openBrowserStream(end.socket, {
    sessionId: "session123",
    callId: "call-1",
    carrierId: "ws:session123:call-1",
    orgId: "default",
    query: { isLive: true, format, audio: "mp3" },
    clock: createVirtualTime().clock,
    log: keptLog(),
    meter: keptMeter(),
    timing: { ...BROWSER_TIMING, messageBurst: 1_000_000 },
    onEnded: () => undefined,
  });
  const say = (message: unknown): void => end.listener?.message(Buffer.from(JSON.stringify(message)), false);
  return {
    line: stream.line,
    hear: (payload) => say({ type: "audio_chunk", audio_data: payload, format: "mulaw" }),
    key: (digit) => say({ type: "digit", digit }),
    played: (name) => say({ type: "mark", name }),
    leave: (cause) => stream.end(cause, 4000, ""),
    sent: () =>
      texts
        .map((text) => JSON.parse(text) as { type: string; name?: string })
        .filter(({ type }) => ["audio_delta", "mark", "clear"].includes(type))
        .map(({ type, name }) => (type === "audio_delta" ? "audio" : type === "clear" ? "clear" : `mark ${name}`)),
  };
};

lineSuite("a phone", phone);
lineSuite("a browser that talks in pcm", browser("pcm"));
lineSuite("a browser that talks in mu-law", browser("mulaw"));
