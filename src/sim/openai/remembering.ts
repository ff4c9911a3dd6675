/**
 * The brain for requests that want facts about a user as JSON ("memories"): by rules, deterministic. It knows a handful of ways in
 * which people tell who they are, what they like and what they do every morning, and nothing else.
 */
import type { Brain } from "./script.ts";

interface Found {
  kind: "identity" | "fact" | "preference" | "project" | "routine";
  subject: string;
  text: string;
  steps: string[];
}

type Rule = readonly [when: RegExp, find: (match: RegExpExecArray) => Omit<Found, "steps"> & { steps?: string[] }];

const trimmed = (text = ""): string => text.trim().replace(/[.!?,]+$/, "");

const RULES: readonly Rule[] = [
  [
    /\b(?:my name is|call me|i am called)\s+([\p{Lu}][\p{L}'-]*)/iu,
    ([, name]) => ({ kind: "identity", subject: "name", text: `The user's name is ${name}.` }),
  ],
  [
    /\bi work (?:as an?|as the)\s+([^.!?,]+)/i,
    ([, job]) => ({ kind: "identity", subject: "job title", text: `The user works as a ${trimmed(job)}.` }),
  ],
  [
    /\bmy favou?rite (\w+) is\s+([^.!?,]+)/i,
    ([, what, value]) => ({
      kind: "preference",
      subject: `favourite ${what}`,
      text: `The user's favourite ${what} is ${trimmed(value)}.`,
    }),
  ],
  [
    /\bi (?:really )?(?:like|love|prefer)\s+([^.!?,]+)/i,
    ([, what]) => ({
      kind: "preference",
      subject: `likes: ${trimmed(what)}`,
      text: `The user likes ${trimmed(what)}.`,
    }),
  ],
  [
    /\bi am working on\s+([^.!?,]+)/i,
    ([, what]) => ({ kind: "project", subject: trimmed(what), text: `The user is working on ${trimmed(what)}.` }),
  ],
  [
    /\bwhen i say ["“]?([^"”,:]+)["”]?\s*[,:]\s*(.+)/i,
    ([, name, steps]) => ({
      kind: "routine",
      subject: trimmed(name),
      text: `What to do when the user says: ${trimmed(name)}.`,
      steps: (steps ?? "")
        .split(/,\s*(?:and |then )*|\s+(?:and then|then|and)\s+/)
        .map(trimmed)
        .filter((step) => step !== ""),
    }),
  ],
  [
    /\bi (?:live in|am from)\s+([^.!?,]+)/i,
    ([, where]) => ({ kind: "fact", subject: "home", text: `The user lives in ${trimmed(where)}.` }),
  ],
];

/** Reads the conversation out of the request's JSON; of text that is none, all counts as said by the user. */
function saidByUser(text: string): string[] {
  try {
    const { conversation } = JSON.parse(text) as { conversation: { role: string; content: string }[] };
    return conversation.filter(({ role }) => role === "user").map(({ content }) => content);
  } catch {
    return [text];
  }
}

export const remembering: Brain = ({ text }) => {
  const memories = saidByUser(text)
    .flatMap((said) => said.split(/(?<=[.!?])\s+/))
    .flatMap((sentence) =>
      RULES.flatMap(([when, find]): Found[] => {
        const match = when.exec(sentence);
        return match ? [{ steps: [], ...find(match) }] : [];
      }),
    );
  return JSON.stringify({ memories });
};
