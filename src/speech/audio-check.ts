// Is what we are given really mu-law? Static in a caller's ear is the worst failure of all, and nothing else notices it:
// servers were seen sending 24 kHz PCM16 where mu-law had been asked for and confirmed.
import type { Log } from "../core/observe.ts";
import type { ServerEventOf } from "../wire/openai-realtime.ts";

export interface AudioCheckPorts {
  readonly speed: number;
  readonly log: Log;
  readonly countError: (code: string) => void;
}

// A class, because every piece of the agent's audio comes by here.
export class AudioCheck {
  readonly #ports: AudioCheckPorts;
  readonly #pcm = new PcmDetector();
  #doubted = false;

  constructor(ports: AudioCheckPorts) {
    this.#ports = ports;
  }

  /** Looks at audio before it is played, in order. @returns false once it can only be PCM16. */
  pass(payload: string): boolean {
    if (!this.#pcm.isPcm(payload)) return true;
    this.#ports.log.error("the voice API sends PCM16 where it confirmed mu-law: the caller would hear noise");
    return false;
  }

  /** A speech ran to its end: is that the length of its words? Doubts are logged and counted once. */
  measure(bytes: number, text: string): void {
    const { speed, log, countError } = this.#ports;
    if (this.#doubted || plausibleLength(bytes, text, speed)) return;
    this.#doubted = true;
    countError("rate-suspect");
    log.error("spoken audio has not the length of its words: is it really 8 kHz mu-law?", {
      ms: Math.round(bytes / 8),
      letters: text.length,
    });
  }
}

const WINDOW_BYTES = 1600;
/** Windows with sound in them after which the question is settled. */
const ENOUGH = 6;
const PCM_WINDOWS = 2;

/**
 * In PCM16 (little endian) every second byte is the low half of a sample, spread evenly over all values, while the high half
 * stays near 0x00 and 0xFF unless the speech is clipped. In mu-law both positions are samples of the same signal and look
 * alike. So the share of bytes in the middle of the range, even against odd positions, tells them apart; silence, where it
 * is zero in both, says nothing and is not counted.
 */
export class PcmDetector {
  #even = 0;
  #odd = 0;
  #seen = 0;
  #sounding = 0;
  #pcm = 0;

  /** To be given consecutive base64 payloads: true once the audio so far can only be PCM16. */
  isPcm(payload: string): boolean {
    if (this.#sounding >= ENOUGH) return false;
    for (const byte of Buffer.from(payload, "base64")) {
      if (byte >= 0x40 && byte <= 0xbf) {
        if (this.#seen % 2 === 0) this.#even += 1;
        else this.#odd += 1;
      }
      this.#seen += 1;
      if (this.#seen % WINDOW_BYTES === 0) this.#judge();
    }
    return this.#pcm >= PCM_WINDOWS && this.#pcm * 2 > this.#sounding;
  }

  #judge(): void {
    const evenShare = this.#even / (WINDOW_BYTES / 2);
    const oddShare = this.#odd / (WINDOW_BYTES / 2);
    this.#even = 0;
    this.#odd = 0;
    if (evenShare < 0.05 && oddShare < 0.05) return;
    this.#sounding += 1;
    if (evenShare > 0.3 && evenShare < 0.7 && oddShare < 0.2) this.#pcm += 1;
  }
}

/**
 * Could this much mu-law audio be these words? Only texts with a steady pace are judged (letters of alphabets, hardly any
 * digits, not too short); the limits are several times away from real speech, which takes 50 to 100 ms a letter.
 */
export function plausibleLength(bytes: number, text: string, speed: number): boolean {
  const letters = text.match(/[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/gu)?.length ?? 0;
  const others = text.replaceAll(/[\s\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{P}]/gu, "").length;
  if (letters < 30 || others * 20 > letters) return true;
  const msPerLetter = ((bytes / 8) * speed) / letters;
  return msPerLetter > 15 && msPerLetter < 260;
}

/** Whether the session took the audio format of phone lines; anything else would be noise, untouched as audio passes here. */
export function isMulawBothWays({ audio }: ServerEventOf<"session.updated">["session"], log: Log): boolean {
  const input = audio?.input?.format?.type;
  const output = audio?.output?.format?.type;
  if (input === "audio/pcmu" && output === "audio/pcmu") return true;
  log.error("the voice API did not take the audio format: this call would be noise", {
    input: input ?? "none",
    output: output ?? "none",
  });
  return false;
}
