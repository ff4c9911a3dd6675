// The connection to one server for as long as the program runs: opened, listed, used a few calls at a time, and opened again when it
// is lost. Meanwhile its tools answer that they are not available.
import type { CallToolResult, Client, Tool as ListedTool } from "@modelcontextprotocol/client";
import type { Clock } from "../../core/clock.ts";
import type { Log, Meter } from "../../core/observe.ts";
import { ToolRefusal } from "../../core/tool.ts";
import { createTurnstile } from "./turnstile.ts";
import type { McpServer } from "./servers.ts";
import { open, type Opened } from "./transport.ts";

export interface LinkParts {
  readonly name: string;
  readonly server: McpServer;
  /** What it lists, each time it was asked. */
  readonly onTools: (tools: readonly ListedTool[]) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export interface Link {
  isUp(): boolean;
  /** @throws ToolRefusal in whatever way it fails. */
  call(tool: string, args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<CallToolResult>;
  start(): void;
  close(): Promise<void>;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;
const OPEN_MS = 20_000;
/** A child that does not go is killed by the package a little later. ms. */
const CLOSE_MS = 5000;
/** In a row: a server that answers nothing any more is begun anew. */
const MOST_TIMEOUTS = 3;
const MOST_TOOLS = 200;

export function createLink(parts: LinkParts): Link {
  const { name, server, clock, meter } = parts;
  const log = parts.log.with({ mcp: name });
  const turnstile = createTurnstile(server.max_concurrent);
  let current: Opened | undefined;
  let isUp = false;
  let closed = false;
  let failures = 0;
  let timeouts = 0;
  let cancelRetry = (): void => {};
  let opening: Promise<void> = Promise.resolve();

  function up(is: boolean): void {
    isUp = is;
    meter.gauge("voice_mcp_server_up", is ? 1 : 0, { server: name });
  }

  async function list(client: Client): Promise<void> {
    const { tools } = await client.listTools(undefined, { timeout: OPEN_MS, cacheMode: "bypass" });
    if (tools.length > MOST_TOOLS) log.warn("a server offers more tools than are taken", { tools: tools.length });
    await parts.onTools(tools.slice(0, MOST_TOOLS));
  }

  async function connect(): Promise<void> {
    let opened: Opened | undefined;
    try {
      opened = await open(server, {
        onTools: () => opened && relist(opened),
        onClosed: () => lost(opened, "it closed the connection"),
      });
      // It was closed while the other side was being opened: nobody else knows of that one.
      if (closed) return await shut(opened);
      current = opened;
      await opened.client.connect(opened.transport, { timeout: OPEN_MS });
      await list(opened.client);
      if (closed || current !== opened) return;
      failures = 0;
      timeouts = 0;
      up(true);
      log.info("an MCP server is connected");
    } catch (error) {
      if (opened && current !== opened) return;
      lost(opened, `it cannot be connected: ${messageOf(error)}`);
    }
  }

  function relist({ client }: Opened): void {
    list(client).catch((error: unknown) =>
      log.warn("an MCP server's tools cannot be listed", { error: messageOf(error) }),
    );
  }

  /** Once for each connection, however it is noticed. */
  function lost(which: Opened | undefined, why: string): void {
    if (closed || which !== current) return;
    current = undefined;
    up(false);
    const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
    failures++;
    log.warn("an MCP server is not there", { why, retryMs: waitMs });
    if (which) void shut(which);
    cancelRetry();
    cancelRetry = clock.after(waitMs, () => void (opening = connect()));
  }

  function shut({ client }: Opened): Promise<void> {
    return within(clock, CLOSE_MS, client.close());
  }

  async function ask(
    tool: string,
    args: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<CallToolResult> {
    const opened = current;
    if (!opened || !isUp) throw unavailable();
    const limit = new AbortController();
    const ended = AbortSignal.any([signal, limit.signal]);
    const cancel = clock.after(server.timeout_ms, () => limit.abort());
    try {
      const result = await opened.client.callTool(
        { name: tool, arguments: { ...args } },
        { signal: ended, timeout: server.timeout_ms * 2 },
      );
      timeouts = 0;
      return result;
    } catch (error) {
      signal.throwIfAborted();
      if (limit.signal.aborted) {
        if (++timeouts >= MOST_TIMEOUTS) lost(opened, "it does not answer any more");
        throw new ToolRefusal("timeout", "The tool took too long. Tell the caller, and go on without it.", "failed");
      }
      throw refusalOf(error, () => lost(opened, messageOf(error)));
    } finally {
      cancel();
    }
  }

  return {
    isUp: () => isUp,
    call: (tool, args, signal) => turnstile.pass(signal, () => ask(tool, args, signal)),
    start() {
      up(false);
      opening = connect();
    },
    async close() {
      if (closed) return;
      closed = true;
      cancelRetry();
      const last = current;
      current = undefined;
      isUp = false;
      if (last) await shut(last);
      await within(clock, CLOSE_MS, opening);
    },
  };
}

const unavailable = (): ToolRefusal =>
  new ToolRefusal(
    "unavailable",
    "The program behind this tool cannot be reached now. Tell the caller; it may work later.",
    "failed",
  );

/** What the server said of a single call is the model's to know; everything else means that the connection is no good. */
function refusalOf(error: unknown, onLost: () => void): ToolRefusal {
  const { code } = error as { readonly code?: unknown };
  if (typeof code === "number")
    return new ToolRefusal("tool-error", `The tool says that it failed: ${messageOf(error).slice(0, 500)}`, "failed");
  if (code === "INVALID_RESULT" || code === "UNSUPPORTED_RESULT_TYPE" || code === "CAPABILITY_NOT_SUPPORTED")
    return new ToolRefusal(
      "bad-result",
      "The tool answered nothing that can be read. Say that it did not work.",
      "failed",
    );
  onLost();
  return unavailable();
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : "unknown").slice(0, 300);

/** Never rejects. */
async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  let cancel = (): void => {};
  const over = new Promise<void>((resolve) => (cancel = clock.after(ms, resolve)));
  await Promise.race([work.catch(() => undefined), over]);
  cancel();
}
