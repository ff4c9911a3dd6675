// Whole replies on their way out: the sound of a reply is gathered until it is complete, and then sent as one file. The far side tells
// nothing of what was played, so that what is sent counts as heard.
import { createEncoder, SPEECH_RATE } from "../../audio/encode.ts";
import { decodeMulaw } from "../../audio/mulaw.ts";
import { createResampler } from "../../audio/resample.ts";
import { writeWav } from "../../audio/wav.ts";
import type { Clock } from "../../core/clock.ts";
import { formatServerMessage } from "../../wire/browser.ts";
import { textOf, type Outlet, type OutletParts } from "./outlet.ts";

const LINE_RATE = 8000;
const BYTES_PER_MS = 8;
/** Nothing more came for so long, ms: that was all there is, for the moment. */
const IDLE_MS = 100;
/** With more than this gathered, ms, what comes counts as heard at once: the bridge keeps only so much ahead of the ear. */
const GATHERED_MS = 15_000;
/** Of one reply, ms. */
const LONGEST_MS = 600_000;
/** Encoded at once, samples of the line: some 3 ms of work. */
const AT_ONCE = 4000;

export interface TurnOutletParts extends OutletParts {
  readonly clock: Clock;
  readonly format: "mp3" | "wav";
  readonly onFailed: (error: unknown) => void;
}

export function createTurnOutlet({ send, deliver, clock, format, onFailed }: TurnOutletParts): Outlet {
  let gathered: Buffer[] = [];
  let bytes = 0;
  /** Bytes that count as heard: a clear takes back what came after. */
  let heardBytes = 0;
  let marks: { readonly name: string; readonly at: number }[] = [];
  let cancelIdle = (): void => {};
  /** One reply is sent after the other. */
  let sending: Promise<void> = Promise.resolve();
  let closed = false;

  function acknowledge(): void {
    cancelIdle();
    const due = marks;
    marks = [];
    heardBytes = due.at(-1)?.at ?? heardBytes;
    for (const { name } of due) deliver({ type: "line.mark", name });
  }

  function acknowledgeSoon(): void {
    cancelIdle();
    cancelIdle = clock.after(bytes > GATHERED_MS * BYTES_PER_MS ? 0 : IDLE_MS, acknowledge);
  }

  function forget(to: number): void {
    let kept = 0;
    gathered = gathered.filter((piece) => {
      kept += piece.length;
      return kept <= to;
    });
    bytes = gathered.reduce((sum, piece) => sum + piece.length, 0);
    heardBytes = Math.min(heardBytes, bytes);
  }

  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

  async function file(sound: Uint8Array): Promise<Uint8Array> {
    const resampler = createResampler(LINE_RATE, SPEECH_RATE);
    const pieces: Int16Array[] = [];
    const encoder = format === "mp3" ? await createEncoder("mp3") : undefined;
    const parts: Uint8Array[] = [];
    const take = (samples: Int16Array): void =>
      void (encoder ? parts.push(encoder.push(samples)) : pieces.push(samples));
    for (let at = 0; at < sound.length; at += AT_ONCE) {
      take(resampler.push(decodeMulaw(sound.subarray(at, at + AT_ONCE))));
      await turn();
    }
    take(resampler.flush());
    if (encoder) return Buffer.concat([...parts, encoder.end()]);
    const whole = new Int16Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return writeWav([whole], SPEECH_RATE);
  }

  function respond(text: string, sound: Buffer): void {
    sending = sending
      .then(async () => {
        if (closed) return;
        if (text) send(formatServerMessage({ type: "conversation_response", text }));
        if (sound.length === 0) return;
        const audio_base64 = Buffer.from(await file(sound)).toString("base64");
        if (!closed) send(formatServerMessage({ type: "audio_response", audio_base64, audio_format: format }));
      })
      .catch(onFailed);
  }

  return {
    play(payload) {
      const piece = Buffer.from(payload, "base64");
      if (bytes + piece.length > LONGEST_MS * BYTES_PER_MS) return;
      gathered.push(piece);
      bytes += piece.length;
      // What is marked already is acknowledged all the same: this may be the last that the bridge sends until it is.
      if (marks.length > 0) acknowledgeSoon();
    },
    mark(name) {
      marks.push({ name, at: bytes });
      acknowledgeSoon();
    },
    clear() {
      cancelIdle();
      marks = [];
      forget(heardBytes);
    },
    told(type, data) {
      if (type === "heard") return send(formatServerMessage({ type: "transcription", text: textOf(data["text"]) }));
      if (type !== "reply") return;
      const sound = Buffer.concat(gathered);
      gathered = [];
      bytes = heardBytes = 0;
      respond(textOf(data["heard"]), sound);
    },
    async end(reason) {
      await sending;
      if (reason === "caller-hangup" || reason === "agent-hangup") return;
      send(formatServerMessage({ type: "error", code: "ended", message: `The call is over: ${reason}` }));
    },
    close() {
      closed = true;
      cancelIdle();
      gathered = [];
      bytes = 0;
    },
  };
}
