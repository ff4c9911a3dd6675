// Asks for a key and gets a session for it.
import { useEffect, useState } from "preact/hooks";
import { messageOf } from "./ask.ts";
import { go, view } from "./history.ts";
import { Icon } from "./icons.tsx";
import { keyOfLink, logIn } from "./session.ts";

export function Login() {
  const [key, setKey] = useState("");
  const [wrong, setWrong] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function attempt(given: string): Promise<void> {
    setBusy(true);
    setWrong(undefined);
    try {
      await logIn(given);
      if (view.value.name === "login") go("/", { replace: true });
    } catch (error) {
      setWrong(messageOf(error));
    }
    setBusy(false);
  }
  useEffect(() => {
    const follow = (): void => {
      const linked = keyOfLink();
      if (linked) void attempt(linked);
    };
    follow();
    // A link that is opened where this page is shown already loads nothing.
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);

  return (
    <main class="alone" id="main" tabIndex={-1}>
      <h1 class="brand">
        <Icon name="waves" />
        <span>Voicebridge</span>
      </h1>
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(key);
        }}
      >
        <label for="key">Key</label>
        <input
          id="key"
          type="password"
          autocomplete="current-password"
          required
          maxLength={256}
          value={key}
          aria-invalid={wrong !== undefined}
          aria-describedby={wrong === undefined ? "key-hint" : "key-wrong"}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
        {wrong === undefined ? (
          <p class="hint" id="key-hint">
            One of API_KEYS, or made with <code>npm run keys -- create</code>
          </p>
        ) : (
          <p class="wrong" id="key-wrong" role="alert">
            {wrong}
          </p>
        )}
        <button class="main" disabled={busy}>
          {busy ? "One moment …" : "Log in"}
        </button>
      </form>
    </main>
  );
}
