import type {TopologyAnswer, TopologyContainer} from '../../api/topology.ts';
import type {Attachment} from '../../model/attachment.ts';
import type {Network} from '../../model/network.ts';
import {formatPortMapping} from '../../model/port-mapping.ts';

/** Networks and who is on them; a container on several is under each, with the same id. */
export interface Tree {
  readonly networks: readonly TreeNetwork[];
}

export interface TreeNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  /** '' when it has none, as the host's own. */
  readonly device: string;
  readonly internal: boolean;
  readonly subnets: readonly {readonly subnet: string; readonly gateway: string}[];
  readonly members: readonly Member[];
}

export interface Member {
  readonly id: string;
  readonly name: string;
  /** Null of those on the host's network, and on none. */
  readonly interface: Interface | null;
  /** `0.0.0.0:8080->80/tcp`. */
  readonly ports: readonly string[];
  /** Names of the containers that share its network namespace (`--network container:`). */
  readonly sharedWith: readonly string[];
}

export interface Interface {
  readonly name: string;
  /** Its other end, on the host. */
  readonly hostName: string;
  readonly mac: string;
  /** `172.17.0.2/16`. */
  readonly addresses: readonly string[];
}

/** In the order of their names, predefined networks first as the daemon has them. */
export function buildTree({networks, attachments, containers}: TopologyAnswer): Tree {
  const byId = new Map(containers.map(container => [container.id, container]));
  const sharing = (owner: TopologyContainer | undefined): readonly string[] =>
    containers
      .filter(({network}) => network.kind === 'container' && refersTo(network.container, owner))
      .map(({name}) => name);
  const attached = (network: Network): readonly Member[] =>
    attachments
      .filter(attachment => attachment.network === network.id)
      .map(attachment => ({...memberOf(attachment, byId), sharedWith: sharing(byId.get(attachment.owner)).toSorted()}));
  const inMode = ({name}: Network): readonly Member[] =>
    containers
      .filter(({network}) => network.kind === name)
      .map(container => ({
        id: container.id,
        name: container.name,
        interface: null,
        ports: [],
        sharedWith: sharing(container),
      }));
  return {
    networks: networks.map(network => ({
      ...headOf(network),
      members: [...attached(network), ...inMode(network)].sort((a, b) => (a.name < b.name ? -1 : 1)),
    })),
  };
}

function headOf({id, name, driver, device, internal, subnets}: Network): Omit<TreeNetwork, 'members'> {
  const pairs = subnets.map(({prefix, gateway}) => ({subnet: prefix, gateway}));
  return {id, name, driver, device, internal, subnets: pairs};
}

/** What another runtime attached has no name here: its id stands for it. */
function memberOf(
  attachment: Attachment,
  containers: ReadonlyMap<string, TopologyContainer>,
): Omit<Member, 'sharedWith'> {
  const {owner, ifname, hostIfname, mac, leases, ports} = attachment;
  const addresses = leases.map(({address, prefixLength}) => `${address}/${prefixLength}`);
  return {
    id: owner,
    name: containers.get(owner)?.name ?? owner.slice(0, 12),
    interface: {name: ifname, hostName: hostIfname, mac, addresses},
    ports: ports.map(formatPortMapping),
  };
}

/** A mode names a container as it was typed: by name, id or the beginning of one. */
function refersTo(reference: string, container: TopologyContainer | undefined): boolean {
  return container !== undefined && (container.name === reference || container.id.startsWith(reference));
}
