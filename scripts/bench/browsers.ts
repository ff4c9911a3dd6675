// The browsers' end of the bench, a process of its own: opens sockets of live talk in either format, sends a frame every 20 ms, plays
// what comes and returns its marks. Sound that is resampled carries no stamp: what was sent and what came is counted (trail.ts).
import { once } from "node:events";
import { WebSocket } from "ws";
import { decodeMulaw } from "../../src/audio/mulaw.ts";
import { pcmBytes } from "../../src/audio/pcm.ts";
import { resample } from "../../src/audio/resample.ts";
import type { LiveFormat } from "../../src/wire/browser.ts";
import { createTicker, serve, type Effort } from "./far-side.ts";
import { createPlayback } from "./playback.ts";
import { headlessPieces, speechNoise } from "./speech-noise.ts";
import { CALLER_HEADER, callerHeader, sharedNow } from "./stamp.ts";
import { addTo, bytesIn, END_OF_SOUND, newTrail, SAMPLES_A_MS, type Trail } from "./trail.ts";

export interface Browsing {
  readonly count: number;
  /** ws://127.0.0.1:port */
  readonly url: string;
  readonly key: string;
  /** The number of the first of them: `COUNTED_FROM` or more. */
  readonly from: number;
  readonly format: LiveFormat;
}

export interface TalkStory {
  readonly call: number;
  readonly said: Trail;
  /** Of the agent's latest reply. */
  readonly heard: Trail;
  readonly isOpen: boolean;
}

export interface BrowserWindow {
  readonly talks: readonly TalkStory[];
  /** Errors of any kind. */
  readonly strange: number;
  readonly effort: Effort;
}

interface Talk {
  tick(nowMs: number): void;
  hush(): void;
  story(): TalkStory;
  close(): void;
}

const FRAME_MS = 20;
const PIECES = 100;
const FRAME_SAMPLES = FRAME_MS * SAMPLES_A_MS;
const BEFORE_AUDIO = Buffer.from('{"type":"audio_delta","audio_base64":"').length;
/** Bytes of a sample of the line. */
const SAMPLE_BYTES: Readonly<Record<LiveFormat, number>> = { mulaw: 1, pcm: 6 };
const [firstPiece = ""] = headlessPieces(FRAME_MS, 1, CALLER_HEADER);
let strange = 0;
let talks: Talk[] = [];
const ticker = createTicker((now) => {
  for (const talk of talks) talk.tick(now);
});

/** Messages of sound as the page sends them, one after the other. */
function voiceIn(format: LiveFormat): readonly string[] {
  const line = speechNoise(PIECES * FRAME_MS);
  const all = format === "mulaw" ? line : pcmBytes(resample(decodeMulaw(line), 8000, 24_000));
  const bytes = FRAME_SAMPLES * SAMPLE_BYTES[format];
  return Array.from({ length: PIECES }, (_, index) =>
    chunk(format, Buffer.from(all.subarray(index * bytes, (index + 1) * bytes)).toString("base64")),
  );
}

const chunk = (format: LiveFormat, base64: string): string =>
  `{"type":"audio_chunk","audio_data":"${base64}","format":"${format}"}`;

async function open(call: number, voice: readonly string[], browsing: Browsing): Promise<Talk> {
  const { url, key, from, count, format } = browsing;
  const socket = new WebSocket(`${url}/ws/voice-agent/bench-${call}?stream=1&format=${format}`, {
    perMessageDeflate: false,
    headers: { authorization: `Bearer ${key}` },
  });
  await once(socket, "open");
  const playback = createPlayback();
  const said = newTrail();
  let heard = newTrail();
  let replyOf = "";
  let frames = 0;
  let isHushed = false;
  // Telephone sound passes through unread, whatever comes after it: the first frame says whose the line is.
  socket.send(chunk("mulaw", callerHeader(sharedNow(), call) + firstPiece));
  let dueMs = sharedNow() + FRAME_MS + ((((call - from) * FRAME_MS) / count) % FRAME_MS);

  function onAudio(data: Buffer, now: number): void {
    const end = data.indexOf(34, BEFORE_AUDIO);
    const samples = bytesIn(data, BEFORE_AUDIO, end) / SAMPLE_BYTES[format];
    // What stands behind the sound says which reply it is of, and is the same all through it.
    const behind = data.toString("latin1", end);
    if (behind !== replyOf) {
      replyOf = behind;
      heard = newTrail();
    }
    addTo(heard, now, samples);
    playback.play(now, samples, -1);
  }

  socket.on("message", (data: Buffer) => {
    const now = sharedNow();
    // {"type":"audio_delta", {"type":"mark", {"type":"clear": the tenth character on is the name.
    if (data[9] === 97) onAudio(data, now);
    else if (data[9] === 109) playback.mark(now, (JSON.parse(data.toString()) as { name: string }).name);
    else if (data.includes('{"type":"clear"')) playback.clear(now);
    else if (data.includes('{"type":"error"')) strange++;
  });
  return {
    tick(nowMs) {
      if (socket.readyState !== WebSocket.OPEN) return;
      for (; !isHushed && dueMs <= nowMs; dueMs += FRAME_MS) {
        addTo(said, sharedNow(), FRAME_SAMPLES);
        socket.send(voice[frames++ % voice.length] as string);
      }
      for (let name = playback.dueMark(nowMs); name !== undefined; name = playback.dueMark(nowMs))
        socket.send(JSON.stringify({ type: "mark", name }));
    },
    hush() {
      isHushed = true;
      socket.send(chunk("mulaw", END_OF_SOUND));
    },
    story: () => ({ call, said, heard, isOpen: socket.readyState === WebSocket.OPEN }),
    close: () => socket.close(1000),
  };
}

const questions = {
  async open(browsing: Browsing): Promise<void> {
    const voice = voiceIn(browsing.format);
    for (let n = 0; n < browsing.count; n++) talks.push(await open(browsing.from + n, voice, browsing));
  },
  reset: () => ticker.reset(),
  /** Nobody says anything any more. */
  hush(): void {
    for (const talk of talks) talk.hush();
  },
  window: (): BrowserWindow => ({ talks: talks.map((talk) => talk.story()), strange, effort: ticker.effort() }),
  close(): void {
    for (const talk of talks) talk.close();
    talks = [];
    strange = 0;
  },
};
export type BrowserQuestions = typeof questions;

serve(questions);
