import {type Ip, ipFromNumber} from '../../model/ip.ts';

/** The address that a PTR query asks for: `2.0.17.172.in-addr.arpa`, 32 nibbles before `ip6.arpa`. Null for other names. */
export function parseReverseName(name: string): Ip | null {
  const ipv4 = /^((?:\d{1,3}\.){4})in-addr\.arpa$/i.exec(name);
  if (ipv4) return fromBytes(ipv4[1]!.slice(0, -1).split('.'));
  const ipv6 = /^((?:[0-9a-f]\.){32})ip6\.arpa$/i.exec(name);
  if (ipv6) return ipFromNumber(BigInt(`0x${[...ipv6[1]!.replaceAll('.', '')].reverse().join('')}`), 6);
  return null;
}

function fromBytes(reversed: readonly string[]): Ip | null {
  const bytes = reversed.map(Number).reverse();
  return bytes.every(byte => byte <= 255) ? (bytes.join('.') as Ip) : null;
}
