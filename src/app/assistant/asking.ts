// Who asks for the next response. Clients of the document send a text, or commit audio, and expect an answer without asking for one; others
// ask themselves, at once. So we wait a moment, and ask where nobody did.
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/observe.ts";
import type { RelayEvent } from "../../speech/relayed-session.ts";
import { createResponseSequencer } from "../../speech/response-sequencer.ts";

export interface AskingParts {
  readonly clock: Clock;
  /** Asks OpenAI; returns the event's id. */
  readonly create: () => string;
  readonly gaveUp: (code: string) => void;
}

export type Asking = ReturnType<typeof createAsking>;

/** A client that asks by itself does so in this time. ms. */
const PATIENCE_MS = 300;

export function createAsking({ clock, create, gaveUp }: AskingParts) {
  const make = () => createResponseSequencer({ clock, create, gaveUp });
  let sequencer = make();
  const active = new Set<string>();
  let cancel: (() => void) | undefined;
  /** Asked for on a connection that was lost before it was told to have begun. */
  let lostAsk: string | undefined;
  /** What the client sent that wants an answer, by event: whether OpenAI has told that it is in the conversation. */
  const reasons = new Map<string, boolean>();

  function stop(): void {
    cancel?.();
    cancel = undefined;
    reasons.clear();
  }

  /** An answer is on its way, or will be. */
  const owes = (): boolean => active.size > 0 || cancel !== undefined || sequencer.owes();

  return {
    /** The client sent something that wants an answer, as this event. */
    said(eventId: string): void {
      reasons.set(eventId, false);
      cancel?.();
      cancel = clock.after(PATIENCE_MS, () => {
        stop();
        sequencer.want();
      });
    },
    /** It is in the conversation now: a response that begins from here on answers it. */
    taken(eventId: string): void {
      if (reasons.has(eventId)) reasons.set(eventId, true);
    },
    /** OpenAI did not take it. */
    notTaken(eventId: string): void {
      if (reasons.delete(eventId) && reasons.size === 0) stop();
    },
    /** The client asks by itself. */
    asked: stop,
    /** Somebody here wants an answer: a tool has come back, say. */
    want(): void {
      lostAsk = undefined;
      sequencer.want();
    },
    /** What was wanted before the connection was lost, of a conversation that is the same on this one. */
    wantAgain(): void {
      if (!sequencer.owes()) sequencer.want();
    },
    started(responseId: string, ours: boolean): void {
      active.add(responseId);
      sequencer.started(responseId, ours);
      for (const [eventId, isTaken] of reasons) if (isTaken) reasons.delete(eventId);
      if (reasons.size === 0) stop();
    },
    /** @param respond the event that asked for it, where that was one of ours. */
    ended(responseId: string, respond: string | undefined): void {
      active.delete(responseId);
      sequencer.ended(responseId, respond !== undefined && respond === lostAsk);
    },
    refused: (eventId: string | undefined, code: string): boolean => sequencer.refused(eventId, code),
    active: (): readonly string[] => [...active],
    owes,
    /**
     * The connection is gone with all that was asked on it. `owed`: an answer was on its way, or would have been; `isOpen`: one that we
     * wanted had not begun.
     */
    lost(): { readonly owed: boolean; readonly isOpen: boolean } {
      const owed = owes();
      const { isOpen, asked } = sequencer.open();
      lostAsk = asked ?? lostAsk;
      stop();
      sequencer.close();
      sequencer = make();
      active.clear();
      return { owed, isOpen };
    },
    close(): void {
      stop();
      sequencer.close();
    },
  };
}

/** True for the refusal of something that we asked for, and no client. */
export function takeRefusal(event: RelayEvent, asking: Pick<Asking, "refused">, log: Log): boolean {
  const { event_id: id, code } = event["error"] as { readonly event_id?: string | null; readonly code?: string | null };
  if (!id?.startsWith("vb_")) return false;
  if (!asking.refused(id, code ?? "unknown"))
    log.debug("OpenAI did not take something of ours", { code: code ?? undefined });
  return true;
}
