import {formatPrefix, parseInterfaceAddress, parsePrefix} from '../model/ip.ts';
import type {BridgeFlags} from '../network/bridge-flags.ts';
import type {AddressPool} from '../network/ipam.ts';

/** dockerd's flags about the network `bridge`, as text; what is left out stays left out. Throws SyntaxError. */
export function parseBridgeFlags(values: {
  readonly bridge?: string;
  readonly ipv6?: string;
  readonly bip?: string;
  readonly 'fixed-cidr'?: string;
  readonly 'fixed-cidr-v6'?: string;
  readonly mtu?: string;
  readonly icc?: string;
}): BridgeFlags {
  const {bridge, ipv6, bip, mtu, icc, 'fixed-cidr': fixedCidr, 'fixed-cidr-v6': fixedCidrV6} = values;
  return {
    ...(bridge === undefined ? {} : {device: bridge}),
    ...(ipv6 === undefined ? {} : {ipv6: parseBoolean('ipv6', ipv6)}),
    ...(bip === undefined ? {} : {bip: parseInterfaceAddress(bip)}),
    ...(fixedCidr === undefined ? {} : {fixedCidr: parsePrefix(fixedCidr)}),
    ...(fixedCidrV6 === undefined ? {} : {fixedCidrV6: parsePrefix(fixedCidrV6)}),
    ...(mtu === undefined ? {} : {mtu: parseMtu(mtu)}),
    ...(icc === undefined ? {} : {icc: parseBoolean('icc', icc)}),
  };
}

/** `base=10.64.0.0/12,size=24`. Throws SyntaxError. */
export function parsePool(text: string): AddressPool {
  const {base, size, ...rest} = Object.fromEntries(text.split(',').map(part => part.split('=', 2))) as {
    readonly base?: string;
    readonly size?: string;
  };
  if (base === undefined || !/^\d{1,3}$/.test(size ?? '') || Object.keys(rest).length > 0)
    throw new SyntaxError(`invalid --default-address-pool "${text}": want base=10.64.0.0/12,size=24`);
  const {address, prefixLength} = parseInterfaceAddress(base);
  const most = address.includes(':') ? 126 : 30;
  if (Number(size) < prefixLength || Number(size) > most)
    throw new SyntaxError(`invalid --default-address-pool "${text}": want a size from ${prefixLength} to ${most}`);
  return {base: formatPrefix(address, prefixLength), size: Number(size)};
}

function parseBoolean(flag: string, text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new SyntaxError(`invalid --${flag}=${text}: want true or false`);
  return text === 'true';
}

/** 68 is IPv4's minimum (RFC 791), 1280 IPv6's, which the network refuses by itself; 65535 is what a bridge takes. */
function parseMtu(text: string): number {
  const mtu = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (mtu < 68 || mtu > 65_535) throw new SyntaxError(`invalid --mtu ${text}: want 68 to 65535`);
  return mtu;
}
