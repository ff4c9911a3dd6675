// Reading into one buffer, over real connections: whoever takes, and however much of it, every byte comes once and in order.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import * as tls from "node:tls";
import * as fc from "fast-check";
import { readInPlace } from "../../src/wire/read-in-place.ts";
import { until } from "../support/until.ts";

// A key both know, in place of a certificate: TLS all the same, and nothing that could run out.
const PSK = {
  ciphers: "PSK",
  maxVersion: "TLSv1.2",
  pskIdentityHint: "test",
} as const;
const key = Buffer.alloc(32, 7);

const servers: Server[] = [];
const open = new Set<Socket>();

function track(socket: Socket): Socket {
  open.add(socket);
  socket.on("error", () => undefined);
  return socket;
}

/** Two ends of one connection: the one that dialled and the one that was dialled. */
async function pair(kind: "net" | "tls"): Promise<readonly [Socket, Socket]> {
  const server =
    kind === "net" ? createServer({ noDelay: true }) : tls.createServer({ ...PSK, pskCallback: () => key });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, kind === "net" ? "connection" : "secureConnection") as Promise<[Socket]>;
  const dialled =
    kind === "net"
      ? connect({ port, host: "127.0.0.1", noDelay: true })
      : tls.connect({
          ...PSK,
          port,
          host: "127.0.0.1",
          checkServerIdentity: () => undefined,
          pskCallback: () => ({ psk: key, identity: "test" }),
        });
  await once(dialled, kind === "net" ? "connect" : "secureConnect");
  const [other] = await accepted;
  return [track(dialled), track(other)];
}

afterEach(() => {
  for (const socket of open) socket.destroy();
  open.clear();
  for (const server of servers.splice(0)) server.close();
});

const total = (pieces: readonly Buffer[]): number => pieces.reduce((sum, piece) => sum + piece.length, 0);

describe.each(["net", "tls"] as const)("over %s", (kind) => {
  test.each(["the one that dialled", "the one that was dialled"] as const)("%s", async (who) => {
    const ends = await pair(kind);
    const [near, far] = who === "the one that dialled" ? ends : [ends[1], ends[0]];
    const got: Buffer[] = [];
    let inPlace = 0;
    let share = 0;
    near.on("data", (chunk: Buffer) => got.push(chunk));
    expect(
      readInPlace(near, (bytes, length) => {
        const taken = Math.min(length, Math.floor(length * share));
        inPlace += taken;
        got.push(Buffer.from(bytes.subarray(0, taken)));
        return taken;
      }),
    ).toBe(true);

    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            data: fc.oneof(
              fc.uint8Array({ minLength: 1, maxLength: 300 }),
              fc.integer({ min: 60_000, max: 200_000 }).map((length) => new Uint8Array(length).fill(length & 255)),
            ),
            share: fc.constantFrom(0, 0.3, 1),
            pause: fc.boolean(),
          }),
          { minLength: 1, maxLength: 5 },
        ),
        async (writes) => {
          got.length = 0;
          const sent = Buffer.concat(writes.map(({ data }) => data));
          for (const write of writes) {
            share = write.share;
            if (write.pause) near.pause();
            far.write(write.data);
            await new Promise(setImmediate);
            near.resume();
          }
          await until("all bytes", () => total(got) >= sent.length);
          expect(Buffer.concat(got).equals(sent)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
    expect(inPlace).toBeGreaterThan(1000);
  });

  test("what the connection keeps comes before what is read later", async () => {
    const [near, far] = await pair(kind);
    near.unshift(Buffer.from("first "));
    const got: string[] = [];
    readInPlace(near, (bytes, length) => {
      got.push(`in place: ${bytes.toString("latin1", 0, length)}`);
      return length;
    });
    far.write("second ");
    // Read, and kept behind what was kept before, because nobody listens yet.
    await until("the second", () => near.bytesRead >= 7);
    near.on("data", (chunk: Buffer) => got.push(chunk.toString("latin1")));
    await until("both", () => got.join("").length >= 12);
    expect(got.join("")).toBe("first second ");
    far.write("third");
    await until("the third", () => got.at(-1) === "in place: third");
  });

  test("the end of the far side is an end here", async () => {
    const [near, far] = await pair(kind);
    readInPlace(near, (_bytes, length) => length);
    const over = once(near, "end");
    near.resume();
    far.end("bye");
    await over;
    expect(near.bytesRead).toBe(3);
  });
});

test("what is no connection of Node's is left as it is", () => {
  const other = { readableLength: 0, push: () => true };
  expect(readInPlace(other, () => 0)).toBe(false);
});
