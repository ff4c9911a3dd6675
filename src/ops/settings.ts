// What the commands read of the configuration: through the same readConfig as the server, so that a value is good here exactly
// when it is good there. What a command needs and does not find is listed together with everything that is malformed.
import { ConfigError, readConfig, type Config } from "../config.ts";
import type { Terminal } from "./command.ts";

/** The part of the configuration that says which number is whose, and where Twilio is. */
const PHONE_VARIABLES = [
  "TWILIO_ACCOUNT_SID",
  "TWILIO_AUTH_TOKEN",
  "TWILIO_PHONE_NUMBER",
  "TWILIO_API_BASE_URL",
  "WEBHOOK_URL",
  "VOICE_FALLBACK_URL",
  "DATA_DIR",
];

/**
 * Good values for what the server insists on and a command does without, or makes itself, or has reported as missing already:
 * with them the rest can still be judged. None of them is ever used.
 */
const STAND_INS: Readonly<Record<string, string>> = {
  TWILIO_ACCOUNT_SID: `AC${"0".repeat(32)}`,
  TWILIO_AUTH_TOKEN: "stand-in",
  TWILIO_PHONE_NUMBER: "+15550000000",
  WEBHOOK_URL: "https://stand-in.invalid",
  OPENAI_API_KEY: "stand-in",
};

export interface Wanted {
  /** The command, as the person typed it. */
  readonly command: string;
  /** Variables it cannot do without. */
  readonly needs: readonly string[];
  /** Variables it makes itself: whatever they are set to is not looked at. */
  readonly makes?: readonly string[];
  /** True when a server is to be started, so that all its settings have to be good. */
  readonly wholeServer?: boolean;
}

export interface OpsSettings {
  readonly config: Config;
  readonly accountSid: string;
  readonly authToken: string;
  readonly phoneNumber: string;
}

/** @throws ConfigError listing every gap and every malformed value at once. */
export function readSettings({ environment }: Terminal, wanted: Wanted): OpsSettings {
  const makes = new Set(wanted.makes);
  const missing = wanted.needs.filter((name) => !environment[name]?.trim());
  const names = wanted.wholeServer ? Object.keys(environment) : PHONE_VARIABLES;
  const given: Record<string, string | undefined> = { ...STAND_INS };
  for (const name of names) if (environment[name]?.trim() && !makes.has(name)) given[name] = environment[name];

  const problems = missing.map((name) => `${name} is missing: ${wanted.command} needs it`);
  let config: Config | undefined;
  try {
    config = readConfig(given);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
  }
  if (!config?.phone || config.TWILIO_PHONE_NUMBER === undefined || problems.length > 0)
    throw new ConfigError(problems);
  const { accountSid, authTokens } = config.phone;
  return { config, accountSid, authToken: authTokens[0] as string, phoneNumber: config.TWILIO_PHONE_NUMBER };
}
