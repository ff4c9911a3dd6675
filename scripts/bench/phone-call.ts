// One phone of the bench's carrier: frames out every 20 ms, audio and marks in, all as prebuilt text and arithmetic. It is told
// what its socket brings and when a tick is; it keeps what the measurements need and nothing else.
import type { WebSocket } from "ws";
import { createPlayback } from "./playback.ts";
import { AGENT_HEADER, ageOf, callerHeader, hasAgentHeader, numberIn, sharedNow } from "./stamp.ts";

const FRAME_MS = 20;

/** One reply as the phone got it. */
export interface ReplyAtPhone {
  readonly reply: number;
  /** ms from the model's first audio to ours. */
  readonly ageMs: number;
  /** Shared clock, ms: the first audio, and the clear that cut it, if any. */
  readonly firstMs: number;
  clearedMs?: number;
  /** ms of it that had been played at that clear. */
  playedMs?: number;
}

export interface PhoneStory {
  readonly call: number;
  readonly callSid: string;
  /** ms from `start` to the first audio; undefined when there was none. */
  readonly greetingMs?: number;
  readonly replies: readonly ReplyAtPhone[];
  /** Shared clock, ms, of every clear. */
  readonly clears: readonly number[];
  readonly framesSent: number;
  readonly mediaReceived: number;
  /** Of them those that the model said in this call. */
  readonly spoken: number;
  readonly marksReceived: number;
  /** Messages that are none of Twilio's three. */
  readonly strange: number;
  /** Code the socket closed with; undefined while it is open. */
  readonly closeCode?: number;
}

/** What all calls of a process share. */
export interface PhoneCounts {
  framesSent: number;
  mediaReceived: number;
  readonly delaysMs: number[];
}

export interface PhoneCall {
  tick(nowMs: number): void;
  /** Twilio's last words, then the close. */
  hangUp(): void;
  story(): PhoneStory;
}

export interface PhoneCallOptions {
  readonly call: number;
  readonly callSid: string;
  readonly accountSid: string;
  readonly token: string;
  readonly socket: WebSocket;
  readonly counts: PhoneCounts;
  /** Base64 of frames without their header. */
  readonly voice: readonly string[];
  /** When the first frame is due, shared clock: spread over calls, or they would all send in one burst. */
  readonly firstFrameMs: number;
}

export function startPhoneCall(options: PhoneCallOptions): PhoneCall {
  const { call, callSid, accountSid, token, socket, counts, voice } = options;
  const streamSid = `MZ${callSid.slice(2)}`;
  const mediaPrefix = Buffer.from(`{"event":"media","streamSid":"${streamSid}","media":{"payload":"`);
  const payloadAt = mediaPrefix.length;
  const afterPayload = `"},"streamSid":"${streamSid}"}`;
  const playback = createPlayback();
  const replies: ReplyAtPhone[] = [];
  const clears: number[] = [];
  let dueMs = options.firstFrameMs;
  let frames = 0;
  let media = 0;
  let spoken = 0;
  let marks = 0;
  let strange = 0;
  let sequence = 1;
  let startedMs = 0;
  let greetingMs: number | undefined;
  let closeCode: number | undefined;
  let hungUp = false;

  function send(text: string): void {
    if (socket.readyState === socket.OPEN) socket.send(text);
  }

  function onMedia(data: Buffer): void {
    const now = sharedNow();
    if (media++ === 0) {
      greetingMs = now - startedMs;
      if (!data.subarray(0, payloadAt).equals(mediaPrefix)) throw new Error(`not Twilio's media: ${data.toString()}`);
    }
    counts.mediaReceived++;
    // `"}}` closes the message, and before it stands the padding, if any.
    const end = data.length - 3;
    const padding = data[end - 1] !== 61 ? 0 : data[end - 2] !== 61 ? 1 : 2;
    const bytes = ((end - payloadAt) / 4) * 3 - padding;
    let reply = -1;
    if (bytes >= AGENT_HEADER && hasAgentHeader(data, payloadAt)) {
      spoken++;
      reply = numberIn(data, payloadAt);
      const ageMs = ageOf(data, payloadAt, now);
      counts.delaysMs.push(ageMs);
      if (replies.at(-1)?.reply !== reply) replies.push({ reply, ageMs, firstMs: now });
    }
    playback.play(now, bytes, reply);
  }

  function onClear(): void {
    const now = sharedNow();
    clears.push(now);
    const { marks, droppedMs } = playback.clear(now);
    const last = replies.at(-1);
    if (last && droppedMs > 0 && last.clearedMs === undefined) {
      last.clearedMs = now;
      last.playedMs = playback.playedMs(last.reply, now);
    }
    for (const name of marks) returnMark(name);
  }

  function returnMark(name: string): void {
    send(`{"event":"mark","sequenceNumber":"${++sequence}","streamSid":"${streamSid}","mark":{"name":${name}}}`);
  }

  socket.on("message", (data: Buffer) => {
    // {"event":"media", {"event":"mark", {"event":"clear": the tenth character on is the name.
    const second = data[11];
    const isMedia = data[10] === 109 && second === 101;
    const isMark = data[10] === 109 && second === 97;
    if (isMedia) onMedia(data);
    else if (isMark) {
      marks++;
      // The name stays as it was written, quotes and all: it goes back as it came.
      const text = data.toString("latin1");
      playback.mark(sharedNow(), text.slice(text.indexOf('"name":') + 7, -2));
    } else if (data[10] === 99) onClear();
    else strange++;
  });
  socket.on("close", (code) => {
    closeCode = code;
  });
  send('{"event":"connected","protocol":"Call","version":"1.0.0"}');
  startedMs = sharedNow();
  send(
    JSON.stringify({
      event: "start",
      sequenceNumber: "1",
      start: {
        streamSid,
        accountSid,
        callSid,
        tracks: ["inbound"],
        mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
        customParameters: { token },
      },
      streamSid,
    }),
  );

  return {
    tick(nowMs) {
      // A closing socket takes nothing any more, and says so to nobody.
      if (hungUp || closeCode !== undefined) return;
      while (dueMs <= nowMs) {
        const body = voice[frames % voice.length] as string;
        send(
          `{"event":"media","sequenceNumber":"${++sequence}","media":{"track":"inbound","chunk":"${++frames}",` +
            `"timestamp":"${(frames - 1) * FRAME_MS}","payload":"${callerHeader(sharedNow(), call)}${body}${afterPayload}`,
        );
        counts.framesSent++;
        dueMs += FRAME_MS;
      }
      for (let name = playback.dueMark(nowMs); name !== undefined; name = playback.dueMark(nowMs)) returnMark(name);
    },
    hangUp() {
      hungUp = true;
      send(
        `{"event":"stop","sequenceNumber":"${++sequence}","streamSid":"${streamSid}",` +
          `"stop":{"accountSid":"${accountSid}","callSid":"${callSid}"}}`,
      );
      socket.close(1000);
    },
    story: () => ({
      call,
      callSid,
      replies,
      clears,
      framesSent: frames,
      mediaReceived: media,
      spoken,
      marksReceived: marks,
      strange,
      ...(greetingMs !== undefined && { greetingMs }),
      ...(closeCode !== undefined && { closeCode }),
    }),
  };
}
