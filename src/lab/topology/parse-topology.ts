import {
  addressBits,
  formatPrefix,
  type Ip,
  ipFamily,
  ipFromNumber,
  ipToNumber,
  type Prefix,
  prefixLengthOf,
} from '../../model/ip.ts';
import {type Document, DocumentError, type Problem, readDocument} from '../document/read-document.ts';
import {directionsOf} from '../impair/schema.ts';
import {cableNets, type Kept, keptOf} from './kept-addresses.ts';
import {type LinkFile, type NodeFile, type TopologyFile, topologySchema} from './schema.ts';
import {
  hostNode,
  type InterfaceAddress,
  type Topology,
  type TopologyEnd,
  type TopologyInterface,
  type TopologyLink,
  type TopologyNetwork,
  type TopologyNode,
} from './topology.ts';

type Report = (keys: readonly (string | number)[], message: string) => void;

interface NodeEntry {
  readonly name: string;
  /** The key it was written under: `c[1-3]`. */
  readonly key: string;
  readonly file: NodeFile;
}

/**
 * Reads a topology file. Throws DocumentError with everything that is wrong, each with its place and the way out. What `running`, the
 * lab as it is, gave a subnet or an address by itself keeps it: a node that is added before others moves none of them.
 */
export function parseTopology(text: string, path: string, running: Topology | null = null): Topology {
  const document = readDocument(text, {path, schema: topologySchema});
  const problems: Problem[] = [];
  const report: Report = (keys, message) => void problems.push(document.problemAt(keys, message));
  const topology = resolve(document, {report, kept: keptOf(running)});
  if (problems.length > 0) throw new DocumentError(problems);
  return topology;
}

function resolve({value}: Document<TopologyFile>, {report, kept}: {report: Report; kept: Kept}): Topology {
  const entries = expandNodes(value, report);
  checkContainers(entries, report);
  const names = new Set([hostNode, ...entries.map(({name}) => name)]);
  const networks = resolveNetworks(value, names, {report, kept});
  const addresses = assign(networks, entries, {report, kept});
  const cableNet = cableNets(value.links, kept);
  const nodes = entries.map(entry => resolveNode(entry, networks, addresses));
  for (const {key, file} of entries)
    if (file.impair) directionsOf(file.impair, 'out', problem => report(['nodes', key, 'impair'], problem));
  return {
    name: value.name,
    networks: networks,
    nodes,
    links: value.links.map((link, i) => resolveLink(link, i, {names, report, cableNet})),
  };
}

function checkContainers(entries: readonly NodeEntry[], report: Report): void {
  for (const {name, key, file} of entries) {
    const {kind, image, run} = file;
    if (kind === 'container' && image === undefined)
      report(
        ['nodes', key, 'kind'],
        'a container has an image; add `image: host`, or another one that `tnet images` lists',
      );
    if (image === undefined) continue;
    if (kind === 'netns')
      report(['nodes', key, 'image'], 'a netns has no image; take it out, or say `kind: container`');
    if (name === hostNode) report(['nodes', key, 'image'], "the lab's host is no container; take the image out");
    if (Array.isArray(run) && run.length > 1)
      report(['nodes', key, 'run'], 'a container runs one command; join them with && or ;');
  }
}

const maxNodes = 1022; // ports of one bridge, BR_MAX_PORTS less the first

function expandNodes({nodes}: TopologyFile, report: Report): readonly NodeEntry[] {
  const entries = Object.entries(nodes).flatMap(([key, file]) =>
    namesOf(key).map((name): NodeEntry => ({name, key, file: file ?? {}})),
  );
  const seen = new Set<string>();
  for (const {name, key} of entries) {
    if (seen.has(name)) report(['nodes', key], `node "${name}" is there twice; give it another name`);
    if (name.length > 15) report(['nodes', key], `node name "${name}" is too long: 15 characters at most`);
    seen.add(name);
  }
  if (entries.length > maxNodes) report(['nodes'], `${entries.length} nodes: ${maxNodes} at most`);
  return entries.slice(0, maxNodes);
}

/** `c[1-3]` → c1, c2, c3; `c[01-10]` keeps its zeros. Backwards: none, and said by the schema's user. */
export function namesOf(key: string): readonly string[] {
  const [, head, first, last, tail] = /^([^[]*)\[(\d+)-(\d+)\](.*)$/.exec(key) ?? [];
  if (first === undefined || last === undefined) return [key];
  const count = Math.max(Number(last) - Number(first) + 1, 0);
  return Array.from({length: Math.min(count, maxNodes + 1)}, (_, i) =>
    [head, String(Number(first) + i).padStart(first.startsWith('0') ? first.length : 1, '0'), tail].join(''),
  );
}

function resolveNetworks(
  file: TopologyFile,
  nodes: ReadonlySet<string>,
  {report, kept}: {report: Report; kept: Kept},
): readonly TopologyNetwork[] {
  const written = new Set<string>(Object.values(file.networks).flatMap(network => network?.subnet ?? []));
  const own = new Map(
    Object.entries(file.networks).flatMap(([name, network]) => {
      const subnet = network?.subnet === undefined ? kept.subnet(name) : null;
      return subnet === null || written.has(subnet) ? [] : [[name, subnet] as const];
    }),
  );
  const taken = new Set([...written, ...own.values()]);
  return Object.entries(file.networks).map(([name, network]) => {
    const subnet = network?.subnet === 'none' ? null : (network?.subnet ?? own.get(name) ?? freeSubnet(taken));
    const gateway = network?.gateway ?? null;
    if (gateway !== null && !nodes.has(gateway))
      report(['networks', name, 'gateway'], `no node "${gateway}"; want a node's name or host`);
    if (gateway !== null && subnet === null)
      report(['networks', name, 'gateway'], 'a network without subnet has no gateway; give it a subnet');
    return {
      name,
      bridge: network?.bridge ?? name,
      subnet,
      gateway: gateway === null || subnet === null ? null : {node: gateway, address: nthAddress(subnet, 1)},
      mtu: network?.mtu ?? null,
      ...(network?.subnet === undefined ? {automatic: true} : {}),
    };
  });
}

function freeSubnet(taken: Set<string>): Prefix {
  const free =
    Array.from({length: 255}, (_, i) => `10.${i}.0.0/24`).find(subnet => !taken.has(subnet)) ?? '10.0.0.0/24';
  taken.add(free);
  return free as Prefix;
}

export function nthAddress(subnet: Prefix, n: number): Ip {
  const base = subnet.slice(0, subnet.indexOf('/')) as Ip;
  return ipFromNumber(ipToNumber(base) + BigInt(n), addressBits(base) === 32 ? 4 : 6);
}

interface Wish {
  readonly network: string;
  readonly address: Ip | 'auto' | 'none';
}

function wishesOf({net}: NodeFile): readonly Wish[] {
  if (net === undefined) return [];
  if (typeof net === 'string') return [{network: net, address: 'auto'}];
  if (Array.isArray(net)) return net.map(network => ({network, address: 'auto'}));
  return Object.entries(net).map(([network, address]) => ({network, address}));
}

/** `NODE NETWORK` → its address: what is written wins, the rest gets the lowest free from the second on. */
type Addresses = ReadonlyMap<string, InterfaceAddress>;

function assign(
  networks: readonly TopologyNetwork[],
  entries: readonly NodeEntry[],
  {report, kept}: {report: Report; kept: Kept},
): Addresses {
  const found = new Map<string, InterfaceAddress>();
  const wishes = entries.flatMap(entry => wishesOf(entry.file).map(wish => ({...entry, ...wish})));
  for (const {key, network} of wishes)
    if (!networks.some(({name}) => name === network))
      report(['nodes', key, 'net'], `no network "${network}"; add it below "networks" or use one of ${list(networks)}`);
  for (const {name, subnet, gateway} of networks) {
    if (subnet === null) continue;
    const mine = wishes.filter(wish => wish.network === name);
    const taken = new Set<Ip>(gateway === null ? [] : [gateway.address]);
    const give = (node: string, address: Ip): void => {
      taken.add(address);
      found.set(`${node} ${name}`, {address, prefixLength: prefixLengthOf(subnet)});
    };
    for (const {name: node, key, address} of mine) {
      if (address === 'auto' || address === 'none') continue;
      if (formatPrefix(address, prefixLengthOf(subnet)) !== subnet)
        report(['nodes', key, 'net', name], `${address} is not in ${subnet}, the subnet of "${name}"`);
      if (taken.has(address)) report(['nodes', key, 'net', name], `${address} has another node already`);
      give(node, address);
    }
    for (const {name: node, address} of mine) {
      const own = address === 'auto' && gateway?.node !== node ? kept.address(node, name) : null;
      if (own !== null && !taken.has(own) && formatPrefix(own, prefixLengthOf(subnet)) === subnet) give(node, own);
    }
    let next = 2;
    for (const {name: node, address, key} of mine) {
      if (address !== 'auto' || found.has(`${node} ${name}`)) continue;
      if (gateway?.node === node) {
        give(node, gateway.address);
        continue;
      }
      while (taken.has(nthAddress(subnet, next))) next++;
      const free = nthAddress(subnet, next);
      if (formatPrefix(free, prefixLengthOf(subnet)) !== subnet) {
        report(['nodes', key], `${subnet} of "${name}" has no address left; give it a shorter prefix`);
        break;
      }
      give(node, free);
    }
  }
  return found;
}

const list = (networks: readonly TopologyNetwork[]): string => networks.map(({name}) => name).join(', ') || '(none)';

function resolveNode(
  {name, file}: NodeEntry,
  networks: readonly TopologyNetwork[],
  addresses: Addresses,
): TopologyNode {
  const impaired = file.impair && directionsOf(file.impair, 'out');
  const interfaces = wishesOf(file).map(
    ({network, address}, i): TopologyInterface => ({
      ...(address === 'auto' ? {automatic: true} : {}),
      name: `eth${i}`,
      network,
      address: addresses.get(`${name} ${network}`) ?? null,
      mtu: file.mtu ?? networks.find(each => each.name === network)?.mtu ?? null,
      ...(impaired && {impair: {out: impaired.forth, in: impaired.back}}),
    }),
  );
  const gateway = networks.find(
    each =>
      each.gateway !== null &&
      each.gateway.node !== name &&
      interfaces.some(({network, address}) => network === each.name && address !== null),
  )?.gateway;
  const chosen = (file.routes ?? []).map(({to, via, dev, metric}) => ({
    to,
    via: via ?? null,
    link: dev ?? null,
    metric: metric ?? null,
  }));
  const everything = (gateway && ipFamily(gateway.address) === 6 ? '::/0' : '0.0.0.0/0') as Prefix;
  const hasDefault = chosen.some(({to}) => to === everything);
  const automatic = gateway && file.default !== 'none' && !hasDefault;
  return {
    name,
    router: file.router ?? false,
    interfaces,
    routes: automatic ? [...chosen, {to: everything, via: gateway.address, link: null, metric: null}] : chosen,
    sysctls: [...(file.router ? forwarding : []), ...Object.entries(file.sysctls ?? {}).map(toSysctl)],
    up: file.links !== 'down',
    ...(file.image === undefined ? {} : {image: file.image}),
    run: file.run === undefined ? [] : [file.run].flat(),
  };
}

const forwarding = ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding'].map(path => ({path, value: '1'}));

/** As sysctl(8): without a slash, dots are the separators. */
export function sysctlPath(name: string): string {
  return name.includes('/') ? name : name.replaceAll('.', '/');
}

function toSysctl([name, value]: readonly [string, string]): {readonly path: string; readonly value: string} {
  return {path: sysctlPath(name), value};
}

function resolveLink(
  {ends, addr, mtu, impair}: LinkFile,
  i: number,
  {names, report, cableNet}: {names: ReadonlySet<string>; report: Report; cableNet: readonly number[]},
): TopologyLink {
  const impaired = impair && directionsOf(impair, 'ab', problem => report(['links', i, 'impair'], problem));
  const automatic = [1, 2].map(n => ({
    address: nthAddress(`10.255.${cableNet[i]}.0/30` as Prefix, n),
    prefixLength: 30,
  }));
  const end = (side: 0 | 1): TopologyEnd => {
    const [node = '', name = ''] = ends[side].split(':');
    if (!/^[^:]+:[^:/\s]{1,15}$/.test(ends[side]))
      report(['links', i, 'ends'], `"${ends[side]}": want NODE:INTERFACE, as c1:eth0`);
    else if (!names.has(node)) report(['links', i, 'ends'], `no node "${node}"; add it below "nodes"`);
    const address = addr === undefined ? automatic[side]! : addr === 'none' ? null : addr[side];
    return {node, name, address, ...(impaired && {impair: side === 0 ? impaired.forth : impaired.back})};
  };
  return {ends: [end(0), end(1)], mtu: mtu ?? null};
}
