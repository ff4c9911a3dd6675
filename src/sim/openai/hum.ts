/**
 * The quick voice: a hum for every word, as long and as loud as speech is, made in microseconds and the same every time.
 * For tests and benches; whoever wants words uses espeak (../speak.ts).
 */
import type { Synthesize } from "./realtime/context.ts";

/** About fifteen characters a second, as people speak. */
const MS_PER_CHARACTER = 65;
const PAUSE_MS = 40;
const AMPLITUDE = 9000;

function hash(text: string): number {
  let sum = 7;
  for (const letter of text) sum = (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0;
  return sum;
}

/** Milliseconds a text takes to hum at speed 1. */
export function humMs(text: string): number {
  return text
    .split(/\s+/)
    .reduce((sum, word) => sum + (word === "" ? 0 : word.length * MS_PER_CHARACTER + PAUSE_MS), 0);
}

export const hum: Synthesize = (text, { rate, speed }) => {
  const words = text.split(/\s+/).filter((word) => word !== "");
  const perMs = rate / 1000 / speed;
  const samples = new Int16Array(Math.round(humMs(text) * perMs));
  let at = 0;
  for (const word of words) {
    const length = Math.floor(word.length * MS_PER_CHARACTER * perMs);
    const hz = 110 + (hash(word) % 120);
    const edge = Math.min(length / 4, rate / 200);
    for (let i = 0; i < length; i++) {
      const swell = Math.min(1, i / edge, (length - i) / edge);
      const turn = (2 * Math.PI * hz * i) / rate;
      samples[at + i] = AMPLITUDE * swell * (Math.sin(turn) + 0.5 * Math.sin(2 * turn) + 0.3 * Math.sin(3 * turn));
    }
    at += length + Math.floor(PAUSE_MS * perMs);
  }
  return Promise.resolve(samples);
};
