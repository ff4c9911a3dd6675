// The limits of a browser's socket, and what its close means. docs/browser.md has them for those who write clients.
import type { LineCloseCause } from "../../core/line.ts";

export const BROWSER_TIMING = {
  /** A ping this often, and a look at who is still there. */
  pingMs: 20_000,
  /** Nothing at all was heard for so long: the peer is gone. */
  goneMs: 45_000,
  /** A stream of pieces of sound ends this long after the last of them. */
  gapMs: 1500,
  /** An upgrade that was agreed to and not made. */
  handshakeMs: 10_000,
  /** A socket that was taken over is gone by then. */
  takeoverMs: 2000,
  /** The call is over and its reason not told. */
  farewellMs: 3000,
  badMessages: 20,
  badMessagesMs: 10_000,
  /** Messages a second, and at once. */
  messagesPerSecond: 100,
  messageBurst: 500,
} as const;
export type BrowserTiming = { readonly [Name in keyof typeof BROWSER_TIMING]: number };

/** Of one message. */
export const MAX_PAYLOAD = 8 << 20;
/** Bytes that the network may owe us before the far side counts as gone: 20 s of sound ahead of the ear are 1.3 MB. */
export const SLOW_BYTES = 4 << 20;
/** Sound of a whole utterance. */
export const LONGEST_UTTERANCE_MS = 120_000;
/** Sound that may be here before its time. */
export const MOST_AHEAD_MS = 30_000;
/** A session is gone on with for so long after it was last used. */
export const SESSION_MS = 24 * 3_600_000;

export const CLOSE = { takenOver: 4001, bad: 4400, slow: 4408, flood: 4429, failed: 4503 } as const;

/** What a close by the far side means. A page that is left or loaded again says 1001, and may come back; any other code is goodbye. */
export const CAUSES: ReadonlyMap<number, LineCloseCause> = new Map([
  [1001, "network"],
  [1002, "protocol"],
  [1003, "protocol"],
  [1006, "network"],
  [1007, "bad-frames"],
  [1008, "protocol"],
  [1009, "protocol"],
  [1011, "network"],
  [1012, "network"],
  [1013, "network"],
]);
