// One command, no account: the real server, a simulated OpenAI and a simulated phone network on this machine, and one whole
// call between them, printed live, recorded in stereo and told as JSON. `--keep` leaves everything running.
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startOpenAISim } from "../src/sim/openai/index.ts";
import { espeakVoice, speakMulaw } from "../src/sim/speak.ts";
import { startTwilioSim, toStereoWav } from "../src/sim/twilio/index.ts";
import { createLivePrint, type ShownRecord } from "./demo/live-print.ts";
import { freePort, startServer } from "./demo/server-process.ts";
import { story } from "./demo/story.ts";
import { whatWentWrong } from "./demo/what-went-wrong.ts";

const { values } = parseArgs({
  options: {
    keep: { type: "boolean", default: false },
    mode: { type: "string", default: "assistant" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(
    "npm run demo [-- --keep] [-- --mode assistant|speech-to-speech]\n\nPlays a call against simulators; --keep leaves the server and them running.\n",
  );
  process.exit(0);
}

// Made up for this run; they open nothing outside of it.
const ACCOUNT = `AC${"0".repeat(32)}`;
const TOKEN = "demo-auth-token-of-this-run";
const KEY = `demo-${randomBytes(12).toString("hex")}`;
const CALLER = "+15550001111";
const NUMBER = "+15550002222";
const OUT = "out";

const data = mkdtempSync(join(tmpdir(), "voicebridge-demo-"));
const { transcripts, caller } = story();
const openai = await startOpenAISim({
  script: { transcripts },
  synthesize: espeakVoice,
  // About what the real ones take.
  timing: { transcriptMs: 250, replyMs: 250, restMs: 300, textDeltaMs: 20, pace: 4 },
});
const port = await freePort();
const address = `http://127.0.0.1:${port}`;
const twilio = await startTwilioSim({
  accountSid: ACCOUNT,
  authToken: TOKEN,
  numbers: [
    { phoneNumber: NUMBER, settings: { VoiceUrl: `${address}/voice`, StatusCallback: `${address}/voice/status` } },
  ],
  speak: (text) => speakMulaw(text, { voice: "agent" }),
});
const settings = {
  PORT: String(port),
  HOST: "127.0.0.1",
  WEBHOOK_URL: address,
  TWILIO_ACCOUNT_SID: ACCOUNT,
  TWILIO_AUTH_TOKEN: TOKEN,
  TWILIO_PHONE_NUMBER: NUMBER,
  TWILIO_API_BASE_URL: twilio.baseUrl,
  OPENAI_API_KEY: openai.apiKey,
  OPENAI_BASE_URL: openai.baseUrl,
  DATA_DIR: data,
  VOICE_MODE: values.mode,
  API_KEYS: `demo:admin:${KEY}`,
  LOG_FILE: join(OUT, "demo-server.log"),
};
const server = await startServer(settings);
const settingsFile = join(OUT, "demo.env");
if (values.keep) {
  mkdirSync(OUT, { recursive: true });
  // None of these values has a blank or a quote in it.
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  writeFileSync(settingsFile, `${lines.join("\n")}\n`, { mode: 0o600 });
}
process.stdout.write(
  `Server ${server.url}, simulated OpenAI ${openai.baseUrl}, simulated Twilio ${twilio.baseUrl}\n\n`,
);

let stopping: Promise<number> | undefined;
async function stop(): Promise<number> {
  const code = await server.stop();
  await Promise.all([twilio.close(), openai.close()]);
  rmSync(data, { recursive: true, force: true });
  return code;
}
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    stopping ??= stop();
    void stopping.then((code) => process.exit(code));
  });

const call = twilio.call({
  url: server.url,
  from: CALLER,
  to: NUMBER,
  caller,
  statusCallback: `${server.url}/voice/status`,
});
async function readRecord(): Promise<ShownRecord | undefined> {
  const answer = await fetch(`${server.url}/api/calls/${call.callSid}`, {
    headers: { Authorization: `Bearer ${KEY}` },
  });
  return answer.ok ? ((await answer.json()) as ShownRecord) : undefined;
}
const print = createLivePrint(call, readRecord);
const result = await call.done;
await print.stop();
const record = await readRecord();

mkdirSync(OUT, { recursive: true });
const recording = join(OUT, "demo-call.wav");
writeFileSync(recording, toStereoWav(result));
process.stdout.write(`\n${JSON.stringify(record, null, 2)}\n`);
process.stdout.write(`
Recording:    ${recording} (caller left, agent right)
Server log:   ${join(OUT, "demo-server.log")}
Status page:  ${server.url}/status${values.keep ? "" : "  (only while the server runs: npm run demo -- --keep)"}
Log in:       ${server.url}/login#${KEY}
Call records: curl -H "Authorization: Bearer ${KEY}" ${server.url}/api/calls
`);

const wrong = whatWentWrong(result, record, readFileSync(recording));
if (wrong) process.stderr.write(`\nThe call did not go as planned: ${wrong}\n`);
if (values.keep) {
  process.stdout.write(`
Doctor:       env $(cat ${settingsFile}) npm run doctor
Left running; Ctrl-C ends it.
`);
} else {
  stopping ??= stop();
  const code = await stopping;
  process.exit(wrong ? 1 : code);
}
