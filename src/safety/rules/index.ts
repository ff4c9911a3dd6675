// The languages the guard knows by itself. Adding one is one file and one line here; all of them apply to every call, because
// nobody asks a caller in an emergency which language they speak.
import { ENGLISH } from "./english.ts";
import { FRENCH } from "./french.ts";
import { GERMAN } from "./german.ts";
import type { RuleBook } from "./rule-book.ts";
import { SPANISH } from "./spanish.ts";

export type { RuleBook } from "./rule-book.ts";

export const RULE_BOOKS: readonly RuleBook[] = [ENGLISH, SPANISH, GERMAN, FRENCH];
