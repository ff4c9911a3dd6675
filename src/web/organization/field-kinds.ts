// The kinds of fields that an organization's form is made of, and short ways to write them down.

export type Field =
  | { readonly kind: "text" | "long"; readonly label: string; readonly hint?: string; readonly example?: string }
  | { readonly kind: "number"; readonly label: string; readonly hint?: string; readonly step?: number }
  | { readonly kind: "flag"; readonly label: string; readonly hint?: string; readonly byDefault?: boolean }
  | {
      readonly kind: "choice";
      readonly label: string;
      readonly hint?: string;
      readonly options: readonly string[];
      readonly byDefault?: string;
      readonly isNumber?: boolean;
      readonly names?: readonly string[];
    }
  /** Any of these; none given means all. */
  | { readonly kind: "some"; readonly label: string; readonly hint?: string; readonly options: readonly string[] }
  | {
      readonly kind: "list";
      readonly label: string;
      readonly hint?: string;
      readonly item: Field;
      readonly add: string;
    }
  | { readonly kind: "group"; readonly label: string; readonly hint?: string; readonly fields: Fields };

export type Fields = Readonly<Record<string, Field>>;

export const text = (label: string, hint?: string, example?: string): Field => ({
  kind: "text",
  label,
  ...(hint && { hint }),
  ...(example && { example }),
});
export const long = (label: string, hint?: string): Field => ({ kind: "long", label, ...(hint && { hint }) });
export const number = (label: string, hint?: string, step = 1): Field => ({
  kind: "number",
  label,
  step,
  ...(hint && { hint }),
});
export const flag = (label: string, byDefault = false): Field => ({ kind: "flag", label, byDefault });
export const choice = (label: string, options: readonly string[], byDefault?: string, hint?: string): Field => ({
  kind: "choice",
  label,
  options,
  ...(byDefault && { byDefault }),
  ...(hint && { hint }),
});
export const list = (label: string, item: Field, add: string, hint?: string): Field => ({
  kind: "list",
  label,
  item,
  add,
  ...(hint && { hint }),
});
export const group = (label: string, fields: Fields, hint?: string): Field => ({
  kind: "group",
  label,
  fields,
  ...(hint && { hint }),
});
export const phrases = (label: string, hint?: string): Field => list(label, text("Phrase"), "Add a phrase", hint);
