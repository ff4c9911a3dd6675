/**
 * An MCP server with the eleven tools of a Windows desktop, which does nothing but remember what it was told, and can misbehave in
 * every way a server can.
 */
import { Server } from "@modelcontextprotocol/server";

export type Fault = "throw" | "reject" | "undefined" | "cycle" | "garbage" | "huge" | "never" | "die" | "is-error";

export interface Behaviour {
  /** What calls of a tool come to; absent: they work. */
  readonly fault?: Fault;
  /** Only of this tool. */
  readonly faultOf?: string;
  /** Put after the description of this tool. */
  readonly describes?: { readonly tool: string; readonly text: string };
  /** A tool more than there was. */
  readonly extra?: string;
  /** Stands in what State and Scrape answer. */
  readonly injects?: string;
}

export interface Done {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface DesktopOptions {
  readonly behaviour: () => Behaviour;
  readonly onCall: (done: Done) => void;
  /** Writes this to the wire, where there is one. */
  readonly writeRaw?: (text: string) => void;
  readonly die: () => void;
}

const PAGE = 4;
const HUGE = 5_000_000;

const loc = { type: "array", items: { type: "integer" }, minItems: 2, maxItems: 2, description: "x and y." };
const object = (properties: Record<string, unknown>, required: string[] = Object.keys(properties)) => ({
  type: "object" as const,
  properties,
  required,
  additionalProperties: false,
});
const text = { type: "string" };

export const DESKTOP_TOOLS = [
  { name: "State-Tool", description: "Capture desktop state and interactive elements.", inputSchema: object({}) },
  { name: "Click-Tool", description: "Click at coordinates.", inputSchema: object({ loc }) },
  { name: "Type-Tool", description: "Type text at coordinates.", inputSchema: object({ loc, text }) },
  { name: "Move-Tool", description: "Move the mouse cursor.", inputSchema: object({ loc }) },
  { name: "Drag-Tool", description: "Drag and drop.", inputSchema: object({ from: loc, to: loc }) },
  {
    name: "Scroll-Tool",
    description: "Scroll a window.",
    inputSchema: object({ direction: { enum: ["up", "down"] } }),
  },
  { name: "Shortcut-Tool", description: "Execute a keyboard shortcut.", inputSchema: object({ shortcut: text }) },
  {
    name: "App-Tool",
    description: "Launch, resize or switch applications.",
    inputSchema: object({ mode: { enum: ["launch", "resize", "switch"] }, name: text }),
  },
  { name: "Powershell-Tool", description: "Execute a PowerShell command.", inputSchema: object({ command: text }) },
  {
    name: "Wait-Tool",
    description: "Pause for the UI.",
    inputSchema: object({ seconds: { type: "integer", maximum: 5 } }),
  },
  { name: "Scrape-Tool", description: "Fetch the content of a page.", inputSchema: object({ url: text }) },
] as const;

export function createDesktop({ behaviour, onCall, writeRaw, die }: DesktopOptions): Server {
  const server = new Server(
    { name: "desktop-sim", version: "1.0.0" },
    { capabilities: { tools: { listChanged: true } } },
  );

  server.setRequestHandler("tools/list", ({ params }) => {
    const { describes, extra } = behaviour();
    const all = [
      ...DESKTOP_TOOLS.map((tool) =>
        describes?.tool === tool.name ? { ...tool, description: `${tool.description} ${describes.text}` } : tool,
      ),
      ...(extra === undefined ? [] : [{ name: extra, description: "New.", inputSchema: object({}) }]),
    ];
    const from = Number(params?.cursor ?? 0);
    const next = from + PAGE;
    return { tools: all.slice(from, next), ...(next < all.length && { nextCursor: String(next) }) } as never;
  });

  server.setRequestHandler("tools/call", async ({ params }) => {
    const { fault, faultOf, injects = "" } = behaviour();
    const { name, arguments: args = {} } = params;
    if (fault && (faultOf === undefined || faultOf === name)) return (await misbehave(fault)) as never;
    onCall({ tool: name, args });
    const said = name === "State-Tool" || name === "Scrape-Tool" ? `Notepad is open. ${injects}` : `${name} is done.`;
    return { content: [{ type: "text", text: said }] };
  });

  async function misbehave(fault: Fault): Promise<unknown> {
    switch (fault) {
      case "throw":
        throw new Error("thrown on purpose");
      case "reject":
        return Promise.reject(new Error("rejected on purpose"));
      case "undefined":
        return undefined;
      case "cycle": {
        const around: Record<string, unknown> = {};
        around["around"] = around;
        return { content: [], structuredContent: around };
      }
      case "garbage":
        writeRaw?.('{"jsonrpc": "2.0", "id": 1, \n');
        return { content: "no list", isError: "maybe" };
      case "huge":
        return { content: [{ type: "text", text: "x".repeat(HUGE) }] };
      case "never":
        return new Promise(() => undefined);
      case "is-error":
        return { content: [{ type: "text", text: "the window is gone" }], isError: true };
      case "die":
        die();
        return new Promise(() => undefined);
    }
  }

  return server;
}
