// Who may call: decides on every request to the API, by key or by session, within limits for each address and each key. Loopback
// is not trusted: behind a tunnel everybody is local.
import type { Request, Response } from "express";
import { ANYONE, type Admission, type OpenGroup, type Principal } from "../core/access.ts";
import type { Clock, Ids } from "../core/clock.ts";
import type { Log, Meter } from "../core/observe.ts";
import { Problem } from "../core/problem.ts";
import type { UpgradeRequest } from "../core/socket.ts";
import type { State } from "../core/state.ts";
import type { KeyStore } from "../core/stores.ts";
import { limitedAddress } from "./address.ts";
import { createAttempts } from "./attempts.ts";
import { bearerOf } from "./auth.ts";
import { createCookies, type CookieParts } from "./cookies.ts";
import { createGuests, type Guest } from "./guests.ts";
import { createKeyRing, sha256, type ConfiguredKey, type KeyHolder } from "./key-ring.ts";
import { createRateLimit } from "./rate-limit.ts";
import { changesNothing, comesFromUs, type OriginRules } from "./same-origin.ts";
import { createSessions, sameText, type Session } from "./sessions.ts";
import { createTickets, type Ticket, type Tickets } from "./tickets.ts";
import { createVisitors } from "./visitors.ts";

export interface AccessParts extends OriginRules, Pick<CookieParts, "secret" | "sameSite"> {
  readonly configured: readonly ConfiguredKey[];
  readonly store: Pick<KeyStore, "byHash" | "list">;
  readonly state: Pick<State, "hit" | "put" | "get" | "drop" | "first">;
  readonly openGroups: readonly OpenGroup[];
  /** Requests of one key, and of one address. */
  readonly perMinute: number;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly meter: Meter;
}

export interface Access {
  /** Who sent the request. @throws Problem 401, 403 or 429. */
  admit(request: Request, admission: Admission): Promise<Principal>;
  /** For routes that need no key: only the address is counted. @throws Problem 429. */
  greet(request: Request): Promise<Principal>;
  /** The same question once more for an answer that takes long: nothing is counted. */
  stillGood(request: Request, admission: Admission): Promise<boolean>;
  /** Opens a session for a key. @throws Problem 401, 403 or 429. */
  logIn(key: string, request: Request, response: Response): Promise<Session>;
  logOut(request: Request, response: Response): Promise<void>;
  /** The session a request comes with; undefined when it comes with a key. */
  sessionOf(request: Request): Promise<Session | undefined>;
  /** The browser that asks, by the cookie it was given. @throws Problem 403 for the page of another site. */
  visitorOf(request: Request): string | undefined;
  /** As visitorOf; a browser without the cookie gets one. */
  welcome(request: Request, response: Response): string;
  /** True for a request that bears any key. @throws Problem 429. */
  bearsKey(request: Request): Promise<boolean>;
  /** For sockets that ask for a ticket of their own: only the address is counted. @throws Problem 403 or 429. */
  greetSocket(upgrade: UpgradeRequest): Promise<void>;
  readonly tickets: Tickets;
  /** Who opens a socket. @throws Problem 401, 403 or 429. */
  admitSocket(
    upgrade: UpgradeRequest,
    admission: Admission,
    by: { readonly ticket?: string | undefined; readonly purpose: string },
  ): Promise<Guest>;
  /** By what whoever comes without a key is told apart; `isTold`: by a name that is theirs alone. @throws Problem 403 for the page of another site. */
  strangerOf(request: Request): { readonly owner: string; readonly isTold: boolean };
  /** A ticket for whoever was admitted; a visitor without a cookie gets one. */
  issueTicket(request: Request, response: Response, purpose: string): Promise<Ticket>;
  /** True while there is no key at all. */
  isClosed(): Promise<boolean>;
}

const MINUTE_MS = 60_000;
/** Requests a minute of one address to what is open to everybody: each of them may cost money. */
const OPEN_PER_MINUTE = 60;
const CHALLENGE = { "WWW-Authenticate": 'Bearer realm="api"' };
const NO_KEYS = "No key exists yet: make one on the server with `npm run keys -- create`, or set API_KEYS";
const FOREIGN =
  "A session changes things only for our own pages: send X-CSRF-Token (GET /api/me tells it), or a key instead of the cookie";

export function createAccess(parts: AccessParts): Access {
  const { state, clock, meter, perMinute, openGroups } = parts;
  const keys = createKeyRing(parts);
  const cookies = createCookies(parts);
  const sessions = createSessions({ ...parts, keys, cookies });
  const limit = (name: string, points: number) => createRateLimit({ state, clock, name, points, windowMs: MINUTE_MS });
  const byAddress = limit("address", perMinute);
  const byKey = limit("key", perMinute);
  const openToAll = limit("open", Math.min(OPEN_PER_MINUTE, perMinute));
  const attempts = createAttempts({ keys, clock, meter, limit: limit("failed", 10) });

  function refuse(waitMs: number | undefined): void {
    if (waitMs === undefined) return;
    meter.count("voice_rate_limited_total", { surface: "api" });
    throw new Problem(429, "Too many requests: wait as long as Retry-After says", {
      "Retry-After": String(Math.ceil(waitMs / 1000)),
    });
  }

  /** The key or the session of a request; undefined when it brings neither. A key counts, whatever cookie is beside it. */
  async function holderOf(request: Request): Promise<KeyHolder | undefined> {
    const key = bearerOf(request);
    if (key !== undefined) return attempts.find(key, limitedAddress(request));
    const session = await sessions.of(request);
    if (session && !changesNothing(request.method) && !isOurs(request, session)) throw new Problem(403, FOREIGN);
    return session?.holder;
  }

  function isOurs(request: Request, session: Session): boolean {
    const token = request.get("x-csrf-token");
    if (token !== undefined) return sameText(token, session.csrfToken);
    return comesFromUs(request, parts) === true;
  }

  async function unknown(key: string | undefined): Promise<Problem> {
    meter.count("voice_auth_failures_total", { surface: "api" });
    if (await keys.isEmpty().catch(() => false)) return new Problem(401, NO_KEYS, CHALLENGE);
    const said = key === undefined ? "Send a key: Authorization: Bearer <key>" : "This key is not known";
    return new Problem(401, said, CHALLENGE);
  }

  const isOpen = (group: OpenGroup | undefined): boolean => group !== undefined && openGroups.includes(group);

  const visitors = createVisitors({ cookies, ids: parts.ids, rules: parts });
  const tickets = createTickets(parts);
  const guests = createGuests({
    rules: parts,
    keys,
    tickets,
    count: {
      address: async (address) => refuse(await byAddress.take(address)),
      key: async (ref) => refuse(await byKey.take(ref)),
      open: async (address) => refuse(await openToAll.take(address)),
    },
    findKey: (key, address) => attempts.find(key, address),
    sessionOf: (request) => sessions.of(request),
    visitorOf: visitors.visitorOf,
    isOpen,
    unknown,
  });

  return {
    ...visitors,
    tickets,
    greetSocket: guests.greetSocket,
    admitSocket: (upgrade, admission, by) => guests.admitSocket(upgrade, admission, by),
    strangerOf: guests.strangerOf,
    issueTicket: (request, response, purpose) =>
      guests.issueTicket(request, purpose, () => visitors.welcome(request, response)),
    async admit(request, { roles, group }) {
      refuse(await byAddress.take(limitedAddress(request)));
      const holder = await holderOf(request);
      if (!holder) {
        const key = bearerOf(request);
        // A key that is not good is not a visitor without one.
        if (!isOpen(group) || key !== undefined) throw await unknown(key);
        refuse(await openToAll.take(limitedAddress(request)));
        return ANYONE;
      }
      refuse(await byKey.take(holder.ref));
      // What is open to everybody is open to every key.
      if (!roles.includes(holder.principal.role) && !isOpen(group)) throw new Problem(403, "This key may not do that");
      return holder.principal;
    },
    async greet(request) {
      refuse(await byAddress.take(limitedAddress(request)));
      return ANYONE;
    },
    async stillGood(request, { roles, group }) {
      const key = bearerOf(request);
      const holder = key === undefined ? (await sessions.of(request))?.holder : await keys.find(sha256(key));
      if (!holder) return key === undefined && isOpen(group);
      return roles.includes(holder.principal.role) || isOpen(group);
    },
    async logIn(key, request, response) {
      // Without this another site could log its visitor in as somebody else. Programs say nothing of where they come from.
      if (comesFromUs(request, parts) === false) throw new Problem(403, "Log in from our own page");
      const holder = await attempts.find(key, limitedAddress(request));
      if (!holder) throw await unknown(key);
      return sessions.open(holder, request, response);
    },
    async logOut(request, response) {
      const session = await sessions.of(request);
      if (session && !isOurs(request, session)) throw new Problem(403, FOREIGN);
      await sessions.close(request, response);
    },
    sessionOf: async (request) => (bearerOf(request) === undefined ? sessions.of(request) : undefined),
    async bearsKey(request) {
      const key = bearerOf(request);
      return key !== undefined && (await attempts.find(key, limitedAddress(request))) !== undefined;
    },
    isClosed: () => keys.isEmpty(),
  };
}
