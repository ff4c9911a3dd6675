// Calls that were: found by words, numbers, days and states, newest first.
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, messageOf } from "../shell/ask.ts";
import { address, go } from "../shell/history.ts";
import { Icon } from "../shell/icons.tsx";
import { useOrganizations } from "../organization/organizations.ts";
import { capital, clockTime, dayAndTime, inWords, phoneNumber } from "../shell/words.ts";
import { askedOf, NO_FILTERS, queryOf, readFilters, type Filters } from "./filters.ts";
import { OTHERS, type Summary } from "./story.ts";

interface Found {
  readonly calls: readonly Summary[];
  readonly next_cursor: string | null;
}

/** Whoever types is not asked about at every letter. */
const TYPING_MS = 300;

export function Calls() {
  const filters = readFilters(address.value.query);
  const key = queryOf(filters);
  const [found, setFound] = useState<Found>();
  const [wrong, setWrong] = useState<string>();
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    const over = new AbortController();
    setBusy(true);
    ask<Found>(askedOf(filters, undefined), { signal: over.signal }).then(
      (answer) => {
        setFound(answer);
        setWrong(undefined);
        setBusy(false);
      },
      (error: unknown) => {
        if (over.signal.aborted) return;
        setWrong(messageOf(error));
        setBusy(false);
      },
    );
    return () => over.abort();
  }, [key]);

  async function more(): Promise<void> {
    if (!found?.next_cursor) return;
    setBusy(true);
    try {
      const next = await ask<Found>(askedOf(filters, found.next_cursor));
      setFound({ calls: [...found.calls, ...next.calls], next_cursor: next.next_cursor });
    } catch (error) {
      setWrong(messageOf(error));
    }
    setBusy(false);
  }

  return (
    <>
      <div class="view-head">
        <h1>Calls</h1>
      </div>
      <Narrow filters={filters} />
      {wrong !== undefined && (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      )}
      {found && (
        <>
          <ul class="call-list" aria-busy={busy} aria-label="Calls found">
            {found.calls.map((call) => (
              <Row key={call.call_id} call={call} />
            ))}
          </ul>
          {found.calls.length === 0 && <p class="empty">No call fits.</p>}
          {found.next_cursor !== null && (
            <p class="more">
              <button type="button" disabled={busy} onClick={() => void more()}>
                Earlier calls
              </button>
            </p>
          )}
        </>
      )}
    </>
  );
}

function Row({ call }: { readonly call: Summary }) {
  const other = call.direction === "outbound" ? call.to : call.from;
  return (
    <li>
      <a class="call-row" href={`/calls/${call.call_id}`}>
        <span class="when">{dayAndTime(call.started_at)}</span>
        <strong class="number">
          {OTHERS[call.channel] ?? phoneNumber(other)}
          {call.direction === "outbound" && <span class="muted"> (called)</span>}
        </strong>
        <span class="muted org">{call.org_id}</span>
        <span class="marks">
          {call.escalated && (
            <span class="badge bad">
              <Icon name="flag" /> Escalated
            </span>
          )}
          <span class={`badge ${call.status === "in-progress" ? "good" : ""}`}>
            {call.status === "completed"
              ? capital(inWords(call.end_reason ?? "ended"))
              : call.channel === "text"
                ? "Open"
                : "Live"}
          </span>
        </span>
        <span class="muted turns">{call.turns === 1 ? "1 turn" : `${call.turns} turns`}</span>
        <span class="timer">{call.duration_seconds === null ? "–" : clockTime(call.duration_seconds * 1000)}</span>
      </a>
    </li>
  );
}

function Narrow({ filters }: { readonly filters: Filters }) {
  const organizations = useOrganizations();
  const typing = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [text, setText] = useState(filters.text);
  useEffect(() => setText(filters.text), [filters.text]);
  const set = (change: Partial<Filters>): void => go(`/calls${queryOf({ ...filters, ...change })}`, { replace: true });
  const choice = (name: keyof Filters, label: string, values: readonly (readonly [string, string])[]) => (
    <div>
      <label for={`filter-${name}`}>{label}</label>
      <select
        id={`filter-${name}`}
        value={filters[name]}
        onChange={(event) => set({ [name]: event.currentTarget.value })}
      >
        <option value="">all</option>
        {values.map(([value, shown]) => (
          <option key={value} value={value}>
            {shown}
          </option>
        ))}
      </select>
    </div>
  );
  const day = (name: "from" | "to", label: string) => (
    <div>
      <label for={`filter-${name}`}>{label}</label>
      <input
        id={`filter-${name}`}
        type="date"
        value={filters[name]}
        onChange={(event) => set({ [name]: event.currentTarget.value })}
      />
    </div>
  );
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <div class="wide">
        <label for="filter-text">Search</label>
        <input
          id="filter-text"
          type="search"
          placeholder="a number, or words that were said"
          maxLength={200}
          value={text}
          onInput={(event) => {
            const { value } = event.currentTarget;
            setText(value);
            clearTimeout(typing.current);
            typing.current = setTimeout(() => set({ text: value }), TYPING_MS);
          }}
        />
      </div>
      {organizations.length > 1 &&
        choice(
          "org_id",
          "Organization",
          organizations.map(({ org_id: id, name }) => [id, name ?? id] as const),
        )}
      {choice("status", "State", [
        ["in-progress", "live"],
        ["completed", "ended"],
      ])}
      {choice(
        "phase",
        "Phase",
        ["greeting", "intake", "clarification", "escalation", "completed"].map((name) => [name, name] as const),
      )}
      {choice("escalated", "Escalated", [
        ["true", "yes"],
        ["false", "no"],
      ])}
      {day("from", "From")}
      {day("to", "To")}
      {queryOf(filters) !== "" && (
        <button type="button" class="quiet" onClick={() => set(NO_FILTERS)}>
          Clear
        </button>
      )}
    </form>
  );
}
