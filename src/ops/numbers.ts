// The account's phone numbers over Twilio's REST API: find one, read it, change it. Every way this can fail gets a message that
// says what to do.
import { createTwilioClient } from "../channels/phone/client.ts";
import { CommandError, EXIT } from "./command.ts";

/** What decides where a number's calls go, by the names Twilio's REST API gives them; "" where nothing is set. */
export interface NumberSettings {
  readonly VoiceUrl: string;
  readonly VoiceMethod: string;
  readonly VoiceFallbackUrl: string;
  readonly VoiceFallbackMethod: string;
  readonly StatusCallback: string;
  readonly StatusCallbackMethod: string;
  /** An application whose addresses are used instead of the number's. */
  readonly VoiceApplicationSid: string;
  /** A SIP trunk that takes all calls, whatever else is set. */
  readonly TrunkSid: string;
}

/** Moving a number off a trunk is nothing a command should do in passing, so TrunkSid is only read. */
export type NumberChange = Partial<Omit<NumberSettings, "TrunkSid">>;

export interface PhoneNumber {
  readonly sid: string;
  /** E.164. */
  readonly number: string;
  readonly settings: NumberSettings;
}

/** Everything here throws CommandError. */
export interface Numbers {
  /** The account itself, which shows whether one can sign in: its status (active, suspended, closed) and type (Trial, Full). */
  account(): Promise<{ readonly status: string; readonly type: string }>;
  find(number: string): Promise<PhoneNumber>;
  /** Undefined when the account has no number of this sid (any more). */
  read(sid: string): Promise<PhoneNumber | undefined>;
  /** Resolves to the number as Twilio keeps it from now on. */
  change(sid: string, change: NumberChange): Promise<PhoneNumber>;
}

export interface NumbersOptions {
  readonly accountSid: string;
  readonly authToken: string;
  readonly apiBaseUrl: string;
  /** ms; 10 000 unless told. */
  readonly timeoutMs?: number;
}

/** How many of an account's numbers a message names. */
const NAMED = 10;
const RETRIES = 3;

export function createNumbers({ accountSid, authToken, apiBaseUrl, timeoutMs = 10_000 }: NumbersOptions): Numbers {
  const account = { accountSid, authTokens: [authToken] };
  const client = createTwilioClient(account, { apiBaseUrl, timeoutMs, retries: RETRIES });

  async function ask<Result>(request: Promise<Result>): Promise<Result> {
    try {
      return await request;
    } catch (error) {
      throw failureOf(error, apiBaseUrl, timeoutMs);
    }
  }

  return {
    async account() {
      const { status, type } = await ask(client.api.v2010.accounts(accountSid).fetch());
      return { status, type };
    },
    async find(number) {
      // Twilio looks for the digits anywhere in its numbers.
      const found = await ask(client.incomingPhoneNumbers.list({ phoneNumber: number, limit: 50 }));
      const [mine] = found.filter(({ phoneNumber }) => phoneNumber === number);
      if (mine) return phoneNumberOf(mine);
      const all = await ask(client.incomingPhoneNumbers.list({ limit: 1000 }));
      throw notInAccount(
        number,
        all.map(({ phoneNumber }) => phoneNumber),
      );
    },
    async read(sid) {
      try {
        return phoneNumberOf(await client.incomingPhoneNumbers(sid).fetch());
      } catch (error) {
        if ((error as { status?: unknown }).status === 404) return undefined;
        throw failureOf(error, apiBaseUrl, timeoutMs);
      }
    },
    async change(sid, change) {
      const { VoiceUrl, VoiceMethod, VoiceFallbackUrl, VoiceFallbackMethod, VoiceApplicationSid } = change;
      const { StatusCallback, StatusCallbackMethod } = change;
      const update = {
        ...(VoiceUrl !== undefined && { voiceUrl: VoiceUrl }),
        ...(VoiceMethod !== undefined && { voiceMethod: VoiceMethod }),
        ...(VoiceFallbackUrl !== undefined && { voiceFallbackUrl: VoiceFallbackUrl }),
        ...(VoiceFallbackMethod !== undefined && { voiceFallbackMethod: VoiceFallbackMethod }),
        ...(StatusCallback !== undefined && { statusCallback: StatusCallback }),
        ...(StatusCallbackMethod !== undefined && { statusCallbackMethod: StatusCallbackMethod }),
        ...(VoiceApplicationSid !== undefined && { voiceApplicationSid: VoiceApplicationSid }),
      };
      return phoneNumberOf(await ask(client.incomingPhoneNumbers(sid).update(update)));
    },
  };
}

/** As the twilio package gives it; it declares as text what can be null. */
interface AsGiven {
  readonly sid: string;
  readonly phoneNumber: string;
  readonly voiceUrl: string | null;
  readonly voiceMethod: string | null;
  readonly voiceFallbackUrl: string | null;
  readonly voiceFallbackMethod: string | null;
  readonly statusCallback: string | null;
  readonly statusCallbackMethod: string | null;
  readonly voiceApplicationSid: string | null;
  readonly trunkSid: string | null;
}

function phoneNumberOf(given: AsGiven): PhoneNumber {
  return {
    sid: given.sid,
    number: given.phoneNumber,
    settings: {
      VoiceUrl: given.voiceUrl ?? "",
      VoiceMethod: given.voiceMethod ?? "",
      VoiceFallbackUrl: given.voiceFallbackUrl ?? "",
      VoiceFallbackMethod: given.voiceFallbackMethod ?? "",
      StatusCallback: given.statusCallback ?? "",
      StatusCallbackMethod: given.statusCallbackMethod ?? "",
      VoiceApplicationSid: given.voiceApplicationSid ?? "",
      TrunkSid: given.trunkSid ?? "",
    },
  };
}

/** Enough to recognise one's own number by, not enough to dial it. */
export function masked(number: string): string {
  return `${number.slice(0, 2)}***${number.slice(-2)}`;
}

function notInAccount(number: string, all: readonly string[]): CommandError {
  const some = all.slice(0, NAMED).map(masked).join(", ");
  const more = all.length > NAMED ? ", ..." : "";
  const has =
    all.length === 0
      ? "no numbers"
      : all.length === 1
        ? `one number: ${some}`
        : `${all.length} numbers: ${some}${more}`;
  return new CommandError(
    EXIT.refused,
    `TWILIO_PHONE_NUMBER ${masked(number)} is not in this Twilio account, which has ${has}`,
  );
}

interface Failure {
  /** HTTP status of the answer. */
  readonly status?: unknown;
  /** Twilio's number, or the network's word. */
  readonly code?: unknown;
  readonly message?: unknown;
}

function failureOf(error: unknown, apiBaseUrl: string, timeoutMs: number): CommandError {
  const { status, code, message } = error as Failure;
  const because = { cause: error };
  if (status === 401) {
    const mend = "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN do not belong together (was the token rotated?)";
    return new CommandError(EXIT.refused, `Twilio refuses to sign in (401): ${mend}`, because);
  }
  if (status === 429)
    return new CommandError(EXIT.unreachable, "Twilio asks for fewer requests (429): try again in a minute", because);
  if (typeof status === "number" && status >= 500)
    return new CommandError(EXIT.unreachable, `Twilio's REST API is in trouble (${status}): try again later`, because);
  if (typeof status === "number") {
    const number = typeof code === "number" ? `, error ${code}` : "";
    return new CommandError(EXIT.refused, `Twilio refuses (${status}${number}): ${String(message)}`, because);
  }
  if (code === "ECONNABORTED" || code === "ETIMEDOUT") {
    const waited = `did not answer within ${timeoutMs / 1000} s`;
    return new CommandError(EXIT.unreachable, `Twilio's REST API at ${apiBaseUrl} ${waited}`, because);
  }
  const why = typeof code === "string" ? code : String(message);
  return new CommandError(EXIT.unreachable, `Twilio's REST API at ${apiBaseUrl} cannot be reached (${why})`, because);
}
