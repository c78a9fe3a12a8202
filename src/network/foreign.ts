import {TnetError} from '../errors.ts';
import {diff, toWorld, type World} from '../kernel/diff.ts';
import type {Item} from '../kernel/item.ts';
import type {Kernel} from '../kernel/kernel.ts';
import type {State} from '../model/state.ts';
import {isOurGroup} from './drivers/driver.ts';

/** Adds what is missing of `items`, and nothing else; `rules` are those of iptables that are there. Throws ERR_LINK_FOREIGN. */
export async function ensure(kernel: Kernel, items: readonly Item[], rules: World): Promise<void> {
  const want = toWorld(items);
  const actual = new Map([...kernel.find([...want.values()]), ...rules]);
  refuseForeignLinks(want, actual);
  const known = new Map([...actual].filter(([key]) => want.has(key)));
  await kernel.execute(diff(known, want), 'undo');
}

/** What is planned and what is there, without devices that another program has made under our name meanwhile: they are neither changed nor removed. */
export function readOurs(
  read: (want: readonly Item[]) => World,
  planned: readonly Item[],
  rules: World,
): {items: readonly Item[]; actual: World; foreign: ReadonlySet<string>} {
  const actual = new Map([...read(planned), ...rules]);
  const foreign = foreignLinks(toWorld(planned), actual);
  if (foreign.size === 0) return {items: planned, actual, foreign};
  const items = planned.filter(item => !isOn(item, foreign));
  return {items, actual: new Map([...read(items), ...rules]), foreign};
}

/** Without the networks on these devices, what is attached to them, and settings of theirs: nothing of ours may be about what is another's. */
export function withoutDevices(state: State, devices: ReadonlySet<string>): State {
  const networks = new Map([...state.networks].filter(([, {device}]) => !devices.has(device)));
  const attachments = new Map([...state.attachments].filter(([, {network}]) => networks.has(network)));
  const sysctls = new Map([...state.sysctls].filter(([path]) => !devices.has(path.split('/')[3] ?? '')));
  return {...state, networks, attachments, sysctls};
}

/** Names of wanted links that are there, and not of our making. */
function foreignLinks(want: World, actual: World): ReadonlySet<string> {
  const present = [...actual].flatMap(([key, item]) =>
    // A container may do to its own link what it likes: names in a sandbox say nothing about the host's.
    item.kind === 'link' && item.ns === '' && want.has(key) ? [item] : [],
  );
  return new Set(present.filter(link => !isOurGroup(link.group)).map(link => link.name));
}

function isOn(item: Item, links: ReadonlySet<string>): boolean {
  if (item.ns !== '') return false;
  if (item.kind === 'link') return links.has(item.name) || links.has(item.master ?? '');
  if (item.kind === 'sysctl') return links.has(item.path.split('/')[3] ?? '');
  return 'link' in item && links.has(item.link ?? '');
}

/** A device that another program made is never taken over. */
function refuseForeignLinks(want: World, actual: World): void {
  for (const name of foreignLinks(want, actual)) {
    throw new TnetError(
      'ERR_LINK_FOREIGN',
      `Cannot use "${name}" as a network's bridge: another program made it. ` +
        (name === 'docker0'
          ? 'Give the daemon another device: tnet daemon --bridge tnet0'
          : 'Choose another name with -o com.docker.network.bridge.name=NAME'),
    );
  }
}

/** What all networks have in common. */
export function isFrame({kind}: Item): boolean {
  return kind === 'table' || kind === 'iptables-chains';
}
