// One live call, opened: its words as they are spoken, and a hand on it.
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../shell/icons.tsx";
import { mayChange } from "../shell/session.ts";
import { capital, inWords, phoneNumber } from "../shell/words.ts";
import { CallControls, type Impossible } from "./call-controls.tsx";
import { after, fromSnapshot, type LiveCall } from "./live-call.ts";
import { listen } from "./live-stream.ts";
import { Transcript } from "./transcript.tsx";

/** What cannot be done with a call of this kind, and why. */
function notPossible({ channel, heardHere }: LiveCall): Impossible {
  return {
    ...(!heardHere && { say: "Its sound goes to the model directly: nothing can be said in it from here." }),
    ...(channel !== "phone" && { transfer: "A browser’s call cannot be handed to a telephone." }),
  };
}

export function FollowedCall({ callId, known }: { readonly callId: string; readonly known?: LiveCall }) {
  const [call, setCall] = useState<LiveCall>();
  useEffect(
    () =>
      listen(`/api/calls/${encodeURIComponent(callId)}/events`, {
        on: (event) =>
          setCall((before) => (event.type === "snapshot" ? fromSnapshot(event) : before && after(before, event))),
      }),
    [callId],
  );
  const shown = call ?? known;
  const ended = call?.ended ?? known?.ended;
  const other = known && (known.direction === "outbound" ? known.to : known.from);
  return (
    <section class="followed card" aria-labelledby="followed-title">
      <div class="view-head">
        <a class="back" href="/" aria-label="Back to all live calls">
          <Icon name="back" />
        </a>
        <h2 id="followed-title">{known ? (known.channel === "browser" ? "Browser" : phoneNumber(other)) : "Call"}</h2>
        {shown && <span class={`badge phase-${shown.phase}`}>{capital(shown.phase)}</span>}
        {(shown?.escalated || known?.escalated) && (
          <span class="badge bad">
            <Icon name="flag" /> Escalated
          </span>
        )}
      </div>
      {!shown && (
        <p class="empty">
          This call is not live. <a href={`/calls/${callId}`}>Read its story</a>
        </p>
      )}
      {shown?.lines.length === 0 && ended === undefined && <p class="muted">Nothing was said yet.</p>}
      {shown && <Transcript lines={shown.lines} label="What is said" />}
      {shown && Object.keys(shown.intake).length > 0 && (
        <dl class="facts">
          {Object.entries(shown.intake).map(([name, value]) => (
            <div key={name}>
              <dt>{capital(inWords(name))}</dt>
              <dd>{String(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {ended !== undefined ? (
        <p class="over" role="status">
          The call has ended ({inWords(ended)}). <a href={`/calls/${callId}`}>Read its story</a>
        </p>
      ) : (
        shown && mayChange.value && <CallControls callId={callId} {...(known && notPossible(known))} />
      )}
    </section>
  );
}
