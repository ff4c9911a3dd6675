// `npm run migrate`: the environment and .env go in, the exit code comes out. The command itself is in migrate-database.ts.
import { config as loadDotenv } from "dotenv";
import { processTerminal } from "./command.ts";
import { migrateDatabase } from "./migrate-database.ts";

loadDotenv({ quiet: true });
process.exitCode = await migrateDatabase(process.argv.slice(2), processTerminal());
