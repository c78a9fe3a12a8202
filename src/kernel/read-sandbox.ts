import {readSysctl} from './apply.ts';
import {itemKey, type World} from './diff.ts';
import type {Item, NamespacePath, RouteItem, RuleItem, SettingsItem} from './item.ts';
import {decodeAddress, dumpAddresses} from './netlink/address.ts';
import {decodeLink, dumpLinks, type LinkInfo} from './netlink/link.ts';
import {IFF_ALLMULTI, IFF_PROMISC} from './netlink/link-message.ts';
import {decodeRoute, dumpRoutes, RT_TABLE_LOCAL, RT_TABLE_MAIN} from './netlink/route.ts';
import {decodeRule, dumpRules} from './netlink/rule.ts';
import type {ReadParts} from './read.ts';
import {linkItem} from './read.ts';

/** A link as it is set in a sandbox. */
export interface SandboxLink extends Required<Omit<SettingsItem, 'kind'>> {
  readonly up: boolean;
}

/** What a sandbox decides the way of its packets by, as it is now. */
export interface SandboxView {
  /** Unicast ones, of all tables but `local`, with their table and who made them. */
  readonly routes: readonly (RouteItem & {readonly table: number})[];
  readonly rules: readonly (RuleItem & {readonly protocol: number})[];
  readonly links: readonly SandboxLink[];
  /** The value of a path below /proc/sys; null when there is none. Only while the view is looked at. */
  readonly sysctl: (path: string) => string | null;
}

/** Throws KernelError (ENOENT 2) when the sandbox is gone. */
export function viewSandbox(parts: Pick<ReadParts, 'native' | 'sockets'>, ns: NamespacePath): SandboxView {
  const socket = parts.sockets.route(ns);
  const links = socket.dump(dumpLinks()).map(decodeLink);
  const names = new Map(links.map(({index, name}) => [index, name]));
  const both = <T>(dump: (family: 4 | 6) => readonly T[]): readonly T[] => ([4, 6] as const).flatMap(dump);
  const routes = both(family => socket.dump(dumpRoutes({family})).map(decodeRoute));
  const rules = both(family => socket.dump(dumpRules({family})).map(decodeRule));
  return {
    links: links.map(settingsOf),
    sysctl: path => readSysctl(parts, ns, path),
    routes: routes
      .filter(({type, table}) => type === 'unicast' && table !== RT_TABLE_LOCAL)
      .map(({to, via, oif, metric, table, protocol}) => {
        const link = names.get(oif ?? 0) ?? null;
        return {kind: 'route', to, via, link, table, protocol, ...(metric === null ? {} : {metric})};
      }),
    rules: rules.flatMap(({from, table, protocol}) => (from === null ? [] : [{kind: 'rule', from, table, protocol}])),
  };
}

/**
 * Links, addresses and routes of a sandbox. Where `main` has none to a prefix, another table's counts: its owner or CNI's `sbr` may
 * have moved it there. Throws KernelError (ENOENT 2) when it is gone. */
export function readSandbox(parts: ReadParts, ns: NamespacePath): World {
  const socket = parts.sockets.route(ns);
  const links: readonly LinkInfo[] = socket.dump(dumpLinks()).map(decodeLink);
  const names = new Map(links.map(({index, name}) => [index, name]));
  const addresses = socket.dump(dumpAddresses()).map(decodeAddress);
  const {routes} = viewSandbox(parts, ns);
  const isMain = ({table}: {readonly table: number}): number => Number(table === RT_TABLE_MAIN);
  const items: Item[] = [
    ...links.map(link => linkItem(link, names, ns)),
    ...addresses.map(({index, address, prefixLength}): Item => {
      return {ns, kind: 'address', link: names.get(index) ?? '', address, prefixLength};
    }),
    ...[...routes]
      .sort((a, b) => isMain(a) - isMain(b))
      .map(({to, via, link}): Item => ({ns, kind: 'route', to, via, link})),
  ];
  return new Map(items.map(item => [itemKey(item), item]));
}

function settingsOf({name, up, mtu, mac, flags, txQueueLength}: LinkInfo): SandboxLink {
  return {
    link: name,
    up,
    mtu,
    mac,
    promiscuous: (flags & IFF_PROMISC) !== 0,
    allMulticast: (flags & IFF_ALLMULTI) !== 0,
    txQueueLength,
  };
}
