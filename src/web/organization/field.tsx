// One field of the form, whatever its kind, with what is wrong with it right beside it.
import type { Field, Fields } from "./field-kinds.ts";
import { errorsWithin, pointerOf, valueAt, type Config, type Errors, type Value } from "./values.ts";

export interface FormState {
  readonly config: Config;
  readonly errors: Errors;
  readonly isReadOnly: (pointer: string) => boolean;
  readonly change: (pointer: string, value: Value) => void;
}

interface FieldProps {
  readonly field: Field;
  readonly pointer: string;
  readonly form: FormState;
}

const idOf = (pointer: string): string => `field${pointer.replaceAll("/", "-")}`;

export function FieldsOf({
  fields,
  parent,
  form,
}: {
  readonly fields: Fields;
  readonly parent: string;
  readonly form: FormState;
}) {
  return (
    <>
      {Object.entries(fields).map(([name, field]) => (
        <FieldView key={name} field={field} pointer={pointerOf(parent, name)} form={form} />
      ))}
    </>
  );
}

export function FieldView({ field, pointer, form }: FieldProps) {
  switch (field.kind) {
    case "group":
      return (
        <fieldset class="group" id={idOf(pointer)}>
          <legend class="label">{field.label}</legend>
          {field.hint && <p class="hint">{field.hint}</p>}
          <Wrong pointer={pointer} form={form} />
          <FieldsOf fields={field.fields} parent={pointer} form={form} />
        </fieldset>
      );
    case "list":
      return <List field={field} pointer={pointer} form={form} />;
    case "some":
      return <Some field={field} pointer={pointer} form={form} />;
    case "flag":
      return (
        <div class="field check">
          <input
            id={idOf(pointer)}
            type="checkbox"
            checked={(valueAt(form.config, pointer) ?? field.byDefault) === true}
            disabled={form.isReadOnly(pointer)}
            {...described(pointer, form)}
            onChange={({ currentTarget }) => form.change(pointer, currentTarget.checked)}
          />
          <label for={idOf(pointer)}>{field.label}</label>
          <Wrong pointer={pointer} form={form} />
        </div>
      );
    default:
      return (
        <div class={`field ${field.kind}`}>
          <label for={idOf(pointer)}>{field.label}</label>
          <Input field={field} pointer={pointer} form={form} />
          {field.hint && (
            <p class="hint" id={`${idOf(pointer)}-hint`}>
              {field.hint}
            </p>
          )}
          <Wrong pointer={pointer} form={form} />
        </div>
      );
  }
}

function Input({ field, pointer, form }: FieldProps) {
  const value = valueAt(form.config, pointer);
  const shown = typeof value === "string" || typeof value === "number" ? String(value) : "";
  const common = {
    id: idOf(pointer),
    disabled: form.isReadOnly(pointer),
    ...described(pointer, form, "hint" in field && field.hint !== undefined),
  };
  const words = ({ currentTarget }: { readonly currentTarget: { readonly value: string } }): void =>
    form.change(pointer, currentTarget.value === "" ? undefined : currentTarget.value);
  switch (field.kind) {
    case "long":
      return <textarea {...common} value={shown} onInput={words} />;
    case "number":
      return (
        <input
          {...common}
          type="number"
          step={field.step ?? 1}
          value={shown}
          onInput={({ currentTarget: { value } }) => form.change(pointer, value === "" ? undefined : Number(value))}
        />
      );
    case "choice":
      return (
        <select
          {...common}
          value={shown}
          onChange={({ currentTarget: { value } }) =>
            form.change(pointer, value === "" ? undefined : field.isNumber ? Number(value) : value)
          }
        >
          <option value="">{field.byDefault === undefined ? "–" : `${field.byDefault} (default)`}</option>
          {field.options.map((option, index) => (
            <option key={option} value={option}>
              {field.names?.[index] ?? option}
            </option>
          ))}
        </select>
      );
    default:
      return (
        <input
          {...common}
          value={shown}
          placeholder={field.kind === "text" ? (field.example ?? "") : ""}
          onInput={words}
        />
      );
  }
}

function List({ field, pointer, form }: FieldProps & { readonly field: Extract<Field, { kind: "list" }> }) {
  const items = (valueAt(form.config, pointer) ?? []) as readonly Value[];
  const readOnly = form.isReadOnly(pointer);
  const remove = (index: number) => (): void => {
    const left = items.toSpliced(index, 1);
    form.change(pointer, left.length === 0 ? undefined : left);
  };
  return (
    <fieldset class="list" id={idOf(pointer)}>
      <legend class="label">{field.label}</legend>
      {field.hint && <p class="hint">{field.hint}</p>}
      <Wrong pointer={pointer} form={form} />
      {items.map((_, index) => (
        <div class={`item ${field.item.kind}`} key={index}>
          <FieldView field={numbered(field.item, index)} pointer={pointerOf(pointer, index)} form={form} />
          {!readOnly && (
            <button
              type="button"
              class="quiet small"
              onClick={remove(index)}
              aria-label={`Remove ${field.item.label} ${index + 1}`}
            >
              Remove
            </button>
          )}
        </div>
      ))}
      {!readOnly && (
        <button
          type="button"
          class="small"
          onClick={() => form.change(pointer, [...items, field.item.kind === "group" ? {} : ""])}
        >
          {field.add}
        </button>
      )}
    </fieldset>
  );
}

const numbered = (field: Field, index: number): Field => ({ ...field, label: `${field.label} ${index + 1}` });

function Some({ field, pointer, form }: FieldProps & { readonly field: Extract<Field, { kind: "some" }> }) {
  const chosen = valueAt(form.config, pointer) as readonly string[] | undefined;
  return (
    <fieldset class="some" id={idOf(pointer)}>
      <legend class="label">{field.label}</legend>
      <div class="checks">
        {field.options.map((option) => (
          <label key={option} class="check">
            <input
              type="checkbox"
              disabled={form.isReadOnly(pointer)}
              checked={chosen === undefined || chosen.includes(option)}
              onChange={({ currentTarget: { checked } }) => {
                const next = field.options.filter((one) =>
                  one === option ? checked : (chosen ?? field.options).includes(one),
                );
                form.change(pointer, next.length === field.options.length ? undefined : next);
              }}
            />{" "}
            {option}
          </label>
        ))}
      </div>
      <Wrong pointer={pointer} form={form} />
    </fieldset>
  );
}

function described(pointer: string, { errors }: FormState, hasHint = false) {
  const isWrong = errors.has(pointer);
  const by = [isWrong ? `${idOf(pointer)}-wrong` : "", hasHint ? `${idOf(pointer)}-hint` : ""].filter(
    (id) => id !== "",
  );
  return { ...(isWrong && { "aria-invalid": true }), ...(by.length > 0 && { "aria-describedby": by.join(" ") }) };
}

function Wrong({ pointer, form: { errors } }: { readonly pointer: string; readonly form: FormState }) {
  const detail = errors.get(pointer);
  if (detail === undefined) return null;
  return (
    <p class="wrong" id={`${idOf(pointer)}-wrong`}>
      {detail}
    </p>
  );
}

export const countWithin = (errors: Errors, fields: Fields): number =>
  Object.keys(fields).reduce((sum, name) => sum + errorsWithin(errors, pointerOf("", name)), 0);
