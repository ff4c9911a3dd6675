// npm run twilio:configure against the simulated REST API: what it changes, what it warns of, and every way it can fail.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { configureTwilio } from "../../src/ops/configure.ts";
import { createNumbers } from "../../src/ops/numbers.ts";
import { startChild } from "../support/child.ts";
import { ACCOUNT_SID, AUTH_TOKEN, keptTerminal, NUMBER, OLD, OTHER_NUMBER, startDesk, type Desk } from "./desk.ts";

let desk: Desk;
beforeEach(async () => {
  desk = await startDesk();
});
afterEach(() => desk.close());

async function configure(args: readonly string[] = [], more: Readonly<Record<string, string | undefined>> = {}) {
  const terminal = keptTerminal(desk.environment(more));
  const exitCode = await configureTwilio(args, terminal);
  return { exitCode, out: terminal.out(), err: terminal.err() };
}

const WANTED = {
  VoiceUrl: "https://voice.example.com/voice",
  VoiceMethod: "POST",
  VoiceFallbackUrl: "https://fallback.example.net/sorry",
  VoiceFallbackMethod: "GET",
  StatusCallback: "https://voice.example.com/voice/status",
  StatusCallbackMethod: "POST",
};

describe("what it changes", () => {
  test("webhook, fallback and status callback of the number, with before and after", async () => {
    const { exitCode, out, err } = await configure();
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    expect(desk.settings()).toMatchObject(WANTED);
    const { sid } = desk.twilio.numbers.find(NUMBER)!;
    expect(out.split("\n")).toEqual([
      `${NUMBER} (${sid}): changed`,
      "  VoiceUrl              https://old.example/voice -> https://voice.example.com/voice",
      "  VoiceMethod           GET -> POST",
      "  VoiceFallbackUrl      (none) -> https://fallback.example.net/sorry",
      "  VoiceFallbackMethod   POST -> GET",
      "  StatusCallback        https://old.example/status -> https://voice.example.com/voice/status",
      "  StatusCallbackMethod  POST",
    ]);
    // Only what differs is sent, and another number of the account is not touched.
    expect(desk.changes()).toEqual([expect.not.objectContaining({ StatusCallbackMethod: "POST" })]);
    expect(desk.twilio.numbers.find(OTHER_NUMBER)!.settings.VoiceUrl).toBe("");
  });

  test("nothing when everything is as it should be", async () => {
    await configure();
    const { exitCode, out } = await configure();
    expect(exitCode).toBe(0);
    expect(out).toContain("nothing to change");
    expect(desk.changes()).toHaveLength(1);
  });

  test("nothing with --dry-run, which shows what it would be", async () => {
    const { exitCode, out } = await configure(["--dry-run"]);
    expect(exitCode).toBe(0);
    expect(out).toContain("would change (--dry-run)");
    expect(out).toContain("https://old.example/voice -> https://voice.example.com/voice");
    expect(desk.changes()).toEqual([]);
    expect(desk.settings()).toMatchObject(OLD);
  });

  test("--json gives one object", async () => {
    const { out } = await configure(["--json"]);
    expect(JSON.parse(out)).toEqual({
      phoneNumber: NUMBER,
      sid: desk.twilio.numbers.find(NUMBER)!.sid,
      dryRun: false,
      changed: true,
      before: { ...OLD, VoiceApplicationSid: "", TrunkSid: "" },
      after: { ...WANTED, VoiceApplicationSid: "", TrunkSid: "" },
      warnings: [],
    });
  });
});

describe("what it warns of", () => {
  test("no fallback at all", async () => {
    const { exitCode, out } = await configure([], { VOICE_FALLBACK_URL: undefined });
    expect(exitCode).toBe(0);
    expect(out).toContain("Warning: VOICE_FALLBACK_URL is not set: while this server is dead");
    expect(desk.settings()).toMatchObject({ VoiceFallbackUrl: "", VoiceFallbackMethod: "POST" });
  });

  test("a fallback at the number that nobody named stays", async () => {
    desk.twilio.numbers.find(NUMBER)!.settings.VoiceFallbackUrl = "https://kept.example/x";
    const { out } = await configure([], { VOICE_FALLBACK_URL: undefined });
    expect(out).toContain(
      "Warning: VOICE_FALLBACK_URL is not set: the number keeps its fallback, https://kept.example/x.",
    );
    expect(desk.settings().VoiceFallbackUrl).toBe("https://kept.example/x");
  });

  test("a fallback on the host it stands in for, whatever its port", async () => {
    const { exitCode, out } = await configure([], { VOICE_FALLBACK_URL: "https://voice.example.com:8443/sorry" });
    expect(exitCode).toBe(0);
    expect(out).toContain("Warning: The fallback https://voice.example.com:8443/sorry is on the host it stands in for");
  });

  test("an address of this machine", async () => {
    const { out } = await configure([], { WEBHOOK_URL: "http://127.0.0.1:5000/" });
    expect(out).toContain("Warning: http://127.0.0.1:5000 is an address of this machine, which Twilio cannot reach");
    expect(desk.settings().VoiceUrl).toBe("http://127.0.0.1:5000/voice");
  });

  test("an application that overrides the webhook; --force takes it off", async () => {
    const application = `AP${"a".repeat(32)}`;
    desk.twilio.numbers.find(NUMBER)!.settings.VoiceApplicationSid = application;
    const first = await configure();
    expect(first.exitCode).toBe(5);
    expect(first.out).toContain(`Warning: VoiceApplicationSid ${application} overrides VoiceUrl`);
    expect(desk.settings()).toMatchObject({ ...WANTED, VoiceApplicationSid: application });
    const second = await configure(["--force"]);
    expect(second.exitCode).toBe(0);
    expect(second.out).toContain(`  VoiceApplicationSid   ${application} -> (none)`);
    expect(second.out).not.toContain("Warning");
    expect(desk.settings().VoiceApplicationSid).toBe("");
  });

  test("a trunk, which nothing here takes off", async () => {
    desk.twilio.numbers.find(NUMBER)!.settings.TrunkSid = `TK${"b".repeat(32)}`;
    const { exitCode, out } = await configure(["--force"]);
    expect(exitCode).toBe(5);
    expect(out).toContain(`Warning: TrunkSid TK${"b".repeat(32)} overrides VoiceUrl`);
    expect(desk.settings().TrunkSid).toBe(`TK${"b".repeat(32)}`);
  });
});

describe("how it fails", () => {
  test("every gap and every malformed value in one message", async () => {
    const { exitCode, err } = await configure([], {
      TWILIO_ACCOUNT_SID: undefined,
      TWILIO_AUTH_TOKEN: " ",
      TWILIO_PHONE_NUMBER: "5550002222",
      WEBHOOK_URL: "https://voice.example.com/voice",
    });
    expect(exitCode).toBe(1);
    expect(err).toContain("TWILIO_ACCOUNT_SID is missing: npm run twilio:configure needs it");
    expect(err).toContain("TWILIO_AUTH_TOKEN is missing: npm run twilio:configure needs it");
    expect(err).toContain("TWILIO_PHONE_NUMBER must be a phone number in E.164 form");
    expect(err).toContain("WEBHOOK_URL must be an origin");
    expect(err.match(/^ {2}- /gm)).toHaveLength(4);
    expect(desk.twilio.rest.requests).toEqual([]);
  });

  test("what only the server needs is not asked for", async () => {
    expect((await configure([], { OPENAI_API_KEY: "", VAD_THRESHOLD: "loud" })).exitCode).toBe(0);
  });

  test("a number that is not in the account: how many there are, and none to be read", async () => {
    const { exitCode, err } = await configure([], { TWILIO_PHONE_NUMBER: "+15550002229" });
    expect(exitCode).toBe(3);
    expect(err).toBe(
      "TWILIO_PHONE_NUMBER +1***29 is not in this Twilio account, which has 2 numbers: +1***44, +1***22",
    );
  });

  test("an account without numbers, and one with many", async () => {
    const empty = await startDesk({ numbers: [] });
    const many = await startDesk({ numbers: Array.from({ length: 60 }, (_, i) => `+1555100${1000 + i}`) });
    const messages = await Promise.all(
      [empty, many].map(async (one) => {
        const terminal = keptTerminal(one.environment());
        await configureTwilio([], terminal);
        return terminal.err();
      }),
    );
    expect(messages[0]).toContain("which has no numbers");
    expect(messages[1]).toContain("which has 60 numbers: +1***00, +1***01,");
    expect(messages[1]).toMatch(/\+1\*\*\*09, \.\.\.$/);
    await Promise.all([empty.close(), many.close()]);
  });

  test("a number that only contains the wanted one is not taken for it", async () => {
    desk.twilio.numbers.add("+155500022229");
    const { exitCode } = await configure();
    expect(exitCode).toBe(0);
    expect(desk.twilio.numbers.find("+155500022229")!.settings.VoiceUrl).toBe("");
  });

  test("a wrong token", async () => {
    const { exitCode, err } = await configure([], { TWILIO_AUTH_TOKEN: "wrong-token" });
    expect(exitCode).toBe(3);
    expect(err).toContain("Twilio refuses to sign in (401)");
    expect(err).not.toContain("wrong-token");
  });

  test("a busy Twilio is asked again, and in the end given up", async () => {
    desk.twilio.rest.misbehave("429", 2);
    expect((await configure()).exitCode).toBe(0);
    desk.twilio.rest.misbehave("429");
    const { exitCode, err } = await configure();
    expect(exitCode).toBe(4);
    expect(err).toContain("(429): try again in a minute");
  });

  test.each(["500", "503"] as const)("Twilio answers %s", async (status) => {
    desk.twilio.rest.misbehave(status);
    const { exitCode, err } = await configure();
    expect(exitCode).toBe(4);
    expect(err).toContain(`in trouble (${status})`);
  });

  test("nobody listens there", async () => {
    const { exitCode, err } = await configure([], { TWILIO_API_BASE_URL: "http://127.0.0.1:1" });
    expect(exitCode).toBe(4);
    expect(err).toBe("Twilio's REST API at http://127.0.0.1:1 cannot be reached (ECONNREFUSED)");
  });

  test("no answer comes", async () => {
    desk.twilio.rest.misbehave("hang");
    const numbers = createNumbers({
      accountSid: ACCOUNT_SID,
      authToken: AUTH_TOKEN,
      apiBaseUrl: desk.twilio.baseUrl,
      timeoutMs: 50,
    });
    await expect(numbers.find(NUMBER)).rejects.toMatchObject({
      exitCode: 4,
      message: `Twilio's REST API at ${desk.twilio.baseUrl} did not answer within 0.05 s`,
    });
  });

  test("Twilio refuses a value", async () => {
    const numbers = createNumbers({
      accountSid: ACCOUNT_SID,
      authToken: AUTH_TOKEN,
      apiBaseUrl: desk.twilio.baseUrl,
    });
    const { sid } = await numbers.find(NUMBER);
    await expect(numbers.change(sid, { VoiceUrl: "ftp://nowhere" })).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("Twilio refuses (400, error 21402)"),
    });
  });

  test("--json tells the failure too", async () => {
    desk.twilio.rest.misbehave("503");
    const { exitCode, out } = await configure(["--json"]);
    expect(JSON.parse(out)).toEqual({ error: { exitCode, message: expect.stringContaining("503") } });
  });

  test("an option that does not exist, and --help", async () => {
    const wrong = await configure(["--yes"]);
    expect(wrong.exitCode).toBe(2);
    expect(wrong.err).toContain("--yes");
    const help = await configure(["--help"], { TWILIO_ACCOUNT_SID: undefined });
    expect(help.exitCode).toBe(0);
    for (const option of ["--dry-run", "--force", "--restore", "--json", "Exit codes"])
      expect(help.out).toContain(option);
    expect(desk.twilio.rest.requests).toEqual([]);
  });
});

describe("--restore", () => {
  const made = { ...WANTED, VoiceFallbackUrl: "", VoiceFallbackMethod: "POST", VoiceApplicationSid: "", TrunkSid: "" };
  const path = () => join(desk.dataDir, "tunnel-number.json");
  /** No process has it: ids end far below. */
  const NOBODY = 2 ** 30;

  function leave(more: Readonly<Record<string, unknown>> = {}): void {
    const { sid, settings } = desk.twilio.numbers.find(NUMBER)!;
    Object.assign(settings, made);
    const before = { ...OLD, VoiceApplicationSid: "", TrunkSid: "" };
    const kept = {
      accountSid: ACCOUNT_SID,
      sid,
      number: NUMBER,
      pid: NOBODY,
      savedAt: "2026-11-21T00:00:00Z",
      before,
      made,
    };
    writeFileSync(path(), JSON.stringify({ ...kept, ...more }));
  }

  test("puts back what a killed tunnel left, and then has nothing left to do", async () => {
    leave();
    // Neither of the two is needed for it.
    const without = { WEBHOOK_URL: undefined, TWILIO_PHONE_NUMBER: undefined };
    const dry = await configure(["--restore", "--dry-run"], without);
    expect(dry.out).toContain("would change (--dry-run)");
    expect(desk.settings()).toMatchObject(made);
    const { exitCode, out } = await configure(["--restore"], without);
    expect(exitCode).toBe(0);
    expect(out).toContain("https://voice.example.com/voice -> https://old.example/voice");
    expect(desk.settings()).toMatchObject(OLD);
    expect((await configure(["--restore"], without)).out).toBe(`Nothing to restore: there is no ${path()}.`);
    expect(JSON.parse((await configure(["--restore", "--json"], without)).out)).toMatchObject({ changed: false });
  });

  test("leaves alone what somebody else has changed since", async () => {
    leave();
    Object.assign(desk.twilio.numbers.find(NUMBER)!.settings, {
      VoiceUrl: "https://new.example/voice",
      VoiceMethod: "POST",
    });
    const { out } = await configure(["--restore"]);
    expect(out).toContain("Warning: VoiceUrl was changed by somebody else meanwhile and stays as it is.");
    expect(desk.settings()).toMatchObject({
      VoiceUrl: "https://new.example/voice",
      VoiceMethod: "POST",
      StatusCallback: OLD.StatusCallback,
    });
  });

  test("a number that was given up meanwhile", async () => {
    leave({ sid: `PN${"9".repeat(32)}` });
    const { exitCode, out } = await configure(["--restore"]);
    expect(exitCode).toBe(0);
    expect(out).toContain("is not in the account any more");
    expect((await configure(["--restore"])).out).toContain("there is no");
  });

  test("not under a tunnel that runs, unless forced", async () => {
    leave({ pid: process.ppid });
    const { exitCode, err } = await configure(["--restore"]);
    expect(exitCode).toBe(2);
    expect(err).toContain(`A tunnel holds the number (process ${process.ppid})`);
    expect(desk.settings()).toMatchObject(made);
    expect((await configure(["--restore", "--force"])).exitCode).toBe(0);
    expect(desk.settings()).toMatchObject(OLD);
  });

  test("not with another account's credentials", async () => {
    leave({ accountSid: `AC${"7".repeat(32)}` });
    const { exitCode, err } = await configure(["--restore"]);
    expect(exitCode).toBe(1);
    expect(err).toContain(`another account (AC${"7".repeat(32)})`);
  });

  test("a damaged file is told, not guessed at", async () => {
    writeFileSync(path(), '{"accountSid":');
    const { exitCode, err } = await configure(["--restore"]);
    expect(exitCode).toBe(1);
    expect(err).toContain(`${path()} is damaged`);
    expect(readFileSync(path(), "utf8")).toBe('{"accountSid":');
  });

  test("the file stays when Twilio does not take the change", async () => {
    leave();
    desk.twilio.rest.misbehave("503");
    expect((await configure(["--restore"])).exitCode).toBe(4);
    desk.twilio.rest.misbehave(undefined);
    expect((await configure(["--restore"])).exitCode).toBe(0);
    expect(desk.settings()).toMatchObject(OLD);
  });
});

test("as a process: .env is read, the environment wins, the exit code comes out", async () => {
  const cwd = join(desk.dataDir, "home");
  mkdirSync(cwd);
  const { WEBHOOK_URL, ...inFile } = desk.environment({ VOICE_FALLBACK_URL: "https://from-file.example/x" });
  writeFileSync(
    join(cwd, ".env"),
    Object.entries(inFile)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  const lacking = startChild("src/ops/configure-twilio.ts", { cwd });
  const good = startChild("src/ops/configure-twilio.ts", {
    cwd,
    args: ["--json"],
    env: { WEBHOOK_URL: WEBHOOK_URL!, VOICE_FALLBACK_URL: "https://from-environment.example/x" },
  });
  expect(await lacking.exited).toEqual({ code: 1, signal: null });
  expect(lacking.stderr()).toContain("WEBHOOK_URL is missing: npm run twilio:configure needs it");
  expect(await good.exited).toEqual({ code: 0, signal: null });
  expect(good.stdout()).toContain('"changed": true');
  expect(desk.settings()).toMatchObject({
    VoiceUrl: "https://voice.example.com/voice",
    VoiceFallbackUrl: "https://from-environment.example/x",
  });
});
