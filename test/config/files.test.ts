// Files that are opened later are looked at at once: everything that is wrong stands in one message.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, readConfig } from "../../src/config.ts";
import { emptyFolder } from "../support/child.ts";

let folder: Awaited<ReturnType<typeof emptyFolder>>;
beforeAll(async () => void (folder = await emptyFolder()));
afterAll(() => folder.remove());
const at = (name: string): string => join(folder.path, name);

function problemsOf(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

test("every file and address that cannot be used is in the one message, with how to mend it", async () => {
  await writeFile(at("list.txt"), "+12025550199\nhello\n");
  await writeFile(at("ca.pem"), "no certificate");
  await writeFile(at("prices.yaml"), "prices: [");
  expect(
    problemsOf({
      PORT: "http",
      DATABASE_URL: "postgres://voice:secret@db.example.com/voice?sslmode=maybe",
      DATABASE_CA_FILE: at("ca.pem"),
      DO_NOT_CALL_FILE: at("list.txt"),
      PRICES_FILE: at("prices.yaml"),
      PERSONA_FILE: at("nothing.txt"),
      MCP_SERVERS_FILE: at("nothing.yaml"),
    }),
  ).toEqual([
    expect.stringMatching(/^PORT must be/),
    expect.stringMatching(/^DATABASE_URL has an unknown sslmode; it may be disable/),
    `DATABASE_CA_FILE holds no certificate in PEM form: ${at("ca.pem")}`,
    "DO_NOT_CALL_FILE cannot be used: line 2 of the do-not-call list is no number in E.164 form; it holds one number a line, such as +12025550123",
    `PERSONA_FILE cannot be read: ${at("nothing.txt")}`,
    expect.stringMatching(/^PRICES_FILE .*docs\/prices\.md/),
    `MCP_SERVERS_FILE cannot be read: ${at("nothing.yaml")}`,
  ]);
});

test("a file that is not there is one of them, and one that is good is none", async () => {
  expect(problemsOf({ DO_NOT_CALL_FILE: at("none"), DATABASE_CA_FILE: at("none") })).toEqual([
    `DATABASE_CA_FILE cannot be read: ${at("none")}`,
    `DO_NOT_CALL_FILE cannot be read: ${at("none")}`,
  ]);
  await writeFile(at("good.txt"), `# those who asked\n${"+12025550199\n".repeat(40_000)}`);
  await writeFile(at("good.pem"), "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
  expect(problemsOf({ DO_NOT_CALL_FILE: at("good.txt"), DATABASE_CA_FILE: at("good.pem") })).toEqual([]);
});
