import type {Item, LinkItem, NamespacePath} from '../../kernel/item.ts';
import {prefixLengthOf} from '../../model/ip.ts';
import {hostNode, type InterfaceAddress, type Topology, type TopologyLink, type TopologyNode} from './topology.ts';

/** Where a node's network namespace is. */
export type Places = (node: string) => NamespacePath;

/** The nodes that have a network namespace of their own. */
export function namespacesOf({nodes}: Topology): readonly string[] {
  return nodes.map(({name}) => name).filter(name => name !== hostNode);
}

/** Everything in the kernel that a topology wants, in the order in which it can be made. */
export function planLab(topology: Topology, places: Places): readonly Item[] {
  const {networks, nodes, links} = topology;
  return [
    ...[hostNode, ...namespacesOf(topology)].map(node => loopback(places(node))),
    ...networks.map(({bridge, mtu}): Item => link({ns: places(hostNode), name: bridge, type: 'bridge', mtu})),
    ...nodes.flatMap(node => ports(node, topology, places)),
    ...links.map(cable => cableItem(cable, nodes, places)),
    ...gatewayAddresses(topology, places),
    ...nodes.flatMap(node => addresses(node, places)),
    ...links.flatMap(({ends}) => ends.flatMap(({node, name, address}) => addressItem(places(node), name, address))),
    ...nodes.flatMap(node => sysctls(node, places)),
    ...nodes.flatMap(node => routes(node, places)),
  ];
}

type LinkWish = Pick<LinkItem, 'name' | 'type'> & Partial<LinkItem> & {readonly ns: NamespacePath};

function link(wish: LinkWish): Item & LinkItem {
  const defaults = {up: true, group: 0, mtu: null, mac: null, altname: null, master: null, peer: null};
  return {kind: 'link', hairpin: false, isolated: false, ...defaults, ...wish};
}

const loopback = (ns: NamespacePath): Item => link({ns, name: 'lo', type: 'loopback'});

/** A port on the host is called after its node and interface: `c1` for eth0, `c1-1` for eth1. */
function ports({name: node, interfaces, up}: TopologyNode, {networks}: Topology, places: Places): readonly Item[] {
  return interfaces.map(({name, network, mtu}, i) =>
    link({
      ns: places(hostNode),
      name: portName(node, i),
      type: 'veth',
      up,
      mtu,
      master: networks.find(each => each.name === network)?.bridge ?? null,
      peer: {ns: places(node), name, mac: null, mtu, ...lying(up)},
    }),
  );
}

const lying = (up: boolean): {readonly down?: true} => (up ? {} : {down: true});

export function portName(node: string, i: number): string {
  const suffix = i === 0 ? '' : `-${i}`;
  return `${node.slice(0, 15 - suffix.length)}${suffix}`;
}

function cableItem({ends: [a, b], mtu}: TopologyLink, nodes: readonly TopologyNode[], places: Places): Item {
  const up = [a, b].every(end => nodes.find(({name}) => name === end.node)?.up ?? true);
  const peer = {ns: places(b.node), name: b.name, mac: null, mtu, ...lying(up)};
  return link({ns: places(a.node), name: a.name, type: 'veth', up, mtu, peer});
}

function gatewayAddresses({networks}: Topology, places: Places): readonly Item[] {
  return networks.flatMap(({bridge, subnet, gateway}) =>
    gateway?.node !== hostNode || subnet === null
      ? []
      : addressItem(places(hostNode), bridge, {address: gateway.address, prefixLength: prefixLengthOf(subnet)}),
  );
}

function addresses({name, interfaces}: TopologyNode, places: Places): readonly Item[] {
  return interfaces.flatMap(each => addressItem(places(name), each.name, each.address));
}

function addressItem(ns: NamespacePath, device: string, address: InterfaceAddress | null): readonly Item[] {
  return address === null ? [] : [{ns, kind: 'address', link: device, ...address}];
}

function sysctls({name, sysctls: settings}: TopologyNode, places: Places): readonly Item[] {
  return settings.map(({path, value}) => ({ns: places(name), kind: 'sysctl', path, value}));
}

/** The kernel refuses a route by a link that is down. */
function routes({name, routes: wanted, up}: TopologyNode, places: Places): readonly Item[] {
  if (!up) return [];
  return wanted.map(({to, via, link: device, metric}) => ({
    ns: places(name),
    kind: 'route',
    to,
    via,
    link: device,
    ...(metric === null ? {} : {metric}),
  }));
}
