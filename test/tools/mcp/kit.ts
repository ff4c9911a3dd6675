// What the tests of MCP servers share: servers out of an entry, a folder for their pins, and everything closed afterwards.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTool } from "../../../src/bridge/run-tool.ts";
import type { ToolContext } from "../../../src/core/tool.ts";
import { systemClock } from "../../../src/observe/system.ts";
import { startHttpDesktop, type HttpDesktop } from "../../../src/sim/mcp/http.ts";
import { createMcp, type Mcp } from "../../../src/tools/mcp/index.ts";
import { createPins, type PinStore } from "../../../src/tools/mcp/pins.ts";
import { mcpServers } from "../../../src/tools/mcp/servers.ts";
import { keptLog, keptMeter, type KeptLog } from "../../support/observe.ts";
import { until } from "../../support/until.ts";

const closing: (() => Promise<unknown>)[] = [];
export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).toReversed()) await close();
}

export async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "mcp-"));
  closing.push(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export async function httpDesktop(options: Parameters<typeof startHttpDesktop>[0] = {}): Promise<HttpDesktop> {
  const desktop = await startHttpDesktop(options);
  closing.push(() => desktop.close());
  return desktop;
}

export interface Running {
  readonly mcp: Mcp;
  readonly pins: PinStore;
  readonly dir: string;
  readonly log: KeptLog;
  /** What a model would be told, and how the record has it. */
  readonly run: (
    tool: string,
    args?: unknown,
    signal?: AbortSignal,
  ) => Promise<{ readonly result: string; readonly output: string }>;
  readonly names: () => string[];
}

export const ACTS: Omit<ToolContext, "callId" | "signal"> = {
  endAfterReply: () => {},
  escalate: () => ({ mode: "flag", say: "" }),
  intake: () => undefined,
  keepIntake: () => {},
};

/** Connected, unless `wait` is false. */
export async function running(
  servers: Record<string, unknown>,
  { dir, wait = true }: { dir?: string; wait?: boolean } = {},
): Promise<Running> {
  const parsed = mcpServers.parse({ servers });
  const log = keptLog();
  const at = dir ?? (await folder());
  // The machine's own, as the protocol's package has its limits by that as well.
  const clock = systemClock;
  const pins = createPins(at);
  const mcp = createMcp({ servers: parsed.servers, pins, clock, log, meter: keptMeter() });
  closing.push(() => mcp.close());
  mcp.start();
  const names = (): string[] => mcp.tools().map(({ name }) => name);
  if (wait)
    await until("the servers are there", () =>
      Object.keys(parsed.servers).every((name) => mcp.isUp(name) && names().some((tool) => tool.startsWith(name))),
    );
  return {
    mcp,
    pins,
    dir: at,
    log,
    names,
    run(tool, args = {}, signal = new AbortController().signal) {
      const tools = new Map(mcp.tools().map((one) => [one.name, one]));
      const request = { callId: "t", name: tool, arguments: JSON.stringify(args) };
      return runTool(tools, request, { ...ACTS, callId: "call_1", signal }, clock);
    },
  };
}

export const httpEntry = ({ url }: Pick<HttpDesktop, "url">, more: object = {}) => ({
  http: { url, allow_private: true },
  organizations: "all",
  ...more,
});
