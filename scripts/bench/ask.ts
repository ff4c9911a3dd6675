// npm run bench -- ask: what POST /api/voice/ask takes above the model's own time. Browsers with conversations of their own ask one
// question after the other; the model tells in its answer how long it took itself.
import { openAsker } from "./asking.ts";
import { cpuMs } from "./process-cost.ts";
import type { FarSides } from "./relay.ts";
import { API_KEY, pause, startService } from "./subject.ts";

export interface AskReport {
  readonly browsers: number;
  readonly asks: number;
  readonly failed: number;
  /** Of each question, ms. */
  readonly addedMs: readonly number[];
  /** The server's own work on one, ms of CPU. */
  readonly cpuMs: number;
}

export interface AskOptions {
  readonly browsers: number;
  readonly seconds: number;
  readonly main?: string;
}

const OWN = /"own (\d+(?:\.\d+)?) ms"/;
/** The first ones compile code and open connections. */
const UNMEASURED = 3;
/** What people take to read an answer is more; all of them ask at odd times. ms. */
const READING_MS = [500, 1500] as const;

export async function benchAsk({ modelPort }: FarSides, { browsers, seconds, main }: AskOptions): Promise<AskReport> {
  const service = await startService({
    modelPort,
    settings: { API_KEYS: `bench:admin:${API_KEY}`, RATE_LIMIT_PER_MINUTE: "1000000" },
    ...(main !== undefined && { main }),
  });
  const addedMs: number[] = [];
  let failed = 0;
  let asks = 0;
  const until = performance.now() + seconds * 1000;

  async function browser(number: number): Promise<void> {
    const asker = await openAsker(service.target.url, "/api/voice/ask");
    let cookie = "";
    for (let asked = 0; performance.now() < until; asked++) {
      asks++;
      const { head, body, tookMs } = await asker.ask(
        JSON.stringify({ prompt: `Question ${asked} of browser ${number}: what are your opening hours?` }),
        {
          authorization: `Bearer ${API_KEY}`,
          "content-type": "application/json",
          ...(cookie && { cookie }),
        },
      );
      cookie ||= /^set-cookie: ([^;\r]+)/im.exec(head)?.[1] ?? "";
      const own = OWN.exec(body)?.[1];
      if (own === undefined) failed++;
      else if (asked >= UNMEASURED) addedMs.push(tookMs - Number(own));
      await pause(READING_MS[0] + Math.random() * (READING_MS[1] - READING_MS[0]));
    }
    asker.close();
  }

  try {
    const before = cpuMs(service.pid);
    await Promise.all(Array.from({ length: browsers }, (_, number) => browser(number)));
    return { browsers, asks, failed, addedMs, cpuMs: (cpuMs(service.pid) - before) / asks };
  } finally {
    await service.close();
  }
}
