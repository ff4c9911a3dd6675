// The built server with something to look at: simulated sides, an organization, calls that were, and calls that go on.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clinicCaller, CLINIC, CLINIC_CONFIG, CLINIC_NUMBER, nurse } from "../../scripts/demo/clinic.ts";
import { personAtPhone, PHONE } from "../../scripts/demo/alive.ts";
import { hears, recorded, turn } from "../../scripts/demo/story.ts";
import { startOpenAISim, type Brain } from "../../src/sim/openai/index.ts";
import { startTwilioSim, type CallerScript, type CallResult, type DialOutcome } from "../../src/sim/twilio/index.ts";
import { emptyFolder, freePort, startChild } from "../support/child.ts";

const ACCOUNT = `AC${"3".repeat(32)}`;
const TOKEN = "token-of-the-page-stand-0123456789";
const NUMBER = "+15550002222";
export const KEYS = { admin: "admin-key-of-the-page", reader: "reader-key-of-the-page" } as const;

const TOKENS = { input: 4, cached_input: 0.5, output: 16, audio_input: 32, cached_audio_input: 0.5, audio_output: 64 };
/** Made up; of every model that a call uses, or its cost would not be told. */
const PRICES = {
  currency: "USD",
  models: {
    "gpt-realtime-2.1": { per_million_tokens: TOKENS },
    "gpt-live-transcribe": { per_million_tokens: TOKENS, per_minute: 0.006 },
    "gpt-6-luna": { per_million_tokens: TOKENS },
  },
  carrier: { per_minute: 0.0085 },
};

/** A booking that is interrupted, in the first words of an answer of 13 s. */
const booking: CallerScript = [
  ...turn(recorded("tuesday-at-nine")),
  { do: "interrupt", afterMs: 1200, timeoutMs: 60_000, ...recorded("how-long") },
  ...turn(recorded("goodbye")),
  { do: "wait-for-hang-up", timeoutMs: 60_000 },
];

/** Stays on the line, listening. */
export const LISTENER: CallerScript = [{ do: "wait-for-hang-up", timeoutMs: 600_000 }];

/** The sids of the calls that were, by their organizations. */
export type Stories = Readonly<Record<"default" | "clinic", string>>;

export interface PageStandOptions {
  /** Who thinks; the desk of a shop unless told. */
  readonly brain?: Brain;
  /** Settings of the server besides the usual ones. */
  readonly env?: Readonly<Record<string, string>>;
}

export async function startPageStand({ brain, env = {} }: PageStandOptions = {}) {
  const folder = await emptyFolder();
  const prices = join(folder.path, "prices.json");
  writeFileSync(prices, JSON.stringify(PRICES));
  const openai = await startOpenAISim({
    script: { transcripts: hears, ...(brain && { brain }) },
    timing: { transcriptMs: 50, replyMs: 80, restMs: 80, textDeltaMs: 5, pace: 20 },
  });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const twilio = await startTwilioSim({
    accountSid: ACCOUNT,
    authToken: TOKEN,
    numbers: [NUMBER, CLINIC_NUMBER].map((phoneNumber) => ({
      phoneNumber,
      settings: { VoiceUrl: `${url}/voice`, StatusCallback: `${url}/voice/status` },
    })),
    farEnd: personAtPhone,
  });
  const server = startChild("dist/main.js", {
    cwd: folder.path,
    env: {
      PORT: String(port),
      HOST: "127.0.0.1",
      DATA_DIR: folder.path,
      WEBHOOK_URL: url,
      TWILIO_ACCOUNT_SID: ACCOUNT,
      TWILIO_AUTH_TOKEN: TOKEN,
      TWILIO_PHONE_NUMBER: NUMBER,
      TWILIO_API_BASE_URL: twilio.baseUrl,
      OPENAI_API_KEY: openai.apiKey,
      OPENAI_BASE_URL: openai.baseUrl,
      API_KEYS: `operator:admin:${KEYS.admin},auditor:read:${KEYS.reader}`,
      DEMO_NUMBER: PHONE,
      PRICES_FILE: prices,
      OUTBOUND_COUNTRIES: "US",
      RATE_LIMIT_PER_MINUTE: "100000",
      // On a slow machine the callers would take a filler for the answer, and speak before there is any; and nobody is asked whether they
      // are still there while a test looks for something else.
      FILLER_AFTER_MS: "60000",
      SILENCE_PROMPT_S: "600",
      THREAD_TIMEOUT_MS: "60000",
      ...env,
    },
  });
  async function close(): Promise<void> {
    await twilio.close();
    server.signal("SIGKILL");
    await server.exited;
    await openai.close();
    rmSync(folder.path, { recursive: true, force: true });
  }
  try {
    await server.says(/VOICE AGENT SYSTEM STARTED/, 240_000);
    if (env.MCP_SERVERS_FILE) await server.says(/an MCP server is connected/);
  } catch (error) {
    await close();
    throw error;
  }

  const ask = async (path: string, body?: object): Promise<Response> => {
    const answer = await fetch(url + path, {
      headers: { authorization: `Bearer ${KEYS.admin}`, "content-type": "application/json" },
      ...(body && { method: "POST", body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const call = (caller: CallerScript, options: { from?: string; to?: string; dialOutcome?: DialOutcome } = {}) =>
    twilio.call({ url, from: "+15550001111", to: NUMBER, statusCallback: `${url}/voice/status`, caller, ...options });

  /** The call's sid, once it went as its script says and all of its record is there, which is written behind the call. */
  async function told({ callSid, scriptError }: CallResult, isRecorded: boolean): Promise<string> {
    if (scriptError !== undefined) throw new Error(`${callSid}: ${scriptError}`);
    for (const deadline = performance.now() + 20_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const record = (await (await ask(`/api/calls/${callSid}`)).json()) as { status: string; recording: unknown };
      if (record.status === "completed" && (!isRecorded || record.recording)) return callSid;
      if (performance.now() > deadline) throw new Error(`${callSid} is not over: ${JSON.stringify(record)}`);
    }
  }

  await ask(`/api/org/config/${CLINIC}`, { ...CLINIC_CONFIG, recording: { enabled: true, consent: "announce" } });
  return {
    url,
    openai,
    ask,
    call,
    /** A booking with an interruption, and an emergency that is recorded and handed over. */
    async playStories(): Promise<Stories> {
      const [ordinary, clinic] = await Promise.all([
        call(booking).done,
        call(clinicCaller, { to: CLINIC_NUMBER, dialOutcome: await nurse() }).done,
      ]);
      return { default: await told(ordinary, false), clinic: await told(clinic, true) };
    },
    close,
  };
}
