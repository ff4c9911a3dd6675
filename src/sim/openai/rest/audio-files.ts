/**
 * Files as the transcription route takes them: by their name's ending, their size, and what is in them. WAV, MP3 and Opus are
 * really decoded; AAC, FLAC and Vorbis are only known by their first bytes.
 */
import { DecodeError, decodeStream, type DecodableKind } from "../../../audio/decode.ts";
import { Refusal } from "../check.ts";
import type { FormFile } from "./multipart.ts";

const ENDINGS = ["flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"];
const MAX_FILE = 25 * 1024 * 1024;
const SHORTEST_S = 0.1;
const PIECE = 16 * 1024;
/** What `audio` of an opened file is at. */
export const FILE_RATE = 8000;

export interface OpenedFile {
  /** Undefined for formats that are only known by their first bytes. */
  readonly seconds: number | undefined;
  readonly audio: Int16Array | undefined;
}

/** @throws Refusal for a file that cannot be audio */
export async function openFile(file: FormFile): Promise<OpenedFile> {
  const ending = /\.([a-z0-9]+)$/i.exec(file.name)?.[1]?.toLowerCase() ?? "";
  if (!ENDINGS.includes(ending)) {
    throw new Refusal(null, `Invalid file format. Supported formats: ${JSON.stringify(ENDINGS)}`, { param: "file" });
  }
  if (file.bytes.length > MAX_FILE) {
    throw new Refusal(null, `Maximum content size limit (${MAX_FILE}) exceeded (${file.bytes.length} bytes read)`, {
      status: 413,
    });
  }
  const kind = kindOf(Buffer.from(file.bytes.buffer, file.bytes.byteOffset, Math.min(64, file.bytes.length)));
  if (kind === "known") return { seconds: undefined, audio: undefined };
  const audio = kind && (await samplesOf(kind, file.bytes));
  if (!audio) {
    throw new Refusal(null, "The audio file could not be decoded or its format is not supported.", { param: "file" });
  }
  const seconds = audio.length / FILE_RATE;
  if (seconds < SHORTEST_S) {
    throw new Refusal("audio_too_short", "Audio file is too short. Minimum audio length is 0.1 seconds.", {
      param: "file",
    });
  }
  return { seconds, audio };
}

/** What is in it, whatever its name says. */
function kindOf(start: Buffer): DecodableKind | "known" | undefined {
  const text = start.toString("latin1");
  if (text.startsWith("RIFF")) return "wav";
  if (text.startsWith("OggS")) return text.includes("vorbis") ? "known" : "ogg";
  if (text.startsWith("\x1a\x45\xdf\xa3")) return "webm";
  if (text.startsWith("fLaC") || text.slice(4, 8) === "ftyp") return "known";
  return text.startsWith("ID3") || (start[0] === 0xff && ((start[1] ?? 0) & 0xe0) === 0xe0) ? "mp3" : undefined;
}

async function samplesOf(kind: DecodableKind, bytes: Uint8Array): Promise<Int16Array | undefined> {
  async function* pieces(): AsyncIterable<Uint8Array> {
    for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
  }
  const parts: Int16Array[] = [];
  try {
    for await (const part of decodeStream(kind, pieces(), FILE_RATE)) parts.push(part);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
  const whole = new Int16Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
