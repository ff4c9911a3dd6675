// MCP_SERVERS_FILE: what is wrong is told all at once at the start, and no key of ours gets into it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig, type ConfigError } from "../../src/config.ts";

const dir = mkdtempSync(join(tmpdir(), "mcp-config-"));
const path = join(dir, "mcp.yaml");
afterAll(() => rmSync(dir, { recursive: true }));

function read(text: string, environment: Record<string, string> = {}) {
  writeFileSync(path, text);
  return readConfig({ MCP_SERVERS_FILE: path, OPENAI_API_KEY: "sk-our-own-key-0123", ...environment }).mcp;
}
function problems(text: string, environment: Record<string, string> = {}): readonly string[] {
  try {
    read(text, environment);
    return [];
  } catch (error) {
    return (error as ConfigError).problems;
  }
}

test("the example of the documentation is a good file", () => {
  const page = readFileSync(new URL("../../docs/mcp.md", import.meta.url), "utf8");
  const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  const { servers, confirmation } = read(example, { CALENDAR_TOKEN: "theirs" });
  expect(servers.calendar?.http?.headers).toEqual({ Authorization: "Bearer theirs" });
  expect(servers.desktop).toMatchObject({ users: ["ada"], organizations: [], timeout_ms: 8000 });
  expect(confirmation.seconds).toBe(60);
});

test("without a file there are no servers, and an entry is for nobody until it says for whom", () => {
  expect(readConfig({}).mcp.servers).toEqual({});
  expect(read("servers: { a: { stdio: { command: x } } }").servers.a).toMatchObject({ organizations: [], users: [] });
});

test.each<[string, string, RegExp]>([
  ["no YAML", "servers: {", /MCP_SERVERS_FILE .*\(docs\/mcp\.md\)/],
  ["a misspelt field", "servers: { a: { stdio: { command: x }, user: [ada] } }", /servers > a > user: is not a field/],
  ["neither way", "servers: { a: { users: [ada] } }", /servers > a: needs either stdio or http/],
  ["both ways", 'servers: { a: { stdio: { command: x }, http: { url: "https://a.b" } } }', /either stdio or http/],
  ["plain http", 'servers: { a: { http: { url: "http://a.example/mcp" } } }', /must be https/],
  ["a password in it", 'servers: { a: { http: { url: "https://u:p@a.example/" } } }', /no password/],
  ["an odd scheme", 'servers: { a: { http: { url: "file:///etc/passwd" } } }', /must be an https/],
  ["an odd name", "servers: { A__b: { stdio: { command: x } } }", /must be lower-case letters/],
  ["an endless time", "servers: { a: { stdio: { command: x }, timeout_ms: 600000 } }", /timeout_ms/],
  ["a risk of its own", "servers: { a: { stdio: { command: x }, risk: none } }", /risk/],
  ["a variable that is not set", 'servers: { a: { stdio: { command: x, env: { K: "${NOPE}" } } } }', /NOPE is not set/],
  [
    "our own variable",
    'servers: { a: { stdio: { command: x, env: { K: "${OPENAI_API_KEY}" } } } }',
    /is given to no server/,
  ],
  [
    "our own key",
    'servers: { a: { http: { url: "https://a.b", headers: { X: "sk-our-own-key-0123" } } } }',
    /holds a key of this/,
  ],
  [
    "our key by another name",
    'servers: { a: { stdio: { command: x, env: { K: "${OTHER}" } } } }',
    /holds a key of this/,
  ],
])("%s stops the start", (_what, text, message) => {
  const found = problems(text, { OTHER: "x sk-our-own-key-0123" });
  expect(found.join("\n")).toMatch(message);
  expect(found.join()).not.toContain("sk-our-own");
});

test("everything is told at once, with what else is wrong", () => {
  const text = 'servers: { a: { http: { url: "http://x.example" } }, b: { stdio: {} } }';
  expect(problems(text, { PORT: "no" }).length).toBeGreaterThanOrEqual(3);
});

test("a file that is not there is told of", () => {
  expect(() => readConfig({ MCP_SERVERS_FILE: join(dir, "nowhere.yaml") })).toThrow("MCP_SERVERS_FILE cannot be read");
});
