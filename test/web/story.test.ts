// The time line of a call, and the filters of the list.
import { askedOf, NO_FILTERS, queryOf, readFilters } from "../../src/web/calls/filters.ts";
import { timeLineOf, tokensOf, type AgentLine, type CallerLine, type Entry } from "../../src/web/calls/story.ts";

const caller = (turn: number, at_ms: number, more: Partial<CallerLine> = {}): CallerLine => ({
  role: "caller",
  at_ms,
  turn,
  by: "speech",
  text: `words ${turn}`,
  latency_ms: 800,
  cause: null,
  ...more,
});
const agent = (at_ms: number, heard_ms: number, more: Partial<AgentLine> = {}): AgentLine => ({
  role: "agent",
  at_ms,
  kind: "reply",
  heard: "yes",
  cut: "",
  sent_ms: heard_ms,
  heard_ms,
  interrupted: false,
  ...more,
});
const spoke = (from: number, to: number): Entry[] => [
  { at_ms: from, what: "caller speaks" },
  { at_ms: to, what: "caller silent", detail: { speechMs: to - from } },
];

test("a call with a greeting, an answer and an interruption", () => {
  const { totalMs, spans, rows } = timeLineOf({
    duration_seconds: 20,
    transcript: [
      agent(200, 2800, { kind: "greeting" }),
      caller(1, 5000),
      agent(5800, 3000, { sent_ms: 7000, interrupted: true, cut: "and more" }),
      caller(2, 9500, { latency_ms: 1200, cause: "thread-slow" }),
      agent(10_700, 4000),
    ],
    timeline: [...spoke(3500, 5300), ...spoke(8800, 9800)],
  });
  expect(totalMs).toBe(20_000);
  expect(spans).toEqual(
    [
      { kind: "speaking", fromMs: 200, toMs: 3000 },
      { kind: "listening", fromMs: 3500, toMs: 5300 },
      { kind: "thinking", fromMs: 5000, toMs: 5800 },
      { kind: "speaking", fromMs: 5800, toMs: 8800 },
      { kind: "listening", fromMs: 8800, toMs: 9800 },
      // 4 s were cut off, which would reach into the next reply.
      { kind: "interrupted", fromMs: 8800, toMs: 9500 },
      { kind: "thinking", fromMs: 9500, toMs: 10_700 },
      { kind: "speaking", fromMs: 10_700, toMs: 14_700 },
    ].sort((a, b) => a.fromMs - b.fromMs),
  );
  expect(rows).toEqual([
    {
      turn: 0,
      text: "",
      listeningMs: 0,
      thinkingMs: undefined,
      speakingMs: 2800,
      cutMs: 0,
      interrupted: false,
      cause: undefined,
    },
    {
      turn: 1,
      text: "words 1",
      listeningMs: 1800,
      thinkingMs: 800,
      speakingMs: 3000,
      cutMs: 4000,
      interrupted: true,
      cause: undefined,
    },
    {
      turn: 2,
      text: "words 2",
      listeningMs: 1000,
      thinkingMs: 1200,
      speakingMs: 4000,
      cutMs: 0,
      interrupted: false,
      cause: "thread-slow",
    },
  ]);
});

test("a turn that nobody answered, and a call that goes on", () => {
  const { totalMs, rows, spans } = timeLineOf({
    duration_seconds: null,
    transcript: [caller(1, 4000, { latency_ms: null, cause: "no-transcript" })],
    timeline: [{ at_ms: 1000, what: "caller speaks" }],
  });
  // Without an end it is not known how long it was.
  expect(spans).toEqual([]);
  expect(rows).toMatchObject([{ turn: 1, thinkingMs: undefined, speakingMs: 0, cause: "no-transcript" }]);
  expect(totalMs).toBeGreaterThan(0);
});

test("nothing reaches beyond the call", () => {
  const { totalMs, spans } = timeLineOf({
    duration_seconds: 5,
    transcript: [agent(4000, 500, { sent_ms: 9000, interrupted: true })],
    timeline: spoke(-200, 300),
  });
  expect(totalMs).toBe(5000);
  for (const { fromMs, toMs } of spans) {
    expect(fromMs).toBeGreaterThanOrEqual(0);
    expect(toMs).toBeLessThanOrEqual(totalMs);
  }
});

test("a call of nothing has nothing to draw", () => {
  expect(timeLineOf({ duration_seconds: null, transcript: [], timeline: [] })).toEqual({
    totalMs: 1,
    spans: [],
    rows: [],
  });
});

test("tokens are told without what is billed by model", () => {
  expect(tokensOf({ output_tokens: 2, "gpt-x:output": 2, audio_seconds: 1 })).toEqual([
    { name: "audio_seconds", count: 1 },
    { name: "output_tokens", count: 2 },
  ]);
});

describe("filters", () => {
  test("live in the address", () => {
    const filters = { ...NO_FILTERS, text: "oil change", escalated: "true", from: "2026-11-25" };
    expect(queryOf(filters)).toBe("?text=oil+change&escalated=true&from=2026-11-25");
    expect(readFilters(queryOf(filters))).toEqual(filters);
    expect(queryOf(NO_FILTERS)).toBe("");
    expect(readFilters("?other=1")).toEqual(NO_FILTERS);
  });

  test("ask the API for whole days of the person's own clock", () => {
    const query = new URLSearchParams(
      askedOf({ ...NO_FILTERS, from: "2026-11-25", to: "2026-11-26" }, "call_9").split("?")[1],
    );
    expect(query.get("from")).toBe(new Date(2026, 10, 25).toISOString());
    expect(query.get("to")).toBe(new Date(2026, 10, 27).toISOString());
    expect([query.get("cursor"), query.get("limit"), query.has("text")]).toEqual(["call_9", "25", false]);
    expect(askedOf({ ...NO_FILTERS, from: "rubbish", text: "  " }, undefined)).toBe("/api/calls?limit=25");
  });
});
