import {TnetError} from '../errors.ts';
import {type Family, type Ip, ipFamily, parseIp} from '../model/ip.ts';
import type {Network} from '../model/network.ts';

/**
 * How a bridge network meets the rest of the world, for one family. `nat`: behind the host's address, by published ports.
 * `nat-unprotected`: the same, and every port of a container can be reached by routing too. `routed`: no address
 * translation, published ports are open on the container's own address. `isolated`: the bridge has no address.
 */
export type GatewayMode = 'nat' | 'nat-unprotected' | 'routed' | 'isolated';

/** Docker's `-o com.docker.network.…` of a bridge network, decoded. */
export interface BridgeOptions {
  readonly icc: boolean;
  readonly masquerade: boolean;
  readonly mode: Readonly<Record<Family, GatewayMode>>;
  /** Where ports are published that name no host address; null is everywhere. */
  readonly hostBinding: Ip | null;
  /** Without an IPv4 address on the bridge. */
  readonly inhibitIpv4: boolean;
  /** Source address of what leaves, instead of the outgoing link's. */
  readonly snat: Readonly<Record<Family, Ip | null>>;
  /** Whether the bridge has the gateway's address, in families that are not isolated. */
  readonly address: boolean;
  /** Frames may leave by the port they came by, also where nothing is published. */
  readonly hairpin: boolean;
  /** The bridge takes every frame in; null: as somebody has set it. */
  readonly promiscuous: boolean | null;
  /** Ports take frames of their own container's MAC alone; null: nobody asks. */
  readonly checksMac: boolean | null;
  /** IPv6 addresses in sandboxes are used when nobody else has answered for them. */
  readonly dad: boolean;
  /** Links in sandboxes stay down. */
  readonly insideDown: boolean;
  /** Start of interface names in sandboxes. */
  readonly prefix: string;
}

const domain = 'com.docker.network.';
/** Options that Docker has no word for. */
const ownDomain = 'tnet.bridge.';
const modes: readonly string[] = ['nat', 'nat-unprotected', 'routed', 'isolated'];
export const bridgeAddress = `${ownDomain}address`;
export const bridgeHairpin = `${ownDomain}hairpin`;
export const bridgePromiscuous = `${ownDomain}promiscuous`;
export const bridgeChecksMac = `${ownDomain}mac-check`;
export const bridgeDad = `${ownDomain}dad`;
export const bridgeInsideDown = `${ownDomain}inside-down`;
/** Whether a bridge that is there may be used, and its addresses replaced: `yes`, `force`. */
export const bridgeAdopts = `${ownDomain}adopts`;
/** What was found of one that is another program's, as JSON (drivers/adopted.ts). */
export const bridgeFound = `${ownDomain}found`;
/** The VLAN of containers' ports, 1 to 4094, on a bridge that several networks share (drivers/bridge-vlan.ts). */
export const bridgeVlan = `${ownDomain}vlan`;
/** Those that they have with tags: `10,20-30`. */
export const bridgeTrunk = `${ownDomain}vlan-trunk`;
/** Whether ports are in VLAN 1 besides. */
export const keepsDefaultVlan = `${ownDomain}default-vlan`;
/** The bridge with VLANs is another program's; ours to write. */
export const bridgePlugged = `${ownDomain}plugged`;
export const bridgeName = `${domain}bridge.name`;
export const enableIcc = `${domain}bridge.enable_icc`;
export const enableMasquerade = `${domain}bridge.enable_ip_masquerade`;
export const driverMtu = `${domain}driver.mtu`;

/** What each option takes; true when `value` is that. */
const known: Readonly<Record<string, {readonly takes: string; readonly accepts: (value: string) => boolean}>> = {
  [`${domain}bridge.default_bridge`]: flag(),
  [bridgeName]: {takes: 'a device name', accepts: () => true}, // checked by the driver
  [bridgeAddress]: flag(),
  [bridgeHairpin]: flag(),
  [bridgePromiscuous]: flag(),
  [bridgeChecksMac]: flag(),
  [bridgeDad]: flag(),
  [bridgeInsideDown]: flag(),
  [bridgeAdopts]: {takes: 'yes or force', accepts: value => value === 'yes' || value === 'force'},
  [bridgeFound]: {takes: 'what was found', accepts: () => true}, // ours to write: planNewNetwork takes it from nobody
  [bridgeVlan]: {takes: '1 to 4094', accepts: isVlanId},
  [bridgeTrunk]: {
    takes: 'VLANs, as 10,20-30',
    accepts: value => value.split(',').every(span => span.split('-').length < 3 && span.split('-').every(isVlanId)),
  },
  [keepsDefaultVlan]: flag(),
  [bridgePlugged]: {takes: 'what was found', accepts: () => true},
  [enableIcc]: flag(),
  [enableMasquerade]: flag(),
  [`${domain}bridge.inhibit_ipv4`]: flag(),
  [`${domain}bridge.gateway_mode_ipv4`]: {takes: modes.join(', '), accepts: value => modes.includes(value)},
  [`${domain}bridge.gateway_mode_ipv6`]: {takes: modes.join(', '), accepts: value => modes.includes(value)},
  [`${domain}bridge.host_binding_ipv4`]: {takes: 'an IP address', accepts: isIp},
  [`${domain}host_ipv4`]: {takes: 'an IPv4 address', accepts: value => isIp(value) && !value.includes(':')},
  [`${domain}host_ipv6`]: {takes: 'an IPv6 address', accepts: value => isIp(value) && value.includes(':')},
  // 68 is IPv4's minimum (RFC 791), 65535 what a bridge takes.
  [driverMtu]: {takes: '68 to 65535', accepts: value => /^\d+$/.test(value) && +value >= 68 && +value <= 65535},
  // IFNAMSIZ is 16 with the closing NUL, and up to three digits follow.
  [`${domain}container_iface_prefix`]: {
    takes: '1 to 12 letters, digits, "-", "_" or "."',
    accepts: value => /^[a-zA-Z][a-zA-Z0-9._-]{0,11}$/.test(value),
  },
  // Decided by the subnets; Docker accepts them as default options.
  [`${domain}enable_ipv4`]: flag(),
  [`${domain}enable_ipv6`]: flag(),
};

/** Throws ERR_BAD_REQUEST: an option of Docker's that would change what the network does is obeyed or refused, never ignored. Foreign ones are kept. */
export function checkOptions({options, internal}: Pick<Network, 'options' | 'internal'>): void {
  for (const [option, value] of Object.entries(options)) {
    if (!option.startsWith(domain) && !option.startsWith(ownDomain)) continue;
    const rule = Object.hasOwn(known, option) ? known[option] : undefined;
    if (rule === undefined) throw refused(`option "${option}" is not supported by the bridge driver`);
    if (!rule.accepts(value)) throw refused(`invalid value "${value}" of option "${option}": want ${rule.takes}`);
    if (value === 'isolated' && !internal) throw refused(`"${option}=isolated" needs an internal network`);
  }
}

/** Decoded once: options of a network are replaced, never changed, and an attach asks a dozen times. */
export function bridgeOptions({options}: Pick<Network, 'options'>): BridgeOptions {
  const known = decoded.get(options) ?? decodeOptions(options);
  decoded.set(options, known);
  return known;
}

const decoded = new WeakMap<Network['options'], BridgeOptions>();

function decodeOptions(options: Network['options']): BridgeOptions {
  const text = (name: string): string | undefined => options[`${domain}${name}`];
  const ip = (name: string): Ip | null => (text(name) === undefined ? null : parseIp(text(name)!));
  const mode = (family: Family): GatewayMode => (text(`bridge.gateway_mode_ipv${family}`) as GatewayMode) ?? 'nat';
  const asked = (option: string): boolean | null => (options[option] === undefined ? null : options[option] === 'true');
  const binding = ip('bridge.host_binding_ipv4');
  return {
    icc: text('bridge.enable_icc') !== 'false',
    masquerade: text('bridge.enable_ip_masquerade') !== 'false',
    mode: {4: mode(4), 6: mode(6)},
    hostBinding: binding === '0.0.0.0' ? null : binding,
    inhibitIpv4: text('bridge.inhibit_ipv4') === 'true',
    snat: {4: ip('host_ipv4'), 6: ip('host_ipv6')},
    address: options[bridgeAddress] !== 'false',
    hairpin: options[bridgeHairpin] === 'true',
    promiscuous: asked(bridgePromiscuous),
    checksMac: asked(bridgeChecksMac),
    dad: options[bridgeDad] === 'true',
    insideDown: options[bridgeInsideDown] === 'true',
    prefix: text('container_iface_prefix') ?? 'eth',
  };
}

function flag() {
  return {takes: 'true or false', accepts: (value: string) => value === 'true' || value === 'false'};
}

function isVlanId(text: string): boolean {
  return /^[1-9]\d{0,3}$/.test(text) && Number(text) <= 4094;
}

function isIp(text: string): boolean {
  try {
    return ipFamily(parseIp(text)) > 0;
  } catch {
    return false;
  }
}

function refused(message: string): TnetError {
  return new TnetError('ERR_BAD_REQUEST', message);
}
