// npm run bench -- faults: the fault catalogue against the built server, each fault with its figure beside what is asked of it.
import { assistantFails, longAnswerCut, voiceComplains, voiceDrops, voiceRefuses, voiceStalls } from "./voice.ts";
import { disorder, endings, slowConsumer } from "./line.ts";
import type { Row } from "./stand.ts";
import { huge, rubbish, starts } from "./streams.ts";
import { crowded, forged, repeated, stopped } from "./web.ts";

const FAULTS: readonly (readonly [names: readonly string[], run: () => Promise<Row[]>])[] = [
  [["F1"], voiceRefuses],
  [["F2"], voiceDrops],
  [["F3"], voiceStalls],
  [["F4"], voiceComplains],
  [["F7", "F8"], assistantFails],
  [["F9"], rubbish],
  [["F10"], huge],
  [["F11"], disorder],
  [["F12", "F13", "F14"], starts],
  [["F15", "F16"], endings],
  [["F17"], repeated],
  [["F18", "F19"], forged],
  [["F23"], stopped],
  [["F27"], slowConsumer],
  [["F28"], longAnswerCut],
  [["F30"], crowded],
];

/**
 * @param only names such as F1; all when empty.
 * @param tell is given the rows of each fault as they are known.
 */
export async function benchFaults(only: readonly string[], tell: (rows: readonly Row[]) => void): Promise<Row[]> {
  const found: Row[] = [];
  for (const [names, run] of FAULTS) {
    if (only.length > 0 && !names.some((name) => only.includes(name))) continue;
    const rows = await run();
    tell(rows);
    found.push(...rows);
  }
  return found;
}

export function faultLine({ fault, what, n, figure, wanted, met }: Row): string {
  return `  ${fault.padEnd(4)} ${what.padEnd(78)} n ${String(n).padStart(5)}  ${figure.padEnd(34)} ${wanted.padEnd(18)} ${met ? "met" : "NOT met"}`;
}
