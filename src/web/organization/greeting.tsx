// The greeting, aloud: as it stands in the form, or else the program's own, in the voice that is chosen there.
import { useEffect, useRef, useState } from "preact/hooks";
import { messageOf, Refusal, send } from "../shell/ask.ts";
import { Icon } from "../shell/icons.tsx";
import { defaultGreeting } from "./organizations.ts";
import { valueAt, type Config } from "./values.ts";

export function Greeting({ config }: { readonly config: Config }) {
  const player = useRef<HTMLAudioElement>(null);
  const address = useRef<string>(undefined);
  const [state, setState] = useState<"silent" | "asking" | "there">("silent");
  const [wrong, setWrong] = useState<string>();
  const own = valueAt(config, "/greeting");
  const isOwn = typeof own === "string" && own.trim() !== "";
  const greeting = isOwn ? own : defaultGreeting.value;
  const voice = valueAt(config, "/voice/name");
  const forget = (): void => {
    if (address.current !== undefined) URL.revokeObjectURL(address.current);
    address.current = undefined;
  };
  useEffect(() => forget, []);

  async function speak(): Promise<void> {
    setState("asking");
    setWrong(undefined);
    try {
      const answer = await send("/voice/text-to-speech", {
        body: { text: greeting, ...(typeof voice === "string" && { voice }) },
      });
      forget();
      address.current = URL.createObjectURL(await answer.blob());
      setState("there");
      if (player.current) {
        player.current.src = address.current;
        await player.current.play();
      }
    } catch (error) {
      setState("silent");
      const isMissing = error instanceof Refusal && error.status === 404;
      setWrong(isMissing ? "This server does not speak" : messageOf(error));
    }
  }
  return (
    <section class="card part" aria-labelledby="greeting-aloud">
      <h2 id="greeting-aloud">The greeting, aloud</h2>
      {greeting !== undefined && <p>“{greeting}”</p>}
      {!isOwn && <p class="hint">The program’s own: this organization has none.</p>}
      <p class="buttons">
        <button type="button" disabled={greeting === undefined || state === "asking"} onClick={() => void speak()}>
          <Icon name="play" /> {state === "asking" ? "One moment …" : "Hear it"}
        </button>
      </p>
      <audio ref={player} controls hidden={state !== "there"} aria-label="The greeting" />
      {wrong !== undefined && (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      )}
    </section>
  );
}
