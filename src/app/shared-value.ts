// A value in the shared state that several instances may change, one change at a time: each is made to a numbered version, and the
// number is given out once. Changes of this instance wait in line; those of another are seen and built upon.
import type { Clock } from "../core/clock.ts";
import { Problem } from "../core/problem.ts";
import type { State } from "../core/state.ts";

interface Versioned<Value> {
  readonly version: number;
  readonly value: Value;
}

export interface SharedValueParts<Value> {
  readonly state: Pick<State, "put" | "get" | "first" | "drop">;
  readonly clock: Clock;
  /** Begins the names of what is kept. */
  readonly name: string;
  readonly ttlMs: number;
  /** What there is when the shared state has nothing. */
  readonly fallback: (id: string) => Promise<Value | undefined>;
}

/** Waiting at once for one value: a browser sends its reports one after the other. */
const MOST_WAITING = 50;
/** Another instance that took a number stores its value in a moment, or is gone. ms. */
const TAKEN_MS = 2000;
const LOOK_AGAIN_MS = 20;

export function createSharedValues<Value>({ state, clock, name, ttlMs, fallback }: SharedValueParts<Value>) {
  const lines = new Map<string, { readonly last: Promise<unknown>; readonly waiting: number }>();
  const nameOf = (id: string): string => `${name}:${id}`;

  async function load(id: string): Promise<Versioned<Value> | undefined> {
    const kept = (await state.get(nameOf(id))) as Versioned<Value> | undefined;
    if (kept) return kept;
    const value = await fallback(id);
    return value === undefined ? undefined : { version: 0, value };
  }

  async function changeNow<Result>(id: string, make: Change<Value, Result>): Promise<Result | undefined> {
    const deadline = clock.now() + TAKEN_MS * 2;
    for (;;) {
      const found = await load(id);
      if (!found) return undefined;
      const { value, result } = make(found.value);
      if (value === found.value) return result;
      const version = found.version + 1;
      if (await state.first(`${nameOf(id)}:${version}`, TAKEN_MS)) {
        await state.put(nameOf(id), { version, value } satisfies Versioned<Value>, ttlMs);
        return result;
      }
      // Another instance is at it: what it made is built upon.
      if (clock.now() > deadline) throw new Problem(503, "The call is being changed elsewhere", { "Retry-After": "1" });
      await new Promise<void>((resolve) => void clock.after(LOOK_AGAIN_MS, resolve));
    }
  }

  return {
    async get(id: string): Promise<Value | undefined> {
      return (await load(id))?.value;
    },
    async create(id: string, value: Value): Promise<void> {
      await state.put(nameOf(id), { version: 1, value } satisfies Versioned<Value>, ttlMs);
    },
    /**
     * `make` is pure, as it may be asked more than once; what it throws changes nothing. Undefined when there is no such value.
     * @throws Problem 429, 503
     */
    change<Result>(id: string, make: Change<Value, Result>): Promise<Result | undefined> {
      const before = lines.get(id) ?? { last: Promise.resolve(), waiting: 0 };
      if (before.waiting >= MOST_WAITING) {
        return Promise.reject(new Problem(429, "Too much at once for this call", { "Retry-After": "1" }));
      }
      const mine = before.last.then(() => changeNow(id, make));
      const last = mine.then(
        () => leave(),
        () => leave(),
      );
      lines.set(id, { last, waiting: before.waiting + 1 });
      function leave(): void {
        const { last: newest = last, waiting = 1 } = lines.get(id) ?? {};
        if (waiting <= 1) lines.delete(id);
        else lines.set(id, { last: newest, waiting: waiting - 1 });
      }
      return mine;
    },
    forget: (id: string): Promise<void> => state.drop(nameOf(id)),
  };
}

export type Change<Value, Result> = (value: Value) => { readonly value: Value; readonly result: Result };
export type SharedValues<Value> = ReturnType<typeof createSharedValues<Value>>;
