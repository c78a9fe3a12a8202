import {
  type Ip,
  ipFamily,
  ipFromNumber,
  type Prefix,
  parseInterfaceAddress,
  parseIp,
  parsePrefix,
  prefixRange,
} from '../../../model/ip.ts';
import type {RouteSpec} from '../../../network/new-attachment.ts';
import type {SubnetSpec} from '../../../network/new-network.ts';
import {CniError, cniCodes} from './contract.ts';
import type {Fields} from './fields.ts';
import {addressOf, type CniInputs, named, refuseOptions, wantedAddresses} from './inputs.ts';
import type {CniDns, CniRoute} from './result.ts';

/**
 * Where a configuration's addresses come from. `pool`: from ours, CNI's `host-local`. `given`: they are in the configuration,
 * CNI's `static`. `foreign`: another plugin is asked. `none`: the link has none.
 */
export type Ipam =
  | ({readonly kind: 'pool'; readonly subnets: readonly SubnetSpec[]; readonly wanted: readonly Ip[]} & Extras)
  | ({readonly kind: 'given'; readonly addresses: readonly GivenAddress[]} & Extras)
  | {readonly kind: 'foreign'; readonly type: string}
  | {readonly kind: 'none'};

interface Extras {
  readonly routes: readonly CniRoute[];
  readonly dns: CniDns;
  /** Path of a file like resolv.conf; '' is none. */
  readonly resolvConf: string;
}

export interface GivenAddress {
  readonly address: Ip;
  readonly prefixLength: number;
  readonly gateway: Ip | null;
}

/** Throws CniError. */
export function decodeIpam(inputs: CniInputs): Ipam {
  const ipam = inputs.config.fields('ipam');
  const type = ipam.text('type');
  if (type === '') return {kind: 'none'};
  if (type === 'host-local') return decodePool(ipam, inputs);
  if (type === 'static') return decodeStatic(ipam, inputs);
  return {kind: 'foreign', type};
}

function decodePool(ipam: Fields, inputs: CniInputs): Ipam {
  const flat = ipam.has('subnet') ? [[ipam.raw('subnet') === '' ? {} : flatRange(ipam)]] : [];
  const sets = [...rangeSets(inputs.runtime, 'ipRanges'), ...flat, ...rangeSets(ipam, 'ranges')];
  if (sets.length === 0) throw new CniError(cniCodes.config, 'no IP ranges specified');
  const subnets = sets.flatMap(set => decodeSet(set.map(range => readRange(range as Record<string, unknown>))));
  return {kind: 'pool', subnets, wanted: wantedAddresses(inputs).map(addressOf), ...decodeExtras(ipam)};
}

const flatRange = (ipam: Fields): object =>
  Object.fromEntries(['subnet', 'rangeStart', 'rangeEnd', 'gateway'].map(key => [key, ipam.text(key)]));

function rangeSets(fields: Fields, key: string): readonly (readonly unknown[])[] {
  const sets = fields.list(key);
  if (sets.every(Array.isArray)) return sets as readonly (readonly unknown[])[];
  throw new CniError(
    cniCodes.config,
    `invalid value of "${key}": want a list of lists of ranges`,
    JSON.stringify(sets),
  );
}

interface Range {
  readonly prefix: Prefix;
  readonly first: Ip | null;
  readonly last: Ip | null;
  readonly gateway: Ip | null;
}

function readRange(json: Record<string, unknown>): Range {
  const text = (key: string): string => {
    const found = Object.keys(json ?? {}).find(each => each.toLowerCase() === key.toLowerCase());
    return found === undefined ? '' : String(json[found] ?? '');
  };
  const ip = (key: string): Ip | null => (text(key) === '' ? null : named(key, text(key), parseIp));
  return {
    prefix: named('subnet', text('subnet'), parsePrefix),
    first: ip('rangeStart'),
    last: ip('rangeEnd'),
    gateway: ip('gateway'),
  };
}

/** A set gives one address. Ranges of one subnet and gateway are spans of it; when they are full, the next subnet gives it. */
function decodeSet(ranges: readonly Range[]): readonly SubnetSpec[] {
  const [range] = ranges;
  if (range === undefined) throw new CniError(cniCodes.config, 'empty range set: want at least one range');
  const stray = ranges.find(({prefix}) => ipFamily(prefix) !== ipFamily(range.prefix));
  if (stray !== undefined)
    throw new CniError(cniCodes.config, `mixed address families in a range set: ${range.prefix} and ${stray.prefix}`);
  return runsOf(ranges).map((run, i) => ({...subnetOfRun(run), ...(i === 0 ? {} : {overflow: true})}));
}

/** Ranges that follow each other in one subnet with one gateway. */
function runsOf(ranges: readonly Range[]): readonly (readonly [Range, ...Range[]])[] {
  const runs: [Range, ...Range[]][] = [];
  for (const range of ranges) {
    const last = runs.at(-1);
    if (last?.[0].prefix === range.prefix && last[0].gateway === range.gateway) last.push(range);
    else runs.push([range]);
  }
  return runs;
}

function subnetOfRun(run: readonly [Range, ...Range[]]): SubnetSpec {
  const [{prefix, gateway}] = run;
  const spans = run.flatMap(spanOf);
  return {prefix, gateway, range: null, ...(spans.length > 0 ? {spans} : {}), reserved: {}};
}

function spanOf({prefix, first, last}: Range): readonly {readonly first: Ip; readonly last: Ip}[] {
  if (first === null && last === null) return [];
  const [start, end] = endsOf(prefix);
  return [{first: first ?? start, last: last ?? end}];
}

function decodeStatic(ipam: Fields, inputs: CniInputs): Ipam {
  const wanted = wantedAddresses(inputs);
  const listed = ipam.objects('addresses').map(each => given(each.text('address'), each.text('gateway')));
  const gateways = (inputs.env.GATEWAY ?? '').split(',').filter(Boolean).map(addressOf);
  const asked = wanted.map(text => {
    const {address, ...rest} = given(text, '');
    return {...rest, address, gateway: gateways.find(gateway => ipFamily(gateway) === ipFamily(address)) ?? null};
  });
  const addresses = asked.length > 0 ? asked : listed;
  if (addresses.length === 0)
    throw new CniError(cniCodes.config, 'no IP addresses: want ipam.addresses, or IP in CNI_ARGS');
  const extras = decodeExtras(ipam);
  return {kind: 'given', addresses, ...extras, dns: {...extras.dns, ...readDns(ipam.fields('dns'))}};
}

function given(text: string, gateway: string): GivenAddress {
  return {
    ...named('address', text, parseInterfaceAddress),
    gateway: gateway === '' ? null : named('gateway', gateway, parseIp),
  };
}

function decodeExtras(ipam: Fields): Extras {
  const routes = ipam.objects('routes').map(route => {
    refuseOptions(route, {
      mtu: "routes have the link's",
      advmss: "routes have the kernel's",
      table: 'routes go to the main table',
      scope: 'it follows from the gateway',
    });
    const [gw, priority] = [route.text('gw'), route.number('priority')];
    const dst = named('dst', route.text('dst'), parsePrefix);
    return {dst, ...(gw === '' ? {} : {gw: named('gw', gw, parseIp)}), ...(priority === null ? {} : {priority})};
  });
  return {routes, dns: {}, resolvConf: ipam.text('resolvConf')};
}

export function readDns(dns: Fields): CniDns {
  const [nameservers, search, options] = [dns.texts('nameservers'), dns.texts('search'), dns.texts('options')];
  const domain = dns.text('domain');
  return {
    ...(nameservers.length > 0 ? {nameservers} : {}),
    ...(domain === '' ? {} : {domain}),
    ...(search.length > 0 ? {search} : {}),
    ...(options.length > 0 ? {options} : {}),
  };
}

/** Routes as the sandbox gets them: without a gateway of their own they go by that of their family. */
export function toRoutes(routes: readonly CniRoute[], gateways: readonly Ip[]): readonly RouteSpec[] {
  return routes.map(({dst, gw, priority}) => {
    const via =
      (gw as Ip | undefined) ?? gateways.find(gateway => ipFamily(gateway) === ipFamily(dst as Prefix)) ?? 'gateway';
    return {to: dst as Prefix, via, ...(priority === undefined ? {} : {metric: priority})};
  });
}

function endsOf(prefix: Prefix): readonly [Ip, Ip] {
  const {first, last, family} = prefixRange(prefix);
  return [ipFromNumber(first, family), ipFromNumber(last, family)];
}
