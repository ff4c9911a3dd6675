// `npm run db:check`: the environment and .env go in, the exit code comes out. The command itself is in check-database.ts.
import { config as loadDotenv } from "dotenv";
import { checkDatabase } from "./check-database.ts";
import { processTerminal } from "./command.ts";

loadDotenv({ quiet: true });
process.exitCode = await checkDatabase(process.argv.slice(2), processTerminal());
