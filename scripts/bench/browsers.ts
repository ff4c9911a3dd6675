// The browsers' end of the bench, a process of its own: opens sockets of live talk in telephone sound, which passes through unread, so
// that the stamps of the bench stand in it; sends a frame every 20 ms, plays what comes and returns its marks.
import { once } from "node:events";
import { WebSocket } from "ws";
import { createTicker, serve, type Effort } from "./far-side.ts";
import { createPlayback } from "./playback.ts";
import { headlessPieces } from "./speech-noise.ts";
import { AGENT_HEADER, ageOf, CALLER_HEADER, callerHeader, hasAgentHeader, numberIn, sharedNow } from "./stamp.ts";

export interface Browsing {
  readonly count: number;
  /** ws://127.0.0.1:port */
  readonly url: string;
  readonly key: string;
  /** The number of the first of them. */
  readonly from: number;
}

export interface BrowserWindow {
  readonly delaysMs: Float64Array;
  readonly framesSent: number;
  readonly mediaReceived: number;
  /** Errors, clears of nothing, and everything else that is not to be. */
  readonly strange: number;
  readonly open: number;
  readonly effort: Effort;
}

interface Talk {
  tick(nowMs: number): void;
  close(): void;
  isOpen(): boolean;
}

const FRAME_MS = 20;
const voice = headlessPieces(FRAME_MS, 100, CALLER_HEADER);
const BEFORE_AUDIO = Buffer.from('{"type":"audio_delta","audio_base64":"').length;
const delaysMs: number[] = [];
let framesSent = 0;
let mediaReceived = 0;
let strange = 0;
let talks: Talk[] = [];
const ticker = createTicker((now) => {
  for (const talk of talks) talk.tick(now);
});

async function open(number: number, { url, key, from, count }: Browsing): Promise<Talk> {
  const socket = new WebSocket(`${url}/ws/voice-agent/bench-${number}?stream=1&format=mulaw`, {
    perMessageDeflate: false,
    headers: { authorization: `Bearer ${key}` },
  });
  await once(socket, "open");
  const playback = createPlayback();
  let frames = 0;
  let dueMs = sharedNow() + ((((number - from) * FRAME_MS) / count) % FRAME_MS);
  socket.on("message", (data: Buffer) => {
    const now = sharedNow();
    // {"type":"audio_delta", {"type":"mark", {"type":"clear": the tenth character on is the name.
    if (data[9] === 97) {
      mediaReceived++;
      const end = data.indexOf(34, BEFORE_AUDIO);
      const bytes = ((end - BEFORE_AUDIO) / 4) * 3;
      const stamped = bytes >= AGENT_HEADER && hasAgentHeader(data, BEFORE_AUDIO);
      if (stamped) delaysMs.push(ageOf(data, BEFORE_AUDIO, now));
      playback.play(now, bytes, stamped ? numberIn(data, BEFORE_AUDIO) : -1);
    } else if (data[9] === 109) playback.mark(now, (JSON.parse(data.toString()) as { name: string }).name);
    else if (data.includes('{"type":"clear"')) playback.clear(now);
    else if (data.includes('{"type":"error"')) strange++;
  });
  return {
    tick(nowMs) {
      if (socket.readyState !== WebSocket.OPEN) return;
      while (dueMs <= nowMs) {
        const body = voice[frames++ % voice.length] as string;
        socket.send(
          `{"type":"audio_chunk","format":"mulaw","audio_data":"${callerHeader(sharedNow(), number)}${body}"}`,
        );
        framesSent++;
        dueMs += FRAME_MS;
      }
      for (let name = playback.dueMark(nowMs); name !== undefined; name = playback.dueMark(nowMs))
        socket.send(JSON.stringify({ type: "mark", name }));
    },
    close: () => socket.close(1000),
    isOpen: () => socket.readyState === WebSocket.OPEN,
  };
}

const questions = {
  async open(browsing: Browsing): Promise<void> {
    for (let n = 0; n < browsing.count; n++) talks.push(await open(browsing.from + n, browsing));
  },
  reset(): void {
    ticker.reset();
    framesSent = mediaReceived = strange = 0;
    delaysMs.length = 0;
  },
  window: (): BrowserWindow => ({
    delaysMs: Float64Array.from(delaysMs),
    framesSent,
    mediaReceived,
    strange,
    open: talks.filter((talk) => talk.isOpen()).length,
    effort: ticker.effort(),
  }),
  close(): void {
    for (const talk of talks) talk.close();
    talks = [];
  },
};
export type BrowserQuestions = typeof questions;

serve(questions);
