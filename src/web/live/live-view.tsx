// The calls of this moment, each with its last words; and beside them the one that was opened.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../shell/icons.tsx";
import { capital, clockTime, length, phoneNumber } from "../shell/words.ts";
import { Confirmations, lookAtConfirmations } from "./confirmations.tsx";
import { FollowedCall } from "./followed-call.tsx";
import { afterOf, lastLine, without, type LiveCall, type LiveCalls } from "./live-call.ts";
import { listen } from "./live-stream.ts";

const calls = signal<LiveCalls>(new Map());
const connected = signal<boolean | undefined>(undefined);
/** How long a call that has ended stays to be seen. */
const LINGER_MS = 8000;

/** The page's clock; everybody who shows a running time looks at this one. */
const now = signal(Date.now());

export function Live({ callId }: { readonly callId?: string }) {
  useEffect(() => {
    const stop = listen("/api/live", {
      on(event) {
        calls.value = afterOf(calls.value, event);
        if (event.type === "confirmation") void lookAtConfirmations();
        const id = event.call_id;
        if (event.type === "call.ended" && id) {
          setTimeout(() => (calls.value = without(calls.value, id)), LINGER_MS);
        }
      },
      state: (is) => (connected.value = is),
    });
    const timer = setInterval(() => (now.value = Date.now()), 500);
    return () => {
      stop();
      clearInterval(timer);
    };
  }, []);

  const all = [...calls.value.values()].sort((a, b) => b.startedAt.localeCompare(a.startedAt));
  const live = all.filter(({ ended }) => ended === undefined).length;
  return (
    <div class={callId === undefined ? "live" : "live with-call"}>
      <section class="live-list" aria-labelledby="live-title">
        <div class="view-head">
          <h1 id="live-title">Live</h1>
          <p class="count" role="status">
            {live === 1 ? "1 call" : `${live} calls`}
            {connected.value === false && <span class="wrong"> · connection lost, trying again</span>}
          </p>
        </div>
        <Confirmations />
        {all.length === 0 && connected.value !== undefined && (
          <div class="empty">
            <Icon name="waves" />
            <p>Nobody is calling at the moment.</p>
            <p>
              <a href="/talk">Talk to the agent yourself</a>, or look at <a href="/calls">earlier calls</a>.
            </p>
          </div>
        )}
        <ul class="cards">
          {all.map((call) => (
            <Card key={call.callId} call={call} isOpen={call.callId === callId} />
          ))}
        </ul>
      </section>
      {callId !== undefined && (
        <FollowedCall
          key={callId}
          callId={callId}
          {...(calls.value.get(callId) && { known: calls.value.get(callId) as LiveCall })}
        />
      )}
    </div>
  );
}

function Card({ call, isOpen }: { readonly call: LiveCall; readonly isOpen: boolean }) {
  const [openedAt] = useState(() => Date.now());
  const started = Date.parse(call.startedAt) || openedAt;
  const last = lastLine(call);
  const other = call.direction === "outbound" ? call.to : call.from;
  return (
    <li>
      <a
        class={`card call ${call.ended === undefined ? "" : "ended"}`}
        href={`/live/${call.callId}`}
        aria-current={isOpen ? "true" : undefined}
      >
        <span class="row">
          <strong class="number">{call.channel === "browser" ? "Browser" : phoneNumber(other)}</strong>
          {call.escalated && (
            <span class="badge bad">
              <Icon name="flag" /> Escalated
            </span>
          )}
          <span class="timer">{clockTime(now.value - started)}</span>
        </span>
        <span class="row muted">
          <span>{call.orgId}</span>
          <span class={`badge phase-${call.phase}`}>{call.ended === undefined ? capital(call.phase) : "Ended"}</span>
          {call.latencyMs !== undefined && (
            <span title="From the caller's silence to the first sound of the answer">
              answered in {length(call.latencyMs)}
            </span>
          )}
        </span>
        {last && (
          <span class={`last ${last.role}`}>
            <span class="speaker">{last.role === "caller" ? "Caller" : "Agent"}: </span>
            {last.text || last.cut}
          </span>
        )}
      </a>
    </li>
  );
}
