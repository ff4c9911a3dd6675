// What DATABASE_URL says about how to connect, TLS above all: the connection is checked unless the address is plainly nearby or the
// operator says otherwise. Pure, but for the file of certificates.
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";

export interface PostgresAddress {
  /** The address without what is read here. */
  readonly connectionString: string;
  readonly ssl: false | ConnectionOptions;
  /** host:port/database, for people; no user and no password. */
  readonly where: string;
}

/** DATABASE_URL or DATABASE_CA_FILE cannot be used; the message says why, and holds no password. */
export class AddressError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AddressError";
  }
}

const MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full", "no-verify"];
/** What pg reads in an address about TLS, in a way that differs from PostgreSQL's own and is announced to change. */
const OF_TLS = ["sslmode", "ssl", "sslrootcert", "sslcert", "sslkey", "uselibpqcompat"];
const PRIVATE = /^(10\.|192\.168\.|127\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|::1$|f[cd][0-9a-f]{2}:|fe80:)/i;

/** @throws AddressError */
export function readAddress(databaseUrl: string, caFile: string | undefined): PostgresAddress {
  let url: URL;
  try {
    url = new URL(databaseUrl);
  } catch {
    throw new AddressError(
      "DATABASE_URL cannot be read: special characters in the password have to be written as %XX (@ is %40, # is %23, / is %2F)",
    );
  }
  const mode = url.searchParams.get("sslmode") ?? undefined;
  if (mode !== undefined && !MODES.includes(mode))
    throw new AddressError(`DATABASE_URL has an unknown sslmode; it may be ${MODES.join(", ")}`);
  for (const name of OF_TLS) url.searchParams.delete(name);
  const host = url.searchParams.get("host") ?? decodeURIComponent(url.hostname).replace(/^\[|\]$/g, "");
  return {
    connectionString: url.href,
    ssl: tlsFor(mode, host, caFile === undefined ? undefined : readCertificates(caFile)),
    where: `${host || "localhost"}:${url.port || "5432"}${url.pathname}`,
  };
}

function tlsFor(mode: string | undefined, host: string, ca: string | undefined): false | ConnectionOptions {
  if (mode === "disable") return false;
  if (mode === "no-verify") return { rejectUnauthorized: false };
  const checked: ConnectionOptions = { rejectUnauthorized: true, ...(ca !== undefined && { ca }) };
  // verify-ca: whose certificate it is does not matter, as long as the authority is the right one.
  if (mode === "verify-ca") return { ...checked, checkServerIdentity: () => undefined };
  if (mode === "require" || mode === "verify-full" || ca !== undefined) return checked;
  return isNear(host) ? false : checked;
}

/** This machine, its containers, or a private network: such servers seldom speak TLS. */
function isNear(host: string): boolean {
  if (host === "" || host.startsWith("/") || host === "localhost") return true;
  if (isIP(host) !== 0) return PRIVATE.test(host);
  return !host.includes(".") || /\.(local|internal|localdomain)$/.test(host);
}

function readCertificates(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new AddressError(`DATABASE_CA_FILE cannot be read: ${path}`);
  }
  if (!text.includes("-----BEGIN CERTIFICATE-----"))
    throw new AddressError(`DATABASE_CA_FILE holds no certificate in PEM form: ${path}`);
  return text;
}
