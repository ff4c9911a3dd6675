// A call's record as the API tells it, and the time line that is drawn of it. Pure.

export interface CallerLine {
  readonly role: "caller";
  readonly at_ms: number;
  readonly turn: number;
  readonly by: "speech" | "keypad";
  readonly text: string;
  readonly latency_ms: number | null;
  readonly cause: string | null;
}

export interface AgentLine {
  readonly role: "agent";
  readonly at_ms: number;
  readonly kind: string;
  readonly heard: string;
  readonly cut: string;
  readonly sent_ms: number;
  readonly heard_ms: number;
  readonly interrupted: boolean;
}

export interface Entry {
  readonly at_ms: number;
  readonly what: string;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

/** Who is at the other end, where it is no phone. */
export const OTHERS: Readonly<Record<string, string>> = { browser: "Browser", text: "In writing" };

export interface Summary {
  readonly call_id: string;
  readonly call_sid: string | null;
  readonly org_id: string;
  readonly status: "in-progress" | "completed";
  readonly phase: string;
  readonly escalated: boolean;
  readonly channel: "phone" | "browser" | "text";
  readonly direction: "inbound" | "outbound";
  readonly from: string | null;
  readonly to: string | null;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly duration_seconds: number | null;
  readonly end_reason: string | null;
  readonly turns: number;
}

export interface Escalation {
  readonly escalation_id: string;
  readonly trigger: string;
  readonly urgency: string;
  readonly reason: string;
  readonly mode: string;
  readonly contact: string | null;
  readonly outcome: string;
  readonly at_ms: number;
  readonly decided_at_ms: number | null;
}

export interface Story extends Summary {
  readonly transcript: readonly (CallerLine | AgentLine)[];
  readonly intake: {
    readonly status: string;
    readonly urgency: string | null;
    readonly fields: Readonly<Record<string, unknown>>;
  } | null;
  readonly escalations: readonly Escalation[];
  readonly flags: readonly { readonly rule: string; readonly by: string; readonly at_ms: number }[];
  readonly recording: { readonly duration_ms: number; readonly consent: string } | null;
  readonly cost: number | null;
  readonly tools: readonly {
    readonly name: string;
    readonly result: string;
    readonly at_ms: number;
    readonly took_ms: number;
  }[];
  readonly timeline: readonly Entry[];
  readonly usage: Readonly<Record<string, number>>;
}

export type SpanKind = "listening" | "thinking" | "speaking" | "interrupted";

/** A stretch of the call. */
export interface Span {
  readonly kind: SpanKind;
  readonly fromMs: number;
  readonly toMs: number;
}

/** One turn in figures; turn 0 is what the agent says before anybody else does. */
export interface TurnRow {
  readonly turn: number;
  readonly text: string;
  /** The caller spoke. */
  readonly listeningMs: number;
  readonly thinkingMs: number | undefined;
  /** The agent was heard, interruptions taken off. */
  readonly speakingMs: number;
  /** Sound that was sent and not heard any more. */
  readonly cutMs: number;
  readonly interrupted: boolean;
  readonly cause: string | undefined;
}

export interface TimeLine {
  readonly totalMs: number;
  readonly spans: readonly Span[];
  readonly rows: readonly TurnRow[];
}

type Told = Pick<Story, "transcript" | "timeline" | "duration_seconds">;

export function timeLineOf({ transcript, timeline, duration_seconds: seconds }: Told): TimeLine {
  const heard = speechOf(timeline);
  const callers = transcript.filter((line) => line.role === "caller").sort((a, b) => a.at_ms - b.at_ms);
  const agents = transcript.filter((line) => line.role === "agent").sort((a, b) => a.at_ms - b.at_ms);
  /** When the agent turns to something else: what was cut off is drawn up to there, or it would look like a cut of the next reply. */
  const turnsTo = [...callers.filter(({ latency_ms: ms }) => ms !== null), ...agents].map(({ at_ms: at }) => at);
  const spans: Span[] = [
    ...heard,
    ...callers.flatMap(({ at_ms: at, latency_ms: ms }) =>
      ms === null ? [] : [{ kind: "thinking" as const, fromMs: at, toMs: at + ms }],
    ),
    ...agents.flatMap(({ at_ms: at, heard_ms: ms, sent_ms: sent, interrupted }) => [
      { kind: "speaking" as const, fromMs: at, toMs: at + ms },
      ...(interrupted ? [cutOff(at + ms, at + Math.max(ms, sent), turnsTo)] : []),
    ]),
  ];
  // What was cut off would have gone on after the call's end.
  const lasting = spans.filter(({ kind }) => kind !== "interrupted").map(({ toMs }) => toMs);
  const totalMs = Math.max(seconds === null ? 0 : seconds * 1000, ...lasting, 1);
  return {
    totalMs,
    spans: spans
      .filter(({ fromMs, toMs }) => toMs >= fromMs && fromMs < totalMs)
      .map((span) => ({ ...span, fromMs: Math.max(0, span.fromMs), toMs: Math.min(span.toMs, totalMs) }))
      .sort((a, b) => a.fromMs - b.fromMs),
    rows: rowsOf(callers, agents, heard),
  };
}

function cutOff(fromMs: number, wouldEndMs: number, turnsTo: readonly number[]): Span {
  return { kind: "interrupted", fromMs, toMs: Math.min(wouldEndMs, ...turnsTo.filter((at) => at > fromMs)) };
}

/** When the caller was heard to speak; a stretch without an end is one up to the next beginning, and not drawn. */
function speechOf(timeline: readonly Entry[]): Span[] {
  const spans: Span[] = [];
  let begun: number | undefined;
  for (const { at_ms: at, what, detail } of timeline) {
    if (what === "caller speaks") begun = at;
    if (what !== "caller silent") continue;
    const told = typeof detail?.speechMs === "number" ? at - detail.speechMs : undefined;
    const fromMs = begun ?? told;
    if (fromMs !== undefined && at > fromMs) spans.push({ kind: "listening", fromMs, toMs: at });
    begun = undefined;
  }
  return spans;
}

function rowsOf(callers: readonly CallerLine[], agents: readonly AgentLine[], heard: readonly Span[]): TurnRow[] {
  const edges = [-Infinity, ...callers.map(({ at_ms }) => at_ms), Infinity];
  // Whatever is heard belongs to the next turn that is settled.
  const turnOf = (toMs: number) => callers.find(({ at_ms: at }) => at + NEAR_MS >= toMs);
  const sum = (numbers: readonly number[]): number => Math.round(numbers.reduce((a, b) => a + b, 0));
  return edges.slice(0, -1).flatMap((from, index) => {
    const line = callers[index - 1];
    const own = agents.filter(({ at_ms: at }) => at >= from && at < (edges[index + 1] as number));
    if (!line && own.length === 0) return [];
    const speech = heard.filter(({ toMs }) => line !== undefined && turnOf(toMs) === line);
    return {
      turn: line?.turn ?? 0,
      text: line?.text ?? "",
      listeningMs: sum(speech.map(({ fromMs, toMs }) => toMs - fromMs)),
      thinkingMs: line?.latency_ms ?? undefined,
      speakingMs: sum(own.map(({ heard_ms }) => heard_ms)),
      cutMs: sum(
        own.filter(({ interrupted }) => interrupted).map(({ sent_ms, heard_ms }) => Math.max(0, sent_ms - heard_ms)),
      ),
      interrupted: own.some(({ interrupted }) => interrupted),
      cause: line?.cause ?? undefined,
    };
  });
}

/** The turn's end is reckoned back to when the caller fell silent, which is told a moment later. */
const NEAR_MS = 1500;

/** Sums of tokens for people; what is billed stands under its model's name. */
export function tokensOf(usage: Story["usage"]): { readonly name: string; readonly count: number }[] {
  const sums = Object.entries(usage).filter(([name]) => !name.includes(":"));
  return sums.map(([name, count]) => ({ name, count })).sort((a, b) => a.name.localeCompare(b.name));
}
