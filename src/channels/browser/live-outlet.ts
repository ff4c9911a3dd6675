// Live talk on its way out: sound and words as they come, in the browser's own format, and everything else that happens in the call.
import { decodeMulaw } from "../../audio/mulaw.ts";
import { pcmBytes } from "../../audio/pcm.ts";
import { createResampler } from "../../audio/resample.ts";
import {
  formatAudioDelta,
  formatServerMessage,
  LIVE_FORMATS,
  serverMessage,
  type LiveFormat,
  type ServerMessage,
} from "../../wire/browser.ts";
import { textOf, type Outlet, type OutletParts } from "./outlet.ts";

const LINE_RATE = 8000;

export interface LiveOutletParts extends Pick<OutletParts, "send"> {
  readonly format: LiveFormat;
}

const phases = serverMessage.options[1].shape.conversation_state;
const reply = (utterance: unknown): string => `reply_${Number(utterance)}`;

export function createLiveOutlet({ send, format }: LiveOutletParts): Outlet {
  let resampler = createResampler(LINE_RATE, LIVE_FORMATS.pcm);
  let last = -1;
  const say = (message: ServerMessage): void => send(formatServerMessage(message));

  function pcm(payload: string): string {
    const samples = resampler.push(decodeMulaw(Buffer.from(payload, "base64")));
    const { buffer, byteOffset, byteLength } = pcmBytes(samples);
    return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
  }

  /** The last 2 ms of a stretch wait in the filter for what comes next. */
  function flush(): void {
    const samples = resampler.flush();
    if (format === "mulaw" || samples.length === 0 || last < 0) return;
    send(formatAudioDelta(Buffer.from(pcmBytes(samples)).toString("base64"), format, reply(last)));
  }

  return {
    play(payload, utterance) {
      if (format === "pcm" && utterance !== last && last >= 0) flush();
      last = utterance;
      send(formatAudioDelta(format === "mulaw" ? payload : pcm(payload), format, reply(utterance)));
    },
    mark: (name) => say({ type: "mark", name }),
    clear() {
      // What was on its way belongs to what is not to be heard.
      resampler = createResampler(LINE_RATE, LIVE_FORMATS.pcm);
      say({ type: "clear" });
    },
    told(type, data) {
      switch (type) {
        case "call.started":
        case "phase": {
          const phase = phases.safeParse(data["phase"]);
          if (phase.success) say({ type: "state", conversation_state: phase.data });
          return;
        }
        case "speech.started":
          return say({ type: "speech_started" });
        case "speech.stopped":
          return say({ type: "speech_stopped" });
        case "hearing":
          return say({ type: "transcription_delta", text: textOf(data["text"]) });
        case "heard":
          return say({ type: "transcription", text: textOf(data["text"]) });
        case "words":
          return say({ type: "response_delta", text: textOf(data["text"]), reply_id: reply(data["utterance"]) });
        case "reply": {
          const text = textOf(data["heard"]);
          const reply_id = reply(data["utterance"]);
          if (data["interrupted"] === true) say({ type: "response_cut", reply_id, heard_text: text });
          else say({ type: "conversation_response", text, reply_id });
          return;
        }
        case "tool.running":
          return say({ type: "tool", name: textOf(data["name"]), state: "running" });
        case "tool":
          return say({ type: "tool", name: textOf(data["name"]), state: textOf(data["result"]) });
      }
    },
    async end(reason) {
      say({ type: "ended", reason });
    },
    close: () => undefined,
  };
}
