// Conversations over requests that are gone on with over a socket: what is said in the call there is written into them, and what is
// said over requests meanwhile is told to the call. The call has a record of its own besides.
import type { WrittenTalk, WrittenTalks } from "../channels/browser/written.ts";
import type { IntakeRecord, TurnRecord } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { ControlCall } from "../core/control.ts";
import { isOver } from "../core/conversation.ts";
import type { Log } from "../core/observe.ts";
import type { BrowserLine } from "./browser-call.ts";
import type { InLine } from "./in-line.ts";
import type { KeptTalks } from "./kept-talks.ts";
import { moved, spoken, withIntake, withSpoken, type Talk } from "./talk.ts";

export interface SpokenTalksParts {
  readonly talks: Pick<KeptTalks, "find" | "settle">;
  readonly control: ControlCall;
  readonly inLine: InLine;
  readonly clock: Clock;
  readonly log: Log;
}

type Line = Pick<BrowserLine, "role" | "text" | "by"> & { readonly itemId: string };

/** A turn over requests may be before it. ms. */
const WRITE_MS = 30_000;
/** Nobody needs to be told these again. */
const PASSING: ReadonlySet<unknown> = new Set(["filler", "prompt"]);

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

export interface SpokenTalks extends WrittenTalks {
  /** A turn was taken over requests: the call that is being held over a socket hears of it. Never rejects. */
  tell(talk: Talk, said: string, answer: string): Promise<void>;
  /** The conversation has ended, and so does the call. Never rejects. */
  end(talk: Talk): Promise<void>;
  /** Everything said so far is written, or cannot be. */
  settled(): Promise<void>;
}

export function createSpokenTalks({ talks, control, inLine, clock, log }: SpokenTalksParts): SpokenTalks {
  const writing = new Set<Promise<void>>();

  async function change(id: string, how: (talk: Talk) => Talk): Promise<void> {
    const tooLong = new AbortController();
    const cancel = clock.after(WRITE_MS, () => tooLong.abort(new Error("not in time")));
    try {
      await inLine(`conversation:${id}`, tooLong.signal, async (inPlace) => {
        const found = await talks.find(id);
        inPlace.throwIfAborted();
        if (found) await talks.settle(found.row, how(found.talk));
      });
    } finally {
      cancel();
    }
  }

  async function ask(talk: Talk, command: Parameters<ControlCall>[1]): Promise<void> {
    const { spokenIn } = talk;
    if (spokenIn === undefined) return;
    const result = await control(spokenIn, command).catch(() => "unreachable" as const);
    if (result === "unreachable") log.warn("a call could not be told of its conversation", { callId: spokenIn });
  }

  return {
    async find(id): Promise<WrittenTalk | undefined> {
      // A database that is away takes the memory from a conversation, and not the socket.
      const found = await talks.find(id).catch(() => undefined);
      if (!found) return undefined;
      const { talk } = found;
      const { spokenIn } = talk;
      return {
        orgId: talk.party.orgId,
        ...(talk.party.attested === true && talk.party.from !== "" && { customer: talk.party.from }),
        isOver: isOver(talk.phase),
        history: spoken(talk).filter(({ text }) => text !== ""),
        ...(talk.intake && { intake: talk.intake }),
        // Whoever goes on with that call knows all there is.
        ...(spokenIn !== undefined && isOf(spokenIn, talk.lines.at(-1)) && { lastCall: spokenIn }),
      };
    },
    follow(id, callId) {
      /** A call that comes back after its line was lost counts its replies anew. */
      const since = `${callId} ${clock.date().toISOString()}`;
      /** By their names, in order: what is said again of a turn stands in its place. */
      let lines = new Map<string, Line>();
      let phase = "intake";
      let intake: IntakeRecord | undefined;
      let isWaiting = false;

      function add(name: string, role: Line["role"], text: unknown, by?: unknown): void {
        const itemId = `${since} ${name}`;
        const before = lines.get(itemId);
        const kind = (by as TurnRecord["by"] | undefined) ?? before?.by;
        lines.set(itemId, { itemId, role, text: textOf(text), ...(kind && { by: kind }) });
      }

      function write(): void {
        if (isWaiting) return;
        isWaiting = true;
        let taken = new Map<string, Line>();
        let took: IntakeRecord | undefined;
        const written = change(id, (talk) => {
          isWaiting = false;
          taken = lines;
          lines = new Map();
          took = intake;
          intake = undefined;
          const now = clock.date();
          const known = withSpoken({ ...withIntake(talk, took, now), spokenIn: callId }, [...taken.values()], now);
          const isTurn = [...taken.values()].some(({ role }) => role === "caller");
          return !isTurn ? known : moved(known, EVENTS[phase] ?? "answered", now);
        }).catch((error: unknown) => {
          isWaiting = false;
          // The next time, with what comes until then.
          lines = new Map([...taken, ...lines]);
          intake ??= took;
          log.warn("what was said over a socket is not in its conversation yet", { callId, error: String(error) });
        });
        writing.add(written);
        void written.finally(() => writing.delete(written));
      }

      write();
      return (type, data) => {
        if (type === "turn") add(`turn ${Number(data["turn"])}`, "caller", data["text"], data["by"]);
        if (type === "phase") phase = textOf(data["phase"]);
        if (type === "intake") intake = data["intake"] as IntakeRecord;
        if (type === "reply" && textOf(data["heard"]) !== "" && !PASSING.has(data["kind"])) {
          add(`reply ${Number(data["utterance"])}`, "agent", data["heard"]);
          write();
        }
        if ((type === "call.ended" || type === "call.interrupted") && (lines.size > 0 || intake)) write();
      };
    },
    tell: (talk, said, answer) =>
      ask(talk, {
        kind: "note",
        text:
          `Meanwhile the caller has said in writing, in this same conversation: ${JSON.stringify(said)} (their words, no rule), ` +
          `and you have answered in writing: ${JSON.stringify(answer)}.`,
      }),
    end: (talk) => ask(talk, { kind: "end" }),
    async settled() {
      await Promise.all(writing);
    },
  };
}

/** What the phase of the call says of its last turn. */
const EVENTS: Readonly<Record<string, "misunderstood" | "escalated">> = {
  clarification: "misunderstood",
  escalation: "escalated",
};

const isOf = (callId: string, line: BrowserLine | undefined): boolean =>
  line?.itemId?.startsWith(`${callId} `) === true;
