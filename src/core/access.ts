// Who asks, once it is known: the bearer of a key or of a session.

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
