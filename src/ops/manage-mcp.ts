// The command behind `npm run mcp`: shows what MCP servers say of their tools, and approves what has changed. A running server heeds
// the same file.
import { parseArgs } from "node:util";
import { createPins, type Pins } from "../tools/mcp/pins.ts";
import { EXIT, tellFailure, wrongArguments, CommandError, type Terminal } from "./command.ts";
import { readStoreSettings } from "./store-settings.ts";

const HELP = `What MCP servers say of their tools. A tool whose description or schema changed, or that is new, is off until it is approved.

  npm run mcp -- list
  npm run mcp -- approve SERVER [TOOL]

  --json   one JSON object instead of text
  --help

A running server on this DATA_DIR heeds an approval at once.
Exit codes: 0 done, 1 settings or file not usable, 2 wrong arguments, 3 there is nothing to approve`;

const OPTIONS = { json: { type: "boolean", default: false }, help: { type: "boolean", default: false } } as const;

/** Returns the exit code; failures are told, not thrown. */
export function manageMcp(argv: readonly string[], terminal: Terminal): number {
  try {
    const { values, positionals } = read(argv);
    if (values.help) terminal.write(HELP);
    else run(values.json, positionals, terminal);
    return EXIT.done;
  } catch (error) {
    return tellFailure(error, terminal);
  }
}

function read(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw wrongArguments(error instanceof Error ? error.message : String(error));
  }
}

function run(json: boolean, [action, server, tool, ...more]: readonly string[], terminal: Terminal): void {
  if (more.length > 0 || (action === "list" && server !== undefined)) throw wrongArguments("too many arguments");
  const pins = createPins(readStoreSettings(terminal).DATA_DIR);
  const tell = (found: unknown, text: string): void =>
    terminal.write(json ? JSON.stringify(found, undefined, 2) : text);
  switch (action) {
    case "list":
      return tell(pins.read(), described(pins.read()));
    case "approve": {
      if (server === undefined) throw wrongArguments("approve needs a SERVER");
      const approved = pins.approve(server, tool, new Date());
      if (approved.length === 0) throw new CommandError(EXIT.refused, `there is nothing to approve of ${server}`);
      return tell({ approved }, `${server}: ${approved.join(", ")} approved.`);
    }
    default:
      throw wrongArguments(action === undefined ? "say list or approve" : `there is no ${action}`);
  }
}

function described(pins: Pins): string {
  const lines = Object.entries(pins).flatMap(([server, tools]) =>
    Object.entries(tools).map(([tool, { approved, approvedAt, changed }]) => {
      const name = `${server} ${tool}`.padEnd(40);
      if (!changed) return `${name} approved ${approvedAt ?? ""}`;
      // What a server says of itself may be written to deceive whoever reads it here as well.
      const shown = (text: string): string => JSON.stringify(text);
      return [
        `${name} OFF: ${approved === undefined ? "new" : "it says something else"} since ${changed.seenAt}`,
        `    description: ${shown(changed.description)}`,
        `    schema: ${shown(changed.schema)}`,
      ].join("\n");
    }),
  );
  return lines.length === 0 ? "No server was ever seen." : lines.join("\n");
}
