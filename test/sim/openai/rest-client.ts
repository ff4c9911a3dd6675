/** The official client, pointed at a simulator, without its own retries so that every answer is seen. */
import OpenAI from "openai";
import type { OpenAISim } from "../../../src/sim/openai/index.ts";

export function official(on: OpenAISim, options: { apiKey?: string } = {}): OpenAI {
  return new OpenAI({ baseURL: on.baseUrl, apiKey: options.apiKey ?? on.apiKey, maxRetries: 0, timeout: 20_000 });
}

/** Everything a stream gives. */
export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = [];
  for await (const one of stream) got.push(one);
  return got;
}

/** A request outside the client's types: its status and body. */
export async function raw(
  on: OpenAISim,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> {
  const response = await fetch(`${on.baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${on.apiKey}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text) as Record<string, unknown>, headers: response.headers };
}

/** Resolves when `done` holds, looking again after each turn of the event loop. @throws Error after `timeoutMs` */
export async function until(done: () => boolean, timeoutMs = 20_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!done()) {
    if (performance.now() > end) throw new Error("it did not come about in time");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
