// What the doctor sees: everything a call needs, one line each, and how to mend what is not well. Beside it what the server has done.
import { useEffect, useState } from "preact/hooks";
import { ask, messageOf, Refusal } from "../shell/ask.ts";
import { capital, dayAndTime, inWords } from "../shell/words.ts";

interface Check {
  readonly id: string;
  readonly what: string;
  readonly status: "ok" | "warn" | "fail" | "skipped";
  readonly found: string;
  readonly mend?: string;
  readonly details?: readonly string[];
  readonly ms: number;
}
interface Report {
  readonly at: string;
  readonly complete: boolean;
  readonly checks: readonly Check[];
}
interface Status {
  readonly upSeconds: number;
  readonly callsActive: number;
  readonly callsEnded: Readonly<Record<string, number>>;
  readonly draining: boolean;
  readonly facts?: Readonly<Record<string, string>>;
}

const KINDS: Readonly<Record<Check["status"], { readonly label: string; readonly badge: string }>> = {
  fail: { label: "Fails", badge: "bad" },
  warn: { label: "Look at it", badge: "warn" },
  ok: { label: "Good", badge: "good" },
  skipped: { label: "Not used", badge: "" },
};
const EVERY_MS = 5000;

export function Health() {
  const [status, setStatus] = useState<Status>();
  const [report, setReport] = useState<Report>();
  const [wrong, setWrong] = useState<string>();
  const [busy, setBusy] = useState(false);

  function examine(): void {
    setBusy(true);
    setWrong(undefined);
    ask<Report>("/api/health-report")
      .then(setReport, (error: unknown) => {
        const isRefused = error instanceof Refusal && error.status === 403;
        setWrong(isRefused ? "What the doctor sees is for admin keys of the whole server." : messageOf(error));
      })
      .finally(() => setBusy(false));
  }
  useEffect(() => {
    const look = (): void => void ask<Status>("/status").then(setStatus, () => undefined);
    look();
    examine();
    const timer = setInterval(look, EVERY_MS);
    return () => clearInterval(timer);
  }, []);

  return (
    <>
      <div class="view-head">
        <h1>Health</h1>
        {status && (
          <span class={`badge ${status.draining ? "warn" : "good"}`}>{status.draining ? "Draining" : "Running"}</span>
        )}
        <button type="button" class="push" disabled={busy} onClick={examine}>
          {busy ? "Looking …" : "Look again"}
        </button>
      </div>
      {status && <Doing status={status} />}
      {wrong !== undefined && (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      )}
      {report ? (
        <Found report={report} />
      ) : (
        busy && (
          <p class="waiting" role="status">
            Looking at everything a call needs …
          </p>
        )
      )}
    </>
  );
}

function Doing({ status: { upSeconds, callsActive, callsEnded, facts = {} } }: { readonly status: Status }) {
  const ended = Object.entries(callsEnded);
  return (
    <section class="card part status" aria-label="The server">
      <dl class="facts">
        <div>
          <dt>Up</dt>
          <dd>{upFor(upSeconds)}</dd>
        </div>
        <div>
          <dt>Live calls</dt>
          <dd>{callsActive}</dd>
        </div>
        {Object.entries(facts).map(([name, value]) => (
          <div key={name}>
            <dt>{capital(name)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <div>
          <dt>Calls ended</dt>
          <dd>
            {ended.length === 0 ? "none yet" : ended.map(([reason, count]) => `${count} ${inWords(reason)}`).join(", ")}
          </dd>
        </div>
      </dl>
    </section>
  );
}

function Found({ report: { at, complete, checks } }: { readonly report: Report }) {
  const order = Object.keys(KINDS);
  const sorted = checks.toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
  return (
    <section class="card part" aria-labelledby="doctor">
      <div class="view-head">
        <h2 id="doctor">What the doctor sees</h2>
        <p class="muted">
          {dayAndTime(at)}
          {!complete && "; not every check has answered in time"}
        </p>
      </div>
      <ul class="checks-list">
        {sorted.map(({ id, what, status, found, mend, details = [], ms }) => (
          <li key={id}>
            <span class={`badge ${KINDS[status].badge}`}>{KINDS[status].label}</span>
            <strong>{capital(what)}</strong>
            <div>
              <p class={status === "skipped" ? "muted" : ""}>{found}</p>
              {mend !== undefined && <p>To mend: {mend}</p>}
              {details.length > 0 && (
                <ul class="details">
                  {details.map((detail) => (
                    <li key={detail}>{detail}</li>
                  ))}
                </ul>
              )}
            </div>
            <span class="muted number">{ms} ms</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function upFor(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [Math.floor(seconds) % 60, "s"],
  ] as const;
  const from = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(from < 0 ? 3 : from, from < 0 ? 4 : from + 2)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}
