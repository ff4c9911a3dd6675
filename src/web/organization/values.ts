// A configuration while it is edited: values by JSON pointer (RFC 6901), what was changed, and what of it the server refused. Pure.

export type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value } | undefined;
export type Config = { readonly [name: string]: Value };

export const pointerOf = (parent: string, name: string | number): string =>
  `${parent}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;

const namesOf = (pointer: string): string[] =>
  pointer
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));

const isObject = (value: Value): value is { readonly [name: string]: Value } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function valueAt(config: Value, pointer: string): Value {
  let value: Value = config;
  for (const name of namesOf(pointer)) {
    if (Array.isArray(value)) value = (value as readonly Value[])[Number(name)];
    else if (isObject(value)) value = value[name];
    else return undefined;
  }
  return value;
}

/** With this value there; undefined takes a field away, and with the last one the group around it. */
export function withValue(config: Config, pointer: string, value: Value): Config {
  return (changed(config, namesOf(pointer), value) ?? {}) as Config;
}

function changed(here: Value, [name, ...rest]: readonly string[], value: Value): Value {
  if (name === undefined) return value;
  if (Array.isArray(here)) {
    const items = here as readonly Value[];
    const next = changed(items[Number(name)], rest, value);
    // An item that was emptied stays: it is taken away by its own button.
    return items.toSpliced(Number(name), 1, next ?? (rest.length > 0 ? {} : ""));
  }
  const fields = isObject(here) ? here : {};
  const next = changed(fields[name], rest, value);
  const { [name]: _, ...others } = fields;
  if (next === undefined) return Object.keys(others).length === 0 ? undefined : others;
  return { ...fields, [name]: next };
}

/** What is to be sent: fields of the top that are another now; null takes one away. Undefined where nothing is. */
export function changesOf(before: Config, now: Config): Readonly<Record<string, Value | null>> | undefined {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const differing = names.filter((name) => canonical(before[name]) !== canonical(now[name]));
  if (differing.length === 0) return undefined;
  return Object.fromEntries(differing.map((name) => [name, now[name] ?? null]));
}

/** The same text for the same value, in whatever order its fields stand. */
function canonical(value: Value): string {
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(canonical).join()}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? "";
  const fields = Object.keys(value).filter((name) => value[name] !== undefined);
  return `{${fields
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`)
    .join()}}`;
}

export type Errors = ReadonlyMap<string, string>;

export const errorsOf = (issues: readonly { readonly pointer: string; readonly detail: string }[]): Errors =>
  new Map(issues.map(({ pointer, detail }) => [pointer, detail]));

/** How many stand at a field or below it. */
export const errorsWithin = (errors: Errors, pointer: string): number =>
  [...errors.keys()].filter((one) => one === pointer || one.startsWith(`${pointer}/`)).length;

/** After an item was taken away, the errors of those behind it are theirs no more. */
export const withoutErrors = (errors: Errors, pointer: string): Errors =>
  new Map([...errors].filter(([one]) => one !== pointer && !one.startsWith(`${pointer}/`)));

export interface Versioned {
  readonly version: number;
  readonly updated_at: string;
  readonly updated_by: string;
  readonly config: Config;
}

/** As the API tells it: the configuration's fields beside what is told about it. */
export function versionedOf(told: Readonly<Record<string, unknown>>): Versioned {
  const { org_id: _, version, updated_at, updated_by, ...config } = told;
  return {
    version: Number(version),
    updated_at: String(updated_at),
    updated_by: String(updated_by),
    config: config as Config,
  };
}
