// Masking by words is masking by bytes, wherever the text lies.
import * as fc from "fast-check";
import { toggleMask } from "../../src/wire/websocket-mask.ts";

test("in words or in bytes, the same comes out, and doing it twice undoes it", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 4, maxLength: 80 }),
      fc.nat(8),
      fc.nat(80),
      fc.boolean(),
      (given, before, length, plain) => {
        const from = 4 + before;
        const to = from + length;
        const bytes = Buffer.alloc(100);
        bytes.set(given.subarray(0, 76), before);
        // A mask of zeros leaves what is there: text that stays ASCII.
        if (plain) for (let at = 0; at < 100; at++) bytes[at] = at < from ? 0 : (bytes[at] as number) & 127;
        const expected = Buffer.from(bytes);
        for (let at = from; at < to && at < 100; at++)
          expected[at] = (bytes[at] as number) ^ (bytes[before + ((at - from) & 3)] as number);
        const isAscii = expected.subarray(from, to).every((byte) => byte < 128);

        const end = Math.min(to, 100);
        const inBytes = Buffer.from(bytes);
        expect(toggleMask(inBytes, from, end)).toBe(isAscii);
        expect(inBytes.equals(expected)).toBe(true);

        const room = new ArrayBuffer(100);
        const inWords = Buffer.from(room);
        inWords.set(bytes);
        expect(toggleMask(inWords, from, end, new Int32Array(room))).toBe(isAscii);
        expect(inWords.equals(expected)).toBe(true);
        toggleMask(inWords, from, end, new Int32Array(room));
        expect(inWords.equals(bytes)).toBe(true);
      },
    ),
    { numRuns: 1000 },
  );
});
