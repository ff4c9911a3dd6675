// A text as recorded speech: one voice session for one sentence, its audio collected. For clips; calls speak live.
import type { VoiceEngine } from "../core/voice.ts";
import { divergence } from "./divergence.ts";

/** A recording further from its text than this would be played to every caller. */
const DIVERGENCE_LIMIT = 0.34;

/**
 * @returns raw mu-law, 8000 Hz mono.
 * @throws Error when the voice cannot speak it, says something else, or `signal` aborts.
 */
export async function renderSpeech(engine: VoiceEngine, text: string, signal: AbortSignal): Promise<Buffer> {
  signal.throwIfAborted();
  const voice = engine.open({ callId: "clips", history: [] });
  const audio: Buffer[] = [];
  let abort: (() => void) | undefined;
  try {
    const spoken = await new Promise<string>((resolve, reject) => {
      abort = () => reject(signal.reason as Error);
      signal.addEventListener("abort", abort, { once: true });
      voice.attach((event) => {
        if (event.type === "voice.ready") voice.say("clip", text);
        else if (event.type === "voice.audio") audio.push(Buffer.from(event.payload, "base64"));
        else if (event.type === "voice.closed") reject(new Error(`the voice closed: ${event.code}`));
        else if (event.type === "voice.spoken") {
          if (event.status === "completed") resolve(event.text);
          else reject(new Error(`the speech ended ${event.status}: ${event.code ?? "no code"}`));
        }
      });
    });
    const strayed = divergence(text, spoken);
    if (strayed > DIVERGENCE_LIMIT) throw new Error(`the voice said something else (divergence ${strayed.toFixed(2)})`);
    return Buffer.concat(audio);
  } finally {
    if (abort) signal.removeEventListener("abort", abort);
    voice.close();
  }
}
