// The personal voice assistant as its document's clients ask for it: a session whose client secret is the address of our socket, and the
// sideband of a client that talks to OpenAI over WebRTC. The errors have the document's own shape.
import { z } from "zod";
import type { Principal } from "../core/access.ts";
import { json, route, WRITERS, type Answer, type Route } from "./define-route.ts";

export interface VoiceAgentWish {
  readonly model?: string | undefined;
  readonly voice?: string | undefined;
  /** Of a conversation to be gone on with. */
  readonly sessionId?: string | undefined;
  /** Where the client reaches us: ws or wss, without a path. */
  readonly origin: string;
}

/** no-key: this server has none for OpenAI. refused: what OpenAI answered, 503 where it could not be reached. */
export type VoiceAgentAnswer<Value> =
  | { readonly kind: "ok"; readonly value: Value }
  | { readonly kind: "no-key" }
  | { readonly kind: "refused"; readonly status: number };

export interface VoiceAgentSessions {
  /** @throws Problem 400 for names that nobody knows, 404 for a session that is not this user's, 503 */
  open(
    wish: VoiceAgentWish,
    user: Principal,
    signal: AbortSignal,
  ): Promise<VoiceAgentAnswer<Readonly<Record<string, unknown>>>>;
  /** @throws Problem 404, 409, 429, 503 */
  sideband(
    sessionId: string,
    callId: string,
    user: Principal,
    signal: AbortSignal,
  ): Promise<VoiceAgentAnswer<{ readonly callId: string }>>;
}

const name = z.string().min(1).max(100);
const sessionId = z.string().regex(/^sess_[\w-]{1,64}$/, "must be a session's id");
const failed = {
  description: 'OPENAI_API_KEY is missing, or OpenAI failed: {"error": "OpenAI API error: <status>"}.',
  schema: z.strictObject({ error: z.string() }),
};

const session = z.looseObject({
  id: z.string(),
  model: z.string(),
  expires_at: z.number(),
  client_secret: z.strictObject({ value: z.string(), expires_at: z.number() }),
  ephemeral_key: z.strictObject({ value: z.string(), expires_at: z.number() }),
  modalities: z.array(z.string()),
  instructions: z.string(),
  voice: z.string(),
  input_audio_format: z.string(),
  output_audio_format: z.string(),
  input_audio_transcription: z.looseObject({ model: z.string() }),
  turn_detection: z.looseObject({ type: z.string() }),
  tools: z.array(z.looseObject({ type: z.string(), name: z.string() })),
});

export function voiceAgentRoutes({ voiceAgent }: { readonly voiceAgent: VoiceAgentSessions }): Route[] {
  return [
    route(
      {
        method: "post",
        path: "/api/voice-agent",
        summary: "A session with the personal voice assistant",
        description:
          "client_secret.value is the address of a WebSocket here, with a ticket that is good once and for 60 s. It speaks OpenAI's " +
          "Realtime events (docs/assistant.md) and runs the tools on the server. With session_id an earlier conversation goes on. " +
          "ephemeral_key is for clients that talk to OpenAI themselves over WebRTC; see /sideband.",
        tag: "personal assistant",
        access: WRITERS,
        body: z.strictObject({
          model: name.optional(),
          voice: name.optional(),
          session_id: sessionId.optional(),
        }),
        answers: {
          200: { description: "The session. Times are seconds since the epoch.", schema: session },
          500: failed,
        },
      },
      async ({ body, principal, request, signal }) => {
        const { model, voice, session_id: id } = body;
        const scheme = request.protocol === "https" ? "wss" : "ws";
        const origin = `${scheme}://${request.get("host") ?? ""}`;
        return answered(
          await voiceAgent.open({ model, voice, sessionId: id, origin }, principal, signal),
          (told) => told,
        );
      },
    ),
    route(
      {
        method: "post",
        path: "/api/voice-agent/{id}/sideband",
        summary: "Runs the tools of a WebRTC call",
        description:
          "call_id is the call at OpenAI that the client opened with its ephemeral_key (the Location of POST /v1/realtime/calls). " +
          "From here on the server is connected to it too: it runs the tools, and keeps the record.",
        tag: "personal assistant",
        access: WRITERS,
        params: z.strictObject({ id: sessionId }),
        body: z.strictObject({ call_id: z.string().regex(/^[\w-]{1,128}$/, "must be a call's id at OpenAI") }),
        answers: {
          200: {
            description: "It is connected. call_id is the id of the record.",
            schema: z.strictObject({ session_id: z.string(), call_id: z.string(), status: z.literal("connected") }),
          },
          500: failed,
        },
      },
      async ({ params, body, principal, signal }) =>
        answered(await voiceAgent.sideband(params.id, body.call_id, principal, signal), ({ callId }) => ({
          session_id: params.id,
          call_id: callId,
          status: "connected",
        })),
    ),
  ];
}

function answered<Value>(answer: VoiceAgentAnswer<Value>, body: (value: Value) => unknown): Answer {
  switch (answer.kind) {
    case "ok":
      return json(body(answer.value));
    case "no-key":
      return json({ error: "OPENAI_API_KEY is not set" }, 500);
    case "refused":
      return json({ error: `OpenAI API error: ${answer.status}` }, 500);
  }
}
