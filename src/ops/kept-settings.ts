// The settings a number had before a tunnel took it, in a small file in DATA_DIR: written before anything is changed and removed
// once all is as it was, so that a tunnel that was killed can be mended by whoever comes next.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CommandError, EXIT } from "./command.ts";

const settings = z.object({
  VoiceUrl: z.string(),
  VoiceMethod: z.string(),
  VoiceFallbackUrl: z.string(),
  VoiceFallbackMethod: z.string(),
  StatusCallback: z.string(),
  StatusCallbackMethod: z.string(),
  VoiceApplicationSid: z.string(),
  TrunkSid: z.string(),
});

const kept = z.object({
  accountSid: z.string(),
  sid: z.string(),
  number: z.string(),
  /** The process that keeps the tunnel open. */
  pid: z.int().positive(),
  savedAt: z.string(),
  /** As the number was, and as the tunnel set it. */
  before: settings,
  made: settings,
});

export type Kept = z.infer<typeof kept>;

export interface KeptSettings {
  readonly path: string;
  /** @throws CommandError when the file is there and cannot be understood. */
  read(): Kept | undefined;
  /** @throws CommandError when it cannot be written: then nothing may be changed either. */
  write(kept: Kept): void;
  remove(): void;
}

export function createKeptSettings(dataDir: string): KeptSettings {
  const path = join(dataDir, "tunnel-number.json");
  return {
    path,
    read() {
      let text: string;
      try {
        text = readFileSync(path, "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw new CommandError(EXIT.configuration, `${path} cannot be read: ${messageOf(error)}`, { cause: error });
      }
      try {
        return kept.parse(JSON.parse(text));
      } catch (error) {
        const mend = "compare the number's settings in the Twilio console, then delete the file";
        throw new CommandError(EXIT.configuration, `${path} is damaged: ${mend}`, { cause: error });
      }
    },
    write(value) {
      const draft = `${path}.${process.pid}.tmp`;
      try {
        mkdirSync(dataDir, { recursive: true });
        writeFileSync(draft, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
        renameSync(draft, path);
      } catch (error) {
        rmSync(draft, { force: true });
        const why = `the number's settings cannot be kept in ${dataDir} (DATA_DIR), so nothing is changed: ${messageOf(error)}`;
        throw new CommandError(EXIT.configuration, why, { cause: error });
      }
    },
    remove: () => rmSync(path, { force: true }),
  };
}

/** True while the tunnel that wrote it still runs. */
export function isHeld({ pid }: Kept): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // It runs, as somebody else.
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
