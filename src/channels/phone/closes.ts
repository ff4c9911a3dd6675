// What the close codes of a media stream mean for its call.
import type { LineCloseCause } from "../../core/line.ts";

/**
 * A close by the far side, or by the library for what the far side sent. Any other code, and none at all, is the caller leaving
 * in good order, with `stop` or without.
 */
export const CAUSES: ReadonlyMap<number, LineCloseCause> = new Map([
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
