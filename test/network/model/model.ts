import type {ErrorCode} from '../../../src/errors.ts';
import type {AttachStep, CreateStep, Family, PortWish, Step} from './steps.ts';
import {defaultPool6, firstSubnet4, firstSubnet6, overlaps, parse, type Range, toText} from './subnets.ts';

/** What a tnet that has no bug knows: a few maps, and none of tnet's own planners. */
export interface Net {
  readonly name: string;
  /** Told by tnet. */
  device: string;
  readonly subnets: readonly Subnet[];
  readonly internal: boolean;
  readonly icc: boolean;
  readonly masquerade: boolean;
  readonly mode: CreateStep['mode'];
  readonly binding: string | null;
}

export interface Subnet extends Range {
  readonly family: Family;
  readonly prefix: string;
  readonly gateway: string;
  /** Where addresses are chosen. */
  readonly from: bigint;
  readonly to: bigint;
  readonly reserved: readonly string[];
}

export interface Port {
  readonly proto: 'tcp' | 'udp';
  readonly hostIp: string | null;
  readonly hostPort: number;
  readonly containerPort: number;
  readonly count: number;
}

export interface Link {
  /** Told by tnet: id and the name of the host's end. */
  id: string;
  host: string;
  readonly net: string;
  readonly box: number;
  readonly ifname: string;
  readonly addresses: readonly {readonly family: Family; readonly address: string; readonly length: number}[];
  readonly mac: string;
  readonly priority: number;
  ports: readonly Port[];
  /** 20 Mbit/s in, 10 out. */
  limited: boolean;
}

export interface Model {
  readonly nets: Map<string, Net>;
  /** In the order in which they were made. */
  links: Link[];
  readonly boxes: Set<number>;
  /** Families for which some network has switched on forwarding of the host's links; it stays until nothing is left. */
  readonly forwards: Set<Family>;
  readonly pool6: string;
}

export function createModel(instance: string): Model {
  const bridge = subnetOf({prefix: '172.17.0.0/16', range: null, reserved: false});
  const nets = new Map([['bridge', {...plainNet, name: 'bridge', device: 'docker0', subnets: [bridge]}]]);
  return {nets, links: [], boxes: new Set(), forwards: new Set(), pool6: defaultPool6(instance)};
}

const plainNet = {internal: false, icc: true, masquerade: true, mode: 'nat', binding: null} as const;

export function linksOf(model: Model, box: number): readonly Link[] {
  return model.links.filter(link => link.box === box);
}

/** Codes a step may be refused with; it must succeed when there is none, and be refused when there is one. */
export function refusals(model: Model, step: Step): ReadonlySet<ErrorCode> {
  switch (step.do) {
    case 'create':
      return refuseCreate(model, step);
    case 'remove':
      return refuseRemove(model, step.net);
    case 'attach':
      return refuseAttach(model, step);
    case 'publish': {
      const link = pick(model, step.box, step.link);
      const codes = link ? refusePorts(model, model.nets.get(link.net)!, [step.port]) : new Set<ErrorCode>();
      return link && step.port.hostPort === 0 && step.port.count > 1 ? codes.add('ERR_BAD_REQUEST') : codes;
    }
    default:
      return new Set();
  }
}

export function pick(model: Model, box: number, index: number): Link | undefined {
  const links = linksOf(model, box);
  return links[index % Math.max(links.length, 1)];
}

function refuseCreate(model: Model, step: CreateStep): Set<ErrorCode> {
  const codes = new Set<ErrorCode>();
  if (model.nets.has(step.net)) codes.add('ERR_NAME_IN_USE');
  const subnets = plannedSubnets(model, step);
  if (subnets === 'overlap') codes.add('ERR_SUBNET_IN_USE');
  if (subnets === 'full') codes.add('ERR_SUBNET_FULL');
  return codes;
}

function refuseRemove(model: Model, name: string): Set<ErrorCode> {
  if (name === 'bridge') return new Set(['ERR_FORBIDDEN']);
  if (!model.nets.has(name)) return new Set(['ERR_NETWORK_NOT_FOUND']);
  return new Set(model.links.some(({net}) => net === name) ? ['ERR_NETWORK_IN_USE'] : []);
}

function refuseAttach(model: Model, step: AttachStep): Set<ErrorCode> {
  const net = model.nets.get(step.net);
  if (net === undefined) return new Set(['ERR_NETWORK_NOT_FOUND']);
  const codes = refusePorts(model, net, step.ports);
  if (linksOf(model, step.box).some(link => link.net === step.net)) codes.add('ERR_FORBIDDEN');
  for (const family of [4, 6] as const) {
    const code = refuseAddress(model, net, {family, wish: step.addresses[family]});
    if (code) codes.add(code);
  }
  if (step.mac && model.links.some(({net: name, mac}) => name === step.net && mac === step.mac))
    codes.add('ERR_ADDRESS_IN_USE');
  return codes;
}

function refuseAddress(
  model: Model,
  net: Net,
  {family, wish}: {readonly family: Family; readonly wish: number | null},
): ErrorCode | null {
  const subnet = net.subnets.find(each => each.family === family);
  if (subnet === undefined) return wish === null ? null : 'ERR_BAD_REQUEST';
  if (wish === null) return freeAddress(model, net, subnet) === null ? 'ERR_SUBNET_FULL' : null;
  const value = subnet.first + BigInt(wish);
  if (value > subnet.last || value === subnet.first || value === subnet.last) return 'ERR_BAD_REQUEST';
  return isTaken(model, net, {subnet, address: toText(value, family)}) ? 'ERR_ADDRESS_IN_USE' : null;
}

/** As many ports as are asked, one after the other: each must be free of those that are held and of those before it. */
function refusePorts(model: Model, net: Net, wishes: readonly PortWish[]): Set<ErrorCode> {
  const codes = new Set<ErrorCode>();
  if (net.internal && wishes.length > 0) codes.add('ERR_BAD_REQUEST');
  if (givePorts(model, net, wishes) === null) codes.add('ERR_PORT_IN_USE');
  return codes;
}

/** Host port 0 is whatever tnet has chosen. Null when one is taken. */
export function givePorts(model: Model, net: Net, wishes: readonly PortWish[]): readonly Port[] | null {
  const held = model.links.flatMap(({ports}) => ports);
  const given: Port[] = [];
  for (const wish of wishes.flatMap(oneByOne)) {
    const port = choosePort({...wish, hostIp: wish.hostIp ?? net.binding}, [...held, ...given]);
    if (port === null) return null;
    given.push(port);
  }
  return given;
}

function oneByOne(wish: PortWish): readonly PortWish[] {
  if (wish.hostPort !== 0) return [wish];
  return Array.from({length: wish.count}, (_, i) => ({...wish, count: 1, containerPort: wish.containerPort + i}));
}

function choosePort({hostPortEnd, ...wish}: PortWish, held: readonly Port[]): Port | null {
  for (let hostPort = wish.hostPort; hostPort <= (hostPortEnd ?? wish.hostPort); hostPort++)
    if (hostPort === 0 || !held.some(other => collide(other, {...wish, hostPort}))) return {...wish, hostPort};
  return null;
}

function collide(a: Port, b: Port): boolean {
  const families = familiesOf(a).filter(family => familiesOf(b).includes(family));
  const sameHost = isAny(a) || isAny(b) || a.hostIp === b.hostIp;
  const apart = a.hostPort + a.count <= b.hostPort || b.hostPort + b.count <= a.hostPort;
  return a.proto === b.proto && families.length > 0 && sameHost && !apart;
}

export function familiesOf({hostIp}: Pick<Port, 'hostIp'>): readonly Family[] {
  return hostIp === null ? [4, 6] : hostIp.includes(':') ? [6] : [4];
}

export function isAny({hostIp}: Pick<Port, 'hostIp'>): boolean {
  return hostIp === null || hostIp === '0.0.0.0' || hostIp === '::';
}

function freeAddress(model: Model, net: Net, subnet: Subnet): string | null {
  const [lowest, highest] = [subnet.first + 1n, subnet.last - 1n];
  for (let value = subnet.from; value <= subnet.to; value++) {
    const address = toText(value, subnet.family);
    if (value >= lowest && value <= highest && !isTaken(model, net, {subnet, address})) return address;
  }
  return null;
}

function isTaken(
  {links}: Model,
  {name}: Net,
  {subnet, address}: {readonly subnet: Subnet; readonly address: string},
): boolean {
  const leased = links.some(link => link.net === name && link.addresses.some(lease => lease.address === address));
  return leased || address === subnet.gateway || subnet.reserved.includes(address);
}

function plannedSubnets(model: Model, step: CreateStep): readonly Subnet[] | 'overlap' | 'full' {
  const used = [...[...model.nets.values()].flatMap(({subnets}) => subnets), ...hostPrefixes.map(parse)];
  const subnets: Subnet[] = [];
  for (const family of step.families) {
    const asked = step.subnets[family];
    const prefix = asked ?? (family === 4 ? firstSubnet4(used) : firstSubnet6(model.pool6, used));
    if (prefix === null) return 'full';
    if (used.some(other => overlaps(other, parse(prefix)))) return 'overlap';
    const {range, reserved} = asked === null ? {range: null, reserved: false} : step;
    subnets.push(subnetOf({prefix, range: range && family === 4 ? range : null, reserved}));
  }
  return subnets;
}

/** On the link of the neighbour that stands for the world. */
const hostPrefixes = ['192.0.2.0/24', '2001:db8:1::/64'];

/** `range` takes the upper half, `reserved` the third address. */
function subnetOf(asked: {
  readonly prefix: string;
  readonly range: 'upper' | null;
  readonly reserved: boolean;
}): Subnet {
  const range = parse(asked.prefix);
  const {first, last, family} = range;
  const from = asked.range === null ? first : first + (last - first + 1n) / 2n;
  const reserved = asked.reserved ? [toText(first + 2n, family)] : [];
  return {...range, prefix: asked.prefix, gateway: toText(first + 1n, family), from, to: last, reserved};
}

/** What tnet told of a step that succeeded. */
export interface Told {
  readonly device?: string;
  readonly id?: string;
  readonly host?: string;
  readonly ports?: readonly Port[];
}

/** The same model after a step that was not refused. */
export function apply(model: Model, step: Step, told: Told): void {
  switch (step.do) {
    case 'create':
      create(model, step, told);
      return;
    case 'remove':
      model.nets.delete(step.net);
      return;
    case 'attach':
      attach(model, step, told);
      return;
    case 'publish': {
      const link = pick(model, step.box, step.link);
      if (link) link.ports = [...link.ports, ...told.ports!];
      return;
    }
    case 'unpublish': {
      const link = pick(model, step.box, step.link);
      if (link) link.ports = link.ports.filter((_, i) => i !== step.port % link.ports.length);
      return;
    }
    case 'limit': {
      const link = pick(model, step.box, step.link);
      if (link) link.limited = step.on;
      return;
    }
    case 'detach':
      detach(model, detached(model, step.box, step.links));
      return;
    case 'leave':
      detach(model, linksOf(model, step.box));
      model.boxes.delete(step.box);
      return;
  }
}

export function detached(model: Model, box: number, indexes: readonly number[]): readonly Link[] {
  return [...new Set(indexes.flatMap(index => pick(model, box, index) ?? []))];
}

function create(model: Model, step: CreateStep, {device}: Told): void {
  const subnets = plannedSubnets(model, step) as readonly Subnet[];
  const {net: name, internal, icc, masquerade, mode, binding} = step;
  model.nets.set(name, {name, device: device!, subnets, internal, icc, masquerade, mode, binding});
  if (!internal) for (const {family} of subnets) model.forwards.add(family);
}

function attach(model: Model, step: AttachStep, {id, host, ports}: Told): void {
  const net = model.nets.get(step.net)!;
  const addresses = net.subnets.map(subnet => {
    const wish = step.addresses[subnet.family];
    const address =
      wish === null ? freeAddress(model, net, subnet)! : toText(subnet.first + BigInt(wish), subnet.family);
    return {family: subnet.family, address, length: subnet.length};
  });
  const names = new Set(linksOf(model, step.box).map(({ifname}) => ifname));
  const ifname = `eth${[0, 1, 2, 3, 4, 5, 6, 7].find(i => !names.has(`eth${i}`))}`;
  const mac = step.mac ?? macOf(addresses[0]!);
  const {net: name, box, priority} = step;
  const given = {id: id!, host: host!, ports: ports!};
  model.links.push({...given, net: name, box, ifname, addresses, mac, priority, limited: false});
  model.boxes.add(box);
  if (name === 'bridge') model.forwards.add(4);
}

function macOf({address, family}: Link['addresses'][number]): string {
  const low = parse(`${address}/${family === 4 ? 32 : 128}`).first & 0xffff_ffffn;
  return `02:42:${low.toString(16).padStart(8, '0').match(/../g)!.join(':')}`;
}

/** Ports of what leaves go to the next gateway of its box that is not internal; without one they are nobody's. */
function detach(model: Model, leaving: readonly Link[]): void {
  model.links = model.links.filter(link => !leaving.includes(link));
  for (const {box, ports} of leaving) {
    const heir = inOrder(model, linksOf(model, box)).find(({net}) => !model.nets.get(net)!.internal);
    if (heir && ports.length > 0) heir.ports = [...heir.ports, ...ports];
  }
}

/** Docker's order of gateways: priority, not internal, both families, the network's name. */
export function inOrder({nets}: Model, links: readonly Link[]): readonly Link[] {
  const key = (link: Link): string =>
    [9 - link.priority, Number(nets.get(link.net)!.internal), 9 - link.addresses.length, link.net].join(' ');
  return [...links].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** The link of a box that leads out in one family. */
export function gatewayLink(model: Model, box: number, family: Family): Link | undefined {
  return inOrder(model, linksOf(model, box)).find(
    link => !model.nets.get(link.net)!.internal && link.addresses.some(lease => lease.family === family),
  );
}
