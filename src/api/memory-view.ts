// How a memory is told over the API: its schemas, and memories in their form.
import { z } from "zod";
import {
  MEMORY_KINDS,
  type Dropped,
  type Learned,
  type Memory,
  type MemorySource,
  type Secret,
} from "../core/memory.ts";

const said = {
  kind: z.enum(MEMORY_KINDS),
  subject: z.string(),
  text: z.string(),
  /** Of a routine. */
  steps: z.array(z.string()).nullable(),
};

export const memoryView = z.strictObject({
  memory_id: z.string(),
  ...said,
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});

export const foundMemory = z.strictObject({
  ...memoryView.shape,
  found_by: z.enum(["meaning", "words"]),
  /** Comparable among those found the same way. */
  score: z.number(),
});

export const addedMemories = z.strictObject({
  memories: z.array(z.strictObject({ ...said, kept: z.enum(["added", "known", "replaced"]) })),
  /** Not kept, with the reason and without what it was. */
  dropped: z.array(
    z.strictObject({
      /** Where in the request (RFC 6901); null for what a model made of all messages. */
      pointer: z.string().nullable(),
      /** What it was about, where that can be told. */
      subject: z.string().nullable(),
      reason: z.string(),
    }),
  ),
});

const REASONS: Readonly<Record<Secret, string>> = {
  card: "It looks like the number of a payment card",
  password: "It looks like a password, PIN or code",
};

const source = z.strictObject({
  by: z.enum(["conversation", "given"]),
  at: z.iso.datetime(),
  call_id: z.string().nullable(),
  turn: z.number().int().nullable(),
});

export const exportedMemory = z.strictObject({
  ...memoryView.shape,
  source,
  /** What it said before, newest first. */
  earlier: z.array(
    z.strictObject({
      text: z.string(),
      steps: z.array(z.string()).nullable(),
      source,
      until: z.iso.datetime(),
    }),
  ),
  embedding_model: z.string().nullable(),
});

export function viewOf({
  memoryId,
  kind,
  subject,
  text,
  steps,
  createdAt,
  updatedAt,
}: Memory): z.infer<typeof memoryView> {
  return {
    memory_id: memoryId,
    kind,
    subject,
    text,
    steps: steps ? [...steps] : null,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}

export function exportOf(memory: Memory): z.infer<typeof exportedMemory> {
  const { source, earlier, embedded } = memory;
  return {
    ...viewOf(memory),
    source: sourceOf(source),
    earlier: earlier.map((one) => ({
      text: one.text,
      steps: one.steps ? [...one.steps] : null,
      source: sourceOf(one.source),
      until: one.until,
    })),
    embedding_model: embedded?.model ?? null,
  };
}

export function addedOf({ kind, subject, text, steps, kept }: Learned["facts"][number]) {
  return { kind, subject, text, steps: steps ? [...steps] : null, kept };
}

export function droppedOf({ secret, subject, at }: Dropped) {
  const pointer = at && ("line" in at ? `/messages/${at.line}` : `/memories/${at.fact}`);
  return { pointer: pointer ?? null, subject: subject ?? null, reason: REASONS[secret] };
}

function sourceOf({ by, at, callId, turn }: MemorySource): z.infer<typeof source> {
  return { by, at, call_id: callId ?? null, turn: turn ?? null };
}
