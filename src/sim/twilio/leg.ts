// One party of a call as TwiML sees it: what a document can make it hear, wait for and do. The caller's leg and the leg of
// somebody dialled implement it; the verbs are written against nothing else.
import type { CallClock } from "./clock.ts";
import type { CallIdentity, CallStatus } from "./request-params.ts";
import type { RequestPurpose, Timeline } from "./timeline.ts";
import type { Element } from "./twiml.ts";
import type { Answer, Target } from "./webhook-request.ts";

/** Where the next document comes from: a request, or the text itself (REST `Twiml=`). */
export type Next =
  | { from: "request"; purpose: RequestPurpose; target: Target; extra: Record<string, string> }
  | { from: "text"; xml: string };

export type VerbOutcome =
  /** Go on with the next verb. */
  | { kind: "next" }
  /** The verb handed the call to another document; what follows it never runs. */
  | { kind: "document"; next: Next }
  | { kind: "end"; by: EndedBy }
  /** The party left, or REST replaced the document; `action` is still told when the party left. */
  | { kind: "interrupted"; action?: Next };

export type EndedBy =
  | "caller"
  | "hangup-verb"
  | "end-of-document"
  | "rejected"
  | "rest"
  | "application-error"
  | "unsupported-verb"
  | "not-answered"
  | "time-limit"
  | "simulation-closed";

/** Turns the text of a Say into sound; undefined leaves a silence of the length the text would take. */
export type Speak = (text: string, voice: { voice?: string; language?: string }) => Promise<Uint8Array | undefined>;

export interface KeyCollector {
  /** Aborted by the first key, so that a prompt can be cut. */
  readonly pressed: AbortSignal;
  /** The next key in order; undefined after `ms` without one, or when the leg is interrupted. */
  next(ms: number): Promise<string | undefined>;
  close(): void;
}

export interface Leg {
  readonly clock: CallClock;
  readonly timeline: Timeline;
  readonly identity: CallIdentity;
  readonly fallback: Target | undefined;
  readonly speak: Speak | undefined;
  status(): CallStatus;
  answered(): boolean;
  /** Picks up, when that has not happened yet. */
  answer(): void;
  /** Aborted when what runs now must stop: the party left, or REST replaced the document. */
  signal(): AbortSignal;
  /** True once the party has left or the call is over. */
  gone(): boolean;
  /** The document REST has put in place of the running one; taken once. */
  takeReplacement(): Next | undefined;
  /** A signed request with the standard parameters and `extra`. @throws RequestFailure */
  request(purpose: RequestPurpose, target: Target, extra: Record<string, string>): Promise<Answer>;
  /** Writes a line of Twilio's Debugger. */
  report(level: "warning" | "error", code: number, message: string, detail?: string): void;
  /** Plays audio, or else lets `ms` pass; ends early when interrupted or when `until` aborts. */
  hear(audio: Uint8Array | undefined, ms: number, until?: AbortSignal): Promise<void>;
  /** Starts to collect the keys the party presses; closing it lets them go elsewhere again. */
  collectKeys(): KeyCollector;
  /** Verbs only the caller's leg has. */
  connect?(verb: Element, base: string): Promise<VerbOutcome>;
  dial?(verb: Element, base: string): Promise<VerbOutcome>;
  reject?(reason: string): void;
}

/** An attribute that must be a URL is none: Twilio's 11100. */
export class UrlError extends Error {
  readonly code = 11100;
}

/**
 * The URL an attribute means, relative ones seen from the document. An absolute one stays exactly as it is written,
 * because that text is what gets signed.
 * @throws UrlError when it is no URL.
 */
export function resolveUrl(value: string, base: string): string {
  const trimmed = value.trim();
  try {
    const { href } = new URL(trimmed, base === "" ? undefined : base);
    return /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : href;
  } catch {
    throw new UrlError(`not a URL: "${trimmed}"`);
  }
}

/** The request an `action`-like attribute asks for; undefined without the attribute. */
export function actionOf(verb: Element, base: string): Target | undefined {
  const { action, method } = verb.attributes;
  return action === undefined ? undefined : { url: resolveUrl(action, base), method: methodOf(method) };
}

export function methodOf(value: string | undefined): Target["method"] {
  return value?.toUpperCase() === "GET" ? "GET" : "POST";
}
