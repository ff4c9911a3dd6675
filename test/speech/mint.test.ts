// Client secrets for browsers, minted at a simulated OpenAI that takes no field the real one does not.
import { startOpenAISim, type OpenAISim } from "../../src/sim/openai/index.ts";
import { createMint } from "../../src/speech/mint.ts";
import type { VoiceSettings } from "../../src/speech/session-config.ts";
import { keptLog } from "../support/observe.ts";

const SETTINGS: VoiceSettings = {
  mode: "speech-to-speech",
  model: "gpt-realtime-2.1",
  voice: "cedar",
  speed: 1.1,
  vad: { type: "server_vad", threshold: 0.6, prefixMs: 200, silenceMs: 700 },
  transcription: { model: "gpt-live-transcribe", language: "de" },
  instructions: "You are the desk.",
  tools: [{ name: "escalate", description: "Calls for a human.", parameters: { type: "object", properties: {} } }],
};

let openai: OpenAISim;
const log = keptLog();
const never = new AbortController().signal;
beforeAll(async () => (openai = await startOpenAISim()));
afterAll(() => openai.close());
const mintAt = (baseUrl = openai.baseUrl, apiKey = openai.apiKey) => createMint({ apiKey, baseUrl, log });

test("a secret opens a session with the organization's instructions, voice, turn-taking and tools", async () => {
  const minted = await mintAt()(SETTINGS, never);
  expect(minted).toEqual({
    secret: expect.stringMatching(/^ek_/),
    sessionId: expect.stringMatching(/^sess_/),
    model: "gpt-realtime-2.1",
    expiresAt: expect.any(Number),
  });
  expect(minted.expiresAt - Date.now() / 1000).toBeGreaterThan(590);
  expect(openai.state.secrets.get(minted.secret)?.session).toMatchObject({
    type: "realtime",
    instructions: "You are the desk.",
    tool_choice: "auto",
    tools: [{ type: "function", name: "escalate" }],
    reasoning: { effort: "minimal" },
    audio: {
      input: {
        format: { type: "audio/pcm", rate: 24_000 },
        transcription: { model: "gpt-live-transcribe", language: "de" },
        turn_detection: { type: "server_vad", threshold: 0.6, create_response: true, interrupt_response: true },
      },
      output: { voice: "cedar", speed: 1.1 },
    },
  });
});

test("semantic turn detection and models without reasoning are minted too", async () => {
  const settings = { ...SETTINGS, model: "gpt-realtime-1.5", vad: { type: "semantic_vad", eagerness: "low" } } as const;
  const { secret } = await mintAt()(settings, never);
  const session = openai.state.secrets.get(secret)?.session;
  expect(session).toMatchObject({ audio: { input: { turn_detection: { type: "semantic_vad", eagerness: "low" } } } });
  expect(session).not.toHaveProperty("reasoning");
});

test.each<readonly [string, () => ReturnType<typeof mintAt>, number, string]>([
  ["no key of ours", () => mintAt(openai.baseUrl, ""), 503, "OPENAI_API_KEY is not set"],
  ["a key that OpenAI does not know", () => mintAt(openai.baseUrl, "sk-secret-wrong"), 502, "OpenAI API error: 401"],
  ["nobody there", () => mintAt("http://127.0.0.1:9/v1"), 502, "OpenAI could not be reached"],
])("%s: the status alone is told", async (_, make, status, detail) => {
  const failed = make()(SETTINGS, never);
  await expect(failed).rejects.toMatchObject({ name: "Problem", status, detail });
  expect(JSON.stringify(log.lines)).not.toContain("sk-secret-wrong");
});

test("a model that does not exist, a limit and a fault there are told by their status; the log has the parameter", async () => {
  await expect(mintAt()({ ...SETTINGS, model: "gpt-nothing" }, never)).rejects.toMatchObject({ status: 502 });
  expect(log.lines.at(-1)).toMatchObject({ level: "warn", message: "no client secret was minted" });
  openai.faults = { restStatus: 429 };
  await expect(mintAt()(SETTINGS, never)).rejects.toMatchObject({ status: 503, headers: { "Retry-After": "10" } });
  openai.faults = { restStatus: 500 };
  await expect(mintAt()(SETTINGS, never)).rejects.toMatchObject({ status: 502, detail: "OpenAI API error: 500" });
  openai.faults = {};
});

test("who has gone is not waited for", async () => {
  const gone = new AbortController();
  openai.timing = { ...openai.timing, restMs: 2000 };
  const minting = mintAt()(SETTINGS, gone.signal);
  gone.abort();
  await expect(minting).rejects.toMatchObject({ name: "Problem", status: 503 });
});
