import {formatIpv6Address} from './addresses.ts';

export interface Transport {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  /** As far as it was kept. */
  readonly payload: Buffer;
  /** Its length on the wire. */
  readonly size: number;
  /** Where a later fragment belongs, in bytes; null for a first one and for whole packets. */
  readonly fragment: number | null;
}

type Format = (transport: Transport) => string;

const names: Readonly<Record<number, string>> = {2: 'igmp', 47: 'GREv0', 50: 'ESP', 51: 'AH', 59: 'no next header'};

/** From `source` on, without the word IP before it. */
export function formatTransport(transport: Transport): string {
  const {protocol, fragment, size} = transport;
  if (fragment !== null) return `${ends(transport)} frag (offset ${fragment}), length ${size}`;
  const format = formats[protocol];
  if (format !== undefined) return format(transport);
  return `${ends(transport)} ${names[protocol] ?? `ip-proto-${protocol}`}, length ${size}`;
}

const ends = ({source, destination}: Transport): string => `${source} > ${destination}:`;

/** Ports follow the addresses after a dot. */
function endsWithPorts({source, destination, payload}: Transport): string {
  return `${source}.${payload.readUInt16BE(0)} > ${destination}.${payload.readUInt16BE(2)}:`;
}

/** In tcpdump's order, which is not that of the bits. */
const tcpFlags = [
  [0x01, 'F'],
  [0x02, 'S'],
  [0x04, 'R'],
  [0x08, 'P'],
  [0x10, '.'],
  [0x20, 'U'],
  [0x40, 'E'],
  [0x80, 'W'],
] as const;

function formatTcp(transport: Transport): string {
  const {payload, size} = transport;
  if (payload.length < 20) return `${ends(transport)} [|tcp]`;
  const [sequence, acknowledged, bits] = [payload.readUInt32BE(4), payload.readUInt32BE(8), payload[13]!];
  const flags = tcpFlags.flatMap(([bit, letter]) => (bits & bit ? [letter] : [])).join('') || 'none';
  const length = Math.max(0, size - (payload[12]! >> 4) * 4);
  const range = length > 0 ? `${sequence}:${(sequence + length) % 2 ** 32}` : `${sequence}`;
  const seq = length > 0 || bits & 0x07 ? `, seq ${range}` : '';
  const ack = bits & 0x10 ? `, ack ${acknowledged}` : '';
  return `${endsWithPorts(transport)} Flags [${flags}]${seq}${ack}, win ${payload.readUInt16BE(14)}, length ${length}`;
}

function formatUdp(transport: Transport): string {
  if (transport.payload.length < 8) return `${ends(transport)} [|udp]`;
  return `${endsWithPorts(transport)} UDP, length ${Math.max(0, transport.size - 8)}`;
}

function formatSctp(transport: Transport): string {
  if (transport.payload.length < 12) return `${ends(transport)} [|sctp]`;
  return `${endsWithPorts(transport)} sctp, length ${transport.size}`;
}

const icmpTypes: Readonly<Record<number, string>> = {
  0: 'echo reply',
  3: 'unreachable',
  5: 'redirect',
  8: 'echo request',
  11: 'time exceeded',
};
const icmp6Types: Readonly<Record<number, string>> = {
  1: 'destination unreachable',
  2: 'packet too big',
  3: 'time exceeded',
  128: 'echo request',
  129: 'echo reply',
  131: 'multicast listener report',
  133: 'router solicitation',
  134: 'router advertisement',
  135: 'neighbor solicitation',
  136: 'neighbor advertisement',
  143: 'multicast listener report v2',
};

function formatIcmp(transport: Transport): string {
  const {payload, size} = transport;
  if (payload.length < 8) return `${ends(transport)} [|icmp]`;
  const [type, code] = [payload[0]!, payload[1]!];
  const echo = type === 0 || type === 8 ? identity(payload) : code > 0 ? `, code ${code}` : '';
  return `${ends(transport)} ICMP ${icmpTypes[type] ?? `type ${type}`}${echo}, length ${size}`;
}

function formatIcmp6(transport: Transport): string {
  const {payload, size} = transport;
  if (payload.length < 4) return `${ends(transport)} [|icmp6]`;
  const type = payload[0]!;
  const echo = (type === 128 || type === 129) && payload.length >= 8 ? identity(payload) : '';
  const neighbor = (type === 135 || type === 136) && payload.length >= 24 ? `, ${formatIpv6Address(payload, 8)}` : '';
  return `${ends(transport)} ICMP6, ${icmp6Types[type] ?? `type ${type}`}${echo}${neighbor}, length ${size}`;
}

function identity(payload: Buffer): string {
  return `, id ${payload.readUInt16BE(4)}, seq ${payload.readUInt16BE(6)}`;
}

const formats: Readonly<Record<number, Format>> = {
  1: formatIcmp,
  6: formatTcp,
  17: formatUdp,
  58: formatIcmp6,
  132: formatSctp,
};
