/**
 * Renders the recordings kept in the repository, as raw 8 kHz mu-law with espeak-ng: the agent's stored phrases for when no
 * upstream can speak, and the callers' utterances that tests and the demo play. Run by hand: `npx tsx scripts/make-clips.ts`.
 */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MULAW_SILENCE, decodeMulaw } from "../src/audio/mulaw.ts";
import { peakDbfs, rmsDbfs } from "../src/audio/pcm.ts";
import { speakMulaw } from "../src/sim/speak.ts";

interface Phrase {
  id: string;
  text: string;
}

/** What the agent can say without anybody's help. `fillers` and the rest are told apart by their ids. */
const AGENT: Phrase[] = [
  { id: "greeting", text: "Hello, thanks for calling. I am an AI assistant. How can I help you?" },
  { id: "hold", text: "One moment, please." },
  { id: "trouble", text: "I am having trouble on my side. One moment while I reconnect." },
  { id: "sorry", text: "I am sorry, something went wrong on my side. Please try again." },
  { id: "apology-end", text: "I am sorry, I can not help you right now. Please call again later. Goodbye." },
  { id: "say-again", text: "Sorry, I did not catch that. Could you say it again?" },
  { id: "filler-1", text: "Let me check that." },
  { id: "filler-2", text: "One moment." },
  { id: "filler-3", text: "I am looking into it." },
  { id: "filler-4", text: "Still working on it." },
  { id: "cut-off", text: "I am sorry, we were cut off. Please say that again, or just go on." },
  { id: "still-there", text: "Are you still there?" },
  { id: "silence-goodbye", text: "I can not hear you, so I will hang up now. Goodbye." },
  { id: "time-up", text: "We are out of time for this call. Goodbye." },
  { id: "transfer", text: "Please hold while I connect you." },
  { id: "shutdown", text: "I have to hang up, please call again. Goodbye." },
];

/** A car-service call: questions, a booking, an interruption, small noises, a person asked for, goodbye. */
const CALLER: Phrase[] = [
  { id: "hello-early", text: "Hello?" },
  { id: "opening-hours", text: "Hi, could you tell me your opening hours?" },
  { id: "book-oil-change", text: "I would like to book an oil change for my car." },
  { id: "tuesday-at-nine", text: "Tuesday at nine, please." },
  {
    id: "make-it-thursday",
    text: "Wait, actually, make it Thursday instead. I just remembered that I am away on Tuesday.",
  },
  { id: "how-long", text: "How long does the repair take?" },
  { id: "mhm", text: "Mhm." },
  { id: "okay", text: "Okay." },
  { id: "person", text: "I want to talk to a person." },
  { id: "chest-pain", text: "My father has chest pain, he can not breathe!" },
  { id: "ada-miller", text: "Hello, my name is Ada Miller. I am calling about my father." },
  { id: "repeat", text: "Sorry, could you say that again?" },
  { id: "stop", text: "Stop!" },
  { id: "goodbye", text: "Thank you, goodbye." },
];

/** Filled up with silence to whole 20 ms frames of 160 bytes. */
function wholeFrames(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / 160) * 160).fill(MULAW_SILENCE);
  padded.set(bytes);
  return padded;
}

async function render(folder: string, index: string, phrases: Phrase[], voice: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  for (const file of await readdir(folder)) if (file.endsWith(".ulaw")) await rm(join(folder, file));
  let total = 0;
  const table = [];
  for (const { id, text } of phrases) {
    const bytes = wholeFrames(await speakMulaw(text, { voice }));
    const samples = decodeMulaw(bytes);
    await writeFile(join(folder, `${id}.ulaw`), bytes);
    const ms = bytes.length / 8;
    table.push({ id, file: `${id}.ulaw`, text, ms });
    total += bytes.length;
    console.log(
      `${folder}/${id}.ulaw ${ms} ms, peak ${peakDbfs(samples).toFixed(1)} dBFS, level ${rmsDbfs(samples).toFixed(1)} dBFS`,
    );
  }
  await writeFile(join(folder, index), `${JSON.stringify(table, null, 2)}\n`);
  return total;
}

const bytes =
  (await render("assets/clips", "clips.json", AGENT, "agent")) +
  (await render("test/fixtures/caller", "utterances.json", CALLER, "caller"));
console.log(`${(bytes / 1024).toFixed(0)} KB in all`);
