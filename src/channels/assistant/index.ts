// The socket of the personal assistant: who may come in, by which ticket, from which pages. What is said on it is the relay's business.
import type { Clock } from "../../core/clock.ts";
import type { Log, Meter } from "../../core/observe.ts";
import { Problem } from "../../core/problem.ts";
import type { SocketRoute, UpgradeRequest } from "../../core/socket.ts";
import type { Vocabulary } from "../../wire/assistant/words.ts";
import { createAssistantClient, type AssistantClient } from "./client.ts";

export type { AssistantClient } from "./client.ts";

/** What a ticket stands for. */
export interface AssistantGrant {
  readonly sessionId: string;
  readonly userId: string;
  readonly orgId: string;
  readonly model: string;
  readonly voice: string;
  readonly instructions: string;
}

export interface AssistantDoor {
  /** @throws Problem 403 for the page of another site, 429 */
  greetSocket(request: UpgradeRequest): Promise<void>;
  /** One-time tickets, by what they are for. */
  readonly tickets: {
    issue(what: string, value: unknown): Promise<{ readonly ticket: string; readonly expiresAt: Date }>;
    take(what: string, ticket: string): Promise<unknown>;
  };
}

export interface AssistantChannelParts {
  readonly door: AssistantDoor;
  readonly isDraining: () => boolean;
  /** The ticket was good. Must not throw. */
  readonly enter: (client: AssistantClient, grant: AssistantGrant) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export interface AssistantChannel {
  readonly socket: SocketRoute;
  /** `origin`: as the client reaches us, ws or wss. */
  invite(origin: string, grant: AssistantGrant): Promise<{ readonly address: string; readonly expiresAt: Date }>;
}

const PATH = "/ws/assistant";
const PURPOSE = "assistant";
/** 16 s of audio in one message. */
const MOST_BYTES = 1_400_000;

export function createAssistantChannel(parts: AssistantChannelParts): AssistantChannel {
  const { door, clock, log, meter } = parts;
  /** The address as it came; on its way to `accept` it may lose what stands behind a second question mark. */
  const asked = new WeakMap<UpgradeRequest, ReturnType<typeof wanted>>();
  const failed = (): void => meter.count("voice_auth_failures_total", { surface: "assistant" });

  async function admit(client: AssistantClient, ticket: string): Promise<void> {
    try {
      const grant = (await door.tickets.take(PURPOSE, ticket)) as AssistantGrant | undefined;
      if (grant) return parts.enter(client, grant);
      failed();
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
      async refuse(request) {
        if (parts.isDraining()) return 503;
        await door.greetSocket(request).catch((error: unknown) => {
          if (error instanceof Problem && error.status === 403) failed();
          throw error;
        });
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
      const { ticket, expiresAt } = await door.tickets.issue(PURPOSE, grant);
      return { address: `${origin}${PATH}?ticket=${ticket}`, expiresAt };
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
