// Where the time went of an answer that came late: pure.

/** Monotonic ms: the caller fell silent; their words were known; the answer's first words were known. */
export type AnswerTimes = readonly [endedAt: number, wordsAt: number, textAt: number];

/** The caller heard nothing for longer than this after they had fallen silent. */
const LATE_MS = 2000;

export type DelayCause = "late-transcript" | "late-answer" | "late-voice";

/** The longest stage of an answer that took more than 2 s to its first audio at `audioAt`; undefined when it was in time. */
export function causeOfDelay([endedAt, wordsAt, textAt]: AnswerTimes, audioAt: number): DelayCause | undefined {
  if (audioAt - endedAt <= LATE_MS) return undefined;
  const stages: readonly (readonly [DelayCause, number])[] = [
    ["late-transcript", wordsAt - endedAt],
    ["late-answer", textAt - wordsAt],
    ["late-voice", audioAt - textAt],
  ];
  return stages.reduce((longest, stage) => (stage[1] > longest[1] ? stage : longest))[0];
}
