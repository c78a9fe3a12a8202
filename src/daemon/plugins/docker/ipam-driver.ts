import {randomBytes} from 'node:crypto';
import * as v from 'valibot';
import {type Ip, type Prefix, parseIp, parsePrefix, prefixesOverlap, prefixLengthOf} from '../../../model/ip.ts';
import type {Network, Subnet} from '../../../model/network.ts';
import {unseenSandbox} from '../../../model/sandbox.ts';
import type {NetworkSpec} from '../../../network/new-network.ts';
import {badRequest, decoding} from '../../failure.ts';
import {labels, orNull, text, validate} from '../../validate.ts';
import type {DockerController, DockerMethods} from './docker-method.ts';

/**
 * Docker asks for a pool before it says what network it is for, if it ever does: with `-d bridge --ipam-driver tnet` it is none of ours. So
 * a pool is a network of its own, without links, and each address of it an attachment without one.
 */
export const ipamDriver: DockerMethods = {
  'IpamDriver.GetCapabilities': async () => ({RequiresMACAddress: false, RequiresRequestReplay: false}),
  'IpamDriver.GetDefaultAddressSpaces': async () => ({
    LocalDefaultAddressSpace: 'TnetLocal',
    GlobalDefaultAddressSpace: 'TnetGlobal',
  }),
  'IpamDriver.RequestPool': requestPool,
  'IpamDriver.ReleasePool': releasePool,
  'IpamDriver.RequestAddress': requestAddress,
  'IpamDriver.ReleaseAddress': releaseAddress,
};

const poolRequest = v.object({
  Pool: orNull(text),
  SubPool: orNull(text),
  Options: orNull(labels),
  V6: orNull(v.boolean()),
});
const addressRequest = v.object({PoolID: text, Address: orNull(text), Options: orNull(labels)});
const poolName = v.object({PoolID: text});

const prefix = 'docker:pool-';
const owner = 'docker';
const typeKey = 'RequestAddressType';
const gatewayType = 'com.docker.network.gateway';

async function requestPool(controller: DockerController, request: unknown): Promise<object> {
  const {Pool, SubPool, Options, V6} = validate(poolRequest, request);
  const option = Object.keys(Options ?? {})[0];
  if (option !== undefined) throw badRequest(`IPAM option "${option}" is not supported by the tnet driver`);
  const asked = decoding(() => (Pool ? parsePrefix(Pool) : null));
  if (asked !== null) refuseOverlap(controller, asked);
  const range = decoding(() => (SubPool ? parsePrefix(SubPool) : null));
  const any = (V6 ? '::/0' : '0.0.0.0/0') as Prefix;
  const network = await controller.create({
    ...poolSpec(`pool-${randomBytes(6).toString('hex')}`, V6 ?? false),
    subnets: [{prefix: asked ?? any, gateway: null, range, reserved: {}}],
  });
  return {PoolID: network.id, Pool: subnetIn(network).prefix, Data: {}};
}

function poolSpec(name: string, ipv6: boolean): Omit<NetworkSpec, 'subnets'> {
  return {
    plugin: 'docker',
    name,
    driver: 'foreign',
    ipv4: !ipv6,
    ipv6,
    internal: false,
    options: {},
    labels: {},
  };
}

function refuseOverlap(controller: DockerController, asked: Prefix): void {
  const other = controller.list().find(each => isPool(each) && prefixesOverlap(subnetIn(each).prefix, asked));
  if (other === undefined) return;
  throw badRequest(
    `Pool overlaps with other one on this address space: ${asked} and ${subnetIn(other).prefix}`,
    'ERR_SUBNET_IN_USE',
  );
}

async function releasePool(controller: DockerController, request: unknown): Promise<object> {
  const pool = findPool(controller, validate(poolName, request).PoolID);
  if (pool === undefined) return {};
  await controller.detach(...controller.attachmentsOf({network: pool.id}).map(({id}) => id));
  await controller.remove(pool.id);
  return {};
}

async function requestAddress(controller: DockerController, request: unknown): Promise<object> {
  const {PoolID, Address, Options} = validate(addressRequest, request);
  const pool = requirePool(controller, PoolID);
  const wanted = decoding(() => (Address ? parseIp(Address) : null));
  const isGateway = Options?.[typeKey] === gatewayType;
  const address = isGateway ? await setGateway(controller, pool, wanted) : await lease(controller, pool, wanted);
  return {Address: `${address}/${prefixLengthOf(subnetIn(pool).prefix)}`, Data: {}};
}

async function lease(controller: DockerController, {id}: Network, wanted: Ip | null): Promise<Ip> {
  const {leases} = await controller.attach({
    network: id,
    sandbox: unseenSandbox(`${id}/${randomBytes(6).toString('hex')}`),
    owner,
    ifname: null,
    addresses: wanted === null ? [] : [wanted],
    routes: [],
    mac: null,
    ports: [],
    names: [],
    gatewayPriority: null,
    options: {},
  });
  return leases[0]!.address;
}

/** It is the pool's own, which nobody else is given: there is nothing to lease, nor to give back. */
async function setGateway(controller: DockerController, pool: Network, wanted: Ip | null): Promise<Ip> {
  const subnet = subnetIn(pool);
  if (wanted === null || wanted === subnet.gateway) return subnet.gateway;
  const spec = poolSpec(pool.name.slice('docker:'.length), subnet.prefix.includes(':'));
  await controller.alter(pool.id, {...spec, subnets: [{...subnet, gateway: wanted}]});
  return wanted;
}

async function releaseAddress(controller: DockerController, request: unknown): Promise<object> {
  const {PoolID, Address} = validate(addressRequest, request);
  const pool = findPool(controller, PoolID);
  const address = decoding(() => parseIp((Address ?? '').split('/')[0]!));
  if (pool === undefined) return {};
  const held = controller
    .attachmentsOf({network: pool.id, owner})
    .filter(({leases}) => leases.some(each => each.address === address));
  await controller.detach(...held.map(({id}) => id));
  return {};
}

const isPool = ({name}: Network): boolean => name.startsWith(prefix);

const subnetIn = ({subnets}: Network): Subnet => subnets[0]!;

function requirePool(controller: DockerController, id: string): Network {
  const pool = findPool(controller, id);
  if (pool !== undefined) return pool;
  throw badRequest(`address pool ${id} is not known to tnet: remove its network from Docker and create it again`);
}

function findPool(controller: DockerController, id: string): Network | undefined {
  return controller.list().find(each => each.id === id && isPool(each));
}
