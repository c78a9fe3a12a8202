import {itemKey, toWorld, type World} from '../kernel/diff.ts';
import type {Item, Op} from '../kernel/item.ts';
import type {Kernel} from '../kernel/kernel.ts';

export interface ShadowKernel extends Kernel {
  /** Forgets what came before and writes down what is executed from now on. */
  record(): void;
  readonly ops: readonly Op[];
}

/** Reads the real kernel, and on top of it what would have been done; changes nothing. */
export function shadowKernel(real: Kernel): ShadowKernel {
  const ops: Op[] = [];
  const made = (): ReadonlySet<string> => new Set(linksMade(ops));
  return {
    ops,
    record: () => void ops.splice(0),
    async execute(more) {
      ops.push(...more);
    },
    read: want => readThrough(real, ops, toWorld(want)),
    find(want) {
      const wanted = toWorld(want);
      return new Map([...readThrough(real, ops, wanted)].filter(([key]) => wanted.has(key)));
    },
    async readIptables() {
      const reading = await real.readIptables();
      return {...reading, ours: withRules(reading.ours, ops)};
    },
    awaitCarrier: async () => {},
    awaitUnique: async () => {},
    forwardingChanges(family, bridges) {
      const fresh = bridges.filter(name => made().has(name));
      const asked = bridges.map(name => (made().has(name) ? 'default' : name));
      return real
        .forwardingChanges(family, [...new Set(asked)])
        .flatMap(change => onEach(fresh, change.path).map(path => ({...change, path})));
    },
    hasNamespace: real.hasNamespace,
    readSandbox: real.readSandbox,
    viewSandbox: real.viewSandbox,
    linkNames: real.linkNames,
    hostLinks: real.hostLinks,
    hasLinkType: real.hasLinkType,
    linkStats: real.linkStats,
    counters: real.counters,
    connectedPrefixes: real.connectedPrefixes,
    defaultMtu: real.defaultMtu,
    flushPorts() {},
    watch: () => () => {},
    close() {},
  };
}

function withRules(ours: World, ops: readonly Op[]): World {
  const world = new Map(ours);
  for (const {do: verb, item} of ops) {
    if (item.kind !== 'iptables-chains' && item.kind !== 'iptables-rule') continue;
    if (verb === 'del') world.delete(itemKey(item));
    else world.set(itemKey(item), item);
  }
  return world;
}

function linksMade(ops: readonly Op[]): string[] {
  return ops.flatMap(({do: verb, item}) => (verb === 'add' && item.ns === '' && item.kind === 'link' ? item.name : []));
}

/** A device that is not there yet will have the settings of `default`: devinet.c inetdev_init(), addrconf.c ipv6_add_dev(). */
const ofDefault = /^(net\/ipv[46]\/conf\/)default\//;

function onEach(links: readonly string[], path: string): readonly string[] {
  return ofDefault.test(path) ? links.map(link => path.replace(ofDefault, `$1${link}/`)) : [path];
}

function readThrough(real: Kernel, ops: readonly Op[], want: World): World {
  const world = new Map(real.read(want.values()));
  for (const item of inherited(real, ops, want)) world.set(itemKey(item), item);
  for (const op of ops) overlay(world, op, want);
  return world;
}

/** Wanted settings of links that would have been made. */
function inherited(real: Kernel, ops: readonly Op[], want: World): readonly Item[] {
  const made = new Set(linksMade(ops));
  return [...want.values()].flatMap(item => {
    const device = item.kind === 'sysctl' && item.ns === '' ? deviceOf(item.path) : undefined;
    if (item.kind !== 'sysctl' || device === undefined || !made.has(device)) return [];
    const asked: Item = {...item, path: item.path.replace(`/${device}/`, '/default/')};
    const read = real.read([asked]).get(itemKey(asked));
    return read?.kind === 'sysctl' ? [{...item, value: read.value}] : [];
  });
}

function overlay(world: Map<string, Item>, {do: verb, item}: Op, want: World): void {
  if (verb === 'del') {
    world.delete(itemKey(item));
    if (item.kind === 'link') for (const [key, each] of world) if (isOn(each, item.name)) world.delete(key);
    return;
  }
  const read = item.ns === '' || item.kind === 'netns';
  const always = item.kind === 'link' || item.kind === 'element' || item.kind === 'table';
  if (read && (always || want.has(itemKey(item)))) world.set(itemKey(item), item);
}

function isOn(item: Item, link: string): boolean {
  if (item.ns !== '') return false;
  return item.kind === 'sysctl' ? deviceOf(item.path) === link : 'link' in item && item.link === link;
}

function deviceOf(path: string): string | undefined {
  return /^net\/ipv[46]\/conf\/([^/]+)\//.exec(path)?.[1];
}
