// The personal voice assistant put together: who gets a session, and how its socket and its sideband begin. One conversation is relay.ts.
import type { VoiceAgentSessions } from "../../api/voice-agent.ts";
import {
  createAssistantChannel,
  type AssistantClient,
  type AssistantDoor,
  type AssistantGrant,
} from "../../channels/assistant/index.ts";
import type { Config } from "../../config.ts";
import { DEFAULT_ORG } from "../../core/call.ts";
import { InvalidRequest, Problem } from "../../core/problem.ts";
import type { SocketRoute } from "../../core/socket.ts";
import type { State } from "../../core/state.ts";
import type { Storage } from "../../core/stores.ts";
import { browserSession } from "../../speech/browser-session.ts";
import { MintRefused, type Mint } from "../../speech/mint.ts";
import { createRelays } from "../../speech/relayed-session.ts";
import type { Json } from "../../wire/assistant/json.ts";
import { DEFAULT_VOICE, modelNamed, VOICES } from "../../wire/assistant/models.ts";
import { betaSession } from "../../wire/assistant/words.ts";
import { createConversations, type ConversationsParts, type NoRoom } from "./conversations.ts";
import { createMaking, type MakingParts } from "./making.ts";
import { createSessions, type AssistantSession } from "./sessions.ts";
import { connectSideband } from "./sideband.ts";

export interface PersonalAssistantParts
  extends Omit<ConversationsParts, "sessions" | "making" | "settings" | "maxCalls" | "state" | "store">, MakingParts {
  readonly config: Config;
  readonly state: State;
  readonly storage: Pick<Storage, "calls" | "customers">;
  readonly door: AssistantDoor;
  readonly mint: Mint;
}

export interface PersonalAssistant {
  readonly socket: SocketRoute;
  readonly sessions: VoiceAgentSessions;
  /** The client of this call is gone, whatever it looks like from here. */
  lose(carrierId: string): void;
  active(): number;
  drain(): void;
  /** Ends what is left. */
  close(): Promise<void>;
}

/** A sideband that is asked for again runs nothing twice. ms. */
const SIDEBAND_MS = 3_600_000;

const WHY_NOT: Readonly<Record<NoRoom, string>> = {
  busy: "The server has as many calls as it takes",
  organization: "The organization has as many calls as it may have",
  user: "This user has as many conversations as one may have",
  draining: "The server takes no new conversations",
};

export function createPersonalAssistant(parts: PersonalAssistantParts): PersonalAssistant {
  const { config, state, storage, mint, clock, ids, log, meter } = parts;
  const apiKey = config.OPENAI_API_KEY ?? "";
  const relays = createRelays({ apiKey, baseUrl: config.OPENAI_BASE_URL, log, meter, clock });
  const making = createMaking(parts);
  const sessions = createSessions({ ...parts, customers: storage.customers });
  const settings = { maxCallMs: config.MAX_CALL_MINUTES * 60_000, logContent: config.LOG_CONTENT };
  const conversations = createConversations({
    ...parts,
    store: storage.calls,
    sessions,
    making,
    settings,
    maxCalls: config.MAX_CALLS,
  });
  const models = { mini: config.VOICE_AGENT_MINI_MODEL, full: config.VOICE_AGENT_MODEL };
  const channel = createAssistantChannel({
    ...parts,
    isDraining: conversations.isDraining,
    enter: (client, grant) =>
      void enter(client, grant).catch((error: unknown) => {
        log.error("a conversation with the assistant could not begin", { error: String(error) });
        client.close(1011, "internal error");
      }),
  });

  async function enter(client: AssistantClient, grant: AssistantGrant): Promise<void> {
    const session = await sessions.find(grant.sessionId);
    if (!session) return client.close(1008, "session");
    const tools = making.toolsOf(session);
    const { model, voice, instructions } = grant;
    const call = await conversations.begin(session, {
      client,
      tools,
      voice: making.voice(session, { model, voice, instructions }, tools),
      open: (hooks) => relays.open(model, hooks),
    });
    if (typeof call !== "string") return;
    client.refuse({ code: "no_room", message: `${WHY_NOT[call]}.`, param: null });
    client.close(1013, call);
  }

  /** @throws InvalidRequest */
  function chosen(wish: { readonly model?: string | undefined; readonly voice?: string | undefined }) {
    const issue = (pointer: string, detail: string) => ({ in: "body" as const, pointer, detail });
    const { voice = DEFAULT_VOICE } = wish;
    const model = modelNamed(wish.model, models);
    const issues = [
      ...(model === undefined ? [issue("/model", "is not a model that the assistant has")] : []),
      ...(VOICES.some((known) => known === voice) ? [] : [issue("/voice", `must be one of ${VOICES.join(", ")}`)]),
    ];
    if (model === undefined || issues.length > 0) throw new InvalidRequest(issues);
    return { model, voice };
  }

  const voiceAgent: VoiceAgentSessions = {
    async open({ sessionId, origin, ...wish }, user, signal) {
      const known = sessionId === undefined ? undefined : await sessions.of(sessionId, user);
      const { model, voice } = chosen({ model: wish.model ?? known?.model, voice: wish.voice ?? known?.voice });
      if (apiKey === "") return { kind: "no-key" };
      if (conversations.isDraining()) throw new Problem(503, WHY_NOT.draining, { "Retry-After": "5" });
      const session: AssistantSession = {
        kind: "assistant",
        sessionId: ids.id("sess"),
        orgId: user.orgId ?? DEFAULT_ORG,
        lines: [],
        createdAt: clock.date().toISOString(),
        ...known,
        userId: user.name,
        model,
        voice,
      };
      const tools = making.toolsOf(session);
      const instructions = await making.instructions(session, tools, signal);
      const asked = making.voice(session, { model, voice, instructions }, tools);
      try {
        const minted = await mint(asked, signal);
        await sessions.keep(session);
        const { userId, orgId } = session;
        const grant = { sessionId: session.sessionId, userId, orgId, model, voice, instructions };
        const { address, expiresAt } = await channel.invite(addressOf(origin, config.WEBHOOK_URL), grant);
        const seconds = (ms: number): number => Math.floor(ms / 1000);
        const value = {
          ...betaSession(browserSession(asked) as unknown as Json),
          object: "realtime.session",
          id: session.sessionId,
          expires_at: seconds(+clock.date() + settings.maxCallMs),
          client_secret: { value: address, expires_at: seconds(+expiresAt) },
          ephemeral_key: { value: minted.secret, expires_at: minted.expiresAt },
        };
        return { kind: "ok", value };
      } catch (error) {
        if (error instanceof MintRefused) return { kind: "refused", status: error.upstreamStatus ?? 503 };
        throw error;
      }
    },
    async sideband(sessionId, callId, user, signal) {
      const session = await sessions.of(sessionId, user);
      if (apiKey === "") return { kind: "no-key" };
      const full = conversations.noRoom(session);
      if (full)
        throw new Problem(full === "busy" || full === "draining" ? 503 : 429, WHY_NOT[full], { "Retry-After": "30" });
      const key = `assistant-sideband:${callId}`;
      if (!(await state.first(key, SIDEBAND_MS)))
        throw new Problem(409, "The server is connected to this call already");
      let close = (): void => {};
      try {
        const connected = await connectSideband((hooks) => relays.sideband(callId, hooks));
        if (connected.kind === "refused") {
          await state.drop(key);
          return connected;
        }
        close = connected.close;
        if (signal.aborted) throw new Problem(503, "No answer in time", { "Retry-After": "5" });
        const tools = making.toolsOf(session);
        const call = await conversations.begin(session, {
          tools,
          voice: making.voice(session, { model: session.model, voice: session.voice, instructions: "" }, tools),
          open: connected.open,
        });
        if (typeof call === "string") throw new Problem(503, WHY_NOT[call], { "Retry-After": "30" });
        return { kind: "ok", value: { callId: call.party.callId } };
      } catch (error) {
        close();
        await state.drop(key).catch(() => undefined);
        throw error;
      }
    },
  };

  return {
    socket: channel.socket,
    sessions: voiceAgent,
    lose: (carrierId) => conversations.lose(carrierId),
    active: conversations.active,
    drain: conversations.drain,
    close: () => conversations.close(),
  };
}

/** A proxy in front may have taken the TLS off without our being told; our own public address says what it is. */
function addressOf(origin: string, publicOrigin: string | undefined): string {
  const asked = URL.canParse(origin) ? new URL(origin) : undefined;
  if (publicOrigin === undefined) return origin;
  const ours = new URL(publicOrigin);
  return asked && asked.host !== ours.host ? origin : `${ours.protocol === "https:" ? "wss" : "ws"}://${ours.host}`;
}
