import {parseArgs} from 'node:util';
import {type Roots, resolveRoots} from '../api/roots.ts';
import {type FirewallName, firewallNames} from '../network/firewall/renderer.ts';
import {badRequest} from './failure.ts';

export interface DaemonOptions {
  readonly roots: Roots;
  /** Device of the predefined network `bridge`. */
  readonly bridge: string;
  readonly firewall: FirewallName;
  /** Started by a client: whoever loses the race for the lock leaves silently. */
  readonly detached: boolean;
}

/** Throws ERR_BAD_REQUEST for an unknown option. The command line for people is that of `tnet daemon`, cli/commands/daemon.ts. */
export function parseDaemonOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): DaemonOptions {
  const values = parse(args);
  return {
    roots: resolveRoots({root: values.root ?? '', runRoot: values['run-root'] ?? ''}, env),
    bridge: values.bridge ?? 'docker0',
    firewall: parseFirewall(values.firewall ?? 'nftables'),
    detached: values.detached ?? false,
  };
}

const known = {
  root: {type: 'string'},
  'run-root': {type: 'string'},
  bridge: {type: 'string'},
  firewall: {type: 'string'},
  detached: {type: 'boolean'},
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
