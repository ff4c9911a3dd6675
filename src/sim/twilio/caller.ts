// What the person at the telephone does: a list of steps, each waiting for what it needs to hear. It acts through a few
// verbs and looks only at the ear, never at the wire, so that a script works against any server.
import type { Hearing } from "./hearing.ts";

interface Waiting {
  /** ms of call time after which waiting is a failure; 30 000 unless told. */
  timeoutMs?: number | undefined;
}

export type CallerStep =
  /** Speaks mu-law audio; the next step comes when it is said, or at once with `wait: false`. */
  | { do: "say"; audio: Uint8Array; text?: string | undefined; wait?: boolean | undefined }
  /** Until the agent is heard speaking after the caller's last word or key. */
  | ({ do: "wait-for-agent" } & Waiting)
  /** Until the agent was heard after the caller's last word or key, and then has been silent for `ms`. */
  | ({ do: "wait-for-silence"; ms: number } & Waiting)
  /** Waits for the agent, lets it speak for `afterMs`, and speaks over it. */
  | ({ do: "interrupt"; afterMs: number; audio: Uint8Array; text?: string | undefined } & Waiting)
  | { do: "pause"; ms: number }
  /** Presses keys, one every `gapMs` (200). */
  | { do: "press"; digits: string; gapMs?: number | undefined }
  | { do: "hang-up" }
  /** Until the other end hangs up. */
  | ({ do: "wait-for-hang-up" } & Waiting)
  /** Until something else is so; looked at once per frame, with the call time at its end, ms. */
  | ({ do: "wait-for"; condition: (nowMs: number) => boolean } & Waiting)
  /** Anything else a test wants to do at this point. */
  | { do: "run"; action: () => void };

export type CallerScript = readonly CallerStep[];

/** What a caller can do, and feel. */
export interface CallerHands {
  readonly hearing: Hearing;
  /** Call ms of the caller's last loud moment. */
  loudMs(): number;
  say(audio: Uint8Array, text: string | undefined, onEnd: () => void): void;
  press(digit: string): void;
  hangUp(): void;
  /** A step begins. */
  onStep(index: number, step: CallerStep): void;
  /** The script cannot go on; the caller hangs up next. */
  onFailure(message: string): void;
}

export interface Caller {
  /** To be called for every frame, with the call time in ms. */
  tick(nowMs: number): void;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_GAP_MS = 200;

/** Runs a script. When the last step is done the caller stays on the line: only "hang-up" ends a call. */
export function createCaller(script: CallerScript, hands: CallerHands): Caller {
  let index = -1;
  let startedMs = 0;
  let keyedMs = -Infinity;
  let spoke = false;
  let said = false;
  let keys = 0;

  // The agent's answer is what is heard after the caller last did something; echoes of an earlier reply are not one.
  const since = () => Math.max(hands.loudMs(), keyedMs, 0);
  const answered = () => hands.hearing.lastLoudMs > since();

  const say = (audio: Uint8Array, text: string | undefined) => {
    spoke = true;
    hands.say(audio, text, () => {
      said = true;
    });
  };

  const fail = (message: string) => {
    index = script.length;
    hands.onFailure(message);
    hands.hangUp();
  };

  /** Does what the step still has to do; true when it is finished. */
  const advance = (step: CallerStep, nowMs: number): boolean => {
    const { hearing } = hands;
    switch (step.do) {
      case "say":
        if (!spoke) say(step.audio, step.text);
        return said || step.wait === false;
      case "wait-for-agent":
        return answered();
      case "wait-for-silence":
        return answered() && nowMs - hearing.lastLoudMs >= step.ms;
      case "interrupt": {
        const talkedMs = nowMs - Math.max(hearing.startedMs, since());
        if (!spoke && hearing.speaking && answered() && talkedMs >= step.afterMs) say(step.audio, step.text);
        return said;
      }
      case "pause":
        return nowMs - startedMs >= step.ms;
      case "press": {
        const gapMs = step.gapMs ?? DEFAULT_GAP_MS;
        while (keys < step.digits.length && nowMs - startedMs >= keys * gapMs) {
          hands.press(step.digits.charAt(keys++));
          keyedMs = nowMs;
        }
        return keys === step.digits.length;
      }
      case "hang-up":
        hands.hangUp();
        return true;
      case "wait-for-hang-up":
        return false;
      case "wait-for":
        return step.condition(nowMs);
      case "run":
        try {
          step.action();
        } catch (error) {
          fail(`step ${index + 1} (run) threw: ${error instanceof Error ? error.message : String(error)}`);
        }
        return true;
      default:
        return step satisfies never;
    }
  };

  const enter = (next: number, nowMs: number) => {
    index = next;
    startedMs = nowMs;
    spoke = said = false;
    keys = 0;
    const step = script[index];
    if (step) hands.onStep(index, step);
  };

  const overdue = (step: CallerStep, nowMs: number): boolean => {
    if (!step.do.startsWith("wait-for") && !(step.do === "interrupt" && !spoke)) return false;
    const limitMs = ("timeoutMs" in step ? step.timeoutMs : undefined) ?? DEFAULT_TIMEOUT_MS;
    return nowMs - startedMs > limitMs;
  };

  return {
    tick(nowMs) {
      if (index < 0) enter(0, nowMs);
      for (let step = script[index]; step && advance(step, nowMs); step = script[index]) enter(index + 1, nowMs);
      const step = script[index];
      if (!step || !overdue(step, nowMs)) return;
      fail(`step ${index + 1} (${step.do}) waited in vain for ${Math.round(nowMs - startedMs)} ms`);
    },
  };
}
