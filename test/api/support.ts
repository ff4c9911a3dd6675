// The API on memory: the real door, the real routes and the real calls of browsers behind a listening server, with a key for every
// role in each of two organizations.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApi, type Api } from "../../src/api/index.ts";
import type { Route } from "../../src/api/define-route.ts";
import type { MergeResult, Organizations, Recordings } from "../../src/api/ports.ts";
import { createUploads } from "../../src/api/uploads.ts";
import type { Conversations } from "../../src/api/conversation.ts";
import type { SpeechDesk } from "../../src/api/voice.ts";
import type { EventStreamsParts } from "../../src/api/event-streams.ts";
import type { BrowserCallLimits, BrowserKit, Judge, Minted, Took } from "../../src/app/browser-call-parts.ts";
import { createBrowserCalls, type OpenBrowserCalls } from "../../src/app/browser-calls.ts";
import type { DocsParts } from "../../src/api/docs.ts";
import { createConfirmations } from "../../src/app/confirmations.ts";
import { createInLine } from "../../src/app/in-line.ts";
import { createTextTalk } from "../../src/app/text-talk.ts";
import type { Principal } from "../../src/core/access.ts";
import type { CallParty } from "../../src/core/call.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { Confirmations } from "../../src/core/confirmation.ts";
import type { CallCommand, ControlResult } from "../../src/core/control.ts";
import { Problem } from "../../src/core/problem.ts";
import type { FactFinder, Memories } from "../../src/core/memory.ts";
import type { PlaceCall } from "../../src/core/outbound.ts";
import type { State } from "../../src/core/state.ts";
import type { TextModel } from "../../src/core/text-model.ts";
import { NumberTaken, type CallStore, type KeyRow, type OrganizationRow } from "../../src/core/stores.ts";
import { createAccess, type AccessParts } from "../../src/http/access.ts";
import { sha256 } from "../../src/http/key-ring.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { createMemories } from "../../src/memories/index.ts";
import { systemClock, systemIds } from "../../src/observe/system.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { createMemoryCallStore } from "../../src/storage/memory.ts";
import { defineTool } from "../../src/tools/define.ts";
import { endCall } from "../../src/tools/end-call.ts";
import { organizationConfig } from "../../src/wire/rest/organization.ts";
import { z } from "zod";
import { createMemoryMemories } from "../support/memory-memories.ts";
import { keptLog, keptMeter, type KeptLog } from "../support/observe.ts";

export const KEYS = {
  root: "root-key-0123456789abcdef",
  acme: "acme-key-0123456789abcdef",
  acmeReader: "acme-read-0123456789abcdef",
  beta: "beta-key-0123456789abcdef",
  betaAdmin: "beta-admin-0123456789abcdef",
  reader: "read-key-0123456789abcdef",
} as const;
export type KeyName = keyof typeof KEYS;

const PRINCIPALS: Readonly<Record<KeyName, Principal>> = {
  root: { name: "root", role: "admin" },
  acme: { name: "acme", role: "organization", orgId: "acme" },
  acmeReader: { name: "acme-reader", role: "read", orgId: "acme" },
  beta: { name: "beta", role: "organization", orgId: "beta" },
  betaAdmin: { name: "beta-admin", role: "admin", orgId: "beta" },
  reader: { name: "reader", role: "read" },
};

export const CLIENT_SECRET = "ek_a_secret_that_only_its_browser_may_see";

export interface TestKeys {
  readonly rows: KeyRow[];
  lookups: number;
}

/** As a KeyStore, changed by hand. */
export function memoryKeys(rows: KeyRow[] = []): AccessParts["store"] & TestKeys {
  const live = () => rows.filter(({ revokedAt }) => !revokedAt);
  return {
    rows,
    lookups: 0,
    async byHash(hash) {
      this.lookups++;
      return live().find((row) => row.hash === hash);
    },
    list: async () => rows,
  };
}

export const keyRow = (principal: Principal, key: string, id = `key_${principal.name}`): KeyRow => ({
  ...principal,
  id,
  hash: sha256(key),
  createdAt: new Date(0),
});

export function memoryOrganizations(): Organizations {
  const rows = new Map<string, OrganizationRow>();
  const row = (orgId: string, version: number, config: OrganizationRow["config"], by: string): OrganizationRow => {
    const made = { orgId, version, config, updatedAt: new Date(1_000_000 + version), updatedBy: by };
    rows.set(orgId, made);
    return made;
  };
  for (const orgId of ["default", "acme", "beta"]) row(orgId, 1, {}, "test");
  return {
    get: async (orgId) => rows.get(orgId),
    all: async () => [...rows.values()],
    versions: async (orgId) => [rows.get(orgId) ?? []].flat(),
    async merge(orgId, fields, { by, mayCreate, version }): Promise<MergeResult> {
      const before = rows.get(orgId);
      if (!before && !mayCreate) return { kind: "unknown" };
      if (version !== undefined && version !== (before?.version ?? 0))
        return { kind: "stale", version: before?.version ?? 0 };
      const merged = organizationConfig.safeParse({ ...before?.config, ...fields });
      if (!merged.success) {
        const issues = merged.error.issues.flatMap((issue) =>
          issue.code === "unrecognized_keys"
            ? issue.keys.map((key) => ({ in: "body" as const, pointer: `/${key}`, detail: "is not known here" }))
            : [{ in: "body" as const, pointer: `/${issue.path.join("/")}`, detail: issue.message }],
        );
        return { kind: "invalid", issues };
      }
      const claimed = merged.data.numbers?.find((number) =>
        [...rows.values()].some(
          (one) => one.orgId !== orgId && (one.config["numbers"] as string[] | undefined)?.includes(number),
        ),
      );
      if (claimed !== undefined) throw new NumberTaken(claimed);
      const stored = row(orgId, (before?.version ?? 0) + 1, merged.data, by);
      return { kind: "stored", row: stored, created: !before };
    },
  };
}

/** Tools that do each thing a tool can do. */
export const TEST_TOOLS = [
  endCall,
  defineTool({
    name: "complete_intake",
    description: "Keeps the caller's matter.",
    schema: z.strictObject({ name: z.string().max(80), urgency: z.enum(["high", "normal"]).optional() }),
    timeoutMs: 1000,
    run({ name, urgency }, context) {
      context.keepIntake({
        fields: { ...context.intake()?.fields, name },
        status: "complete",
        ...(urgency && { urgency }),
      });
      return Promise.resolve({ ok: true });
    },
  }),
  defineTool({
    name: "escalate",
    description: "Calls for a human.",
    schema: z.strictObject({ reason: z.string().max(300) }),
    timeoutMs: 1000,
    run: ({ reason }, context) =>
      Promise.resolve({ note: context.escalate({ trigger: "tool", urgency: "high", reason }).note ?? null }),
  }),
  defineTool({
    name: "slow",
    description: "Never comes back.",
    schema: z.strictObject({}),
    timeoutMs: 50,
    run: () => new Promise(() => undefined),
  }),
  defineTool({
    name: "broken",
    description: "Throws what nobody may see.",
    schema: z.strictObject({}),
    timeoutMs: 1000,
    run: () => Promise.reject(new Error("secret inside")),
  }),
];

const VOICE: BrowserKit["voice"] = {
  mode: "speech-to-speech",
  model: "gpt-realtime-2.1",
  voice: "marin",
  speed: 1,
  vad: { type: "server_vad", threshold: 0.5, prefixMs: 300, silenceMs: 500 },
  transcription: { model: "gpt-live-transcribe" },
  instructions: "You are the desk of the organization.",
  tools: TEST_TOOLS,
};

export const testKit = (concurrentCalls?: number): BrowserKit => ({
  voice: VOICE,
  tools: TEST_TOOLS,
  maxCallMs: 1_800_000,
  planEscalation: () => ({
    mode: "message",
    contact: "Desk",
    say: "Somebody calls you back.",
    note: "Take a message.",
  }),
  ...(concurrentCalls !== undefined && { concurrentCalls }),
});

export interface TestApiOptions extends Partial<
  Pick<AccessParts, "allowedOrigins" | "publicOrigin" | "openGroups" | "sameSite">
> {
  readonly keys?: "configured" | AccessParts["store"];
  readonly clock?: Clock;
  /** Shared by several. */
  readonly state?: State;
  readonly store?: CallStore;
  readonly instance?: string;
  readonly perMinute?: number;
  readonly limits?: Partial<BrowserCallLimits>;
  readonly kitOf?: (orgId: string) => Promise<BrowserKit>;
  readonly mint?: (kit: BrowserKit, signal: AbortSignal) => Promise<Minted>;
  readonly judge?: Judge;
  readonly took?: Took;
  readonly control?: (callId: string, command: CallCommand) => Promise<ControlResult>;
  readonly contacts?: Readonly<Record<string, string>>;
  readonly eventStreams?: Omit<EventStreamsParts, "clock">;
  readonly trustProxy?: number;
  readonly recordings?: Recordings;
  readonly placeCall?: PlaceCall;
  readonly textModel?: TextModel;
  readonly speech?: SpeechDesk;
  readonly uploadDir?: string;
  readonly conversations?: Conversations;
  readonly factFinder?: FactFinder;
  /** null: none. */
  readonly docs?: Partial<DocsParts> | null;
}

export interface TestApi {
  readonly url: string;
  readonly api: Api;
  readonly browserCalls: OpenBrowserCalls;
  readonly store: CallStore;
  readonly state: State;
  readonly organizations: Organizations;
  readonly memories: Memories;
  readonly log: KeptLog;
  readonly confirmations: Confirmations;
  readonly commands: { readonly callId: string; readonly command: CallCommand }[];
  /** Asks with a key, or as nobody. */
  ask(
    key: KeyName | undefined,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Told>;
  close(): Promise<void>;
}

export interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // eslint-disable-next-line typescript/no-explicit-any -- answers are looked into as they come.
  readonly body: any;
}

export async function testApi(options: TestApiOptions = {}): Promise<TestApi> {
  const clock = options.clock ?? systemClock;
  const log = keptLog();
  const meter = keptMeter();
  const state = options.state ?? createMemoryState({ clock });
  const store = options.store ?? createMemoryCallStore();
  const organizations = memoryOrganizations();
  const instance = options.instance ?? "one";
  await state.heartbeat(instance, 3_600_000);
  const commands: TestApi["commands"] = [];
  const confirmations = createConfirmations({ state, store, confirmMs: 60_000, clock, ids: systemIds, log });
  const configured = (options.keys ?? "configured") === "configured";
  const access = createAccess({
    configured: configured
      ? Object.entries(PRINCIPALS).map(([name, principal]) => ({ ...principal, key: KEYS[name as KeyName] }))
      : [],
    store: typeof options.keys === "object" ? options.keys : memoryKeys(),
    state,
    openGroups: options.openGroups ?? [],
    allowedOrigins: options.allowedOrigins ?? [],
    ...(options.publicOrigin !== undefined && { publicOrigin: options.publicOrigin }),
    sameSite: options.sameSite ?? "lax",
    perMinute: options.perMinute ?? 1_000_000,
    secret: () => "a secret key of more than thirty-two characters",
    clock,
    ids: systemIds,
    log,
    meter,
  });
  let minted = 0;
  const browserCalls = createBrowserCalls({
    store,
    state,
    clock,
    ids: systemIds,
    log,
    meter,
    instance,
    isShared: options.state !== undefined,
    limits: { maxCalls: 1000, maxCallMs: 1_800_000, unstartedMs: 120_000, idleMs: 600_000, ...options.limits },
    kitOf: options.kitOf ?? (async () => testKit()),
    mint:
      options.mint ??
      (async ({ voice }) => ({
        sessionId: `sess_${++minted}`,
        secret: CLIENT_SECRET,
        model: voice.model,
        expiresAt: 2_000_000_000,
      })),
    judge: options.judge ?? (() => ({ kind: "pass" })),
    took: options.took ?? (() => undefined),
  });
  const memories = createMemories({
    store: createMemoryMemories({ clock, ids: systemIds }),
    embedder: undefined,
    finder: options.factFinder ?? { find: async () => [] },
    clock,
    log,
  });
  const api = createApi({
    docs: options.docs === null ? undefined : { routes: [], version: "1.2.3", ...options.docs },
    door: access,
    sessions: access,
    visitors: access,
    tickets: access,
    strangers: { socketsOf: () => ({ isTold: true, has: async () => false }) },
    talk: createTextTalk({
      model: options.textModel ?? { answer: async (lines) => `You said: ${lines.at(-1)?.content ?? ""}` },
      systemMessage: "You are a helpful AI voice assistant.",
      state,
      inLine: createInLine({ state, clock, ids: systemIds }),
    }),
    store,
    state,
    organizations,
    defaultGreeting: "Hello.",
    browserCalls,
    control:
      options.control ??
      (async (callId, command) => {
        commands.push({ callId, command });
        return "done";
      }),
    contacts: { of: async () => new Map(Object.entries(options.contacts ?? {})) },
    memories,
    recordings: options.recordings ?? {
      elsewhere: () => undefined,
      find: async () => ({
        bytes: 4,
        async *read(from, to) {
          yield Buffer.from("RIFF").subarray(from, to + 1);
        },
      }),
    },
    confirmations,
    voiceAgent: {
      open: async ({ model = "gpt-realtime-2.1-mini", voice = "ash", sessionId = "sess_1", origin }) => ({
        kind: "ok",
        value: {
          id: sessionId,
          model,
          voice,
          expires_at: 2_000_000_000,
          client_secret: { value: `${origin}/ws/assistant?ticket=once`, expires_at: 1_999_999_000 },
          ephemeral_key: { value: "ek_for_webrtc", expires_at: 2_000_000_000 },
          modalities: ["text", "audio"],
          instructions: "You are a voice AI assistant.",
          input_audio_format: "pcm16",
          output_audio_format: "pcm16",
          input_audio_transcription: { model: "gpt-live-transcribe" },
          turn_detection: { type: "server_vad" },
          tools: [],
        },
      }),
      sideband: async () => ({ kind: "ok", value: { callId: "call_beside" } }),
    },
    placeCall: options.placeCall ?? (async () => ({ callId: "call_placed", carrierId: "CAplaced" })),
    healthReport: async () => ({
      at: new Date(0).toISOString(),
      complete: true,
      checks: [{ id: "settings", what: "settings", status: "ok", found: "complete", ms: 1 }],
    }),
    speech: options.speech ?? {
      voices: ["marin", "ash"],
      hear: async (file) => ({ text: `${file.size} bytes`, duration: 1 }),
      async *speak({ text, format }) {
        yield Buffer.from(`${format}: `);
        yield Buffer.from(text);
      },
    },
    conversations: options.conversations ?? fakeConversations(),
    uploads: createUploads({
      dir: options.uploadDir ?? join(tmpdir(), "voicebridge-test-uploads"),
      maxBytes: 1024 * 1024,
    }),
    erasure: { removeCall: (callId) => store.remove(callId) },
    clock,
    ids: systemIds,
    log,
    ...(options.eventStreams && { eventStreams: options.eventStreams }),
  });
  const server = createHttpServer({
    routers: [api.router],
    sockets: [],
    trustProxy: options.trustProxy ?? 0,
    corsOrigins: options.allowedOrigins ?? [],
    log,
    isDraining: () => false,
    isReady: () => true,
    status: () => ({ upSeconds: 0, callsActive: 0, callsEnded: {} }),
  });
  const { port } = await server.listen(0, "127.0.0.1");
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    api,
    browserCalls,
    store,
    state,
    organizations,
    memories,
    log,
    confirmations,
    commands,
    async ask(key, method, path, body, headers = {}) {
      const answer = await fetch(url + path, {
        method,
        redirect: "manual",
        headers: {
          ...(key && { authorization: `Bearer ${KEYS[key]}` }),
          ...(body !== undefined && !(body instanceof FormData) && { "content-type": "application/json" }),
          ...headers,
        },
        ...(body !== undefined && {
          body: typeof body === "string" || body instanceof FormData ? body : JSON.stringify(body),
        }),
      });
      const text = await answer.text();
      const isJson = /json/.test(answer.headers.get("content-type") ?? "");
      return {
        status: answer.status,
        headers: answer.headers,
        text,
        body: isJson && text ? JSON.parse(text) : undefined,
      };
    },
    async close() {
      api.close();
      confirmations.close();
      await browserCalls.close();
      await server.close();
    },
  };
}

/** A phone call's record. */
export function phoneCall(store: CallStore, callId: string, orgId: string, more: Partial<CallParty> = {}): void {
  const party: CallParty = {
    callId,
    carrierId: `CA${callId}`,
    from: "+15551110000",
    to: "+15550002222",
    channel: "phone",
    direction: "inbound",
    orgId,
    ...more,
  };
  store.open(party, new Date());
}

/** One of acme's own. */
const fakeConversations = (): Conversations => {
  const look: Conversations["look"] = async (sessionId, { orgId = "acme" }) => {
    if (sessionId !== "conv_1" || orgId !== "acme") throw new Problem(404, "There is no such session");
  };
  return {
    start: async ({ orgId }, principal) => ({
      sessionId: "conv_1",
      state: "greeting",
      orgId: orgId ?? principal.orgId ?? "default",
      greeting: "Hello.",
    }),
    look,
    async take(sessionId, { text, deliver }, principal, signal) {
      await look(sessionId, principal);
      await deliver?.("Yes.", signal);
      return { answer: `You said: ${text}`, state: "intake" };
    },
    async end() {
      throw new Problem(404, "There is no such session");
    },
  };
};

/** As a browser or a program sends it. */
export function formOf(fields: Readonly<Record<string, string | Blob>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string") form.set(name, value);
    else form.set(name, value, "sound.wav");
  }
  return form;
}

/** A good body for each route that wants one. */
export const GOOD_BODIES: Readonly<Record<string, (orgId: string, callId: string) => unknown>> = {
  "post /api/realtime/session": (orgId) => ({ org_id: orgId }),
  "post /api/voice/ask": () => ({ prompt: "Hello, how are you?" }),
  "post /api/voice/clear": () => ({}),
  "post /voice/speech-to-text": () => formOf({ audio_file: new Blob(["some sound"]) }),
  "post /voice/text-to-speech": () => ({ text: "Hello." }),
  "post /voice-agent/process": () => formOf({ audio_file: new Blob(["some sound"]), session_id: "conv_1" }),
  "post /conversation/start": () => ({ customer_id: "customer123" }),
  "post /conversation/process": () => ({ session_id: "conv_1", user_input: "Hello." }),
  "post /login": () => ({ key: KEYS.reader }),
  "post /logout": () => ({}),
  "post /api/call/start": (orgId) => ({ org_id: orgId }),
  "post /api/call/end": (_, callId) => ({ call_id: callId }),
  "patch /api/calls/{call_id}": () => ({ phase: "intake" }),
  "post /api/calls/{call_id}/transcript": () => ({ role: "user", text: "hello" }),
  "post /api/calls/{call_id}/tools/{name}": () => ({ arguments: {} }),
  "post /api/calls/{call_id}/transfer": () => ({ contact: "Desk" }),
  "post /api/calls/{call_id}/say": () => ({ text: "hello" }),
  "post /api/calls/{call_id}/recording": () => ({ action: "pause" }),
  "post /api/calls/{call_id}/end": () => ({}),
  "post /api/calls/{call_id}/escalate": () => ({}),
  "post /api/calls": (orgId) => ({ to: "+12025550123", org_id: orgId }),
  "post /api/confirmations/{confirmation_id}": () => ({ decision: "approve" }),
  "post /api/org/config/{org_id}": () => ({ name: "taken over" }),
  "post /api/memories": (orgId) => ({
    memories: [{ kind: "identity", subject: "name", text: "Is Ada." }],
    org_id: orgId,
  }),
  "post /api/memories/search": (orgId) => ({ query: "who is this", org_id: orgId }),
  "post /api/voice-agent": () => ({ model: "gpt-realtime-mini", voice: "ash" }),
  "post /api/voice-agent/{id}/sideband": () => ({ call_id: "rtc_1" }),
};

export const nameOf = ({ method, path }: Pick<Route, "method" | "path">): string => `${method} ${path}`;
