// One command, no account: the real server, a simulated OpenAI and a simulated phone network on this machine, and two whole calls
// between them, printed live, recorded in stereo and told as JSON: a booking, and an emergency at an organization's own number, whose
// record is read again after the server was started anew. `--keep` is the demo of the page: instead of the two, calls that go on coming.
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startOpenAISim } from "../src/sim/openai/index.ts";
import { espeakVoice, speakMulaw } from "../src/sim/speak.ts";
import {
  startTwilioSim,
  toStereoWav,
  type CallerScript,
  type CallResult,
  type DialOutcome,
} from "../src/sim/twilio/index.ts";
import { keepCalling, personAtPhone, PHONE } from "./demo/alive.ts";
import { CLINIC, CLINIC_CONFIG, CLINIC_NUMBER, clinicCaller, nurse } from "./demo/clinic.ts";
import { createLivePrint, type ShownRecord } from "./demo/live-print.ts";
import { freePort, startServer } from "./demo/server-process.ts";
import { bookingCaller, EAR, hearsAnything, hearsFile } from "./demo/story.ts";
import { whatWentWrong, whatWentWrongAtTheClinic } from "./demo/what-went-wrong.ts";

const { values } = parseArgs({
  options: {
    keep: { type: "boolean", default: false },
    short: { type: "boolean", default: false },
    mode: { type: "string", default: "assistant" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(
    "npm run demo [-- --keep] [-- --short] [-- --mode assistant|speech-to-speech]\n\nPlays two calls against simulators and ends; --short plays the first one only.\n--keep is the demo of the page: it stays, with callers that go on calling, until Ctrl-C.\n",
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
const openai = await startOpenAISim({
  script: { transcripts: hearsAnything, hearFile: hearsFile },
  synthesize: espeakVoice,
  // About what the real ones take.
  timing: { transcriptMs: 250, replyMs: 250, restMs: 300, textDeltaMs: 20, pace: 4 },
});
const port = await freePort();
const address = `http://127.0.0.1:${port}`;
const twilio = await startTwilioSim({
  accountSid: ACCOUNT,
  authToken: TOKEN,
  numbers: [NUMBER, CLINIC_NUMBER].map((phoneNumber) => ({
    phoneNumber,
    settings: { VoiceUrl: `${address}/voice`, StatusCallback: `${address}/voice/status` },
  })),
  speak: (text) => speakMulaw(text, { voice: "agent" }),
  farEnd: personAtPhone,
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
  // The page offers to call it; a page that is looked at all day asks more often than one that is used.
  DEMO_NUMBER: PHONE,
  DEMO_EAR: EAR,
  OUTBOUND_COUNTRIES: "US",
  OUTBOUND_PER_NUMBER_PER_DAY: "100",
  RATE_LIMIT_PER_MINUTE: "1200",
  // The callers of a demo that is left have no time for a long goodbye.
  ...(values.keep && { DRAIN_TIMEOUT_S: "2" }),
  LOG_FILE: join(OUT, "demo-server.log"),
};
let server = await startServer(settings);
const settingsFile = join(OUT, "demo.env");
mkdirSync(OUT, { recursive: true });
if (values.keep) {
  // None of these values has a blank or a quote in it, but for what the ear hears, which no doctor needs.
  const { DEMO_EAR, ...plain } = settings;
  void DEMO_EAR;
  const lines = Object.entries(plain).map(([name, value]) => `${name}=${value}`);
  writeFileSync(settingsFile, `${lines.join("\n")}\n`, { mode: 0o600 });
}
process.stdout.write(
  `Server ${server.url}, simulated OpenAI ${openai.baseUrl}, simulated Twilio ${twilio.baseUrl}
Status page ${server.url}/status, as long as this runs\n
${values.keep ? "" : `${values.short ? "One call is" : "Two calls are"} played, and then all of it ends. To look at the page: npm run demo -- --keep\n\n`}`,
);

let stopping: Promise<number> | undefined;
const over = new AbortController();
async function stop(): Promise<number> {
  over.abort();
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

function ask(path: string, body?: object): Promise<Response> {
  return fetch(server.url + path, {
    headers: { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" },
    ...(body && { method: "POST", body: JSON.stringify(body) }),
  });
}
async function readRecord(callSid: string): Promise<ShownRecord | undefined> {
  const answer = await ask(`/api/calls/${callSid}`);
  return answer.ok ? ((await answer.json()) as ShownRecord) : undefined;
}

interface Played {
  readonly result: CallResult;
  readonly recording: string;
}
async function play(to: string, caller: CallerScript, name: string, dialOutcome?: DialOutcome): Promise<Played> {
  const call = twilio.call({
    url: server.url,
    from: CALLER,
    to,
    caller,
    statusCallback: `${server.url}/voice/status`,
    ...(dialOutcome && { dialOutcome }),
  });
  const print = createLivePrint(call, () => readRecord(call.callSid));
  const result = await call.done;
  await print.stop();
  const recording = join(OUT, name);
  writeFileSync(recording, toStereoWav(result));
  return { result, recording };
}
const show = (value: unknown): void => void process.stdout.write(`\n${JSON.stringify(value, null, 2)}\n`);
async function configureClinic(): Promise<void> {
  const configured = await ask(`/api/org/config/${CLINIC}`, CLINIC_CONFIG);
  if (!configured.ok) throw new Error(`The organization was refused: ${await configured.text()}`);
}

/** An emergency at an organization's own number, and its record after a restart. @returns what went wrong, and the recording. */
async function playClinic(): Promise<{ readonly wrong: string | undefined; readonly recording: string }> {
  process.stdout.write("\nAn organization is configured, and its number called with an emergency\n\n");
  await configureClinic();
  const { result, recording } = await play(CLINIC_NUMBER, clinicCaller, "demo-clinic-call.wav", await nurse());
  const settled = await readRecord(result.callSid);

  process.stdout.write("\nThe server is stopped and started again; the record is read back over the API\n");
  await server.stop();
  server = await startServer(settings);
  const record = await readRecord(result.callSid);
  show(record);
  return { wrong: whatWentWrongAtTheClinic(result, settled, record), recording };
}

/** @returns what went wrong. */
async function playStory(): Promise<string | undefined> {
  process.stdout.write("A caller books an oil change\n\n");
  const booking = await play(NUMBER, bookingCaller, "demo-call.wav");
  const record = await readRecord(booking.result.callSid);
  show(record);
  const clinic = values.short ? undefined : await playClinic();
  process.stdout.write(`
Recordings:   ${[booking.recording, clinic?.recording].filter(Boolean).join(", ")} (caller left, what they heard right)
Server log:   ${join(OUT, "demo-server.log")}
The page:     gone with the server; npm run demo -- --keep leaves both running, with callers to look at
`);
  return whatWentWrong(booking.result, record, readFileSync(booking.recording)) ?? clinic?.wrong;
}

if (values.keep) {
  await configureClinic();
  process.stdout.write(`The page:     ${server.url}/login#${KEY}
Call records: curl -H "Authorization: Bearer ${KEY}" ${server.url}/api/calls
Doctor:       env $(cat ${settingsFile}) npm run doctor
Server log:   ${join(OUT, "demo-server.log")}

Callers go on calling; open the page to see them, and talk to the agent yourself. Ctrl-C ends it.
`);
  await keepCalling({ twilio, url: server.url, number: NUMBER }, over.signal);
} else {
  const wrong = await playStory();
  if (wrong) process.stderr.write(`\nIt did not go as planned: ${wrong}\n`);
  stopping ??= stop();
  const code = await stopping;
  process.exit(wrong ? 1 : code);
}
