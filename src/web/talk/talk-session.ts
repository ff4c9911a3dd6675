// One talk with the agent: a socket, a microphone if there is one, a player; all three end together.
import { signal } from "@preact/signals";
import { openMicrophone, whyNoMicrophone, type Microphone } from "./microphone.ts";
import { loudness, toBase64 } from "./pcm.ts";
import { createPlayer, type Player } from "./player.ts";
import { after, NO_TALK, typed, type Message, type Talk } from "./talk-state.ts";

export const talk = signal<Talk>(NO_TALK);
/** Of the microphone, 0 to 1. */
export const level = signal(0);
export const muted = signal(false);
/** The talk is to be spoken, not only written. */
export const spoken = signal(false);
export const agentHeard = signal(false);
/** Why there is no microphone. */
export const noMicrophone = signal<string | undefined>(undefined);

const AGAIN_MS = 1000;
const MOST_TRIES = 5;
const BEHIND_BYTES = 1_000_000;
/** By docs/browser.md: these are not to be tried again. */
const FINAL: Readonly<Record<number, string>> = {
  4001: "The talk goes on in another window",
  4400: "The server did not understand this page",
  4408: "This page was too slow",
  4429: "This page sent too much",
  4503: "The call could not be begun",
};

export interface TalkSession {
  write(text: string): void;
  end(): void;
}

export function beginTalk({ orgId, speaks }: { readonly orgId?: string; readonly speaks: boolean }): TalkSession {
  // Not randomUUID: that is there over https and on this machine alone, and typing works everywhere.
  const sessionId = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  const query = new URLSearchParams({ stream: "1", format: "pcm", ...(orgId !== undefined && { org_id: orgId }) });
  const url = `${location.origin.replace(/^http/, "ws")}/ws/voice-agent/${sessionId}?${query}`;
  let socket: WebSocket | undefined;
  let microphone: Microphone | undefined;
  let over = false;
  let tries = 0;
  talk.value = { ...NO_TALK, status: "opening" };
  muted.value = false;
  spoken.value = speaks;
  noMicrophone.value = undefined;

  const send = (message: object): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };
  const player: Player = createPlayer({
    onMark: (name) => send({ type: "mark", name }),
    onSound: (isHeard) => (agentHeard.value = isHeard),
  });

  function onPiece(pcm: Int16Array): void {
    level.value = muted.value ? 0 : loudness(pcm);
    // Silence is sent as well, or the far side would not know that the sentence is over.
    if (muted.value) pcm.fill(0);
    // What a slow network did not take by now is of no use any more.
    if ((socket?.bufferedAmount ?? 0) < BEHIND_BYTES)
      send({ type: "audio_chunk", audio_data: toBase64(pcm), format: "pcm" });
  }

  function receive(message: Message): void {
    switch (message.type) {
      case "session":
        tries = 0;
        break;
      case "audio_delta":
        return player.play(String(message.audio_base64), Number(message.sample_rate));
      case "mark":
        return player.mark(String(message.name));
      case "clear":
        return player.clear();
      default:
    }
    talk.value = after(talk.value, message);
    if (message.type === "ended") finish();
  }

  function connect(): void {
    socket = new WebSocket(url);
    socket.addEventListener("message", ({ data }: MessageEvent<string>) => receive(JSON.parse(data) as Message));
    socket.addEventListener("close", ({ code }) => {
      if (over) return;
      player.clear();
      const final = FINAL[code];
      if (final !== undefined || code === 1000 || tries >= MOST_TRIES) {
        talk.value = {
          ...talk.value,
          status: "closed",
          ...(code !== 1000 && { error: final ?? "The server cannot be reached, or does not let this page talk" }),
        };
        finish();
        return;
      }
      // Within half a minute the same call goes on.
      tries++;
      talk.value = { ...talk.value, status: talk.value.callId === undefined ? "opening" : "lost", speaking: false };
      setTimeout(() => !over && connect(), AGAIN_MS);
    });
  }

  function finish(): void {
    over = true;
    microphone?.close();
    player.close();
    socket?.close(1000);
    level.value = 0;
    agentHeard.value = false;
  }

  async function listen(): Promise<void> {
    try {
      const opened = await openMicrophone(onPiece);
      if (over) opened.close();
      else microphone = opened;
    } catch (error) {
      noMicrophone.value = whyNoMicrophone(error);
    }
  }

  // The microphone first, so that the greeting is not begun while the person is still asked for it.
  void (speaks ? listen() : Promise.resolve()).then(() => !over && connect());

  return {
    write(text) {
      send({ type: "text_input", text });
      talk.value = typed(talk.value, text);
    },
    end() {
      if (over) return;
      send({ type: "end" });
      talk.value = { ...talk.value, status: "closed", speaking: false, thinking: false, ended: "you hung up" };
      finish();
    },
  };
}
