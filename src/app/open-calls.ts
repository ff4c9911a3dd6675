// Every call that is open and began before a moment, in pages: what waits long in one channel must not hide what waits in another.
import type { CallSummary } from "../core/call.ts";
import type { CallStore } from "../core/stores.ts";

const PAGE = 200;
/** More than this are left to the next look. */
const MOST_PAGES = 50;

export async function* openCalls(store: Pick<CallStore, "list">, to: Date): AsyncGenerator<CallSummary> {
  let before: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const open = await store.list({ status: "in-progress", to, limit: PAGE, ...(before !== undefined && { before }) });
    yield* open;
    if (open.length < PAGE) return;
    before = open.at(-1)?.callId;
  }
}
