// The browser channel: who may open a socket, which call it belongs to, and the one timer and the list of the sockets that are open.
// What a call is about is not its business: it hands a Line to the bridge.
import { DEFAULT_ORG, type CallParty } from "../../core/call.ts";
import { sees, type Principal } from "../../core/access.ts";
import type { Clock, Ids } from "../../core/clock.ts";
import type { Line } from "../../core/line.ts";
import type { Log, Meter } from "../../core/observe.ts";
import { Problem } from "../../core/problem.ts";
import type { Socket, SocketRoute, UpgradeRequest } from "../../core/socket.ts";
import type { ResumeCause } from "../../core/state.ts";
import type { SpokenLine } from "../../core/voice.ts";
import { readSocketQuery, SESSION_ID, type SocketQuery } from "../../wire/browser.ts";
import { createKeptSessions, type KeptSessionsParts } from "./kept-sessions.ts";
import { createSessions, type Continuation, type Session, type SessionsParts, type SocketGuest } from "./sessions.ts";
import { BROWSER_TIMING, CLOSE, MAX_PAYLOAD, type BrowserTiming } from "./settings.ts";
import { openBrowserStream, type BrowserStream } from "./stream.ts";
import type { WrittenTalks } from "./written.ts";

/** What the channel asks of the program's calls. */
export interface BrowserCallsOfChannel {
  admit(party: CallParty): Promise<"ok" | "busy" | "draining">;
  prewarm(party: CallParty): void;
  abandon(callId: string): void;
  recall(
    party: CallParty,
    resumes: ResumeCause | undefined,
    known: { readonly threadId?: string; readonly history: readonly SpokenLine[] },
  ): Promise<void>;
  enter(line: Line, party: CallParty): void;
  isLive(carrierId: string): boolean;
  find(callId: string): { readonly ended: Promise<unknown>; draft(): { readonly threadId?: string } } | undefined;
}

export interface BrowserChannelOptions extends Pick<SessionsParts, "store" | "loseLine"> {
  readonly state: SessionsParts["state"] & KeptSessionsParts["state"];
  readonly customers: KeptSessionsParts["customers"];
  readonly calls: BrowserCallsOfChannel;
  /** Who opens a socket. @throws Problem 401, 403 or 429. */
  readonly admit: (
    request: UpgradeRequest,
    ticket: string | undefined,
  ) => Promise<SocketGuest & { readonly principal: Principal }>;
  readonly hasOrganization: (orgId: string) => boolean;
  /** Conversations that were begun over requests. */
  readonly written: WrittenTalks;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly meter: Meter;
  /** For tests. */
  readonly timing?: Partial<BrowserTiming>;
}

export interface BrowserChannel {
  readonly route: SocketRoute;
  /** The line of this call is lost, or taken over by another socket. */
  readonly loseLine: (carrierId: string) => void;
  /** Sockets open now. */
  readonly count: () => number;
  /** Metrics are about to be read. */
  report(): void;
  /** Ends every line; later sockets are refused with 503. Resolves when their sessions are kept. */
  close(): Promise<void>;
}

interface Prepared {
  readonly session: Session;
  readonly guest: SocketGuest;
  readonly next: Continuation;
  readonly query: SocketQuery;
  readonly isWritten: boolean;
  readonly cancel: () => void;
}

export const VOICE_AGENT_PATH = "/ws/voice-agent/{session_id}";

export function createBrowserChannel(options: BrowserChannelOptions): BrowserChannel {
  const { calls, clock, log, meter, admit, hasOrganization, written } = options;
  const timing = { ...BROWSER_TIMING, ...options.timing };
  const kept = createKeptSessions(options);
  const sessions = createSessions({ ...options, kept, timing, isHere: (carrierId) => calls.isLive(carrierId) });
  const streams = new Set<BrowserStream>();
  /** Calls of which the session is to be kept when they are over. */
  const under = new Set<Promise<void>>();
  const prepared = new WeakMap<UpgradeRequest, Prepared>();
  let cancelTick: (() => void) | undefined;
  let closed = false;

  /** The organization that a newcomer asks for, and the one they get without asking. */
  function organizations(principal: Principal, asked: string | undefined) {
    const { orgId } = principal;
    if (asked !== undefined && !(sees(principal, asked) && hasOrganization(asked)))
      throw new Problem(404, "There is no such organization");
    return { asked, byDefault: orgId ?? DEFAULT_ORG };
  }

  /** Everything that can refuse, before the handshake: the socket is a call's from its first moment. */
  async function prepare(request: UpgradeRequest): Promise<void> {
    if (closed) throw new Problem(503, "The server goes away");
    const { url = "" } = request;
    const query = readSocketQuery(url);
    if (!query) throw new Problem(400, "The address asks for something there is not: stream, format or audio");
    const id = url.split("?", 1)[0]?.split("/").at(-1) ?? "";
    if (!SESSION_ID.test(id)) throw new Problem(404, "There is no such session");
    const guest = await admit(request, query.ticket);
    const begun = await written.find(id);
    const { asked, byDefault } = organizations(guest.principal, query.orgId ?? begun?.orgId);
    if (begun?.isOver) throw new Problem(409, "The conversation has ended");
    const session = await sessions.open(id, asked, guest, { orgId: byDefault });
    const next = await sessions.next(session, begun);
    const { party, resumes } = next;
    const verdict = closed ? "draining" : await calls.admit(party);
    if (verdict === "draining") throw new Problem(503, "The server goes away", { "Retry-After": "1" });
    if (verdict === "busy") throw new Problem(429, "There is no room for one more call", { "Retry-After": "30" });
    const cancel = clock.after(timing.handshakeMs, () => calls.abandon(party.callId));
    try {
      await sessions.keep(session, guest, party);
      await calls.recall(party, resumes, next);
    } catch (error) {
      cancel();
      calls.abandon(party.callId);
      throw error;
    }
    // A voice that is opened now knows nothing of what was said.
    if (!resumes && next.history.length === 0) calls.prewarm(party);
    prepared.set(request, { session, guest, next, query, isWritten: begun !== undefined, cancel });
  }

  function accept(socket: Socket, request: UpgradeRequest): void {
    const found = prepared.get(request);
    prepared.delete(request);
    if (!found) return socket.close(CLOSE.failed, "not prepared");
    const { session, guest, next, query, isWritten, cancel } = found;
    const { party } = next;
    cancel();
    if (closed) {
      calls.abandon(party.callId);
      return socket.close(1001, "the server goes away");
    }
    const { callId, carrierId, orgId } = party;
    const stream = openBrowserStream(socket, {
      sessionId: session.id,
      callId,
      carrierId,
      orgId,
      query,
      clock,
      log,
      meter,
      timing,
      ...(isWritten && { watch: written.follow(session.id, callId) }),
      onEnded: (ended) => void streams.delete(ended),
    });
    streams.add(stream);
    cancelTick ??= clock.after(timing.pingMs, tick);
    try {
      calls.enter(stream.line, party);
    } catch (error) {
      log.error("a call could not be begun", { call: carrierId, error: String(error) });
      return stream.end("closed-by-us", CLOSE.failed, "the call could not be begun");
    }
    const call = calls.find(callId);
    if (!call) return;
    const over = call.ended
      .then(() => sessions.keep(session, guest, party, call.draft().threadId))
      .catch(() => log.warn("a session could not be kept", { call: carrierId }))
      .finally(() => under.delete(over));
    under.add(over);
  }

  /** The one timer of all sockets; it rests while there are none. */
  function tick(): void {
    for (const stream of streams) stream.tick();
    cancelTick = streams.size > 0 ? clock.after(timing.pingMs, tick) : undefined;
  }

  return {
    route: {
      path: VOICE_AGENT_PATH,
      maxPayload: MAX_PAYLOAD,
      async refuse(request) {
        await prepare(request);
        return undefined;
      },
      accept,
    },
    loseLine(carrierId) {
      for (const stream of streams)
        if (stream.carrierId === carrierId) stream.end("network", CLOSE.takenOver, "another socket has the session");
    },
    count: () => streams.size,
    report() {
      let buffered = 0;
      for (const stream of streams) buffered += stream.bufferedBytes;
      meter.gauge("voice_ws_buffered_bytes", buffered, { leg: "browser" });
    },
    async close() {
      closed = true;
      cancelTick?.();
      for (const stream of streams) stream.end("closed-by-us", 1001, "going away");
      await Promise.all(under);
      await kept.settled();
    },
  };
}
