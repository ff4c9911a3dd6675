// Runs one party through its documents: fetch, parse, run, and on to where the last verb leads, with the fallback URL when
// a document cannot be had and Twilio's own apology when there is none.
import { runVerbs } from "./verbs.ts";
import { UrlError, type EndedBy, type Leg, type Next } from "./leg.ts";
import { parseTwiml, TwimlError, type TwimlDocument } from "./twiml.ts";
import { RequestFailure, type Answer } from "./webhook-request.ts";

/** What Twilio says when nothing else can be said (a recorded voice there). */
export const APPLICATION_ERROR = "We're sorry. An application error has occurred. Goodbye.";

/** A call that is led through more documents than this goes round in circles. */
const MAX_DOCUMENTS = 200;

interface Loaded {
  next: Next;
  document: TwimlDocument;
  /** The URL relative ones are seen from; empty for TwiML given as text. */
  base: string;
}

class NotTwiml extends Error {
  readonly code = 12300;
}

/** Runs from `first` to the end of the call; tells what ended it, undefined when the party left or was taken away. */
export async function runFlow(leg: Leg, first: Next): Promise<EndedBy | undefined> {
  let next = first;
  for (let count = 0; count < MAX_DOCUMENTS; count++) {
    const loaded = await load(leg, next);
    if (leg.gone()) return undefined;
    const replaced = leg.takeReplacement();
    if (replaced) {
      next = replaced;
      continue;
    }
    if ("failure" in loaded) {
      if (!loaded.fallback) return apologise(leg);
      next = loaded.fallback;
      continue;
    }
    const outcome = await run(leg, loaded);
    if (outcome.kind === "interrupted" || leg.gone()) {
      const replacement = leg.gone() ? undefined : leg.takeReplacement();
      if (!replacement) {
        // The verb ended, so its action URL is told, but nobody is left to run what it answers.
        if (outcome.kind === "interrupted" && outcome.action) await load(leg, outcome.action);
        return undefined;
      }
      next = replacement;
    } else if (outcome.kind === "document") {
      next = outcome.next;
    } else {
      return outcome.kind === "end" ? outcome.by : "end-of-document";
    }
  }
  leg.report("error", 12100, "the call was led in a circle", `${MAX_DOCUMENTS} documents`);
  return apologise(leg);
}

async function run(leg: Leg, loaded: Loaded): ReturnType<typeof runVerbs> {
  const { document, base } = loaded;
  for (const warning of document.warnings) leg.report("warning", 12200, "Schema validation warning", warning);
  try {
    return await runVerbs(leg, document.verbs, base);
  } catch (error) {
    if (!(error instanceof UrlError)) throw error;
    const fallback = failed(leg, loaded.next, error.code, error.message, base);
    return fallback ? { kind: "document", next: fallback } : { kind: "end", by: await apologise(leg) };
  }
}

async function apologise(leg: Leg): Promise<EndedBy> {
  leg.answer();
  leg.timeline.add({ kind: "say", text: APPLICATION_ERROR });
  const audio = await leg.speak?.(APPLICATION_ERROR, {});
  await leg.hear(audio, 4_000);
  return "application-error";
}

/** Reports the failure and names the request for the fallback document, unless this was it or none is configured. */
function failed(leg: Leg, next: Next, code: number, message: string, url: string): Next | undefined {
  leg.report("error", code, message, url);
  if (!leg.fallback || (next.from === "request" && next.purpose === "fallback")) return undefined;
  return {
    from: "request",
    purpose: "fallback",
    target: leg.fallback,
    extra: { ErrorCode: String(code), ErrorUrl: url },
  };
}

async function load(leg: Leg, next: Next): Promise<Loaded | { failure: true; fallback: Next | undefined }> {
  const url = next.from === "request" ? next.target.url : "";
  try {
    if (next.from === "text") {
      leg.timeline.add({ kind: "twiml", url, xml: next.xml });
      return { next, document: parseTwiml(next.xml), base: "" };
    }
    const answer = await leg.request(next.purpose, next.target, next.extra);
    leg.timeline.add({ kind: "twiml", url: answer.url, xml: answer.body.toString("utf8") });
    return { next, document: readAnswer(answer), base: answer.url };
  } catch (error) {
    if (!(error instanceof RequestFailure || error instanceof TwimlError || error instanceof NotTwiml)) throw error;
    return { failure: true, fallback: failed(leg, next, error.code, error.message, url) };
  }
}

/** Twilio reads XML as TwiML, says plain text and plays audio; everything else is error 12300. */
function readAnswer(answer: Answer): TwimlDocument {
  const type = answer.contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (/^(text|application)\/xml$|^text\/html$/.test(type)) return parseTwiml(answer.body.toString("utf8"));
  const verb = { attributes: {}, children: [] };
  if (type === "text/plain") {
    return { verbs: [{ ...verb, name: "Say", text: answer.body.toString("utf8") }], warnings: [] };
  }
  if (type.startsWith("audio/")) return { verbs: [{ ...verb, name: "Play", text: answer.url }], warnings: [] };
  throw new NotTwiml(`Invalid Content-Type: ${type === "" ? "none" : type}`);
}
