// `npm run org`: the environment and .env go in, the exit code comes out. The command itself is in manage-organizations.ts.
import { config as loadDotenv } from "dotenv";
import { processTerminal } from "./command.ts";
import { manageOrganizations } from "./manage-organizations.ts";

loadDotenv({ quiet: true });
process.exitCode = await manageOrganizations(process.argv.slice(2), processTerminal());
