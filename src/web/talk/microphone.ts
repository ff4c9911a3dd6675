// The microphone as pieces of PCM, 24 kHz, 40 ms each. Everything it opened is closed again.
// oxlint-disable-next-line import/default -- Vite makes the address of what it builds of it.
import worklet from "./capture-worklet.ts?worker&url";

export interface Microphone {
  close(): void;
}

/** @throws DOMException when the person or the system refuses. */
export async function openMicrophone(onPiece: (pcm: Int16Array) => void): Promise<Microphone> {
  if (!("mediaDevices" in navigator)) {
    throw new Error("A browser gives its microphone to pages over https alone (or on this machine)");
  }
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
  });
  const context = new AudioContext();
  const close = (): void => {
    for (const track of stream.getTracks()) track.stop();
    void context.close().catch(() => undefined);
  };
  try {
    await context.audioWorklet.addModule(worklet);
    const node = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
    node.port.addEventListener("message", ({ data }: MessageEvent<Int16Array>) => onPiece(data));
    node.port.start();
    context.createMediaStreamSource(stream).connect(node);
    await context.resume();
  } catch (error) {
    close();
    throw error;
  }
  return { close };
}

/** For people: what to do about it. */
export function whyNoMicrophone(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError")
    return "The browser was told not to give its microphone to this page. You can type instead.";
  if (name === "NotFoundError") return "There is no microphone here. You can type instead.";
  return `The microphone cannot be used (${error instanceof Error ? error.message : name}). You can type instead.`;
}
