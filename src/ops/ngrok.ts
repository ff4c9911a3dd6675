// A public address for a server on this machine. The port is one function; behind it stands ngrok, an optional package, of which
// only the part that is needed is described here.
import { CommandError, EXIT } from "./command.ts";

export interface Tunnel {
  /** https://..., without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

export interface TunnelRequest {
  /** host:port of the server. */
  readonly target: string;
  /** Told when the tunnel breaks and comes back; it reconnects by itself. */
  readonly onStatus: (status: string) => void;
}

/** @throws CommandError */
export type OpenTunnel = (request: TunnelRequest) => Promise<Tunnel>;

/** What is used of @ngrok/ngrok. */
export interface NgrokPackage {
  forward(config: {
    addr: string;
    authtoken: string;
    domain?: string;
    onStatusChange: (status: string) => void;
  }): Promise<{ url(): string | null; close(): Promise<void> }>;
}

export interface NgrokOptions {
  readonly authtoken: string;
  /** A domain reserved at ngrok; without one the account's own is taken. */
  readonly domain?: string | undefined;
  /** Imports the package. */
  readonly load?: () => Promise<NgrokPackage>;
  /** ms that opening may take; 20 000 unless told. */
  readonly openMs?: number;
}

const PACKAGE: string = "@ngrok/ngrok";

async function importNgrok(): Promise<NgrokPackage> {
  // By a name the compiler does not look up: the program has to build without the package.
  const module = (await import(PACKAGE)) as { readonly default: NgrokPackage };
  return module.default;
}

export function ngrokTunnel({ authtoken, domain, load = importNgrok, openMs = 20_000 }: NgrokOptions): OpenTunnel {
  return async ({ target, onStatus }) => {
    let ngrok: NgrokPackage;
    try {
      ngrok = await load();
    } catch (error) {
      const why = `the optional package ${PACKAGE} is not usable here (npm install ${PACKAGE}): ${messageOf(error)}`;
      throw new CommandError(EXIT.configuration, why, { cause: error });
    }
    const opening = ngrok.forward({
      addr: target,
      authtoken,
      ...(domain !== undefined && { domain }),
      onStatusChange: onStatus,
    });
    try {
      const listener = await within(openMs, opening);
      const url = listener.url();
      if (url === null) throw new Error("it has no address");
      return { url: url.replace(/\/+$/, ""), close: () => listener.close() };
    } catch (error) {
      // A tunnel that comes too late is nobody's.
      opening.then((listener) => listener.close()).catch(() => undefined);
      const why = messageOf(error).replaceAll(authtoken, "***");
      // ngrok's own numbers stand for a refusal: ERR_NGROK_105 and 107 for the token, 320 for the domain.
      const exitCode = /ERR_NGROK_\d+/.test(why) ? EXIT.refused : EXIT.unreachable;
      throw new CommandError(exitCode, `ngrok opened no tunnel: ${why}`, { cause: error });
    }
  };
}

function within<Result>(ms: number, promise: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
