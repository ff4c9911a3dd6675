// The sideband of a call that a client carries over WebRTC: the same events, without the audio and without a client to tell of them. It is
// connected before there is a call of ours, so that a call that OpenAI does not know is nobody's record.
import type { RelayedSession, RelayedSessionHooks, RelayEvent } from "../../speech/relayed-session.ts";
import type { Replies } from "./replies.ts";
import type { Turns } from "./turns.ts";

export type Connected =
  | { readonly kind: "ok"; readonly open: (hooks: RelayedSessionHooks) => RelayedSession; readonly close: () => void }
  /** HTTP status of the refusal; 503 where nothing was answered. */
  | { readonly kind: "refused"; readonly status: number };

/** Events that come before the call is there to take them. */
const MOST_EARLY = 1000;

/** `dial`: opens a sideband of this call, now and whenever it is lost. */
export function connectSideband(dial: (hooks: RelayedSessionHooks) => RelayedSession): Promise<Connected> {
  return new Promise((resolve) => {
    const early: RelayEvent[] = [];
    let hooks: RelayedSessionHooks | undefined;
    let isReady = false;
    const first = dial({
      onReady() {
        isReady = true;
        resolve({ kind: "ok", open, close: () => first.close() });
      },
      onEvent(event) {
        if (hooks) hooks.onEvent(event);
        else if (early.length < MOST_EARLY) early.push(event);
      },
      onAudio: (audio, frame) => hooks?.onAudio(audio, frame),
      onClosed(code, fatal) {
        if (!isReady) return resolve({ kind: "refused", status: Number(/^http-(\d{3})$/.exec(code)?.[1] ?? 503) });
        if (hooks) hooks.onClosed(code, fatal);
        else closedEarly = { code, fatal };
      },
    });
    let closedEarly: { readonly code: string; readonly fatal: boolean } | undefined;

    function open(given: RelayedSessionHooks): RelayedSession {
      if (hooks) return dial(given);
      // Not within this call: whoever opens a session holds it before the first word about it.
      queueMicrotask(() => {
        hooks = given;
        given.onReady(undefined);
        for (const event of early.splice(0)) given.onEvent(event);
        if (closedEarly) given.onClosed(closedEarly.code, closedEarly.fatal);
      });
      return first;
    }
  });
}

/** The user's side of such a call. */
export function watchUser(
  event: RelayEvent,
  { turns, replies }: { readonly turns: Turns; readonly replies: Replies },
): void {
  const itemId = String(event["item_id"]);
  switch (event.type) {
    case "input_audio_buffer.committed":
      return turns.committed(itemId);
    case "conversation.item.input_audio_transcription.completed":
      return turns.heard(event as never);
    case "conversation.item.input_audio_transcription.failed":
      return turns.unheard(itemId);
    case "input_audio_buffer.speech_started":
      return replies.interrupted();
    case "conversation.item.added": {
      const { role, content } = event["item"] as { role?: string; content?: { type?: string; text?: string }[] };
      const text = content?.find(({ type }) => type === "input_text")?.text;
      if (role === "user" && text) turns.wrote(text);
    }
  }
}
