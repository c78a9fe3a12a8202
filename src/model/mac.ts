import {type Ip, ipFamily, ipToNumber} from './ip.ts';

/** Lower-case `02:42:ac:11:00:02`. */
export type Mac = string & {readonly __mac: true};

export function parseMac(text: string): Mac {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) throw new SyntaxError(`invalid MAC address "${text}"`);
  return text.toLowerCase() as Mac;
}

/**
 * `02:42` + the IPv4 address, or the last 32 bits of an IPv6 one, as Docker did before v28: locally administered, unicast, and
 * the same for the same address, so a neighbour's ARP entry stays right when the next container gets the address of the last one.
 */
export function macFromIp(ip: Ip): Mac {
  const low = ipFamily(ip) === 4 ? ipToNumber(ip) : ipToNumber(ip) & 0xffff_ffffn;
  const digits = low.toString(16).padStart(8, '0');
  return parseMac(`02:42:${digits.replace(/..(?!$)/g, '$&:')}`);
}

/** The same for what has no address: of the first 8 of many hex digits. */
export function macFromId(id: string): Mac {
  return parseMac(`02:42:${id.slice(0, 8).replace(/..(?!$)/g, '$&:')}`);
}
