// The call of the demo: what the caller says and does, step by step. The words are recordings kept in the repository.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { CallerScript } from "../../src/sim/twilio/index.ts";

const FOLDER = new URL("../../test/fixtures/caller/", import.meta.url);
const manifest = z.array(z.object({ file: z.string(), text: z.string(), ms: z.number() }));

interface Utterance {
  readonly text: string;
  /** Raw mu-law, 8000 Hz. */
  readonly audio: Uint8Array;
}

function utterances(): (text: RegExp) => Utterance {
  const entries = manifest.parse(JSON.parse(readFileSync(new URL("utterances.json", FOLDER), "utf8")));
  return (text) => {
    const entry = entries.find((one) => text.test(one.text));
    if (!entry) throw new Error(`There is no recorded utterance like ${text} in ${fileURLToPath(FOLDER)}`);
    return { text: entry.text, audio: readFileSync(new URL(entry.file, FOLDER)) };
  };
}

/** What the transcription hears, in order, and what the caller does. */
export function story(): { readonly transcripts: readonly string[]; readonly caller: CallerScript } {
  const find = utterances();
  const hours = find(/opening hours|open/i);
  const book = find(/oil change/i);
  const tuesday = find(/tuesday/i);
  const thursday = find(/thursday/i);
  const goodbye = find(/goodbye/i);
  const turn = (utterance: Utterance): CallerScript => [
    { do: "wait-for-silence", ms: 700 },
    { do: "say", ...utterance },
  ];
  return {
    transcripts: [hours, book, tuesday, thursday, goodbye].map(({ text }) => text),
    caller: [
      ...turn(hours),
      ...turn(book),
      ...turn(tuesday),
      // The agent's longest answer is interrupted in its second sentence.
      { do: "interrupt", afterMs: 3200, ...thursday },
      { do: "wait-for-silence", ms: 700 },
      { do: "press", digits: "1#" },
      ...turn(goodbye),
      { do: "wait-for-hang-up", timeoutMs: 20_000 },
    ],
  };
}
