// The list of those who are never called: a text file with a number on each line, read again when it was changed. A list that
// cannot be read, or not be understood, forbids every call.
import { readFile, stat } from "node:fs/promises";
import { parsePhoneNumberFromString } from "libphonenumber-js/max";

export interface DoNotCall {
  /** @throws Error when the list cannot be read or has a line that is no number. */
  has(number: string): Promise<boolean>;
}

/** Bytes; some millions of numbers. */
const LARGEST = 64 << 20;

/** @param file absent: there is no list. */
export function createDoNotCall(file: string | undefined): DoNotCall {
  let known: { readonly stamp: string; readonly numbers: ReadonlySet<string> } | undefined;

  async function read(path: string): Promise<ReadonlySet<string>> {
    const { mtimeMs, size } = await stat(path);
    const stamp = `${mtimeMs} ${size}`;
    if (known?.stamp === stamp) return known.numbers;
    if (size > LARGEST) throw new Error("the do-not-call list is larger than 64 MiB");
    const numbers = numbersIn(await readFile(path, "utf8"));
    known = { stamp, numbers };
    return numbers;
  }

  return { has: async (number) => file !== undefined && (await read(file)).has(number) };
}

/** One number a line, in international form; what stands behind a # is for people. @throws Error naming the line. */
export function numbersIn(text: string): ReadonlySet<string> {
  const numbers = new Set<string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const told = line.replace(/#.*/, "").trim();
    if (told === "") continue;
    const number = told.startsWith("+") ? parsePhoneNumberFromString(told, { extract: false })?.number : undefined;
    if (number === undefined) throw new Error(`line ${index + 1} of the do-not-call list is no number in E.164 form`);
    numbers.add(number);
  }
  return numbers;
}
