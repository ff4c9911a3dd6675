// Runs the verbs of one document in order: what a party hears and where it is sent next. Connect and Dial, which involve
// somebody else, are in files of their own.
import { actionOf, methodOf, resolveUrl, type Leg, type Next, type VerbOutcome } from "./leg.ts";
import { readWav, WavError } from "../../audio/wav.ts";
import { telephoneSound } from "./telephone-sound.ts";
import { UNSUPPORTED, type Element } from "./twiml.ts";
import { RequestFailure } from "./webhook-request.ts";

const NEXT: VerbOutcome = { kind: "next" };
/** How long a voice takes for a text that nobody renders here: about 15 characters a second. */
const MS_PER_CHARACTER = 65;
const UNKNOWN_AUDIO_MS = 3_000;
/** `loop="0"` means for ever; a call is over long before this. */
const FOREVER = 10_000;

/** @throws UrlError when an attribute that must be a URL is none. */
export async function runVerbs(leg: Leg, verbs: Element[], base: string): Promise<VerbOutcome> {
  for (const [index, verb] of verbs.entries()) {
    leg.timeline.add({ kind: "verb", name: verb.name });
    const outcome = await runVerb(leg, verb, base, index === 0);
    if (leg.signal().aborted) return outcome.kind === "interrupted" ? outcome : { kind: "interrupted" };
    if (outcome.kind !== "next") return outcome;
  }
  leg.answer();
  return { kind: "end", by: "end-of-document" };
}

async function runVerb(leg: Leg, verb: Element, base: string, first: boolean): Promise<VerbOutcome> {
  const unsupported = [verb, ...verb.children].find((element) => UNSUPPORTED.has(element.name));
  if (unsupported) {
    // Not a Twilio error: this simulation would have to pretend, so it stops instead.
    leg.report("error", 0, `the simulation does not play <${unsupported.name}>`);
    return { kind: "end", by: "unsupported-verb" };
  }
  switch (verb.name) {
    case "Redirect":
      return { kind: "document", next: request("redirect", resolveUrl(verb.text, base), verb.attributes["method"]) };
    case "Reject":
      return reject(leg, verb, first);
    case "Pause":
      // As the first verb it delays the answer instead of following it.
      if (!first) leg.answer();
      await leg.hear(undefined, seconds(verb.attributes["length"], 1));
      return NEXT;
    case "Dial":
      if (verb.attributes["answerOnBridge"] !== "true") leg.answer();
      return (await leg.dial?.(verb, base)) ?? NEXT;
    default:
      leg.answer();
  }
  switch (verb.name) {
    case "Say":
      await say(leg, verb);
      return NEXT;
    case "Play":
      await play(leg, verb, base);
      return NEXT;
    case "Hangup":
      return { kind: "end", by: "hangup-verb" };
    case "Connect":
      return (await leg.connect?.(verb, base)) ?? NEXT;
    case "Gather":
      return gather(leg, verb, base);
    default:
      throw new Error(`no code for <${verb.name}>, which the schema lets through`);
  }
}

function request(purpose: "action" | "redirect", url: string, method: string | undefined): Next {
  return { from: "request", purpose, target: { url, method: methodOf(method) }, extra: {} };
}

function reject(leg: Leg, verb: Element, first: boolean): VerbOutcome {
  if (!first || leg.answered() || !leg.reject) {
    leg.report(
      "warning",
      12200,
      "Schema validation warning",
      "<Reject> works only as the first verb of an unanswered call",
    );
    return NEXT;
  }
  leg.reject(verb.attributes["reason"] ?? "rejected");
  return { kind: "end", by: "rejected" };
}

/** Seconds of an attribute as ms; the default for what is no number. */
export function seconds(value: string | undefined, fallback: number): number {
  const parsed = value === undefined || value.trim() === "" ? NaN : Number(value);
  return (Number.isFinite(parsed) && parsed >= 0 ? parsed : fallback) * 1000;
}

async function repeat(leg: Leg, verb: Element, act: () => Promise<void>, until?: AbortSignal): Promise<void> {
  const loop = Number(verb.attributes["loop"] ?? "1");
  const times = loop === 0 ? FOREVER : loop;
  const stopped = () => leg.signal().aborted || until?.aborted === true;
  for (let i = 0; i < times && !stopped(); i++) await act();
}

async function say(leg: Leg, verb: Element, until?: AbortSignal): Promise<void> {
  const { voice, language } = verb.attributes;
  const manner = { ...(voice === undefined ? {} : { voice }), ...(language === undefined ? {} : { language }) };
  const audio = await leg.speak?.(verb.text, manner);
  leg.timeline.add({ kind: "say", text: verb.text, ...manner });
  await repeat(leg, verb, () => leg.hear(audio, verb.text.length * MS_PER_CHARACTER, until), until);
}

async function play(leg: Leg, verb: Element, base: string, until?: AbortSignal): Promise<void> {
  const { digits } = verb.attributes;
  if (digits !== undefined) {
    const ms = digits.length * 500;
    leg.timeline.add({ kind: "play", digits, ms });
    await leg.hear(undefined, ms, until);
    return;
  }
  const url = resolveUrl(verb.text, base);
  try {
    const answer = await leg.request("play", { url, method: "GET" }, {});
    const audio = decode(answer.contentType, answer.body);
    const ms = audio ? audio.length / 8 : UNKNOWN_AUDIO_MS;
    leg.timeline.add({ kind: "play", url, ms });
    await repeat(leg, verb, () => leg.hear(audio, ms, until), until);
  } catch (error) {
    if (error instanceof WavError) leg.report("error", 12300, `Play: ${error.message}`, url);
    else if (error instanceof RequestFailure) leg.report("error", error.code, `Play: ${error.message}`, url);
    else throw error;
  }
}

/** WAV and raw mu-law are heard; other kinds of audio (MP3) pass as silence of a guessed length. */
function decode(contentType: string, body: Buffer): Uint8Array | undefined {
  if (/^audio\/(basic|x-mulaw|pcmu)\b/i.test(contentType)) return body;
  return /^audio\/(x-|vnd\.)?wave?\b/i.test(contentType) ? telephoneSound(readWav(body)) : undefined;
}

/** Keys only: speech input needs a recogniser and ends the call as unsupported. */
async function gather(leg: Leg, verb: Element, base: string): Promise<VerbOutcome> {
  const { input = "dtmf", numDigits, finishOnKey = "#", timeout, method, actionOnEmptyResult } = verb.attributes;
  if (!input.split(/\s+/).includes("dtmf")) {
    leg.report("error", 0, "the simulation does not recognise speech in <Gather>");
    return { kind: "end", by: "unsupported-verb" };
  }
  const keys = leg.collectKeys();
  let digits = "";
  try {
    for (const prompt of verb.children) {
      // A key cuts the prompt, and counts.
      if (keys.pressed.aborted || leg.signal().aborted) break;
      if (prompt.name === "Say") await say(leg, prompt, keys.pressed);
      else if (prompt.name === "Play") await play(leg, prompt, base, keys.pressed);
      else await leg.hear(undefined, seconds(prompt.attributes["length"], 1), keys.pressed);
    }
    const limit = numDigits === undefined ? Infinity : Number(numDigits);
    while (digits.length < limit) {
      const key = await keys.next(seconds(timeout, 5));
      if (key === undefined || finishOnKey.includes(key)) break;
      digits += key;
    }
  } finally {
    keys.close();
  }
  if (leg.signal().aborted) return { kind: "interrupted" };
  leg.timeline.add({ kind: "gathered", digits });
  if (digits === "" && actionOnEmptyResult !== "true") return NEXT;
  // Without an action the document itself is asked again.
  const target = actionOf(verb, base) ?? { url: resolveUrl(base, base), method: methodOf(method) };
  return { kind: "document", next: { from: "request", purpose: "action", target, extra: { Digits: digits } } };
}
