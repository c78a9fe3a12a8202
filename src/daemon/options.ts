import {parseArgs} from 'node:util';
import {type Roots, resolveRoots} from '../api/roots.ts';
import type {IdMaps} from '../model/id-map.ts';
import type {BridgeFlags} from '../network/bridge-flags.ts';
import {type FirewallName, firewallNames} from '../network/firewall/renderer.ts';
import type {AddressPool} from '../network/ipam.ts';
import {badRequest, decoding} from './failure.ts';
import {parseBridgeFlags, parsePool} from './parse-bridge-flags.ts';
import {readHostIdFiles} from './read-id-files.ts';
import {type IdFiles, parseUsernsRemap} from './userns-remap.ts';

export interface DaemonOptions {
  readonly roots: Roots;
  /** Device of the predefined network `bridge`, when it is made. */
  readonly bridge: string;
  readonly bridgeFlags: BridgeFlags;
  readonly pools: readonly AddressPool[];
  readonly firewall: FirewallName;
  /** Ids of containers; null: the machine's. */
  readonly idMaps: IdMaps | null;
  /** Started by a client: whoever loses the race for the lock leaves silently. */
  readonly detached: boolean;
  /** Do not serve: print what the doctor sees without a daemon. */
  readonly examine: boolean;
}

/** Throws ERR_BAD_REQUEST for an unknown option. The command line for people is that of `tnet daemon`, cli/commands/daemon.ts. */
export function parseDaemonOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  readIdFiles: () => IdFiles = readHostIdFiles,
): DaemonOptions {
  const values = parse(args);
  return {
    roots: resolveRoots({root: values.root ?? '', runRoot: values['run-root'] ?? ''}, env),
    bridge: values.bridge ?? 'docker0',
    bridgeFlags: decoding(() => parseBridgeFlags(values)),
    pools: decoding(() => (values['default-address-pool'] ?? []).map(parsePool)),
    firewall: parseFirewall(values.firewall ?? 'nftables'),
    idMaps: values['userns-remap'] ? parseUsernsRemap(values['userns-remap'], readIdFiles()) : null,
    detached: values.detached ?? false,
    examine: values.examine ?? false,
  };
}

const known = {
  root: {type: 'string'},
  'run-root': {type: 'string'},
  bridge: {type: 'string'},
  firewall: {type: 'string'},
  ipv6: {type: 'string'},
  bip: {type: 'string'},
  'fixed-cidr': {type: 'string'},
  'fixed-cidr-v6': {type: 'string'},
  mtu: {type: 'string'},
  icc: {type: 'string'},
  'userns-remap': {type: 'string'},
  'default-address-pool': {type: 'string', multiple: true},
  detached: {type: 'boolean'},
  examine: {type: 'boolean'},
} as const;

function parseFirewall(text: string): FirewallName {
  const name = firewallNames.find(known => known === text);
  if (name === undefined) throw badRequest(`unknown firewall "${text}": want ${firewallNames.join(', ')}`);
  return name;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({args: [...args], options: known}).values;
  } catch (cause) {
    throw badRequest((cause as Error).message);
  }
}
