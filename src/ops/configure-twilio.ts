// `npm run twilio:configure`: the environment and .env go in, the exit code comes out. The command itself is in configure.ts.
import { config as loadDotenv } from "dotenv";
import { processTerminal } from "./command.ts";
import { configureTwilio } from "./configure.ts";

loadDotenv({ quiet: true });
process.exitCode = await configureTwilio(process.argv.slice(2), processTerminal());
