// What a file that somebody sent really is: told by its bytes, never by its name or by what was said of it. The only file that knows
// file-type and music-metadata.
import { fileTypeFromBlob } from "file-type";
import { parseBlob } from "music-metadata";
import type { Sound, SoundKind } from "../core/speech.ts";
import { speechError } from "./speech-failure.ts";

/** By the endings that file-type gives; several of them may also hold films, whose sound nobody meant. */
const KINDS: Readonly<Record<string, SoundKind>> = {
  wav: "wav",
  mp3: "mp3",
  m4a: "m4a",
  mp4: "m4a",
  ogg: "ogg",
  oga: "ogg",
  opus: "ogg",
  webm: "webm",
  flac: "flac",
};

/** The head of a file in fragments comes first, and lists no pieces of sound. */
const HEAD_BYTES = 64 * 1024;

/** @throws SpeechError: unsupported for what is no sound, unreadable for what has none in it. */
export async function examineSound(data: Blob): Promise<Sound> {
  // What it cannot make anything of may be anything, and ends here all the same.
  const type = await fileTypeFromBlob(data).catch(() => undefined);
  const kind = type && KINDS[type.ext];
  if (!kind) throw speechError("unsupported");
  const format = await formatOf(data);
  if (format?.hasVideo === true && format.hasAudio !== true) throw speechError("unsupported");
  const seconds = kind === "m4a" && (await isInFragments(data)) ? undefined : format?.duration;
  if (seconds === 0) throw speechError("unreadable");
  return {
    kind,
    data,
    ...(seconds !== undefined && Number.isFinite(seconds) && { seconds: Math.round(seconds * 1000) / 1000 }),
  };
}

/** As browsers record MP4: its head was written before there was any sound, and the length in it is none (7 ms of 2.5 s). */
async function isInFragments(data: Blob): Promise<boolean> {
  const head = Buffer.from(await data.slice(0, HEAD_BYTES).arrayBuffer());
  return head.includes("mvex");
}

/** Without pictures, and without reading to the end where the beginning tells. Files that it stumbles over may be good ones. */
async function formatOf(data: Blob) {
  try {
    return (await parseBlob(data, { duration: false, skipCovers: true, skipPostHeaders: true })).format;
  } catch {
    return undefined;
  }
}
