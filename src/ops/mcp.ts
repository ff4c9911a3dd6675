// `npm run mcp`: the environment and .env go in, the exit code comes out. The command itself is in manage-mcp.ts.
import { config as loadDotenv } from "dotenv";
import { processTerminal } from "./command.ts";
import { manageMcp } from "./manage-mcp.ts";

loadDotenv({ quiet: true });
process.exitCode = manageMcp(process.argv.slice(2), processTerminal());
