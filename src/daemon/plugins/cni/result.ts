import type {SpecVersion} from './contract.ts';
import {isObject} from './fields.ts';

/** What a plugin has made, in the words of the newest specification. */
export interface CniResult {
  readonly interfaces: readonly CniInterface[];
  readonly ips: readonly CniIp[];
  readonly routes: readonly CniRoute[];
  readonly dns: CniDns;
}

export interface CniInterface {
  readonly name: string;
  readonly mac?: string;
  readonly mtu?: number;
  /** Path of its namespace; left out of the host's. */
  readonly sandbox?: string;
}

export interface CniIp {
  /** With its prefix length. */
  readonly address: string;
  readonly gateway?: string;
  /** Index into `interfaces`. */
  readonly interface?: number;
}

export interface CniRoute {
  readonly dst: string;
  readonly gw?: string;
  readonly priority?: number;
}

export interface CniDns {
  readonly nameservers?: readonly string[];
  readonly domain?: string;
  readonly search?: readonly string[];
  readonly options?: readonly string[];
}

export const emptyResult: CniResult = {interfaces: [], ips: [], routes: [], dns: {}};

type Json = Readonly<Record<string, unknown>>;

/** Since 1.1.0, and unknown before. */
const sinceOneOne: Readonly<Record<'interfaces' | 'routes', readonly string[]>> = {
  interfaces: ['mtu', 'socketPath', 'pciID'],
  routes: ['mtu', 'advmss', 'priority', 'table', 'scope'],
};

/** A result of whatever version from 0.3 on as one of `version`; what we do not know passes through. */
export function convertResult(result: Json, version: SpecVersion): Json {
  const list = (key: string): readonly Json[] => ((result[key] as readonly Json[] | null) ?? []).filter(isObject);
  const isOld = version !== '1.1.0';
  const plain = (key: 'interfaces' | 'routes') =>
    list(key).map(each => (isOld ? without(each, sinceOneOne[key]) : each));
  const [interfaces, routes] = [plain('interfaces'), plain('routes')];
  return {
    ...result,
    cniVersion: version,
    ...(interfaces.length > 0 ? {interfaces} : {}),
    ips: list('ips').map(ip => convertIp(ip, version)),
    ...(routes.length > 0 ? {routes} : {}),
    dns: result.dns ?? {},
  };
}

export function encodeResult(result: CniResult, version: SpecVersion): Json {
  const {interfaces, routes, ...rest} = result;
  const given = {...(interfaces.length > 0 ? {interfaces} : {}), ...(routes.length > 0 ? {routes} : {})};
  return convertResult({...rest, ...given}, version);
}

/** `version` was of 0.3 and 0.4 alone. */
function convertIp(ip: Json, version: SpecVersion): Json {
  const {version: _, ...rest} = ip;
  if (version.startsWith('1.')) return rest;
  return {version: String(ip.address).includes(':') ? '6' : '4', ...rest};
}

function without(object: Json, keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

/** What is of interest to us of what the plugins before have made. */
export function decodeResult(result: Json): CniResult {
  const list = <T>(key: string): readonly T[] =>
    ((result[key] as readonly unknown[] | null) ?? []).filter(isObject) as T[];
  return {
    interfaces: list('interfaces'),
    ips: list('ips'),
    routes: list('routes'),
    dns: (result.dns as CniDns | null) ?? {},
  };
}

/** A result in which the link in the sandbox has another MAC address. */
export function convertMac(result: Json, ifname: string, mac: string): Json {
  const interfaces = (result.interfaces as readonly Json[] | undefined) ?? [];
  return {
    ...result,
    interfaces: interfaces.map(each => (each.name === ifname && each.sandbox ? {...each, mac} : each)),
  };
}
