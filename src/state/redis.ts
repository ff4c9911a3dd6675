// State that several instances share, in Redis (6.2 or newer). Two connections: one for commands, one for what others publish.
// Everything kept there has a lifetime, and whatever has to be atomic is one command or one script.
import type { CallEnding } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/observe.ts";
import type { CallDraft, LiveCall, State, StreamGrant } from "../core/state.ts";
import { LIFETIMES } from "./lifetimes.ts";
import { createRedisLink, type RedisClient, type RedisLink } from "./redis-link.ts";
import * as scripts from "./redis-scripts.ts";
import { createTopics } from "./topics.ts";

export interface RedisStateOptions {
  readonly url: string;
  /** Of every key and channel; several installations may share a server. */
  readonly prefix?: string;
  /** Names this process among those that publish: unguessable. */
  readonly origin: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange?: (isUp: boolean) => void;
}

export interface RedisState extends State {
  /** Begins to connect; resolves when connected or when the first attempt has failed. Never rejects. */
  open(): Promise<void>;
}

/** What goes through a channel: who sent it, so that its own listeners, who were told at once, are not told twice. */
interface Envelope {
  readonly from: string;
  readonly message: unknown;
}

export function createRedisState(options: RedisStateOptions): RedisState {
  const { url, prefix = "voicebridge:", origin, clock, log } = options;
  const key = (kind: string, name: string): string => `${prefix}${kind}:${name}`;
  const channel = (topic: string): string => key("topic", topic);

  const link = createRedisLink({ url, name: "commands", clock, log, onChange: (isUp) => options.onChange?.(isUp) });
  const ears: RedisLink = createRedisLink({
    url,
    name: "messages",
    clock,
    log,
    onChange(isUp) {
      // Subscriptions belong to a connection.
      const channels = topics.names().map(channel);
      if (isUp && channels.length > 0) ears.send((client) => client.subscribe(channels, hear));
    },
  });
  const topics = createTopics({
    first: (topic) => ears.send((client) => client.subscribe(channel(topic), hear)),
    last: (topic) => ears.send((client) => client.unsubscribe(channel(topic))),
  });

  function hear(text: string, from: string): void {
    try {
      const envelope = JSON.parse(text) as Envelope;
      if (envelope.from !== origin) topics.deliver(from.slice(channel("").length), envelope.message);
    } catch {
      log.warn("a message of another instance could not be read");
    }
  }

  const run = <Reply>(command: (client: RedisClient) => Promise<Reply>): Promise<Reply> => link.run(command);
  const script = (text: string, ...args: (string | number)[]): Promise<unknown> =>
    run((client) => client.eval(text, { keys: [], arguments: [prefix, ...args.map(String)] }));
  const read = async <Value>(kind: string, name: string): Promise<Value | undefined> => {
    const text = await run((client) => client.get(key(kind, name)));
    return text === null ? undefined : (JSON.parse(text) as Value);
  };
  const write = async (kind: string, name: string, value: unknown, ttlMs: number): Promise<void> => {
    const text = JSON.stringify(value) ?? "null";
    await run((client) => client.set(key(kind, name), text, { expiration: { type: "PX", value: ttlMs } }));
  };
  const parsed = (reply: unknown): unknown => (typeof reply === "string" ? JSON.parse(reply) : undefined);

  return {
    async open() {
      await Promise.all([link.open(), ears.open()]);
    },
    async putToken(token, grant, ttlMs) {
      await script(scripts.PUT_TOKEN, token, JSON.stringify(grant), ttlMs, grant.party.carrierId);
    },
    takeToken: async (token) => parsed(await script(scripts.TAKE_TOKEN, token)) as StreamGrant | undefined,
    async unspentToken(carrierId) {
      return (await run((client) => client.get(key("token-of", carrierId)))) ?? undefined;
    },
    putEnding: (carrierId, ending) => write("ending", carrierId, ending, LIFETIMES.endingMs),
    getEnding: (carrierId) => read<CallEnding>("ending", carrierId),
    async dropEnding(carrierId) {
      await run((client) => client.del(key("ending", carrierId)));
    },

    async enlist(call) {
      const { callId, carrierId, instance } = call;
      await script(scripts.ENLIST, callId, carrierId, instance, JSON.stringify(call), LIFETIMES.callMs);
    },
    async delist(callId, instance) {
      await script(scripts.DELIST, callId, instance);
    },
    live: async () => ((await script(scripts.LIVE)) as string[]).map((text) => JSON.parse(text) as LiveCall),
    findLive: async (id) => parsed(await script(scripts.FIND_LIVE, id)) as LiveCall | undefined,
    async heartbeat(instance, ttlMs) {
      // A beat that is missed is made up for by the next one.
      await write("alive", instance, 1, ttlMs).catch(() => undefined);
    },
    async takeDead() {
      const reply = (await script(scripts.TAKE_DEAD)) as string[];
      const dead = new Map<string, LiveCall[]>();
      for (let at = 0; at + 1 < reply.length; at += 2) {
        const instance = reply[at] as string;
        dead.set(instance, [...(dead.get(instance) ?? []), JSON.parse(reply[at + 1] as string) as LiveCall]);
      }
      return [...dead].map(([instance, calls]) => ({ instance, calls }));
    },
    putDraft: (callId, draft) => write("draft", callId, draft, LIFETIMES.draftMs),
    getDraft: (callId) => read<CallDraft>("draft", callId),
    async dropDraft(callId) {
      await run((client) => client.del(key("draft", callId)));
    },

    hit: async (name, windowMs) => Number(await script(scripts.HIT, name, windowMs)),
    add: async (name, amount, ttlMs) => Number(await script(scripts.ADD, name, amount, ttlMs)),
    async first(name, ttlMs) {
      const expiration = { type: "PX", value: ttlMs } as const;
      return (await run((client) => client.set(key("first", name), "1", { condition: "NX", expiration }))) !== null;
    },
    stand: async (line, who, ttlMs) => Number(await script(scripts.STAND, line, who, ttlMs)),
    async leave(line, who) {
      await run((client) => client.zRem(key("line", line), who));
    },
    async takePlace(room, who, most, ttlMs) {
      const limit = Math.min(most, Number.MAX_SAFE_INTEGER);
      return (await script(scripts.TAKE_PLACE, room, who, limit, ttlMs)) === 1;
    },
    async leavePlace(room, who) {
      await run((client) => client.zRem(key("room", room), who));
    },
    put: (name, value, ttlMs) => write("value", name, value, ttlMs),
    get: (name) => read("value", name),
    async drop(name) {
      await run((client) => client.del([key("value", name), key("first", name)]));
    },

    publish(topic, message) {
      topics.deliver(topic, message);
      if (!link.isUp()) return;
      const envelope: Envelope = { from: origin, message };
      link.send((client) => client.publish(channel(topic), JSON.stringify(envelope)));
    },
    subscribe: topics.subscribe,
    async isHeard(topic) {
      const name = channel(topic);
      return Number((await run((client) => client.pubSubNumSub([name])))[name]) > 0;
    },
    // Those on other instances are not known here.
    mayBeHeard: () => true,
    isUp: link.isUp,
    async close() {
      link.close();
      ears.close();
      topics.clear();
    },
  };
}
