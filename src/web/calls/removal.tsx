// Deletes a call for good, once it was asked whether that is meant.
import { useState } from "preact/hooks";
import { ask, messageOf } from "../shell/ask.ts";
import { go } from "../shell/history.ts";
import { tell } from "../shell/notices.tsx";

export function Removal({ callId }: { readonly callId: string }) {
  const [sure, setSure] = useState(false);
  async function remove(): Promise<void> {
    try {
      await ask(`/api/calls/${encodeURIComponent(callId)}`, { method: "DELETE" });
      tell("The call is deleted");
      go("/calls", { replace: true });
    } catch (error) {
      tell(messageOf(error), "bad");
    }
  }
  return (
    <p class="buttons">
      {sure ? (
        <>
          <button type="button" class="danger" onClick={() => void remove()}>
            Delete for good
          </button>
          <button type="button" onClick={() => setSure(false)}>
            Keep
          </button>
        </>
      ) : (
        <button type="button" class="quiet danger" onClick={() => setSure(true)}>
          Delete this call …
        </button>
      )}
    </p>
  );
}
