// What the commands of this folder share: what they are given, how they fail, and what their exit codes mean.

export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** One line, or several, on standard output. */
  readonly write: (text: string) => void;
  /** The same on standard error. */
  readonly complain: (text: string) => void;
}

export const EXIT = {
  done: 0,
  /** The settings are incomplete or malformed. */
  configuration: 1,
  /** The arguments of the command are wrong. */
  usage: 2,
  /** Twilio or ngrok said no: wrong credentials, or no such number in the account. */
  refused: 3,
  /** Twilio or ngrok could not be reached, or asks for patience: the same command may work later. */
  unreachable: 4,
  /** Everything was set, but something else at the number overrides it: its calls still go elsewhere. */
  overridden: 5,
} as const;

export const EXIT_HELP = `Exit codes: 0 done, 1 settings incomplete, 2 wrong arguments, 3 refused, 4 not reachable or busy (try again),
            5 set, but the number's calls go elsewhere`;

/** A command that cannot do what it was asked; the message is for the person who typed it. */
export class CommandError extends Error {
  readonly exitCode: number;
  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CommandError";
    this.exitCode = exitCode;
  }
}

/** @param why what is wrong with the arguments. */
export const wrongArguments = (why: string): CommandError =>
  new CommandError(EXIT.usage, `${why}\n(--help tells more)`);

/** Tells why a command that asks the server or the store failed; returns its exit code. What is no Error is thrown on. */
export function tellFailure(error: unknown, terminal: Pick<Terminal, "complain">): number {
  if (!(error instanceof Error)) throw error;
  terminal.complain(error.message);
  if (error instanceof CommandError) return error.exitCode;
  // The store's own word for what it will not do; everything else is settings, or a store that can not be used.
  return error.name === "Refused" ? EXIT.refused : EXIT.configuration;
}

export function processTerminal(): Terminal {
  // A terminal that was closed must not keep a command from putting things back.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  return {
    environment: process.env,
    write: (text) => void process.stdout.write(`${text}\n`),
    complain: (text) => void process.stderr.write(`${text}\n`),
  };
}
