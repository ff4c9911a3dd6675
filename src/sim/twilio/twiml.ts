// TwiML as a document: real XML parsing, and Twilio's schema for the verbs this simulation plays. What is misspelt is
// warned about and skipped, as Twilio does (12200); what is not XML is an error (12100). It runs nothing.
import { XMLParser, XMLValidator } from "fast-xml-parser";

export interface Element {
  name: string;
  attributes: Record<string, string>;
  /** The element's own text, trimmed. */
  text: string;
  children: Element[];
}

export interface TwimlDocument {
  verbs: Element[];
  /** Schema warnings (12200), one sentence each. */
  warnings: string[];
}

/** A document that cannot be run at all: Twilio's 12100. */
export class TwimlError extends Error {
  readonly code = 12100;
}

interface Rule {
  attributes: string[];
  children?: Record<string, Rule>;
}

const names = (text: string) => text.split(" ");

const CALLBACKS = "statusCallback statusCallbackMethod statusCallbackEvent";
const SPEECH_MARKUP: Rule = {
  attributes: names("strength time level xml:lang alphabet ph volume rate pitch interpret-as format role alias"),
};
const SPEECH_ELEMENTS = names("break emphasis lang p phoneme prosody s say-as sub w");
const SAY: Rule = {
  attributes: names("voice language loop"),
  children: Object.fromEntries(SPEECH_ELEMENTS.map((name) => [name, SPEECH_MARKUP])),
};
const PLAY: Rule = { attributes: names("loop digits") };
const PAUSE: Rule = { attributes: names("length") };
const AMD =
  "machineDetection machineDetectionTimeout machineDetectionSpeechThreshold machineDetectionSpeechEndThreshold " +
  "machineDetectionSilenceTimeout amdStatusCallback amdStatusCallbackMethod";
const NUMBER: Rule = { attributes: names(`url method sendDigits byoc ${CALLBACKS} ${AMD}`) };
const STREAM: Rule = {
  attributes: names("name connectorName url track statusCallback statusCallbackMethod"),
  children: { Parameter: { attributes: names("name value") } },
};

/** The verbs that are played, with their attributes and nouns (twilio.com/docs/voice/twiml). */
const VERBS: Record<string, Rule> = {
  Say: SAY,
  Play: PLAY,
  Pause: PAUSE,
  Redirect: { attributes: ["method"] },
  Hangup: { attributes: [] },
  Reject: { attributes: ["reason"] },
  Connect: { attributes: names("action method"), children: { Stream: STREAM } },
  Dial: {
    attributes: names(
      "action method timeout hangupOnStar timeLimit callerId record trim answerOnBridge ringTone referUrl referMethod " +
        "sequential recordingTrack recordingStatusCallback recordingStatusCallbackMethod recordingStatusCallbackEvent",
    ),
    children: { Number: NUMBER, Sip: NUMBER, Client: { attributes: names(`url method ${CALLBACKS}`) } },
  },
  Gather: {
    attributes: names(
      "input action method timeout speechTimeout numDigits finishOnKey actionOnEmptyResult language hints bargeIn " +
        "partialResultCallback profanityFilter speechModel enhanced",
    ),
    children: { Say: SAY, Play: PLAY, Pause: PAUSE },
  },
};

/** Elements Twilio knows and this simulation does not play: to skip one would make a broken call look like a good one. */
export const UNSUPPORTED: ReadonlySet<string> = new Set(
  names(
    "Enqueue Leave Pay Prompt Record Refer Start Stop Conference Queue Application ConversationRelay VirtualAgent Room " +
      "Conversation AiSession WhatsApp",
  ),
);

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  htmlEntities: true,
});

/** @throws TwimlError when the text is not one well-formed XML document with a Response element as its root. */
export function parseTwiml(text: string): TwimlDocument {
  const xml = text.replace(/^\ufeff/, "");
  if (xml.trim() === "") throw new TwimlError("the document is empty");
  const bare = xml.replace(/<!\[CDATA\[.*?\]\]>|<!--.*?-->/gs, "");
  if (/<!DOCTYPE/i.test(bare)) throw new TwimlError("a DOCTYPE is not allowed");
  const entity = /&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)[^\s;<]{0,20};?/.exec(bare);
  if (entity) throw new TwimlError(`"${entity[0]}" is not an entity of XML; an ampersand is written &amp;`);
  // The validator overlooks text behind an empty root.
  if (!/>\s*$/.test(bare)) throw new TwimlError("there is text behind the document");
  const valid = XMLValidator.validate(xml);
  if (valid !== true) throw new TwimlError(`${valid.err.msg} (line ${valid.err.line}, column ${valid.err.col})`);
  const roots = readNodes(parser.parse(xml)).filter((element) => !element.name.startsWith("?"));
  const [root] = roots;
  if (roots.length !== 1 || root?.name !== "Response") throw new TwimlError("the root element must be one <Response>");
  const warnings: string[] = [];
  return { verbs: check(root, VERBS, warnings), warnings };
}

/** fast-xml-parser's ordered form: [{ Name: [children...], ":@": { attributes } }, { "#text": "..." }, ...]. */
function readNodes(nodes: unknown): Element[] {
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((node: Record<string, unknown>) => {
    const name = Object.keys(node).find((key) => key !== ":@");
    if (name === undefined || name === "#text" || name === "#comment") return [];
    const inner = node[name];
    return [
      {
        name,
        attributes: { ...(node[":@"] as Record<string, string> | undefined) },
        text: textOf(inner).trim(),
        children: readNodes(inner),
      },
    ];
  });
}

/** Text of an element and of the speech markup within it, as it would be read out. */
function textOf(nodes: unknown): string {
  if (!Array.isArray(nodes)) return "";
  return nodes
    .map((node: Record<string, unknown>) => {
      if ("#text" in node) return String(node["#text"]);
      const name = Object.keys(node).find((key) => key !== ":@");
      return name === undefined || /^[A-Z]/.test(name) ? "" : textOf(node[name]);
    })
    .join("");
}

function check(parent: Element, rules: Record<string, Rule>, warnings: string[]): Element[] {
  return parent.children.flatMap((element) => {
    if (UNSUPPORTED.has(element.name)) return [element];
    const rule = rules[element.name];
    if (!rule) {
      warnings.push(`<${element.name}> is not allowed in <${parent.name}>; it is skipped`);
      return [];
    }
    const attributes = Object.entries(element.attributes).filter(([name]) => {
      const known = rule.attributes.includes(name);
      if (!known) warnings.push(`attribute "${name}" is not allowed in <${element.name}>; it is ignored`);
      return known;
    });
    return [
      {
        ...element,
        attributes: Object.fromEntries(attributes),
        children: check(element, rule.children ?? {}, warnings),
      },
    ];
  });
}
