import {TnetError} from '../errors.ts';
import {type Family, formatPrefix, type Ip, ipFamily, type Prefix, prefixContains} from '../model/ip.ts';
import {type Network, type Subnet, subnetOf} from '../model/network.ts';
import type {State} from '../model/state.ts';
import {type NetworkSeed, newNetwork, type SubnetSpec} from './new-network.ts';
import {bridgeName, driverMtu, enableIcc} from './options.ts';

/** What a daemon's command line says about the predefined network `bridge`, in dockerd's words. What it does not say stays as it was. */
export interface BridgeFlags {
  readonly device?: string;
  readonly ipv6?: boolean;
  /** Address of the bridge, and with it its IPv4 subnet. */
  readonly bip?: {readonly address: Ip; readonly prefixLength: number};
  /** IPv4: containers get addresses from here. */
  readonly fixedCidr?: Prefix;
  /** IPv6: the subnet. */
  readonly fixedCidrV6?: Prefix;
  readonly mtu?: number;
  readonly icc?: boolean;
}

/** The network `bridge` as the flags want it; null when it is so already. Throws what a `network create` throws. */
export function planBridgeChange(state: State, flags: BridgeFlags, seeds: () => NetworkSeed): Network | null {
  const bridge = [...state.networks.values()].find(({name}) => name === 'bridge');
  if (bridge === undefined || Object.values(flags).every(value => value === undefined)) return null;
  const others = new Map([...state.networks].filter(([id]) => id !== bridge.id));
  const own = new Set<string>(bridge.subnets.map(({prefix}) => prefix));
  const seed = seeds();
  const {id, created, index} = bridge;
  const next = newNetwork(
    specOf(bridge, flags),
    {...state, networks: others},
    // Its own route is in nobody's way.
    {...seed, id, created, connected: seed.connected.filter(prefix => !own.has(prefix))},
  );
  const changed: Network = {...next, index, mtu: flags.mtu ?? bridge.mtu};
  return JSON.stringify(sorted(changed)) === JSON.stringify(sorted(bridge)) ? null : changed;
}

/** Throws ERR_CONFLICT: what runs has addresses of the old one. */
export function refuseWhileAttached(attached: number): void {
  if (attached === 0) return;
  throw new TnetError(
    'ERR_CONFLICT',
    `Cannot start daemon: its flags change the network "bridge", and ${attached} running containers are on it; start it without these flags, stop them, and start it anew`,
  );
}

function specOf(bridge: Network, flags: BridgeFlags): Parameters<typeof newNetwork>[0] {
  const ipv6 = flags.ipv6 ?? (flags.fixedCidrV6 !== undefined || subnetOf(bridge, 6) !== undefined);
  if (!ipv6 && flags.fixedCidrV6 !== undefined) throw new TnetError('ERR_BAD_REQUEST', '--fixed-cidr-v6 needs --ipv6');
  const options = {
    ...bridge.options,
    ...(flags.device === undefined ? {} : {[bridgeName]: flags.device}),
    ...(flags.mtu === undefined ? {} : {[driverMtu]: String(flags.mtu)}),
    ...(flags.icc === undefined ? {} : {[enableIcc]: String(flags.icc)}),
  };
  const subnets = [subnet4(bridge, flags), ...(ipv6 ? subnet6(bridge, flags) : [])];
  const {name, internal, labels} = bridge;
  return {name, driver: 'bridge', ipv4: true, ipv6, subnets, internal, options, labels};
}

/** --bip names gateway and subnet; --fixed-cidr a part of it, or the subnet itself where it lies elsewhere. */
function subnet4(bridge: Network, {bip, fixedCidr}: BridgeFlags): SubnetSpec {
  const is = specOfSubnet(subnetOf(bridge, 4)!);
  if (bip !== undefined) checkFamily('--bip', bip.address, 4);
  if (fixedCidr !== undefined) checkFamily('--fixed-cidr', fixedCidr, 4);
  const named: SubnetSpec =
    bip === undefined
      ? is
      : {...is, prefix: formatPrefix(bip.address, bip.prefixLength), gateway: bip.address, range: null};
  if (fixedCidr === undefined) return named;
  if (prefixContains(named.prefix, fixedCidr.split('/')[0] as Ip))
    return {...named, range: fixedCidr === named.prefix ? null : fixedCidr};
  if (bip !== undefined)
    throw new TnetError('ERR_BAD_REQUEST', `--fixed-cidr ${fixedCidr} is not in the subnet of --bip, ${named.prefix}`);
  return {...named, prefix: fixedCidr, gateway: null, range: null};
}

/** None: chosen from the pools. */
function subnet6(bridge: Network, {fixedCidrV6}: BridgeFlags): readonly SubnetSpec[] {
  const is = subnetOf(bridge, 6);
  if (fixedCidrV6 === undefined) return is ? [specOfSubnet(is)] : [];
  checkFamily('--fixed-cidr-v6', fixedCidrV6, 6);
  return is?.prefix === fixedCidrV6 ? [specOfSubnet(is)] : [plainSubnet(fixedCidrV6)];
}

function checkFamily(flag: string, value: Ip | Prefix, family: Family): void {
  if (ipFamily(value) !== family) throw new TnetError('ERR_BAD_REQUEST', `${flag} ${value}: want IPv${family}`);
}

const specOfSubnet = ({prefix, gateway, range, reserved}: Subnet): SubnetSpec => ({prefix, gateway, range, reserved});
const plainSubnet = (prefix: Prefix): SubnetSpec => ({prefix, gateway: null, range: null, reserved: {}});

/** Options come in any order. */
function sorted(network: Network): unknown {
  return [network, Object.entries(network.options).sort()].map(part =>
    part === network ? {...network, options: null} : part,
  );
}
