// The socket of the personal assistant: who may come in, by which ticket, from which pages. What is said on it is the relay's business.
import type { Clock, Ids } from "../../core/clock.ts";
import type { Log, Meter } from "../../core/observe.ts";
import type { SocketRoute, UpgradeRequest } from "../../core/socket.ts";
import type { State } from "../../core/state.ts";
import type { Vocabulary } from "../../wire/assistant/words.ts";
import { createAssistantClient, type AssistantClient } from "./client.ts";
import { createTickets, TICKET_MS, type AssistantGrant } from "./tickets.ts";

export type { AssistantClient } from "./client.ts";
export type { AssistantGrant } from "./tickets.ts";

export interface AssistantChannelParts {
  readonly state: State;
  /** CORS_ORIGINS: other sites whose pages are ours. */
  readonly allowedOrigins: readonly string[];
  readonly publicOrigin?: string | undefined;
  readonly isDraining: () => boolean;
  /** The ticket was good. Must not throw. */
  readonly enter: (client: AssistantClient, grant: AssistantGrant) => void;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly meter: Meter;
}

export interface AssistantChannel {
  readonly socket: SocketRoute;
  /** `origin`: as the client reaches us, ws or wss. */
  invite(origin: string, grant: AssistantGrant): Promise<{ readonly address: string; readonly ttlMs: number }>;
}

const PATH = "/ws/assistant";
/** 16 s of audio in one message. */
const MOST_BYTES = 1_400_000;

export function createAssistantChannel(parts: AssistantChannelParts): AssistantChannel {
  const { state, ids, clock, log, meter, allowedOrigins, publicOrigin } = parts;
  const tickets = createTickets({ state, ids });
  /** The address as it came; on its way to `accept` it may lose what stands behind a second question mark. */
  const asked = new WeakMap<UpgradeRequest, ReturnType<typeof wanted>>();

  /** A page that is not ours must not use what its visitor was given; what is no page names no origin. */
  function isForeign({ headers }: UpgradeRequest): boolean {
    const { origin, host } = headers;
    if (origin === undefined) return false;
    if (typeof origin !== "string") return true;
    if (origin === publicOrigin || allowedOrigins.includes(origin)) return false;
    return !URL.canParse(origin) || new URL(origin).host !== host;
  }

  async function admit(client: AssistantClient, ticket: string): Promise<void> {
    try {
      const grant = await tickets.take(ticket);
      if (grant) return parts.enter(client, grant);
      meter.count("voice_auth_failures_total", { surface: "assistant" });
      client.refuse({
        code: "invalid_ticket",
        message: "This address is not good any more: it can be used once, within 60 s. Ask for a session again.",
        param: null,
      });
      client.close(1008, "ticket");
    } catch (error) {
      log.warn("a ticket could not be looked up", { error: error instanceof Error ? error.name : "unknown" });
      client.close(1013, "try again later");
    }
  }

  return {
    socket: {
      path: PATH,
      maxPayload: MOST_BYTES,
      refuse(request) {
        if (parts.isDraining()) return 503;
        if (isForeign(request)) {
          meter.count("voice_auth_failures_total", { surface: "assistant" });
          return 403;
        }
        const wish = wanted(request);
        asked.set(request, wish);
        return wish.ticket === undefined ? 401 : undefined;
      },
      accept(socket, request) {
        const { ticket = "", vocabulary } = asked.get(request) ?? wanted(request);
        void admit(createAssistantClient({ socket, vocabulary, clock, log, meter }), ticket);
      },
    },
    async invite(origin, grant) {
      return { address: `${origin}${PATH}?ticket=${await tickets.issue(grant)}`, ttlMs: TICKET_MS };
    },
  };
}

/** A client that puts "?events=ga" behind the whole address means the same as one that puts "&events=ga". */
function wanted({ url = "" }: UpgradeRequest): { readonly ticket?: string; readonly vocabulary: Vocabulary } {
  const given = new Map(
    url
      .split(/[?&]/)
      .slice(1)
      .map((pair) => [pair.split("=", 1)[0] ?? "", pair.slice(pair.indexOf("=") + 1)] as const),
  );
  const ticket = given.get("ticket");
  return { vocabulary: given.get("events") === "ga" ? "ga" : "beta", ...(ticket && { ticket }) };
}
