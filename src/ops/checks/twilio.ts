// The account at the carrier and what its number is set to: do calls come here, and what speaks when nobody does.
import { CommandError } from "../command.ts";
import { createNumbers, masked, type PhoneNumber } from "../numbers.ts";
import { overrideOf, planFor } from "../plan.ts";
import { fail, ok, once, skipped, warn, type Check, type Subject, type Verdict } from "./check.ts";

const ACCOUNT = "twilio-account";
const SET_IT = "npm run twilio:configure";

export function twilioChecks({ config }: Subject): readonly Check[] {
  const { phone, TWILIO_PHONE_NUMBER: mine, TWILIO_API_BASE_URL: apiBaseUrl } = config;
  const numbers = once(async () =>
    createNumbers({ accountSid: phone?.accountSid ?? "", authToken: phone?.authTokens[0] ?? "", apiBaseUrl }),
  );
  const found = once(async () => (await numbers()).find(mine ?? ""));

  /** @param look is given the number and what would be changed at it. */
  const ofNumber =
    (look: (number: PhoneNumber, change: ReturnType<typeof planFor>["change"]) => Verdict) => async () => {
      if (!phone || mine === undefined)
        return skipped("TWILIO_PHONE_NUMBER is not set: which number is ours is not known");
      const number = await found();
      const target = { webhookUrl: phone.webhookUrl, fallbackUrl: config.VOICE_FALLBACK_URL, force: false };
      return look(number, planFor(target, number.settings).change);
    };
  /** Where the number itself was not found, one line says so. */
  const ifFound = (run: () => Promise<Verdict>) => () =>
    run().catch((error: unknown) => {
      if (error instanceof CommandError) return skipped("the number was not found");
      throw error;
    });

  return [
    {
      id: ACCOUNT,
      what: "Twilio account",
      run: async () => (phone ? lookAtAccount(await (await numbers()).account()) : skipped("Twilio is not configured")),
    },
    { id: "number-webhook", what: "number's webhook", after: ACCOUNT, run: ofNumber(lookAtWebhook) },
    {
      id: "number-fallback",
      what: "number's fallback",
      after: ACCOUNT,
      run: ifFound(ofNumber((number) => lookAtFallback(number, phone?.webhookUrl ?? "", config.VOICE_FALLBACK_URL))),
    },
    {
      id: "number-status",
      what: "number's callback",
      after: ACCOUNT,
      run: ifFound(
        ofNumber(({ settings }, change) => {
          if (change.StatusCallback === undefined && change.StatusCallbackMethod === undefined)
            return ok(settings.StatusCallback);
          const now =
            settings.StatusCallback === "" ? "not set" : `${settings.StatusCallbackMethod} ${settings.StatusCallback}`;
          const wanted = `POST ${change.StatusCallback ?? settings.StatusCallback}`;
          return warn(`${now}, not ${wanted}: hang-ups before the stream are noticed late`, SET_IT);
        }),
      ),
    },
  ];
}

function lookAtAccount({ status, type }: { readonly status: string; readonly type: string }): Verdict {
  if (status !== "active") return fail(`the account is ${status}`, "see the Twilio console");
  if (type === "Trial")
    return warn(
      "signed in; a trial account",
      "callers must be verified numbers and calls end after ten minutes: upgrade it",
    );
  return ok("signed in, active");
}

function lookAtWebhook({ number, settings }: PhoneNumber, change: ReturnType<typeof planFor>["change"]): Verdict {
  const override = overrideOf(settings);
  if (override !== undefined) return { status: "fail", found: override };
  const name = masked(number);
  if (change.VoiceUrl !== undefined) {
    const now = settings.VoiceUrl === "" ? "has no webhook" : `calls ${settings.VoiceUrl}`;
    return fail(`${name} ${now}, not ${change.VoiceUrl}`, SET_IT);
  }
  return ok(`${name} calls ${settings.VoiceUrl} (${settings.VoiceMethod})`);
}

function lookAtFallback({ settings }: PhoneNumber, webhookUrl: string, wanted: string | undefined): Verdict {
  const { VoiceFallbackUrl: kept } = settings;
  const elsewhere =
    "set VOICE_FALLBACK_URL to TwiML on another host (a TwiML Bin will do), then npm run twilio:configure";
  if (kept === "" && wanted === undefined)
    return warn("none: while this server is dead, callers hear an error message of Twilio's", elsewhere);
  if (wanted !== undefined && kept !== wanted) return warn(`${kept || "none"}, not VOICE_FALLBACK_URL`, SET_IT);
  if (hostOf(kept) === hostOf(webhookUrl))
    return warn(`${kept} is on the host it stands in for: a dead server cannot speak`, elsewhere);
  return ok(kept);
}

function hostOf(url: string): string {
  try {
    return new URL(url).hostname;
  } catch {
    return "";
  }
}
