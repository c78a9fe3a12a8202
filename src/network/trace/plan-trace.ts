import {TnetError} from '../../errors.ts';
import type {NamespacePath} from '../../kernel/item.ts';
import type {TraceSpec} from '../../kernel/trace/facts.ts';
import type {Attachment} from '../../model/attachment.ts';
import {type Family, type Ip, ipFamily} from '../../model/ip.ts';
import type {Network} from '../../model/network.ts';
import {ipOrNull, parseTraceTarget, type TraceProto, type TraceRequest, type TraceTarget} from '../../model/trace.ts';

/** A container, or the host, as one end of a trace. */
export interface TraceEnd {
  readonly name: string;
  readonly ns: NamespacePath;
  readonly attachments: readonly Attachment[];
}

export interface TraceWorld {
  readonly networks: readonly Network[];
  readonly attachments: readonly Attachment[];
  /** A running container by name, id or unique prefix. Throws ERR_CONTAINER_NOT_FOUND, ERR_CONFLICT. */
  readonly container: (ref: string) => TraceEnd;
}

const host: TraceEnd = {name: 'host', ns: '', attachments: []};

/** From the words of a request to what the kernel is to watch. Throws SyntaxError and TnetError; pure. */
export function planTrace(request: TraceRequest, world: TraceWorld): TraceSpec {
  const {timeoutMs, follow} = request;
  const from = request.from === 'host' ? host : world.container(request.from);
  const target = parseTraceTarget(request.to);
  const to = resolveTarget(target, {from, world, family: request.family});
  const homes = world.attachments.flatMap(({leases, sandbox: ns}) => leases.map(({address}) => ({address, ns})));
  return {
    from: from.ns,
    proto: target.proto,
    to,
    port: target.port,
    veths: world.attachments.map(({hostIfname, ifname, sandbox}) => ({host: hostIfname, inside: ifname, ns: sandbox})),
    homes,
    expected: expectedEnd(target, to, {homes, attachments: world.attachments}),
    mode: follow ? {kind: 'follow', timeoutMs, sources: addressesOf(from)} : {kind: 'probe', timeoutMs},
  };
}

interface Resolving {
  readonly from: TraceEnd;
  readonly world: TraceWorld;
  readonly family: Family | null;
}

function resolveTarget({host: name}: TraceTarget, {from, world, family}: Resolving): Ip {
  const ip = ipOrNull(name);
  if (ip !== null) return ofFamily([ip], family, name);
  if (name === 'localhost') return (family === 6 ? '::1' : '127.0.0.1') as Ip;
  if (name === 'host') return ofFamily(hostAddresses(from, world), family, name);
  return ofFamily(containerAddresses(world.container(name), from), family, name);
}

/** Of the host as seen by `from`: the gateways of its networks. */
function hostAddresses({attachments}: TraceEnd, {networks}: TraceWorld): readonly Ip[] {
  const own = new Set(attachments.map(({network}) => network));
  const gateways = networks.filter(({id}) => own.has(id)).flatMap(({subnets}) => subnets.map(({gateway}) => gateway));
  return gateways.length > 0 ? gateways : (['127.0.0.1', '::1'] as Ip[]);
}

/** Those on a network that both are on come first. */
function containerAddresses({name, attachments}: TraceEnd, from: TraceEnd): readonly Ip[] {
  const shared = new Set(from.attachments.map(({network}) => network));
  const near = attachments.filter(({network}) => shared.has(network));
  const all = [...near, ...attachments].flatMap(({leases}) => leases.map(({address}) => address));
  if (all.length > 0) return all;
  throw new TnetError(
    'ERR_BAD_REQUEST',
    `Cannot trace to "${name}": it has no address of its own; give one, or "host"`,
  );
}

/** IPv4 when it may be either. */
function ofFamily(addresses: readonly Ip[], family: Family | null, name: string): Ip {
  const found = addresses.find(ip => ipFamily(ip) === (family ?? 4)) ?? (family === null ? addresses[0] : undefined);
  if (found !== undefined) return found;
  throw new TnetError('ERR_BAD_REQUEST', `Cannot trace to "${name}": it has no IPv${family} address`);
}

/** The sandbox with that address, or the one that a published port leads to. */
function expectedEnd(
  {port, proto}: TraceTarget,
  to: Ip,
  {homes, attachments}: Pick<TraceSpec, 'homes'> & {readonly attachments: readonly Attachment[]},
): TraceSpec['expected'] {
  const home = homes.find(({address}) => address === to);
  if (home !== undefined) return {ns: home.ns, address: to, port};
  if (port === null) return null;
  for (const {ports, leases, sandbox: ns} of attachments) {
    const mapping = ports.find(mapped => publishes(mapped, {to, port, proto}));
    const lease = leases.find(({address}) => ipFamily(address) === ipFamily(to)) ?? leases[0];
    if (mapping !== undefined && lease !== undefined)
      return {ns, address: lease.address, port: mapping.containerPort + port - mapping.hostPort};
  }
  return null;
}

function publishes(
  {proto, hostIp, hostPort, count}: Attachment['ports'][number],
  wanted: {readonly to: Ip; readonly port: number; readonly proto: TraceProto},
): boolean {
  const {to, port} = wanted;
  return proto === wanted.proto && (hostIp === null || hostIp === to) && port >= hostPort && port < hostPort + count;
}

function addressesOf({attachments}: TraceEnd): readonly Ip[] {
  return attachments.flatMap(({leases}) => leases.map(({address}) => address));
}
