// How a server is reached: as a child of ours over its pipes, or over streamable HTTP. The client package is loaded when the first
// server is, so that a program without any pays nothing for it.
import type { Client, Transport } from "@modelcontextprotocol/client";
import type { McpServer } from "./servers.ts";
import { createSafeFetch } from "./safe-fetch.ts";

/** Of one message or answer: more than any result may be, so that one that is too long is cut and not the connection. */
const MOST_BYTES = 10_000_000;

export interface Opened {
  readonly client: Client;
  readonly transport: Transport;
}

export interface OpenEvents {
  onTools(): void;
  onClosed(): void;
}

/** Nothing is sent yet. */
export async function open(server: McpServer, events: OpenEvents): Promise<Opened> {
  const { Client: McpClient } = await import("@modelcontextprotocol/client");
  const client = new McpClient(
    { name: "voicebridge", version: "1" },
    // Neither sampling nor elicitation: a server asks us for nothing.
    { capabilities: {}, listChanged: { tools: { autoRefresh: false, onChanged: () => events.onTools() } } },
  );
  // Its events are properties, and not an EventTarget's.
  /* eslint-disable unicorn/prefer-add-event-listener */
  client.onclose = () => events.onClosed();
  // What is wrong with single messages ends in the time limit of whoever waits for them.
  client.onerror = () => undefined;
  /* eslint-enable unicorn/prefer-add-event-listener */
  return { client, transport: await transportOf(server) };
}

async function transportOf({ stdio, http, max_concurrent: connections }: McpServer): Promise<Transport> {
  if (http) {
    const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
    const { url, headers, allow_private: allowPrivate } = http;
    return new StreamableHTTPClientTransport(new URL(url), {
      fetch: createSafeFetch({ allowPrivate, maxBytes: MOST_BYTES }),
      requestInit: { headers },
      // A stream for the server's own messages that breaks is opened again a few times; calls do not depend on it.
      reconnectionOptions: {
        maxReconnectionDelay: 30_000,
        initialReconnectionDelay: 1000,
        reconnectionDelayGrowFactor: 2,
        maxRetries: Math.max(2, connections),
      },
    });
  }
  if (!stdio) throw new Error("a server needs stdio or http");
  const { StdioClientTransport } = await import("@modelcontextprotocol/client/stdio");
  const { command, args, env, cwd } = stdio;
  // Of our environment it inherits what the package holds for safe: PATH, HOME and the like, no key of ours.
  return new StdioClientTransport({
    command,
    args,
    env,
    stderr: "ignore",
    maxBufferSize: MOST_BYTES,
    ...(cwd !== undefined && { cwd }),
  });
}
