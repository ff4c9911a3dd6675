// Who opens a socket: by key, by ticket or by cookie, from a page of ours or from a program. Decided before the handshake, as for a
// request of the API, with one thing more: a browser lets any page open a socket anywhere and sends the cookies along.
import type { Request } from "express";
import { ANYONE, type Admission, type OpenGroup, type Principal } from "../core/access.ts";
import { Problem } from "../core/problem.ts";
import type { UpgradeRequest } from "../core/socket.ts";
import { limitedAddress } from "./address.ts";
import { bearerOf } from "./auth.ts";
import type { KeyHolder, KeyRing } from "./key-ring.ts";
import { comesFromUs, type OriginRules } from "./same-origin.ts";
import type { Session } from "./sessions.ts";
import type { Ticket, Tickets } from "./tickets.ts";

export interface Guest {
  readonly principal: Principal;
  /** Tells apart whom things belong to: a key, a visitor, an address. No secret. */
  readonly owner: string;
  /** A name of its owner's may be somebody else's as well: nobody vouches for who they are. */
  readonly isAnonymous: boolean;
}

export interface GuestParts {
  readonly rules: OriginRules;
  readonly keys: Pick<KeyRing, "holder">;
  readonly tickets: Tickets;
  /** Counts, and refuses. @throws Problem 429. */
  readonly count: {
    address(address: string): Promise<void>;
    key(ref: string): Promise<void>;
    open(address: string): Promise<void>;
  };
  readonly findKey: (key: string, address: string) => Promise<KeyHolder | undefined>;
  readonly sessionOf: (request: Request) => Promise<Session | undefined>;
  readonly visitorOf: (request: Request) => string | undefined;
  readonly isOpen: (group: OpenGroup | undefined) => boolean;
  readonly unknown: (key: string | undefined) => Promise<Problem>;
}

/** What a ticket stands for: a key (and which one it was when the ticket was made), or a visitor. */
interface Claim {
  readonly ref?: string;
  readonly hash?: string;
  readonly owner: string;
}

export function createGuests(parts: GuestParts) {
  const { keys, tickets, count } = parts;

  const ofKey = ({ principal, ref }: KeyHolder): Guest => ({ principal, owner: `key:${ref}`, isAnonymous: false });

  function strangerOf(request: Request): { readonly owner: string; readonly isTold: boolean } {
    const visitor = parts.visitorOf(request);
    const owner = visitor === undefined ? `address:${limitedAddress(request)}` : `visitor:${visitor}`;
    return { owner, isTold: visitor !== undefined };
  }

  const anybody = (request: Request): Guest => ({
    principal: ANYONE,
    owner: strangerOf(request).owner,
    isAnonymous: true,
  });

  async function byTicket(purpose: string, ticket: string, group: OpenGroup | undefined): Promise<Guest> {
    const refused = new Problem(401, "The ticket is not good (any more): each opens one socket, within a minute");
    const claim = (await tickets.take(purpose, ticket)) as Claim | undefined;
    if (!claim) throw refused;
    if (claim.ref === undefined) {
      if (!parts.isOpen(group)) throw refused;
      return { principal: ANYONE, owner: claim.owner, isAnonymous: true };
    }
    const holder = await keys.holder(claim.ref);
    // Revoked since, or another key stands in its place.
    if (!holder || holder.hash !== claim.hash) throw refused;
    return ofKey(holder);
  }

  async function holderOf(request: Request): Promise<KeyHolder | undefined> {
    const key = bearerOf(request);
    if (key !== undefined) {
      const holder = await parts.findKey(key, limitedAddress(request));
      if (!holder) throw await parts.unknown(key);
      return holder;
    }
    return (await parts.sessionOf(request))?.holder;
  }

  /** Before it is known who comes. The door has made it a request. */
  async function greetSocket(upgrade: UpgradeRequest): Promise<void> {
    const request = upgrade as Request;
    await count.address(limitedAddress(request));
    if (comesFromUs(request, parts.rules) === false) {
      throw new Problem(403, "This page's origin is not one of CORS_ORIGINS");
    }
  }

  return {
    greetSocket,
    /** By what whoever comes without a key is told apart, and whether they alone are. @throws Problem 403 */
    strangerOf,
    /** @throws Problem 401, 403 or 429. */
    async admitSocket(
      upgrade: UpgradeRequest,
      { roles, group }: Admission,
      { ticket, purpose }: { readonly ticket?: string | undefined; readonly purpose: string },
    ): Promise<Guest> {
      await greetSocket(upgrade);
      const request = upgrade as Request;
      const bringsOwn = ticket !== undefined || bearerOf(request) !== undefined;
      // Nothing tells for whom a browser sends its cookie, so that it says nothing.
      const isUntold = request.get("origin") === undefined && request.get("cookie") !== undefined;
      if (isUntold && !bringsOwn) throw new Problem(403, "A cookie counts together with an Origin only");
      if (ticket !== undefined && bearerOf(request) === undefined) {
        const guest = await byTicket(purpose, ticket, group);
        return may(guest);
      }
      const holder = await holderOf(request);
      if (holder) {
        await count.key(holder.ref);
        return may(ofKey(holder));
      }
      if (!parts.isOpen(group)) throw await parts.unknown(undefined);
      await count.open(limitedAddress(request));
      return anybody(request);

      function may(guest: Guest): Guest {
        // What is open to everybody is open to every key.
        if (guest.isAnonymous || roles.includes(guest.principal.role) || parts.isOpen(group)) return guest;
        throw new Problem(403, "This key may not do that");
      }
    },
    /** For whoever was admitted to ask for one; `welcome` names a visitor. */
    async issueTicket(request: Request, purpose: string, welcome: () => string): Promise<Ticket> {
      const holder = await holderOf(request);
      const claim: Claim = holder
        ? { ref: holder.ref, hash: holder.hash, owner: `key:${holder.ref}` }
        : { owner: `visitor:${welcome()}` };
      return tickets.issue(purpose, claim);
    },
  };
}
