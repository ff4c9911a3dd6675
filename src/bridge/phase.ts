// The legal states of one call and the moves between them: a pure table. It decides nothing else and holds no data.

/**
 * - `greeting`: the greeting is being played; speech does not cut it.
 * - `listening`: nobody is owed anything; the caller may speak.
 * - `thinking`: the caller's turn is complete and its answer has no audio yet.
 * - `speaking`: the caller hears us.
 * - `interrupted`: the caller speaks into our words; the line is quiet until it is known whether they mean it.
 * - `ending`: a goodbye is being played, no new turn begins.
 * - `ended`: final.
 */
export type Phase = "greeting" | "listening" | "thinking" | "speaking" | "interrupted" | "ending" | "ended";

/** `think`: our words (a filler, say) are over or were never begun, and the answer is still owed. The others are as they read. */
export type PhaseEvent =
  "greeted" | "turn" | "audio" | "think" | "quiet" | "interrupt" | "resume" | "cut" | "end" | "closed";

const MOVES: Readonly<Record<Phase, Partial<Record<PhaseEvent, Phase>>>> = {
  greeting: { greeted: "listening", turn: "thinking", cut: "listening", end: "ending", closed: "ended" },
  // Words on their way to a transcript are an answer owed, too: speech may interrupt before the turn is known.
  listening: { turn: "thinking", audio: "speaking", interrupt: "interrupted", end: "ending", closed: "ended" },
  // A filler or an interruption may come and go while the assistant still thinks.
  thinking: {
    turn: "thinking",
    audio: "speaking",
    interrupt: "interrupted",
    quiet: "listening",
    cut: "listening",
    end: "ending",
    closed: "ended",
  },
  speaking: {
    turn: "thinking",
    think: "thinking",
    interrupt: "interrupted",
    quiet: "listening",
    cut: "listening",
    end: "ending",
    closed: "ended",
  },
  interrupted: {
    resume: "speaking",
    think: "thinking",
    cut: "listening",
    turn: "thinking",
    quiet: "listening",
    end: "ending",
    closed: "ended",
  },
  // A caller who speaks into the goodbye takes the call back.
  ending: { cut: "listening", closed: "ended" },
  ended: {},
};

/** The phase after the event, or undefined when the event means nothing in this phase. */
export function nextPhase(phase: Phase, event: PhaseEvent): Phase | undefined {
  return MOVES[phase][event];
}

/** Walks the table for one call. An event that means nothing in the present phase is ignored. */
export function createPhases(onMove: (from: Phase, to: Phase) => void) {
  let phase: Phase = "greeting";
  const now = (): Phase => phase;
  const move = (event: PhaseEvent): void => {
    const next = nextPhase(phase, event);
    if (!next || next === phase) return;
    const from = phase;
    phase = next;
    onMove(from, next);
  };
  return { now, move };
}
