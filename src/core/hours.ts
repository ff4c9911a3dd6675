// When a business is open: opening hours as its own clocks show them, and what they mean at a moment. Pure; what follows from being
// closed is decided elsewhere.

/** In the words of the configuration: a day may stand several times, a missing day is closed. */
export interface OpeningHours {
  /** IANA name. */
  readonly timezone: string;
  /** 0 Sunday to 6 Saturday; HH:MM, `to` up to 24:00, earlier than `from` on the next day. */
  readonly open: readonly { readonly day: number; readonly from: string; readonly to: string }[];
  /** YYYY-MM-DD: closed from midnight to midnight. */
  readonly closed: readonly string[];
}

/** A moment as the clocks of a place show it. */
export interface LocalTime {
  /** YYYY-MM-DD */
  readonly date: string;
  /** 0 Sunday to 6 Saturday. */
  readonly weekday: number;
  /** HH:MM; 24:00 is the end of a day. */
  readonly time: string;
}

export interface Opening {
  readonly isOpen: boolean;
  /** When that changes; absent when it does not, as far as can be seen. */
  readonly changes?: LocalTime;
}

const DAY = 1440;
/** A year's closed dates and then some. */
const DAYS_AHEAD = 430;
/** Open to the end of every day of a week is open all the time. */
const DAYS_OPEN = 8;

/** @throws RangeError for a time zone that does not exist. */
export function localTime(at: Date, timezone: string): LocalTime {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(at);
  const of = (type: Intl.DateTimeFormatPartTypes): string => parts.find((part) => part.type === type)?.value ?? "";
  return local(dayOf(`${of("year")}-${of("month")}-${of("day")}`), minutesOf(`${of("hour")}:${of("minute")}`));
}

/**
 * Clocks that jump are taken as they show: an opening at 02:30 in the night without a 02:30 begins at 03:00, and one in the night
 * that has it twice lasts for both.
 */
export function openingAt(hours: OpeningHours, at: Date): Opening {
  const now = localTime(at, hours.timezone);
  const today = dayOf(now.date);
  const minute = minutesOf(now.time);
  const current = spansOn(hours, today).find(({ from, to }) => from <= minute && minute < to);
  if (current) {
    let { to } = current;
    for (let day = today; day < today + DAYS_OPEN; day++) {
      const goesOn = to === DAY ? spansOn(hours, day + 1).find(({ from }) => from === 0) : undefined;
      if (!goesOn) return { isOpen: true, changes: local(day, to) };
      to = goesOn.to;
    }
    return { isOpen: true };
  }
  for (let day = today; day < today + DAYS_AHEAD; day++) {
    const next = spansOn(hours, day).find(({ from }) => day > today || from > minute);
    if (next) return { isOpen: false, changes: local(day, next.from) };
  }
  return { isOpen: false };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Minutes of one day in which it is open, in order and joined. */
function spansOn({ open, closed }: OpeningHours, day: number): Span[] {
  const isClosed = (which: number): boolean => closed.includes(dateOf(which));
  if (isClosed(day)) return [];
  const spans: Span[] = [];
  for (const { day: weekday, from, to } of open) {
    const [begins, ends] = [minutesOf(from), minutesOf(to)];
    if (weekday === weekdayOf(day)) spans.push({ from: begins, to: ends > begins ? ends : DAY });
    // What began last night, unless that day was closed.
    if (ends < begins && weekday === weekdayOf(day - 1) && !isClosed(day - 1)) spans.push({ from: 0, to: ends });
  }
  const joined: Span[] = [];
  for (const span of spans.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && span.from <= last.to) joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
    else joined.push(span);
  }
  return joined;
}

const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / 86_400_000;
const dateOf = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);
/** The first of January 1970 was a Thursday. */
const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7;

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}

function local(day: number, minute: number): LocalTime {
  const two = (part: number): string => String(part).padStart(2, "0");
  return {
    date: dateOf(day),
    weekday: weekdayOf(day),
    time: `${two(Math.floor(minute / 60))}:${two(minute % 60)}`,
  };
}
