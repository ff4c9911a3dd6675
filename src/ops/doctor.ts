// `npm run doctor`: the environment and .env go in, the exit code comes out. The command itself is in diagnose.ts.
import { config as loadDotenv } from "dotenv";
import { systemClock } from "../observe/system.ts";
import { processTerminal } from "./command.ts";
import { diagnose } from "./diagnose.ts";

/** ms after which what a check has left open (a far side that never answers) no longer keeps the process. */
const LINGER_MS = 500;

loadDotenv({ quiet: true });
process.exitCode = await diagnose(process.argv.slice(2), processTerminal(), { clock: systemClock });
setTimeout(() => process.exit(), LINGER_MS).unref();
