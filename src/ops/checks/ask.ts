// One request as the carrier would make it: a connection of its own, no redirects followed, a WebSocket's upgrade when asked for.
import { createHash, randomBytes } from "node:crypto";
import http from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

export interface Question {
  readonly url: string;
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Asks for a WebSocket, and closes it in good order when it is given. */
  readonly upgrade?: boolean;
  readonly ca?: string | undefined;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Its beginning. */
  readonly body: string;
  /** When the certificate ends; undefined without TLS. */
  readonly certificateEnds: Date | undefined;
}

const MOST_BODY = 8192;
/** RFC 6455, section 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** A close frame with code 1000, masked with zeros. */
const CLOSE_FRAME = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]);
const CLOSE_MS = 1000;

/** @throws what the network or TLS says. */
export function ask({
  url,
  method = "GET",
  headers = {},
  body,
  upgrade = false,
  ca,
  signal,
}: Question): Promise<Answer> {
  const key = randomBytes(16).toString("base64");
  const address = new URL(url.replace(/^ws/, "http"));
  const upgrading = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": key,
  };
  const secure = address.protocol === "https:";
  return new Promise((resolve, reject) => {
    const request = (secure ? https : http).request(address, {
      method,
      headers: {
        "User-Agent": "voicebridge-doctor",
        ...headers,
        ...(body !== undefined && { "Content-Length": String(Buffer.byteLength(body)) }),
        ...(upgrade && upgrading),
      },
      agent: false,
      signal,
      ...(secure && ca !== undefined && { ca }),
    });
    let certificateEnds: Date | undefined;
    request.on("socket", (socket) =>
      socket.once("secureConnect", () => {
        const { valid_to: end } = (socket as TLSSocket).getPeerCertificate();
        certificateEnds = end ? new Date(end) : undefined;
      }),
    );
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        if (text.length < MOST_BODY) text += part;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, certificateEnds }),
      );
      response.on("error", reject);
    });
    request.on("upgrade", (response, socket) => {
      const good = createHash("sha1")
        .update(key + GUID)
        .digest("base64");
      leave(socket);
      if (response.headers["sec-websocket-accept"] !== good)
        reject(new Error("the upgrade was answered with a wrong key"));
      else resolve({ status: 101, headers: response.headers, body: "", certificateEnds });
    });
    request.on("error", reject);
    request.end(body);
  });
}

function leave(socket: Duplex): void {
  socket.on("error", () => undefined);
  socket.on("close", () => clearTimeout(late));
  const late = setTimeout(() => socket.destroy(), CLOSE_MS);
  socket.resume();
  socket.end(CLOSE_FRAME);
}

interface Failure {
  readonly code?: string;
  /** Several addresses of one name were tried. */
  readonly errors?: readonly Failure[];
  readonly message?: string;
}

/** What went wrong between here and there, for the end of a sentence. */
export function reasonOf(error: unknown): string {
  const { code, errors, message } = error as Failure;
  return code ?? errors?.[0]?.code ?? message ?? "unknown";
}
