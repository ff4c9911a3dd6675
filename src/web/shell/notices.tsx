// Short words about what was just done, or why it was not; they go by themselves, and screen readers say them.
import { signal } from "@preact/signals";

interface Notice {
  readonly id: number;
  readonly text: string;
  readonly kind: "good" | "bad";
}

const SHOWN_MS = 6000;
const notices = signal<readonly Notice[]>([]);
let count = 0;

export function tell(text: string, kind: Notice["kind"] = "good"): void {
  const id = ++count;
  notices.value = [...notices.value.slice(-2), { id, text, kind }];
  setTimeout(() => (notices.value = notices.value.filter((one) => one.id !== id)), SHOWN_MS);
}

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, text, kind }) => (
        <p key={id} class={`notice ${kind}`}>
          {text}
        </p>
      ))}
    </div>
  );
}
