import type {Attachment} from '../model/attachment.ts';
import {formatPrefix, type Prefix} from '../model/ip.ts';
import type {Network} from '../model/network.ts';

/** A bridge that another program has made and put containers on, and a prefix of theirs. */
export interface Home {
  readonly device: string;
  readonly prefix: Prefix;
}

/** Option of a foreign network: where its containers were seen, as `cni0=10.1.0.0/24 cni0=fd00::/64`. */
export const foreignHomes = 'tnet.foreign.homes';

export function homesOf({driver, options}: Pick<Network, 'driver' | 'options'>): readonly Home[] {
  const text = driver === 'foreign' ? options[foreignHomes] : undefined;
  return text === undefined ? [] : text.split(' ').map(parseHome);
}

/** The option's value when the attachment is seen on `device` besides. */
export function withHomes(network: Network, device: string, {leases}: Pick<Attachment, 'leases'>): string {
  const seen = leases.map(({address, prefixLength}): Home => ({device, prefix: formatPrefix(address, prefixLength)}));
  return [...new Set([...homesOf(network), ...seen].map(home => `${home.device}=${home.prefix}`))].join(' ');
}

/** Option of an attachment on a foreign network: the host's link that leads to it alone. */
export const foreignLink = 'tnet.foreign.link';

/** The link, while something is published by it. */
export function linkOf({options, ports}: Pick<Attachment, 'options' | 'ports'>): string | null {
  return ports.length > 0 ? (options[foreignLink] ?? null) : null;
}

/** Names of links have no spaces, but may have an equals sign. */
function parseHome(text: string): Home {
  const at = text.lastIndexOf('=');
  return {device: text.slice(0, at), prefix: text.slice(at + 1) as Prefix};
}
