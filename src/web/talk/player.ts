// The agent's voice in the person's ear: pieces of sound one behind the other, marks when they were heard, silence at once when told.
import { fromBase64, fromPcm } from "./pcm.ts";
import { createPlayQueue } from "./play-queue.ts";

export interface Player {
  play(base64: string, rate: number): void;
  mark(name: string): void;
  clear(): void;
  close(): void;
}

export interface PlayerParts {
  readonly onMark: (name: string) => void;
  /** Whether something can be heard at the moment. */
  readonly onSound: (isHeard: boolean) => void;
}

const LOOK_MS = 40;

/** To be made when the person presses a button: browsers let no page speak before. */
export function createPlayer({ onMark, onSound }: PlayerParts): Player {
  const context = new AudioContext();
  const queue = createPlayQueue();
  const playing = new Set<AudioBufferSourceNode>();
  let heard = false;
  // How far the ear is behind the clock: what was handed over is not yet heard.
  const now = (): number => context.currentTime - (context.outputLatency || context.baseLatency || 0);
  const timer = setInterval(() => {
    for (const name of queue.due(now())) onMark(name);
    const isHeard = queue.ahead(now()) > 0;
    if (isHeard !== heard) onSound((heard = isHeard));
  }, LOOK_MS);
  void context.resume();
  return {
    play(base64, rate) {
      const samples = fromPcm(fromBase64(base64));
      if (samples.length === 0) return;
      const buffer = context.createBuffer(1, samples.length, rate);
      buffer.copyToChannel(samples, 0);
      const node = context.createBufferSource();
      node.buffer = buffer;
      node.connect(context.destination);
      node.addEventListener("ended", () => playing.delete(node));
      playing.add(node);
      node.start(queue.add(buffer.duration, context.currentTime));
    },
    mark: (name) => queue.mark(name, context.currentTime),
    clear() {
      queue.clear();
      for (const node of playing) node.stop();
      playing.clear();
    },
    close() {
      clearInterval(timer);
      void context.close().catch(() => undefined);
    },
  };
}
