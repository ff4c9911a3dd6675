// The WebSockets of the program, for their description only: the channels serve them.
import { z } from "zod";
import { CLIENT_EVENTS } from "../wire/assistant/client-events.ts";
import { clientMessage, LIVE_FORMATS, serverMessage } from "../wire/browser.ts";
import type { SocketDescription, SocketMessage } from "./asyncapi.ts";

/** What each message of the browser's socket is for. */
const BROWSER: Readonly<Record<string, string>> = {
  audio_chunk: "Sound: a whole utterance with a header of its own, or the next piece of a stream",
  text_input: "A typed turn",
  audio_end: "The utterance is over",
  mark: "Everything before the mark of this name was played",
  digit: "A key",
  end: "The end of the call",
  session: "First: whose conversation this is, and how sound is written down",
  state: "The conversation's phase",
  speech_started: "The caller began to speak",
  speech_stopped: "The caller fell silent",
  transcription_delta: "More of what the caller says",
  transcription: "What the caller said",
  response_delta: "More of what the agent says",
  audio_delta: "More of the agent's voice",
  clear: "An interruption: what was not played is to be dropped at once",
  response_cut: "What was heard of the reply that was interrupted",
  conversation_response: "What the agent says, whole",
  audio_response: "The agent's voice, whole",
  tool: "A tool at work",
  error: "Something could not be done; the socket stays",
  ended: "The call is over",
};

function messagesOf(union: { readonly options: readonly z.ZodObject[] }): SocketMessage[] {
  return union.options.map((schema) => {
    const [name] = (schema.shape["type"] as z.ZodLiteral<string>).values;
    return { name: name as string, summary: BROWSER[name as string] ?? (name as string), schema };
  });
}

const browser: SocketDescription = {
  id: "voiceAgent",
  address: "/ws/voice-agent/{session_id}",
  summary: "Talk with the agent",
  description:
    "Speak or type, and hear the agent. An id that is not known opens a conversation of the key, the cookie or the ticket that was " +
    "shown. By default what is said comes whole; with `stream=1` it comes as it is said. docs/browser.md has the whole story.",
  params: { session_id: "The conversation's id, of `POST /conversation/start` or of the client's own choice." },
  query: z.object({
    stream: z.enum(["0", "1"]).optional().describe("1: live talk, as it is said."),
    format: z
      .enum(Object.keys(LIVE_FORMATS) as [keyof typeof LIVE_FORMATS])
      .optional()
      .describe("Of live sound."),
    audio: z.enum(["mp3", "wav"]).optional().describe("Of whole replies."),
    ticket: z.string().optional().describe("In place of a key or a cookie; good for 60 seconds and once."),
    org_id: z.string().optional(),
  }),
  receives: messagesOf(clientMessage),
  sends: messagesOf(serverMessage),
};

const twilio = (event: string, summary: string): SocketMessage => ({
  name: event,
  summary,
  schema: z.looseObject({ event: z.literal(event), streamSid: z.string().optional() }),
});

const mediaStream: SocketDescription = {
  id: "mediaStream",
  address: "/media-stream",
  summary: "The carrier's media stream",
  description:
    "Twilio Media Streams, both directions: 8 kHz mu-law. Signed in `X-Twilio-Signature`; a query is refused. The one-time token of " +
    "the webhook's TwiML comes with `start`.",
  receives: [
    twilio("connected", "The socket is open"),
    twilio("start", "The call, and the token"),
    twilio("media", "20 ms of the caller"),
    twilio("dtmf", "A key"),
    twilio("mark", "Everything before the mark was played or cleared"),
    twilio("stop", "The stream is over"),
  ],
  sends: [
    twilio("media", "Sound to be played"),
    twilio("mark", "Asks to be told when all before it was played"),
    twilio("clear", "Drops what was not played"),
  ],
};

const event = (type: string, summary: string): SocketMessage => ({
  name: type,
  summary,
  schema: z.looseObject({ type: z.literal(type), event_id: z.string().optional() }),
});

/** Of the many events of the Realtime API, those that the documents' clients know. */
const REALTIME: Readonly<Record<string, string>> = {
  "session.created": "The session, first of all",
  "session.updated": "The settings that hold now",
  "input_audio_buffer.speech_started": "The user began to speak",
  "input_audio_buffer.speech_stopped": "The user fell silent",
  "conversation.item.input_audio_transcription.completed": "What the user said",
  "conversation.item.created": "A new item of the conversation",
  "response.created": "An answer begins",
  "response.audio.delta": "More of the answer's sound, base64 of pcm16 at 24 kHz",
  "response.audio_transcript.delta": "More of the answer's words",
  "response.text.delta": "More of a written answer",
  "response.done": "The answer is over",
  error: "Something could not be done; the socket stays",
};

const assistant: SocketDescription = {
  id: "assistant",
  address: "/ws/assistant",
  summary: "The personal voice assistant",
  description:
    "The address that `POST /api/voice-agent` gives, with its one-time ticket. Events are those of OpenAI's Realtime API: in the " +
    "vocabulary of its beta by default, in today's with `events=ga`. Tools run on the server. docs/assistant.md has the whole story.",
  query: z.object({
    ticket: z.string().describe("Good for 60 seconds and once."),
    events: z.enum(["ga"]).optional().describe("ga: today's names of events."),
  }),
  receives: CLIENT_EVENTS.map((type) => event(type, `As the Realtime API has it: ${type}`)),
  sends: Object.entries(REALTIME).map(([type, summary]) => event(type, summary)),
};

/** By whether there is a phone. */
export const socketsOf = ({ phone }: { readonly phone: boolean }): readonly SocketDescription[] => [
  ...(phone ? [mediaStream] : []),
  browser,
  assistant,
];
