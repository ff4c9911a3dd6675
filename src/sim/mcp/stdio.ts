/**
 * The desktop as a program of its own, over its pipes. MCP_SIM_BEHAVIOUR names a JSON file that is looked at for every message,
 * MCP_SIM_DONE one that every action is added to.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { createDesktop, type Behaviour } from "./desktop.ts";

const { MCP_SIM_BEHAVIOUR: file, MCP_SIM_DONE: done } = process.env;

const server = createDesktop({
  behaviour: () => (file === undefined ? {} : (JSON.parse(readFileSync(file, "utf8")) as Behaviour)),
  onCall: (one) => done !== undefined && appendFileSync(done, `${JSON.stringify(one)}\n`),
  writeRaw: (text) => void process.stdout.write(text),
  die: () => process.exit(1),
});
await server.connect(new StdioServerTransport());
