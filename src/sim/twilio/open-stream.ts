// Opens a media stream: the signed handshake at the server's real address, and Twilio's error code when it fails.
import { WebSocket } from "ws";
import { MediaStream, type StreamOptions } from "./stream.ts";
import { realUrl, sign, type Route } from "./webhook-request.ts";

/** The stream could not be opened; `code` is Twilio's (31901, 31902, 31920), 0 when it was called off. */
export class StreamFailure extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.name = "StreamFailure";
    this.code = code;
  }
}

/**
 * The real address of the stream: always the route's host, whatever the TwiML says, under the scheme that host speaks. A call to
 * a number without any route goes where the TwiML says.
 */
function realStreamUrl(route: Route, url: string): string {
  if (route.publicOrigin === "") return url;
  const { pathname, search } = new URL(url);
  return realUrl(route, route.publicOrigin).replace(/^http/, "ws") + pathname + search;
}

/**
 * Opens the socket and sends `connected` and `start`.
 * @throws StreamFailure when it does not open.
 */
export function openStream(options: StreamOptions): Promise<MediaStream> {
  const { url, route, authToken, faults } = options;
  const kind = faults.streamSignature ?? "valid";
  const signature = kind === "slash" ? sign(`${url}/`, {}, authToken, "valid") : sign(url, {}, authToken, kind);
  const socket = new WebSocket(realStreamUrl(route, url) + (faults.streamUrlSuffix ?? ""), {
    perMessageDeflate: false,
    handshakeTimeout: options.connectTimeoutMs,
    headers: {
      Host: faults.host ?? new URL(url).host,
      "User-Agent": "Twilio.TmeWs/1.0",
      ...(signature === undefined ? {} : { "X-Twilio-Signature": signature }),
    },
  });
  return new Promise((resolve, reject) => {
    const onAbort = () => fail(0, "called off");
    const fail = (code: number, message: string) => {
      options.signal.removeEventListener("abort", onAbort);
      reject(new StreamFailure(code, message));
      socket.on("error", () => undefined);
      socket.terminate();
    };
    options.signal.addEventListener("abort", onAbort);
    socket.once("open", () => {
      options.signal.removeEventListener("abort", onAbort);
      socket.removeAllListeners("error");
      socket.removeAllListeners("unexpected-response");
      const stream = new MediaStream(socket, options);
      options.onOpen(stream);
      resolve(stream);
    });
    socket.once("unexpected-response", (_request, response) =>
      fail(31920, `the server answered the handshake with HTTP ${response.statusCode}, not 101`),
    );
    socket.once("error", (error) => {
      if (error.message.includes("timed out")) fail(31901, "the connection timed out");
      else if (/ECONN|EHOST|ENOTFOUND/.test(String("code" in error ? error.code : ""))) fail(31902, error.message);
      else fail(31920, error.message);
    });
  });
}
