// The Media Streams wire as text: makes the messages Twilio sends and judges those it receives, as strictly as Twilio
// does (protocols A4 and A5). Numbers that Twilio sends as strings are strings here.

export interface StreamIdentity {
  streamSid: string;
  accountSid: string;
  callSid: string;
}

export const connectedMessage = () => JSON.stringify({ event: "connected", protocol: "Call", version: "1.0.0" });

export const startMessage = (seq: number, id: StreamIdentity, customParameters: Record<string, string>) =>
  JSON.stringify({
    event: "start",
    sequenceNumber: String(seq),
    start: {
      accountSid: id.accountSid,
      streamSid: id.streamSid,
      callSid: id.callSid,
      tracks: ["inbound"],
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      customParameters,
    },
    streamSid: id.streamSid,
  });

/** Written by hand: it goes out 50 times a second per call, and no value in it needs escaping. */
export const mediaMessage = (seq: number, streamSid: string, chunk: number, timestampMs: number, base64: string) =>
  `{"event":"media","sequenceNumber":"${seq}","media":{"track":"inbound","chunk":"${chunk}",` +
  `"timestamp":"${timestampMs}","payload":"${base64}"},"streamSid":"${streamSid}"}`;

export const dtmfMessage = (seq: number, streamSid: string, digit: string) =>
  JSON.stringify({
    event: "dtmf",
    streamSid,
    sequenceNumber: String(seq),
    dtmf: { track: "inbound_track", digit },
  });

export const markMessage = (seq: number, streamSid: string, name: string) =>
  JSON.stringify({ event: "mark", sequenceNumber: String(seq), streamSid, mark: { name } });

export const stopMessage = (seq: number, id: StreamIdentity) =>
  JSON.stringify({
    event: "stop",
    sequenceNumber: String(seq),
    streamSid: id.streamSid,
    stop: { accountSid: id.accountSid, callSid: id.callSid },
  });

/** A message of the server, or why Twilio ignores it: 31950 cannot be read at all, 31951 is not a valid message. */
export type ServerMessage =
  | { event: "media"; audio: Uint8Array }
  | { event: "mark"; name: string }
  | { event: "clear" }
  | { event: "invalid"; code: 31950 | 31951; why: string };

const invalid = (code: 31950 | 31951, why: string): ServerMessage => ({ event: "invalid", code, why });

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The field names, when they are not exactly these. */
function strange(value: Record<string, unknown>, ...names: string[]): string | undefined {
  const extra = Object.keys(value).find((name) => !names.includes(name));
  if (extra !== undefined) return `unknown field "${extra}"`;
  const missing = names.find((name) => !(name in value));
  return missing === undefined ? undefined : `missing field "${missing}"`;
}

/** Reads a text frame of the server meant for `streamSid`. */
export function readServerMessage(text: string, streamSid: string): ServerMessage {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return invalid(31950, "not JSON");
  }
  if (!isRecord(message)) return invalid(31951, "not a JSON object");
  const { event } = message;
  if (event !== "media" && event !== "mark" && event !== "clear") {
    return invalid(31951, `unknown event ${JSON.stringify(event) ?? "(none)"}`);
  }
  const fields =
    event === "clear" ? strange(message, "event", "streamSid") : strange(message, "event", "streamSid", event);
  if (fields !== undefined) return invalid(31951, `${event}: ${fields}`);
  if (message["streamSid"] !== streamSid) return invalid(31951, `${event}: the streamSid is not this stream's`);
  switch (event) {
    case "clear":
      return { event };
    case "mark":
      return readMark(message["mark"]);
    case "media":
      return readMedia(message["media"]);
    default:
      return event satisfies never;
  }
}

function readMark(mark: unknown): ServerMessage {
  if (!isRecord(mark)) return invalid(31951, "mark: not an object");
  const fields = strange(mark, "name");
  if (fields !== undefined) return invalid(31951, `mark: ${fields}`);
  const { name } = mark;
  return typeof name === "string" && name !== "" ? { event: "mark", name } : invalid(31951, "mark: name is not a text");
}

function readMedia(media: unknown): ServerMessage {
  if (!isRecord(media)) return invalid(31951, "media: not an object");
  const fields = strange(media, "payload");
  if (fields !== undefined) return invalid(31951, `media: ${fields}`);
  const { payload } = media;
  if (typeof payload !== "string" || payload === "") return invalid(31951, "media: payload is not a text");
  const audio = Buffer.from(payload, "base64");
  // Node's decoder skips what is not base64, takes the URL alphabet and stops at padding: only an exact length of the
  // standard alphabet is an audio payload.
  const padding = payload.endsWith("==") ? 2 : payload.endsWith("=") ? 1 : 0;
  const exact = payload.length % 4 === 0 && audio.length === (payload.length / 4) * 3 - padding;
  if (!exact || payload.includes("-") || payload.includes("_")) return invalid(31951, "media: payload is not base64");
  return { event: "media", audio };
}
