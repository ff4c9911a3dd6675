// What of the configuration nobody else may ever see or hear: in no line of the log, and in no word of an agent.
import type { Config } from "../config.ts";

/** Shorter values would hide half of every text. */
const SHORTEST = 8;

export function secretsOf(config: Config): readonly string[] {
  const servers = Object.values(config.mcp.servers);
  return [
    config.OPENAI_API_KEY,
    config.TAVILY_API_KEY,
    config.METRICS_TOKEN,
    config.SECRET_KEY,
    ...config.API_KEYS.map(({ key }) => key),
    ...(config.phone?.authTokens ?? []),
    // What stands in an entry beside an ordinary word is a credential of that server.
    ...servers.flatMap(({ stdio, http }) => [
      ...Object.values(stdio?.env ?? {}),
      ...Object.values(http?.headers ?? {}),
    ]),
    ...[config.DATABASE_URL, config.REDIS_URL].map((url) => url && URL.canParse(url) && new URL(url).password),
  ].filter((secret): secret is string => typeof secret === "string" && secret.length >= SHORTEST);
}
