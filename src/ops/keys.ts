// `npm run keys`: the environment and .env go in, the exit code comes out. The command itself is in manage-keys.ts.
import { config as loadDotenv } from "dotenv";
import { processTerminal } from "./command.ts";
import { manageKeys } from "./manage-keys.ts";

loadDotenv({ quiet: true });
process.exitCode = await manageKeys(process.argv.slice(2), processTerminal());
