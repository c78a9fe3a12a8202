import {toWorld} from '../../../kernel/diff.ts';
import type {Op} from '../../../kernel/item.ts';
import type {SandboxView} from '../../../kernel/read-sandbox.ts';
import {
  addressBits,
  formatPrefix,
  type Ip,
  ipFamily,
  type Prefix,
  prefixContains,
  prefixesOverlap,
} from '../../../model/ip.ts';

/** An address of the interface, with what leads out for it. */
export interface SourceAddress {
  readonly address: Ip;
  readonly prefixLength: number;
  readonly gateway: Ip | null;
}

export interface SourceRouting {
  readonly sandbox: string;
  readonly ifname: string;
  readonly addresses: readonly SourceAddress[];
  /** null: for each address the first one of 100 and up that nobody uses. */
  readonly table: number | null;
}

type SandboxRoute = SandboxView['routes'][number];

const mainTable = 254;
const firstTable = 100;

/**
 * For each address a rule and a table with the default route and with the interface's own routes, which then leave `main`:
 * until then the new ones find their gateways there. Link-local routes stay, everybody needs those.
 */
export function planSourceRouting(asked: SourceRouting, routing: SandboxView): readonly Op[] {
  const {sandbox: ns, ifname, addresses} = asked;
  const own = routing.routes.filter(
    route => route.link === ifname && route.table === mainTable && !isLinkLocal(route.to),
  );
  const tables = chooseTables(asked, routing);
  const rules = addresses.map((address, i) => ({kind: 'rule', from: hostPrefix(address), table: tables[i]!}) as const);
  const routes = addresses.flatMap((address, i) =>
    routesOf(address, ifname, own).map(route => ({...route, table: tables[i]!})),
  );
  const there = toWorld([...routing.rules, ...routing.routes].map(item => ({ns, ...item})));
  const wanted = toWorld([...rules, ...routes].map(item => ({ns, ...item})));
  const missing = [...wanted].flatMap(([key, item]): readonly Op[] => (there.has(key) ? [] : [{do: 'add', item}]));
  return [...missing, ...own.map((route): Op => ({do: 'del', item: {ns, ...route}}))];
}

/** Whether what comes from the address is looked up in a table with a route out of the interface. */
export function hasSourceRouting({address}: SourceAddress, ifname: string, {rules, routes}: SandboxView): boolean {
  const tables = rules.filter(({from}) => from === hostPrefix({address})).map(({table}) => table);
  return tables.some(table => routes.some(route => route.table === table && route.link === ifname));
}

export function hostPrefix({address}: Pick<SourceAddress, 'address'>): Prefix {
  return formatPrefix(address, addressBits(address));
}

function chooseTables({table, addresses}: SourceRouting, {rules, routes}: SandboxView): readonly number[] {
  if (table !== null) return addresses.map(() => table);
  const taken = new Set([...rules, ...routes].map(each => each.table));
  return addresses.map(() => {
    let free = firstTable;
    while (taken.has(free)) free++;
    taken.add(free);
    return free;
  });
}

/** What is on the link comes first, gateways are found there. One of the interface's own to everywhere comes before the gateway's. */
function routesOf(
  source: SourceAddress,
  link: string,
  own: readonly SandboxRoute[],
): readonly Omit<SandboxRoute, 'table'>[] {
  const {address, prefixLength, gateway} = source;
  const family = ipFamily(address);
  const subnet = formatPrefix(address, prefixLength);
  const fits = own.filter(({to, via}) => ipFamily(to) === family && (via === null || prefixContains(subnet, via)));
  const everywhere = (family === 4 ? '0.0.0.0/0' : '::/0') as Prefix;
  const byGateway =
    gateway === null || fits.some(({to}) => to === everywhere)
      ? []
      : [{kind: 'route' as const, to: everywhere, via: gateway, link}];
  const moved = [...fits]
    .sort((a, b) => Number(a.via !== null) - Number(b.via !== null))
    .map(({to, via, metric}) => {
      return {kind: 'route' as const, to, via, link, ...(metric === undefined ? {} : {metric})};
    });
  return [...moved, ...byGateway].map(route => ({...route, protocol: 84}));
}

function isLinkLocal(prefix: Prefix): boolean {
  return prefixesOverlap(prefix, 'fe80::/10' as Prefix) && prefix !== '::/0';
}
