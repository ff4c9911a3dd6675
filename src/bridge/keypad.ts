// Collects keys into one entry: it ends at `#` or when no key came for a while. The cutting of speech is the bridge's.

const MOST_KEYS = 32;

export interface Keypad {
  press(digit: string): void;
  isOpen(): boolean;
}

export function createKeypad(parts: {
  /** ms without a key after which the entry is complete. */
  readonly timeoutMs: number;
  readonly after: (ms: number, fn: () => void) => () => void;
  /** `digits` may be empty: the caller pressed only `#`. */
  readonly onEntry: (digits: string) => void;
}): Keypad {
  let digits = "";
  let open = false;
  let cancel = (): void => {};

  function end(): void {
    cancel();
    const entry = digits;
    digits = "";
    open = false;
    parts.onEntry(entry);
  }

  return {
    press(digit) {
      cancel();
      open = true;
      if (digit === "#") return end();
      if (digits.length < MOST_KEYS) digits += digit;
      cancel = parts.after(parts.timeoutMs, end);
    },
    isOpen: () => open,
  };
}
