// An answer that is sent while it is made: it begins when its first piece is there, so that whatever fails before that is a problem
// like any other, and goes no faster than whoever asked takes it.
import { once } from "node:events";
import type { Response } from "express";
import type { Clock } from "../core/clock.ts";
import type { Answer } from "./define-route.ts";

/** A longer one than any that is asked for; whoever takes so long to listen does not. ms. */
const LONGEST_MS = 600_000;

/**
 * @param make begins the work; its signal is aborted when nobody wants it any more
 * @param asked the signal of the request, which ends when the answer begins
 */
export async function sendPieces(
  type: string,
  make: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
  asked: AbortSignal,
  clock: Clock,
): Promise<Answer> {
  const own = new AbortController();
  const abort = (): void => own.abort(asked.reason);
  if (asked.aborted) abort();
  else asked.addEventListener("abort", abort, { once: true });
  const pieces = make(own.signal)[Symbol.asyncIterator]();
  const first = await pieces.next();
  return {
    kind: "stream",
    type,
    begin(response) {
      asked.removeEventListener("abort", abort);
      const cancel = clock.after(LONGEST_MS, () => own.abort(new Error("the answer took too long")));
      response.once("close", () => {
        cancel();
        own.abort(new Error("whoever asked is gone"));
      });
      void pour(first, pieces, response, own.signal);
    },
  };
}

async function pour(
  first: IteratorResult<Uint8Array>,
  pieces: AsyncIterator<Uint8Array>,
  response: Response,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (let piece = first; piece.done !== true; piece = await pieces.next()) {
      if (!response.write(piece.value)) await once(response, "drain", { signal });
    }
    response.end();
  } catch {
    // Half of it is out: cutting it off is the only way left to say that it is not whole.
    response.destroy();
  } finally {
    await pieces.return?.().catch(() => undefined);
  }
}
