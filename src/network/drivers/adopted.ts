import {TnetError} from '../../errors.ts';
import type {AddressItem, Item, Op} from '../../kernel/item.ts';
import type {HostLink} from '../../kernel/kernel.ts';
import {formatPrefix, type Ip, ipFamily, prefixContains} from '../../model/ip.ts';
import {isBridged, type Network} from '../../model/network.ts';
import {bridgeAdopts, bridgeFound, bridgePromiscuous} from '../options.ts';
import {bridgeOf, plugInto, vlansOf} from './bridge-vlan.ts';
import {isOurGroup} from './driver.ts';

/** A bridge that another program has made, and a network of ours uses: never made, changed or deleted by us. */
interface Found {
  /** Gateways' addresses that it had before: they stay. */
  readonly kept: readonly Ip[];
  /** Addresses that ours took the place of: they come back. */
  readonly replaced: readonly {readonly address: Ip; readonly prefixLength: number}[];
}

export const isAdopted = ({options}: Pick<Network, 'options'>): boolean => options[bridgeFound] !== undefined;

const foundOf = ({options}: Network): Found => JSON.parse(options[bridgeFound]!) as Found;

/**
 * Decides whether a new network's bridge is one that is there, and what of it we shall find again. `was` is the network before a
 * change: what that one has put there is no find. Throws ERR_CONFLICT.
 */
export function adoptBridge(
  network: Network,
  host: {hostLinks(): readonly HostLink[]},
  plan: {readonly gateways: (network: Network) => readonly Item[]; readonly was?: Network},
): Network {
  if (!isBridged(network) || network.options[bridgeAdopts] === undefined) return network;
  const link = host.hostLinks().find(({name}) => name === bridgeOf(network));
  if (vlansOf(network) !== null) return plugInto(network, link);
  if (link === undefined || isOurGroup(link.group)) return network;
  refuseUnlike(link, network);
  const gateways = plan.gateways(network).filter(isAddress);
  const {was} = plan;
  const before = was !== undefined && was.device === network.device && isAdopted(was) ? was : undefined;
  const ours = new Set<Ip>(
    before &&
      planAdopted(before, plan.gateways(before))
        .filter(isAddress)
        .map(({address}) => address),
  );
  const found = [
    ...link.addresses.filter(({address}) => !ours.has(address)),
    ...(before ? foundOf(before).replaced : []),
  ];
  const kept = gateways.filter(gateway => found.some(each => isSame(each, gateway))).map(({address}) => address);
  // A gateway's address that is there already needs no room.
  const added = gateways.filter(({address}) => !kept.includes(address));
  const replaced = found.filter(each => added.some(gateway => collides(each, gateway)));
  if (replaced.length > 0 && network.options[bridgeAdopts] !== 'force') {
    const [{address, prefixLength}] = replaced as [Found['replaced'][number]];
    throw new TnetError(
      'ERR_CONFLICT',
      `"${link.name}" already has an IP address different from the gateway's, ${address}/${prefixLength}: forceAddress replaces it`,
    );
  }
  return {...network, options: {...network.options, [bridgeFound]: JSON.stringify({kept, replaced} satisfies Found)}};
}

function refuseUnlike({name, kind}: HostLink, {options}: Network): void {
  if (kind !== 'bridge') throw new TnetError('ERR_CONFLICT', `"${name}" already exists but is not a bridge`);
  if (options[bridgePromiscuous] === 'true')
    throw new TnetError(
      'ERR_CONFLICT',
      `"${name}" is another program's bridge: whether it is promiscuous is for that one to say`,
    );
}

const isAddress = (item: Item): item is Item & AddressItem => item.kind === 'address';

const isSame = (a: Found['replaced'][number], b: AddressItem): boolean =>
  a.address === b.address && a.prefixLength === b.prefixLength;

/** As the reference plugin: a bridge has one IPv4 address; of IPv6, prefixes that do not overlap. */
function collides({address, prefixLength}: Found['replaced'][number], gateway: AddressItem): boolean {
  if (ipFamily(address) !== ipFamily(gateway.address) || /^fe80:/.test(address)) return false;
  return (
    ipFamily(address) === 4 ||
    prefixContains(formatPrefix(address, prefixLength), gateway.address) ||
    prefixContains(formatPrefix(gateway.address, gateway.prefixLength), address)
  );
}

/** What is ours on it: the gateways' addresses, unless it had them. */
export function planAdopted(network: Network, gateways: readonly Item[]): readonly Item[] {
  if (!isAdopted(network)) return gateways;
  const {kept} = foundOf(network);
  return gateways.filter(item => !isAddress(item) || !kept.includes(item.address));
}

/** `take`: what ours takes the place of goes; `leave`: it comes back. */
export function replaceOps(network: Network, way: 'take' | 'leave'): readonly Op[] {
  if (!isAdopted(network)) return [];
  return foundOf(network).replaced.map(({address, prefixLength}): Op => {
    return {
      do: way === 'take' ? 'del' : 'add',
      item: {ns: '', kind: 'address', link: network.device, address, prefixLength},
    };
  });
}
