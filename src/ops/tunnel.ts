// `npm run tunnel`: the environment, the process's signals and ngrok go in, the exit code comes out. The command itself is in
// run-tunnel.ts.
import { config as loadDotenv } from "dotenv";
import { processTerminal } from "./command.ts";
import { ngrokTunnel } from "./ngrok.ts";
import { runTunnel } from "./run-tunnel.ts";
import { startServer } from "./server-process.ts";
import { onStopSignal } from "./stop-signal.ts";

loadDotenv({ quiet: true });
const exitCode = await runTunnel(process.argv.slice(2), {
  terminal: processTerminal(),
  tunnels: ngrokTunnel,
  startServer,
  onStop: onStopSignal,
});
// ngrok's threads would keep the process.
process.exit(exitCode);
