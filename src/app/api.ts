// Puts the management API together: who may call, the routes, and the calls of browsers behind them.
import type { Request, Router } from "express";
import { createAsyncApi } from "../api/asyncapi.ts";
import { join } from "node:path";
import { createApi } from "../api/index.ts";
import type { Route } from "../api/define-route.ts";
import { HEALTH_ROUTES, PAGE_ROUTES, PHONE_ROUTES } from "../api/other-routes.ts";
import { socketsOf } from "../api/sockets.ts";
import { TALKERS, TALK_PURPOSE } from "../api/talk.ts";
import type { Contacts, Erasure, Organizations, Recordings, Outbound } from "../api/ports.ts";
import { createUploads } from "../api/uploads.ts";
import type { Config } from "../config.ts";
import type { OpenGroup } from "../core/access.ts";
import type { Clock, Ids } from "../core/clock.ts";
import type { Confirmations } from "../core/confirmation.ts";
import type { ControlCall } from "../core/control.ts";
import type { Memories } from "../core/memory.ts";
import type { Log, Meter } from "../core/observe.ts";
import type { UpgradeRequest } from "../core/socket.ts";
import type { LiveCall, State } from "../core/state.ts";
import { StoreUnavailable, type Storage } from "../core/stores.ts";
import type { Guest } from "../http/guests.ts";
import type { SocketRoute } from "../core/socket.ts";
import { createAccess } from "../http/access.ts";
import { runChecks } from "../ops/checks/run-checks.ts";
import { createPersonalAssistant, type PersonalAssistantParts } from "./assistant/index.ts";
import { isSocketOf } from "../channels/browser/sessions.ts";
import { createMint } from "../speech/mint.ts";
import type { BrowserKit, Judge, Took } from "./browser-call-parts.ts";
import { createBrowserCalls } from "./browser-calls.ts";
import { createHealthReport } from "./health-report.ts";
import { createInLine } from "./in-line.ts";
import { createSecretKey } from "./secret-key.ts";
import { createConversations } from "./conversations.ts";
import { createKeptTalks } from "./kept-talks.ts";
import { createSpeechDesk } from "./speech-desk.ts";
import { createSpokenTalks, type SpokenTalks } from "./spoken-talks.ts";
import { createTextTalk } from "./text-talk.ts";
import { VERSION } from "./version.ts";
import type { Voicing } from "./voicing.ts";

export interface ManagementParts extends Pick<
  PersonalAssistantParts,
  "directory" | "kits" | "budgets" | "places" | "others"
> {
  readonly config: Config;
  readonly storage: Pick<Storage, "calls" | "keys" | "customers" | "organizations">;
  readonly state: State;
  readonly organizations: Organizations;
  readonly contacts: Contacts;
  readonly kitOf: (orgId: string) => Promise<BrowserKit>;
  readonly judge: Judge;
  readonly took: Took;
  readonly cluster: PersonalAssistantParts["cluster"] & {
    readonly control: ControlCall;
    /** This instance's name among those that share the state. */
    readonly instance: string;
  };
  readonly voicing: Pick<Voicing, "textModel" | "speech" | "threadClient">;
  readonly erasure: Erasure;
  readonly placeCall: Outbound;
  readonly recordings: Recordings;
  readonly confirmations: Confirmations;
  readonly memories: Memories;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly meter: Meter;
}

export interface Management {
  readonly router: Router;
  readonly sockets: readonly SocketRoute[];
  /** The stream of a call that is held here is over, whatever it looks like from here. */
  /** Conversations of the personal assistant that are held here. */
  active(): number;
  loseLine(carrierId: string): void;
  /** Every route, for its documentation. */
  readonly routes: readonly Route[];
  /** Who opens a socket to talk over. @throws Problem 401, 403 or 429. */
  admitSocket(request: UpgradeRequest, ticket: string | undefined): Promise<Guest>;
  /** Conversations over requests, for the sockets they go on over. */
  readonly written: SpokenTalks;
  /** True for a request that bears any key. */
  bearsKey(request: Request): Promise<boolean>;
  /** A browser's call whose instance is gone. */
  adopt(call: LiveCall): Promise<void>;
  /** Before listening: what is needed is there, and what is missing is told. @throws Error when DATA_DIR cannot be used. */
  open(): Promise<void>;
  /** No new calls of browsers; watchers are sent away. */
  drain(): void;
  /** Before the server and the stores behind it are closed. */
  close(): Promise<void>;
}

const UNSTARTED_MS = 120_000;
const IDLE_MS = 600_000;

export function createManagement(parts: ManagementParts): Management {
  const { config, storage, state, voicing, cluster, clock, ids, log, meter } = parts;
  const publicOrigin = config.WEBHOOK_URL;
  const secret = createSecretKey({
    dataDir: config.DATA_DIR,
    log,
    ...(config.SECRET_KEY !== undefined && { configured: config.SECRET_KEY }),
  });
  const access = createAccess({
    configured: config.API_KEYS,
    store: storage.keys,
    state,
    // The variable's own pattern lets no other name through.
    openGroups: config.OPEN_API as readonly OpenGroup[],
    allowedOrigins: config.CORS_ORIGINS,
    ...(publicOrigin !== undefined && { publicOrigin }),
    sameSite: config.COOKIE_SAMESITE,
    perMinute: config.RATE_LIMIT_PER_MINUTE,
    secret,
    clock,
    ids,
    log,
    meter,
  });
  const mint = createMint({ apiKey: config.OPENAI_API_KEY ?? "", baseUrl: config.OPENAI_BASE_URL, log });
  const browserCalls = createBrowserCalls({
    ...parts,
    instance: cluster.instance,
    store: storage.calls,
    isShared: config.USE_REDIS,
    limits: {
      maxCalls: config.MAX_CALLS,
      maxCallMs: config.MAX_CALL_MINUTES * 60_000,
      unstartedMs: UNSTARTED_MS,
      idleMs: IDLE_MS,
    },
    mint: ({ voice }, signal) => mint(voice, signal),
  });
  const inLine = createInLine({ state, clock, ids });
  const talks = createKeptTalks({ customers: storage.customers, store: storage.calls, clock, meter });
  const spoken = createSpokenTalks({ talks, control: cluster.control, inLine, clock, log });
  const { textModel } = voicing;
  const talk = createTextTalk({
    ...(textModel && { model: textModel }),
    systemMessage: config.ASK_SYSTEM_MESSAGE,
    state,
    inLine,
  });
  const uploads = createUploads({
    dir: join(config.DATA_DIR, "uploads"),
    maxBytes: config.UPLOAD_MAX_MB * 1024 * 1024,
  });
  const origin = publicOrigin === undefined ? {} : { origin: publicOrigin };
  const assistant = createPersonalAssistant({ ...parts, door: access, mint });
  const api = createApi({
    ...parts,
    defaultGreeting: config.GREETING,
    control: cluster.control,
    voiceAgent: assistant.sessions,
    door: access,
    sessions: access,
    visitors: access,
    tickets: access,
    strangers: {
      socketsOf(request) {
        const { owner, isTold } = access.strangerOf(request);
        return { isTold, has: (call) => isSocketOf(owner, call, state) };
      },
    },
    talk,
    store: storage.calls,
    browserCalls,
    speech: createSpeechDesk(voicing.speech),
    conversations: createConversations({
      ...parts,
      customers: storage.customers,
      organizations: storage.organizations,
      talks,
      spoken,
      threadClient: voicing.threadClient,
      canThink: config.OPENAI_API_KEY !== undefined,
      inLine,
      clock,
      ids,
      log,
      meter,
    }),
    uploads,
    docs:
      config.DOCS === "on"
        ? {
            routes: [...(config.phone ? PHONE_ROUTES : []), ...HEALTH_ROUTES, ...PAGE_ROUTES],
            asyncApi: (here) =>
              createAsyncApi({ sockets: socketsOf({ phone: Boolean(config.phone) }), version: VERSION, origin: here }),
            version: VERSION,
            ...origin,
          }
        : undefined,
    healthReport: createHealthReport({ run: (tell) => runChecks(config, { clock, tell }), clock }),
  });

  return {
    router: api.router,
    sockets: [assistant.socket],
    active: () => assistant.active(),
    loseLine: (carrierId) => assistant.lose(carrierId),
    routes: api.routes,
    written: spoken,
    admitSocket: (request, ticket) => access.admitSocket(request, TALKERS, { ticket, purpose: TALK_PURPOSE }),
    bearsKey: (request) => access.bearsKey(request),
    adopt: (call) => browserCalls.adopt(call),
    async open() {
      secret();
      browserCalls.sweep();
      await uploads.sweep();
      // A database that is away keeps nobody from starting; whether there is a key cannot be said then.
      const isClosed = await access.isClosed().catch((error: unknown) => {
        if (error instanceof StoreUnavailable) return false;
        throw error;
      });
      if (isClosed) {
        log.warn("no API key exists: the API is closed, calls are answered. Make one: npm run keys -- create");
      }
    },
    drain() {
      browserCalls.drain();
      assistant.drain();
      api.close();
    },
    async close() {
      api.close();
      await assistant.close();
      await browserCalls.close();
      await spoken.settled();
    },
  };
}
