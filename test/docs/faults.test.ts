// Every fault of the catalogue that a call may meet is found in the tests by its name: test/flows/README.md says where, and is right.
import { existsSync, readFileSync } from "node:fs";

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const ASKED = [1, 2, 4, ...Array.from({ length: 18 }, (_, index) => index + 7), 27, 28, 32].map(
  (number) => `F${number}`,
);

/** The files that each row of the table names. */
const rows = new Map(
  [...read("flows/README.md").matchAll(/^\| (F\d+) .*$/gm)].map(([row, fault]) => [
    fault as string,
    [...row.matchAll(/`([\w/.-]+)`/g)].map(([, path]) => `${path}.test.ts`),
  ]),
);

test.each(ASKED)("%s", (fault) => {
  const files = rows.get(fault) ?? [];
  expect(files.filter((file) => !existsSync(new URL(`../${file}`, import.meta.url)))).toEqual([]);
  // In a title, which is a string, and not in a comment.
  const named = files.filter((file) => new RegExp(`["'\`]${fault}\\b`).test(read(file)));
  expect(named).not.toEqual([]);
});
