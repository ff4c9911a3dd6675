// Configuration: every variable explained, every problem told at once, nothing that cannot work let through.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, readConfig, VARIABLE_NAMES } from "../src/config.ts";

const PHONE = {
  TWILIO_ACCOUNT_SID: `AC${"0".repeat(32)}`,
  TWILIO_AUTH_TOKEN: "12345678901234567890123456789012",
  WEBHOOK_URL: "https://voice.example.com",
  OPENAI_API_KEY: "sk-test",
};
/** Read by a command of its own, not by the server. */
const OF_COMMANDS = ["NGROK_AUTHTOKEN"];

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

test(".env.example names every variable, no other one, and explains each", () => {
  const lines = readFileSync(new URL("../.env.example", import.meta.url), "utf8").split("\n");
  const named = lines.flatMap((line) => /^([A-Z][A-Z0-9_]*)=/.exec(line)?.[1] ?? []);
  expect(named.toSorted()).toEqual([...VARIABLE_NAMES, ...OF_COMMANDS].toSorted());
  for (const [index, line] of lines.entries()) {
    if (!/^[A-Z]/.test(line)) continue;
    // A comment stands above the variable, or above the group it belongs to.
    expect(lines.slice(Math.max(0, index - 4), index).some((above) => above.startsWith("#"))).toBe(true);
  }
});

test(".env.example as it is starts a server without a phone", () => {
  const lines = readFileSync(new URL("../.env.example", import.meta.url), "utf8").split("\n");
  const environment = Object.fromEntries(lines.filter((line) => /^[A-Z]/.test(line)).map((line) => line.split("=", 2)));
  expect(readConfig(environment as Record<string, string>).phone).toBeUndefined();
});

test("nothing set: the defaults, and warnings", () => {
  const config = readConfig({});
  expect(config).toMatchObject({
    PORT: 5000,
    HOST: "0.0.0.0",
    THREAD_CLIENT: "responses",
    THREAD_PER: "call",
    THREAD_TIMEOUT_MS: 10_000,
    VOICE_MODE: "assistant",
    BACKCHANNEL_MS: 700,
    FILLER_AFTER_MS: 1500,
    SILENCE_PROMPT_S: 10,
    MAX_CALL_MINUTES: 30,
    MAX_CALLS: 100,
    DRAIN_TIMEOUT_S: 30,
    TWILIO_VALIDATE: true,
    LOG_CONTENT: false,
    TRUST_PROXY: 0,
  });
  // Whoever is called hears at once that no human speaks.
  expect(config.GREETING).toContain("AI assistant");
  expect(config.warnings.join("\n")).toMatch(/Twilio.*\n.*OPENAI_API_KEY/);
  expect(Object.isFrozen(config)).toBe(true);
});

test("a call may take 55 minutes, as long as sessions do not roll over", () => {
  expect(readConfig({ MAX_CALL_MINUTES: "55" }).MAX_CALL_MINUTES).toBe(55);
  expect(problemsOf({ MAX_CALL_MINUTES: "55.1" })).toEqual([expect.stringContaining("MAX_CALL_MINUTES")]);
});

test("an empty variable counts as unset, blanks around a value do not count", () => {
  expect(readConfig({ PORT: "", THREAD_CLIENT: "  ", OPENAI_API_KEY: " sk-x " })).toMatchObject({
    PORT: 5000,
    OPENAI_API_KEY: "sk-x",
  });
});

describe("the phone channel", () => {
  test("all there", () => {
    expect(readConfig(PHONE).phone).toEqual({
      accountSid: PHONE.TWILIO_ACCOUNT_SID,
      authTokens: [PHONE.TWILIO_AUTH_TOKEN],
      webhookUrl: "https://voice.example.com",
      validate: true,
    });
    expect(readConfig({ ...PHONE, TWILIO_AUTH_TOKEN_SECONDARY: "87654321" }).phone?.authTokens).toHaveLength(2);
  });

  test.each(["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "WEBHOOK_URL", "OPENAI_API_KEY"])("without %s", (name) => {
    const problems = problemsOf({ ...PHONE, [name]: "" });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(name);
  });

  test("a number alone names every gap", () => {
    const problems = problemsOf({ TWILIO_PHONE_NUMBER: "+15550001111" });
    expect(problems.map((problem) => problem.split(" ")[0])).toEqual(
      Object.keys(PHONE).toSorted((a, b) => order(a) - order(b)),
    );
  });

  const order = (name: string): number =>
    ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "WEBHOOK_URL", "OPENAI_API_KEY"].indexOf(name);

  test.each([
    ["https://voice.example.com/", "https://voice.example.com"],
    ["https://voice.example.com:8443", "https://voice.example.com:8443"],
    ["http://127.0.0.1:5000", "http://127.0.0.1:5000"],
    ["http://localhost:5000/", "http://localhost:5000"],
  ])("WEBHOOK_URL %s", (given, origin) => {
    expect(readConfig({ ...PHONE, WEBHOOK_URL: given }).phone?.webhookUrl).toBe(origin);
  });

  test.each([
    ["https://voice.example.com/voice", 1],
    ["http://voice.example.com", 1],
    ["http://voice.example.com/voice", 2],
    ["voice.example.com", 1],
    ["https://user@voice.example.com", 1],
    ["https://voice.example.com?x=1", 1],
  ])("WEBHOOK_URL %s is refused", (given, problems) => {
    expect(problemsOf({ ...PHONE, WEBHOOK_URL: given })).toHaveLength(problems);
  });

  test("validation cannot be switched off in production", () => {
    expect(problemsOf({ ...PHONE, NODE_ENV: "production", TWILIO_VALIDATE: "false" })).toHaveLength(1);
    expect(readConfig({ ...PHONE, TWILIO_VALIDATE: "false" }).warnings.join()).toContain("TWILIO_VALIDATE");
  });
});

describe("the thread client", () => {
  const compatible = "http://127.0.0.1:9000/v1";

  test.each([
    [{}, "responses"],
    [{ THREAD_CLIENT: "chat" }, "chat"],
    [{ AGENT_WORKFLOW_ID: "asst_1", OPENAI_BASE_URL: compatible }, "assistants"],
    [{ AGENT_WORKFLOW_ID: "asst_1", OPENAI_BASE_URL: compatible, THREAD_CLIENT: "responses" }, "responses"],
    [{ AGENT_WORKFLOW_ID: "asst_1", OPENAI_BASE_URL: compatible, THREAD_CLIENT: "assistants" }, "assistants"],
  ])("%j", (environment, client) => {
    expect(readConfig(environment as Record<string, string>).THREAD_CLIENT).toBe(client);
  });

  test.each([
    { AGENT_WORKFLOW_ID: "asst_1" },
    { AGENT_WORKFLOW_ID: "asst_1", OPENAI_BASE_URL: "https://eu.api.openai.com/v1" },
    { AGENT_WORKFLOW_ID: "asst_1", OPENAI_BASE_URL: "https://me.openai.azure.com/openai/v1" },
    { AGENT_WORKFLOW_ID: "wf_1", OPENAI_BASE_URL: compatible },
    { AGENT_WORKFLOW_ID: "pmpt_1" },
    { AGENT_WORKFLOW_ID: "something" },
    { THREAD_CLIENT: "assistants" },
  ])("%j is refused, and told how to mend it", (environment) => {
    const problems = problemsOf(environment);
    expect(problems).toHaveLength(1);
    if ("AGENT_WORKFLOW_ID" in environment) expect(problems[0]).toMatch(/THREAD_CLIENT.*ASSISTANT_MODEL.*PERSONA_FILE/);
  });
});

test("everything wrong is told at once, in one message that names the demo", () => {
  const environment = {
    PORT: "99999",
    HOST: "bad host",
    BACKCHANNEL_MS: "-1",
    MAX_CALL_MINUTES: "56",
    VOICE_SPEED: "9",
    API_KEYS: "a:admin:short",
    METRICS_TOKEN: "short",
    TRANSFER_NUMBER: "5551234",
    TRANSCRIPTION_MODEL: "gpt-realtime-whisper",
    PERSONA_FILE: "/nowhere/persona.txt",
    PRICES_FILE: "/nowhere/prices.yaml",
    TWILIO_ACCOUNT_SID: "AC1",
  };
  const problems = problemsOf(environment);
  for (const name of Object.keys(environment)) expect(problems.join("\n")).toContain(name);
  for (const name of ["TWILIO_AUTH_TOKEN", "WEBHOOK_URL", "OPENAI_API_KEY"])
    expect(problems.join("\n")).toContain(name);
  expect(new ConfigError(problems).message).toContain("npm run demo");
});

describe("prices", () => {
  const folder = mkdtempSync(join(tmpdir(), "voicebridge-prices-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (text: string): { PRICES_FILE: string } => {
    const PRICES_FILE = join(folder, "prices.yaml");
    writeFileSync(PRICES_FILE, text);
    return { PRICES_FILE };
  };

  test("none are there without a file", () => {
    expect(readConfig({}).prices).toBeUndefined();
  });

  test("are read at the start, and what the models in use lack is told", () => {
    const config = readConfig(
      file("currency: EUR\nmodels: { gpt-6-luna: { per_million_tokens: { input: 1, output: 2 } } }"),
    );
    expect(config.prices?.currency).toBe("EUR");
    expect(config.warnings.filter((warning) => warning.startsWith("PRICES_FILE"))).toEqual([
      "PRICES_FILE lacks the price of gpt-realtime-2.1 (input, audio_input, output, audio_output) and of gpt-live-transcribe (audio_input, output): what calls cost is not known",
    ]);
  });

  test("every mistake stops the start, beside all others", () => {
    const problems = problemsOf({ ...file("currency: EUR\nmodels: { a: {} }\ntax: 1"), PORT: "x" });
    expect(problems).toEqual([
      "PORT must be a whole number",
      "PRICES_FILE models > a: needs prices: per_million_tokens or per_minute (docs/prices.md)",
      "PRICES_FILE tax: is not a field of a price list (docs/prices.md)",
    ]);
  });
});

test("keys", () => {
  expect(readConfig({ API_KEYS: "ops:admin:0123456789abcdef, dash:read:fedcba9876543210" }).API_KEYS).toEqual([
    { name: "ops", role: "admin", key: "0123456789abcdef" },
    { name: "dash", role: "read", key: "fedcba9876543210" },
  ]);
});
