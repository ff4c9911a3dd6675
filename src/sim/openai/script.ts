/**
 * What the simulated OpenAI is told to hear and to answer: the script a demo, a test or a bench hands over. Types only,
 * besides the small readers that turn the short forms into the long ones.
 */
import type { RealtimeSession } from "./realtime/session.ts";

/** One finished stretch of caller speech, as the transcription would get it. */
export interface Utterance {
  /** 0 for the first committed turn of the session. */
  index: number;
  itemId: string;
  /** Milliseconds of input audio since the session began. */
  startMs: number;
  endMs: number;
  /** Linear samples at `rate` Hz. */
  audio: Int16Array;
  rate: number;
}

/** What an utterance is heard as. */
export interface Transcript {
  /** Default "". */
  text?: string;
  /** The transcription fails; the model itself still understood `text`. */
  failed?: boolean;
  /** Milliseconds after the commit; overrides `timing.transcriptMs`. */
  delayMs?: number;
  /** The transcription completes with an empty text; the model itself still understood `text`. */
  empty?: boolean;
  /** No transcription event ever comes. */
  never?: boolean;
}

export type Transcripts =
  | readonly (string | Transcript)[]
  | ((session: RealtimeSession, utterance: Utterance) => string | Transcript | Promise<string | Transcript>);

export type BrainApi = "realtime" | "responses" | "chat" | "assistants";

/** One line of the conversation so far, whatever API it came through. */
export interface Line {
  role: "user" | "assistant" | "system" | "developer" | "tool";
  text: string;
}

/** What a brain knows when it is asked for the next reply. */
export interface BrainInput {
  api: BrainApi;
  model: string;
  /** The last thing the user said; "" when nobody said anything. */
  text: string;
  history: readonly Line[];
  /** Names of the function tools offered. */
  tools: readonly string[];
  /** Outputs of function calls made since the user last spoke, oldest first. */
  toolOutputs: readonly { name: string; callId: string; output: string }[];
  /** Developer and system messages since the assistant last spoke, for example "the caller only heard ...". */
  notes: readonly string[];
  instructions: string;
  /** Number of user messages so far. */
  turn: number;
  /** Session, conversation or thread id; "" where the request carried all of its history itself. */
  thread: string;
  /** Name of the JSON schema that the answer has to have. */
  format?: string;
}

export interface ToolCall {
  name: string;
  /** An object is written as JSON; a string goes out as it is, so that broken JSON can be played. */
  args: Record<string, unknown> | string;
}

export interface BrainReply {
  text?: string;
  /** The reply in exactly these pieces instead of the default small ones. */
  chunks?: readonly string[];
  tool?: ToolCall;
  tools?: readonly ToolCall[];
  /** Milliseconds before the first piece. */
  firstDelayMs?: number;
  /** Milliseconds between pieces; overrides `timing.textDeltaMs`. */
  delayMs?: number;
  /** Answer with this HTTP error instead (429, 500, 401, 404, ...); on a socket the response fails. */
  status?: number;
  /** Body of that error; a fitting one is made when absent. */
  body?: unknown;
  /** Never answer: the request stays open until the client gives up. */
  hang?: boolean;
  /** After this many pieces the reply stops: "hang" stays open, "drop" cuts the connection, "fail" ends it with an error event. */
  breakAfter?: { pieces: number; how: "hang" | "drop" | "fail" };
  /** Ends incomplete for this reason after all of its text. */
  incomplete?: "max_output_tokens" | "content_filter";
  /** The reply is a refusal in the API's own form. */
  refusal?: string;
}

export type Brain = (input: BrainInput) => string | BrainReply | Promise<string | BrainReply>;

/** What holds for the sessions that `when` picks; the first fitting entry counts. */
export interface SessionScript {
  when: (session: RealtimeSession) => boolean;
  transcripts?: Transcripts;
  brain?: Brain;
}

/** A file to be transcribed; `audio` is what is in it, linear samples at `rate` Hz, where the simulator can decode it. */
export interface HeardFile {
  name: string;
  bytes: Uint8Array;
  model: string;
  audio?: Int16Array;
  rate?: number;
}

export interface OpenAIScript {
  /** What callers are heard to say: a list used in order within each session (afterwards ""), or a function. */
  transcripts?: Transcripts;
  /** Scripts for particular realtime sessions, looked at before the common one. */
  sessions?: readonly SessionScript[];
  /** Who answers, on every API; default: the car-service desk of brain.ts. */
  brain?: Brain;
  /** What `/v1/audio/transcriptions` hears in a file; default: the transcripts' first entry or "". */
  hearFile?: (file: HeardFile) => string | Promise<string>;
}

export async function transcriptFor(
  script: OpenAIScript,
  session: RealtimeSession,
  utterance: Utterance,
): Promise<Transcript> {
  const own = script.sessions?.find((entry) => entry.transcripts && entry.when(session))?.transcripts;
  const source = own ?? script.transcripts ?? [];
  const heard = typeof source === "function" ? await source(session, utterance) : (source[utterance.index] ?? "");
  return typeof heard === "string" ? { text: heard } : heard;
}

export function brainFor(script: OpenAIScript, session: RealtimeSession | undefined, fallback: Brain): Brain {
  const own = session && script.sessions?.find((entry) => entry.brain && entry.when(session))?.brain;
  return own ?? script.brain ?? fallback;
}

/** Asks a brain and gives the long form of its answer. */
export async function think(brain: Brain, input: BrainInput): Promise<BrainReply> {
  const reply = await brain(input);
  return typeof reply === "string" ? { text: reply } : reply;
}

/** All tool calls of a reply, whichever way they were written, arguments as the string that goes over the wire. */
export function callsOf(reply: BrainReply): { name: string; args: string }[] {
  return [...(reply.tool ? [reply.tool] : []), ...(reply.tools ?? [])].map((call) => ({
    name: call.name,
    args: typeof call.args === "string" ? call.args : JSON.stringify(call.args),
  }));
}

/** The pieces a text is streamed in: given ones, or word by word with the following space. */
export function piecesOf(reply: BrainReply): string[] {
  return reply.chunks ? [...reply.chunks] : ((reply.text ?? "").match(/\S+\s*|\s+/g) ?? []);
}
