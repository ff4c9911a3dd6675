// The management API: all of its routes in one list, which is mounted here and documented from.
import type { Router } from "express";
import type { Clock, Ids } from "../core/clock.ts";
import type { Confirmations } from "../core/confirmation.ts";
import type { ControlCall } from "../core/control.ts";
import type { Memories } from "../core/memory.ts";
import type { Log } from "../core/observe.ts";
import type { State } from "../core/state.ts";
import type { CallStore } from "../core/stores.ts";
import { askRoutes, type TextTalk, type Visitors } from "./ask.ts";
import { browserReportRoutes } from "./browser-reports.ts";
import { callLifeRoutes } from "./call-life.ts";
import { callRoutes } from "./calls.ts";
import { confirmationRoutes } from "./confirmations.ts";
import { conversationRoutes, type Conversations } from "./conversation.ts";
import type { Route } from "./define-route.ts";
import { docsRoutes, type DocsParts } from "./docs.ts";
import { createEndPhoneCall } from "./end-phone-call.ts";
import { createEventStreams, type EventStreamsParts } from "./event-streams.ts";
import { eventRoutes } from "./events.ts";
import { createFindCall } from "./find-call.ts";
import { createIdempotency } from "./idempotency.ts";
import { liveControlRoutes } from "./live-control.ts";
import { memoryRoutes } from "./memories.ts";
import { mount, type Door } from "./mount.ts";
import { numberRoutes } from "./numbers.ts";
import { organizationRoutes } from "./organizations.ts";
import { healthReportRoutes } from "./health-report.ts";
import type { BrowserCalls, Contacts, Erasure, HealthReport, Organizations, Outbound, Recordings } from "./ports.ts";
import { talkRoutes, type Strangers, type TicketIssuer } from "./talk.ts";
import { recordingRoutes } from "./recordings.ts";
import { outboundRoutes } from "./outbound.ts";
import { signInRoutes, type Sessions } from "./sign-in.ts";
import type { Uploads } from "./uploads.ts";
import { voiceRoutes, type SpeechDesk } from "./voice.ts";
import { voiceAgentRoutes, type VoiceAgentSessions } from "./voice-agent.ts";

export interface ApiParts {
  readonly door: Door;
  readonly sessions: Sessions;
  readonly visitors: Visitors;
  readonly tickets: TicketIssuer;
  readonly strangers: Strangers;
  readonly talk: TextTalk;
  readonly store: CallStore;
  readonly state: State;
  readonly organizations: Organizations;
  readonly defaultGreeting: string;
  readonly browserCalls: BrowserCalls;
  readonly control: ControlCall;
  readonly contacts: Contacts;
  readonly erasure: Erasure;
  readonly placeCall: Outbound;
  readonly recordings: Recordings;
  readonly memories: Memories;
  readonly healthReport: () => Promise<HealthReport>;
  readonly speech: SpeechDesk;
  readonly conversations: Conversations;
  readonly uploads: Uploads;
  readonly confirmations: Confirmations;
  readonly voiceAgent: VoiceAgentSessions;
  readonly clock: Clock;
  readonly ids: Pick<Ids, "id">;
  readonly log: Log;
  /** Absent: the API has no documentation here. `routes`: those that others serve. */
  readonly docs: DocsParts | undefined;
  /** For tests. */
  readonly eventStreams?: Omit<EventStreamsParts, "clock">;
}

export interface Api {
  readonly router: Router;
  /** Every route, for its documentation. */
  readonly routes: readonly Route[];
  /** Ends the event streams: their watchers come back to another instance. Idempotent. */
  close(): void;
}

export function createApi(parts: ApiParts): Api {
  const { state, store, clock, browserCalls } = parts;
  const find = createFindCall(store, browserCalls);
  const streams = createEventStreams({ clock, ...parts.eventStreams });
  const endPhoneCall = createEndPhoneCall(parts);
  const routes: Route[] = [
    ...signInRoutes(parts),
    ...callRoutes({ ...parts, find }),
    ...outboundRoutes(parts),
    ...recordingRoutes({ ...parts, find }),
    ...callLifeRoutes({ ...parts, find, endPhoneCall }),
    ...browserReportRoutes({ browserCalls, find }),
    ...liveControlRoutes({ ...parts, find }),
    ...eventRoutes({ ...parts, streams, find }),
    ...confirmationRoutes(parts),
    ...organizationRoutes(parts),
    ...numberRoutes(parts),
    ...memoryRoutes(parts),
    ...healthReportRoutes(parts),
    ...askRoutes(parts),
    ...voiceRoutes(parts),
    ...talkRoutes(parts),
    ...conversationRoutes(parts),
    ...voiceAgentRoutes(parts),
  ];
  if (parts.docs) routes.push(...docsRoutes({ ...parts.docs, routes: [...parts.docs.routes, ...routes] }));
  return {
    router: mount(routes, {
      door: parts.door,
      idempotency: createIdempotency({ state }),
      clock,
      uploads: parts.uploads,
    }),
    routes,
    close: () => streams.close(),
  };
}
