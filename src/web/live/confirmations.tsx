// Risky tools that wait for a person: what the agent wants to do, and two buttons. Nothing said in the call can press them.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask, messageOf, Refusal } from "../shell/ask.ts";
import { tell } from "../shell/notices.tsx";
import { mayChange } from "../shell/session.ts";

interface Confirmation {
  readonly confirmation_id: string;
  readonly tool: string;
  readonly org_id?: string;
  readonly summary?: string;
  readonly arguments?: unknown;
  readonly expires_at?: string;
}

const EVERY_MS = 2000;
const waiting = signal<readonly Confirmation[]>([]);

async function look(signal: AbortSignal): Promise<boolean> {
  try {
    const { confirmations } = await ask<{ confirmations: readonly Confirmation[] }>("/api/confirmations", { signal });
    waiting.value = confirmations;
    return true;
  } catch (error) {
    // A server without such tools has no such route.
    return !(error instanceof Refusal && (error.status === 404 || error.status === 403));
  }
}

async function decide(id: string, decision: "approve" | "deny"): Promise<void> {
  try {
    await ask(`/api/confirmations/${encodeURIComponent(id)}`, { body: { decision } });
    tell(decision === "approve" ? "Allowed" : "Refused");
  } catch (error) {
    tell(messageOf(error), "bad");
  }
  waiting.value = waiting.value.filter((one) => one.confirmation_id !== id);
}

export function Confirmations() {
  useEffect(() => {
    const over = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const loop = async (): Promise<void> => {
      const isThere = await look(over.signal);
      if (isThere && !over.signal.aborted) timer = setTimeout(() => void loop(), EVERY_MS);
    };
    void loop();
    return () => {
      over.abort();
      clearTimeout(timer);
    };
  }, []);
  if (waiting.value.length === 0) return null;
  return (
    <ul class="cards" aria-label="The agent asks for permission">
      {waiting.value.map(({ confirmation_id: id, tool, summary, arguments: given }) => (
        <li key={id} class="card asks" role="alert">
          <p>
            The agent wants to use <strong>{tool}</strong>
            {summary && `: ${summary}`}
          </p>
          {given !== undefined && <pre>{typeof given === "string" ? given : JSON.stringify(given, undefined, 2)}</pre>}
          {mayChange.value && (
            <div class="buttons">
              <button type="button" class="main" onClick={() => void decide(id, "approve")}>
                Allow
              </button>
              <button type="button" onClick={() => void decide(id, "deny")}>
                Refuse
              </button>
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}
