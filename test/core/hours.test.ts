// Opening hours as the clocks of a place show them: nights, breaks, closed dates, clocks that jump.
import * as fc from "fast-check";
import { localTime, openingAt, type OpeningHours } from "../../src/core/hours.ts";

const WEEK = [1, 2, 3, 4, 5];
const SHOP: OpeningHours = {
  timezone: "Europe/Berlin",
  open: [
    ...WEEK.map((day) => ({ day, from: "08:30", to: "12:00" })),
    ...WEEK.map((day) => ({ day, from: "13:00", to: "18:00" })),
    { day: 6, from: "10:00", to: "14:00" },
  ],
  closed: ["2026-12-25", "2026-12-26"],
};
const NIGHT: OpeningHours = {
  timezone: "America/New_York",
  open: [
    { day: 5, from: "22:00", to: "04:00" },
    { day: 6, from: "22:00", to: "04:00" },
  ],
  closed: [],
};
const ALWAYS: OpeningHours = {
  timezone: "Asia/Kathmandu",
  open: [0, 1, 2, 3, 4, 5, 6].map((day) => ({ day, from: "00:00", to: "24:00" })),
  closed: [],
};
const with_ = (change: Partial<OpeningHours>, base = SHOP): OpeningHours => ({ ...base, ...change });

test.each([
  // Monday, 13 July 2026; Berlin is two hours ahead of UTC.
  ["before opening", SHOP, "2026-07-13T06:29:59Z", "closed 2026-07-13 1 08:30"],
  ["the minute it opens", SHOP, "2026-07-13T06:30:00Z", "open 2026-07-13 1 12:00"],
  ["the last minute", SHOP, "2026-07-13T09:59:59Z", "open 2026-07-13 1 12:00"],
  ["the break", SHOP, "2026-07-13T10:00:00Z", "closed 2026-07-13 1 13:00"],
  ["after it", SHOP, "2026-07-13T11:00:00Z", "open 2026-07-13 1 18:00"],
  ["the evening", SHOP, "2026-07-13T16:00:00Z", "closed 2026-07-14 2 08:30"],
  ["over the weekend", SHOP, "2026-07-18T12:00:00Z", "closed 2026-07-20 1 08:30"],
  ["it is Tuesday there, Monday here", SHOP, "2026-07-13T22:30:00Z", "closed 2026-07-14 2 08:30"],
  // One hour ahead in winter.
  ["the same wall clock in winter", SHOP, "2026-12-21T07:30:00Z", "open 2026-12-21 1 12:00"],
  ["a closed date", SHOP, "2026-12-25T10:00:00Z", "closed 2026-12-28 1 08:30"],
  ["the day before closed dates", SHOP, "2026-12-24T18:00:00Z", "closed 2026-12-28 1 08:30"],

  ["before the night", NIGHT, "2026-07-18T01:59:00Z", "closed 2026-07-17 5 22:00"],
  ["the night before midnight", NIGHT, "2026-07-18T03:00:00Z", "open 2026-07-18 6 04:00"],
  ["the night after midnight", NIGHT, "2026-07-18T06:00:00Z", "open 2026-07-18 6 04:00"],
  ["the morning", NIGHT, "2026-07-18T08:00:00Z", "closed 2026-07-18 6 22:00"],
  ["Sunday morning after Saturday night", NIGHT, "2026-07-19T07:59:00Z", "open 2026-07-19 0 04:00"],
  [
    "a night that runs into a closed date ends at midnight",
    with_({ closed: ["2026-07-18"] }, NIGHT),
    "2026-07-18T03:00:00Z",
    "open 2026-07-17 5 24:00",
  ],
  [
    "a closed date has no night of its own",
    with_({ closed: ["2026-07-17"] }, NIGHT),
    "2026-07-18T06:00:00Z",
    "closed 2026-07-18 6 22:00",
  ],

  // Berlin, 29 March 2026: 02:00 becomes 03:00 at 01:00Z. 25 October 2026: 03:00 becomes 02:00 at 01:00Z.
  [
    "spring: the minute before the jump",
    with_({ open: [{ day: 0, from: "02:30", to: "05:00" }] }),
    "2026-03-29T00:59:00Z",
    "closed 2026-03-29 0 02:30",
  ],
  [
    "spring: the hour that is not there is over",
    with_({ open: [{ day: 0, from: "02:30", to: "05:00" }] }),
    "2026-03-29T01:00:00Z",
    "open 2026-03-29 0 05:00",
  ],
  [
    "autumn: half past two the first time",
    with_({ open: [{ day: 0, from: "02:30", to: "02:45" }] }),
    "2026-10-25T00:30:00Z",
    "open 2026-10-25 0 02:45",
  ],
  [
    "autumn: a quarter past two again",
    with_({ open: [{ day: 0, from: "02:30", to: "02:45" }] }),
    "2026-10-25T01:15:00Z",
    "closed 2026-10-25 0 02:30",
  ],
  [
    "autumn: half past two the second time",
    with_({ open: [{ day: 0, from: "02:30", to: "02:45" }] }),
    "2026-10-25T01:30:00Z",
    "open 2026-10-25 0 02:45",
  ],
  ["autumn: the morning after", SHOP, "2026-10-26T07:30:00Z", "open 2026-10-26 1 12:00"],

  ["around the clock", ALWAYS, "2026-07-13T20:00:00Z", "open"],
  [
    "to midnight and on",
    with_({
      open: [
        { day: 1, from: "20:00", to: "24:00" },
        { day: 2, from: "00:00", to: "01:30" },
      ],
    }),
    "2026-07-13T20:00:00Z",
    "open 2026-07-14 2 01:30",
  ],
  [
    "overlapping spans are one",
    with_({
      open: [
        { day: 1, from: "08:00", to: "12:00" },
        { day: 1, from: "11:00", to: "15:00" },
      ],
    }),
    "2026-07-13T08:00:00Z",
    "open 2026-07-13 1 15:00",
  ],
  ["never open", with_({ open: [] }), "2026-07-13T08:00:00Z", "closed"],
  [
    "open on one day of the week, which is over",
    with_({ open: [{ day: 1, from: "08:00", to: "09:00" }] }),
    "2026-07-13T08:00:00Z",
    "closed 2026-07-20 1 08:00",
  ],
  [
    "over the year's end",
    with_({ open: [{ day: 5, from: "08:00", to: "09:00" }], closed: ["2027-01-01"] }),
    "2026-12-29T08:00:00Z",
    "closed 2027-01-08 5 08:00",
  ],
] as const)("%s", (_what, hours, at, expected) => {
  const { isOpen, changes } = openingAt(hours, new Date(at));
  const told = [isOpen ? "open" : "closed", ...(changes ? [changes.date, changes.weekday, changes.time] : [])];
  expect(told.join(" ")).toBe(expected);
});

test.each([
  ["2026-03-01T00:00:00Z", "Pacific/Kiritimati", { date: "2026-03-01", weekday: 0, time: "14:00" }],
  ["2026-03-01T00:00:00Z", "Pacific/Pago_Pago", { date: "2026-02-28", weekday: 6, time: "13:00" }],
  ["2028-02-29T23:59:59Z", "UTC", { date: "2028-02-29", weekday: 2, time: "23:59" }],
  ["2026-07-13T22:00:00Z", "Europe/Berlin", { date: "2026-07-14", weekday: 2, time: "00:00" }],
])("%s in %s", (at, timezone, expected) => {
  expect(localTime(new Date(at), timezone)).toEqual(expected);
});

test("a zone that does not exist is said to", () => {
  expect(() => localTime(new Date(), "Mars/Olympus")).toThrow(RangeError);
});

test("whatever the hours: what is told to change changes then, and not before", () => {
  const time = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }));
  const span = fc.record({ day: fc.integer({ min: 0, max: 6 }), from: time, to: time });
  const two = ([hour, minute]: readonly [number, number]): string =>
    `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
  const spans = fc.array(span, { maxLength: 6 });
  fc.assert(
    fc.property(spans, fc.integer({ min: 0, max: 60 * 24 * 30 }), (given, minutes) => {
      const open = given
        .filter(({ from, to }) => two(from) !== two(to))
        .map(({ day, from, to }) => ({ day, from: two(from), to: two(to) }));
      const hours: OpeningHours = { timezone: "UTC", open, closed: ["2026-07-15"] };
      const at = Date.UTC(2026, 6, 1) + minutes * 60_000;
      const { isOpen, changes } = openingAt(hours, new Date(at));
      if (!changes) return open.length === 0 || isOpen;
      const then =
        changes.time === "24:00"
          ? Date.parse(`${changes.date}T00:00:00Z`) + 86_400_000
          : Date.parse(`${changes.date}T${changes.time}:00Z`);
      expect(then).toBeGreaterThan(at);
      expect(openingAt(hours, new Date(then)).isOpen).toBe(!isOpen);
      expect(openingAt(hours, new Date(then - 60_000)).isOpen).toBe(isOpen);
      return true;
    }),
    { numRuns: 300 },
  );
});
