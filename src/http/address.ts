// The address of a client as limits count it.
import { isIPv6 } from "node:net";
import type { Request } from "express";

/** One subscriber has a whole /64 of IPv6 addresses, and could ask from a new one each time. */
export function limitedAddress(request: Request): string {
  const address = request.ip ?? "unknown";
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  return isIPv6(address) ? `${prefix64(address)}::/64` : address;
}

function prefix64(address: string): string {
  const [head = "", tail] = address.toLowerCase().split("%")[0]?.split("::", 2) ?? [];
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array.from({ length: gap }, () => "0"), ...back];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
