// One browser's connection for questions in writing, as lean as it can be: what the asker itself needs for an answer would be
// counted as the server's. Kept open; one question at a time.
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface Reply {
  readonly head: string;
  readonly body: string;
  /** ms from the first byte sent to the last one come. */
  readonly tookMs: number;
}

export interface Asker {
  /** @throws Error when the connection ends before the answer does. */
  ask(body: string, headers: Readonly<Record<string, string>>): Promise<Reply>;
  close(): void;
}

export async function openAsker(url: string, path: string): Promise<Asker> {
  const { hostname, host, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true }).setEncoding("utf8");
  await once(socket, "connect");
  return {
    ask(body, headers) {
      const lines = Object.entries({ ...headers, "content-length": String(Buffer.byteLength(body)) });
      const head = `POST ${path} HTTP/1.1\r\nhost: ${host}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}`;
      return exchange(socket, `${head}\r\n${body}`);
    },
    close: () => void socket.destroy(),
  };
}

/** The answers asked for here have a length, in ASCII. */
function exchange(socket: Socket, request: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    let text = "";
    const gone = (): void => reject(new Error("the server has ended the connection"));
    const take = (piece: string): void => {
      text += piece;
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = text.slice(0, end);
      const body = text.slice(end + 4);
      if (body.length < Number(/^content-length: (\d+)$/im.exec(head)?.[1])) return;
      socket.off("data", take).off("close", gone);
      resolve({ head, body, tookMs: performance.now() - began });
    };
    socket.on("data", take).on("close", gone);
    socket.write(request);
  });
}
