// The guard: what a caller said or an agent is about to say -> a verdict, by the built-in rules and those of an organization.
// Pure, outside of any model, and linear in the length of the text. What follows a verdict is the bridge's.
import type { CallGuard, Guard, Verdict } from "../core/guard.ts";
import type { OrganizationConfig } from "../wire/rest/organization.ts";
import { createApart } from "./apart.ts";
import { createReader, type Reading } from "./denial.ts";
import type { DisclosureRules } from "./disclosure.ts";
import { createMatcher, phrasesIn, type Found, type Matcher } from "./matcher.ts";
import { RULE_BOOKS, type RuleBook } from "./rules/index.ts";
import { createGrowingWords, wordsOf, type Words } from "./words.ts";

export type GuardRules = NonNullable<OrganizationConfig["escalation"]>["rules"];

type Kind = "emergency" | "high" | "person" | "uncertainty" | "agentUncertainty" | "agentAlarm";
interface Rule {
  readonly kind: Kind;
  /** The language whose denials count; absent: an organization's own phrase, in whichever. */
  readonly book?: RuleBook;
}
/** Phrases of an organization that mean what they say, whatever stands around them. */
type Literal = { readonly kind: "forbidden" | "end"; readonly verdict: Verdict };

const DEFAULT_MISUNDERSTANDINGS = 3;
/** Only these are weighed for denial and figures of speech: "you don't understand me" denies nothing. */
const WEIGHED: ReadonlySet<Kind> = new Set(["emergency", "high", "person", "agentAlarm"]);
/** An utterance of more words than this says more than a keyword. */
const KEYWORD_WORDS = 6;

const PASS: Verdict = { kind: "pass" };
/** In place of what is nobody's to hear. */
const NOT_TOLD = "I am sorry, that is something I cannot tell you. What else can I do for you?";

const read = createReader(RULE_BOOKS);
const kinds = ["emergency", "high", "person", "uncertainty", "agentUncertainty", "agentAlarm"] as const;
const phrasesOf = (book: RuleBook, some: readonly Kind[]): { tag: Rule; phrase: string }[] =>
  some.flatMap((kind) => {
    const tag: Rule = { kind, book };
    return phrasesIn(book[kind]).map((phrase) => ({ tag, phrase }));
  });
/** Built once for the program: organizations add a small matcher of their own. */
const BUILT_IN = createMatcher(RULE_BOOKS.flatMap((book) => phrasesOf(book, kinds)));
const APART = createApart(
  RULE_BOOKS.map((book) => ({ tag: { kind: "emergency", book } as Rule, lines: book.emergencyApart })),
);
const WHOLE: ReadonlyMap<string, "emergency" | "person"> = new Map(
  RULE_BOOKS.flatMap((book) => [
    ...phrasesIn(book.wholePerson).map((phrase) => [wordsOf(phrase).words.join(" "), "person"] as const),
    ...phrasesIn(book.wholeEmergency).map((phrase) => [wordsOf(phrase).words.join(" "), "emergency"] as const),
  ]),
);
const COURTESIES: ReadonlySet<string> = new Set(RULE_BOOKS.flatMap((book) => wordsOf(book.courtesies).words));

/** @param rules of an organization; without them the built-in ones alone. `disclosure`: what the agent must not give away. */
export function createGuard(rules: GuardRules = {}, disclosure?: DisclosureRules): Guard {
  const ownRules = createMatcher<Rule>([
    ...given("emergency", rules.emergency_keywords),
    ...given("high", rules.high_priority_keywords),
    ...given("person", rules.person_requests),
    ...given("uncertainty", rules.uncertainty_patterns),
    ...given("agentUncertainty", rules.uncertainty_patterns),
  ]);
  const forbidden = literals(
    (rules.forbidden ?? []).map(({ phrase, instead }) => [
      phrase,
      instead === undefined
        ? { kind: "flag", rule: `forbidden: ${phrase}` }
        : { kind: "say", rule: `forbidden: ${phrase}`, text: instead },
    ]),
    "forbidden",
  );
  const endings = literals(
    (rules.end_on ?? []).map(({ phrase, say }) => [phrase, { kind: "end", rule: `end: ${phrase}`, text: say }]),
    "end",
  );
  // An organization that lists its own urgent matters has said what is urgent there.
  const hasOwnUrgency = rules.high_priority_keywords !== undefined;
  const limit = rules.misunderstandings ?? DEFAULT_MISUNDERSTANDINGS;

  /** The first phrase of each kind that is meant. */
  function judge(seen: Words): ReadonlyMap<Kind, string> {
    const meant = new Map<Kind, string>();
    /** Made when something is found: mostly nothing is. */
    let reading: Reading | undefined;
    const take = ({ tag, phrase, ...place }: Found<Rule>): void => {
      const { kind, book } = tag;
      if (meant.has(kind) || (kind === "high" && book && hasOwnUrgency)) return;
      const found = { tag, phrase, ...place };
      if (WEIGHED.has(kind)) {
        reading ??= read(seen);
        if (reading.isHarmless(found) || reading.isDenied(found, book)) return;
      }
      meant.set(kind, phrase);
    };
    for (const found of ownRules.find(seen.words)) take(found);
    for (const found of BUILT_IN.find(seen.words)) take(found);
    for (const found of APART.find(seen)) take(found);
    return meant;
  }

  function forCall(): CallGuard {
    const watch = disclosure?.forCall();
    const wordsSaid = createGrowingWords();
    let misunderstandings = 0;
    /** The exchange going on (a turn of the caller and the reply to it) was a misunderstanding. */
    let counted = false;

    function misunderstood(rule: string): Verdict {
      if (!counted) misunderstandings++;
      counted = true;
      if (limit === 0 || misunderstandings < limit) return { kind: "flag", rule: `misunderstanding: ${rule}` };
      const times = misunderstandings;
      misunderstandings = 0;
      return {
        kind: "escalate",
        rule: `${times} misunderstandings in a row`,
        trigger: "uncertainty",
        urgency: "normal",
      };
    }

    function newExchange(): void {
      if (!counted) misunderstandings = 0;
      counted = false;
    }

    return {
      caller(text) {
        newExchange();
        const seen = wordsOf(text);
        const meant = judge(seen);
        const whole = wholeOf(seen.words);
        const emergency = meant.get("emergency") ?? (whole?.kind === "emergency" ? whole.phrase : undefined);
        if (emergency !== undefined) return escalate(`emergency: ${emergency}`, "emergency-keyword", "emergency");
        const [end] = endings.find(seen.words);
        if (end) return end.tag.verdict;
        const high = meant.get("high");
        if (high !== undefined) return escalate(`high priority: ${high}`, "keyword", "high");
        if (meant.has("person") || whole?.kind === "person")
          return escalate("the caller asked for a person", "request", "normal");
        const uncertain = meant.get("uncertainty");
        return uncertain === undefined ? PASS : misunderstood(uncertain);
      },
      agent(text, goesOn) {
        const given = watch?.read(text, goesOn);
        if (given) return { kind: "say", rule: `disclosure: ${given}`, text: NOT_TOLD, stops: true };
        const seen = wordsSaid(text);
        const meant = judge(seen);
        const [first] = forbidden.find(seen.words);
        if (first) return first.tag.verdict;
        const alarm = meant.get("agentAlarm");
        if (alarm !== undefined) return escalate(`the agent said: ${alarm}`, "agent-reply", "emergency");
        const uncertain = meant.get("agentUncertainty");
        return uncertain === undefined || counted ? PASS : misunderstood(uncertain);
      },
      unheard() {
        newExchange();
        return misunderstood("not heard");
      },
    };
  }
  return { forCall };
}

/** A line of a transcript that is only posted here, after the fact, judged as the bridge would judge it. */
export function judgeLine(
  guard: CallGuard,
  line: { readonly role: "caller" | "agent"; readonly text: string },
): Verdict {
  return line.role === "caller" ? guard.caller(line.text) : guard.agent(line.text);
}

function escalate(
  rule: string,
  trigger: Extract<Verdict, { kind: "escalate" }>["trigger"],
  urgency: Extract<Verdict, { kind: "escalate" }>["urgency"],
): Verdict {
  return { kind: "escalate", rule, trigger, urgency };
}

function given(kind: Kind, phrases: readonly string[] = []): { tag: Rule; phrase: string }[] {
  const tag: Rule = { kind };
  return phrases.map((phrase) => ({ tag, phrase }));
}

function literals(verdicts: readonly (readonly [string, Verdict])[], kind: Literal["kind"]): Matcher<Literal> {
  return createMatcher(verdicts.map(([phrase, verdict]) => ({ tag: { kind, verdict }, phrase })));
}

/** What an utterance is that consists of a keyword and politeness only: "agent, please". */
function wholeOf(
  words: readonly string[],
): { readonly kind: "emergency" | "person"; readonly phrase: string } | undefined {
  if (words.length === 0 || words.length > KEYWORD_WORDS) return undefined;
  const asIs = words.join(" ");
  const bare = words.filter((word) => !COURTESIES.has(word)).join(" ");
  for (const phrase of [asIs, bare]) {
    const kind = WHOLE.get(phrase);
    if (kind) return { kind, phrase };
  }
  return undefined;
}
