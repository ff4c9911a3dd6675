// Who is logged in. The session itself is a cookie that no script can read; GET /api/session tells what it stands for.
import { computed, signal } from "@preact/signals";
import { ask, messageOf, onLoggedOut, useToken } from "./ask.ts";

export interface Me {
  readonly name: string;
  readonly role: "admin" | "organization" | "read";
  readonly org_id: string | null;
  readonly csrf_token: string | null;
}

/** undefined: not asked yet; null: nobody. */
export const me = signal<Me | null | undefined>(undefined);
/** Why it could not be asked. */
export const trouble = signal<string | undefined>(undefined);

export const mayChange = computed(() => me.value?.role === "admin" || me.value?.role === "organization");
export const isOperator = computed(() => me.value?.role === "admin" && me.value.org_id === null);

function become(someone: Me | null): void {
  useToken(someone?.csrf_token ?? undefined);
  me.value = someone;
}
onLoggedOut(() => become(null));

export async function findOut(): Promise<void> {
  trouble.value = undefined;
  try {
    become((await ask<{ session: Me | null }>("/api/session")).session);
  } catch (error) {
    trouble.value = messageOf(error);
  }
}

/** @throws Refusal */
export async function logIn(key: string): Promise<void> {
  become(await ask<Me>("/login", { body: { key } }));
}

export async function logOut(): Promise<void> {
  await ask("/logout", { body: {} }).catch(() => undefined);
  become(null);
}

/** A link may log in: /login#KEY, in a part of the address that no browser sends to anybody. */
export function keyOfLink(): string | undefined {
  if (location.pathname !== "/login" || location.hash.length < 2) return undefined;
  const key = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", "/login");
  return key;
}
