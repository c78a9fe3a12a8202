import {formatRate} from '../model/bandwidth.ts';
import type {Item, LinkItem, NamespacePath, Op, TbfItem} from './item.ts';
import {sameBurst} from './netlink/qdisc.ts';

/** What was read, or what is wanted, by `itemKey`. */
export type World = ReadonlyMap<string, Item>;

/** Containers before what they contain: netns ⊃ table ⊃ element, chains ⊃ rule, netns ⊃ link ⊃ sysctl, address ⊃ route, qdisc ⊃ filter. */
const rank: Readonly<Record<Item['kind'], number>> = {
  netns: 0,
  table: 1,
  element: 2,
  'iptables-chains': 1.5,
  'iptables-rule': 1.5,
  link: 3,
  lent: 3.3,
  settings: 3.9,
  sysctl: 4,
  address: 5,
  route: 6,
  rule: 6.5,
  neigh: 7,
  qdisc: 8,
  filter: 9,
  fdb: 7,
  'port-vlan': 3.8,
  altname: 10,
};

/** Names an item: two items with one key are two versions of the same thing. */
export function itemKey(item: Item): string {
  return [item.ns, item.kind, ...identity(item)].join(' ');
}

/** The key of a link, for who knows no more of it than its name. */
export function linkKey(ns: NamespacePath, name: string): string {
  return [ns, 'link', name].join(' ');
}

export function toWorld(items: Iterable<Item>): World {
  return new Map(Array.from(items, item => [itemKey(item), item]));
}

/** The shortest list of operations from `actual` to `want`: removals first, contents before containers, then the reverse. */
export function diff(actual: World, want: World): Op[] {
  const removed = [...actual.values()].filter(item => !want.has(itemKey(item)));
  const removedKeys = new Set(removed.map(itemKey));
  const replaced = new Set(
    [...want.values()].filter(item => replacesContents(actual.get(itemKey(item)), item)).map(itemKey),
  );
  const gone = removed.filter(item => !containers(item).some(key => removedKeys.has(key) || replaced.has(key)));
  const changes = [...want.values()].flatMap((item): Op[] => {
    const contained = containers(item).some(key => replaced.has(key) || removedKeys.has(key));
    const was = contained ? undefined : actual.get(itemKey(item));
    if (was === undefined) return [{do: 'add', item}];
    return sameItem(was, item) ? [] : [{do: 'set', item, was}];
  });
  const removals = gone.map((item): Op => ({do: 'del', item}));
  return [...sortOps(removals, -1), ...sortOps(changes, 1)];
}

/** Of what is new, in the order given. */
export function additions(items: readonly Item[]): readonly Op[] {
  return items.map(item => ({do: 'add', item}));
}

/** The operation that takes `op` back. */
export function invert(op: Op): Op {
  if (op.do === 'set') return {do: 'set', item: op.was, was: op.item};
  return {do: op.do === 'add' ? 'del' : 'add', item: op.item};
}

/** Whether `actual`, as read, is what is wanted. Null in a wanted link means "whatever the kernel chose". */
export function sameItem(actual: Item, want: Item): boolean {
  switch (want.kind) {
    case 'link':
      return actual.kind === 'link' && sameLink(actual, want);
    case 'table':
      return actual.kind === 'table' && actual.table.comment === want.table.comment;
    case 'sysctl':
      return actual.kind === 'sysctl' && actual.value === want.value;
    case 'element':
      return actual.kind === 'element' && actual.data.join(' ') === want.data.join(' ');
    case 'iptables-chains':
      return actual.kind === 'iptables-chains' && actual.fingerprint === want.fingerprint;
    case 'port-vlan':
      return actual.kind === 'port-vlan' && actual.membership === want.membership;
    case 'neigh':
      return actual.kind === 'neigh' && actual.mac === want.mac;
    case 'route':
      return actual.kind === 'route' && actual.via === want.via && actual.link === want.link;
    case 'qdisc':
      return actual.kind === 'qdisc' && (want.type === 'ingress' || (actual.type === 'tbf' && sameTbf(actual, want)));
    case 'filter':
      return actual.kind === 'filter' && actual.redirectTo === want.redirectTo;
    default:
      return true;
  }
}

/** One line a person can read, as `--dry-run` prints it. */
export function formatOp(op: Op): string {
  const where = op.item.ns === '' ? '' : ` in ${op.item.ns}`;
  return `${op.do} ${op.item.kind} ${describe(op.item)}${where}`;
}

function identity(item: Item): readonly (string | number | null)[] {
  switch (item.kind) {
    case 'netns':
      return [];
    case 'link':
      return [item.name];
    case 'altname':
      return [item.link, item.altname];
    case 'address':
      return [item.link, item.address, item.prefixLength];
    case 'route':
      return item.type === 'local'
        ? [item.to, item.link]
        : [
            item.to,
            ...(item.table === undefined ? [] : [item.table]),
            ...(item.metric ? [`metric ${item.metric}`] : []),
          ];
    case 'rule':
      return [item.from, item.table];
    case 'neigh':
      return [item.link, item.address];
    case 'qdisc':
      return [item.link, item.type === 'ingress' ? 'ingress' : 'root'];
    case 'filter':
    case 'settings':
    case 'lent':
      return [item.link];
    case 'port-vlan':
      return [item.link, item.first, item.last];
    case 'fdb':
      return [item.link, item.mac, item.to];
    case 'sysctl':
      return [item.path];
    case 'table':
      return [item.table.name];
    case 'element':
      return [item.set, ...item.fields];
    case 'iptables-chains':
      return [item.family, item.table];
    case 'iptables-rule':
      return [item.family, item.table, item.chain, item.key];
  }
}

/** Whether `item` goes with one of those that have these keys. */
export function isInside(item: Item, keys: ReadonlySet<string>): boolean {
  return containers(item).some(key => keys.has(key));
}

/** Keys of the items whose removal removes `item` too. */
function containers(item: Item): readonly string[] {
  const inside = item.ns === '' || item.kind === 'netns' ? [] : [`${item.ns} netns`];
  const device =
    item.kind === 'sysctl'
      ? /^net\/ipv[46]\/(?:conf|neigh)\/([^/]+)\//.exec(item.path)?.[1]
      : 'link' in item
        ? item.link
        : null;
  const link = device ? [linkKey(item.ns, device)] : [];
  const lower = item.kind === 'link' && item.detail && 'lower' in item.detail ? [` link ${item.detail.lower}`] : [];
  const table = item.kind === 'element' ? [`${item.ns} table tnet`] : [];
  const qdisc = item.kind === 'filter' ? [`${item.ns} qdisc ${item.link} ingress`] : [];
  const chains = item.kind === 'iptables-rule' ? [`${item.ns} iptables-chains ${item.family} ${item.table}`] : [];
  return [...inside, ...link, ...lower, ...table, ...qdisc, ...chains];
}

/** A table with a foreign fingerprint is replaced whole, and its elements with it. */
function replacesContents(was: Item | undefined, item: Item): boolean {
  return item.kind === 'table' && was !== undefined && !sameItem(was, item);
}

function sameLink(actual: LinkItem, want: LinkItem): boolean {
  const free = (key: 'mtu' | 'mac' | 'altname'): boolean => want[key] === null || actual[key] === want[key];
  const fixed = (['type', 'up', 'group', 'master', 'hairpin', 'isolated'] as const).every(
    key => actual[key] === want[key],
  );
  const suppressed = (actual.neighSuppress ?? false) === (want.neighSuppress ?? false);
  const set = (['locked', 'promiscuous', 'filtersVlans'] as const).every(
    key => want[key] === undefined || (actual[key] ?? false) === want[key],
  );
  return fixed && suppressed && set && free('mtu') && free('mac') && free('altname');
}

/**
 * Elements of the firewall come last, when there is somebody to answer, and go first; but a table that is made or replaced gets its own in
 * the same transaction, so that no packet meets it empty.
 */
function sortOps(ops: readonly Op[], direction: 1 | -1): Op[] {
  const late = ops.some(({item}) => item.kind === 'table' || item.kind === 'iptables-chains')
    ? 0
    : Object.keys(rank).length;
  const order = ({item}: Op): number =>
    subrank(item) + (item.kind === 'element' || item.kind === 'iptables-rule' ? late : 0);
  return [...ops].sort((a, b) => direction * (order(a) - order(b)));
}

function sameTbf(actual: TbfItem, want: TbfItem): boolean {
  return sameBurst(actual, want) && actual.limitBytes === want.limitBytes;
}

/**
 * A master comes before its ports, a lower link before those above it, both before what is in a sandbox. What is of one table of
 * iptables stays together; who guards comes before who publishes.
 */
function subrank(item: Item): number {
  if (item.kind === 'iptables-chains' || item.kind === 'iptables-rule') {
    const table = ['raw', 'filter', 'nat'].indexOf(item.table) / 10 + item.family / 100;
    return rank[item.kind] + table + (item.kind === 'iptables-rule' ? 0.001 : 0);
  }
  if (item.kind !== 'link') return rank[item.kind];
  const above = item.master !== null || (item.detail !== undefined && 'lower' in item.detail);
  return rank.link + (above ? 0.5 : 0) + (item.ns === '' ? 0 : 0.25);
}

function describe(item: Item): string {
  switch (item.kind) {
    case 'netns':
      return item.ns;
    case 'link':
      return `"${item.name}" type ${item.type}${item.master ? ` master ${item.master}` : ''}${lowerOf(item)}`;
    case 'altname':
      return `"${item.altname}" dev ${item.link}`;
    case 'lent':
      return `"${item.hostName}" as "${item.link}"`;
    case 'address':
      return `"${item.address}/${item.prefixLength}" dev ${item.link}`;
    case 'route':
      return `"${item.to}"${item.via ? ` via ${item.via}` : ''}${item.link ? ` dev ${item.link}` : ''}${item.table ? ` table ${item.table}` : ''}${item.metric ? ` metric ${item.metric}` : ''}`;
    case 'rule':
      return `from ${item.from} table ${item.table}`;
    case 'neigh':
      return `"${item.address}" lladdr ${item.mac} dev ${item.link}`;
    case 'qdisc':
      return `${item.type} dev ${item.link}${item.type === 'tbf' ? ` rate ${formatRate(item.rateBitsPerS)}` : ''}`;
    case 'filter':
      return `dev ${item.link} redirect to ${item.redirectTo}`;
    case 'port-vlan':
      return `${item.first === item.last ? item.first : `${item.first}-${item.last}`} ${item.membership} dev ${item.link}`;
    case 'fdb':
      return `${item.mac} dst ${item.to} dev ${item.link}`;
    case 'sysctl':
      return `${item.path.replaceAll('/', '.')} = ${item.value}`;
    case 'settings':
      return `dev ${item.link}`;
    case 'table':
      return `inet ${item.table.name} (${item.table.comment})`;
    case 'element':
      return `${item.set} { ${item.fields.join(' . ')}${item.data.length > 0 ? ` : ${item.data.join(' . ')}` : ''} }`;
    case 'iptables-chains':
      return `${item.chains.join(', ')} of IPv${item.family} table ${item.table}`;
    case 'iptables-rule':
      return `${item.family === 4 ? 'iptables' : 'ip6tables'} -t ${item.table} -A ${item.chain} ${item.spec}`;
  }
}

function lowerOf({detail}: LinkItem): string {
  return detail !== undefined && 'lower' in detail ? ` link ${detail.lower}` : '';
}
