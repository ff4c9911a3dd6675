// The short way before the library's reader: whatever bytes come, in whatever pieces, the same messages come out as without it.
import { createRequire } from "node:module";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { Writable } from "node:stream";
import * as fc from "fast-check";
import { openShortWay } from "../../src/wire/websocket-reader.ts";
import { until } from "../support/until.ts";

const MOST = 70_000;

// Their types do not tell of them.
const { Receiver, Sender } = createRequire(import.meta.url)("ws") as {
  readonly Receiver: new (options: { readonly isServer: boolean; readonly maxPayload: number }) => Writable;
  readonly Sender: { frame(data: Buffer, options: Record<string, unknown>): Buffer[] };
};

interface Frame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly data: Buffer;
  readonly rsv1?: boolean;
}

const bytesOf = (frames: readonly Frame[], isServer: boolean): Buffer =>
  Buffer.concat(
    frames.flatMap(({ data, ...frame }) =>
      Sender.frame(Buffer.from(data), { rsv1: false, ...frame, mask: isServer, readOnly: false }),
    ),
  );

/** What comes out of these bytes in these pieces, in order: messages, control frames, the error that ends it. */
async function heard(
  bytes: Buffer,
  cuts: readonly number[],
  isServer: boolean,
  short: boolean,
  ends?: { readonly near: Socket; readonly far: Socket },
): Promise<string[]> {
  const receiver = new Receiver({ isServer, maxPayload: MOST });
  const out: string[] = [];
  let shortened = 0;
  let broken = false;
  const tell = (kind: string, data: Buffer | string): number => out.push(`${kind} ${data.toString("latin1" as never)}`);
  receiver.on("message", (data: Buffer, isBinary: boolean) => tell(isBinary ? "binary" : "text", data));
  receiver.on("ping", (data: Buffer) => tell("ping", data));
  receiver.on("pong", (data: Buffer) => tell("pong", data));
  receiver.on("conclude", (code: number) => {
    broken = true;
    tell("close", String(code));
  });
  receiver.on("error", (error: Error & { code?: string }) => {
    broken = true;
    tell("error", error.code ?? error.message);
  });
  // As ws does it.
  ends?.near.on("data", (chunk: Buffer) => broken || receiver.write(chunk));
  if (short)
    openShortWay(
      { _receiver: receiver },
      ends?.near,
      {
        take(whole, start, end) {
          shortened++;
          tell("text", whole.subarray(start, end));
        },
      },
      { isServer, maxPayload: MOST },
    );
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    // The library takes its listener off the connection at a close and at an error.
    if (broken) break;
    // A copy: the network's bytes are the reader's own, and unmasked in place.
    if (cut > from) {
      const piece = Buffer.from(bytes.subarray(from, cut));
      if (ends) {
        const before = ends.near.bytesRead;
        ends.far.write(piece);
        await until("the piece", () => ends.near.bytesRead === before + piece.length);
      } else receiver.write(piece);
    }
    from = Math.max(from, cut);
    await new Promise(setImmediate);
  }
  receiver.removeAllListeners();
  receiver.on("error", () => undefined);
  receiver.destroy();
  taken.count += shortened;
  return out;
}

const taken = { count: 0 };

const ascii = fc.string({ unit: "grapheme-ascii", maxLength: 300 }).map((text) => Buffer.from(text));
const payload = fc.oneof(
  { weight: 4, arbitrary: ascii },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 50 }).map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 140 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(125, 126, 127, 65_535, 65_536, MOST, MOST + 1).map((n) => Buffer.alloc(n, "a")),
  },
);
const small = fc.string({ unit: "grapheme-ascii", maxLength: 20 }).map((text) => Buffer.from(text));
const frame: fc.Arbitrary<Frame> = fc.oneof(
  { weight: 8, arbitrary: payload.map((data) => ({ opcode: 1, fin: true, data })) },
  { weight: 2, arbitrary: small.map((data) => ({ opcode: 9, fin: true, data })) },
  { weight: 1, arbitrary: small.map((data) => ({ opcode: 10, fin: true, data })) },
  { weight: 1, arbitrary: payload.map((data) => ({ opcode: 2, fin: true, data })) },
  { weight: 1, arbitrary: fc.record({ opcode: fc.constantFrom(0, 1, 2), fin: fc.boolean(), data: ascii }) },
  { weight: 1, arbitrary: fc.constant({ opcode: 8, fin: true, data: Buffer.from([3, 232]) }) },
  { weight: 1, arbitrary: fc.record({ opcode: fc.nat(15), fin: fc.boolean(), rsv1: fc.boolean(), data: small }) },
);
const message = fc
  .array(ascii, { minLength: 2, maxLength: 4 })
  .map((parts) => parts.map((data, at): Frame => ({ opcode: at === 0 ? 1 : 0, fin: at === parts.length - 1, data })));
const traffic = fc
  .array(fc.oneof({ weight: 5, arbitrary: frame.map((one) => [one]) }, { weight: 1, arbitrary: message }), {
    maxLength: 8,
  })
  .map((groups) => groups.flat());

test.each([true, false])("the same comes out with it as without it (server %p)", async (isServer) => {
  taken.count = 0;
  await fc.assert(
    fc.asyncProperty(
      traffic,
      fc.array(fc.nat(1000), { maxLength: 6 }),
      fc.boolean(),
      async (frames, offsets, atFrames) => {
        const bytes = bytesOf(frames, isServer);
        // Pieces of any size, or one frame each, as the network mostly brings them.
        const cuts = atFrames
          ? frames.map((_, at) => bytesOf(frames.slice(0, at + 1), isServer).length)
          : offsets.toSorted((a, b) => a - b).map((offset) => Math.min(offset, bytes.length));
        expect(await heard(bytes, cuts, isServer, true)).toEqual(await heard(bytes, cuts, isServer, false));
      },
    ),
    { numRuns: 300 },
  );
  // Not by never taking anything.
  expect(taken.count).toBeGreaterThan(100);
});

test("a frame with the wrong masking is the library's to refuse", async () => {
  const frames: Frame[] = [{ opcode: 1, fin: true, data: Buffer.from("{}") }];
  expect(await heard(bytesOf(frames, false), [], true, true)).toEqual(["error WS_ERR_EXPECTED_MASK"]);
  expect(await heard(bytesOf(frames, true), [], false, true)).toEqual(["error WS_ERR_UNEXPECTED_MASK"]);
});

test("two frames in one piece and a third that comes in two are three messages in order", async () => {
  const frames = ["one", "two", "three"].map((text): Frame => ({ opcode: 1, fin: true, data: Buffer.from(text) }));
  taken.count = 0;
  const bytes = bytesOf(frames, true);
  expect(await heard(bytes, [bytes.length - 3], true, true)).toEqual(["text one", "text two", "text three"]);
  expect(taken.count).toBe(2);
});

test("the same comes out when a connection is read in place", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  taken.count = 0;
  await fc.assert(
    fc.asyncProperty(
      traffic,
      fc.array(fc.nat(1000), { maxLength: 2 }),
      fc.boolean(),
      async (frames, offsets, isServer) => {
        const accepted = once(server, "connection") as Promise<[Socket]>;
        const far = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", noDelay: true });
        const [near] = await accepted;
        const bytes = bytesOf(frames, isServer);
        const cuts = offsets.toSorted((a, b) => a - b).map((offset) => Math.min(offset, bytes.length));
        try {
          expect(await heard(bytes, cuts, isServer, true, { near, far })).toEqual(
            await heard(bytes, cuts, isServer, false),
          );
        } finally {
          near.destroy();
          far.destroy();
        }
      },
    ),
    { numRuns: 150 },
  );
  server.close();
  expect(taken.count).toBeGreaterThan(20);
});
