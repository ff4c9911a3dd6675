// Addresses, and how numbers and times are written.
import { tabOf, TABS, titleOf, viewOf } from "../../src/web/shell/routes.ts";
import { clockTime, dayAndTime, length, phoneNumber } from "../../src/web/shell/words.ts";

test.each([
  ["/", { name: "live" }],
  ["/live/call_1", { name: "live", callId: "call_1" }],
  ["/calls", { name: "calls" }],
  ["/calls/", { name: "calls" }],
  ["/calls/CA%2F1", { name: "call", callId: "CA/1" }],
  ["/calls/%E0%A4%A", { name: "call", callId: "%E0%A4%A" }],
  ["/talk", { name: "talk" }],
  ["/realtime_client.html", { name: "talk" }],
  ["/organization/acme", { name: "organization", orgId: "acme" }],
  ["/system", { name: "system" }],
  ["/login", { name: "login" }],
  ["/talk/more", { name: "nothing" }],
  ["/calls/a/b", { name: "nothing" }],
  ["/assets", { name: "nothing" }],
])("%s", (path, view) => {
  expect(viewOf(path)).toEqual(view);
});

test("every tab leads to its own view and has a title", () => {
  for (const { view, path, label } of TABS) {
    expect(tabOf(viewOf(path))).toBe(view);
    expect(titleOf(viewOf(path))).toBe(label);
  }
  expect(tabOf(viewOf("/calls/call_1"))).toBe("calls");
});

test("times and numbers", () => {
  expect([clockTime(0), clockTime(83_000), clockTime(3_723_000), clockTime(-5)]).toEqual([
    "0:00",
    "1:23",
    "1:02:03",
    "0:00",
  ]);
  expect([length(840.4), length(12_345)]).toEqual(["840 ms", "12.3 s"]);
  expect(phoneNumber("+15550001111")).toBe("+1 555 000 1111");
  expect(phoneNumber("+4366012345678")).toBe("+43 660 123 456 78");
  expect([phoneNumber(null), phoneNumber("anonymous")]).toEqual(["withheld", "anonymous"]);
  const now = new Date(2026, 10, 26, 12);
  expect(dayAndTime(new Date(2026, 10, 26, 9, 5).toISOString(), now)).toMatch(/^0?9:05/);
  expect(dayAndTime(new Date(2026, 2, 1, 9, 5).toISOString(), now)).toMatch(/Mar|1/);
});
