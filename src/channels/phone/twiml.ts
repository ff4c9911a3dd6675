// What we have Twilio do, as TwiML by its own builder: every answer of the webhook and the callbacks, and every word that Twilio
// speaks for us. Pure functions of their arguments.
import twilio from "twilio";
import { VOICE_PATHS } from "./paths.ts";
import { sayLanguage } from "./say-language.ts";

const { VoiceResponse } = twilio.twiml;

export const WORDS = {
  busy: "All of our lines are busy right now. Please call again in a few minutes. Goodbye.",
  apology: "I am sorry, we are having technical trouble.",
  connecting: "I am connecting you with a person. Please hold.",
  callAgain: "Please call again later. Goodbye.",
  nobody: "I am sorry, nobody could be reached. Please call again later. Goodbye.",
  briefing: "This is a call passed on by the voice assistant.",
  accept: "Press 1 to take the call.",
} as const;

/** How long a dialled human's phone rings, in seconds. */
const RING_SECONDS = 25;
/** How long the human may think about the briefing, in seconds. */
const BRIEFING_SECONDS = 10;
/** How long a voice at the other end may keep us guessing whether it is a machine, in seconds. */
const DETECTION_SECONDS = 10;

/** The far end of a transfer. */
export interface DialTarget {
  readonly webhookUrl: string;
  /** E.164. */
  readonly to: string;
  /** The number the human sees; the caller's own when absent. */
  readonly callerId?: string;
  /** The call whose note the human is to hear before being joined with the caller; absent: joined at once. */
  readonly briefingFor?: string;
  /** The escalation whose outcome is wanted: a briefing then looks out for answering machines. */
  readonly escalationId?: string;
}

/** An organization's own words. */
export interface Message {
  readonly words: string;
  /** As the organization names it; Twilio's own when absent. */
  readonly language?: string | undefined;
}

/** Opens the media stream with its one-time token. The action is the stream's only exit. */
export function connectStream(webhookUrl: string, token: string): string {
  const response = new VoiceResponse();
  response
    .connect({ action: webhookUrl + VOICE_PATHS.afterStream })
    .stream({
      // A query would be dropped or refused (31920): the token is a parameter.
      url: webhookUrl.replace(/^http/, "ws") + VOICE_PATHS.stream,
      statusCallback: webhookUrl + VOICE_PATHS.streamStatus,
    })
    .parameter({ name: "token", value: token });
  return response.toString();
}

/** Spoken, unlike Reject. */
export function busy(): string {
  return sayAndHangUp(WORDS.busy);
}

/** For a machine that answered. */
export function leaveMessage({ words, language }: Message): string {
  return sayAndHangUp(speakable(words), language);
}

export function hangUp(): string {
  const response = new VoiceResponse();
  response.hangup();
  return response.toString();
}

/** Nothing: the end of a document, which ends the call or joins the legs. */
export function nothing(): string {
  return new VoiceResponse().toString();
}

/** The caller was told why already: only the dialling is left. */
export function transfer(target: DialTarget): string {
  const response = new VoiceResponse();
  dial(response, target);
  return response.toString();
}

/** We could not serve the caller: says so, then dials a human or ends the call. */
export function apologise(target?: DialTarget): string {
  if (!target) return sayAndHangUp(`${WORDS.apology} ${WORDS.callAgain}`);
  const response = new VoiceResponse();
  response.say(`${WORDS.apology} ${WORDS.connecting}`);
  dial(response, target);
  return response.toString();
}

export function nobodyReached(): string {
  return sayAndHangUp(WORDS.nobody);
}

/** What the dialled human hears, who then takes the call with the key 1. `about`: what the answer is to be about, if it matters. */
export function briefing(webhookUrl: string, note: string, about?: Dialling): string {
  const response = new VoiceResponse();
  response
    .gather({
      numDigits: 1,
      timeout: BRIEFING_SECONDS,
      action: webhookUrl + VOICE_PATHS.briefingAnswer + (about ? queryOf(about) : ""),
      // No key at all is an answer, too.
      ...(about && { actionOnEmptyResult: true }),
    })
    .say([WORDS.briefing, speakable(note), WORDS.accept].filter(Boolean).join(" "));
  response.hangup();
  return response.toString();
}

/** A human who is being dialled: the requests about them come from their own leg, so that the addresses have to say whose it is. */
export interface Dialling {
  readonly call: string;
  readonly escalation?: string | undefined;
}

const queryOf = (dialling: Dialling): string =>
  `?${Object.entries(dialling)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]))
    .join("&")}`;

function dial(response: twilio.twiml.VoiceResponse, target: DialTarget): void {
  const { webhookUrl, to, callerId, briefingFor, escalationId } = target;
  const query = briefingFor === undefined ? "" : queryOf({ call: briefingFor, escalation: escalationId });
  response
    .dial({ action: webhookUrl + VOICE_PATHS.afterDial, timeout: RING_SECONDS, ...(callerId && { callerId }) })
    .number(
      {
        ...(query && { url: webhookUrl + VOICE_PATHS.briefing + query }),
        ...(query &&
          escalationId !== undefined && {
            machineDetection: "Enable",
            machineDetectionTimeout: DETECTION_SECONDS,
            amdStatusCallback: webhookUrl + VOICE_PATHS.amd + query,
          }),
      },
      to,
    );
}

function sayAndHangUp(words: string, language?: string): string {
  const response = new VoiceResponse();
  const spoken = sayLanguage(language);
  response.say({ ...(spoken && { language: spoken }) }, words);
  response.hangup();
  return response.toString();
}

/** A note as XML can hold it (the builder escapes, but lets characters through that no document may have), and not too long. */
function speakable(note: string): string {
  return note
    .slice(0, 1000)
    .replaceAll(/[^\u0020-\u007E\u00A0-\uD7FF\uE000-\uFFFD]/g, " ")
    .replaceAll(/ +/g, " ")
    .trim();
}
