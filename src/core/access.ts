// Who asks, once it is known: the bearer of a key or of a session. And who may ask for what.
import { DEFAULT_ORG } from "./call.ts";

/** admin: everything; organization: everything of its own organization; read: looks, changes nothing. */
export type Role = "admin" | "organization" | "read";

export interface Principal {
  /** The key's name; in logs and audit rows. */
  readonly name: string;
  readonly role: Role;
  /** Only this organization's things exist for them; absent: all organizations. */
  readonly orgId?: string;
}

/** May this principal see things of that organization? Whoever may not is told that there is no such thing (404). */
export function sees(principal: Principal, orgId: string): boolean {
  return principal.orgId === undefined || principal.orgId === orgId;
}

/** Groups of routes that OPEN_API opens to everybody. */
export type OpenGroup = "ask" | "voice" | "conversation";

/** Who may use a route. */
export interface Admission {
  readonly roles: readonly Role[];
  /** Open to everybody when OPEN_API names this group, within tighter limits. */
  readonly group?: OpenGroup;
}

/** Whoever came without a key to a route that needs none: sees no more than the organization that everybody belongs to. */
export const ANYONE: Principal = { name: "anyone", role: "read", orgId: DEFAULT_ORG };
