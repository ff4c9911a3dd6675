// The WebSockets of the program, for their description only: the channels serve them.
import { z } from "zod";
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

/** By whether there is a phone. */
export const socketsOf = ({ phone }: { readonly phone: boolean }): readonly SocketDescription[] => [
  ...(phone ? [mediaStream] : []),
  browser,
];
