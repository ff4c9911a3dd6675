// End a live call, hand it to a person, call for a human, say something in it.
import { useState } from "preact/hooks";
import { ask, messageOf, Refusal } from "../shell/ask.ts";
import { Icon } from "../shell/icons.tsx";
import { tell } from "../shell/notices.tsx";

type Panel = "transfer" | "escalate" | "end";

/** Why it cannot be done with this call. */
export interface Impossible {
  readonly say?: string;
  readonly transfer?: string;
}

export function CallControls({ callId, say, transfer }: { readonly callId: string } & Impossible) {
  const [panel, setPanel] = useState<Panel>();
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string>();

  async function command(name: string, body: object, done: string): Promise<boolean> {
    setBusy(true);
    setWrong(undefined);
    try {
      await ask(`/api/calls/${encodeURIComponent(callId)}/${name}`, { body });
      tell(done);
      setPanel(undefined);
      return true;
    } catch (error) {
      setWrong(error instanceof Refusal && error.issues[0] ? error.issues[0].detail : messageOf(error));
      return false;
    } finally {
      setBusy(false);
    }
  }
  const toggle = (name: Panel) => () => {
    setWrong(undefined);
    setPanel(panel === name ? undefined : name);
  };
  const opener = (name: Panel, label: string, kind = "", isOff = false) => (
    <button
      type="button"
      class={kind}
      aria-expanded={panel === name}
      disabled={isOff}
      aria-describedby={isOff ? `no-${name}` : undefined}
      onClick={toggle(name)}
    >
      {label}
    </button>
  );

  return (
    <div class="controls">
      <form
        class="say"
        onSubmit={(event) => {
          event.preventDefault();
          void command("say", { text }, "The agent says it").then((done) => done && setText(""));
        }}
      >
        <label class="unseen" for="say">
          Say something in the call
        </label>
        <input
          id="say"
          placeholder="Say something in the call"
          required
          maxLength={600}
          disabled={say !== undefined}
          aria-describedby={say === undefined ? undefined : "no-say"}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button class="icon main" disabled={busy || say !== undefined} aria-label="Say it">
          <Icon name="send" />
        </button>
      </form>
      {say !== undefined && (
        <p class="hint" id="no-say">
          {say}
        </p>
      )}
      <div class="buttons">
        {opener("transfer", "Transfer …", "", transfer !== undefined)}
        {opener("escalate", "Escalate …")}
        {opener("end", "End …", "danger")}
      </div>
      {transfer !== undefined && (
        <p class="hint" id="no-transfer">
          {transfer}
        </p>
      )}
      {panel === "transfer" && (
        <Transfer busy={busy} onSend={(body) => void command("transfer", body, "The call is being handed over")} />
      )}
      {panel === "escalate" && (
        <Escalate busy={busy} onSend={(body) => void command("escalate", body, "A human is called for")} />
      )}
      {panel === "end" && (
        <div class="panel">
          <p>The agent says goodbye, and the call ends.</p>
          <button
            type="button"
            class="danger"
            disabled={busy}
            onClick={() => void command("end", {}, "The call is being ended")}
          >
            End the call
          </button>
        </div>
      )}
      {wrong !== undefined && (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      )}
    </div>
  );
}

interface PanelProps {
  readonly busy: boolean;
  readonly onSend: (body: object) => void;
}

function Transfer({ busy, onSend }: PanelProps) {
  const [to, setTo] = useState("");
  const [note, setNote] = useState("");
  const number = to.trim().startsWith("+");
  return (
    <form
      class="panel"
      onSubmit={(event) => {
        event.preventDefault();
        const whom = to.trim();
        onSend({
          ...(whom !== "" && (number ? { to: whom.replaceAll(/[\s()-]/g, "") } : { contact: whom })),
          ...(note.trim() !== "" && { note }),
        });
      }}
    >
      <label for="transfer-to">To</label>
      <input
        id="transfer-to"
        value={to}
        placeholder="the first contact"
        aria-describedby="transfer-hint"
        onInput={(event) => setTo(event.currentTarget.value)}
      />
      <p class="hint" id="transfer-hint">
        A contact's name, or a number such as +1 555 123 4567
      </p>
      <label for="transfer-note">What the person is told</label>
      <input id="transfer-note" value={note} maxLength={300} onInput={(event) => setNote(event.currentTarget.value)} />
      <button class="main" disabled={busy}>
        Transfer
      </button>
    </form>
  );
}

function Escalate({ busy, onSend }: PanelProps) {
  const [reason, setReason] = useState("");
  const [urgency, setUrgency] = useState("high");
  return (
    <form
      class="panel"
      onSubmit={(event) => {
        event.preventDefault();
        onSend({ urgency, ...(reason.trim() !== "" && { reason }) });
      }}
    >
      <label for="escalate-urgency">Urgency</label>
      <select id="escalate-urgency" value={urgency} onChange={(event) => setUrgency(event.currentTarget.value)}>
        {["emergency", "high", "normal", "low"].map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <label for="escalate-reason">Why</label>
      <input
        id="escalate-reason"
        value={reason}
        maxLength={300}
        onInput={(event) => setReason(event.currentTarget.value)}
      />
      <button class="main" disabled={busy}>
        Escalate
      </button>
    </form>
  );
}
