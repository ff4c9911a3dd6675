// Written text as it should be said: markdown, addresses and pictures go, words stay. Pure; works on one piece of text that
// does not cut a link in two (sentences.ts sees to that).

const RULES: readonly (readonly [pattern: RegExp, spoken: string])[] = [
  // Fences, rules and table lines stand alone on their line; what is inside a fence is still said.
  [/^[ \t]*(?:`{3,}|~{3,})[^\n`]*$/gm, " "],
  [/^[ \t]*(?:[-*_=][ \t]*){3,}$/gm, " "],
  [/^[ \t]*\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)+(?:[ \t]*:?-{2,}:?)?[ \t]*$/gm, " "],
  // Headings, quotes and bullets; the number of a numbered item is worth saying.
  [/^[ \t]*(?:#{1,6}|>+|[-*+•‣▪])[ \t]+/gm, ""],
  // Links and pictures keep their text.
  [/!?\[([^[\]\n]{0,300})\]\([^()\s]{0,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,2000})?(?:[ \t]+"[^"\n]{0,300}")?\)/g, "$1"],
  [/<(?:https?:\/\/|mailto:)[^\s<>]{1,2000}>/gi, "a link"],
  // An address ends before the punctuation of its sentence.
  [/\b(?:https?:\/\/|www\.)[^\s<>]{0,2000}[^\s<>.,;:!?'")\]}*_。！？]/gi, "a link"],
  [/<br[ \t]*\/?>/gi, " "],
  // Emphasis and code marks touch a word on one side; a star between numbers is a word itself.
  [/(?<!\p{N})\*{2,}|\*{2,}(?!\p{N})|~~|`+/gu, ""],
  [/(?<![\p{L}\p{N}*])\*(?=[^\s*])|(?<=[^\s*])\*(?![\p{L}\p{N}*])/gu, ""],
  [/(?<![\p{L}\p{N}_])_+(?=[\p{L}\p{N}])|(?<=[\p{L}\p{N}.,!?])_+(?![\p{L}\p{N}_])/gu, ""],
  [/\|/g, " "],
  // A keycap is its digit; signs of trade and the like are no pictures.
  [/([0-9#*])\uFE0F?\u20E3/g, "$1"],
  [/(?![©®™‼⁉ℹ])\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier}|\u200D\p{Extended_Pictographic})*/gu, ""],
  [/\p{Regional_Indicator}/gu, ""],
  [/\s+/g, " "],
];

export function speakable(text: string): string {
  let spoken = text;
  for (const [pattern, replacement] of RULES) spoken = spoken.replace(pattern, replacement);
  const trimmed = spoken.trim();
  // Punctuation alone would be read out, or make the voice invent something.
  return /[\p{L}\p{N}]/u.test(trimmed) ? trimmed : "";
}
