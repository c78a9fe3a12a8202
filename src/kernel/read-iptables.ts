import {readFileSync} from 'node:fs';
import type {Family} from '../model/ip.ts';
import type {ApplyParts} from './apply.ts';
import type {World} from './diff.ts';
import type {Iptables} from './iptables.ts';
import {commentOf, decodeSaved, parseSaved, type SavedTable, toIptablesWorld} from './iptables-text.ts';
import {decodeTable, dumpTables} from './netlink/nftables/objects.ts';

/** What forwarded packets of a family meet in iptables' table `filter`. */
export interface ForwardPolicy {
  readonly policy: 'accept' | 'drop';
  /** Docker's chain for users' own rules is there, and asked first. */
  readonly dockerUser: boolean;
}

export interface IptablesReading {
  /** Chains and rules of ours. */
  readonly ours: World;
  /** null where nobody uses iptables. */
  readonly forward: Readonly<Record<Family, ForwardPolicy | null>>;
  /** firewalld has a table of its own, and drops there what no zone of its lets through. */
  readonly firewalld: boolean;
}

const families = [4, 6] as const;
/** NFPROTO_IPV4 and NFPROTO_IPV6 of the tables that iptables-nft makes. */
const protocols = {4: 2, 6: 10} as const;
const legacyNames = {4: '/proc/net/ip_tables_names', 6: '/proc/net/ip6_tables_names'} as const;

/** Starts no process where no table of iptables is: asking the kernel for its tables takes 0.03 ms, a process 5. */
export async function readIptables({sockets, iptables}: ApplyParts): Promise<IptablesReading> {
  const present = sockets.netfilter().dump(dumpTables('any')).map(decodeTable);
  const inUse = (family: Family): boolean =>
    hasLegacyTables(family) ||
    present.some(({family: protocol, name}) => protocol === protocols[family] && /^(raw|nat|filter)$/.test(name));
  const saved = await Promise.all(
    families.map(async family => parseSaved(inUse(family) ? await saveIfInstalled(iptables, family) : '')),
  );
  return {
    ours: toIptablesWorld(families.flatMap((family, i) => decodeSaved(saved[i]!, family))),
    forward: {4: forwardPolicy(saved[0]!.get('filter')), 6: forwardPolicy(saved[1]!.get('filter'))},
    firewalld: present.some(({name}) => name === 'firewalld'),
  };
}

/** A table `ip filter` may be somebody's own, on a host without iptables. */
async function saveIfInstalled(iptables: Iptables, family: Family): Promise<string> {
  try {
    return await iptables.save(family);
  } catch (error) {
    if (((error as Error).cause as {code?: unknown} | undefined)?.code === 'ENOENT') return '';
    throw error;
  }
}

function forwardPolicy(filter: SavedTable | undefined): ForwardPolicy | null {
  const policy = filter?.chains.get('FORWARD');
  if (filter === undefined || policy === undefined) return null;
  // Ours goes with the renderer that made it.
  const dockerUser = filter.rules.some(
    ({chain, spec}) => chain === 'FORWARD' && /-j DOCKER-USER$/.test(spec) && commentOf(spec) === null,
  );
  return {policy: policy === 'DROP' ? 'drop' : 'accept', dockerUser};
}

/** Legacy tables are no nft tables; the file is of the reader's network namespace, and absent without the module. */
function hasLegacyTables(family: Family): boolean {
  try {
    return readFileSync(legacyNames[family], 'utf8').trim() !== '';
  } catch {
    return false;
  }
}
