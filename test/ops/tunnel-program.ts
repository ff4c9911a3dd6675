// src/ops/tunnel.ts with a local tunnel in ngrok's place, to be run as a process of its own.
import { processTerminal } from "../../src/ops/command.ts";
import { runTunnel } from "../../src/ops/run-tunnel.ts";
import { startServer } from "../../src/ops/server-process.ts";
import { onStopSignal } from "../../src/ops/stop-signal.ts";
import { openLocalTunnel } from "./local-tunnel.ts";

process.exit(
  await runTunnel(process.argv.slice(2), {
    terminal: processTerminal(),
    tunnels: () => openLocalTunnel,
    startServer,
    onStop: onStopSignal,
  }),
);
