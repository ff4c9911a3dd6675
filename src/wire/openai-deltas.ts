// The fast way for what a reply is made of, nearly all that the Realtime API sends: pieces of its audio and of its words, written
// as OpenAI writes them, in plain ASCII. Everything else is for the full parse in openai-realtime.ts, and whatever is taken here
// means the same there (differential test).
//
// Of audio only the head becomes text, and the audio a string of its own: a slice of the whole message would keep all of it in
// memory for as long as the audio is kept, which is seconds. Words may keep theirs, which is little longer than they are.
import { base64End } from "./base64.ts";
import type { AudioDelta, WordsDelta } from "./openai-realtime.ts";

const AUDIO = "response.output_audio.delta";
const WORDS = "response.output_audio_transcript.delta";
/** Two bytes that tell these from each other and from nearly every other event, before anything becomes text. */
const NAME_AT = '{"type":"response.'.length;
const KIND_AT = '{"type":"response.output_audio'.length;
const NAME = "o".charCodeAt(0);
const OF_AUDIO = ".".charCodeAt(0);
const OF_WORDS = "_".charCodeAt(0);
/** ASCII that stands for itself in JSON. */
const TEXT = "[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]*";
/** A leading zero is no JSON number, and a longer one may not be exact. */
const INDEX = "(0|[1-9][0-9]{0,8})";
const FIELDS =
  `(?:,"event_id":"${TEXT}")?,"response_id":"(${TEXT})"(?:,"output_index":${INDEX})?` +
  `,"item_id":"(${TEXT})"(?:,"output_index":${INDEX})?(?:,"content_index":${INDEX})?`;
const AUDIO_HEAD = new RegExp(`^\\{"type":"${AUDIO.replaceAll(".", "\\.")}"${FIELDS},"delta":"`);
/** The server hides how long the words are behind a filling. */
const WHOLE_WORDS = new RegExp(
  `^\\{"type":"${WORDS.replaceAll(".", "\\.")}"${FIELDS},"delta":"(${TEXT})"(?:,"obfuscation":"${TEXT}")?\\}$`,
);
/** The fields before the audio take 170 to 250 bytes. */
const MOST_HEAD = 400;
/** With its words a message takes 220 to 290. */
const MOST_WORDS = 600;
const QUOTE = 34;
const BRACE = 125;

/**
 * Undefined for anything else than such an object, which then is parsed as a whole.
 * @param from @param to where the message lies; what is behind it may be anything.
 */
export function readAudioDelta(data: Buffer, from = 0, to = data.length): AudioDelta | undefined {
  if (data[from + KIND_AT] !== OF_AUDIO || data[from + NAME_AT] !== NAME) return undefined;
  const found = AUDIO_HEAD.exec(data.toString("latin1", from, Math.min(to, from + MOST_HEAD)));
  if (!found) return undefined;
  const start = from + found[0].length;
  const end = base64End(data, start);
  if (end < 0 || end !== to - 2 || data[end] !== QUOTE || data[end + 1] !== BRACE) return undefined;
  return deltaOf(AUDIO, found, data.toString("latin1", start, end));
}

/** The same for words of the agent: several come in every second of its speech. */
export function readWordsDelta(data: Buffer, from = 0, to = data.length): WordsDelta | undefined {
  if (data[from + KIND_AT] !== OF_WORDS || data[from + NAME_AT] !== NAME || to - from > MOST_WORDS) return undefined;
  const found = WHOLE_WORDS.exec(data.toString("latin1", from, to));
  return found ? deltaOf(WORDS, found, found[6] as string) : undefined;
}

/** Either of them. */
export function readDelta(data: Buffer, from = 0, to = data.length): AudioDelta | WordsDelta | undefined {
  return readAudioDelta(data, from, to) ?? readWordsDelta(data, from, to);
}

function deltaOf<Type extends typeof AUDIO | typeof WORDS>(type: Type, found: RegExpExecArray, delta: string) {
  return {
    type,
    response_id: found[1] as string,
    item_id: found[3] as string,
    // The last one counts, as in every JSON object.
    output_index: Number(found[4] ?? found[2] ?? 0),
    content_index: Number(found[5] ?? 0),
    delta,
  };
}
