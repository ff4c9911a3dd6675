// One call's story: what was said and what of it was heard, how long everything took and why, what the agent did, and the sound.
import { lazy } from "./later.tsx";
import { useEffect, useState } from "preact/hooks";
import { ask, messageOf } from "../shell/ask.ts";
import { Icon } from "../shell/icons.tsx";
import { mayChange } from "../shell/session.ts";
import { capital, clockTime, dayAndTime, inWords, length, phoneNumber } from "../shell/words.ts";
import { Removal } from "./removal.tsx";
import { Spoken } from "./spoken.tsx";
import type { Story } from "./story.ts";
import { OTHERS, tokensOf } from "./story.ts";
import { TimeLineView } from "./time-line.tsx";

const AGAIN_MS = 3000;

const Recording = lazy(async () => (await import("./recording.tsx")).Recording);

export function Call({ callId }: { readonly callId: string }) {
  const [story, setStory] = useState<Story>();
  const [wrong, setWrong] = useState<string>();
  useEffect(() => {
    const over = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    function look(isFirst: boolean): void {
      ask<Story>(`/api/calls/${encodeURIComponent(callId)}`, { signal: over.signal }).then(
        (told) => {
          setStory(told);
          // A story that is still being told is read again: what was opened at the end of a call shows its end.
          if (told.status === "in-progress") timer = setTimeout(() => look(false), AGAIN_MS);
        },
        (error: unknown) => {
          if (over.signal.aborted) return;
          if (isFirst) setWrong(messageOf(error));
          else timer = setTimeout(() => look(false), AGAIN_MS);
        },
      );
    }
    look(true);
    return () => {
      over.abort();
      clearTimeout(timer);
    };
  }, [callId]);
  if (wrong !== undefined) {
    return (
      <section class="empty">
        <h1>No such call</h1>
        <p role="alert">{wrong}</p>
        <p>
          <a href="/calls">All calls</a>
        </p>
      </section>
    );
  }
  if (!story) return <p class="waiting">Loading …</p>;
  const other = story.direction === "outbound" ? story.to : story.from;
  return (
    <article class="story">
      <div class="view-head">
        <a class="back" href="/calls" aria-label="Back to the calls">
          <Icon name="back" />
        </a>
        <h1>{OTHERS[story.channel] ?? phoneNumber(other)}</h1>
        {story.escalated && (
          <span class="badge bad">
            <Icon name="flag" /> Escalated
          </span>
        )}
        {story.status === "in-progress" && story.channel !== "text" && (
          <a class="badge good" href={`/live/${story.call_id}`}>
            Live: follow it
          </a>
        )}
      </div>
      <Head story={story} />
      {story.recording && <Recording callId={story.call_id} durationMs={story.recording.duration_ms} />}
      <TimeLineView story={story} />
      <div class="columns">
        <section class="card part" aria-labelledby="said">
          <h2 id="said">What was said</h2>
          <Spoken transcript={story.transcript} />
        </section>
        <div class="side">
          <Done story={story} />
          <Spent story={story} />
          <Noted story={story} />
          {mayChange.value && story.status === "completed" && <Removal callId={story.call_id} />}
        </div>
      </div>
    </article>
  );
}

function Head({ story }: { readonly story: Story }) {
  const facts: readonly (readonly [string, string])[] = [
    ["Began", dayAndTime(story.started_at)],
    ["Took", story.duration_seconds === null ? "–" : clockTime(story.duration_seconds * 1000)],
    ["Organization", story.org_id],
    ["Phase", capital(story.phase)],
    ["Ended by", story.end_reason === null ? "–" : inWords(story.end_reason)],
    ...(story.channel === "phone"
      ? [["From", phoneNumber(story.from)] as const, ["To", phoneNumber(story.to)] as const]
      : []),
    ["Id", story.call_sid ?? story.call_id],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What the agent did: took down, called for, used. */
function Done({ story: { intake, escalations, tools, flags } }: { readonly story: Story }) {
  return (
    <>
      {escalations.map((one) => (
        <section class="card part" key={one.escalation_id}>
          <h2>
            Escalation <span class="badge bad">{one.urgency}</span>
          </h2>
          <p>{one.reason}</p>
          <p class="muted">
            At {clockTime(one.at_ms)} by {inWords(one.trigger)}, {one.mode}
            {one.contact !== null && ` to ${one.contact}`}: <strong>{inWords(one.outcome)}</strong>
            {one.decided_at_ms !== null && ` after ${length(one.decided_at_ms - one.at_ms)}`}
          </p>
        </section>
      ))}
      {intake && (
        <section class="card part">
          <h2>
            Intake <span class={`badge ${intake.status === "complete" ? "good" : "warn"}`}>{intake.status}</span>
          </h2>
          <dl class="facts">
            {Object.entries(intake.fields).map(([name, value]) => (
              <div key={name}>
                <dt>{capital(inWords(name))}</dt>
                <dd>{String(value)}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      {tools.length > 0 && (
        <section class="card part">
          <h2>Tools</h2>
          <ul class="lines">
            {tools.map(({ name, result, at_ms: at, took_ms: took }, index) => (
              <li key={index}>
                <span class="timer">{clockTime(at)}</span> <code>{name}</code>{" "}
                <span class={`badge ${result === "ok" ? "good" : "bad"}`}>{inWords(result)}</span>{" "}
                <span class="muted">{length(took)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {flags.length > 0 && (
        <section class="card part">
          <h2>Flags</h2>
          <ul class="lines">
            {flags.map(({ rule, by, at_ms: at }, index) => (
              <li key={index}>
                <span class="timer">{clockTime(at)}</span> {inWords(rule)} <span class="muted">({by})</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Spent({ story: { usage, cost } }: { readonly story: Story }) {
  const tokens = tokensOf(usage);
  if (tokens.length === 0 && cost === null) return null;
  return (
    <section class="card part">
      <h2>Tokens and cost</h2>
      <dl class="facts">
        {tokens.map(({ name, count }) => (
          <div key={name}>
            <dt>{capital(inWords(name))}</dt>
            <dd class="number">{count.toLocaleString()}</dd>
          </div>
        ))}
        <div>
          <dt>Cost</dt>
          <dd class="number">{cost === null ? "no prices are set" : cost.toFixed(4)}</dd>
        </div>
      </dl>
    </section>
  );
}

function Noted({ story: { timeline } }: { readonly story: Story }) {
  if (timeline.length === 0) return null;
  return (
    <details class="card part">
      <summary>Everything that was noted ({timeline.length})</summary>
      <ul class="lines">
        {timeline.map(({ at_ms: at, what, detail }, index) => (
          <li key={index}>
            <span class="timer">{(at / 1000).toFixed(2)} s</span> {what}{" "}
            {detail && (
              <span class="muted">
                {Object.entries(detail)
                  .map(([name, value]) => `${name} ${String(value)}`)
                  .join(", ")}
              </span>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}
