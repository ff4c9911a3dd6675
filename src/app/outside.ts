// What reaches beyond this program, and the door in front of it: the servers of MCP_SERVERS_FILE, the policy that every tool is held
// to, and the confirmations that risky ones wait for.
import type { Config } from "../config.ts";
import { secretsOf } from "../config/secrets.ts";
import type { Clock, Ids } from "../core/clock.ts";
import type { Confirmations } from "../core/confirmation.ts";
import type { Log, Meter } from "../core/observe.ts";
import type { State } from "../core/state.ts";
import type { CallStore } from "../core/stores.ts";
import type { Tool } from "../core/tool.ts";
import { createGate, type Gate } from "../safety/tool-gate.ts";
import { createMcp } from "../tools/mcp/index.ts";
import { createPins } from "../tools/mcp/pins.ts";
import { createConfirmations } from "./confirmations.ts";

export interface OutsideParts {
  readonly config: Config;
  readonly state: State;
  readonly store: CallStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly meter: Meter;
}

export interface Outside {
  readonly gate: Gate;
  readonly confirmations: Confirmations;
  /** Tools of other programs that are there now. */
  readonly outsideTools: () => readonly Tool[];
  /** What no agent may ever say. */
  readonly secrets: readonly string[];
  start(): void;
  close(): Promise<void>;
}

export function createOutside(parts: OutsideParts): Outside {
  const { config, state } = parts;
  const { confirmation, servers } = config.mcp;
  const confirmMs = confirmation.seconds * 1000;
  const confirmations = createConfirmations({ ...parts, confirmMs });
  const mcp = createMcp({ ...parts, servers, pins: createPins(config.DATA_DIR) });
  return {
    gate: createGate({ confirmations, state, confirmMs, waitingWords: confirmation.say }),
    confirmations,
    secrets: secretsOf(config),
    outsideTools: () => mcp.tools(),
    start: () => mcp.start(),
    async close() {
      confirmations.close();
      await mcp.close();
    },
  };
}
