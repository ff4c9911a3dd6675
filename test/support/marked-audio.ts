// Audio that says where it comes from: every five bytes name a recording and a place in it, so that whatever a line played can
// be traced back to the byte, however it was cut up on its way.

const WORD = 5;
/** Name of what is too short to be traced. */
export const SCRAP = "(scrap)";

export interface Stretch {
  readonly name: string;
  /** Bytes of the recording: from, up to and not including. */
  readonly from: number;
  readonly to: number;
}

export interface MarkedAudio {
  /** New audio of this many bytes under a name that was not used before. */
  make(name: string, bytes: number): Buffer;
  /**
   * Where these bytes come from, in order; neighbouring stretches are joined. `last`: what came right before them.
   * @throws Error for bytes that are not ours.
   */
  trace(audio: Buffer, last?: Stretch): Stretch[];
  bytesOf(name: string): number;
}

export function createMarkedAudio(): MarkedAudio {
  const recordings: { readonly name: string; readonly audio: Buffer }[] = [];
  const byName = new Map<string, Buffer>();

  /** The stretch that begins at `at`, going on from the place the last one ended where that fits. */
  function find(audio: Buffer, at: number, last: Stretch | undefined): Stretch {
    if (last) {
      const found = matchAt(audio, at, last.name, last.to);
      if (found) return found;
    }
    // The first whole word within reach tells recording and place; what lies before it belongs to the word before.
    for (let offset = 0; offset < WORD && at + offset + WORD <= audio.length; offset++) {
      const first = audio[at + offset] as number;
      if (first < 0x80) continue;
      const number = ((first & 0x7f) << 7) | (audio[at + offset + 1] as number);
      const word =
        ((audio[at + offset + 2] as number) << 14) |
        ((audio[at + offset + 3] as number) << 7) |
        (audio[at + offset + 4] as number);
      const name = recordings[number]?.name;
      const found = name !== undefined ? matchAt(audio, at, name, word * WORD - offset) : undefined;
      if (found) return found;
    }
    // Too short to hold a whole word: any recording it could be the beginning of.
    for (const { name } of recordings) {
      const found = matchAt(audio, at, name, 0);
      if (found) return found;
    }
    // A few bytes that a clear left over say nothing of where they come from.
    if (audio.length - at < 2 * WORD) return { name: SCRAP, from: 0, to: audio.length - at };
    throw new Error(`audio of unknown origin at ${at}: ${audio.subarray(at, at + 12).toString("hex")}`);
  }

  function matchAt(audio: Buffer, at: number, name: string, from: number): Stretch | undefined {
    const source = byName.get(name);
    if (!source || from < 0 || from >= source.length) return undefined;
    let length = 0;
    while (at + length < audio.length && from + length < source.length && audio[at + length] === source[from + length])
      length++;
    return length > 0 && (length >= WORD || at + length === audio.length || from + length === source.length)
      ? { name, from, to: from + length }
      : undefined;
  }

  return {
    make(name, bytes) {
      if (byName.has(name)) throw new Error(`there is audio named ${name} already`);
      const number = recordings.length;
      const audio = Buffer.alloc(bytes);
      for (let at = 0; at < bytes; at++) {
        const word = Math.floor(at / WORD);
        const part = at % WORD;
        audio[at] =
          part === 0 ? 0x80 | (number >> 7) : part === 1 ? number & 0x7f : (word >> ((WORD - 1 - part) * 7)) & 0x7f;
      }
      recordings.push({ name, audio });
      byName.set(name, audio);
      return audio;
    },
    trace(audio, before) {
      const out: Stretch[] = [];
      for (let at = 0; at < audio.length;) {
        const last = out.at(-1);
        const found = find(audio, at, last);
        at += found.to - found.from;
        if (last && last !== before && last.name === found.name && last.to === found.from)
          out[out.length - 1] = { ...last, to: found.to };
        else out.push(found);
      }
      return out;
    },
    bytesOf: (name) => byName.get(name)?.length ?? 0,
  };
}
