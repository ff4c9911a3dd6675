// An assistant thread in virtual time that answers by script and watches that its contract is kept.
import type { AssistantThread, ThreadEvent, ThreadInput, ToolRequest } from "../../src/core/thread.ts";
import type { VirtualTime } from "./virtual-time.ts";

export type Step =
  | { readonly wait: number }
  | { readonly text: string }
  | { readonly tool: string; readonly arguments?: string }
  | { readonly fail: Error }
  | { readonly hang: true };

export interface Asked extends ThreadInput {
  readonly at: number;
  aborted: boolean;
  ended: boolean;
  /** What the tools of this run answered. */
  readonly outputs: string[];
}

export interface FakeThread extends AssistantThread {
  readonly asked: readonly Asked[];
  readonly isClosed: boolean;
  /** Replies being read now. */
  readonly open: number;
}

/** Text in pieces as a model streams it. */
export function streamed(text: string, { firstMs = 300, perWordMs = 20 } = {}): Step[] {
  return [{ wait: firstMs }, ...text.split(/(?<=\s)/).flatMap((word): Step[] => [{ text: word }, { wait: perWordMs }])];
}

export function createFakeThread(
  time: VirtualTime,
  script: (input: ThreadInput, number: number) => readonly Step[],
): FakeThread {
  const asked: Asked[] = [];
  let open = 0;
  let closed = false;
  let calls = 0;
  let idle: Promise<void> = Promise.resolve();

  /** Rejects with the reason when the signal aborts first; leaves no listener behind. */
  function pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        cancel();
        reject(signal.reason as Error);
      };
      const cancel =
        ms < 0
          ? (): void => {}
          : time.after(ms, () => {
              signal.removeEventListener("abort", onAbort);
              resolve();
            });
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  return {
    asked,
    get isClosed() {
      return closed;
    },
    get open() {
      return open;
    },
    prepare: () => {},
    threadId: () => "thread-1",
    async *reply(input, { signal, runTool }): AsyncGenerator<ThreadEvent> {
      const entry: Asked = { ...input, at: time.now(), aborted: false, ended: false, outputs: [] };
      asked.push(entry);
      const number = asked.length;
      const before = idle;
      let leave = (): void => {};
      idle = new Promise((resolve) => (leave = resolve));
      open++;
      try {
        await before;
        for (const step of script(input, number)) {
          signal.throwIfAborted();
          if ("wait" in step) await pause(step.wait, signal);
          else if ("text" in step) yield { type: "text", delta: step.text };
          else if ("fail" in step) throw step.fail;
          else if ("hang" in step) await pause(-1, signal);
          else {
            const request: ToolRequest = { callId: `t${++calls}`, name: step.tool, arguments: step.arguments ?? "{}" };
            entry.outputs.push(await runTool(request));
          }
        }
        yield { type: "usage", usage: { model: "thinker", inputTokens: 10, cachedInputTokens: 4, outputTokens: 5 } };
        entry.ended = true;
      } finally {
        entry.aborted = signal.aborted;
        open--;
        leave();
      }
    },
    async close() {
      closed = true;
    },
  };
}
