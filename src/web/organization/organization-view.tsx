// An organization's configuration: read, changed and kept in versions, with what is wrong beside the field it is wrong with.
import { useEffect, useState } from "preact/hooks";
import { ask, messageOf, Refusal } from "../shell/ask.ts";
import { go } from "../shell/history.ts";
import { tell } from "../shell/notices.tsx";
import { isOperator, mayChange, me } from "../shell/session.ts";
import { dayAndTime } from "../shell/words.ts";
import { countWithin, FieldsOf, type FormState } from "./field.tsx";
import { OPERATORS_FIELDS, SECTIONS } from "./fields.ts";
import { Greeting } from "./greeting.tsx";
import { lookUpOrganizations, useOrganizations } from "./organizations.ts";
import {
  changesOf,
  errorsOf,
  versionedOf,
  withoutErrors,
  withValue,
  type Config,
  type Errors,
  type Value,
  type Versioned,
} from "./values.ts";
import { Versions } from "./versions.tsx";

const NOTHING: Errors = new Map();
const NEW = "new";

export function Organization({ orgId = me.value?.org_id ?? "default" }: { readonly orgId?: string }) {
  const organizations = useOrganizations();
  return (
    <>
      <div class="view-head">
        <h1>Organization</h1>
        <div class="choose push">
          <label for="organization">Which</label>
          <select
            id="organization"
            value={orgId}
            onChange={({ currentTarget: { value } }) => go(`/organization/${value}`)}
          >
            {!organizations.some(({ org_id: id }) => id === orgId) && (
              <option value={orgId}>{orgId === NEW ? "A new one" : orgId}</option>
            )}
            {organizations.map(({ org_id: id, name }) => (
              <option key={id} value={id}>
                {name === null ? id : `${name} (${id})`}
              </option>
            ))}
          </select>
          {isOperator.value && orgId !== NEW && (
            <a class="button" href={`/organization/${NEW}`}>
              New
            </a>
          )}
        </div>
      </div>
      {orgId === NEW ? <Make /> : <Form key={orgId} orgId={orgId} />}
    </>
  );
}

/** An id is all that a new organization needs. */
function Make() {
  const [id, setId] = useState("");
  const [wrong, setWrong] = useState<string>();
  async function make(): Promise<void> {
    try {
      await ask(`/api/org/config/${encodeURIComponent(id)}`, { body: { version: 0 } });
      await lookUpOrganizations();
      go(`/organization/${id}`, { replace: true });
    } catch (error) {
      setWrong(error instanceof Refusal && error.issues[0] ? error.issues[0].detail : messageOf(error));
    }
  }
  return (
    <form
      class="card part make"
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <label for="new-id">Id</label>
      <input
        id="new-id"
        required
        value={id}
        placeholder="lower-case letters, digits, - and _"
        aria-invalid={wrong !== undefined}
        {...(wrong !== undefined && { "aria-describedby": "new-wrong" })}
        onInput={({ currentTarget }) => setId(currentTarget.value)}
      />
      {wrong !== undefined && (
        <p class="wrong" id="new-wrong" role="alert">
          {wrong}
        </p>
      )}
      <button class="main">Make it</button>
    </form>
  );
}

function Form({ orgId }: { readonly orgId: string }) {
  const [stored, setStored] = useState<Versioned>();
  const [config, setConfig] = useState<Config>({});
  const [errors, setErrors] = useState<Errors>(NOTHING);
  const [wrong, setWrong] = useState<string>();
  const [busy, setBusy] = useState(false);
  const path = `/api/org/config/${encodeURIComponent(orgId)}`;

  function take(told: Readonly<Record<string, unknown>>): void {
    const versioned = versionedOf(told);
    setStored(versioned);
    setConfig(versioned.config);
    setErrors(NOTHING);
    setWrong(undefined);
  }
  const load = (): Promise<void> =>
    ask<Record<string, unknown>>(path).then(take, (error: unknown) => setWrong(messageOf(error)));
  useEffect(() => void load(), [path]);

  const changes = stored && changesOf(stored.config, config);

  async function save(): Promise<void> {
    if (!stored || !changes) return;
    setBusy(true);
    try {
      take(await ask<Record<string, unknown>>(path, { body: { ...changes, version: stored.version } }));
      tell("Saved: the next caller hears it");
      void lookUpOrganizations();
    } catch (error) {
      setWrong(messageOf(error));
      if (error instanceof Refusal && error.issues.length > 0) {
        setErrors(errorsOf(error.issues));
        setWrong(error.issues.length === 1 ? "One field is not good" : `${error.issues.length} fields are not good`);
        // The sections with errors are opened by then.
        requestAnimationFrame(() => document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
      }
    }
    setBusy(false);
  }

  if (!stored)
    return wrong === undefined ? (
      <p class="waiting">Loading …</p>
    ) : (
      <p class="empty" role="alert">
        {wrong}
      </p>
    );
  const form: FormState = {
    config,
    errors,
    isReadOnly: (pointer) =>
      !mayChange.value ||
      (me.value?.role !== "admin" && OPERATORS_FIELDS.some((name) => `${pointer}/`.startsWith(`/${name}/`))),
    change: (pointer: string, value: Value) => {
      setConfig((before) => withValue(before, pointer, value));
      setErrors((before) => withoutErrors(before, pointer));
    },
  };
  return (
    <div class="columns wide">
      <form
        class="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {SECTIONS.map(({ title, fields }, index) => {
          const count = countWithin(errors, fields);
          return (
            <details class="card part" key={title} open={index === 0 || count > 0}>
              <summary>
                {title} {count > 0 && <span class="badge bad">{count === 1 ? "1 error" : `${count} errors`}</span>}
              </summary>
              <div class="fields">
                <FieldsOf fields={fields} parent="" form={form} />
              </div>
            </details>
          );
        })}
        {mayChange.value && (
          <div class="save">
            {wrong !== undefined && (
              <p class="wrong" role="alert">
                {wrong}
              </p>
            )}
            <button class="main" disabled={busy || changes === undefined}>
              Save
            </button>
            <button type="button" disabled={busy || changes === undefined} onClick={() => void load()}>
              Discard
            </button>
            <span class="muted">
              {changes === undefined ? "Nothing changed" : `Changed: ${Object.keys(changes).join(", ")}`}
            </span>
          </div>
        )}
      </form>
      <div class="side">
        <Greeting config={config} />
        <Versions
          path={path}
          current={stored.version}
          onTake={(version) => {
            setConfig(version.config);
            setErrors(NOTHING);
            tell(`Version ${version.version} is in the form; save it to use it`);
          }}
        />
        <p class="hint">
          Version {stored.version}, {dayAndTime(stored.updated_at)} by {stored.updated_by}
        </p>
      </div>
    </div>
  );
}
