import {parseMac} from '../../model/mac.ts';
import type {Cursor} from './cursor.ts';
import type {Direction, Filter, Layer} from './filter.ts';
import {
  ethertypes,
  hasHostBits,
  type Net,
  parseAddress,
  parseEthertype,
  parseMask,
  parseNet,
  parseNumber,
  parsePort,
  parsePortRange,
  parseProtocol,
  protocolNumbers,
} from './values.ts';

/** The words before a value: `tcp dst port`. A type that is null means `host`, as in `src 10.0.0.1`. */
export interface Qualifiers {
  readonly protocol: string | null;
  readonly direction: Direction | null;
  readonly type: Type | null;
}

const types = ['host', 'net', 'port', 'portrange', 'proto'] as const;
type Type = (typeof types)[number];

const protocols = ['ether', ...Object.keys(ethertypes), ...Object.keys(protocolNumbers)];
/** What has ports, as libpcap sees it. */
const withPorts: Readonly<Record<string, readonly number[]>> = {tcp: [6], udp: [17], sctp: [132]};
const anyWithPorts = [6, 17, 132];

/** One primitive. Without its value (`filter` null) when a value or a parenthesis of values must follow. */
export function parsePrimitive(
  cursor: Cursor,
  inherited: Qualifiers | null,
): {filter: Filter | null; qualifiers: Qualifiers | null} {
  const bound = cursor.take('less', 'greater');
  if (bound !== null) return {filter: parseLength(cursor, bound), qualifiers: null};
  const protocol = cursor.take(...protocols);
  const cast = cursor.take('broadcast', 'multicast');
  if (cast !== null) return {filter: castOf(cursor, cast, protocol ?? 'ether'), qualifiers: null};
  const direction = parseDirection(cursor);
  const type = cursor.take(...types);
  if (direction !== null || type !== null) return {filter: null, qualifiers: {protocol, direction, type}};
  if (protocol !== null) return {filter: protocolAlone(cursor, protocol), qualifiers: null};
  if (inherited === null || cursor.peek() === undefined || cursor.peek() === ')')
    throw cursor.error('want a protocol, or host, net, port, portrange before a value');
  return {filter: null, qualifiers: inherited};
}

/** `src`, `dst`, and both joined by `or` or `and`. */
function parseDirection(cursor: Cursor): Direction | null {
  const first = cursor.take('src', 'dst');
  const second = first === 'src' ? 'dst' : 'src';
  if (first === null || cursor.peek(1) !== second) return first;
  const joint = cursor.take('and', 'or');
  if (joint === null) return first;
  cursor.next();
  return joint === 'or' ? 'either' : 'both';
}

function parseLength(cursor: Cursor, bound: 'less' | 'greater'): Filter {
  const bytes = takeValue(cursor, text => parseNumber(text, 0xffff_ffff), `a length in bytes after "${bound}"`);
  return {kind: 'length', bound: bound === 'less' ? 'most' : 'least', bytes};
}

function castOf(cursor: Cursor, cast: 'broadcast' | 'multicast', protocol: string): Filter {
  if (cast === 'multicast' && (protocol === 'ether' || protocol === 'ip' || protocol === 'ip6'))
    return {kind: 'multicast', layer: protocol};
  if (cast === 'broadcast' && protocol === 'ether')
    return {kind: 'mac', direction: 'dst', mac: parseMac('ff:ff:ff:ff:ff:ff')};
  throw cursor.errorBefore(`there is no "${protocol} ${cast}" here; use "ether ${cast}"`);
}

function protocolAlone(cursor: Cursor, name: string): Filter {
  const ethertype = ethertypes[name];
  if (ethertype !== undefined) return {kind: 'ethertype', value: ethertype};
  if (name === 'ether') throw cursor.error('want host, src, dst, proto, broadcast or multicast after "ether"');
  return {kind: 'transport', layer: layerOf(name), protocol: protocolNumbers[name]!};
}

/** ICMP and IGMP are IPv4's own, ICMPv6 IPv6's. */
function layerOf(name: string): 'ip' | 'ip6' | null {
  if (name === 'icmp6') return 'ip6';
  return name === 'icmp' || name === 'igmp' ? 'ip' : null;
}

/** The value that `qualifiers` are about. */
export function parseValue(cursor: Cursor, qualifiers: Qualifiers): Filter {
  const {type} = qualifiers;
  if (type === 'port' || type === 'portrange') return portOf(cursor, qualifiers, type);
  if (type === 'proto') return protoOf(cursor, qualifiers);
  if (qualifiers.protocol === 'ether') return etherOf(cursor, qualifiers);
  return addressOf(cursor, qualifiers);
}

function portOf(cursor: Cursor, {protocol, direction}: Qualifiers, type: 'port' | 'portrange'): Filter {
  const numbers = protocol === null ? anyWithPorts : withPorts[protocol];
  if (numbers === undefined) throw cursor.errorBefore(`"${protocol}" has no ports; tcp, udp and sctp have`);
  const single = (text: string) => {
    const port = parsePort(text);
    return port === null ? null : {first: port, last: port};
  };
  const range =
    type === 'port'
      ? takeValue(cursor, single, 'a port, 0 to 65535, after "port"')
      : takeValue(cursor, parsePortRange, 'two ports as in 8000-8080 after "portrange"');
  return {kind: 'port', protocols: numbers, direction: direction ?? 'either', ranges: [range]};
}

function protoOf(cursor: Cursor, {protocol, direction}: Qualifiers): Filter {
  if (direction !== null) throw cursor.errorBefore('"proto" has no direction');
  if (protocol === 'ether')
    return {kind: 'ethertype', value: takeValue(cursor, parseEthertype, 'an Ethernet type after "proto"')};
  if (protocol !== null && protocol !== 'ip' && protocol !== 'ip6')
    throw cursor.errorBefore(`there is no "${protocol} proto"; use "ip proto" or "ip6 proto"`);
  const number = takeValue(cursor, parseProtocol, 'a protocol number or name after "proto"');
  return {kind: 'transport', layer: protocol, protocol: number};
}

function etherOf(cursor: Cursor, {direction, type}: Qualifiers): Filter {
  if (type === 'net') throw cursor.errorBefore('there is no "ether net"; use "ether host"');
  const mac = takeValue(
    cursor,
    text => (/^([\da-f]{2}:){5}[\da-f]{2}$/i.test(text) ? parseMac(text) : null),
    'a MAC address',
  );
  return {kind: 'mac', direction: direction ?? 'either', mac};
}

function addressOf(cursor: Cursor, {protocol, direction, type}: Qualifiers): Filter {
  if (protocol !== null && !Object.hasOwn(ethertypes, protocol))
    throw cursor.errorBefore(`"${protocol}" has no addresses; write "${protocol} and host …"`);
  const net = type === 'net' ? netOf(cursor) : hostOf(cursor);
  const layer = protocol as Layer | null;
  const six = net.address.includes(':');
  if (layer !== null && six !== (layer === 'ip6'))
    throw cursor.errorBefore(`"${layer}" has no ${six ? 'IPv6' : 'IPv4'} addresses`);
  return {kind: 'address', layer, direction: direction ?? 'either', ...net};
}

function hostOf(cursor: Cursor): Net {
  const address = takeValue(cursor, parseAddress, 'an IP address (names are not looked up)');
  return {address, prefixLength: address.includes(':') ? 128 : 32};
}

function netOf(cursor: Cursor): Net {
  const written = takeValue(cursor, parseNet, 'a network as in 10.0.0.0/8 after "net"');
  const masked = cursor.take('mask') === null ? written : {...written, prefixLength: maskOf(cursor)};
  if (hasHostBits(masked)) throw cursor.errorBefore('bits outside of the network are set');
  return masked;
}

function maskOf(cursor: Cursor): number {
  return takeValue(cursor, parseMask, 'a mask as in 255.255.0.0');
}

function takeValue<T>(cursor: Cursor, parse: (text: string) => T | null, what: string): T {
  const text = cursor.peek();
  const value = text === undefined ? null : parse(text);
  if (value === null) throw cursor.error(`want ${what}`);
  cursor.next();
  return value;
}
