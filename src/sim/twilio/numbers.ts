// The phone numbers of the simulated account: a book of them with the settings Twilio keeps for voice, and their form on
// the REST API. Changing one takes effect for the next call.
import { rfc2822 } from "./request-params.ts";
import type { Chance } from "./sids.ts";

/** The settings that can be changed over REST, by their REST names, with the values Twilio gives a new number. */
const SETTINGS = {
  FriendlyName: "",
  VoiceUrl: "",
  VoiceMethod: "POST",
  VoiceFallbackUrl: "",
  VoiceFallbackMethod: "POST",
  StatusCallback: "",
  StatusCallbackMethod: "POST",
  VoiceApplicationSid: "",
  TrunkSid: "",
  SmsUrl: "",
  SmsMethod: "POST",
};
export type NumberSetting = keyof typeof SETTINGS;

export interface PhoneNumber {
  sid: string;
  phoneNumber: string;
  settings: Record<NumberSetting, string>;
  createdAt: Date;
  updatedAt: Date;
}

export interface NumberBook {
  add(phoneNumber: string, settings?: Partial<Record<NumberSetting, string>>): PhoneNumber;
  find(phoneNumber: string): PhoneNumber | undefined;
  bySid(sid: string): PhoneNumber | undefined;
  list(): PhoneNumber[];
  /** Takes over the settings a form names; others are not touched. Returns what is wrong with it, in Twilio's words. */
  update(number: PhoneNumber, form: ReadonlyMap<string, string>): string | undefined;
}

export function createNumberBook(chance: Chance): NumberBook {
  const book = new Map<string, PhoneNumber>();
  return {
    add(phoneNumber, settings = {}) {
      const now = new Date();
      const number = {
        sid: chance.sid("PN"),
        phoneNumber,
        createdAt: now,
        updatedAt: now,
        settings: { ...SETTINGS, FriendlyName: phoneNumber, ...settings },
      };
      book.set(phoneNumber, number);
      return number;
    },
    find: (phoneNumber) => book.get(phoneNumber),
    bySid: (sid) => [...book.values()].find((number) => number.sid === sid),
    list: () => [...book.values()],
    update(number, form) {
      const names = (Object.keys(SETTINGS) as NumberSetting[]).filter((name) => form.has(name));
      for (const name of names) {
        const value = form.get(name) ?? "";
        const isUrl = name.endsWith("Url") || name === "StatusCallback";
        if (isUrl && value !== "" && !/^https?:\/\/[^\s/]+/i.test(value)) return `${name} is not valid: ${value}`;
        if (name.endsWith("Method") && !/^(GET|POST)$/i.test(value)) return `${name} is not valid: ${value}`;
      }
      for (const name of names) number.settings[name] = form.get(name) ?? "";
      if (names.length > 0) number.updatedAt = new Date();
      return undefined;
    },
  };
}

const orNull = (value: string) => (value === "" ? null : value);

/** The number as `IncomingPhoneNumbers/{sid}.json` shows it. */
export function numberJson(number: PhoneNumber, accountSid: string): Record<string, unknown> {
  const { settings } = number;
  return {
    sid: number.sid,
    account_sid: accountSid,
    friendly_name: settings.FriendlyName,
    phone_number: number.phoneNumber,
    voice_url: settings.VoiceUrl,
    voice_method: settings.VoiceMethod,
    voice_fallback_url: settings.VoiceFallbackUrl,
    voice_fallback_method: settings.VoiceFallbackMethod,
    voice_caller_id_lookup: false,
    voice_application_sid: orNull(settings.VoiceApplicationSid),
    voice_receive_mode: "voice",
    trunk_sid: orNull(settings.TrunkSid),
    status_callback: settings.StatusCallback,
    status_callback_method: settings.StatusCallbackMethod,
    sms_url: settings.SmsUrl,
    sms_method: settings.SmsMethod,
    sms_fallback_url: "",
    sms_fallback_method: "POST",
    sms_application_sid: null,
    address_requirements: "none",
    beta: false,
    capabilities: { voice: true, sms: true, mms: true, fax: false },
    api_version: "2010-04-01",
    origin: "twilio",
    status: "in-use",
    emergency_status: "Active",
    emergency_address_sid: null,
    emergency_address_status: "unregistered",
    address_sid: null,
    identity_sid: null,
    bundle_sid: null,
    date_created: rfc2822(number.createdAt),
    date_updated: rfc2822(number.updatedAt),
    uri: `/2010-04-01/Accounts/${accountSid}/IncomingPhoneNumbers/${number.sid}.json`,
  };
}
