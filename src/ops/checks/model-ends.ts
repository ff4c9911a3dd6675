// When OpenAI's models end, for servers whose list of models does not say it (shutdown_date). What was announced by 2026-11-20;
// a model that is not here is not known to end.

interface Ending {
  readonly models: RegExp;
  /** YYYY-MM-DD: the first day without it. */
  readonly date: string;
  readonly instead: string;
}

const ENDINGS: readonly Ending[] = [
  {
    models: /^(gpt-5(-mini|-nano|-pro|-codex)?|o3(-mini|-pro)?)(-2025-\d\d-\d\d)?$/,
    date: "2026-12-11",
    instead: "gpt-5.6-sol",
  },
  { models: /^(tts-1(-hd)?|gpt-4o-mini-tts)(-.*)?$/, date: "2027-01-06", instead: "gpt-realtime-2.1-mini" },
  { models: /^(gpt-4o|gpt-4\.1)(-mini)?(-20\d\d-\d\d-\d\d)?$/, date: "2027-01-14", instead: "gpt-6-luna" },
  { models: /^gpt-realtime(-2025-08-28)?$/, date: "2027-01-20", instead: "gpt-realtime-2.1" },
  { models: /^gpt-(realtime|audio)-mini(-20\d\d-\d\d-\d\d)?$/, date: "2027-01-20", instead: "gpt-realtime-2.1-mini" },
  {
    models: /^(whisper-1|gpt-4o(-mini)?-transcribe(-diarize)?)(-20\d\d-\d\d-\d\d)?$/,
    date: "2027-02-26",
    instead: "gpt-live-transcribe",
  },
];

export function announcedEnd(model: string): { readonly date: string; readonly instead: string } | undefined {
  return ENDINGS.find(({ models }) => models.test(model));
}
