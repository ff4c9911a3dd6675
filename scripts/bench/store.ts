// npm run bench -- store: what keeping every turn costs the audio. Conversations run while each of their turns, replies and events
// is written to the embedded database; the server itself says how late its event loop was.
import { TURNS } from "./load.ts";
import { percentile } from "./numbers.ts";
import { quiet, type FarSides } from "./relay.ts";
import { API_KEY, pause, startService } from "./subject.ts";
import type { ConversationOptions } from "./conversations.ts";

export interface StoreReport {
  readonly calls: number;
  /** 99th percentiles of the event loop's delay, ms: one for each second of the measurement. */
  readonly lagP99Ms: readonly number[];
  /** The same over the whole of it, as far as the seconds tell: the worst of them. */
  readonly worstMs: number;
  /** Rows in the database at the end, of all calls. */
  readonly turns: number;
  readonly events: number;
  readonly dropped: number;
}

const SPACING_MS = 50;
const LAG = "nodejs_eventloop_lag_p99_seconds";

export async function benchStore(sides: FarSides, { calls, seconds, main }: ConversationOptions): Promise<StoreReport> {
  const { phones, model, modelPort } = sides;
  await model.ask("load", TURNS);
  const service = await startService({
    modelPort,
    settings: { VOICE_MODE: "assistant" },
    ...(main !== undefined && { main }),
  });
  const ask = async (path: string): Promise<Response> => {
    const response = await fetch(`${service.target.url}${path}`, { headers: { authorization: `Bearer ${API_KEY}` } });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response;
  };
  const metrics = async (): Promise<string> => (await ask("/metrics")).text();
  try {
    await quiet(model);
    await phones.ask("place", { calls, target: service.target, spacingMs: SPACING_MS });
    await pause(TURNS.settleMs);
    const lagP99Ms: number[] = [];
    await metrics(); // Begins the first second.
    for (let second = 0; second < seconds; second++) {
      await pause(1000);
      lagP99Ms.push(valueOf(await metrics(), LAG) * 1000);
    }
    const dropped = valueOf(await metrics(), "voice_store_dropped_rows_total");
    const stories = await phones.ask("hangUp", undefined);
    let turns = 0;
    let events = 0;
    for (const { callSid } of stories) {
      const { transcript, timeline } = (await (await ask(`/api/calls/${callSid}`)).json()) as {
        readonly transcript: readonly { readonly role: string }[];
        readonly timeline: readonly unknown[];
      };
      turns += transcript.filter(({ role }) => role === "caller").length;
      events += timeline.length;
    }
    return { calls, lagP99Ms, worstMs: percentile(lagP99Ms, 1), turns, events, dropped };
  } finally {
    await service.close();
  }
}

function valueOf(text: string, name: string): number {
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
