// What calls are found by. The words of turns are written by the program (call-words.ts); of what was said before, the database cuts
// them out once. Every part of a number is a word too: its rests from each digit on, of which a question fits the beginning.
import type { Migration } from "./migration.ts";

const partsOf = (column: string): string =>
  Array.from({ length: 20 }, (_, at) => `substr(${column}, ${at + 1}, 40)`).join(", ");

export const search: Migration = {
  name: "0004-search",
  statements: [
    `alter table call_transcripts add column words tsvector`,
    `update call_transcripts set words = to_tsvector('simple', replace(replace(coalesce(text, '') || ' ' || coalesce(heard, ''), '''', ''), '\u2019', ''))`,
    `create index call_transcripts_by_words on call_transcripts using gin (words)`,
    `alter table calls add column number_parts tsvector generated always as (array_to_tsvector(array_remove(array[${partsOf("from_number")}, ${partsOf("to_number")}], ''))) stored`,
    `create index calls_by_number_parts on calls using gin (number_parts)`,
  ],
};
