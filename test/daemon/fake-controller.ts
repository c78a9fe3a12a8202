import {randomBytes} from 'node:crypto';
import {TnetError} from '../../src/errors.ts';
import type {Kernel} from '../../src/kernel/kernel.ts';
import type {Attachment} from '../../src/model/attachment.ts';
import {putAttachment, removeAttachment} from '../../src/model/attachment-index.ts';
import {parseIp, parsePrefix} from '../../src/model/ip.ts';
import {parseMac} from '../../src/model/mac.ts';
import type {Network} from '../../src/model/network.ts';
import {emptyState} from '../../src/model/state.ts';
import type {Controller} from '../../src/network/controller.ts';
import {filterAttachments} from '../../src/network/filter-attachments.ts';
import type {NetworkSpec} from '../../src/network/new-network.ts';
import {readStats} from '../../src/network/stats.ts';

/** Networks in memory: names and removals are checked as the real one does, addresses and ports are made up. */
export function createFakeController(): Controller {
  const networks = new Map<string, Network>();
  const attachments = new Map<string, Attachment>();
  let reads = 0;
  const add = (spec: NetworkSpec): Network => {
    const network = newNetwork(spec, networks.size + 1);
    networks.set(network.id, network);
    return network;
  };
  for (const driver of ['bridge', 'host', 'none'] as const)
    add({name: driver, driver, ipv4: true, ipv6: false, subnets: [], internal: false, options: {}, labels: {}});
  const get = (ref: string): Network => {
    const all = [...networks.values()];
    const found = all.find(({name}) => name === ref) ?? all.find(({id}) => id.startsWith(ref));
    if (!found) throw new TnetError('ERR_NETWORK_NOT_FOUND', `network ${ref} not found`);
    return found;
  };
  const attachmentsOf: Controller['attachmentsOf'] = filter => filterAttachments({...emptyState, attachments}, filter);
  return {
    list: () => [...networks.values()],
    get,
    attachmentsOf,
    stats: chosen => readStats({linkStats: names => linkStats(names, ++reads), counters: () => counters}, chosen),
    async create(spec) {
      if ([...networks.values()].some(({name}) => name === spec.name))
        throw new TnetError('ERR_NAME_IN_USE', `network with name ${spec.name} already exists`);
      return add(spec);
    },
    async remove(ref) {
      const network = get(ref);
      if (network.index <= 3)
        throw new TnetError('ERR_FORBIDDEN', `${network.name} is a pre-defined network and cannot be removed`);
      if (attachmentsOf({network: network.id}).length > 0)
        throw new TnetError('ERR_NETWORK_IN_USE', `error while removing network: network ${ref} has active endpoints`);
      networks.delete(network.id);
    },
    async alter(ref, spec) {
      const network = {...get(ref), options: spec.options, labels: spec.labels};
      networks.set(network.id, network);
      return network;
    },
    requireRoom: ref => void get(ref),
    check: async () => {},
    adjust: async () => {},
    adjustBy: async () => {},
    hostLinks: () => [],
    settle: async () => {},
    setPorts: async () => {},
    createSandbox: async () => {},
    removeSandbox: async () => {},
    holdSandbox: async () => {},
    async attach(spec) {
      const network = get(spec.network);
      const attachment = newAttachment(spec, network, attachmentsOf({network: network.id}).length + 2);
      putAttachment(attachments, attachment);
      return attachment;
    },
    async detach(...ids) {
      for (const id of ids) removeAttachment(attachments, id);
    },
    publish: async (_, mapping) => mapping,
    unpublish: async () => {},
    configure: async () => {},
    repair: async () => [{do: 'del', item: {ns: '', kind: 'netns'}}],
    alone: job => job(),
    close: async () => {},
  };
}

/** The container has received 1.5 MB and sent 20 kB more at each reading. */
function linkStats(names: Iterable<string>, reads: number): ReturnType<Kernel['linkStats']> {
  const stats = {
    txBytes: 1_500_000 * reads,
    txPackets: 1000 * reads,
    rxBytes: 20_000 * reads,
    rxPackets: 234 * reads,
    rxErrors: 0,
    txErrors: 0,
    rxDropped: 1,
    txDropped: 0,
    queueDropped: 2,
  };
  return new Map(Array.from(names, name => [name, name.startsWith('ifb') ? {...stats, queueDropped: 4} : stats]));
}

const counters: ReturnType<Kernel['counters']> = [
  {set: 'published4-any', fields: ['tcp', '8080'], data: [], counter: {packets: 7, bytes: 420}},
  {set: 'traffic-any', fields: ['tcp', '8080', 'original'], data: [], counter: {packets: 70, bytes: 5000}},
  {set: 'traffic-any', fields: ['tcp', '8080', 'reply'], data: [], counter: {packets: 80, bytes: 600_000}},
];

function newNetwork(spec: NetworkSpec, index: number): Network {
  const prefix = spec.subnets[0]?.prefix ?? parsePrefix(`172.${16 + index}.0.0/16`);
  const gateway = spec.subnets[0]?.gateway ?? parseIp(prefix.replace(/\.0\/\d+$/, '.1'));
  return {
    ...spec,
    id: randomBytes(32).toString('hex'),
    created: new Date().toISOString(),
    subnets: spec.driver === 'bridge' ? [{prefix, gateway, range: spec.subnets[0]?.range ?? null, reserved: {}}] : [],
    device: spec.driver === 'bridge' ? `br${index}` : '',
    mtu: null,
    index,
  };
}

function newAttachment(spec: Parameters<Controller['attach']>[0], network: Network, host: number): Attachment {
  const [subnet] = network.subnets;
  return {
    id: randomBytes(32).toString('hex'),
    network: network.id,
    sandbox: spec.sandbox,
    owner: spec.owner,
    ifname: spec.ifname ?? 'eth0',
    hostIfname: 'veth0',
    mac: parseMac(`02:42:00:00:00:0${host}`),
    leases:
      subnet === undefined
        ? []
        : [{address: spec.addresses[0] ?? parseIp(subnet.gateway.replace(/\d+$/, String(host))), prefixLength: 16}],
    ports: spec.ports.map(port => (port.hostPort === 0 ? {...port, hostPort: 32768} : port)),
    names: spec.names,
    gatewayPriority: spec.gatewayPriority,
    options: spec.options,
  };
}
