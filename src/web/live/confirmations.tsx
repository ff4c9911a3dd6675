// Risky tools that wait for a person: what the agent wants to do, and two buttons. Nothing said in the call can press them.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask, messageOf } from "../shell/ask.ts";
import { tell } from "../shell/notices.tsx";
import { mayChange } from "../shell/session.ts";
import { listen } from "./live-stream.ts";

interface Confirmation {
  readonly confirmation_id: string;
  readonly call_id: string;
  readonly tool: string;
  readonly arguments?: unknown;
  readonly expires_at: string;
}

/** Beside the events, which tell of each: what nobody decided on in time goes as well. */
const EVERY_MS = 10_000;
const waiting = signal<readonly Confirmation[]>([]);

/** Asks what waits; what went wrong is asked again soon. */
export async function lookAtConfirmations(): Promise<void> {
  const told = await ask<{ confirmations: readonly Confirmation[] }>("/api/confirmations").catch(() => undefined);
  if (told) waiting.value = told.confirmations;
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

/** Of one call, whose events are listened to; or of all calls, where whoever shows them listens. */
export function Confirmations({ callId: only }: { readonly callId?: string }) {
  useEffect(() => {
    void lookAtConfirmations();
    const timer = setInterval(() => void lookAtConfirmations(), EVERY_MS);
    const on = ({ type }: { readonly type: string }): void => {
      if (type === "confirmation") void lookAtConfirmations();
    };
    const stop = only === undefined ? undefined : listen(`/api/calls/${encodeURIComponent(only)}/events`, { on });
    return () => {
      clearInterval(timer);
      stop?.();
    };
  }, [only]);
  const shown = waiting.value.filter(({ call_id: of }) => only === undefined || of === only);
  if (shown.length === 0) return null;
  return (
    <ul class="cards" aria-label="The agent asks for permission">
      {shown.map(({ confirmation_id: id, call_id: callId, tool, arguments: given }) => (
        <li key={id}>
          <div class="card asks" role="alert">
            <p>
              The agent wants to use <strong>{tool}</strong>
              {only === undefined && (
                <>
                  {" "}
                  in <a href={`/live/${callId}`}>this call</a>
                </>
              )}
            </p>
            {given !== undefined && (
              <pre>{typeof given === "string" ? given : JSON.stringify(given, undefined, 2)}</pre>
            )}
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
          </div>
        </li>
      ))}
    </ul>
  );
}
