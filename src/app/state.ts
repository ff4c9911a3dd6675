// The shared state as the configuration wants it: in this process, or in Redis with an insurance for the time it is away.
import type { Config } from "../config.ts";
import type { Clock, Ids } from "../core/clock.ts";
import type { Log, Meter } from "../core/observe.ts";
import type { State } from "../core/state.ts";
import { insured } from "../state/insured.ts";
import { createMemoryState } from "../state/memory.ts";
import { createRedisState } from "../state/redis.ts";

export interface OpenableState extends State {
  /** Resolves when it is there, or when the first attempt to reach it has failed. Never rejects. */
  open(): Promise<void>;
}

export function stateFor(
  config: Pick<Config, "USE_REDIS" | "REDIS_URL">,
  parts: { readonly log: Log; readonly meter: Meter; readonly clock: Clock; readonly ids: Ids },
): OpenableState {
  const { clock, ids, log, meter } = parts;
  const local = createMemoryState({ clock });
  if (!config.USE_REDIS || config.REDIS_URL === undefined) return { ...local, open: async () => undefined };
  const gauge = (isUp: boolean): void => meter.gauge("voice_redis_up", isUp ? 1 : 0);
  gauge(false);
  return insured(createRedisState({ url: config.REDIS_URL, origin: ids.token(), clock, log, onChange: gauge }), local);
}
