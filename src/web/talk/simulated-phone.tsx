// In the demo: has the agent call a simulated phone, where a simulated person answers.
import { useState } from "preact/hooks";
import { ask, messageOf } from "../shell/ask.ts";
import { go } from "../shell/history.ts";
import { mayChange } from "../shell/session.ts";
import { phoneNumber } from "../shell/words.ts";

export function SimulatedPhone({ number }: { readonly number: string }) {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string>();
  if (!mayChange.value) return null;

  async function call(): Promise<void> {
    setBusy(true);
    setWrong(undefined);
    try {
      const { call_id: callId } = await ask<{ call_id: string }>("/api/calls", {
        body: { to: number, purpose: "Ask whether they have a question about the shop." },
      });
      go(`/live/${callId}`);
    } catch (error) {
      setWrong(messageOf(error));
    }
    setBusy(false);
  }
  return (
    <section class="card part" aria-labelledby="simulated">
      <h2 id="simulated">A simulated phone</h2>
      <p>The agent calls {phoneNumber(number)}, a simulated person answers, and you follow the call live.</p>
      <p class="buttons">
        <button type="button" disabled={busy} onClick={() => void call()}>
          Call the simulated phone
        </button>
      </p>
      {wrong !== undefined && (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      )}
    </section>
  );
}
