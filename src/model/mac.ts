import type {Ip} from './ip.ts';

/** Lower-case `02:42:ac:11:00:02`. */
export type Mac = string & {readonly __mac: true};

export function parseMac(text: string): Mac {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) throw new SyntaxError(`invalid MAC address "${text}"`);
  return text.toLowerCase() as Mac;
}

/**
 * `02:42` + the IPv4 address, as Docker did before v28: locally administered, unicast, and the same for the same
 * address, so a neighbour's ARP entry stays right when the next container gets the address of the last one.
 */
export function macFromIp(ip: Ip): Mac {
  const octets = ip.split('.').map(octet => Number(octet).toString(16).padStart(2, '0'));
  return parseMac(['02', '42', ...octets].join(':'));
}
