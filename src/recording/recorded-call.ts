// Records one call from its line: stands between line and bridge and watches both, and the record, which tells when the notice was heard
// and what was answered. It never holds anything up, and what goes wrong in it ends the recording and not the call.
import type { CallParty, RecordingRecord } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { Line } from "../core/line.ts";
import type { Log, Meter } from "../core/observe.ts";
import type { CallRecording, RecordingState } from "../core/recording.ts";
import type { CallStore } from "../core/stores.ts";
import { createConsent, type ConsentDecision } from "./consent.ts";
import type { ConsentMode } from "./consent-words.ts";
import { createTwoChannels } from "./two-channels.ts";
import { createWavFile, msOf, type OpenFile, type WavFile } from "./wav-file.ts";

/** What the caller is told or asked first. */
export interface RecordingTerms {
  readonly mode: ConsentMode;
  /** Said in the greeting, word for word. */
  readonly notice: string;
}

export interface RecordedCallParts {
  readonly party: CallParty;
  readonly terms: RecordingTerms;
  readonly line: Line;
  readonly store: CallStore;
  readonly path: string;
  /** Name of the file, for the record. */
  readonly file: string;
  /** On whose disk it is; for the record. */
  readonly instance: string;
  readonly openFile: OpenFile;
  /** False: the disk is so full that nothing is to be begun. */
  readonly hasRoom: () => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** Nothing is held any more. */
  readonly onReleased: () => void;
}

export interface RecordedCall extends CallRecording {
  /** For the bridge, in place of those that were given. */
  readonly line: Line;
  readonly store: CallStore;
  /** The call is over. Idempotent; resolves when its file is whole. */
  end(): Promise<void>;
}

const SAMPLES_OF_A_FRAME = 160;

export function createRecordedCall(parts: RecordedCallParts): RecordedCall {
  const { party, terms, line, store, file, clock, meter } = parts;
  const { callId } = party;
  const log = parts.log.with({ call: party.carrierId, callId });
  const began = clock.now();
  let state: RecordingState = "waiting";
  let wav: WavFile | undefined;
  let kept: Pick<RecordingRecord, "instance" | "consent" | "consentAt"> | undefined;
  let failed = false;
  let starting: Promise<void> | undefined;
  let ending: Promise<void> | undefined;

  const channels = createTwoChannels((at, pcm) => wav?.write(at, pcm));
  const consent = createConsent({
    ...terms,
    after: (ms, fn) => clock.after(ms, fn),
    onDecision(decision) {
      starting = begin(decision).catch((error: unknown) => fail("recording could not begin", error));
    },
  });

  function note(what: string, detail?: Readonly<Record<string, string | number | boolean>>): void {
    store.note(callId, { atMs: Math.round(clock.now() - began), what, ...(detail && { detail }) });
  }

  function fail(what: string, error: unknown): void {
    if (failed) return;
    failed = true;
    state = "off";
    channels.turn(false);
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    log.error(what, { error: error instanceof Error ? error.message : "unknown" });
    note("recording failed", { code });
    meter.count("voice_recordings_total", { result: "failed" });
  }

  /** The call goes on whatever happens in here. */
  function safely(step: () => void): void {
    if (state === "off") return;
    try {
      step();
    } catch (error) {
      fail("the recording stumbled", error);
    }
  }

  function refuse(result: "declined" | "unanswered" | "not-heard" | "no-room"): void {
    state = "off";
    note("not recorded", { cause: result });
    log.info("the call is not recorded", { cause: result });
    meter.count("voice_recordings_total", { result });
  }

  async function begin(decision: ConsentDecision): Promise<void> {
    if (!decision.recorded) return refuse(decision.why);
    const at = clock.date().toISOString();
    note("recording consent", { by: decision.by });
    if (!(await parts.hasRoom())) return refuse("no-room");
    if (ending) return;
    kept = { instance: parts.instance, consent: decision.by === "notice" ? "not-needed" : "given", consentAt: at };
    store.update(callId, { recording: { file, ...kept, durationMs: 0 } });
    // First the consent is where it outlives us; only then is there a sound to need it.
    await store.flush();
    // The call may have ended in all this.
    if (ending) return;
    wav = createWavFile({
      path: parts.path,
      openFile: parts.openFile,
      onDropped(frames) {
        const cause = "slow-disk";
        meter.count("voice_frames_dropped_total", { leg: "recording", cause }, frames / SAMPLES_OF_A_FRAME);
      },
      onWritten: (bytes) => meter.count("voice_recording_bytes_total", {}, bytes),
      onFailed: (error) => fail("the recording ends here: it cannot be written", error),
    });
    state = "on";
    channels.turn(true);
    note("recording begins");
    log.info("recording begins", { consent: kept.consent });
  }

  async function finish(): Promise<void> {
    consent.close();
    await starting;
    if (state === "waiting" && !kept) refuse("unanswered");
    const frames = channels.end();
    state = "off";
    if (wav && kept) {
      const durationMs = msOf(await wav.end(frames));
      store.update(callId, { recording: { file, ...kept, durationMs } });
      note("recording ends", { durationMs });
      if (!failed) meter.count("voice_recordings_total", { result: "complete" });
      log.info("recording ends", { durationMs, failed });
    }
    parts.onReleased();
  }

  const end = (): Promise<void> =>
    (ending ??= finish().catch((error: unknown) => {
      fail("the recording did not end well", error);
      parts.onReleased();
    }));

  function turn(from: RecordingState, to: RecordingState): boolean {
    if (state !== from) return false;
    state = to;
    channels.turn(to === "on");
    note(to === "on" ? "recording goes on" : "recording paused");
    return true;
  }

  return {
    line: {
      ...line,
      attach(listener) {
        line.attach((event) => {
          switch (event.type) {
            case "line.audio":
              // The way of the caller's sound is not longer by what is done with it here.
              listener(event);
              return safely(() => channels.hear(event.payload));
            case "line.mark":
              safely(() => channels.marked(event.name));
              return listener(event);
            case "line.digit":
              if (state === "waiting" && consent.key(event.digit)) return;
              return listener(event);
            case "line.text":
              return listener(event);
            case "line.closed":
              listener(event);
              return void end();
          }
        });
      },
      play(payload, mark, utterance) {
        line.play(payload, mark, utterance);
        safely(() => {
          if (!channels.play(payload))
            meter.count("voice_frames_dropped_total", { leg: "recording", cause: "too-far-ahead" });
          if (mark !== undefined) channels.mark(mark);
        });
      },
      mark(name) {
        line.mark(name);
        safely(() => channels.mark(name));
      },
      clear() {
        line.clear();
        safely(() => channels.clear());
      },
    },
    store: {
      ...store,
      update(id, change) {
        store.update(id, change);
        if (state !== "waiting" || id !== callId) return;
        safely(() => {
          if (change.replies) consent.replies(change.replies);
          if (change.turns) consent.turns(change.turns);
        });
      },
    },
    end,
    state: () => state,
    pause: () => turn("on", "paused"),
    resume: () => turn("paused", "on"),
  };
}
