// What the list of calls is narrowed to: in the page's address, so that it can be gone back to and sent to others. Pure.

export interface Filters {
  readonly text: string;
  readonly org_id: string;
  readonly status: string;
  readonly phase: string;
  readonly escalated: string;
  /** Days, YYYY-MM-DD, the last one included. */
  readonly from: string;
  readonly to: string;
}

export const NO_FILTERS: Filters = { text: "", org_id: "", status: "", phase: "", escalated: "", from: "", to: "" };
const NAMES = Object.keys(NO_FILTERS) as (keyof Filters)[];

export function readFilters(search: string): Filters {
  const query = new URLSearchParams(search);
  return Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? ""])) as unknown as Filters;
}

/** For the page's own address. */
export function queryOf(filters: Filters): string {
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value !== ""));
  return query.size === 0 ? "" : `?${query}`;
}

/** For the API, whose times are moments. */
export function askedOf(filters: Filters, cursor: string | undefined, limit = 25): string {
  const { from, to, text, ...plain } = filters;
  const query = new URLSearchParams(Object.entries(plain).filter(([, value]) => value !== ""));
  if (text.trim() !== "") query.set("text", text.trim());
  const [begin, end] = [moment(from, 0), moment(to, 1)];
  if (begin !== undefined) query.set("from", begin);
  if (end !== undefined) query.set("to", end);
  query.set("limit", String(limit));
  if (cursor !== undefined) query.set("cursor", cursor);
  return `/api/calls?${query}`;
}

/** Midnight where the person is, `later` days on. */
function moment(day: string, later: number): string | undefined {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day) ?? [];
  if (date === undefined) return undefined;
  const at = new Date(Number(year), Number(month) - 1, Number(date) + later);
  return Number.isNaN(+at) ? undefined : at.toISOString();
}
