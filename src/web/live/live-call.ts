// A live call as the page knows it: what the server's events made of it so far. Pure; the events come from live-stream.ts.

export type Phase = "greeting" | "intake" | "clarification" | "escalation" | "completed";

export interface Line {
  readonly role: "caller" | "agent";
  readonly text: string;
  /** Of the agent: what the caller did not hear any more. */
  readonly cut?: string;
  /** Of the agent: greeting, reply, filler, prompt, notice. */
  readonly kind?: string;
  /** Still being spoken. */
  readonly open?: boolean;
  /** Of the agent, while it is being spoken: which of the things it says this is. */
  readonly utterance?: number;
  readonly turn?: number;
  readonly latencyMs?: number;
}

export interface LiveCall {
  readonly callId: string;
  readonly orgId: string;
  readonly channel: string;
  readonly direction: string;
  /** Its sound passes through the server: something can be said in it. */
  readonly heardHere: boolean;
  readonly from: string | null;
  readonly to: string | null;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly phase: Phase;
  readonly escalated: boolean;
  readonly latencyMs?: number;
  readonly lines: readonly Line[];
  readonly tools: readonly { readonly name: string; readonly result: string }[];
  readonly intake: Readonly<Record<string, string | number | boolean>>;
  readonly ended?: string;
}

export interface Event {
  readonly type: string;
  readonly call_id?: string;
  readonly org_id?: string;
  readonly at?: string;
  readonly [field: string]: unknown;
}

/** A page that is left open must not grow for ever. */
const MOST_LINES = 400;

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

/** As the first picture shows it; `one` is a line of the list, or the whole snapshot of a call. */
export function fromSnapshot(one: Readonly<Record<string, unknown>>): LiveCall {
  const last = one.last as Line | null | undefined;
  const transcript = (one.transcript as readonly Line[] | undefined) ?? (last ? [last] : []);
  const saying = (one.saying as readonly { readonly utterance: number; readonly text: string }[] | undefined) ?? [];
  const intake = one.intake as { readonly fields?: LiveCall["intake"] } | null | undefined;
  return {
    callId: text(one.call_id),
    orgId: text(one.org_id),
    channel: text(one.channel) || "phone",
    direction: text(one.direction) || "inbound",
    heardHere: one.heard_here !== false,
    from: (one.from as string | null | undefined) ?? null,
    to: (one.to as string | null | undefined) ?? null,
    startedAt: text(one.started_at),
    phase: (one.phase as Phase | null) ?? "greeting",
    escalated: one.escalated === true || Boolean(one.escalation),
    lines: [
      ...transcript.map(({ role, text }) => ({ role, text })),
      ...saying.map(({ utterance, text }): Line => ({ role: "agent", text: text.trimStart(), open: true, utterance })),
    ],
    tools: [],
    intake: intake?.fields ?? {},
  };
}

/** What became of the call by this event. The same object when it changes nothing that is shown. */
export function after(call: LiveCall, event: Event): LiveCall {
  switch (event.type) {
    case "turn":
      return withLines(call, heard(call.lines, text(event.text), number(event.turn)));
    case "words":
      return withLines(call, spoken(call.lines, text(event.text), number(event.utterance)));
    case "reply":
      return withLines(call, settled(call.lines, event));
    case "answer": {
      const latencyMs = number(event.latencyMs);
      if (latencyMs === undefined) return call;
      const lines = call.lines.map((line) =>
        line.role === "caller" && line.turn !== undefined && line.turn === event.turn ? { ...line, latencyMs } : line,
      );
      return { ...call, latencyMs, lines };
    }
    case "phase":
      return { ...call, phase: event.phase as Phase };
    case "tool":
      return { ...call, tools: [...call.tools.slice(-49), { name: text(event.name), result: text(event.result) }] };
    case "intake":
      return { ...call, intake: (event.intake as { fields?: LiveCall["intake"] } | undefined)?.fields ?? call.intake };
    case "escalation":
      return { ...call, escalated: true };
    case "call.ended":
      return { ...call, ended: text(event.reason), phase: "completed" };
    default:
      return call;
  }
}

function withLines(call: LiveCall, lines: readonly Line[]): LiveCall {
  return lines === call.lines ? call : { ...call, lines: lines.slice(-MOST_LINES) };
}

/** The caller's words; the same turn again means that words were added to it. */
function heard(lines: readonly Line[], said: string, turn: number | undefined): readonly Line[] {
  if (said === "") return lines;
  const line: Line = { role: "caller", text: said, ...(turn !== undefined && { turn }) };
  const known = turn === undefined ? -1 : lines.findIndex((one) => one.role === "caller" && one.turn === turn);
  if (known >= 0) return lines.with(known, { ...(lines[known] as Line), text: said });
  // The picture that came first may have had it already, without a number.
  const last = lines.findLastIndex(({ role }) => role === "caller");
  const numbered = lines.some((one) => one.turn !== undefined);
  if (!numbered && lines[last]?.text === said) return lines.with(last, line);
  return [...lines, line];
}

const isOpen = ({ role, open }: Line): boolean => role === "agent" && open === true;

function spoken(lines: readonly Line[], said: string, utterance: number | undefined): readonly Line[] {
  const index =
    utterance === undefined
      ? lines.length - 1
      : lines.findLastIndex((line) => isOpen(line) && line.utterance === utterance);
  const line = lines[index];
  if (line && isOpen(line)) return lines.with(index, { ...line, text: line.text + glue(line.text, said) + said });
  const text = said.trimStart();
  return [...lines, { role: "agent", text, open: true, ...(utterance !== undefined && { utterance }) }];
}

/** Pieces of one sentence come with the space between them, whole sentences without. */
const glue = (before: string, next: string): string =>
  /[.!?]$/.test(before) && /^[\p{L}\p{N}]/u.test(next) ? " " : "";

/**
 * The reply is over: this much of it was heard, and this was not. It stands where its words were seen to begin, and before what is
 * still to be heard.
 */
function settled(lines: readonly Line[], event: Event): readonly Line[] {
  const [heardText, cut, utterance] = [text(event.heard), text(event.cut), number(event.utterance)];
  const line: Line = { role: "agent", text: heardText, kind: text(event.kind), ...(cut !== "" && { cut }) };
  const open = lines.findLastIndex((one) => isOpen(one) && one.utterance === utterance);
  if (open >= 0) return lines.toSpliced(open, 1).toSpliced(lines.findIndex(isOpen), 0, line);
  if (heardText === "" && cut === "") return lines;
  const last = lines.at(-1);
  if (last?.role === "agent" && last.kind === undefined && last.text === heardText)
    return [...lines.slice(0, -1), line];
  return [...lines, line];
}

/** What was being said when the stream broke went on meanwhile: the fresh picture has it as it is now. */
const withOpen = (known: readonly Line[], fresh: readonly Line[]): readonly Line[] =>
  known.some(isOpen) || fresh.some(isOpen)
    ? [...known.filter((line) => !isOpen(line)), ...fresh.filter(isOpen)]
    : known;

/** Every live call by its id. */
export type LiveCalls = ReadonlyMap<string, LiveCall>;

export function afterOf(calls: LiveCalls, event: Event): LiveCalls {
  if (event.type === "snapshot") {
    const listed = (event.calls as readonly Readonly<Record<string, unknown>>[] | undefined) ?? [];
    return new Map(
      listed.map((one) => {
        const fresh = fromSnapshot(one);
        const known = calls.get(fresh.callId);
        // A stream that broke and came back takes nothing away that was seen before.
        const seen = known && { lines: withOpen(known.lines, fresh.lines), tools: known.tools, intake: known.intake };
        return [
          fresh.callId,
          { ...fresh, ...seen, ...(known?.latencyMs !== undefined && { latencyMs: known.latencyMs }) },
        ];
      }),
    );
  }
  const id = event.call_id;
  if (id === undefined) return calls;
  if (event.type === "call.started") {
    const known = calls.get(id);
    if (known) return calls;
    return new Map(calls).set(id, fromSnapshot({ started_at: event.at, ...event }));
  }
  const call = calls.get(id);
  if (!call) return calls;
  const next = after(call, event);
  return next === call ? calls : new Map(calls).set(id, next);
}

/** The list without a call that has ended and was shown long enough. */
export function without(calls: LiveCalls, callId: string): LiveCalls {
  const left = new Map(calls);
  left.delete(callId);
  return left;
}

export const lastLine = ({ lines }: LiveCall): Line | undefined =>
  lines.findLast(({ text, cut }) => text !== "" || cut);
