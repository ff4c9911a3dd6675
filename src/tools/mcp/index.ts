// The tools of other programs (MCP servers), as this program's own: named after their server, held to what its entry allows, and only
// as long as they say of themselves what was approved.
import type { Tool as ListedTool } from "@modelcontextprotocol/client";
import type { Clock } from "../../core/clock.ts";
import type { Log, Meter } from "../../core/observe.ts";
import { ToolRefusal, type Risk, type Tool } from "../../core/tool.ts";
import { createLink, type Link } from "./link.ts";
import { offeredName } from "./names.ts";
import type { PinStore } from "./pins.ts";
import { shown, visible } from "./results.ts";
import { checkerOf, parametersOf, type CheckArguments } from "./schema.ts";
import type { McpServer, McpServers } from "./servers.ts";

export interface McpParts {
  readonly servers: McpServers["servers"];
  readonly pins: PinStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export interface Mcp {
  /** What is offered now, of servers that have been connected once; whether one is there shows when it is asked. */
  tools(): readonly Tool[];
  isUp(server: string): boolean;
  start(): void;
  close(): Promise<void>;
}

/** Of what a model is told of a tool. */
const LONGEST_DESCRIPTION = 1024;
const LINK_SLACK_MS = 1000;

interface Offer {
  readonly listed: ListedTool;
  readonly tool: Tool;
}

export function createMcp({ servers, pins, clock, log, meter }: McpParts): Mcp {
  const offers = new Map<string, readonly Offer[]>();
  const links = new Map<string, Link>();
  /** By server and by the server's own name of the tool. */
  const listedNow = new Map<string, ReadonlyMap<string, ListedTool>>();

  /** Calls keep the tools they began with; what those say of themselves may be something else by now. */
  function isGood(server: string, tool: string): boolean {
    const listed = listedNow.get(server)?.get(tool);
    return listed !== undefined && pins.isApproved(server, listed);
  }

  for (const [name, server] of Object.entries(servers)) {
    let turn = 0;
    const link = createLink({
      name,
      server,
      clock,
      log,
      meter,
      async onTools(listed) {
        const mine = ++turn;
        listedNow.set(name, new Map(listed.map((one) => [one.name, one])));
        noteChanges(name, listed);
        const made = await offersOf(name, server, listed, link);
        // A list that was asked for later has been here before.
        if (mine === turn) offers.set(name, made);
      },
    });
    links.set(name, link);
  }

  function noteChanges(server: string, listed: readonly ListedTool[]): void {
    try {
      const changed = pins.see(server, listed, clock.date());
      if (changed.length > 0)
        log.warn("tools say something else of themselves than was approved, and are off: npm run mcp -- list", {
          mcp: server,
          tools: changed.join(" "),
        });
    } catch (error) {
      log.error("what was approved of MCP servers cannot be read: their tools are off", { error: String(error) });
    }
  }

  async function offersOf(
    name: string,
    server: McpServer,
    listed: readonly ListedTool[],
    link: Link,
  ): Promise<Offer[]> {
    const taken = new Set<string>();
    const made: Offer[] = [];
    for (const one of listed) {
      if (server.tools[one.name]?.enabled === false) continue;
      const parameters = parametersOf(one);
      const check = parameters && (await checkerOf(parameters).catch(() => undefined));
      if (!parameters || !check) {
        log.warn("a tool's schema cannot be used", { mcp: name, tool: one.name.slice(0, 64) });
        continue;
      }
      const offered = offeredName(name, one.name, taken);
      taken.add(offered);
      made.push({ listed: one, tool: toolOf(offered, one, parameters, check, { name, server, link, isGood }) });
    }
    return made;
  }

  return {
    tools: () =>
      [...offers].flatMap(([server, made]) =>
        made.filter(({ listed }) => pins.isApproved(server, listed)).map(({ tool }) => tool),
      ),
    isUp: (server) => links.get(server)?.isUp() ?? false,
    start() {
      for (const link of links.values()) link.start();
    },
    async close() {
      await Promise.all([...links.values()].map((link) => link.close()));
    },
  };
}

interface OfServer {
  readonly name: string;
  readonly server: McpServer;
  readonly link: Link;
  readonly isGood: (server: string, tool: string) => boolean;
}

function toolOf(
  offered: string,
  listed: ListedTool,
  parameters: Tool["parameters"],
  check: CheckArguments,
  { name, server, link, isGood }: OfServer,
): Tool {
  const own = server.tools[listed.name];
  return {
    name: offered,
    description: visible(listed.description ?? listed.title ?? listed.name).slice(0, LONGEST_DESCRIPTION),
    parameters,
    timeoutMs: server.timeout_ms + LINK_SLACK_MS,
    risk: own?.risk ?? riskOf(listed, server.risk),
    scope: { organizations: server.organizations, users: server.users },
    perMinute: own?.per_minute ?? server.per_minute,
    check,
    async run(args, { signal }) {
      check(args);
      if (!isGood(name, listed.name))
        throw new ToolRefusal(
          "disabled",
          "This tool was switched off until somebody has looked at it. Say that it cannot be used now.",
        );
      return shown(name, await link.call(listed.name, args, signal), server.max_result_bytes);
    },
  };
}

/** A server may say that a tool of its own is dangerous; that it is harmless nobody takes its word for. */
const riskOf = ({ annotations }: ListedTool, ofServer: Risk): Risk =>
  annotations?.destructiveHint === true ? "risky" : ofServer;
