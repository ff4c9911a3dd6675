// Live talk on its way out: sound and words as they come, in the browser's own format, and everything else that happens in the call.
import { createLineToPage } from "../../audio/line-pcm.ts";
import {
  formatAudioDelta,
  formatServerMessage,
  serverMessage,
  type LiveFormat,
  type ServerMessage,
} from "../../wire/browser.ts";
import { textOf, type Outlet, type OutletParts } from "./outlet.ts";

export interface LiveOutletParts extends Pick<OutletParts, "send"> {
  /** For ASCII. */
  readonly sendAscii: (text: string) => void;
  readonly format: LiveFormat;
}

const phases = serverMessage.options[1].shape.conversation_state;
const reply = (utterance: unknown): string => `reply_${Number(utterance)}`;

export function createLiveOutlet({ send, sendAscii, format }: LiveOutletParts): Outlet {
  let toPage = createLineToPage();
  let last = -1;
  const say = (message: ServerMessage): void => send(formatServerMessage(message));

  /** The last of a stretch waits in the filter for what comes next. */
  function flush(): void {
    const sound = toPage.flush();
    if (sound !== "" && last >= 0) sendAscii(formatAudioDelta(sound, format, reply(last)));
  }

  return {
    play(payload, utterance) {
      if (format === "pcm" && utterance !== last && last >= 0) flush();
      last = utterance;
      sendAscii(formatAudioDelta(format === "mulaw" ? payload : toPage.push(payload), format, reply(utterance)));
    },
    mark: (name) => say({ type: "mark", name }),
    clear() {
      // What was on its way belongs to what is not to be heard.
      toPage = createLineToPage();
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
