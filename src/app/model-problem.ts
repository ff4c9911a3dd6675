// What is told to whoever asked when a model gave no answer: which kind of failure it was, and nothing of what was said.
import { Problem } from "../core/problem.ts";
import { ThreadError } from "../core/thread.ts";

const FAILED = "The model gave no answer";
const SAID: Partial<Record<ThreadError["code"], string>> = {
  auth: "The model's server refused our key",
  "not-found": "The model's server does not know the model",
  "rate-limited": "The model's server limits our rate",
  unavailable: "The model's server could not be reached or failed",
  timeout: "The model did not answer in time",
};

/** A ThreadError as a 502; anything else as it is. */
export function asProblem(error: unknown): unknown {
  return error instanceof ThreadError ? new Problem(502, SAID[error.code] ?? FAILED) : error;
}
