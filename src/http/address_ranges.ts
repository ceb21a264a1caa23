import { BlockList } from "node:net";

/** The IPv4 networks that aren't of the Internet: private, of this machine or link, reserved. */
const SPECIAL = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const;

/** The IPv6 networks within {@linkcode GIVEN} that aren't, either. */
const SPECIAL_V6 = [["2001::", 23], ["2001:db8::", 32], ["2002::", 16], ["3fff::", 20]] as const;

/** What is given out to servers, and, at the end, IPv4 as routers translate it where there is IPv6 only. */
const GIVEN = [["0.0.0.0", 0], ["2000::", 3], ["64:ff9b::", 96]] as const;

const special = listOf([
  ...SPECIAL,
  ...SPECIAL.map(([subnet, bits]) => [`64:ff9b::${subnet}`, 96 + bits] as const),
  ...SPECIAL_V6,
]);
const given = listOf(GIVEN);

/**
 * Whether an address can be one of a server on the Internet: none of this machine, of a private network, of a
 * link, or one that is reserved.
 *
 * @param address The address, as a resolver tells it: IPv6 without brackets.
 * @see {@link https://www.iana.org/assignments/iana-ipv4-special-registry}
 * @see {@link https://www.iana.org/assignments/iana-ipv6-special-registry}
 *
 * @example
 * ```ts
 * import { isPublicAddress } from "./address_ranges.ts";
 *
 * console.assert(isPublicAddress("151.101.2.49"));
 * console.assert(!isPublicAddress("169.254.169.254"));
 * console.assert(!isPublicAddress("fe80::1"));
 * ```
 */
export function isPublicAddress(address: string): boolean {
  const family = familyOf(address);
  return given.check(address, family) && !special.check(address, family);
}

/**
 * Whether an address is one of this machine.
 *
 * @param url The address, whose host the URL parser has written in its one way.
 */
export function isLoopback({ hostname }: URL): boolean {
  return /^127\.[\d.]+$|^\[::1\]$|(^|\.)localhost\.?$/.test(hostname);
}

function listOf(subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [subnet, bits] of subnets) list.addSubnet(subnet, bits, familyOf(subnet));
  return list;
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return address.includes(":") ? "ipv6" : "ipv4";
}
