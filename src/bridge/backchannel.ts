// Is this what a listener says to show they listen ("mhm", "okay"), or a turn of their own? Pure; several languages.

const SIGNALS = new Set(
  (
    "mhm mhmm mm mmm mmhmm hm hmm uh huh uhhuh ah oh aha ok okay yeah yep yes yup right sure good great fine nice cool alright i see got it " +
    "go on true exactly well um er " +
    "ja genau gut klar stimmt aha sí si vale claro bueno ya oui ouais d'accord bien voilà sì va bene certo sim tá certo はい うん ええ"
  ).split(" "),
);
/** What a phone is answered with. */
const GREETINGS = new Set(
  "hello hi hey hallo hola bonjour salut ciao pronto olá alô good morning afternoon evening there moin".split(" "),
);

/** Sounds that answer nothing, whatever was asked before. */
const MURMURS = new Set("mhm mhmm mm mmm mmhmm hm hmm uh huh uhhuh ah oh aha um er うん".split(" "));

const MOST_WORDS = 4;

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}'\s]/gu, " ")
    .split(/\s+/)
    .filter(Boolean);
}

/** True for a short utterance made of listening signals only. An empty text is not one. */
export function isBackchannel(text: string): boolean {
  const words = wordsOf(text);
  return words.length > 0 && words.length <= MOST_WORDS && words.every((word) => SIGNALS.has(word));
}

/** True for sounds that are not even a yes. */
export function isMurmur(text: string): boolean {
  const words = wordsOf(text);
  return words.length > 0 && words.every((word) => MURMURS.has(word));
}

/** True for what people say to a phone that was just picked up ("hello?"), or a listening signal. */
export function isPickupNoise(text: string): boolean {
  const words = wordsOf(text);
  return words.length <= MOST_WORDS && words.every((word) => SIGNALS.has(word) || GREETINGS.has(word));
}

/** One of these makes a farewell ... */
const FAREWELLS = new Set(
  (
    "bye goodbye thanks thank cheers farewell tschüss tschüs ciao danke wiedersehen wiederhören servus " +
    "adiós adios gracias chao merci revoir salut grazie arrivederci obrigado obrigada tchau"
  ).split(" "),
);
/** ... and these may stand beside it. */
const COURTESIES = new Set(
  (
    "and you so much very a lot have nice good great lovely day night evening afternoon weekend one see later soon talk to then now " +
    "take care too the same for your all the help time that that's is it was will be everything no nothing else " +
    "vielen dank schönen tag noch auf dir ihnen auch und alles hasta luego muchas au bonne journée mille"
  ).split(" "),
);
const MOST_FAREWELL_WORDS = 10;

/** What people say into somebody's goodbye: it takes nothing back. Listening signals alone are that, too. */
export function isFarewell(text: string): boolean {
  const words = wordsOf(text);
  if (words.length === 0 || words.length > MOST_FAREWELL_WORDS) return false;
  if (words.every((word) => SIGNALS.has(word))) return true;
  const polite = words.every((word) => FAREWELLS.has(word) || COURTESIES.has(word) || SIGNALS.has(word));
  return polite && words.some((word) => FAREWELLS.has(word));
}
