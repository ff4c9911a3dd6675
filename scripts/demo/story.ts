// What callers of the demo say and do, step by step. The words are recordings kept in the repository, and the simulated transcription
// knows them again.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { decodeMulaw } from "../../src/audio/mulaw.ts";
import { hearing } from "../../src/sim/openai/hear.ts";
import type { HeardFile, Transcript, Utterance } from "../../src/sim/openai/script.ts";
import type { CallerScript } from "../../src/sim/twilio/index.ts";

const FOLDER = new URL("../../test/fixtures/caller/", import.meta.url);
const TELEPHONE_RATE = 8000;
const manifest = z.array(z.object({ id: z.string(), file: z.string(), text: z.string() }));

interface Recorded {
  readonly text: string;
  /** Raw mu-law, 8000 Hz. */
  readonly audio: Uint8Array;
}

const utterances = new Map<string, Recorded>(
  manifest
    .parse(JSON.parse(readFileSync(new URL("utterances.json", FOLDER), "utf8")))
    .map(({ id, file, text }) => [id, { text, audio: readFileSync(new URL(file, FOLDER)) }]),
);

/** @throws Error when there is no such recording. */
export function recorded(id: string): Recorded {
  const found = utterances.get(id);
  if (!found) throw new Error(`There is no recorded utterance ${id} in ${fileURLToPath(FOLDER)}`);
  return found;
}

export const turn = (utterance: Recorded): CallerScript => [
  { do: "wait-for-silence", ms: 700 },
  { do: "say", ...utterance },
];

/** Knows every recording, whatever course a call takes. */
export const hears = hearing(
  [...utterances.values()].map(({ text, audio }) => ({ text, samples: decodeMulaw(audio) })),
);

/** What a person at the page is taken to have asked, who speaks in words of their own. */
const TAKEN_FOR = "What are your opening hours?";
/** What the page says of this ear. */
export const EAR = `This is a demo, and its ear is simulated: whatever you say aloud it takes for “${TAKEN_FOR}”, but for the recordings of its own callers. Or type: “${recorded("book-oil-change").text}”, “${recorded("tuesday-at-nine").text}”, “${recorded("how-long").text}”, “${recorded("person").text}”`;
/** Below this there is nobody who speaks: a click, a breath. */
const LOUD = 300;
const SPOKEN_MS = 200;

/**
 * For the demo: the recordings as ever, and from the page, whose sound has a rate of its own, words that nobody recorded as well, so that
 * they get an answer. Telephones stay exact, or a recording that is broken off would be a question.
 */
export function hearsAnything(session: unknown, utterance: Utterance): Transcript {
  const heard = hears(session, utterance);
  const { audio, rate } = utterance;
  if (heard.text !== "" || rate <= TELEPHONE_RATE) return heard;
  const loud = audio.reduce((count, sample) => count + (Math.abs(sample) > LOUD ? 1 : 0), 0);
  return { text: (loud / rate) * 1000 < SPOKEN_MS ? "" : TAKEN_FOR };
}

/** The same as `hears` of a file that is sent; of one that the simulator does not decode nothing. */
export const hearsFile = ({ audio, rate }: HeardFile): string =>
  audio && rate !== undefined
    ? (hears(undefined, { index: 0, itemId: "file", startMs: 0, endMs: 0, audio, rate }).text ?? "")
    : "";

/** A booking, with an interruption and a pressed key. */
export const bookingCaller: CallerScript = [
  ...turn(recorded("opening-hours")),
  ...turn(recorded("book-oil-change")),
  ...turn(recorded("tuesday-at-nine")),
  // The agent's longest answer is interrupted in its second sentence.
  { do: "interrupt", afterMs: 3200, ...recorded("make-it-thursday") },
  { do: "wait-for-silence", ms: 700 },
  { do: "press", digits: "1#" },
  ...turn(recorded("goodbye")),
  { do: "wait-for-hang-up", timeoutMs: 20_000 },
];
