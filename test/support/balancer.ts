// What stands before several instances: one address, and for every request and every stream a free choice of who gets it.
import { createServer, request, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";

export interface Balancer {
  readonly url: string;
  /** The port of the instance that gets this request; asked anew for each. */
  choose: (path: string) => number;
  close(): Promise<void>;
}

export async function startBalancer(choose: (path: string) => number): Promise<Balancer> {
  const sockets = new Set<Socket>();
  const server = createServer((asked, answer) => {
    const { method, headers, url: path = "/" } = asked;
    // A connection of its own for each: who gets one must not get the next for that alone.
    const passed = request({ host: "127.0.0.1", port: balancer.choose(path), method, path, headers, agent: false });
    passed.on("response", (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    passed.on("error", () => {
      if (!answer.headersSent) answer.writeHead(502);
      answer.end();
    });
    asked.pipe(passed);
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
  });
  server.on("upgrade", (asked: IncomingMessage, near: Socket, head: Buffer) => {
    const far = connect(balancer.choose(asked.url ?? "/"), "127.0.0.1");
    const lines = [`${asked.method} ${asked.url} HTTP/1.1`];
    for (let at = 0; at + 1 < asked.rawHeaders.length; at += 2)
      lines.push(`${asked.rawHeaders[at]}: ${asked.rawHeaders[at + 1]}`);
    far.write(`${lines.join("\r\n")}\r\n\r\n`);
    far.write(head);
    far.setNoDelay(true);
    near.setNoDelay(true);
    far.pipe(near);
    near.pipe(far);
    // A socket that dies on one side dies on the other, without a word.
    for (const [one, other] of [
      [far, near],
      [near, far],
    ] as const)
      one.on("error", () => undefined).on("close", () => other.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const balancer: Balancer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    choose,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return balancer;
}
