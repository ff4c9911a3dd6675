// The fast way for the agent's audio, nearly all that the Realtime API sends: a flat object of plain strings and whole numbers
// whose audio stands last, read from its bytes. Everything else is for the full parse in openai-realtime.ts, and whatever is
// taken here means the same there (differential test).
//
// Only the head becomes text, and the audio a string of its own: a slice of the whole message would keep all of it in memory for
// as long as the audio is kept, which is seconds.
import { base64End } from "./base64.ts";
import type { AudioDelta } from "./openai-realtime.ts";

const AUDIO_FIRST = '{"type":"response.output_audio.delta"';
/** A byte that tells it from nearly every other event, before anything becomes text. */
const TELLING_AT = AUDIO_FIRST.indexOf("output_audio");
const TELLING = AUDIO_FIRST.charCodeAt(TELLING_AT);
const DELTA = ',"delta":"';
/** The fields before the audio take 170 to 250 bytes. */
const MOST_HEAD = 400;
/** ASCII that stands for itself in JSON. */
const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/;
const QUOTE = 34;
const COMMA = 44;
const BRACE = 125;
const ZERO = 48;

/**
 * Undefined for anything else than such an object, which then is parsed as a whole.
 * @param from @param to where the message lies; what is behind it may be anything.
 */
export function readAudioDelta(data: Buffer, from = 0, to = data.length): AudioDelta | undefined {
  if (data[from + TELLING_AT] !== TELLING) return undefined;
  const head = data.toString("latin1", from, Math.min(to, from + MOST_HEAD));
  if (!head.startsWith(AUDIO_FIRST)) return undefined;
  const fieldsEnd = head.indexOf(DELTA, AUDIO_FIRST.length);
  if (fieldsEnd < 0) return undefined;
  const start = from + fieldsEnd + DELTA.length;
  const end = base64End(data, start);
  if (end < 0 || end !== to - 2 || data[end] !== QUOTE || data[end + 1] !== BRACE) return undefined;
  return readFields(head.slice(0, fieldsEnd), data, start, end);
}

function readFields(head: string, data: Buffer, start: number, end: number): AudioDelta | undefined {
  if (!PLAIN.test(head)) return undefined;
  let responseId: string | undefined;
  let itemId: string | undefined;
  let outputIndex = 0;
  let contentIndex = 0;
  let at = AUDIO_FIRST.length;
  while (at < head.length) {
    if (head.charCodeAt(at) !== COMMA || head.charCodeAt(at + 1) !== QUOTE) return undefined;
    const keyEnd = head.indexOf('":', at + 2);
    if (keyEnd < 0) return undefined;
    const key = head.slice(at + 2, keyEnd);
    const valueAt = keyEnd + 2;
    if (head.charCodeAt(valueAt) === QUOTE) {
      const valueEnd = head.indexOf('"', valueAt + 1);
      if (valueEnd < 0) return undefined;
      if (key === "response_id") responseId = head.slice(valueAt + 1, valueEnd);
      else if (key === "item_id") itemId = head.slice(valueAt + 1, valueEnd);
      else if (key !== "event_id") return undefined;
      at = valueEnd + 1;
    } else {
      let valueEnd = valueAt;
      while (isDigit(head.charCodeAt(valueEnd))) valueEnd++;
      const digits = valueEnd - valueAt;
      // A leading zero is no JSON number, and a longer one may not be exact.
      if (digits === 0 || digits > 9 || (head.charCodeAt(valueAt) === ZERO && digits > 1)) return undefined;
      if (key === "output_index") outputIndex = Number(head.slice(valueAt, valueEnd));
      else if (key === "content_index") contentIndex = Number(head.slice(valueAt, valueEnd));
      else return undefined;
      at = valueEnd;
    }
  }
  if (responseId === undefined || itemId === undefined) return undefined;
  return {
    type: "response.output_audio.delta",
    response_id: responseId,
    item_id: itemId,
    output_index: outputIndex,
    content_index: contentIndex,
    delta: data.toString("latin1", start, end),
  };
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9;
}
