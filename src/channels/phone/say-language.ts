// The languages in which Twilio's <Say> speaks, as an organization names its own: by two letters, with a region or without. Pure.
import type twilio from "twilio";

type SayLanguage = NonNullable<
  Extract<Parameters<twilio.twiml.VoiceResponse["say"]>[0], { readonly language?: unknown }>["language"]
>;

/** For two letters the first one of them is spoken. */
const SPOKEN: readonly SayLanguage[] = [
  "af-ZA",
  "am-ET",
  "bg-BG",
  "bn-IN",
  "ca-ES",
  "cs-CZ",
  "cy-GB",
  "da-DK",
  "de-DE",
  "de-AT",
  "el-GR",
  "en-US",
  "en-AU",
  "en-CA",
  "en-GB",
  "en-IE",
  "en-IN",
  "en-NZ",
  "en-ZA",
  "es-ES",
  "es-MX",
  "es-US",
  "fi-FI",
  "fr-FR",
  "fr-BE",
  "fr-CA",
  "gu-IN",
  "he-IL",
  "hi-IN",
  "hu-HU",
  "id-ID",
  "is-IS",
  "it-IT",
  "ja-JP",
  "kn-IN",
  "ko-KR",
  "lv-LV",
  "ml-IN",
  "mr-IN",
  "ms-MY",
  "nb-NO",
  "nl-NL",
  "nl-BE",
  "pa-IN",
  "pl-PL",
  "pt-PT",
  "pt-BR",
  "ro-RO",
  "ru-RU",
  "sk-SK",
  "sr-RS",
  "sv-SE",
  "ta-IN",
  "te-IN",
  "th-TH",
  "tr-TR",
  "uk-UA",
  "vi-VN",
  "zh-CN",
  "zh-HK",
  "zh-TW",
];

/** Undefined, which is Twilio's own (en-US), for one that it does not speak: another name than its own is an error there. */
export function sayLanguage(language: string | undefined): SayLanguage | undefined {
  if (language === undefined) return undefined;
  // Norwegian as most people write it.
  const name = language.slice(0, 2) === "no" ? "nb" : language.slice(0, 2);
  return SPOKEN.find((one) => one === language) ?? SPOKEN.find((one) => one.startsWith(`${name}-`));
}
