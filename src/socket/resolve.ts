import { lookup } from "node:dns/promises";
import { type IpAddress, ipLiteral } from "./address.ts";
import { ConnectError, osCodeOf } from "./errors.ts";

/** Finds the addresses of a name, best first. */
export type Resolver = (hostname: string) => Promise<readonly IpAddress[]>;

/** Asks the system (`getaddrinfo`): its hosts file, its order, its timeouts. It cannot be cancelled, only left behind. */
export async function resolveBySystem(hostname: string): Promise<readonly IpAddress[]> {
  const found = await lookup(hostname, { all: true });
  return found.flatMap(({ address }) => ipLiteral(address) ?? []);
}

/**
 * The addresses to try for `hostname`, families taking turns, the resolver's first choice first (RFC 8305 section 4).
 * @throws ConnectError `CONNECT_DNS_FAILED`
 */
export async function addressesOf(hostname: string, resolver: Resolver): Promise<readonly IpAddress[]> {
  let found: readonly IpAddress[];
  try {
    found = await resolver(hostname);
  } catch (cause) {
    const osCode = osCodeOf(cause);
    const message = `Cannot resolve ${hostname}: ${osCode ?? String(cause)}`;
    throw new ConnectError("CONNECT_DNS_FAILED", message, { phase: "dns", osCode, cause });
  }
  if (found.length === 0) {
    throw new ConnectError("CONNECT_DNS_FAILED", `Cannot resolve ${hostname}: it has no address`, { phase: "dns" });
  }
  return interleave(found);
}

/** Families in turn, each in its own order, duplicates left out. */
export function interleave(addresses: readonly IpAddress[]): IpAddress[] {
  const seen = new Set<string>();
  const unique = addresses.filter(({ address }) => !seen.has(address) && seen.add(address));
  const first = unique.filter(({ family }) => family === unique[0]?.family);
  const second = unique.filter(({ family }) => family !== unique[0]?.family);
  const turns: IpAddress[] = [];
  for (let i = 0; i < Math.max(first.length, second.length); i += 1)
    turns.push(...first.slice(i, i + 1), ...second.slice(i, i + 1));
  return turns;
}
