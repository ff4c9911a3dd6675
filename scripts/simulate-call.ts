// Places one simulated, signed phone call against a running server, prints what happens and keeps a stereo recording. It is
// the caller and the phone network; it starts no server.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import dotenv from "dotenv";
import { readWav } from "../src/audio/wav.ts";
import { describeEnding, describeEntry } from "../src/sim/twilio/describe.ts";
import {
  APPLICATION_ERROR,
  startTwilioSim,
  toStereoWav,
  type CallerScript,
  type CallResult,
} from "../src/sim/twilio/index.ts";
import { readScript } from "../src/sim/twilio/script-file.ts";
import { telephoneSound } from "../src/sim/twilio/telephone-sound.ts";

const HELP = `Places a simulated phone call against a running server.

  npm run simulate-call -- --url http://127.0.0.1:5000 [options]

  --url <origin>          where the server really is; webhooks and the stream go there
  --public-url <origin>   the server's WEBHOOK_URL, which is what gets signed (default: --url)
  --wav <file>            what the caller says after the greeting: PCM16, mu-law or A-law, any rate, mono or stereo
  --script <file>         a JSON file of steps instead, for example:
                          {"steps":[{"do":"wait-for-silence","ms":700},{"do":"say","wav":"hello.wav","text":"Hello"},
                                    {"do":"interrupt","afterMs":1500,"wav":"stop.wav"},{"do":"press","digits":"5"},
                                    {"do":"wait-for-agent"},{"do":"pause","ms":500},{"do":"hang-up"}]}
                          also: {"do":"wait-for-hang-up"}; waiting steps take "timeoutMs" (30000); paths of sounds
                          are seen from the script
  --from, --to <number>   +15550001111 and TWILIO_PHONE_NUMBER, or +15550002222
  --token <token>         the server's TWILIO_AUTH_TOKEN (default: that variable, or .env)
  --account-sid <sid>     the server's TWILIO_ACCOUNT_SID (default: that variable, or .env)
  --voice-path <path>     /voice
  --max-seconds <n>       cuts the call (300)
  --out <file>            the recording, caller left, agent right (out/simulated-call.wav)
  --help

Exit code 0 when the call was answered and ended normally, 1 when not, 2 when the options are wrong.
`;

/** Something the person who typed the command can put right. */
class UsageError extends Error {}

const OPTIONS = {
  url: { type: "string" },
  "public-url": { type: "string" },
  wav: { type: "string" },
  script: { type: "string" },
  from: { type: "string", default: "+15550001111" },
  to: { type: "string" },
  token: { type: "string" },
  "account-sid": { type: "string" },
  "voice-path": { type: "string", default: "/voice" },
  "max-seconds": { type: "string", default: "300" },
  out: { type: "string", default: "out/simulated-call.wav" },
  help: { type: "boolean", default: false },
} as const;

function readOptions() {
  try {
    return parseArgs({ options: OPTIONS, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function origin(name: string, value: string): string {
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw new UsageError(`${name} is not a URL: ${value}`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw new UsageError(`${name} must be http or https`);
  if (url.pathname !== "/" || url.search !== "")
    throw new UsageError(`${name} is an origin, without a path: ${url.origin}`);
  return url.origin;
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readSound(path: string): Uint8Array {
  const file = readFile(path);
  try {
    return telephoneSound(readWav(file));
  } catch (error) {
    throw new UsageError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What the caller does: the script, or the WAV file after the greeting, or only listening to the greeting. */
function callerOf(options: ReturnType<typeof readOptions>): CallerScript {
  const { script, wav } = options;
  if (script !== undefined && wav !== undefined) throw new UsageError("--script and --wav exclude each other");
  if (script !== undefined) {
    try {
      return readScript(readFile(script).toString("utf8"), (path) => readSound(resolve(dirname(script), path)));
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(`${script}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (wav === undefined) return [{ do: "wait-for-silence", ms: 2500 }, { do: "hang-up" }];
  return [
    { do: "wait-for-silence", ms: 800 },
    { do: "say", audio: readSound(wav), text: wav },
    { do: "wait-for-silence", ms: 2500 },
    { do: "hang-up" },
  ];
}

/** What a person would check first, for the failures that have an obvious cause. */
function hint(result: CallResult, url: string): string | undefined {
  const failed = result.timeline.find((entry) => entry.kind === "request" && entry.error !== undefined);
  const status = failed?.kind === "request" ? failed.status : undefined;
  const said = result.debugger.map(({ detail }) => detail).join(" ");
  if (status === 403 || said.includes("HTTP 403")) {
    return "403: the signature was refused. --token must be the server's TWILIO_AUTH_TOKEN and --public-url its WEBHOOK_URL.";
  }
  if (status === 404)
    return "404: nothing at this path. Are the server's TWILIO_* variables set, so that its phone channel is on?";
  if (failed?.kind === "request" && failed.error?.includes("refused"))
    return `Nothing listens at ${url}. Is the server running?`;
  if (failed?.kind === "request" && failed.error?.includes("no complete response"))
    return "The server did not answer in time.";
  if (result.scriptError?.includes("(wait-for-hang-up)"))
    return "The server did not end the call in that time: an agent hangs up when it takes its caller for done, or for gone.";
  if (result.scriptError !== undefined)
    return "The agent was not heard when the script waited for it: the server's log says why.";
  return undefined;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  dotenv.config({ quiet: true });
  if (options.url === undefined) throw new UsageError("--url is missing, e.g. --url http://127.0.0.1:5000");
  const url = origin("--url", options.url);
  const authToken = options.token ?? process.env["TWILIO_AUTH_TOKEN"];
  if (!authToken) throw new UsageError("the call cannot be signed: give --token or set TWILIO_AUTH_TOKEN");
  const maxMs = Number(options["max-seconds"]) * 1000;
  if (!(maxMs > 0)) throw new UsageError(`--max-seconds is not a number above 0: ${options["max-seconds"]}`);
  const caller = callerOf(options);

  const sim = await startTwilioSim({
    accountSid: options["account-sid"] ?? process.env["TWILIO_ACCOUNT_SID"] ?? `AC${"0".repeat(31)}1`,
    authToken,
    log(_callSid, entry) {
      const line = describeEntry(entry);
      if (line !== undefined) process.stdout.write(`${(entry.atMs / 1000).toFixed(2).padStart(8)}  ${line}\n`);
    },
  });
  const call = sim.call({
    url,
    publicUrl: origin("--public-url", options["public-url"] ?? url),
    voicePath: options["voice-path"],
    from: options.from,
    to: options.to ?? process.env["TWILIO_PHONE_NUMBER"] ?? "+15550002222",
    caller,
    maxMs,
  });
  process.once("SIGINT", () => call.hangUp());
  // Nothing but the network's apology follows a server that failed: there is no need to sit through it.
  call.on("say", ({ text }) => text === APPLICATION_ERROR && call.hangUp());
  const result = await call.done;
  await sim.close();

  const good = ["caller", "hangup-verb", "end-of-document", "rest"].includes(result.endedBy);
  const broken = result.scriptError !== undefined || result.debugger.some(({ level }) => level === "error");
  process.stdout.write(
    `\n${describeEnding(result.endedBy)} after ${result.durationS} s (${result.callSid}, ${result.status})\n`,
  );
  if (result.streams.length > 0) {
    mkdirSync(dirname(options.out), { recursive: true });
    writeFileSync(options.out, toStereoWav(result));
    process.stdout.write(`recording: ${options.out} (caller left, agent right)\n`);
  }
  const advice = hint(result, url);
  if (advice !== undefined) process.stderr.write(`${advice}\n`);
  return result.answered && good && !broken ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\nRun with --help for the options.\n`);
  process.exitCode = 2;
}
