// Live calls as they happen, for pages and programs that watch: all that one may see, or one call.
import { z } from "zod";
import { sees, type Principal } from "../core/access.ts";
import { isReported } from "../core/call.ts";
import type { Clock, Ids } from "../core/clock.ts";
import { seesConfirmation } from "../core/confirmation.ts";
import { WATCHERS, type Saying } from "../core/live-words.ts";
import type { CallDraft, LiveCall, LiveEvent, State } from "../core/state.ts";
import { ORG_ID } from "../wire/rest/organization.ts";
import { callParams } from "./calls.ts";
import { viewOfEscalation, viewOfIntake } from "./call-view.ts";
import { empty, READERS, route, type Answer, type Route } from "./define-route.ts";
import type { EventStreams } from "./event-streams.ts";
import type { FindCall } from "./find-call.ts";
import { createAskWords, type SayingBy } from "./words-so-far.ts";

export interface EventRouteParts {
  readonly state: Pick<State, "subscribe" | "publish" | "live" | "findLive" | "getDraft">;
  readonly clock: Pick<Clock, "after">;
  readonly ids: Pick<Ids, "id">;
  readonly streams: EventStreams;
  readonly find: FindCall;
}

/** Every live event of every instance. */
export const EVENTS_TOPIC = "events";
const SSE = "text/event-stream";

export function eventRoutes({ state, clock, ids, streams, find }: EventRouteParts): Route[] {
  const askWords = createAskWords({ state, clock, asker: ids.id("watch") });

  function watch(
    principal: Principal,
    wanted: (event: LiveEvent) => boolean,
    stillGood: () => Promise<boolean>,
    first: (onTold: (saying: SayingBy) => void) => Promise<unknown>,
    isLast: (event: LiveEvent) => boolean,
  ): Answer {
    const watcher = `${principal.orgId ?? ""} ${principal.name}`;
    streams.requireRoom(watcher);
    return {
      kind: "stream",
      type: SSE,
      begin(response) {
        // What happens while the first picture is drawn comes after it.
        let early: LiveEvent[] | undefined = [];
        let unsubscribe = (): void => {};
        const stream = streams.begin(response, { name: watcher, stillGood, onEnd: () => unsubscribe() });
        function pass(event: LiveEvent): void {
          stream.send(event.type, viewOfEvent(event));
          if (isLast(event)) stream.end();
        }
        const endWatching = state.subscribe(WATCHERS, () => undefined);
        const endEvents = state.subscribe(EVENTS_TOPIC, (message) => {
          const event = message as LiveEvent;
          if (!wanted(event) || !maySee(principal, event)) return;
          if (early && early.length < MOST_EARLY) early.push(event);
          else if (!early) pass(event);
        });
        unsubscribe = () => {
          endEvents();
          endWatching();
        };
        // What was said up to here stands in the picture.
        const onTold = (saying: SayingBy): void =>
          void (early = early?.filter(
            ({ type, callId, data }) =>
              type !== "words" || !saying.get(callId)?.some(({ utterance }) => utterance === data["utterance"]),
          ));
        void first(onTold).then(
          (picture) => {
            stream.send("snapshot", picture);
            const waiting = early ?? [];
            early = undefined;
            for (const event of waiting) pass(event);
          },
          () => stream.end(), // The watcher comes back, when the state may be there again.
        );
      },
    };
  }

  return [
    route(
      {
        method: "get",
        path: "/api/live",
        summary: "Live calls, as server-sent events",
        description:
          "First `snapshot` with the calls that are live and, in `saying`, the words so far of what is just being said in each; then what happens in each, on whichever instance it runs. Events that happen while a watcher is away are not sent again: the snapshot of the next connection has what they came to.",
        tag: "live calls",
        access: READERS,
        query: z.strictObject({ org_id: z.string().regex(ORG_ID, "must be an organization's id").optional() }),
        answers: { 200: { description: "A stream without end.", type: SSE } },
      },
      async ({ query, principal, stillGood }) => {
        const mine = ({ orgId }: { readonly orgId: string }): boolean =>
          sees(principal, orgId) && (query.org_id === undefined || query.org_id === orgId);
        const picture = async (onTold: (saying: SayingBy) => void) => {
          const calls = (await state.live()).filter(mine);
          const saying = await askWords({ instances: holdersOf(calls), onTold });
          return {
            calls: await Promise.all(
              calls.map(async (call) =>
                viewOfLive(call, await state.getDraft(call.callId), saying.get(call.callId) ?? []),
              ),
            ),
          };
        };
        return watch(principal, mine, stillGood, picture, () => false);
      },
    ),
    route(
      {
        method: "get",
        path: "/api/calls/{call_id}/events",
        summary: "One live call, as server-sent events",
        description:
          "First `snapshot` with what the call has so far, the words of what is just being said in `saying`; ends with the call. 204 when the call has ended.",
        tag: "live calls",
        access: READERS,
        params: callParams,
        answers: {
          200: { description: "A stream until the call's end.", type: SSE },
          204: { description: "The call has ended: a browser's EventSource does not come back." },
        },
      },
      async ({ params, principal, stillGood }) => {
        const { callId, orgId, status } = await find(params.call_id, principal);
        if (status === "completed") return empty();
        const picture = async (onTold: (saying: SayingBy) => void) => {
          const live = await state.findLive(callId);
          const saying = await askWords({ callId, instances: holdersOf(live ? [live] : []), onTold });
          const draft = await state.getDraft(callId);
          return {
            call_id: callId,
            org_id: orgId,
            phase: draft?.phase ?? null,
            transcript: draft?.transcript ?? [],
            saying: saying.get(callId) ?? [],
            intake: draft?.intake ? viewOfIntake(draft.intake) : null,
            escalation: draft?.escalation ? viewOfEscalation(draft.escalation) : null,
          };
        };
        const wanted = (event: LiveEvent): boolean => event.callId === callId;
        return watch(principal, wanted, stillGood, picture, ({ type }) => type === "call.ended");
      },
    ),
  ];
}

/** Events of the moment in which a stream begins; a state that takes longer than this many is away. */
const MOST_EARLY = 1000;

/** Of a call that one may see. What is to be confirmed shows what somebody wants done. */
const maySee = (principal: Principal, { type, orgId, data }: LiveEvent): boolean =>
  type !== "confirmation" || seesConfirmation(principal, { orgId, userId: data["user"] });

const viewOfEvent = ({ callId, orgId, at, data }: LiveEvent) => ({ call_id: callId, org_id: orgId, at, ...data });

/** Nobody holds a call of which the far side only reports. */
const holdersOf = (calls: readonly LiveCall[]): ReadonlySet<string> =>
  new Set(calls.filter((call) => !isReported(call)).map(({ instance }) => instance));

function viewOfLive(call: LiveCall, draft: CallDraft | undefined, saying: readonly Saying[]) {
  const phone = call.channel === "phone";
  return {
    call_id: call.callId,
    call_sid: phone ? call.carrierId : null,
    org_id: call.orgId,
    channel: call.channel,
    direction: call.direction,
    from: phone ? call.from : null,
    to: phone ? call.to : null,
    started_at: call.startedAt,
    phase: draft?.phase ?? null,
    escalated: draft?.escalation !== undefined,
    /** Something can be said in it from here. */
    heard_here: !isReported(call),
    last: draft?.transcript.at(-1) ?? null,
    /** What the agent has begun to say, as far as it was told. */
    saying,
  };
}
