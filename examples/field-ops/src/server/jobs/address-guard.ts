import { lookup as systemLookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

/** Why an address is not called. Nothing was sent. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/** An address that may be called, found once: whoever connects must use it, and not ask again. */
export interface CheckedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Asks a name for its addresses, as `dns.promises.lookup` with `all: true`. */
export type Lookup = (hostname: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

/**
 * Ranges that are not somebody's on the public internet: IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890
 * and its updates), multicast, and what wraps an IPv4 address (NAT64, 6to4, Teredo). The metadata services of clouds
 * (169.254.169.254, fd00:ec2::254) are among the link-local and unique-local ones.
 */
const special = new BlockList();
for (const [network, bits] of [
  ...([
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
    ['192.88.99.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 4],
    ['240.0.0.0', 4],
  ] as const),
]) {
  special.addSubnet(network, bits, 'ipv4');
}
/** Of IPv6 only what is handed out as global unicast may be called, less what is special in it. */
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');
for (const [network, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  special.addSubnet(network, bits, 'ipv6');
}

/** Whether an IP address is a public one. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.check(address, 'ipv4');
  // An IPv4 address in IPv6's clothes is outside of 2000::/3, and so is every other one that is not public.
  return family === 6 && globalUnicast.check(address, 'ipv6') && !special.check(address, 'ipv6');
}

/** Decides which addresses may be called by whoever is given a URL from outside (server-side request forgery, CWE-918). */
export class AddressGuard {
  readonly #allowed = new BlockList();
  readonly #lookup: Lookup;

  /**
   * @param allowed ranges that may be called although they are not public, such as `10.20.0.0/16`; plain http too
   * @throws TypeError for what is no range
   */
  constructor(allowed: readonly string[] = [], lookup: Lookup = (name) => systemLookup(name, { all: true })) {
    this.#lookup = lookup;
    for (const range of allowed) {
      // A length that is not there is no length of 0, which would allow every address.
      const [, network = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(range) ?? [];
      const family = isIP(network);
      const longest = family === 4 ? 32 : 128;
      const length = Number(bits ?? longest);
      if (family === 0 || length > longest)
        throw new TypeError(
          `EKBAAR_OUTGOING_ALLOWED: "${range}" is no range of addresses, such as 10.20.0.0/16 or fd12:3456::/32`,
        );
      this.#allowed.addSubnet(network, length, family === 4 ? 'ipv4' : 'ipv6');
    }
  }

  /**
   * The address to connect to for a URL. Every address of the name must be allowed, not only the one that is taken.
   *
   * @throws AddressRefused; the system's error when the name cannot be resolved
   */
  async check(url: URL): Promise<CheckedAddress> {
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      throw new AddressRefused(`${url.protocol} is not called: only https is`);
    if (url.username !== '' || url.password !== '')
      throw new AddressRefused('A URL with a name and a password in it is not called');
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const family = isIP(host);
    const found = family === 0 ? await this.#lookup(host) : [{ address: host, family }];
    const refused = found.find(({ address }) => !this.#isAllowed(address) && !isPublic(address));
    if (refused !== undefined)
      throw new AddressRefused(`${host} leads to ${refused.address}, which is not on the public internet`);
    const [first] = found;
    if (first === undefined) throw new AddressRefused(`${host} has no address`);
    // Unencrypted, others could read and change it: only where whoever runs this says that it is their own network.
    if (url.protocol === 'http:' && !found.every(({ address }) => this.#isAllowed(address)))
      throw new AddressRefused(`${url.origin} is not encrypted: only https is called`);
    return { address: first.address, family: first.family === 6 ? 6 : 4 };
  }

  #isAllowed(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#allowed.check(address, family === 4 ? 'ipv4' : 'ipv6');
  }
}
