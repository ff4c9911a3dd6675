// Renders the recordings kept in the repository: the agent's stock phrases (assets/clips) and the utterances of a caller
// (test/fixtures/caller), raw mu-law at 8000 Hz, spoken by espeak-ng. Run it after changing a text: npm run make-clips
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { speakMulaw, type SpeakOptions } from "../src/sim/speak.ts";

const PHRASES: Readonly<Record<string, string>> = {
  greeting: "Hello, thanks for calling. I am an AI assistant. How can I help you?",
  hold: "One moment, please.",
  trouble: "I am having trouble on my side. One moment while I reconnect.",
  sorry: "I am sorry, something went wrong on my side. Please try again.",
  "apology-end": "I am sorry, I can not help you right now. Please call again later. Goodbye.",
  "say-again": "Sorry, I did not catch that. Could you say it again?",
  "filler-1": "Let me check that.",
  "filler-2": "One moment.",
  "filler-3": "I am looking into it.",
  "filler-4": "Still working on it.",
  "still-there": "Are you still there?",
  "silence-goodbye": "I can not hear you, so I will hang up now. Goodbye.",
  "time-up": "We are out of time for this call. Goodbye.",
  transfer: "Please hold while I connect you.",
  shutdown: "I have to end this call now. Please call again in a moment. Goodbye.",
};

const UTTERANCES: Readonly<Record<string, string>> = {
  hello: "Hello?",
  hours: "What are your opening hours?",
  "oil-change": "I would like to book an oil change.",
  tuesday: "Tuesday at nine, please.",
  thursday: "Wait, actually make it Thursday instead.",
  mhm: "Mhm.",
  okay: "Okay.",
  stop: "Stop!",
  person: "I want to talk to a person.",
  address: "And where exactly are you?",
  thanks: "Thank you.",
  goodbye: "Thank you, goodbye.",
};

const BYTES_PER_MS = 8;
const root = fileURLToPath(new URL("..", import.meta.url));

interface Entry {
  readonly id: string;
  readonly text: string;
  readonly file: string;
  readonly ms: number;
}

async function render(
  folder: string,
  manifest: string,
  texts: Readonly<Record<string, string>>,
  voice: SpeakOptions,
): Promise<void> {
  const path = join(root, folder);
  mkdirSync(path, { recursive: true });
  for (const name of readdirSync(path)) if (name.endsWith(".ulaw")) rmSync(join(path, name));
  const entries: Entry[] = [];
  let bytes = 0;
  for (const [id, text] of Object.entries(texts)) {
    const audio = await speakMulaw(text, voice);
    const file = `${id}.ulaw`;
    writeFileSync(join(path, file), audio);
    entries.push({ id, text, file, ms: Math.round(audio.length / BYTES_PER_MS) });
    bytes += audio.length;
  }
  writeFileSync(join(path, manifest), `${JSON.stringify(entries, null, 2)}\n`);
  console.log(`${folder}: ${entries.length} recordings, ${Math.round(bytes / 1024)} KB`);
}

await render("assets/clips", "clips.json", PHRASES, { voice: "agent" });
await render("test/fixtures/caller", "utterances.json", UTTERANCES, { voice: "caller" });
