import {randomBytes} from 'node:crypto';
import * as v from 'valibot';
import {type Ip, ipFamily, type Prefix, parseIp, parsePrefix, prefixContains} from '../../../model/ip.ts';
import {type AddressPool, choosePrefix, defaultGateway, uniqueLocalPool} from '../../../network/ipam.ts';
import {badRequest} from '../../failure.ts';
import {labels, natural, orNull, text, texts, validate} from '../../validate.ts';
import {parseJson} from './input.ts';

const subnetSchema = v.looseObject({subnet: text, gateway: orNull(text)});

/** docs/netavark-create-input.md of netavark 2.0: what is asked for, what is taken, and the defaults of containers.conf. */
const schema = v.object({
  network: v.looseObject({
    name: orNull(text),
    id: orNull(text),
    driver: orNull(text),
    network_interface: orNull(text),
    internal: orNull(v.boolean()),
    dns_enabled: orNull(v.boolean()),
    ipv6_enabled: orNull(v.boolean()),
    subnets: orNull(v.array(subnetSchema)),
    options: orNull(labels),
    ipam_options: orNull(labels),
  }),
  used: v.object({interfaces: orNull(texts), names: orNull(labels), subnets: orNull(texts)}),
  options: v.object({
    subnet_pools: orNull(v.array(v.object({base: text, size: natural}))),
    default_interface_name: orNull(text),
    check_used_subnets: orNull(v.boolean()),
  }),
});

type Asked = v.InferOutput<typeof schema>;

/** podman's first pool; its whole list comes from the caller. */
const fallbackPools: readonly AddressPool[] = [{base: '10.89.0.0/16' as Prefix, size: 24}];

/** A definition with everything that podman stores. Pure but for its id. Throws ERR_BAD_REQUEST. */
export function completeNetwork(input: string, now: Date): object {
  const asked = validate(schema, parseJson(input));
  const {network, used} = asked;
  const driver = network.driver || 'bridge';
  if (driver !== 'bridge' && driver !== 'macvlan') throw badRequest(`unsupported network driver "${driver}"`);
  const ipam = network.ipam_options?.driver || (driver === 'bridge' ? 'host-local' : 'none');
  if (ipam !== 'host-local' && ipam !== 'none') throw badRequest(`unsupported ipam driver ${ipam}`);
  const link = driver === 'bridge' ? bridgeOf(asked) : (network.network_interface ?? '');
  const subnets = ipam === 'none' ? [] : subnetsOf(asked);
  return {
    ...Object.fromEntries(Object.entries(network).filter(([, value]) => value !== null)),
    name: nameOf(network.name, used.names ?? {}, link),
    id: network.id || randomBytes(32).toString('hex'),
    driver,
    ...(link === '' ? {} : {network_interface: link}),
    created: now.toISOString(),
    internal: network.internal ?? false,
    dns_enabled: driver === 'bridge' && ipam !== 'none' && (network.dns_enabled ?? false),
    ipv6_enabled: (network.ipv6_enabled ?? false) || subnets.some(({subnet}) => subnet.includes(':')),
    ...(subnets.length > 0 ? {subnets} : {}),
    options: ownOptions(network.options ?? {}),
    ipam_options: {...network.ipam_options, driver: ipam},
  };
}

function nameOf(name: string | null | undefined, taken: Readonly<Record<string, string>>, link: string): string {
  const own = name || link;
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(own))
    throw badRequest(`network name "${own}" invalid: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*`);
  // podman looks for these very words.
  if (Object.hasOwn(taken, own)) throw badRequest(`network already exists: name ${own}`);
  return own;
}

function bridgeOf({network, used, options}: Asked): string {
  const asked = network.network_interface || network.options?.['com.docker.network.bridge.name'];
  const taken = new Set(used.interfaces ?? []);
  if (asked) {
    if (taken.has(asked)) throw badRequest(`bridge name ${asked} already in use`);
    return asked;
  }
  const prefix = options.default_interface_name || 'podman';
  for (let i = 1; ; i++) if (!taken.has(`${prefix}${i}`)) return `${prefix}${i}`;
}

type Subnet = Readonly<Record<string, unknown>> & {readonly subnet: string};

function subnetsOf({network, used, options}: Asked): readonly Subnet[] {
  const taken = (used.subnets ?? []).map(parsePrefix);
  const internal = network.internal ?? false;
  const given = (network.subnets ?? []).map(each => {
    const prefix = parsePrefix(each.subnet);
    if (options.check_used_subnets !== false && taken.includes(prefix))
      throw badRequest(`subnet ${prefix} is already used on the host or by another config`);
    return withGateway(each, prefix, internal);
  });
  const has = (family: 4 | 6): boolean => given.some(({subnet}) => ipFamily(subnet as Prefix) === family);
  const pools = options.subnet_pools?.map(({base, size}) => ({base: parsePrefix(base), size})) ?? fallbackPools;
  const choose = (from: readonly AddressPool[]): Subnet => {
    const prefix = choosePrefix(from, taken);
    return withGateway({subnet: prefix}, prefix, internal);
  };
  return [
    ...given,
    ...(given.length === 0 ? [choose(pools)] : []),
    ...(network.ipv6_enabled && !has(6) ? [choose([uniqueLocalPool(randomBytes(5).toString('hex'))])] : []),
  ];
}

function withGateway(
  {gateway, ...rest}: {subnet: string; gateway?: string | null | undefined},
  prefix: Prefix,
  internal: boolean,
): Subnet {
  const own = gateway ? parseIp(gateway) : null;
  if (own !== null && !prefixContains(prefix, own)) throw badRequest(`gateway ${own} not in subnet ${prefix}`);
  const chosen: Ip | null = own ?? (internal ? null : defaultGateway(prefix));
  return {...rest, subnet: prefix, ...(chosen === null ? {} : {gateway: chosen})};
}

/** Docker's names of what podman has its own for; every other one of Docker's means something nobody here would do. */
function ownOptions(options: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const {'com.docker.network.driver.mtu': mtu, 'com.docker.network.bridge.name': _, ...rest} = options;
  const strange = Object.keys(rest).find(option => option.startsWith('com.docker.'));
  if (strange !== undefined) throw badRequest(`unsupported bridge network option ${strange}`);
  return {...rest, ...(mtu === undefined ? {} : {mtu})};
}
