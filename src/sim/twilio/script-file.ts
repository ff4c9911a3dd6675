// A caller's script as a JSON file: the steps of caller.ts with the names of sound files in place of their bytes. It checks
// the text and says what is wrong with it; reading sound is left to whoever calls.
import { z } from "zod";
import type { CallerScript } from "./caller.ts";

const ms = z.number().min(0).max(3_600_000);
const text = z.string().optional();
const timeoutMs = ms.optional();

const Step = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("say"), wav: z.string().min(1), text, wait: z.boolean().optional() }),
  z.strictObject({ do: z.literal("interrupt"), afterMs: ms, wav: z.string().min(1), text, timeoutMs }),
  z.strictObject({ do: z.literal("wait-for-agent"), timeoutMs }),
  z.strictObject({ do: z.literal("wait-for-silence"), ms, timeoutMs }),
  z.strictObject({ do: z.literal("wait-for-hang-up"), timeoutMs }),
  z.strictObject({ do: z.literal("pause"), ms }),
  z.strictObject({
    do: z.literal("press"),
    digits: z.string().regex(/^[0-9*#]+$/, "digits may be 0 to 9, * and #"),
    gapMs: ms.optional(),
  }),
  z.strictObject({ do: z.literal("hang-up") }),
]);

const ScriptFile = z.strictObject({ steps: z.array(Step).min(1) });

/** A script that cannot be used; the message lists everything that is wrong, with places. */
export class ScriptError extends Error {}

/**
 * Reads a script such as `{"steps":[{"do":"wait-for-silence","ms":700},{"do":"say","wav":"hello.wav"},{"do":"hang-up"}]}`.
 * @param sound Turns the name of a sound file into mu-law at 8000 Hz.
 * @throws ScriptError
 */
export function readScript(json: string, sound: (wav: string) => Uint8Array): CallerScript {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new ScriptError(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = ScriptFile.safeParse(value);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => `  ${place(path)}: ${message}`);
    throw new ScriptError(`the script is not valid:\n${lines.join("\n")}`);
  }
  return parsed.data.steps.map((step) => {
    if (step.do !== "say" && step.do !== "interrupt") return step;
    const { wav, ...rest } = step;
    return { ...rest, audio: sound(wav) };
  });
}

/** "step 2, ms" instead of ["steps", 1, "ms"]. */
function place(path: readonly PropertyKey[]): string {
  const [first, index, ...rest] = path;
  if (first !== "steps" || typeof index !== "number") return path.length === 0 ? "the file" : path.join(".");
  return [`step ${index + 1}`, ...rest.map(String)].join(", ");
}
