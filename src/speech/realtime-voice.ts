// The voice engine over OpenAI Realtime: opens one session per call (or per turn of a call that lost its own) and keeps what
// sessions share: the address, the breaker, the list of what is open. A single session is realtime-session.ts.
import type { Voice, VoiceEngine } from "../core/voice.ts";
import { createConnectBreaker } from "./connect-breaker.ts";
import { openSession, type SessionOptions } from "./realtime-session.ts";

export interface RealtimeVoicesOptions extends Omit<SessionOptions, "url" | "breaker" | "random"> {
  /** OPENAI_BASE_URL: the REST base, such as https://api.openai.com/v1. */
  readonly baseUrl: string;
  /** 0 <= random < 1; spreads second attempts. */
  readonly random?: () => number;
}

export function createRealtimeVoices(options: RealtimeVoicesOptions): VoiceEngine {
  const { baseUrl, settings, clock, log, random = Math.random } = options;
  const url = realtimeUrl(baseUrl, settings.model);
  const breaker = createConnectBreaker(clock, (open) => {
    if (open) log.warn("the voice API refuses sessions (429): at most one attempt a second from now on");
    else log.info("the voice API takes sessions again");
  });
  const voices = new Set<Voice>();
  let closed = false;
  return {
    open(request) {
      const voice = openSession(request, { ...options, url, breaker, random }, () => voices.delete(voice));
      voices.add(voice);
      if (closed) voice.close();
      return voice;
    },
    close() {
      closed = true;
      for (const voice of voices) voice.close();
    },
  };
}

/** http becomes ws, https becomes wss; the model is named in the address and cannot change later. */
export function realtimeUrl(baseUrl: string, model: string): URL {
  const url = new URL(`${baseUrl.replace(/\/+$/, "")}/realtime`);
  url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
  url.searchParams.set("model", model);
  return url;
}
