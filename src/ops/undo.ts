// What a command has done and has to undo, last thing first.
import { CommandError, EXIT, type Terminal } from "./command.ts";

export interface Undo {
  /** To be called before the thing is done, so that it is undone even when it was done by half. `what` is a verb phrase. */
  push(what: string, run: () => Promise<void>): void;
  /**
   * Takes the steps that are left. One that fails is told, and does not keep the others from being taken. Resolves to the exit
   * code of the first that ever failed, else 0.
   */
  all(): Promise<number>;
}

export function createUndo({ complain }: Pick<Terminal, "complain">): Undo {
  const steps: { readonly what: string; readonly run: () => Promise<void> }[] = [];
  let exitCode: number = EXIT.done;
  return {
    push: (what, run) => void steps.push({ what, run }),
    async all() {
      for (let step = steps.pop(); step; step = steps.pop()) {
        try {
          await step.run();
        } catch (error) {
          complain(`Could not ${step.what}: ${error instanceof Error ? error.message : String(error)}`);
          exitCode ||= error instanceof CommandError ? error.exitCode : EXIT.unreachable;
        }
      }
      return exitCode;
    },
  };
}
