// What a caller is told or asked before a call is recorded, and whether what they say to it is a yes: in the languages the program
// speaks without being taught. Pure. Whatever is not clearly a yes is none.

export type ConsentMode = "ask" | "announce";

const NOTICES: Readonly<Record<string, Readonly<Record<ConsentMode, string>>>> = {
  en: {
    announce: "This call is recorded.",
    ask: "May I record this call? Say yes or no, or press 1 for yes and 2 for no.",
  },
  de: {
    announce: "Dieses Gespräch wird aufgezeichnet.",
    ask: "Darf ich dieses Gespräch aufzeichnen? Sagen Sie ja oder nein, oder drücken Sie 1 für ja und 2 für nein.",
  },
  fr: {
    announce: "Cet appel est enregistré.",
    ask: "Puis-je enregistrer cet appel ? Dites oui ou non, ou appuyez sur 1 pour oui et 2 pour non.",
  },
  es: {
    announce: "Esta llamada se graba.",
    ask: "¿Puedo grabar esta llamada? Diga sí o no, o pulse 1 para sí y 2 para no.",
  },
};

/** In English where the language is another one: an organization gives words of its own then. */
export function noticeFor(mode: ConsentMode, language = "en"): string {
  const words = NOTICES[language.slice(0, 2)] ?? NOTICES.en;
  return (words as Readonly<Record<ConsentMode, string>>)[mode];
}

/** One of these anywhere, and it is no yes. */
const REFUSALS = new Set(
  (
    "no not nope nah never don't dont can't cannot won't wouldn't rather without stop refuse decline disagree object " +
    "nein nicht nee kein keine lieber ohne ungern niemals " +
    "non pas ne jamais sans refuse " +
    "nunca tampoco prefiero sin"
  ).split(" "),
);
/** With one of these it begins, after words that mean nothing ... */
const AGREEMENTS = [
  "yes",
  "yeah",
  "yep",
  "yup",
  "sure",
  "certainly",
  "absolutely",
  "definitely",
  "of course",
  "okay",
  "ok",
  "alright",
  "all right",
  "go ahead",
  "please do",
  "that's fine",
  "that is fine",
  "that's okay",
  "that's ok",
  "fine",
  "i agree",
  "i consent",
  "you may",
  "you can",
  "no problem",
  "ja",
  "jawohl",
  "gerne",
  "klar",
  "naturlich",
  "einverstanden",
  "in ordnung",
  "selbstverstandlich",
  "kein problem",
  "oui",
  "d'accord",
  "bien sur",
  "volontiers",
  "pas de probleme",
  "si",
  "claro",
  "vale",
  "de acuerdo",
  "por supuesto",
  "adelante",
].map((phrase) => phrase.split(" "));
const NOTHING = new Set("um uh er ah oh well so hi hello hey ahm also hallo bon euh eh bueno hola please".split(" "));
/** ... or, whatever it looks like, it is a yes in these words alone. */
const IN_SPITE = new Set(["no problem", "not a problem", "kein problem", "pas de probleme", "ningun problema"]);

function wordsOf(text: string): string[] {
  return text
    .replace(/[\u2018\u2019]/g, "'")
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}'\s]/gu, " ")
    .split(/\s+/)
    .filter(Boolean);
}

export type ConsentAnswer = "yes" | "no" | "unclear";

export function answerOf(text: string): ConsentAnswer {
  const all = wordsOf(text);
  const from = all.findIndex((word) => !NOTHING.has(word));
  const words = from < 0 ? [] : all.slice(from);
  if (IN_SPITE.has(words.join(" "))) return "yes";
  if (words.some((word) => REFUSALS.has(word))) return "no";
  return AGREEMENTS.some((phrase) => phrase.every((word, at) => words[at] === word)) ? "yes" : "unclear";
}

/** The notice was among these words, as they were heard. */
export function contains(heard: string, notice: string): boolean {
  const plain = (text: string): string => ` ${wordsOf(text).join(" ")} `;
  return plain(heard).includes(plain(notice));
}
