import { base64End, isBase64, payloadBytes } from "../../src/wire/base64.ts";

test.each([0, 1, 2, 3, 159, 160, 161, 400, 36_000])("%d bytes are counted without decoding", (bytes) => {
  expect(payloadBytes(Buffer.alloc(bytes, 7).toString("base64"))).toBe(bytes);
});

test.each([1, 2, 3, 159, 160, 161])("the base64 of %d bytes is canonical, and ends where it ends", (bytes) => {
  const text = Buffer.alloc(bytes, 0xa7).toString("base64");
  expect(isBase64(text)).toBe(true);
  expect(base64End(Buffer.from(`x${text}"}`), 1)).toBe(1 + text.length);
});

test.each(["", "A", "AA", "AAA", "A===", "====", "AA=", "AB==", "AAB=", "AA==AAAA", "AA A", "AA_/", "AAA\n", "ÄAAA"])(
  "%j is none, to either reader",
  (text) => {
    expect(isBase64(text)).toBe(false);
    const end = base64End(Buffer.from(`${text}"`, "latin1"), 0);
    // The reader of bytes stops where the canonical part ends; it must not reach the end of the text.
    expect(end).not.toBe(text.length === 0 ? 0 : text.length);
  },
);
