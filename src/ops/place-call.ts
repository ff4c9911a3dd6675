// The command behind `npm run call`: has the running server place a call. It holds no rules of its own; what the server refuses it
// says why.
import { parseArgs } from "node:util";
import { askServer } from "./ask-server.ts";
import { CommandError, EXIT, tellFailure, wrongArguments, type Terminal } from "./command.ts";
import { readStoreSettings } from "./store-settings.ts";

const HELP = `Places a call by the server that runs on this DATA_DIR. docs/outbound.md tells whom it calls and whom it does not.

  npm run call -- +12025550123 [--org ID] [--purpose "why they are called, for the agent"]

Exit codes: 0 placed, 1 settings not usable, 2 wrong arguments, 3 refused, 4 no server runs here, or it does not answer`;

/** Resolves to the exit code; failures are told, not thrown. */
export async function placeCall(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const { values, positionals } = read(argv);
    if (values.help) {
      terminal.write(HELP);
      return EXIT.done;
    }
    const [to, ...more] = positionals;
    if (to === undefined || more.length > 0) throw wrongArguments("give one number to call");
    const { DATA_DIR: dataDir } = readStoreSettings(terminal);
    const { org, purpose } = values;
    const input = { to, ...(org !== undefined && { org }), ...(purpose !== undefined && { purpose }) };
    const answer = await askServer(dataDir, "call.place", input);
    if (!answer)
      throw new CommandError(EXIT.unreachable, `no server runs on DATA_DIR=${dataDir}: start it with npm start`);
    if (answer.error !== undefined) throw new CommandError(EXIT.refused, answer.error);
    const { call_id: callId } = answer.output as { readonly call_id: string };
    terminal.write(`${callId} is placed; GET /api/calls/${callId} tells what becomes of it`);
    return EXIT.done;
  } catch (error) {
    return tellFailure(error, terminal);
  }
}

function read(argv: readonly string[]) {
  try {
    const options = {
      org: { type: "string" },
      purpose: { type: "string" },
      help: { type: "boolean", default: false },
    } as const;
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw wrongArguments(error instanceof Error ? error.message : String(error));
  }
}
