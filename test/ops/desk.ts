// An operator's desk for the tests of the commands: an account in the simulated Twilio, a folder for DATA_DIR, and a terminal
// that keeps what is written to it.
import type { Terminal } from "../../src/ops/command.ts";
import { startTwilioSim, type TwilioSim, type TwilioSimOptions } from "../../src/sim/twilio/index.ts";
import { emptyFolder } from "../support/child.ts";

export const ACCOUNT_SID = `AC${"1".repeat(32)}`;
export const AUTH_TOKEN = "12345678901234567890123456789012";
export const NUMBER = "+15550002222";
export const OTHER_NUMBER = "+15550003344";
/** What the number was set to before anybody came. */
export const OLD = {
  VoiceUrl: "https://old.example/voice",
  VoiceMethod: "GET",
  VoiceFallbackUrl: "",
  VoiceFallbackMethod: "POST",
  StatusCallback: "https://old.example/status",
  StatusCallbackMethod: "POST",
} as const;

export interface Desk {
  readonly twilio: TwilioSim;
  readonly dataDir: string;
  /** The settings of a command, good ones; `more` wins, and undefined takes one away. */
  environment(more?: Readonly<Record<string, string | undefined>>): Record<string, string>;
  /** Settings of the number in the account now. */
  settings(): Readonly<Record<string, string>>;
  /** Changes the REST API has taken so far. */
  changes(): readonly Readonly<Record<string, string>>[];
  close(): Promise<void>;
}

export async function startDesk(options: Partial<TwilioSimOptions> = {}): Promise<Desk> {
  const folder = await emptyFolder();
  const twilio = await startTwilioSim({
    accountSid: ACCOUNT_SID,
    authToken: AUTH_TOKEN,
    numbers: [OTHER_NUMBER, { phoneNumber: NUMBER, settings: OLD }],
    ...options,
  });
  return {
    twilio,
    dataDir: folder.path,
    environment(more = {}) {
      const all = {
        TWILIO_ACCOUNT_SID: ACCOUNT_SID,
        TWILIO_AUTH_TOKEN: AUTH_TOKEN,
        TWILIO_PHONE_NUMBER: NUMBER,
        TWILIO_API_BASE_URL: twilio.baseUrl,
        WEBHOOK_URL: "https://voice.example.com",
        VOICE_FALLBACK_URL: "https://fallback.example.net/sorry",
        DATA_DIR: folder.path,
        ...more,
      };
      return Object.fromEntries(
        Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
      );
    },
    settings: () => ({ ...twilio.numbers.find(NUMBER)?.settings }),
    changes: () =>
      twilio.rest.requests.filter(({ method, status }) => method === "POST" && status === 200).map(({ form }) => form),
    async close() {
      await twilio.close();
      await folder.remove();
    },
  };
}

export interface KeptTerminal extends Terminal {
  /** Standard output and standard error so far. */
  out(): string;
  err(): string;
}

export function keptTerminal(environment: Readonly<Record<string, string>>): KeptTerminal {
  const out: string[] = [];
  const err: string[] = [];
  return {
    environment,
    write: (text) => void out.push(text),
    complain: (text) => void err.push(text),
    out: () => out.join("\n"),
    err: () => err.join("\n"),
  };
}
