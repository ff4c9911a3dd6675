// Reads a connection into one buffer that all connections share. By itself Node allocates 64 KB for every read, cuts them down to
// what came, and wraps that in three objects: for 20 ms of audio this is a fifth of all the work. `net.connect` offers such a
// buffer (`onread`), but not for connections that came in, nor through an upgrade, so it is set here as `net.connect` would
// set it. It knows bytes, not frames.

/** What Node reads into without this: as much as one read can bring. */
const BYTES = 65_536;
/** Never let go of: the connections' handles know its place in memory, and do not hold it. */
const shared = Buffer.allocUnsafeSlow(BYTES);
const words = new Int32Array(shared.buffer, shared.byteOffset, BYTES / Int32Array.BYTES_PER_ELEMENT);

interface Handle {
  useUserBuffer?(buffer: Uint8Array): void;
}

export interface Connection {
  readonly readableLength: number;
  /** As of a Readable: true if more may come. */
  push(chunk: Buffer): boolean;
}

/** `words`: the same memory, four bytes an element. */
export type Taker = (bytes: Buffer, length: number, words: Int32Array) => number;

type Inside = Record<symbol, unknown> & { readonly _handle?: Handle | null };

/** The places that `net.connect` fills for its `onread`; every net.Socket has them, those of TLS included. */
const BUFFER = "kBuffer";
const TAKER = "kBufferCb";

/**
 * From now on everything that comes on this connection is first offered to `take`.
 * @param connection open; a net.Socket or a tls.TLSSocket. With any other, and should a version of Node have no such places, nothing
 * is changed and everything works, only dearer.
 * @param take is told how many bytes of the buffer came, and returns how many of them it took. The others reach the connection's
 * own reader, as do all while that reader has not taken what came before. They are there until it returns, and not longer.
 * @returns whether it is so.
 */
export function readInPlace(connection: Connection, take: Taker): boolean {
  const inside = connection as unknown as Inside;
  const places = Object.getOwnPropertySymbols(inside);
  const buffer = places.find(({ description }) => description === BUFFER);
  const taker = places.find(({ description }) => description === TAKER);
  const handle = inside._handle;
  if (!buffer || !taker || !handle?.useUserBuffer || inside[buffer] !== null) return false;
  /** The connection keeps bytes that came before. */
  let behind = connection.readableLength > 0;

  inside[buffer] = shared;
  inside[taker] = function connectionOnBytes(length: number): boolean {
    if (behind) behind = connection.readableLength > 0;
    const taken = behind ? 0 : take(shared, length, words);
    if (taken === length) return true;
    const isWanted = connection.push(Buffer.from(shared.subarray(taken, length)));
    behind = connection.readableLength > 0;
    return isWanted;
  };
  handle.useUserBuffer(shared);
  return true;
}
