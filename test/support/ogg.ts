// Opus packets as an Ogg file (RFC 3533, RFC 7845), since nothing installed here writes one.
const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit++) value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value >>> 0;
});

function page(
  serial: number,
  sequence: number,
  flags: number,
  granule: number,
  packets: readonly Uint8Array[],
): Buffer {
  const lacing = packets.flatMap(({ length }) => [...Array<number>(Math.floor(length / 255)).fill(255), length % 255]);
  const head = Buffer.alloc(27);
  head.write("OggS", 0, "latin1");
  head.writeUInt8(flags, 5);
  head.writeUInt32LE(granule, 6);
  head.writeUInt32LE(serial, 14);
  head.writeUInt32LE(sequence, 18);
  head.writeUInt8(lacing.length, 26);
  const whole = Buffer.concat([head, Buffer.from(lacing), ...packets]);
  let crc = 0;
  for (const byte of whole) crc = ((crc << 8) ^ (CRC[(crc >>> 24) ^ byte] as number)) >>> 0;
  whole.writeUInt32LE(crc, 22);
  return whole;
}

/** `packets` of 60 ms or whatever length each; times are told at 48 kHz. */
export function oggOpus(packets: readonly Uint8Array[], samplesEach: number, preSkip = 312): Buffer {
  const head = Buffer.alloc(19);
  head.write("OpusHead", 0, "latin1");
  head.writeUInt8(1, 8);
  head.writeUInt8(1, 9);
  head.writeUInt16LE(preSkip, 10);
  head.writeUInt32LE(48_000, 12);
  const tags = Buffer.concat([
    Buffer.from("OpusTags"),
    Buffer.from([4, 0, 0, 0]),
    Buffer.from("test"),
    Buffer.alloc(4),
  ]);
  const pages = [page(7, 0, 2, 0, [head]), page(7, 1, 0, 0, [tags])];
  for (let at = 0; at < packets.length; at += 10) {
    const some = packets.slice(at, at + 10);
    const last = at + 10 >= packets.length;
    pages.push(page(7, pages.length, last ? 4 : 0, (at + some.length) * samplesEach, some));
  }
  return Buffer.concat(pages);
}
