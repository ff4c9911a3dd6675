// The voice engines over OpenAI Realtime: each opens sessions of its own settings, and all of them share what belongs to the
// account: the breaker and the list of what is open. A single session is realtime-session.ts.
import type { VoiceEngine } from "../core/voice.ts";
import { createConnectBreaker } from "./connect-breaker.ts";
import { openSession } from "./realtime-session.ts";
import type { RealtimeVoice, SessionOptions } from "./session-ports.ts";
import type { VoiceSettings } from "./session-config.ts";

export interface RealtimeVoicesOptions extends Omit<SessionOptions, "url" | "breaker" | "random" | "settings"> {
  /** OPENAI_BASE_URL: the REST base, such as https://api.openai.com/v1. */
  readonly baseUrl: string;
  /** 0 <= random < 1; spreads second attempts. */
  readonly random?: () => number;
}

export interface RealtimeVoices {
  /** An engine whose voices are like this. It holds nothing but what it opened, so that every call may have its own. */
  with(settings: VoiceSettings): VoiceEngine;
  /** The API refuses sessions now (429): what can wait should. */
  isLimited(): boolean;
  /** Tells the meter what was carried and what waits to be: asked for when somebody reads the figures, so that no timer is needed. */
  report(): void;
  /** Closes every voice of every engine. */
  close(): void;
}

export function createRealtimeVoices(options: RealtimeVoicesOptions): RealtimeVoices {
  const { baseUrl, clock, log, meter, random = Math.random } = options;
  const breaker = createConnectBreaker(clock, (open) => {
    if (open) log.warn("the voice API refuses sessions (429): at most one attempt a second from now on");
    else log.info("the voice API takes sessions again");
  });
  const all = new Set<RealtimeVoice>();
  let closed = false;
  return {
    with(settings) {
      const url = realtimeUrl(baseUrl, settings.model);
      const own = new Set<RealtimeVoice>();
      let done = false;
      return {
        open(request) {
          const voice = openSession(request, { ...options, settings, url, breaker, random }, () => {
            own.delete(voice);
            all.delete(voice);
          });
          own.add(voice);
          all.add(voice);
          if (done || closed) voice.close();
          return voice;
        },
        close() {
          done = true;
          for (const voice of own) voice.close();
        },
      };
    },
    isLimited: () => breaker.isOpen(),
    report() {
      let buffered = 0;
      for (const voice of all) buffered += voice.tally();
      meter.gauge("voice_ws_buffered_bytes", buffered, { leg: "upstream" });
    },
    close() {
      closed = true;
      for (const voice of all) voice.close();
    },
  };
}

/** http becomes ws, https becomes wss; what is asked for is named in the address and cannot change later. */
export function realtimeUrl(
  baseUrl: string,
  /** A model, or: transcribing only, or the side of a call that somebody else began at OpenAI. */
  asked: string | { readonly intent: "transcription" } | { readonly callId: string },
): URL {
  const url = new URL(`${baseUrl.replace(/\/+$/, "")}/realtime`);
  url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
  if (typeof asked === "string") url.searchParams.set("model", asked);
  else if ("callId" in asked) url.searchParams.set("call_id", asked.callId);
  else url.searchParams.set("intent", asked.intent);
  return url;
}
