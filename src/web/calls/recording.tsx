// The sound of a call with its waveform, the caller above and the agent below.
import { useEffect, useRef, useState } from "preact/hooks";
import WaveSurfer from "wavesurfer.js";
import { messageOf, send } from "../shell/ask.ts";
import { Icon } from "../shell/icons.tsx";
import { theme } from "../shell/theme.ts";
import { clockTime } from "../shell/words.ts";

export function Recording({ callId, durationMs }: { readonly callId: string; readonly durationMs: number }) {
  const place = useRef<HTMLDivElement>(null);
  const player = useRef<WaveSurfer>(undefined);
  const [state, setState] = useState<"loading" | "ready" | "playing">("loading");
  const [atMs, setAtMs] = useState(0);
  const [wrong, setWrong] = useState<string>();
  const path = `/api/calls/${encodeURIComponent(callId)}/recording`;
  const shownTheme = theme.value;

  useEffect(() => {
    const over = new AbortController();
    if (!place.current) return;
    const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const [caller, agent] = [
      { waveColor: colour("--strong-line"), progressColor: colour("--accent") },
      { waveColor: colour("--strong-line"), progressColor: colour("--good") },
    ];
    const made = WaveSurfer.create({
      container: place.current,
      height: 44,
      barWidth: 2,
      barGap: 1,
      barRadius: 2,
      cursorColor: colour("--ink"),
      normalize: true,
      splitChannels: [caller, agent],
      cspNonce: document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? "",
    });
    player.current = made;
    made.on("ready", () => setState("ready"));
    made.on("play", () => setState("playing"));
    made.on("pause", () => setState("ready"));
    made.on("timeupdate", (seconds) => setAtMs(seconds * 1000));
    made.on("error", (error) => setWrong(messageOf(error)));
    send(path, { signal: over.signal })
      .then(async (answer) => made.loadBlob(await answer.blob()))
      .catch((error: unknown) => {
        if (!over.signal.aborted) setWrong(messageOf(error));
      });
    return () => {
      over.abort();
      made.destroy();
    };
  }, [path, shownTheme]);

  return (
    <section class="card part recording" aria-label="Recording">
      <button
        type="button"
        class="main icon"
        disabled={state === "loading"}
        aria-label={state === "playing" ? "Pause the recording" : "Play the recording"}
        onClick={() => void player.current?.playPause()}
      >
        <Icon name={state === "playing" ? "pause" : "play"} />
      </button>
      <div class="wave" ref={place} aria-hidden="true" />
      <span class="timer">
        {clockTime(atMs)} / {clockTime(durationMs)}
      </span>
      <a href={path} download={`${callId}.wav`}>
        Download
      </a>
      {wrong !== undefined && (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      )}
    </section>
  );
}
