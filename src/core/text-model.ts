// The model that writes: a whole conversation goes in, its next answer comes out. It keeps nothing, and acts on nothing.

export interface WrittenLine {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface TextModel {
  /** @throws ThreadError when there is no answer; the signal's reason when it aborts. */
  answer(lines: readonly WrittenLine[], signal: AbortSignal): Promise<string>;
}
