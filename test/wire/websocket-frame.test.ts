// Our frames against the library that reads them everywhere else.
import { createRequire } from "node:module";
import type { Writable } from "node:stream";
import { maskedTextFrame, textFrame } from "../../src/wire/websocket-frame.ts";

// Its types do not tell of it.
const { Receiver } = createRequire(import.meta.url)("ws") as {
  readonly Receiver: new (options: { readonly isServer: boolean; readonly maxPayload: number }) => Writable;
};

/** What ws makes of these bytes, as a server (masked frames) or as a client. */
function read(bytes: Buffer, isServer: boolean): string[] {
  const receiver = new Receiver({ isServer, maxPayload: 1 << 24 });
  const messages: string[] = [];
  const problems: Error[] = [];
  receiver.on("message", (data: Buffer, isBinary: boolean) => {
    expect(isBinary).toBe(false);
    messages.push(data.toString());
  });
  receiver.on("error", (error) => problems.push(error));
  receiver.write(bytes);
  expect(problems).toEqual([]);
  return messages;
}

// Every length that is written in another form than the one before it, and both sides of it.
const LENGTHS = [0, 1, 2, 3, 4, 125, 126, 127, 255, 256, 264, 65_535, 65_536, 100_000];
const ascii = (length: number): string =>
  Array.from({ length }, (_, at) => String.fromCharCode(32 + (at % 95))).join("");

test.each(LENGTHS)("a server's frame of %d characters is read as it was meant", (length) => {
  const text = ascii(length);
  expect(read(Buffer.from(textFrame(text), "latin1"), false)).toEqual([text]);
});

test.each(LENGTHS)("a client's frame of %d characters is read as it was meant", (length) => {
  const text = ascii(length);
  expect(read(maskedTextFrame(text), true)).toEqual([text]);
});

test("frames behind one another stay apart, whatever their lengths", () => {
  const texts = [...LENGTHS, ...LENGTHS.toReversed()].map(ascii);
  expect(read(Buffer.from(texts.map(textFrame).join(""), "latin1"), false)).toEqual(texts);
  expect(read(Buffer.concat(texts.map(maskedTextFrame)), true)).toEqual(texts);
});

test("no two masks are alike", () => {
  const masks = Array.from({ length: 5000 }, () => maskedTextFrame("x").subarray(2, 6).toString("hex"));
  // Two of 5000 random keys are the same once in 340 runs; ten are never.
  expect(new Set(masks).size).toBeGreaterThan(4990);
});
