// What is to be changed at a number so that its calls come to us, and what is to be changed back. Pure functions of settings.
import { VOICE_PATHS } from "../channels/phone/paths.ts";
import type { NumberChange, NumberSettings } from "./numbers.ts";

export interface Target {
  /** Public origin of the server. */
  readonly webhookUrl: string;
  /** TwiML elsewhere, for when the server is dead. */
  readonly fallbackUrl?: string | undefined;
  /** Take an application that overrides the address off the number. */
  readonly force: boolean;
}

export interface Plan {
  /** What differs from what is there; empty when there is nothing to do. */
  readonly change: NumberChange;
  readonly after: NumberSettings;
  /** Sentences for the operator. */
  readonly warnings: readonly string[];
  /** Even then the number's calls would go elsewhere. */
  readonly overridden: boolean;
}

export function planFor({ webhookUrl, fallbackUrl, force }: Target, before: NumberSettings): Plan {
  const wanted: NumberChange = {
    VoiceUrl: webhookUrl + VOICE_PATHS.incoming,
    VoiceMethod: "POST",
    // A file on a plain web host answers GET alone, and so does everything else.
    ...(fallbackUrl !== undefined && { VoiceFallbackUrl: fallbackUrl, VoiceFallbackMethod: "GET" }),
    StatusCallback: webhookUrl + VOICE_PATHS.status,
    StatusCallbackMethod: "POST",
    ...(force && { VoiceApplicationSid: "" }),
  };
  const change = differences(wanted, before);
  const after = { ...before, ...change };
  const override = overrideOf(after);
  const warnings = [...addressWarnings(webhookUrl), ...fallbackWarnings(webhookUrl, fallbackUrl, after)];
  return {
    change,
    after,
    warnings: override === undefined ? warnings : [...warnings, override],
    overridden: override !== undefined,
  };
}

function differences(wanted: NumberChange, before: NumberSettings): NumberChange {
  const differing = Object.entries(wanted).filter(([name, value]) => before[name as keyof NumberSettings] !== value);
  return Object.fromEntries(differing);
}

function addressWarnings(webhookUrl: string): string[] {
  const { protocol } = new URL(webhookUrl);
  // The configuration takes http for this machine only.
  if (protocol === "https:") return [];
  return [
    `${webhookUrl} is an address of this machine, which Twilio cannot reach (npm run tunnel opens one that it can)`,
  ];
}

function fallbackWarnings(webhookUrl: string, fallbackUrl: string | undefined, after: NumberSettings): string[] {
  const kept = after.VoiceFallbackUrl;
  if (kept === "") {
    const mend = "set it to TwiML on another host (a TwiML Bin will do)";
    return [
      `VOICE_FALLBACK_URL is not set: while this server is dead, callers hear an error message of Twilio's; ${mend}`,
    ];
  }
  const warnings: string[] = [];
  if (fallbackUrl === undefined) warnings.push(`VOICE_FALLBACK_URL is not set: the number keeps its fallback, ${kept}`);
  if (hostOf(kept) === hostOf(webhookUrl))
    warnings.push(`The fallback ${kept} is on the host it stands in for: a dead server cannot speak; use another host`);
  return warnings;
}

function hostOf(url: string): string {
  try {
    return new URL(url).hostname;
  } catch {
    return "";
  }
}

/** What takes the number's calls whatever its VoiceUrl is, as a sentence; undefined when nothing does. */
export function overrideOf({ VoiceApplicationSid: application, TrunkSid: trunk }: NumberSettings): string | undefined {
  // A trunk beats an application, so that taking the application off would change nothing.
  if (trunk)
    return `TrunkSid ${trunk} overrides VoiceUrl, so that no call comes here: take the number off its SIP trunk in the Twilio console`;
  if (application)
    return `VoiceApplicationSid ${application} overrides VoiceUrl, so that no call comes here: --force takes it off the number`;
  return undefined;
}

/** Settings that make sense only together; the first one says whose they are. */
const GROUPS = [
  ["VoiceUrl", "VoiceMethod"],
  ["VoiceFallbackUrl", "VoiceFallbackMethod"],
  ["StatusCallback", "StatusCallbackMethod"],
  ["VoiceApplicationSid"],
] as const;

export interface Restoration {
  readonly change: NumberChange;
  /** Settings that somebody else has changed meanwhile: they stay. */
  readonly left: readonly string[];
}

/** Puts back what is still as we made it. @param before as it was. @param made as we left it. @param now as it is. */
export function restorationOf(before: NumberSettings, made: NumberSettings, now: NumberSettings): Restoration {
  const change: Record<string, string> = {};
  const left: string[] = [];
  for (const group of GROUPS) {
    const [leader] = group;
    if (now[leader] === made[leader]) {
      // Nobody can set a method to nothing, even where nothing was set before.
      for (const name of group)
        if (now[name] !== before[name] && !(name.endsWith("Method") && !before[name])) change[name] = before[name];
    } else if (now[leader] !== before[leader]) left.push(leader);
  }
  return { change, left };
}
