// The composition root: the only file that calls constructors and reads registries. It decides nothing else.
import { join } from "node:path";
import { createAdminSocket } from "./app/admin-socket.ts";
import { createManagement, type Management } from "./app/api.ts";
import { openBrowserChannel } from "./app/browser-channel.ts";
import { createBrowserKits } from "./app/browser-kit.ts";
import { createCluster } from "./app/cluster.ts";
import { createContacts, createHumanFor } from "./app/contacts.ts";
import { leave } from "./app/drain.ts";
import { createKits } from "./app/kit.ts";
import { createLimits } from "./app/limits.ts";
import { createOrganizations, type Organizations } from "./app/organizations.ts";
import { outboundRequests } from "./app/outbound-requests.ts";
import { createOutside } from "./app/outside.ts";
import { createRemembering } from "./app/remembering.ts";
import { createSeats, recallWith } from "./app/seats.ts";
import { describe, outboundRules, voicemailOf } from "./app/settings.ts";
import { stateFor } from "./app/state.ts";
import { storageFor, warnOfPassingDisk, watchDisksOf } from "./app/storage.ts";
import { createVoicing } from "./app/voicing.ts";
import { createCallerThreads } from "./caller-threads.ts";
import { createPhoneChannel, type PhoneChannel } from "./channels/phone/index.ts";
import { surroundingsOf, type Config } from "./config.ts";
import { DEFAULT_ORG } from "./core/call.ts";
import type { Clock, Ids } from "./core/clock.ts";
import type { Log } from "./core/observe.ts";
import type { State } from "./core/state.ts";
import type { CallStore, Storage } from "./core/stores.ts";
import { isBearer } from "./http/auth.ts";
import { openPage } from "./http/page.ts";
import { createHttpServer, type HttpServer } from "./http/server.ts";
import { createLiveCalls, type LiveCalls } from "./live-calls.ts";
import { createMetrics } from "./observe/metrics.ts";
import { systemClock, systemIds } from "./observe/system.ts";
import { organizationRequests } from "./organizations/admin.ts";
import { misgivingsOf } from "./organizations/misgivings.ts";
import { createRecordings } from "./recording/index.ts";
import { storeRequests } from "./storage/admin.ts";
import { createErasure } from "./storage/erasure.ts";

export interface App extends Pick<HttpServer, "served"> {
  readonly store: CallStore;
  readonly storage: Storage;
  readonly organizations: Organizations;
  /** @throws what listening fails with, such as EADDRINUSE. */
  listen(): Promise<{ readonly port: number }>;
  /** Takes no new calls and waits for the live ones, then closes; over 5 s after its limit. `now` cuts the waiting short. */
  drain(now?: AbortSignal): Promise<void>;
  /** Ends everything at once. Idempotent. */
  close(): Promise<void>;
}

export interface AppOptions {
  readonly config: Config;
  readonly log: Log;
  readonly clock?: Clock;
  readonly ids?: Ids;
  /** Opened already, and closed with the app; without them the configuration's are used. */
  readonly storage?: Storage;
  readonly state?: State;
}

export function buildApp({ config, log, clock = systemClock, ids = systemIds, ...options }: AppOptions): App {
  const meter = createMetrics();
  const given = options.storage;
  const configuredState = options.state ? undefined : stateFor(config, { log, meter, clock, ids });
  const state: State = options.state ?? (configuredState as State);
  const configured = given ? undefined : storageFor(config, { log, meter, clock, ids });
  const storage: Storage = given ?? (configured as Storage);
  const { calls: store, customers } = storage;
  const voicing = createVoicing(config, { log, meter, clock });
  const ports = { clock, ids, log, meter };
  const outside = createOutside({ config, state, store, ...ports });
  const configOf = (orgId: string) => directory.of(orgId).config;
  const { memories, callers } = createRemembering({ ...voicing, store: storage.memories, configOf, clock, log });
  const kits = createKits({ config, ...voicing, ...outside, memories, log });
  const organizations = createOrganizations({
    store: storage.organizations,
    state,
    misgivings: misgivingsOf(surroundingsOf(config)),
    clock,
    log,
  });
  const { directory } = organizations;
  // A change is heard by the next caller: its greeting is rendered now.
  directory.onChange((changed) => changed.forEach((organization) => kits.of(organization)));
  kits.of(directory.of(DEFAULT_ORG));
  const limits = createLimits({ config, directory, state, store, ...ports });
  const callerThreads = createCallerThreads(config.THREAD_PER, { state, clock });

  const cluster = createCluster({
    state,
    store,
    isShared: config.USE_REDIS,
    maxCallMs: config.MAX_CALL_MINUTES * 60_000,
    isHere: (carrierId) => calls.isLive(carrierId),
    loseLine(carrierId) {
      for (const channel of [phone, browser, management]) channel?.loseLine(carrierId);
    },
    adopt: (call) => management.adopt(call),
    clock,
    ids,
    log,
    meter,
  });
  const recordings = createRecordings({
    dir: join(config.DATA_DIR, "recordings"),
    store,
    daysOf: (orgId) => directory.of(orgId).config.recording?.retention_days,
    state,
    instance: cluster.instance,
    isShared: config.USE_REDIS,
    ...ports,
  });
  const calls: LiveCalls = createLiveCalls({
    maxCalls: config.MAX_CALLS,
    log,
    meter,
    seatFor: createSeats({
      ...voicing,
      directory,
      kits,
      budgets: limits.budgets,
      callerThreads,
      callers,
      cluster,
      recordings,
      store,
      ...ports,
    }),
    recall: recallWith({ cluster, callerThreads, callers }),
    elsewhere: cluster.elsewhere,
    places: limits.places,
  });
  const phone: PhoneChannel | undefined =
    config.phone &&
    createPhoneChannel({
      phone: config.phone,
      organizationOf: (number) => directory.organizationOf(number),
      outbound: outboundRules(config),
      messageFor: (orgId) => voicemailOf(directory.of(orgId).config),
      transferBriefing: config.TRANSFER_BRIEFING,
      apiBaseUrl: config.TWILIO_API_BASE_URL,
      state,
      store,
      ...ports,
      calls,
      humanFor: createHumanFor(directory, kits, clock),
    });
  const { forget } = callerThreads;
  const erasure = createErasure({ calls: store, customers, forget, removeSound: recordings.remove, ...ports });
  const management: Management = createManagement({
    ...createBrowserKits({ directory, kits, budgets: limits.budgets, clock }),
    ...outside,
    others: () => calls.counts().active,
    config,
    storage,
    state,
    organizations,
    contacts: createContacts(directory, config.TRANSFER_NUMBER),
    voicing,
    erasure,
    placeCall: phone?.place,
    recordings,
    memories,
    directory,
    kits,
    budgets: limits.budgets,
    places: limits.places,
    cluster,
    ...ports,
  });
  const browser = openBrowserChannel({ ...ports, state, store, customers, config, directory, calls, management });
  const startedAt = clock.now();
  const server = createHttpServer({
    routers: [...(phone ? [phone.router] : []), management.router],
    sockets: [...(phone?.sockets ?? []), browser.route, ...management.sockets],
    trustProxy: config.TRUST_PROXY,
    corsOrigins: config.CORS_ORIGINS,
    log,
    page: openPage(),
    hasDocs: config.DOCS === "on",
    isDraining: calls.isDraining,
    isReady: () => !calls.isDraining() && calls.counts().active < config.MAX_CALLS,
    status: () => ({
      upSeconds: Math.round((clock.now() - startedAt) / 1000),
      callsActive: calls.counts().active,
      callsEnded: calls.counts().ended,
      facts: describe(config),
    }),
    metrics: {
      mayRead: async (request) => isBearer(request, config.METRICS_TOKEN) || management.bearsKey(request),
      render: () => {
        for (const part of [voicing.voices, browser]) part.report();
        return meter.render();
      },
      contentType: meter.contentType,
    },
  });

  /** What looks around from time to time. */
  const looking: (() => void)[] = [];
  // Where the storage is somebody else's, so is whoever asks about it.
  const handlers = {
    ...storeRequests(storage),
    ...organizationRequests(organizations),
    ...outboundRequests(phone?.place, directory),
  };
  const admin = configured && createAdminSocket({ dataDir: config.DATA_DIR, handlers, log });

  let closed: Promise<void> | undefined;
  async function close(): Promise<void> {
    calls.close();
    phone?.close();
    const sockets = browser.close();
    directory.close();
    for (const stop of looking) stop();
    await admin?.close();
    await management.close();
    await Promise.all([sockets, recordings.close(), outside.close()]);
    await cluster.close();
    // After all that ends calls, or their places would be held for nobody.
    limits.close();
    await server.close();
    await memories.close();
    await voicing.close();
    await Promise.all([state.close(), storage.close()]);
    meter.close();
  }

  return {
    store,
    storage,
    organizations,
    served: server.served,
    async listen() {
      if (configured) {
        await warnOfPassingDisk(config, log);
        await configured.open();
        await admin?.listen();
      }
      await configuredState?.open();
      looking.push(erasure.keepDays(config.RETENTION_DAYS), watchDisksOf(config, { clock, log, meter }));
      await directory.start();
      outside.start();
      limits.start();
      looking.push(recordings.keep());
      cluster.start();
      await management.open();
      const address = await server.listen(config.PORT, config.HOST);
      if (phone) voicing.clips.start();
      return address;
    },
    async drain(now) {
      management.drain();
      const timeoutMs = config.DRAIN_TIMEOUT_S * 1000;
      await leave({ calls, others: () => management.active(), close: () => this.close(), clock, timeoutMs, now, log });
    },
    close: () => (closed ??= close()),
  };
}
