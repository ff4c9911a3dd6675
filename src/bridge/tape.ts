// The audio of one spoken piece, kept as the base64 it came in, so that it can be sent, and sent again after an
// interruption that was none, without ever being decoded. Positions are bytes of mu-law from the start of the piece.

/** Base64 can be cut without decoding only between groups of 3 bytes (4 characters). 1599 bytes are just under 200 ms. */
const SLICE_BYTES = 1599;
/** Up to here audio is passed on whole, because messages are what a relay pays for; above, marks would be too far apart. */
const WHOLE_BYTES = 2400;

export interface Slice {
  readonly payload: string;
  readonly bytes: number;
  /** Where the slice really begins: up to 2 bytes before what was asked for. */
  readonly at: number;
}

export interface Tape {
  append(payload: string): void;
  /** Bytes recorded so far. */
  length(): number;
  /** Bytes before this position were forgotten. */
  begin(): number;
  /** What comes next at a position, at most about 300 ms of it; undefined at the end. */
  read(position: number): Slice | undefined;
  /** Lets go of whole chunks that end before the position. */
  forget(position: number): void;
}

/** Length in bytes of what a base64 text holds, padded or not. */
export function base64Bytes(payload: string): number {
  const length = payload.length;
  const padding = payload.charCodeAt(length - 1) !== 61 ? 0 : payload.charCodeAt(length - 2) !== 61 ? 1 : 2;
  return Math.floor((length * 3) / 4) - padding;
}

export function createTape(): Tape {
  let chunks: string[] = [];
  /** starts[i] is the position of chunks[i]. */
  let starts: number[] = [];
  let end = 0;
  /** Reading is sequential nearly always: the chunk read last is where the next search begins. */
  let cursor = 0;

  function find(position: number): number {
    if (cursor >= chunks.length || (starts[cursor] as number) > position) cursor = 0;
    while (cursor + 1 < chunks.length && (starts[cursor + 1] as number) <= position) cursor++;
    return cursor;
  }

  return {
    append(payload) {
      const bytes = base64Bytes(payload);
      if (bytes <= 0) return;
      chunks.push(payload);
      starts.push(end);
      end += bytes;
    },
    length: () => end,
    begin: () => starts[0] ?? end,
    read(position) {
      if (position >= end || chunks.length === 0) return undefined;
      const index = find(Math.max(position, starts[0] as number));
      const chunk = chunks[index] as string;
      const start = starts[index] as number;
      const length = (starts[index + 1] ?? end) - start;
      const skipGroups = Math.floor(Math.max(0, position - start) / 3);
      const rest = length - skipGroups * 3;
      const at = start + skipGroups * 3;
      const from = skipGroups * 4;
      if (rest <= WHOLE_BYTES) return { payload: from === 0 ? chunk : chunk.slice(from), bytes: rest, at };
      return { payload: chunk.slice(from, from + (SLICE_BYTES / 3) * 4), bytes: SLICE_BYTES, at };
    },
    forget(position) {
      let drop = 0;
      while (drop < chunks.length && (starts[drop + 1] ?? end) <= position) drop++;
      // Dropping one by one would copy the list each time.
      if (drop < 32 && drop < chunks.length) return;
      chunks = chunks.slice(drop);
      starts = starts.slice(drop);
      cursor = 0;
    },
  };
}
