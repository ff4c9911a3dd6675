// What stands between the carrier and the server in the tests of the doctor: a reverse proxy that does its work well, or badly in
// one of the ways that proxies are known for.
import http from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";

export type Manner =
  | "good"
  /** Puts a folder before every path, as a rule for a sub-path does. */
  | "rewrites-path"
  /** Adds a query of its own. */
  | "adds-query"
  /** Reads forms and writes them anew, lower-casing what it escapes. */
  | "rewrites-body"
  | "drops-signature"
  | "no-upgrades"
  /** Answers for a server that is not there. */
  | "bad-gateway"
  | "redirects"
  | "asks-for-login"
  | "something-else";

export interface Proxy {
  readonly url: string;
  manner: Manner;
  /** Where it leads. */
  target: string;
  /** Paths that were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

const ANSWERS: Partial<Record<Manner, readonly [number, Record<string, string>, string]>> = {
  "bad-gateway": [502, {}, "<h1>Bad gateway</h1>"],
  redirects: [301, { Location: "https://www.voice.example/" }, ""],
  "asks-for-login": [401, { "WWW-Authenticate": "Basic" }, "Who are you?"],
  "something-else": [200, { "Content-Type": "text/html" }, "<h1>It works!</h1>"],
};

export async function startProxy(): Promise<Proxy> {
  const server = http.createServer((incoming, outgoing) => {
    const { manner } = proxy;
    proxy.asked.push(`${incoming.method} ${incoming.url}`);
    const instead = ANSWERS[manner];
    // A login page leaves what monitors ask for open.
    if (instead && !(manner === "asks-for-login" && incoming.url === "/health")) {
      outgoing.writeHead(instead[0], instead[1]).end(instead[2]);
      return;
    }
    forward(incoming, manner, (request) => {
      request.on("response", (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      request.on("error", () => outgoing.writeHead(502).end());
    });
  });
  server.on("upgrade", (incoming, client) => {
    const { manner } = proxy;
    proxy.asked.push(`UPGRADE ${incoming.url}`);
    if (ANSWERS[manner]) {
      client.end("HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    forward(incoming, manner, (request) => {
      request.on("upgrade", (answer, socket) => {
        const head = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}`);
        client.write(`HTTP/1.1 101 Switching Protocols\r\n${head.join("\r\n")}\r\n\r\n`);
        socket.on("error", () => client.destroy());
        client.on("error", () => socket.destroy());
        socket.pipe(client).pipe(socket);
      });
      request.on("response", (answer) => {
        client.write(
          `HTTP/1.1 ${answer.statusCode} Refused\r\nConnection: close\r\nContent-Type: ${answer.headers["content-type"]}\r\n\r\n`,
        );
        answer.pipe(client);
      });
      request.on("error", () => client.destroy());
    });
  });

  function forward(incoming: http.IncomingMessage, manner: Manner, wire: (request: http.ClientRequest) => void): void {
    const headers = { ...incoming.headers };
    let path = incoming.url ?? "/";
    const isOurs = path !== "/health";
    if (manner === "rewrites-path" && isOurs) path = `/app${path}`;
    if (manner === "adds-query" && isOurs) path = `${path}?via=proxy`;
    if (manner === "drops-signature") delete headers["x-twilio-signature"];
    if (manner === "no-upgrades") {
      delete headers.upgrade;
      headers.connection = "close";
    }
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      let body = Buffer.concat(parts).toString();
      if (manner === "rewrites-body") body = body.replaceAll("%2B", "+");
      if (headers["content-length"] !== undefined) headers["content-length"] = String(Buffer.byteLength(body));
      const request = http.request(proxy.target + path, { method: incoming.method ?? "GET", headers, agent: false });
      wire(request);
      request.end(body);
    });
    incoming.resume();
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: Proxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    manner: "good",
    target: "http://127.0.0.1:9",
    asked: [],
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}
