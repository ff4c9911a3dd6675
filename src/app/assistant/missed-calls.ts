// What the model asked for while no sideband was there to hear it. A conversation cannot be listed over the wire, but it tells the item
// before a new one, and gives any item whose id is known: so an item is put at its end, taken away again, and the one before it looked at,
// together with the calls whose begin was heard and whose end was not. What stands further back stays unseen.
import type { Log, Meter } from "../../core/observe.ts";
import type { RelayEvent } from "../../speech/relayed-session.ts";
import type { Asking } from "./asking.ts";
import { hiddenItem } from "./history.ts";
import { callsIn, type ToolCalls } from "./tool-calls.ts";

export interface MissedCallsParts {
  readonly send: (event: RelayEvent) => void;
  readonly nameIt: (prefix: string) => string;
  /** Told of a finished call, of which it is not known whether it was seen before. */
  readonly tools: Pick<ToolCalls, "unanswered">;
  /** Told where an answer was owed when the connection was lost, and nobody has given it. */
  readonly asking: Pick<Asking, "wantAgain">;
  readonly log: Log;
  readonly meter: Meter;
}

interface Item {
  readonly id?: string;
  readonly type?: string;
  readonly role?: string;
}

const MOST_BEGUN = 50;

export function createMissedCalls({ send, nameIt, tools, asking, log, meter }: MissedCallsParts) {
  /** Calls that were begun, by item; `response.done` has them whole. */
  const begun = new Set<string>();
  /** Items asked for; true where nothing was heard of them. */
  const asked = new Map<string, boolean>();
  /** The last thing that was heard of. */
  let lastSeen: Item = {};
  let isOwed = false;
  /** A response has begun, and nothing of it stands in the conversation yet; and so it was when the connection was lost. */
  let isSilent = false;
  let wasSilent = false;
  let probe: string | undefined;
  /** Put there and not known to be away again; a connection may be lost in between. */
  const probes = new Set<string>();

  const remove = (id: string): void =>
    send({ type: "conversation.item.delete", event_id: nameIt("vb_r"), item_id: id });

  function retrieve(id: string, isNew: boolean): void {
    if (asked.has(id)) return;
    asked.set(id, isNew);
    send({ type: "conversation.item.retrieve", event_id: nameIt("vb_r"), item_id: id });
  }

  function added(item: Item): void {
    const { id = "", type } = item;
    lastSeen = item;
    if (type !== "function_call") return;
    begun.add(id);
    if (begun.size > MOST_BEGUN) begun.delete(begun.values().next().value as string);
  }

  function lookedAt(item: Item, isNew: boolean): void {
    begun.delete(item.id ?? "");
    for (const call of callsIn({ output: [item] })) tools.unanswered(call);
    if (!isNew) return;
    // What came of a tool is told by us alone, and no answer stands behind it.
    if (item.type === "function_call_output") return settle();
    // The answer that the owed one waited for comes to stand behind it.
    if (wasSilent && item.role === "assistant") settle();
    // Anything else is the answer, or asks for one itself.
    isOwed = false;
    const last = item.type === "function_call" ? "call" : "other";
    meter.count("voice_sideband_gaps_total", { last });
    log.info("the conversation went on while no sideband was there", { last });
  }

  function settle(): void {
    if (isOwed) asking.wantAgain();
    isOwed = false;
  }

  return {
    /** The connection is gone. @param isAsked an answer that was asked for, or was to be, has not begun as far as was heard. */
    lost(isAsked: boolean): void {
      if (isAsked) wasSilent = isSilent;
      isOwed ||= isAsked;
      isSilent = false;
    },
    /** There is a connection, the first or another. */
    look(): void {
      asked.clear();
      // Long gone are the refusals of those that never came to be.
      if (probes.size > MOST_BEGUN) probes.clear();
      for (const id of begun) retrieve(id, false);
      for (const id of probes) remove(id);
      probe = nameIt("vb_p");
      probes.add(probe);
      send(hiddenItem(probe, "system", "(The server is connected.)"));
    },
    /** True for what is told of the looking, which means nothing else. */
    see(event: RelayEvent): boolean {
      const item = (event["item"] ?? {}) as Item;
      switch (event.type) {
        case "conversation.item.added": {
          if (probe === undefined || item.id !== probe) {
            added(item);
            return false;
          }
          remove(probe);
          const before = event["previous_item_id"];
          if (typeof before !== "string") return true;
          const isNew = before !== lastSeen.id;
          // A call that stands last is unanswered, although it was heard of: what came of it may have been lost. The answer comes with it.
          const isCall = !isNew && lastSeen.type === "function_call";
          if (isCall) isOwed = false;
          if (isNew || isCall) retrieve(before, isNew);
          else settle();
          return true;
        }
        case "conversation.item.retrieved": {
          const isNew = asked.get(item.id ?? "");
          if (isNew === undefined) return false;
          asked.delete(item.id ?? "");
          lookedAt(item, isNew);
          return true;
        }
        case "conversation.item.deleted":
          return probes.delete(String(event["item_id"]));
        case "response.created":
          isSilent = true;
          // It has all before it that there is.
          isOwed = false;
          return false;
        case "response.output_item.added":
          isSilent = false;
          return false;
        case "response.done": {
          isSilent = false;
          const { output } = (event["response"] ?? {}) as { readonly output?: unknown };
          if (Array.isArray(output)) for (const { id = "" } of output as Item[]) begun.delete(id);
          return false;
        }
        default:
          return false;
      }
    },
  };
}
