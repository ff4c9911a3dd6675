// The command `simulate-call` as a process of its own, against a server in the test: exit codes, words and the recording.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { writeWav } from "../../../src/audio/wav.ts";
import { AUTH_TOKEN, connectTwiml, startDouble, tone, type Double } from "./double.ts";

const SCRIPT = resolve("scripts/simulate-call.ts");
const PUBLIC = "https://voice.example.com";
let double: Double;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "simulate-call-"));
  double = await startDouble({ publicUrl: PUBLIC });
});
afterAll(async () => {
  await double.close();
  rmSync(folder, { recursive: true, force: true });
});

function simulate(args: string[], env: Record<string, string> = {}) {
  // Run in the empty folder, so that no .env of the developer is found.
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), SCRIPT, ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output += data.toString()));
  return new Promise<{ code: number | null; output: string }>((done) => {
    child.once("close", (code) => done({ code, output }));
  });
}

test("a call by script: the WAV file is what the caller says, the recording holds both sides, exit code 0", async () => {
  // One second of 1 kHz at 44.1 kHz, stereo with one silent channel: the telephone hears it at half its height.
  const left = Int16Array.from({ length: 44_100 }, (_, i) => 16_000 * Math.sin((2 * Math.PI * 1000 * i) / 44_100));
  writeFileSync(join(folder, "hello.wav"), writeWav([left, new Int16Array(44_100)], 44_100));
  const steps = [
    { do: "wait-for-silence", ms: 200 },
    { do: "say", wav: "hello.wav", text: "hello" },
    { do: "hang-up" },
  ];
  writeFileSync(join(folder, "script.json"), JSON.stringify({ steps }));
  double.on("/voice", connectTwiml(PUBLIC));
  double.onStream((stream) => void stream.next((m) => m.event === "start").then(() => stream.play(tone(300))));
  const args = ["--url", double.url, "--public-url", PUBLIC, "--script", "script.json", "--out", "made/call.wav"];
  const { code, output } = await simulate(args, { TWILIO_AUTH_TOKEN: AUTH_TOKEN });
  expect(output).toContain("caller says “hello”");
  expect(output).toContain("agent silent after 0.3 s");
  expect(output).toMatch(/the caller hung up after \d s/);
  expect(code).toBe(0);
  expect(double.seen.every(({ valid }) => valid)).toBe(true);
  expect(double.upgrades).toMatchObject([{ valid: true }]);

  const wav = readFileSync(join(folder, "made/call.wav"));
  const caller: number[] = [];
  const agent: number[] = [];
  for (let at = 44; at < wav.length; at += 4) {
    caller.push(Math.abs(wav.readInt16LE(at)));
    agent.push(Math.abs(wav.readInt16LE(at + 2)));
  }
  const loud = (samples: number[], above: number) => samples.filter((sample) => sample > above).length;
  expect(loud(agent, 100)).toBe(2400);
  expect(Math.max(...caller)).toBeGreaterThan(7500);
  expect(Math.max(...caller)).toBeLessThan(8500);
  // 1 kHz has eight samples a period at 8 kHz, six of them above half its height: the second is whole, and in tune.
  expect(loud(caller, 4000) / 8000).toBeCloseTo(6 / 8, 1);
});

test("a wrong token: the hint says what to check, exit code 1", async () => {
  double.on("/voice", { status: 403 });
  const { code, output } = await simulate(["--url", double.url, "--token", "wrong"]);
  expect(output).toContain("403: the signature was refused");
  expect(code).toBe(1);
});

test("a server that does not hang up: what ends the call is told, and not that nobody was heard, exit code 1", async () => {
  const steps = [
    { do: "wait-for-silence", ms: 200 },
    { do: "wait-for-hang-up", timeoutMs: 300 },
  ];
  writeFileSync(join(folder, "patient.json"), JSON.stringify({ steps }));
  double.on("/voice", connectTwiml(PUBLIC));
  double.onStream((stream) => void stream.next((m) => m.event === "start").then(() => stream.play(tone(300))));
  const args = ["--url", double.url, "--public-url", PUBLIC, "--script", "patient.json"];
  const { code, output } = await simulate(args, { TWILIO_AUTH_TOKEN: AUTH_TOKEN });
  expect(output).toContain("step 2 (wait-for-hang-up) waited in vain");
  expect(output).toContain("The server did not end the call");
  expect(output).not.toContain("was not heard");
  expect(code).toBe(1);
});

test("options that are wrong are told, exit code 2", async () => {
  const cases: [string[], RegExp][] = [
    [[], /--url is missing/],
    [["--url", "http://127.0.0.1:1"], /give --token or set TWILIO_AUTH_TOKEN/],
    [["--url", "http://127.0.0.1:1", "--token", "x", "--wav", "none.wav"], /cannot read none\.wav/],
  ];
  const results = await Promise.all(cases.map(([args]) => simulate(args)));
  results.forEach(({ code, output }, i) => {
    expect(output).toMatch(cases[i]![1]);
    expect(code).toBe(2);
  });
});
