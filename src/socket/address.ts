import { isIP } from "node:net";
import type { Libc } from "../ffi/libc.ts";

/** An IP address, without brackets, and its family. */
export interface IpAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** `hostname` as an IP literal, with or without the brackets of a URL; null where it is a name. */
export function ipLiteral(hostname: string): IpAddress | null {
  const address = hostname.startsWith("[") && hostname.endsWith("]") ? hostname.slice(1, -1) : hostname;
  const family = isIP(address);
  return family === 4 || family === 6 ? { address, family } : null;
}

/** `203.0.113.7:443`, `[2001:db8::1]:443`: how an endpoint stands in messages. */
export function endpoint(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The address in network order, 4 or 16 bytes; a zone is left out. */
export function addressBytes({ address, family }: IpAddress): Uint8Array {
  if (family === 4) return Uint8Array.from(address.split("."), Number);
  const [withoutZone = ""] = address.split("%");
  return Uint8Array.from(ipv6Groups(withoutZone).flatMap((group) => [group >> 8, group & 0xff]));
}

/** The address as the kernel wants it, a `sockaddr_in` or `sockaddr_in6`. */
export function socketAddress(library: Libc, ip: IpAddress, port: number): Uint8Array {
  const { AF_INET, AF_INET6, ADDRESS_HAS_LENGTH } = library.constants;
  const length = ip.family === 4 ? 16 : 28;
  const view = new DataView(new ArrayBuffer(length));
  const family = ip.family === 4 ? AF_INET : AF_INET6;
  if (ADDRESS_HAS_LENGTH) {
    view.setUint8(0, length);
    view.setUint8(1, family);
  } else {
    view.setUint16(0, family, true);
  }
  view.setUint16(2, port);
  const bytes = new Uint8Array(view.buffer);
  bytes.set(addressBytes(ip), ip.family === 4 ? 4 : 8);
  const [, zone] = ip.address.split("%");
  if (zone !== undefined) view.setUint32(24, /^\d+$/.test(zone) ? Number(zone) : library.interfaceIndex(zone), true);
  return bytes;
}

/** The eight groups of a valid IPv6 address (RFC 4291 section 2.2), a dotted tail included. */
function ipv6Groups(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const left = groupsOf(head);
  if (tail === undefined) return left;
  const right = groupsOf(tail);
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function groupsOf(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
