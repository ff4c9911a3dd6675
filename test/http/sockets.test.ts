// The door for upgrades: who is let in, how the others are turned away, and what a socket does when its peer misbehaves.
import { once } from "node:events";
import { createRequire } from "node:module";
import { connect } from "node:net";
import request from "supertest";
import { WebSocket } from "ws";
import type { Socket, SocketListener, SocketRoute } from "../../src/core/socket.ts";
import { keptLog, sendRaw, statusOf, testServer, until } from "./support.ts";

interface Met {
  readonly path: string;
  readonly socket: Socket;
  readonly messages: { data: string; isBinary: boolean }[];
  /** Resolves to the close code. */
  readonly closed: Promise<number>;
  codes: number[];
}

/** A server with /a (1 KB) and /b (4 KB), which keep what they met. */
async function setup({
  refuse = () => undefined,
  onMessage,
  closeTimeoutMs,
}: {
  refuse?: SocketRoute["refuse"];
  onMessage?: SocketListener["message"];
  closeTimeoutMs?: number;
} = {}) {
  const met: Met[] = [];
  const waiting: ((one: Met) => void)[] = [];
  const route = (path: string, maxPayload: number): SocketRoute => ({
    path,
    maxPayload,
    refuse,
    accept(socket) {
      const messages: Met["messages"] = [];
      const codes: number[] = [];
      const closed = new Promise<number>((resolve) => {
        socket.listen({
          message(data, isBinary) {
            messages.push({ data: data.toString(), isBinary });
            onMessage?.(data, isBinary);
          },
          closed(code) {
            codes.push(code);
            resolve(code);
          },
        });
      });
      const one = { path, socket, messages, closed, codes };
      met.push(one);
      waiting.shift()?.(one);
    },
  });
  const log = keptLog();
  const server = testServer({
    sockets: [route("/a", 1024), route("/b", 4096)],
    log,
    ...(closeTimeoutMs !== undefined && { closeTimeoutMs }),
  });
  const { port } = await server.listen(0, "127.0.0.1");
  return {
    server,
    port,
    met,
    log,
    open: async (path: string): Promise<{ client: WebSocket; met: Met }> => {
      const arrived = new Promise<Met>((resolve) => waiting.push(resolve));
      const client = new WebSocket(`ws://127.0.0.1:${port}${path}`);
      client.on("error", () => undefined);
      await once(client, "open");
      return { client, met: await arrived };
    },
    /** The HTTP status that the upgrade was answered with. */
    knock: async (path: string, headers: Record<string, string> = {}): Promise<number> => {
      const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
      return new Promise((resolve) => {
        client.on("unexpected-response", (_request, response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        client.on("open", () => {
          client.terminate();
          resolve(101);
        });
        client.on("error", () => undefined);
      });
    },
  };
}

const HANDSHAKE =
  "Host: a\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

test("express-ws has no ws of its own, which would know none of our limits", () => {
  const ours = createRequire(import.meta.url);
  expect(createRequire(ours.resolve("express-ws")).resolve("ws")).toBe(ours.resolve("ws"));
  expect((ours("ws/package.json") as { version: string }).version).toMatch(/^8\./);
});

describe("the door", () => {
  test.each([
    ["/a", 101],
    ["/A", 101],
    ["/", 404],
    ["/nothing", 404],
    ["/a/", 404],
    ["//a", 404],
    ["/a/b", 404],
    ["/a/.websocket", 404],
    ["/%61", 404],
    ["/a;x", 404],
    ["/health", 404],
  ])("%s is answered with %i", async (path, status) => {
    const { knock, server, met } = await setup();
    expect(await knock(path)).toBe(status);
    expect(met).toHaveLength(status === 101 ? 1 : 0);
    await server.close();
  });

  test("a refusal is an HTTP answer with a problem, and nothing is accepted", async () => {
    const seen: unknown[] = [];
    const { port, server, met } = await setup({
      refuse: ({ url, headers }) => {
        seen.push([url, headers["x-who"]]);
        return 403;
      },
    });
    const answer = await sendRaw(port, `GET /a?b=c HTTP/1.1\r\nUpgrade: websocket\r\nX-Who: me\r\n${HANDSHAKE}\r\n`);
    expect(statusOf(answer)).toBe(403);
    expect(answer).toContain("Content-Type: application/problem+json");
    expect(answer).toContain('"status":403');
    expect(answer).not.toContain("101");
    expect(seen).toEqual([["/a?b=c", "me"]]);
    expect(met).toHaveLength(0);
    await server.close();
  });

  test("a route that cannot judge refuses", async () => {
    const { knock, server, log, met } = await setup({
      refuse: () => {
        throw new TypeError("Invalid URL");
      },
    });
    expect(await knock("/a")).toBe(500);
    expect(met).toHaveLength(0);
    expect(log.lines).toMatchObject([{ level: "error", fields: { path: "/a" } }]);
    await server.close();
  });

  test.each([
    ["another method", `POST /a HTTP/1.1\r\nUpgrade: websocket\r\n${HANDSHAKE}`, 405],
    ["another protocol", `GET /a HTTP/1.1\r\nUpgrade: h2c\r\n${HANDSHAKE}`, 400],
    ["a capital protocol", `GET /a HTTP/1.1\r\nUPGRADE: WebSocket\r\n${HANDSHAKE}`, 101],
    ["an old version", `GET /a HTTP/1.1\r\nUpgrade: websocket\r\n${HANDSHAKE.replace("13", "7")}`, 400],
    ["no key", `GET /a HTTP/1.1\r\nUpgrade: websocket\r\n${HANDSHAKE.replace(/Sec-WebSocket-Key: .*\r\n/, "")}`, 400],
    ["no Upgrade header", `GET /a HTTP/1.1\r\n${HANDSHAKE.replace("Upgrade", "close")}`, 426],
  ])("%s", async (_, head, status) => {
    const { port, server, met } = await setup();
    if (status === 101) {
      const socket = connect(port, "127.0.0.1").on("error", () => undefined);
      socket.write(`${head}\r\n`);
      const [data] = (await once(socket, "data")) as [Buffer];
      expect(statusOf(data.toString("latin1"))).toBe(101);
      socket.destroy();
    } else {
      const answer = await sendRaw(port, `${head}\r\n`);
      expect(statusOf(answer)).toBe(status);
      expect(answer.toLowerCase()).toContain("application/problem+json");
      if (status === 405) expect(answer).toContain("Allow: GET");
      if (status === 426) expect(answer.toLowerCase()).toContain("upgrade: websocket");
      expect(met).toHaveLength(0);
    }
    await server.close();
  });

  test("a plain request to a socket's path is told to upgrade", async () => {
    const { server } = await setup();
    for (const method of ["get", "post"] as const) expect((await request(server.app)[method]("/a")).status).toBe(426);
    await server.close();
  });

  test("compression is never agreed to", async () => {
    const { open, server } = await setup();
    const { client } = await open("/a");
    expect(client.extensions).toBe("");
    client.terminate();
    await server.close();
  });
});

describe("a socket", () => {
  test("passes text and binary both ways, and tells the peer's close once", async () => {
    const { open, server } = await setup();
    const { client, met } = await open("/b");
    expect(met.path).toBe("/b");
    client.send("hello");
    client.send(Buffer.from("bytes"));
    const answers: string[] = [];
    client.on("message", (data: Buffer, isBinary) => answers.push(`${data.toString()} ${isBinary}`));
    met.socket.send("text");
    met.socket.send(Uint8Array.from([65]));
    await until(() => met.messages.length === 2 && answers.length === 2);
    expect(met.messages).toEqual([
      { data: "hello", isBinary: false },
      { data: "bytes", isBinary: true },
    ]);
    expect(answers).toEqual(["text false", "A true"]);
    client.close(1000);
    expect(await met.closed).toBe(1000);
    met.socket.send("too late");
    met.socket.ping();
    met.socket.close(1000, "");
    met.socket.terminate();
    await server.close();
    expect(met.codes).toEqual([1000]);
  });

  test("that vanishes is told as 1006", async () => {
    const { open, server } = await setup();
    const { client, met } = await open("/a");
    client.terminate();
    expect(await met.closed).toBe(1006);
    await server.close();
  });

  test.each<readonly [string, string, number, (client: WebSocket) => void]>([
    ["a message over its route's limit", "/b", 1009, (client) => client.send("x".repeat(4097))],
    ["a message over another route's limit", "/a", 1009, (client) => client.send("x".repeat(1025))],
    ["a megabyte", "/a", 1009, (client) => client.send("x".repeat(1 << 20))],
    ["text that is no UTF-8", "/a", 1007, (client) => client.send(Buffer.from([0xc3, 0x28]), { binary: false })],
    [
      "a flood of fragments",
      "/a",
      1008,
      (client) => {
        for (let n = 0; n < 300; n++) client.send("x", { fin: false });
      },
    ],
  ])("is closed for %s", async (_, path, code, misbehave) => {
    const { open, server } = await setup();
    const { client, met } = await open(path);
    const closed = once(client, "close");
    misbehave(client);
    expect(await met.closed).toBe(code);
    expect(met.messages).toEqual([]);
    expect((await closed)[0]).toBe(code);
    await server.close();
    expect(met.codes).toEqual([code]);
  });

  test("is closed at the header of a message over its own route's limit, of which no byte has come", async () => {
    const { port, server, met, open } = await setup();
    await open("/b"); // Whose limit is larger, and is not that of the next one.
    const raw = connect(port, "127.0.0.1").on("error", () => undefined);
    raw.write(`GET /a HTTP/1.1\r\nUpgrade: websocket\r\n${HANDSHAKE}\r\n`);
    await once(raw, "data");
    let answer: Buffer | undefined;
    raw.on("data", (data: Buffer) => (answer = data));
    raw.write(Buffer.from([0x81, 0xfe, 0x04, 0x01])); // Text, masked, 1025 bytes.
    await until(() => answer !== undefined).finally(() => raw.destroy());
    expect([...(answer ?? [])]).toEqual([0x88, 2, 1009 >> 8, 1009 & 0xff]);
    expect(await met[1]?.closed).toBe(1009);
    await server.close();
  });

  test("that broke the protocol hears so and is cut off, however much it has still to send", async () => {
    const { port, server } = await setup({ closeTimeoutMs: 600_000 });
    const raw = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => undefined);
    raw.write(`GET /a HTTP/1.1\r\nUpgrade: websocket\r\n${HANDSHAKE}\r\n`);
    await once(raw, "data");
    const answer: number[] = [];
    raw.on("data", (data: Buffer) => answer.push(...data));
    const piece = Buffer.alloc(1 << 16);
    const more = (): void => {
      while (!raw.destroyed && raw.write(piece));
    };
    raw.on("drain", more);
    raw.write(Buffer.from([0x81, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0])); // Without end.
    more();
    await until(() => raw.destroyed).finally(() => raw.destroy());
    expect(answer).toEqual([0x88, 2, 1009 >> 8, 1009 & 0xff]);
    await server.close();
  });

  test("at exactly its limit is served", async () => {
    const { open, server } = await setup();
    const { client, met } = await open("/a");
    client.send("x".repeat(1024));
    await until(() => met.messages.length === 1);
    client.terminate();
    await server.close();
  });

  test("whose handler fails is closed; the others and the server go on", async () => {
    const { open, server, log } = await setup({
      onMessage: (data) => {
        if (data.toString() === "bad") throw new Error("fault of ours");
      },
    });
    const one = await open("/a");
    const other = await open("/a");
    const closed = once(one.client, "close");
    one.client.send("bad");
    one.client.send("never delivered");
    expect((await closed)[0]).toBe(1011);
    expect(await one.met.closed).toBe(1011);
    expect(one.met.messages).toHaveLength(1);
    other.client.send("good");
    await until(() => other.met.messages.length === 1);
    expect(log.lines).toMatchObject([{ level: "error", fields: { path: "/a" } }]);
    other.client.terminate();
    await server.close();
  });

  test("that never answers our close is cut off in time", async () => {
    const { port, server, met } = await setup({ closeTimeoutMs: 50 });
    const raw = connect(port, "127.0.0.1").on("error", () => undefined);
    raw.write(`GET /a HTTP/1.1\r\nUpgrade: websocket\r\n${HANDSHAKE}\r\n`);
    await once(raw, "data");
    raw.resume(); // It reads our close frame and does nothing about it.
    let isCut = false;
    raw.on("close", () => (isCut = true));
    met[0]?.socket.close(1000, "");
    // Well before the 30 s that ws would give it.
    await until(() => isCut);
    expect(await met[0]?.closed).toBe(1006);
    await server.close();
  });

  test("gets ASCII and other text in the order it was sent, and nothing once it is closing", async () => {
    const { open, server } = await setup();
    const { client, met } = await open("/a");
    const heard: string[] = [];
    client.on("message", (data: Buffer) => heard.push(data.toString()));
    const texts = ["short", "x".repeat(300), "ünïcode", "y".repeat(70_000), ""];
    for (const text of texts) {
      if (text === "ünïcode") met.socket.send(text);
      else met.socket.sendAscii(text);
    }
    met.socket.sendAscii("two", "at once");
    texts.push("two", "at once");
    met.socket.close(1000, "");
    met.socket.sendAscii("too late");
    expect((await once(client, "close"))[0]).toBe(1000);
    expect(heard).toEqual(texts);
    await server.close();
  });

  test.each(["send", "sendAscii"] as const)("that does not read shows what it owes to %s", async (how) => {
    const { port, server, met } = await setup();
    const raw = connect(port, "127.0.0.1").on("error", () => undefined);
    raw.write(`GET /a HTTP/1.1\r\nUpgrade: websocket\r\n${HANDSHAKE}\r\n`);
    await once(raw, "data");
    raw.pause();
    const socket = met[0]?.socket as Socket;
    const text = "x".repeat(65_536);
    for (let n = 0; n < 400 && socket.bufferedBytes < 1 << 20; n++) socket[how](text);
    expect(socket.bufferedBytes).toBeGreaterThan(1 << 20);
    socket.terminate();
    await met[0]?.closed;
    raw.destroy();
    await server.close();
  });

  test("is cut when the server closes", async () => {
    const { open, server } = await setup();
    const { client, met } = await open("/a");
    const closed = once(client, "close");
    await server.close();
    expect((await closed)[0]).toBe(1006);
    expect(await met.closed).toBe(1006);
  });
});
