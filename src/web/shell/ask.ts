// Questions to the API: JSON there and back, problems as errors that say what is wrong with which field.

export interface Issue {
  readonly in: string;
  readonly pointer: string;
  readonly detail: string;
}

/** What the API answers when it does not do what it was asked. */
export class Refusal extends Error {
  /** 0: there was no answer. */
  readonly status: number;
  readonly issues: readonly Issue[];
  constructor(status: number, message: string, issues: readonly Issue[] = []) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.issues = issues;
  }
}

interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly Issue[];
}

let csrfToken: string | undefined;
let whenLoggedOut: () => void = () => undefined;

/** What changes something has to show that it comes from this page. */
export const useToken = (token: string | undefined): void => void (csrfToken = token);
export const onLoggedOut = (act: () => void): void => void (whenLoggedOut = act);

export interface Question {
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** @throws Refusal; and what the signal was aborted with. */
export async function send(path: string, { method, body, signal }: Question = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: {
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...(csrfToken !== undefined && { "X-CSRF-Token": csrfToken }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refusal(0, "The server cannot be reached");
  }
  if (answer.ok) return answer;
  if (answer.status === 401 && path !== "/login") whenLoggedOut();
  const problem = (await answer.json().catch(() => ({}))) as Problem;
  throw new Refusal(answer.status, problem.detail ?? problem.title ?? `Error ${answer.status}`, problem.errors);
}

/** @throws Refusal */
export async function ask<Answer>(path: string, question?: Question): Promise<Answer> {
  const answer = await send(path, question);
  return (answer.status === 204 ? undefined : await answer.json()) as Answer;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
