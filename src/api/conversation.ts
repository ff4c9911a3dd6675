// Conversations over requests: begun for a customer, gone on with turn by turn, in writing or with files of speech. Who answers, and
// where it is kept, is not known here.
import { z } from "zod";
import type { Principal } from "../core/access.ts";
import type { CallPhase, CallRecord } from "../core/call.ts";
import { callPhase } from "../wire/rest/call.ts";
import { ORG_ID } from "../wire/rest/organization.ts";
import { WRITERS, json, route, type Route, type RouteAccess } from "./define-route.ts";
import { HEARING_MS, LONGEST_TEXT, soundFile, type SpeechDesk } from "./voice.ts";

export interface StartedConversation {
  readonly sessionId: string;
  readonly state: CallPhase;
  readonly orgId: string;
  /** What the agent says first. */
  readonly greeting: string;
}

export interface ConversationInput {
  /** Empty: something nobody understood. */
  readonly text: string;
  readonly by: "speech" | "text";
  /** What has to be done with the answer before the turn counts as taken: where it fails, nothing was said. */
  readonly deliver?: (answer: string, signal: AbortSignal) => Promise<void>;
}

export interface ConversationTurn {
  readonly answer: string;
  readonly state: CallPhase;
}

/** Everything throws Problems: 404 for what is not there for this principal, 409 for what is over, 429, 502, 503. */
export interface Conversations {
  start(
    about: { readonly customerId?: string; readonly orgId?: string },
    principal: Principal,
  ): Promise<StartedConversation>;
  /** That it is there and goes on. */
  look(sessionId: string, principal: Principal): Promise<void>;
  /** Turns of one conversation are taken one after the other. */
  take(
    sessionId: string,
    input: ConversationInput,
    principal: Principal,
    signal: AbortSignal,
  ): Promise<ConversationTurn>;
  /** Ends it by hand, after the turns that are being taken. @throws Problem 404, 409 when it has ended. */
  end(sessionId: string, principal: Principal, signal: AbortSignal): Promise<CallRecord>;
}

const sessionId = z.string().min(1).max(64).meta({ description: "Of POST /conversation/start." });
const state = callPhase.meta({ description: "Where the conversation stands: the phases of a call." });

/** A turn has 20 s for its model, and others may be before it. */
const TURN_MS = 60_000;

const access: RouteAccess = { ...WRITERS, group: "conversation" };
const tag = "conversations";

export function conversationRoutes({
  conversations,
  speech,
}: {
  readonly conversations: Conversations;
  readonly speech: SpeechDesk;
}): Route[] {
  return [
    route(
      {
        method: "post",
        path: "/conversation/start",
        summary: "Begins a conversation",
        tag,
        access,
        body: z.strictObject({
          customer_id: z
            .string()
            .min(1)
            .max(200)
            .nullish()
            .meta({ description: "The customer's id at the caller's own; known from then on." }),
          org_id: z.string().regex(ORG_ID, "is no id of an organization").optional(),
        }),
        answers: {
          200: {
            description: "It has begun.",
            schema: z.strictObject({
              session_id: z.string(),
              conversation_state: state,
              customer_id: z.string().nullable(),
              org_id: z.string(),
              greeting: z.string(),
            }),
          },
        },
      },
      async ({ body, principal }) => {
        const customerId = body.customer_id ?? undefined;
        const begun = await conversations.start(
          {
            ...(customerId !== undefined && { customerId }),
            ...(body.org_id !== undefined && { orgId: body.org_id }),
          },
          principal,
        );
        return json({
          session_id: begun.sessionId,
          conversation_state: begun.state,
          customer_id: customerId ?? null,
          org_id: begun.orgId,
          greeting: begun.greeting,
        });
      },
    ),
    route(
      {
        method: "post",
        path: "/conversation/process",
        summary: "Says something in a conversation",
        description:
          "Turns of one conversation are answered one after the other; one that fails leaves no trace in it.",
        tag,
        access,
        answersWithinMs: TURN_MS,
        body: z.strictObject({
          session_id: sessionId,
          user_input: z
            .string()
            .max(LONGEST_TEXT)
            .refine((text) => text.trim() !== "", "must have words in it"),
        }),
        answers: {
          200: {
            description: "What the agent says.",
            schema: z.strictObject({ session_id: z.string(), agent_response: z.string(), conversation_state: state }),
          },
        },
      },
      async ({ body, principal, signal }) => {
        const input = { text: body.user_input.trim(), by: "text" } as const;
        const turn = await conversations.take(body.session_id, input, principal, signal);
        return json({
          session_id: body.session_id,
          agent_response: turn.answer,
          conversation_state: turn.state,
        });
      },
    ),
    route(
      {
        method: "post",
        path: "/voice-agent/process",
        summary: "Says something in a conversation, as a recording, and hears the answer",
        description:
          "The whole way: the recording becomes words, the agent answers them, the answer becomes sound (mp3). A recording without any " +
          "words is a turn that nobody understood.",
        tag,
        access: { ...WRITERS, group: "voice" },
        multipart: true,
        answersWithinMs: HEARING_MS + TURN_MS,
        body: z.strictObject({ audio_file: soundFile, session_id: sessionId }),
        answers: {
          200: {
            description: "What was understood, and what the agent says.",
            schema: z.strictObject({
              session_id: z.string(),
              user_input: z.string(),
              agent_response: z.string(),
              audio_base64: z.base64(),
              audio_format: z.literal("mp3"),
              conversation_state: state,
            }),
          },
        },
      },
      async ({ body, principal, signal }) => {
        await conversations.look(body.session_id, principal);
        const { text } = await speech.hear(body.audio_file, signal);
        const sound: Uint8Array[] = [];
        async function deliver(answer: string, within: AbortSignal): Promise<void> {
          const request = { text: answer.slice(0, LONGEST_TEXT), format: "mp3" } as const;
          for await (const piece of speech.speak(request, within)) sound.push(piece);
        }
        const turn = await conversations.take(
          body.session_id,
          { text: text.slice(0, LONGEST_TEXT), by: "speech", deliver },
          principal,
          signal,
        );
        return json({
          session_id: body.session_id,
          user_input: text,
          agent_response: turn.answer,
          audio_base64: Buffer.concat(sound).toString("base64"),
          audio_format: "mp3",
          conversation_state: turn.state,
        });
      },
    ),
  ];
}
