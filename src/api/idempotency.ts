// A request that is sent twice because its answer was lost: with an Idempotency-Key it is done once, and answered twice alike.
import { createHash } from "node:crypto";
import type { Principal } from "../core/access.ts";
import { InvalidRequest, Problem } from "../core/problem.ts";
import type { State } from "../core/state.ts";
import type { Answer } from "./define-route.ts";

export interface IdempotentRequest {
  readonly key: string;
  readonly principal: Principal;
  readonly route: string;
  readonly body: unknown;
}

export type Idempotency = ReturnType<typeof createIdempotency>;

type JsonAnswer = Extract<Answer, { kind: "json" }>;

interface Kept {
  readonly bodyHash: string;
  readonly answer: JsonAnswer;
}

const KEPT_MS = 24 * 3_600_000;
/** A first request that has not answered after this will not. ms. */
const IN_WORK_MS = 40_000;
const KEY = /^[\x21-\x7e]{1,128}$/;

export function createIdempotency({ state }: { readonly state: Pick<State, "first" | "put" | "get" | "drop"> }) {
  return {
    /** @throws Problem 409 while the first is at work or when the key was used for something else. */
    async once({ key, principal, route, body }: IdempotentRequest, work: () => Promise<Answer>): Promise<Answer> {
      if (!KEY.test(key)) {
        throw new InvalidRequest([
          { in: "header", pointer: "/Idempotency-Key", detail: "must have 1 to 128 visible characters" },
        ]);
      }
      const name = `idempotent:${hash([principal.name, principal.orgId ?? "", route, key])}`;
      const bodyHash = hash(body);
      const kept = await read(name);
      if (kept) return again(kept, bodyHash);
      if (!(await state.first(`${name}:work`, IN_WORK_MS))) {
        const meanwhile = await read(name);
        if (meanwhile) return again(meanwhile, bodyHash);
        throw new Problem(409, "The first request with this Idempotency-Key is still at work", { "Retry-After": "1" });
      }
      try {
        const answer = await work();
        if (answer.kind === "json") await state.put(name, { bodyHash, answer } satisfies Kept, KEPT_MS);
        return answer;
      } catch (error) {
        // Nothing was done that may not be tried again.
        await state.drop(`${name}:work`).catch(() => undefined);
        throw error;
      }
    },
  };

  async function read(name: string): Promise<Kept | undefined> {
    return (await state.get(name)) as Kept | undefined;
  }
}

function again(kept: Kept, bodyHash: string): JsonAnswer {
  if (kept.bodyHash !== bodyHash) throw new Problem(409, "This Idempotency-Key came with another body before");
  return kept.answer;
}

const hash = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("hex");
