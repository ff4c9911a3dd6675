// One connection to Redis that is kept up: opened again after every loss, and after every command that was not answered in time.
// While it is down nothing waits for it: commands are refused at once, so no queue grows.
import { createClient } from "redis";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/observe.ts";
import { StateUnavailable } from "../core/state.ts";

export type RedisClient = ReturnType<typeof makeClient>;

export interface RedisLinkOptions {
  readonly url: string;
  /** For the log. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: (isUp: boolean) => void;
}

export interface RedisLink {
  /** Begins to connect; resolves when it is up, or after the first attempt has failed. Never rejects. */
  open(): Promise<void>;
  /** @throws StateUnavailable at once while it is down, and when no answer comes within a second. */
  run<Reply>(command: (client: RedisClient) => Promise<Reply>): Promise<Reply>;
  /** Sends a command nobody waits for. Never throws. */
  send(command: (client: RedisClient) => Promise<unknown>): void;
  readonly isUp: () => boolean;
  /** Idempotent. */
  close(): void;
}

/** ms a command may take. */
const COMMAND_MS = 800;
/** ms from dialling to a usable connection. */
const CONNECT_MS = 2000;
/** ms between two attempts; with CONNECT_MS this keeps a return of Redis unnoticed for less than three seconds. */
const RETRY_MS = 500;
/** ms between two looks at whether the far side still answers: a subscriber's connection is silent otherwise. */
const PING_MS = 2000;
/** Commands on their way at the most. */
const MOST_COMMANDS = 20_000;
/** Answers that say that this server cannot serve us, though it answers: it is loading, or is not the primary any more. */
const NOT_SERVING = /^(READONLY|LOADING|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|UNBLOCKED)\b/;

function makeClient(url: string) {
  return createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: MOST_COMMANDS,
    // Reconnecting is done here: the library's own waits for replies that a hung server will never send.
    socket: { connectTimeout: CONNECT_MS, reconnectStrategy: false },
    maintNotifications: "disabled",
  });
}

export function createRedisLink({ url, name, clock, log, onChange }: RedisLinkOptions): RedisLink {
  let client: RedisClient | undefined;
  let up = false;
  let closed = false;
  /** Told once each time: an outage of minutes is one line, not hundreds. */
  let told = false;
  let cancelRetry = (): void => {};
  let cancelPing = (): void => {};

  async function attempt(): Promise<void> {
    const mine = makeClient(url);
    client = mine;
    // Without a listener an error would end the process.
    mine.on("error", (error: unknown) => lost(mine, error));
    let cancel = (): void => {};
    const tooLong = new Promise<never>((_resolve, reject) => {
      cancel = clock.after(CONNECT_MS, () => reject(new Error(`no connection within ${CONNECT_MS} ms`)));
    });
    try {
      await Promise.race([mine.connect(), tooLong]);
    } catch (error) {
      return lost(mine, error);
    } finally {
      cancel();
    }
    if (client !== mine) return;
    up = true;
    if (told) log.info("Redis is back", { connection: name });
    told = false;
    watch();
    onChange(true);
  }

  function discard(one: RedisClient): void {
    try {
      one.destroy();
    } catch {
      // It was closed already.
    }
  }

  function lost(which: RedisClient, error: unknown): void {
    if (client !== which) return;
    client = undefined;
    cancelPing();
    discard(which);
    const wasUp = up;
    up = false;
    if (closed) return;
    if (!told) {
      told = true;
      log.error("Redis cannot be reached", { connection: name, error: messageOf(error) });
    }
    cancelRetry = clock.after(RETRY_MS, () => void attempt());
    if (wasUp) onChange(false);
  }

  function watch(): void {
    cancelPing = clock.after(PING_MS, () => {
      const asked = client;
      run((one) => one.ping()).then(
        () => asked === client && watch(),
        () => undefined, // run has seen to it.
      );
    });
  }

  function run<Reply>(command: (client: RedisClient) => Promise<Reply>): Promise<Reply> {
    const mine = client;
    if (!mine || !up) return Promise.reject(new StateUnavailable());
    return new Promise<Reply>((resolve, reject) => {
      const cancel = clock.after(COMMAND_MS, () => {
        const cause = new Error(`no answer within ${COMMAND_MS} ms`);
        reject(new StateUnavailable({ cause }));
        lost(mine, cause);
      });
      command(mine).then(
        (reply) => {
          cancel();
          resolve(reply);
        },
        (error: unknown) => {
          cancel();
          reject(new StateUnavailable({ cause: error }));
          if (NOT_SERVING.test(messageOf(error))) lost(mine, error);
        },
      );
    });
  }

  return {
    open: attempt,
    run,
    send(command) {
      if (client && up) command(client).catch(() => undefined);
    },
    isUp: () => up,
    close() {
      closed = true;
      cancelRetry();
      const last = client;
      if (last) lost(last, undefined);
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
