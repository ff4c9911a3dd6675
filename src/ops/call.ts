// `npm run call`: the environment and .env go in, the exit code comes out. The command itself is in place-call.ts.
import { config as loadDotenv } from "dotenv";
import { processTerminal } from "./command.ts";
import { placeCall } from "./place-call.ts";

loadDotenv({ quiet: true });
process.exitCode = await placeCall(process.argv.slice(2), processTerminal());
