// Which addresses a server in the open internet can have, and which would be this machine, its network or its provider's metadata.
import { BlockList, isIP, isIPv4 } from "node:net";

/** RFC 6890 and its kin, and what clouds hang there. */
const NOT_PUBLIC_V4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  // Azure's virtual public address of the host.
  "168.63.129.16/32",
];
const PUBLIC_V6 = "2000::/3";
/** Within it: Teredo and other protocol blocks, documentation, and 6to4, which carries an IPv4 address. */
const NOT_PUBLIC_V6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

function blockOf(family: "ipv4" | "ipv6", ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", bits = ""] = range.split("/");
    list.addSubnet(address, Number(bits), family);
  }
  return list;
}
const closed4 = blockOf("ipv4", NOT_PUBLIC_V4);
const closed6 = blockOf("ipv6", NOT_PUBLIC_V6);
const open6 = blockOf("ipv6", [PUBLIC_V6]);

/** False too for what is no address at all. IPv4 that is wrapped in IPv6 (mapped, NAT64) is not in the public range. */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, "");
  if (isIPv4(bare)) return !closed4.check(bare, "ipv4");
  return isIP(bare) === 6 && open6.check(bare, "ipv6") && !closed6.check(bare, "ipv6");
}
