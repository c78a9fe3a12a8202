import {TnetError} from '../../errors.ts';
import {type Ip, ipFamily, type Prefix, parseIp, prefixContains} from '../../model/ip.ts';
import type {Network} from '../../model/network.ts';
import {numberOf} from './options.ts';

/** A vxlan network's way to the other hosts, as its options say. */
export interface Tunnel {
  /** 24 bits; the number of the network, the same on every host. */
  readonly vni: number;
  /** Source of the outer packets; null: what the host's routes choose. */
  readonly local: Ip | null;
  /** UDP. */
  readonly port: number;
  /** The other hosts; at least one, all of one family. */
  readonly peers: readonly Ip[];
}

/** IANA's port; Linux's own default, 8472, is older. */
const defaultPort = 4789;
/** "This host", loopback and multicast: nobody's address on the underlay. A multicast group would have to be joined. */
const nobodys = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '224.0.0.0/3',
  '::/127',
  'ff00::/8',
] as readonly string[] as readonly Prefix[];

/** Outer Ethernet, IP, UDP and VXLAN headers (RFC 7348): 14 + 20 or 40 + 8 + 8 bytes of every packet on the underlay. */
const overheadBytes = {4: 50, 6: 70} as const;

/** MTU in bytes of what goes through the tunnel; `underlay` is that of the links below, null where it is not known. */
export function tunnelMtu(network: Named, underlay: number | null): number {
  return (underlay ?? 1500) - overheadBytes[ipFamily(tunnelOf(network).peers[0]!)];
}

type Named = Pick<Network, 'name' | 'options'>;

/** Options `vni`, `peers`, `local` and `dstport`. Throws ERR_BAD_REQUEST. */
export function tunnelOf(network: Named): Tunnel {
  const vni = numberOf(network, {option: 'vni', min: 1, max: 0xff_ffff});
  if (vni === null) throw missing(network, 'vni', 'vni=100: the number of the network, the same on every host');
  const local = network.options.local === undefined ? null : addressOf('local', network.options.local);
  const peers = peersOf(network, local);
  refuseMixture(local === null ? peers : [local, ...peers]);
  return {vni, local, peers, port: numberOf(network, {option: 'dstport', min: 1, max: 65535}) ?? defaultPort};
}

/** Without this host itself, so that one list may serve on all of them. */
function peersOf(network: Named, local: Ip | null): readonly Ip[] {
  const named = (network.options.peers ?? '').split(',').filter(Boolean);
  const peers = [...new Set(named.map(text => addressOf('peers', text)))].filter(peer => peer !== local);
  if (peers.length > 0) return peers;
  throw missing(network, 'peers', 'peers=192.0.2.2,192.0.2.3: the addresses of the other hosts');
}

function addressOf(option: string, text: string): Ip {
  const refuse = (why: string, cause?: unknown) => new TnetError('ERR_BAD_REQUEST', why, {cause});
  let address: Ip;
  try {
    address = parseIp(text);
  } catch (cause) {
    throw refuse(`invalid address "${text}" in option "${option}"`, cause);
  }
  if (nobodys.some(prefix => prefixContains(prefix, address)))
    throw refuse(`address "${text}" in option "${option}" is no host's address`);
  return address;
}

/** One link has one kind of outer packet. */
function refuseMixture(addresses: readonly Ip[]): void {
  const [first] = addresses;
  const other = addresses.find(address => ipFamily(address) !== ipFamily(first!));
  if (other === undefined) return;
  throw new TnetError('ERR_BAD_REQUEST', `options "local" and "peers" mix IPv4 and IPv6: ${first} and ${other}`);
}

/** Two links with one VNI and port cannot both hear (EEXIST). */
export function refuseSharedVni(network: Network, others: readonly Network[]): void {
  const {vni, port} = tunnelOf(network);
  const holder = others
    .filter(other => other.driver === 'vxlan' && other.id !== network.id)
    .find(other => tunnelOf(other).vni === vni && tunnelOf(other).port === port);
  if (holder === undefined) return;
  throw new TnetError('ERR_CONFLICT', `vni ${vni} on port ${port} is already used by network "${holder.name}"`);
}

function missing({name}: Named, option: string, example: string): TnetError {
  return new TnetError(
    'ERR_BAD_REQUEST',
    `Cannot create network "${name}": the vxlan driver needs option "${option}" (-o ${example})`,
  );
}
