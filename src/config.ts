// Environment -> one frozen, typed Config. The only reader of process.env. Everything that is wrong is told at once.
import { readFileSync } from "node:fs";
import { NO_SERVERS, readMcpServers } from "./config/mcp-servers.ts";
import { isVendorHost, phoneGaps, sharedProblems, threadProblems, voiceProblems } from "./config/checks.ts";
import { priceGaps, type Surroundings } from "./organizations/misgivings.ts";
import { readPrices, type Prices } from "./organizations/prices.ts";
import { fileProblems } from "./config/files.ts";
import { variables, type Variables } from "./config/variables.ts";
import type { McpServers } from "./tools/mcp/servers.ts";

export type Config = Readonly<Omit<Variables, "THREAD_CLIENT">> & {
  readonly THREAD_CLIENT: "responses" | "assistants" | "chat";
  /** Present when the phone channel is configured. */
  readonly phone?: PhoneConfig;
  /** What the start-up log should warn of. */
  readonly warnings: readonly string[];
  /** Text of PERSONA_FILE. */
  readonly persona?: string;
  /** Contents of PRICES_FILE. */
  readonly prices?: Prices;
  /** Contents of MCP_SERVERS_FILE. */
  readonly mcp: McpServers;
};

export interface PhoneConfig {
  readonly accountSid: string;
  /** The primary and, during a rotation, the secondary token. */
  readonly authTokens: readonly string[];
  /** https://host[:port], no trailing slash. */
  readonly webhookUrl: string;
  readonly validate: boolean;
}

export const VARIABLE_NAMES: readonly string[] = Object.keys(variables.shape);

/** The environment does not describe a server that could run; the message lists everything wrong and how to mend it. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(
      `The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join("\n")}\n` +
        "Mend these in the environment or in .env (every variable is explained in .env.example).\n" +
        "To hear a call without any account: npm run demo",
    );
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** @throws ConfigError listing every problem at once. An empty variable counts as unset. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given: Record<string, string> = {};
  for (const name of VARIABLE_NAMES) {
    const value = environment[name]?.trim();
    if (value) given[name] = value;
  }
  const problems: string[] = [];
  const parsed = variables.safeParse(given);
  for (const issue of parsed.error?.issues ?? []) problems.push(`${issue.path.join(".")} ${issue.message}`);
  problems.push(
    ...phoneGaps(given),
    ...threadProblems(given),
    ...voiceProblems(given),
    ...sharedProblems(given),
    ...fileProblems(given),
  );

  const file = (name: "PERSONA_FILE" | "PRICES_FILE" | "MCP_SERVERS_FILE"): string | undefined => {
    const path = given[name];
    try {
      return path === undefined ? undefined : readFileSync(path, "utf8");
    } catch {
      problems.push(`${name} cannot be read: ${path}`);
      return undefined;
    }
  };
  const persona = file("PERSONA_FILE");
  const prices = pricesIn(file("PRICES_FILE"), problems);
  const mcp = serversIn(file("MCP_SERVERS_FILE"), { environment, given, keys: parsed.data?.API_KEYS ?? [] }, problems);
  if (!parsed.data || problems.length > 0) throw new ConfigError(problems);
  return deepFreeze({
    ...assemble(parsed.data, prices),
    mcp,
    ...(persona !== undefined && { persona }),
    ...(prices !== undefined && { prices }),
  });
}

function pricesIn(text: string | undefined, problems: string[]): Prices | undefined {
  if (text === undefined) return undefined;
  const read = readPrices(text);
  if (read.ok) return read.prices;
  problems.push(...read.problems.map((problem) => `PRICES_FILE ${problem} (docs/prices.md)`));
  return undefined;
}

/** Those whose values nobody else is given. */
const SECRETS = ["OPENAI_API_KEY", "TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_SECONDARY", "SECRET_KEY", "METRICS_TOKEN"];

function serversIn(
  text: string | undefined,
  from: {
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly given: Readonly<Record<string, string>>;
    readonly keys: Variables["API_KEYS"];
  },
  problems: string[],
): McpServers {
  if (text === undefined) return NO_SERVERS;
  const secrets = [...SECRETS.map((name) => from.given[name]), ...from.keys.map(({ key }) => key)];
  const read = readMcpServers(text, {
    environment: from.environment,
    own: VARIABLE_NAMES,
    secrets: secrets.filter((secret) => secret !== undefined),
  });
  if (read.ok) return read.servers;
  problems.push(...read.problems.map((problem) => `MCP_SERVERS_FILE ${problem} (docs/mcp.md)`));
  return NO_SERVERS;
}

/** What configurations of organizations are judged against. */
export function surroundingsOf(config: Omit<Config, "phone" | "warnings" | "mcp">): Surroundings {
  return {
    mode: config.VOICE_MODE,
    client: config.THREAD_CLIENT,
    voiceModel: config.REALTIME_MODEL,
    transcriptionModel: config.TRANSCRIPTION_MODEL,
    threadModel: config.ASSISTANT_MODEL,
    assistantId: config.AGENT_WORKFLOW_ID,
    assistantsGone: isVendorHost(config.OPENAI_BASE_URL),
    prices: config.prices,
  };
}

function assemble(values: Variables, prices: Prices | undefined): Omit<Config, "mcp"> {
  const warnings: string[] = [];
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: token, WEBHOOK_URL: webhookUrl } = values;
  if (!accountSid) warnings.push("Twilio is not configured: the phone routes are off (they answer 404)");
  if (!values.OPENAI_API_KEY) warnings.push("OPENAI_API_KEY is not set: nothing that needs a model will work");
  if (!values.TWILIO_VALIDATE) warnings.push("TWILIO_VALIDATE=false: anyone who finds this address can place calls");
  const phone: PhoneConfig | undefined =
    accountSid && token && webhookUrl
      ? {
          accountSid,
          authTokens: [token, ...(values.TWILIO_AUTH_TOKEN_SECONDARY ? [values.TWILIO_AUTH_TOKEN_SECONDARY] : [])],
          webhookUrl,
          validate: values.TWILIO_VALIDATE,
        }
      : undefined;
  const client =
    values.THREAD_CLIENT ??
    (values.AGENT_WORKFLOW_ID?.startsWith("asst_") && !isVendorHost(values.OPENAI_BASE_URL)
      ? "assistants"
      : "responses");
  const gaps = prices ? priceGaps(prices, surroundingsOf({ ...values, THREAD_CLIENT: client })) : [];
  if (gaps.length > 0)
    warnings.push(`PRICES_FILE lacks the price of ${gaps.join(" and of ")}: what calls cost is not known`);
  return {
    ...values,
    THREAD_CLIENT: client,
    ...(phone && { phone }),
    warnings,
  };
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (part && typeof part === "object") deepFreeze(part as object);
  return Object.freeze(value);
}
