// What a piece of sound is: by its own first bytes where it has a header, by its name else.
import type { DecodableKind } from "../../audio/decode.ts";

export type ChunkFormat =
  /** A whole utterance, with a header of its own. */
  | { readonly kind: "whole"; readonly type: DecodableKind }
  /** The first piece of a stream with a header, and the next. */
  | { readonly kind: "begin"; readonly type: DecodableKind }
  | { readonly kind: "more" }
  | { readonly kind: "pcm" }
  | { readonly kind: "mulaw" }
  | { readonly kind: "unsupported"; readonly why: string };

const PCM = new Set(["", "pcm", "pcm16", "raw", "s16le", "audio/pcm", "audio/l16"]);
const MULAW = new Set(["mulaw", "ulaw", "pcmu", "g711_ulaw", "audio/pcmu", "audio/basic"]);
/** Of a stream that began with a header: "webm", "audio/webm;codecs=opus". */
const PACKED = /^(audio\/)?(webm|ogg|opus)\b/;
const FILE = /^(audio\/)?(x-)?(wav|wave|mp3|mpeg)\b/;

/** What has a header of its own begins so in base64 (RIFF, ID3, WebM, Ogg), and raw sound hardly ever. */
const HEADS = /^(UklGR|SUQz|GkXf|T2dn)/;

/** Raw sound by its name, and without a header of anything else: nothing has to be decoded to say so. */
export const isRaw = (data: string, name: string): name is "pcm" | "mulaw" =>
  (name === "pcm" || name === "mulaw") && !HEADS.test(data);

/** Does this base64 hold a whole utterance, by its first bytes? */
export const isWhole = (data: string, name: string): boolean =>
  !isRaw(data, name) && formatOf(Buffer.from(data.slice(0, 32), "base64"), name, false).kind === "whole";

/** `isOpen`: a stream with a header has begun and not ended. */
export function formatOf(bytes: Buffer, name: string, isOpen: boolean): ChunkFormat {
  const head = bytes.toString("latin1", 0, 12);
  if (head.startsWith("RIFF") && head.slice(8) === "WAVE") return { kind: "whole", type: "wav" };
  // Two bytes are a beginning that raw sound can have as well: only where it is said to be MP3.
  const isMpeg = bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe0) === 0xe0;
  if (head.startsWith("ID3") || (isMpeg && /mp3|mpeg/.test(name))) return { kind: "whole", type: "mp3" };
  if (head.startsWith("\x1a\x45\xdf\xa3")) return { kind: "begin", type: "webm" };
  if (head.startsWith("OggS") && (!isOpen || bytes.includes("OpusHead"))) return { kind: "begin", type: "ogg" };
  if (MULAW.has(name)) return { kind: "mulaw" };
  if (PCM.has(name)) return { kind: "pcm" };
  if (PACKED.test(name)) {
    return isOpen ? { kind: "more" } : { kind: "unsupported", why: "The first piece has no header of WebM or Ogg" };
  }
  if (FILE.test(name))
    return { kind: "unsupported", why: "It has no header of its format: send pcm, or the whole file" };
  return { kind: "unsupported", why: "Send wav, mp3, pcm, mulaw, webm or ogg" };
}
