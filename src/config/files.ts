// Files that settings name and that are opened later, by the database or with the first call that is placed: looked at when the
// configuration is read, so that what is wrong with them stands in the one message. Each function returns sentences for the operator.
import { closeSync, openSync, readSync } from "node:fs";
import { numbersIn } from "../channels/phone/do-not-call.ts";
import { AddressError, readAddress } from "../storage/postgres-address.ts";

type Given = Readonly<Record<string, string>>;

/** Bytes of a list that are looked at here: the rest is read when it is needed. */
const LOOKED_AT = 256 << 10;

export function fileProblems(given: Given): string[] {
  return [...databaseProblems(given), ...listProblems(given.DO_NOT_CALL_FILE)];
}

/** The address without the certificate, and the certificate without the address: one problem does not hide the other. */
function databaseProblems({ DATABASE_URL: url, DATABASE_CA_FILE: caFile }: Given): string[] {
  return [
    ...(url === undefined ? [] : addressProblems(url, undefined)),
    ...(caFile === undefined ? [] : addressProblems("postgres://localhost/voice", caFile)),
  ];
}

function addressProblems(url: string, caFile: string | undefined): string[] {
  try {
    readAddress(url, caFile);
    return [];
  } catch (error) {
    if (error instanceof AddressError) return [error.message];
    throw error;
  }
}

function listProblems(path: string | undefined): string[] {
  if (path === undefined) return [];
  let text: string;
  try {
    text = beginningOf(path);
  } catch {
    return [`DO_NOT_CALL_FILE cannot be read: ${path}`];
  }
  try {
    numbersIn(text);
    return [];
  } catch (error) {
    const why = error instanceof Error ? error.message : "it cannot be understood";
    return [`DO_NOT_CALL_FILE cannot be used: ${why}; it holds one number a line, such as +12025550123`];
  }
}

function beginningOf(path: string): string {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(LOOKED_AT);
    const length = readSync(file, bytes, 0, LOOKED_AT, 0);
    const text = bytes.toString("utf8", 0, length);
    // The last line may be cut.
    return length < LOOKED_AT ? text : text.slice(0, text.lastIndexOf("\n") + 1);
  } finally {
    closeSync(file);
  }
}
