import {existsSync, readFileSync} from 'node:fs';
import {release} from 'node:os';
import type {Family, Prefix} from '../model/ip.ts';
import {readSysctl} from './apply.ts';
import type {Native} from './native.ts';
import {decodeChain, decodeForeignRule, dumpChains, dumpRules} from './netlink/nftables/chains.ts';
import {decodeRoute, dumpRoutes} from './netlink/route.ts';
import {hostLinks} from './read.ts';
import {createSockets, type Sockets} from './sockets.ts';

/** What the host's namespace is set to, as far as it can break networks on it. Plain data: rules judge it. */
export interface KernelFacts {
  readonly links: readonly LinkFact[];
  readonly routes: readonly RouteFact[];
  /** Base chains of every nft table at the forward hook. iptables-nft's are among them. */
  readonly forwardChains: readonly ForwardChain[];
  /** Tables of the old iptables (`filter`, `nat` …), whose rules netlink does not show. */
  readonly legacyTables: readonly string[];
  /** Values by path below /proc/sys; what is not there is left out. */
  readonly sysctls: ReadonlyMap<string, string>;
  /** Entries of the whole machine's neighbour tables; null where the kernel does not tell. */
  readonly neighbours: Readonly<Record<Family, number | null>>;
  /** Modules and namespaces that are certainly not there. */
  readonly missing: readonly string[];
}

export interface LinkFact {
  readonly name: string;
  readonly kind: string | null;
  readonly group: number;
  readonly mtu: number;
  readonly up: boolean;
  readonly master: string | null;
}

export interface RouteFact {
  readonly to: Prefix;
  readonly table: number;
  readonly link: string | null;
  readonly via: string | null;
  readonly type: string;
}

export interface ForwardChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  /** What becomes of a packet that no rule of it decides: by policy, or by a last rule without a match. */
  readonly otherwise: 'accept' | 'drop';
  /** Links named by a rule of its table: somebody has thought of them. */
  readonly mentions: readonly string[];
}

const settings = [
  'net/ipv4/ip_local_port_range',
  'net/ipv4/ip_local_reserved_ports',
  'net/ipv4/conf/all/rp_filter',
  'net/ipv4/neigh/default/gc_thresh3',
  'net/ipv6/neigh/default/gc_thresh3',
  'net/ipv6/conf/all/disable_ipv6',
  'net/ipv6/conf/all/forwarding',
  'net/ipv6/conf/all/force_forwarding',
  'net/bridge/bridge-nf-call-iptables',
  'net/bridge/bridge-nf-call-ip6tables',
  'net/netfilter/nf_conntrack_count',
  'net/netfilter/nf_conntrack_max',
];

/** Reads everything of the host's namespace once, on sockets of its own; `devices` are those whose settings matter. Changes nothing. */
export function readKernelFacts(native: Native, devices: readonly string[]): KernelFacts {
  const sockets = createSockets(native);
  try {
    const found = hostLinks({sockets});
    const names = new Map(found.map(({index, name}) => [index, name]));
    const links = found.map(({name, kind, group, mtu, up, masterIndex}) => {
      return {name, kind, group, mtu, up, master: names.get(masterIndex ?? 0) ?? null};
    });
    const paths = [...settings, ...devices.map(name => `net/ipv4/conf/${name}/rp_filter`)];
    const values = paths.map(path => [path, readSysctl({native, sockets}, '', path)] as const);
    return {
      links,
      routes: readRoutes(sockets, names),
      forwardChains: readForwardChains(sockets, devices),
      legacyTables: textOf('/proc/net/ip_tables_names').split('\n').filter(Boolean),
      sysctls: new Map(values.filter((entry): entry is [string, string] => entry[1] !== null)),
      neighbours: {4: neighbours('arp_cache'), 6: neighbours('ndisc_cache')},
      missing: missingParts(),
    };
  } finally {
    sockets.close();
  }
}

function readRoutes(sockets: Sockets, names: ReadonlyMap<number, string>): readonly RouteFact[] {
  const all = ([4, 6] as const).flatMap(family => sockets.route('').dump(dumpRoutes({family})).map(decodeRoute));
  return all.map(({to, table, oif, via, type}) => ({to, table, link: names.get(oif ?? 0) ?? null, via, type}));
}

/** enum nf_inet_hooks */
const forwardHook = 2;

function readForwardChains(sockets: Sockets, devices: readonly string[]): readonly ForwardChain[] {
  const chains = sockets.netfilter().dump(dumpChains()).map(decodeChain);
  const forward = chains.filter(({base, family}) => base?.hook === forwardHook && family !== 'bridge');
  if (forward.length === 0) return [];
  const rules = sockets.netfilter().dump(dumpRules()).map(decodeForeignRule);
  return forward.map(({family, table, name, base}) => {
    const inTable = rules.filter(rule => rule.family === family && rule.table === table);
    const last = inTable.filter(({chain}) => chain === name).at(-1);
    return {
      family,
      table,
      name,
      otherwise: base!.policy === 'drop' || last?.refusesAll ? 'drop' : 'accept',
      mentions: devices.filter(device => inTable.some(rule => rule.mentions(device))),
    };
  });
}

/** First column of the first processor's row, hexadecimal; the same number in all rows (net/core/neighbour.c neigh_stat_seq_show). */
function neighbours(cache: string): number | null {
  const entries = textOf(`/proc/net/stat/${cache}`).split('\n')[1]?.split(' ')[0];
  return entries ? Number.parseInt(entries, 16) : null;
}

/** Only what is certain: a module is missing when the kernel's own lists of modules are there and do not know it. */
function missingParts(): readonly string[] {
  const spaces = ['net', 'mnt', 'pid', 'uts', 'ipc', 'user', 'cgroup'].filter(
    name => !existsSync(`/proc/self/ns/${name}`),
  );
  const [dep, builtin] = ['dep', 'builtin'].map(list => textOf(`/lib/modules/${release()}/modules.${list}`));
  const known = (name: string): boolean => !dep || !builtin || `${dep}${builtin}`.includes(`/${name}.ko`);
  const modules = ['nf_tables', 'bridge', 'veth'].filter(name => !known(name) && !existsSync(`/sys/module/${name}`));
  return [...modules.map(name => `module ${name}`), ...spaces.map(name => `${name} namespaces`)];
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
