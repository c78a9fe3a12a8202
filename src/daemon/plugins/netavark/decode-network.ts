import type {Route} from '../../../model/attachment.ts';
import {type Ip, ipFamily, type Prefix, parseIp, parsePrefix} from '../../../model/ip.ts';
import {domainOption} from '../../../network/dns/zones.ts';
import type {SubnetSpec} from '../../../network/new-network.ts';
import {bridgeAddress, bridgeHairpin, bridgeName, driverMtu} from '../../../network/options.ts';
import {badRequest} from '../../failure.ts';
import type {InlineSpec} from '../inline-network.ts';
import {serversOption} from '../sandbox-names.ts';
import type {NetworkInfo} from './input.ts';

/** aardvark-dns answers names of every network with this behind them. */
export const dnsDomain = 'dns.podman';

/** What this host gives a macvlan that names no parent; null without a default route. */
export type DefaultLink = () => string | null;

/** podman's network, by its definition alone. Throws ERR_BAD_REQUEST. */
export function decodeNetwork(info: NetworkInfo, defaultLink: DefaultLink): InlineSpec {
  const subnets = (info.subnets ?? []).map(decodeSubnet);
  refuseIpam(info);
  return {
    plugin: 'podman',
    name: info.name,
    driver: driverOf(info),
    ipv4: subnets.some(({prefix}) => ipFamily(prefix) === 4),
    ipv6: subnets.some(({prefix}) => ipFamily(prefix) === 6),
    subnets,
    internal: info.internal,
    options: {
      ...(info.driver === 'macvlan' ? macvlanOptions(info, defaultLink) : bridgeOptions(info)),
      ...mtuOption(info),
      ...(info.dns_enabled ? {[domainOption]: dnsDomain} : {}),
      ...serverOption(info.network_dns_servers ?? []),
    },
    labels: {'podman.network.id': info.id},
  };
}

export const serverOption = (servers: readonly string[]): Record<string, string> =>
  servers.length > 0 ? {[serversOption]: servers.map(parseIp).join(',')} : {};

function driverOf({driver}: NetworkInfo): 'bridge' | 'macvlan' {
  if (driver === 'bridge' || driver === 'macvlan') return driver;
  if (driver === 'ipvlan') throw badRequest('unsupported network driver "ipvlan": there are bridge and macvlan');
  throw badRequest(`unknown network driver "${driver}"`);
}

/** Addresses are podman's to choose. */
function refuseIpam({ipam_options}: NetworkInfo): void {
  const driver = ipam_options?.driver ?? 'host-local';
  if (driver !== 'host-local' && driver !== 'none') throw badRequest(`unsupported ipam driver ${driver}`);
}

type Options = Record<string, string>;

const docker = 'com.docker.network.';

function bridgeOptions(info: NetworkInfo): Options {
  const {options, network_interface, subnets} = info;
  const given = options ?? {};
  refuseOption(given, 'vlan', 'bridges of ours filter no VLANs');
  refuseOption(given, 'vrf', 'nothing here routes by VRF');
  if ((given.mode ?? 'managed') !== 'managed')
    throw badRequest(`unsupported bridge mode "${given.mode}": a bridge of another program is never changed`);
  return {
    ...(network_interface ? {[bridgeName]: network_interface} : {}),
    ...isolation(given.isolate),
    ...snat('4', given.outbound_addr4),
    ...snat('6', given.outbound_addr6),
    [bridgeAddress]: String((subnets ?? []).some(({gateway}) => gateway)),
    [bridgeHairpin]: 'true',
  };
}

/** Strict is the newest default, and ours; without it other networks reach every port. */
function isolation(isolate = 'strict'): Options {
  if (isolate === 'true' || isolate === 'strict') return {};
  if (isolate !== 'false') throw badRequest(`unable to parse "isolate": want strict, true or false, not "${isolate}"`);
  return Object.fromEntries([4, 6].map(family => [`${docker}bridge.gateway_mode_ipv${family}`, 'nat-unprotected']));
}

function snat(family: '4' | '6', address: string | undefined): Options {
  return address === undefined ? {} : {[`${docker}host_ipv${family}`]: parseIp(address)};
}

function macvlanOptions({options, network_interface}: NetworkInfo, defaultLink: DefaultLink): Options {
  const given = options ?? {};
  refuseOption(given, 'bclim', 'the kernel decides how broadcasts are queued');
  const parent = network_interface || given.parent || defaultLink();
  if (!parent) throw badRequest('failed to get default route interface: give the network a parent');
  return {parent, ...(given.mode === undefined ? {} : {macvlan_mode: given.mode})};
}

function mtuOption({options}: NetworkInfo): Options {
  const mtu = options?.mtu;
  return mtu === undefined || mtu === '0' ? {} : {[driverMtu]: mtu};
}

function refuseOption(options: Readonly<Record<string, string>>, name: string, why: string): void {
  if (options[name] !== undefined && options[name] !== '') throw badRequest(`unsupported option "${name}": ${why}`);
}

function decodeSubnet({subnet, gateway}: NonNullable<NetworkInfo['subnets']>[number]): SubnetSpec {
  return {prefix: parsePrefix(subnet), gateway: gateway ? parseIp(gateway) : null, range: null, reserved: {}};
}

/** netavark's of a default route that asks for none. */
const defaultMetric = 100;

/** Undefined where the one default route is all there is to say: then it moves with the gateway when networks come and go. */
export function decodeRoutes(info: NetworkInfo): readonly Route[] | undefined {
  const {options, subnets} = info;
  const {metric, no_default_route} = options ?? {};
  const own = (info.routes ?? []).map(decodeRoute);
  const gateways = (subnets ?? []).flatMap(({gateway}) => (gateway ? parseIp(gateway) : []));
  const isPlain = own.length === 0 && metric === undefined && no_default_route === undefined;
  if (isPlain && gateways.length === (subnets ?? []).length) return undefined;
  const leadsOut = !info.internal && flagOf('no_default_route', no_default_route ?? 'false') === false;
  const first = gateways.filter((gateway, i) => gateways.findIndex(each => ipFamily(each) === ipFamily(gateway)) === i);
  return [...(leadsOut ? first.map(gateway => defaultRoute(gateway, metricOf(metric))) : []), ...own];
}

function defaultRoute(via: Ip, metric: number): Route {
  return {to: (ipFamily(via) === 4 ? '0.0.0.0/0' : '::/0') as Prefix, via, metric};
}

function metricOf(text: string | undefined): number {
  if (text === undefined) return defaultMetric;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw badRequest(`unable to parse "metric": want a number, not "${text}"`);
}

function decodeRoute({destination, gateway, metric, route_type}: NonNullable<NetworkInfo['routes']>[number]): Route {
  if ((route_type ?? 'unicast') !== 'unicast')
    throw badRequest(`unsupported route type "${route_type}" of ${destination}`);
  if (!gateway) throw badRequest(`route ${destination} has no gateway`);
  return {to: parsePrefix(destination), via: parseIp(gateway), metric: metric ?? defaultMetric};
}

function flagOf(name: string, value: string): boolean {
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw badRequest(`unable to parse "${name}": want true or false, not "${value}"`);
}
