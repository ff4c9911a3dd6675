// The one way by which routes come to a call: by our id or the carrier's, and only to those who may see it.
import { sees, type Principal } from "../core/access.ts";
import { isReported, type CallRecord } from "../core/call.ts";
import { Problem } from "../core/problem.ts";
import type { CallStore } from "../core/stores.ts";
import type { BrowserCalls } from "./ports.ts";

export type FindCall = (id: string, principal: Principal) => Promise<CallRecord>;

export function createFindCall(store: CallStore, browserCalls: Pick<BrowserCalls, "current">): FindCall {
  return async (id, principal) => {
    // Operators have the carrier's id at hand more often than ours.
    const record = (await store.get(id)) ?? (await store.findByCarrierId(id));
    if (!record || !sees(principal, record.orgId)) throw noSuchCall();
    return isReported(record) && record.status === "in-progress" ? browserCalls.current(record) : record;
  };
}

export const noSuchCall = (): Problem => new Problem(404, "There is no such call");
