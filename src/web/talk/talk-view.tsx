// Talk to the agent from the browser: speak or type, hear it, interrupt it. In the demo, have it call a simulated phone as well.
import { useEffect, useRef, useState } from "preact/hooks";
import { Confirmations } from "../live/confirmations.tsx";
import { Transcript } from "../live/transcript.tsx";
import { useOrganizations } from "../organization/organizations.ts";
import { Icon } from "../shell/icons.tsx";
import { isOperator, mayChange } from "../shell/session.ts";
import { capital, inWords } from "../shell/words.ts";
import { useDemo } from "./demo.ts";
import { SimulatedPhone } from "./simulated-phone.tsx";
import { agentHeard, beginTalk, level, muted, noMicrophone, spoken, talk, type TalkSession } from "./talk-session.ts";

export function Talk() {
  const session = useRef<TalkSession>(undefined);
  const [orgId, setOrgId] = useState("");
  const organizations = useOrganizations();
  const demo = useDemo();
  useEffect(() => () => session.current?.end(), []);
  const { status, lines, ended, error, callId } = talk.value;
  const isOver = status === "closed";
  const begin = (speaks: boolean) => (): void => {
    session.current = beginTalk({ speaks, ...(orgId !== "" && { orgId }) });
  };

  return (
    <div class="talk">
      <div class="view-head">
        <h1>Talk</h1>
        {!isOver && <span class={`badge phase-${talk.value.phase}`}>{capital(talk.value.phase)}</span>}
      </div>
      {!mayChange.value && <p class="hint">A key that only looks cannot talk.</p>}
      <section class={isOver ? "card stage" : "card stage open"} aria-label="The agent">
        <Orb />
        <p class="doing" role="status">
          {doing()}
        </p>
        {isOver ? (
          <div class="buttons">
            <button type="button" class="main" disabled={!mayChange.value} onClick={begin(true)}>
              <Icon name="talk" /> {lines.length > 0 ? "Talk again" : "Talk to the agent"}
            </button>
            <button type="button" disabled={!mayChange.value} onClick={begin(false)}>
              Type only
            </button>
          </div>
        ) : (
          <div class="buttons">
            {spoken.value && (
              <button
                type="button"
                aria-pressed={muted.value}
                onClick={() => (muted.value = !muted.value)}
                disabled={noMicrophone.value !== undefined}
              >
                {muted.value ? "Unmute" : "Mute"}
              </button>
            )}
            <button type="button" class="danger" onClick={() => session.current?.end()}>
              Hang up
            </button>
          </div>
        )}
        {isOver && isOperator.value && organizations.length > 1 && (
          <div class="choose">
            <label for="talk-org">Organization</label>
            <select id="talk-org" value={orgId} onChange={(event) => setOrgId(event.currentTarget.value)}>
              <option value="">default</option>
              {organizations
                .filter(({ org_id: id }) => id !== "default")
                .map(({ org_id: id, name }) => (
                  <option key={id} value={id}>
                    {name ?? id}
                  </option>
                ))}
            </select>
          </div>
        )}
        {demo.ear !== undefined && <p class="hint">{demo.ear}</p>}
        {noMicrophone.value !== undefined && <p class="hint">{noMicrophone.value}</p>}
        {error !== undefined && (
          <p class="wrong" role="alert">
            {error}
          </p>
        )}
        {ended !== undefined && callId !== undefined && (
          <p class="hint">
            The call is over ({inWords(ended)}). <a href={`/calls/${callId}`}>Read its story</a>
          </p>
        )}
      </section>
      {!isOver && callId !== undefined && <Confirmations callId={callId} />}
      {(lines.length > 0 || !isOver) && (
        <section class="card conversation" aria-label="Conversation">
          <Transcript lines={lines} label="What is said" />
          {!isOver && <Write onWrite={(text) => session.current?.write(text)} />}
        </section>
      )}
      {demo.phone !== undefined && <SimulatedPhone number={demo.phone} />}
    </div>
  );
}

function doing(): string {
  const { status, speaking, thinking, tool } = talk.value;
  if (status === "opening") return "Calling …";
  if (status === "lost") return "The connection was lost, trying again …";
  if (status === "closed") return "Speak, or type. You can interrupt the agent at any time.";
  if (speaking) return "You are heard";
  if (agentHeard.value) return "The agent speaks";
  if (tool !== undefined) return `The agent uses ${inWords(tool)} …`;
  if (thinking) return "The agent thinks …";
  return muted.value ? "You are muted" : "The agent listens";
}

/** How loud the person is, and whether the agent speaks, to be seen from afar. */
function Orb() {
  const { status, speaking } = talk.value;
  const kind = status === "closed" ? "off" : agentHeard.value ? "agent" : speaking ? "caller" : "on";
  return (
    <div class={`orb ${kind}`} aria-hidden="true" style={{ "--level": level.value.toFixed(2) }}>
      <i />
      <Icon name="waves" />
    </div>
  );
}

function Write({ onWrite }: { readonly onWrite: (text: string) => void }) {
  const [text, setText] = useState("");
  const field = useRef<HTMLInputElement>(null);
  // Who chose to type can; a phone's keyboard is not to cover a talk that is spoken.
  useEffect(() => {
    if (!spoken.value) field.current?.focus();
  }, []);
  return (
    <form
      class="say"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() === "" || talk.value.status !== "open") return;
        onWrite(text.trim());
        setText("");
      }}
    >
      <label class="unseen" for="write">
        Write to the agent
      </label>
      <input
        id="write"
        ref={field}
        placeholder="Write to the agent"
        autocomplete="off"
        maxLength={4000}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button class="main icon" aria-label="Send">
        <Icon name="send" />
      </button>
    </form>
  );
}
