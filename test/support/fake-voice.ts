// A voice engine in virtual time: hears the frames of a fake caller, speaks marked audio in odd pieces faster than real time,
// answers by itself when told how, fails, stalls, gets lost or never comes. It also watches that its contract is kept.
import type { AudioWay, SpeechPart, SpokenLine, Voice, VoiceEngine, VoiceEvent } from "../../src/core/voice.ts";
import { frameOf, type Utterance } from "./fake-caller.ts";
import type { MarkedAudio } from "./marked-audio.ts";
import { createRandom } from "./random.ts";
import type { VirtualTime } from "./virtual-time.ts";

const BYTES_PER_MS = 8;
const DETECT_FRAMES = 3;

/** How one text is spoken. */
export interface SpeechPlan {
  /** ms to the first audio. */
  readonly firstMs?: number;
  readonly msPerCharacter?: number;
  /** How many times faster than real time audio comes. */
  readonly speed?: number;
  /** The speech ends after this many ms of audio with this status. */
  readonly endAtMs?: number;
  readonly status?: "failed" | "incomplete" | "cancelled";
  readonly code?: string;
  /** No more comes after this many ms of audio, not even an end. */
  readonly stallAtMs?: number;
  /** After this many ms of audio the voice falls silent for `pauseMs`, and goes on. */
  readonly pauseAtMs?: number;
  readonly pauseMs?: number;
  /** What it says it spoke. */
  readonly spoken?: string;
}

/** One answer of a voice that thinks for itself. */
export interface ReplyPlan extends SpeechPlan {
  /** Each is a conversation item of its own. */
  readonly items?: readonly string[];
  readonly tools?: readonly { readonly name: string; readonly arguments?: string }[];
  /** The request to answer is swallowed. */
  readonly never?: boolean;
}

export interface VoicePlan {
  /** ms from opening to `voice.ready`; negative: never. */
  readonly readyMs?: number;
  /** ms from opening to the loss. */
  readonly lostMs?: number;
  readonly code?: string;
  readonly fatal?: boolean;
}

export interface ReplyContext {
  /** 1 for the first answer of the call. */
  readonly number: number;
  readonly voice: FakeVoice;
}

export interface FakeVoicesOptions {
  /** By order of opening, from 1. */
  readonly voice?: (number: number) => VoicePlan;
  readonly speech?: (text: string, number: number) => SpeechPlan;
  readonly reply?: (context: ReplyContext) => ReplyPlan;
  /** ms an event takes to reach us, and a request to reach it. */
  readonly netMs?: number;
  readonly endSilenceMs?: number;
  /** ms of audio in one piece, at most. */
  readonly pieceMs?: number;
  readonly seed?: number;
}

export interface Spoken {
  readonly speechId: string;
  readonly text: string;
  /** Name of its marked audio. */
  readonly name: string;
  readonly voice: number;
  readonly at: number;
  /** Bytes that have been sent out so far. */
  sent: number;
  status?: string;
  readonly part?: SpeechPart;
}

export interface FakeVoice extends Voice {
  readonly number: number;
  readonly history: readonly SpokenLine[];
  readonly isClosed: boolean;
  readonly told: readonly { readonly role: string; readonly text: string }[];
  readonly outputs: readonly { readonly callId: string; readonly output: string }[];
  readonly truncated: readonly { readonly part: SpeechPart; readonly heardMs: number; readonly at: number }[];
  readonly responds: readonly number[];
  /** Texts that were transcribed, in order. */
  readonly transcripts: readonly string[];
  /** Names of speeches that were cancelled while they were going on. */
  readonly cancelled: readonly string[];
  emit(event: VoiceEvent): void;
  lose(code?: string, fatal?: boolean): void;
}

export interface FakeVoices extends VoiceEngine {
  readonly voices: readonly FakeVoice[];
  readonly current: FakeVoice;
  /** Everything that was asked to be said or answered, in order, over all voices. */
  readonly spoken: readonly Spoken[];
  readonly breaches: readonly string[];
}

interface Open {
  readonly speechId: string;
  readonly own: boolean;
  ended: boolean;
  cancelled: boolean;
}

export function createFakeVoices(time: VirtualTime, audio: MarkedAudio, options: FakeVoicesOptions = {}): FakeVoices {
  const { netMs = 30, endSilenceMs = 500, pieceMs = 300 } = options;
  const random = createRandom(options.seed ?? 7);
  const voices: FakeVoice[] = [];
  const spoken: Spoken[] = [];
  const breaches: string[] = [];
  let replies = 0;
  let items = 0;

  function open(history: readonly SpokenLine[]): FakeVoice {
    const number = voices.length + 1;
    const plan = options.voice?.(number) ?? {};
    let listener: ((event: VoiceEvent) => AudioWay | void) | undefined;
    const early: VoiceEvent[] = [];
    let closed = false;
    let ready = false;
    const kept: string[] = [];
    let current: Open | undefined;
    const speeches = new Map<string, Open>();
    const told: { role: string; text: string }[] = [];
    const outputs: { callId: string; output: string }[] = [];
    const truncated: { part: SpeechPart; heardMs: number; at: number }[] = [];
    const responds: number[] = [];
    const transcripts: string[] = [];
    const cancelled: string[] = [];
    const sentOfItem = new Map<string, number>();
    const calls = new Set<string>();
    const outbox: (() => void)[] = [];
    let heardMs = 0;
    let run:
      { startMs: number; endMs: number; frames: { utterance: Utterance; index: number }[]; told: boolean } | undefined;
    let silentMs = 0;
    let answering: Open | undefined;
    let wanted = false;

    function emit(event: VoiceEvent): AudioWay | void {
      if (closed) return;
      if (event.type === "voice.closed") {
        closed = true;
        ready = false;
      }
      if (listener) return listener(event);
      else early.push(event);
    }

    const later = (ms: number, fn: () => void): void =>
      void time.after(ms, () => {
        if (!closed) fn();
      });
    /** To the far side: what is asked before the session is ready waits for it. */
    function request(fn: () => void): void {
      if (closed) return;
      if (ready) later(netMs, fn);
      else outbox.push(fn);
    }

    function hearFrame(payload: string): void {
      const ms = (payload.length * 3) / 4 / BYTES_PER_MS - (payload.endsWith("=") ? 1 / BYTES_PER_MS : 0);
      const frame = frameOf(payload);
      const at = heardMs;
      heardMs += ms;
      if (frame) {
        run ??= { startMs: at, endMs: heardMs, frames: [], told: false };
        run.frames.push(frame);
        run.endMs = heardMs;
        silentMs = 0;
        if (!run.told && (run.frames.length >= DETECT_FRAMES || ms > 20)) {
          run.told = true;
          const { startMs } = run;
          later(netMs, () => emit({ type: "voice.speech-started", audioMs: startMs }));
        }
        return;
      }
      if (!run) return;
      silentMs += ms;
      if (silentMs < endSilenceMs) return;
      const done = run;
      run = undefined;
      if (done.told) later(netMs, () => turnOver(done));
    }

    function turnOver(done: NonNullable<typeof run>): void {
      const itemId = `item-${++items}`;
      emit({ type: "voice.speech-stopped", audioMs: done.endMs, speechMs: done.endMs - done.startMs });
      emit({ type: "voice.committed", itemId });
      const said = [...new Set(done.frames.map(({ utterance }) => utterance))];
      const last = said.at(-1) as Utterance;
      if (last.transcriptMs < 0) return;
      later(last.transcriptMs, () => {
        if (last.as) return emit({ type: "voice.unheard", itemId, cause: last.as });
        const text = said
          .map((utterance) => wordsHeard(utterance, done.frames))
          .filter(Boolean)
          .join(" ");
        if (!text) return emit({ type: "voice.unheard", itemId, cause: "empty" });
        transcripts.push(text);
        emit({ type: "voice.heard", itemId, text });
      });
    }

    /** Speaks; `done` tells how it ended. */
    function utter(
      entry: Open,
      { text, name, part, speech }: { text: string; name: string; part?: SpeechPart; speech: SpeechPlan },
      done: (status: "completed" | "cancelled" | "failed" | "incomplete") => void,
    ): void {
      const { msPerCharacter = 65, speed = 5, endAtMs, stallAtMs, pauseAtMs = Infinity, pauseMs = 0 } = speech;
      const whole = Math.round(text.length * msPerCharacter) * BYTES_PER_MS + random.between(0, 7);
      const bytes = endAtMs !== undefined ? Math.min(whole, Math.round(endAtMs * BYTES_PER_MS)) : whole;
      const recording = audio.make(name, bytes);
      const record: Spoken = {
        speechId: entry.speechId,
        text,
        name,
        voice: number,
        at: time.now(),
        sent: 0,
        ...(part && { part }),
      };
      spoken.push(record);
      let toldWords = 0;
      let way: AudioWay | void;
      function next(): void {
        if (entry.ended) return;
        if (stallAtMs !== undefined && record.sent >= stallAtMs * BYTES_PER_MS) return;
        if (record.sent >= bytes) {
          const status = speech.status ?? "completed";
          record.status = status;
          return done(status);
        }
        const untilPause = pauseAtMs * BYTES_PER_MS - record.sent;
        const size = Math.min(
          bytes - record.sent,
          random.between(9, pieceMs * BYTES_PER_MS),
          untilPause > 0 ? untilPause : Infinity,
        );
        const payload = recording.subarray(record.sent, record.sent + size).toString("base64");
        if (part) {
          // Words run ahead of the sound.
          const ahead = Math.min(text.length, Math.ceil(((record.sent + size) / whole) * text.length) + 15);
          if (ahead > toldWords)
            emit({ type: "voice.words", speechId: entry.speechId, delta: text.slice(toldWords, ahead), part });
          toldWords = Math.max(toldWords, ahead);
          sentOfItem.set(part.itemId, (sentOfItem.get(part.itemId) ?? 0) + size);
        }
        record.sent += size;
        if (closed || !way?.take(payload))
          way = emit({ type: "voice.audio", speechId: entry.speechId, payload, ...(part && { part }) });
        later(size === untilPause ? pauseMs : size / BYTES_PER_MS / speed, next);
      }
      next();
    }

    function end(
      entry: Open,
      status: "completed" | "cancelled" | "failed" | "incomplete",
      text: string,
      code?: string,
    ): void {
      if (entry.ended) return;
      entry.ended = true;
      speeches.delete(entry.speechId);
      if (current === entry) current = undefined;
      emit({ type: "voice.spoken", speechId: entry.speechId, status, text, ...(code !== undefined && { code }) });
      if (answering === entry) {
        answering = undefined;
        if (wanted) later(netMs, answer);
      }
    }

    function answer(): void {
      wanted = false;
      const context: ReplyContext = { number: ++replies, voice };
      const reply = options.reply?.(context) ?? { items: ["All right."] };
      if (reply.never) return;
      const speechId = `resp-${replies}`;
      const entry: Open = { speechId, own: true, ended: false, cancelled: false };
      answering = entry;
      speeches.set(speechId, entry);
      later(reply.firstMs ?? 250, () => {
        if (entry.ended) return;
        emit({ type: "voice.reply-started", speechId });
        const texts = reply.items ?? [];
        const finish = (status: "completed" | "cancelled" | "failed" | "incomplete"): void => {
          if (entry.ended) return;
          if (status === "completed" || status === "incomplete")
            for (const tool of reply.tools ?? []) {
              const callId = `call-${++items}`;
              calls.add(callId);
              emit({ type: "voice.tool-call", speechId, callId, name: tool.name, arguments: tool.arguments ?? "{}" });
            }
          end(entry, status, texts.join(" "), reply.code);
        };
        const say = (index: number): void => {
          const text = texts[index];
          if (text === undefined) return finish(reply.status ?? "completed");
          const part = { itemId: `said-${++items}`, contentIndex: 0 };
          const name = `${speechId}:${index}`;
          utter(entry, { text, name, part, speech: reply }, (status) =>
            status === "completed" ? say(index + 1) : finish(status),
          );
        };
        say(0);
      });
    }

    const voice: FakeVoice = {
      number,
      history,
      told,
      outputs,
      truncated,
      responds,
      transcripts,
      cancelled,
      get isClosed() {
        return closed;
      },
      emit,
      attach(given) {
        if (listener) breaches.push(`voice ${number} was attached twice`);
        for (let next = early.shift(); next; next = early.shift()) given(next);
        listener = given;
      },
      hear(payload) {
        if (closed) return;
        if (ready) return hearFrame(payload);
        kept.push(payload);
        if (kept.length > 1500) kept.shift();
      },
      say(speechId, text) {
        if (closed) return void breaches.push(`${speechId} was said to a closed voice`);
        if (current) breaches.push(`${speechId} was said while ${current.speechId} is being spoken`);
        if (speeches.has(speechId)) breaches.push(`${speechId} was said twice`);
        if (text.trim() === "") breaches.push(`${speechId} is empty`);
        const entry: Open = { speechId, own: false, ended: false, cancelled: false };
        current = entry;
        speeches.set(speechId, entry);
        const speech = options.speech?.(text, spoken.length + 1) ?? {};
        request(() =>
          later(speech.firstMs ?? 200, () => {
            if (entry.ended) return;
            const name = `v${number}:${speechId}:${spoken.length}`;
            utter(entry, { text, name, speech }, (status) => end(entry, status, speech.spoken ?? text, speech.code));
          }),
        );
      },
      cancel(speechId) {
        const entry = speeches.get(speechId);
        if (!entry || entry.cancelled) return;
        entry.cancelled = true;
        cancelled.push(speechId);
        // Audio that is on its way keeps coming until the request has got there and the answer is back.
        request(() => later(netMs, () => end(entry, "cancelled", "")));
      },
      truncate(part, ms) {
        const bytes = sentOfItem.get(part.itemId);
        if (bytes === undefined && ms > 0) breaches.push(`truncated ${part.itemId}, of which there is no audio`);
        if (!Number.isInteger(ms) || ms < 0) breaches.push(`truncated at ${ms} ms`);
        if (bytes !== undefined && ms > bytes / BYTES_PER_MS)
          breaches.push(`truncated ${part.itemId} at ${ms} ms of ${bytes / BYTES_PER_MS}`);
        truncated.push({ part, heardMs: ms, at: time.now() });
      },
      respond() {
        if (closed) return;
        responds.push(time.now());
        request(() => {
          if (answering) wanted = true;
          else answer();
        });
      },
      tell(role, text) {
        if (!closed) told.push({ role, text });
      },
      answerTool(callId, output) {
        if (closed) return;
        if (!calls.delete(callId)) breaches.push(`an answer for ${callId}, which was not asked or is answered already`);
        outputs.push({ callId, output });
      },
      close() {
        if (closed) return;
        emit({ type: "voice.closed", code: "closed-by-us", fatal: false });
      },
      lose(code = "1006", fatal = false) {
        emit({ type: "voice.closed", code, fatal });
      },
    };
    voices.push(voice);
    if ((plan.readyMs ?? 100) >= 0)
      later(plan.readyMs ?? 100, () => {
        ready = true;
        emit({ type: "voice.ready" });
        for (const payload of kept.splice(0)) hearFrame(payload);
        for (const fn of outbox.splice(0)) later(netMs, fn);
      });
    if (plan.lostMs !== undefined) later(plan.lostMs, () => voice.lose(plan.code, plan.fatal));
    return voice;
  }

  return {
    voices,
    spoken,
    breaches,
    get current() {
      return voices.at(-1) as FakeVoice;
    },
    open: ({ history }) => open(history),
    close() {
      for (const voice of voices) voice.close();
    },
  };
}

/** The words of an utterance whose frames were heard, all of them or those that lie within what was. */
function wordsHeard(utterance: Utterance, frames: readonly { utterance: Utterance; index: number }[]): string {
  const heard = frames.filter((frame) => frame.utterance === utterance).map(({ index }) => index);
  const first = Math.min(...heard);
  const last = Math.max(...heard) + 1;
  const { text, frames: all } = utterance;
  let at = 0;
  return text
    .split(" ")
    .filter((word) => {
      const middle = ((at + word.length / 2) / text.length) * all;
      at += word.length + 1;
      return middle >= first && middle <= last;
    })
    .join(" ");
}
